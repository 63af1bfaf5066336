"""Patch: weights go to vLLM through a socket that two runs on one machine share, and that is waited at for ever.

``ServerAdapter.__init__`` (``verl/workers/rollout/vllm_rollout/vllm_rollout.py``, 0.9.1, line 141) and vLLM's worker
(``utils.py``, line 431) call it ``/tmp/rl-colocate-zmq-<Ray's job>-replica-<n>-rank-<n>.sock``. Every Ray that is
started anew counts its jobs from 1, so that both runs have one name. The later sender removes the other's socket, and
zmq deals its messages out to whoever listens: an engine takes the other run's weights, or fails with "KeyError: 'name'"
while both runs wait for ever. Another user's socket cannot be removed: "Address already in use".

Ray gives each of its workers the number of the process that manages them on this node, and their children inherit it:
``RAY_RAYLET_PID``. A worker and the engine beside it have the same, two Rays on a machine have not.

``BucketedWeightSender`` (``bucketed_weight_transfer.py``, lines 136, 164, 197) waits without a limit for the engine to
take a bucket. An engine that was killed, or that raised, takes none: the run keeps its GPUs and says nothing more.
``ServerAdapter.update_weights`` has asked the engine to listen before that (line 229), and looks at the answer after it
alone. Here the sender looks at it while it waits, and ends with its error; where there is none, after ``PATIENCE``.
"""

import os
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from typing import Any

import wrapt

from ttrl_verl.hooks import patch

RAYLET = "RAY_RAYLET_PID"
PATIENCE = 600
"""Seconds until an engine has taken a bucket, at most 2 GB: it does so in seconds, and may have to be woken before."""
LOOK = 1
"""Seconds between two looks at whether the engine has failed."""

_LISTENING: ContextVar[Future | None] = ContextVar("listening", default=None)
"""What the engine that takes this task's weights will answer. One worker of an engine asks; the others have None."""


def register() -> None:
    """Wrap both ends as soon as their modules are imported."""
    folder = "verl.workers.rollout.vllm_rollout"
    wrappers = {
        "BucketedWeightSender.__init__": _with_own_socket,
        "BucketedWeightReceiver.__init__": _with_own_socket,
        "BucketedWeightSender._init_socket": _with_watched_socket,
    }
    patch(f"{folder}.bucketed_weight_transfer", wrappers)
    patch(f"{folder}.vllm_rollout", {"ServerAdapter._execute_method": _with_answer_kept})


def own_socket(handle: str, raylet: str | None) -> str:
    """Return the name of the socket with the Ray node's process in it; as it is, outside of Ray's workers.

    Example:
        >>> own_socket("ipc:///tmp/rl-colocate-zmq-01000000-replica-0-rank-0.sock", "4711")
        'ipc:///tmp/rl-colocate-zmq-01000000-replica-0-rank-0-ray-4711.sock'
    """
    return f"{handle.removesuffix('.sock')}-ray-{raylet}.sock" if raylet else handle


def _with_own_socket(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> Any:
    def init(zmq_handle: str, *args: Any, **kwargs: Any) -> Any:
        return wrapped(own_socket(zmq_handle, os.environ.get(RAYLET)), *args, **kwargs)

    return init(*args, **kwargs)


async def _with_answer_kept(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> Any:
    answer = await wrapped(*args, **kwargs)
    if kwargs.get("non_block"):  # verl asks so for weights alone
        _LISTENING.set(answer.future() if answer is not None else None)
    return answer


def _with_watched_socket(wrapped: Callable, instance: Any, args: tuple, kwargs: dict) -> Any:
    import zmq

    done = wrapped(*args, **kwargs)
    instance.socket.setsockopt(zmq.LINGER, 0)  # what nobody took does not hold the process at its end
    instance.socket = _WatchedSocket(instance.socket)
    return done


class _WatchedSocket(wrapt.ObjectProxy):
    """A socket that waits for its engine no longer than there is one."""

    def send_pyobj(self, *args: Any, **kwargs: Any) -> Any:
        import zmq

        self._wait(zmq.POLLOUT)  # a socket sends nothing where nobody listens
        return self.__wrapped__.send_pyobj(*args, **kwargs)

    def recv(self, *args: Any, **kwargs: Any) -> Any:
        import zmq

        self._wait(zmq.POLLIN)
        return self.__wrapped__.recv(*args, **kwargs)

    def _wait(self, event: int) -> None:
        until = time.monotonic() + PATIENCE
        while not self.__wrapped__.poll(LOOK * 1000, event):
            answer = _LISTENING.get()
            if answer is not None and answer.done() and (error := answer.exception()) is not None:
                raise RuntimeError("vLLM takes no weights: its engine died or failed, see above") from error
            if time.monotonic() > until:
                raise RuntimeError(f"vLLM took no weights for {PATIENCE} s: its engine died or failed, see above")
