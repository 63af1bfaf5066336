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
Here it ends after ``PATIENCE``.
"""

import os
from collections.abc import Callable
from typing import Any

from ttrl_verl.hooks import patch

RAYLET = "RAY_RAYLET_PID"
PATIENCE = 600
"""Seconds until an engine has taken a bucket, at most 2 GB: it does so in seconds, and may have to be woken before."""


def register() -> None:
    """Wrap both ends as soon as their module is imported."""
    wrappers = {
        "BucketedWeightSender.__init__": _with_own_socket,
        "BucketedWeightReceiver.__init__": _with_own_socket,
        "BucketedWeightSender._init_socket": _with_limit,
        "BucketedWeightSender.async_send_weights": _with_reason,
    }
    patch("verl.workers.rollout.vllm_rollout.bucketed_weight_transfer", wrappers)


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


def _with_limit(wrapped: Callable, instance: Any, args: tuple, kwargs: dict) -> Any:
    import zmq

    done = wrapped(*args, **kwargs)
    for limit in (zmq.SNDTIMEO, zmq.RCVTIMEO):  # it sends nothing where nobody listens
        instance.socket.setsockopt(limit, PATIENCE * 1000)
    instance.socket.setsockopt(zmq.LINGER, 0)  # what nobody took does not hold the process at its end
    return done


async def _with_reason(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> Any:
    import zmq

    try:
        return await wrapped(*args, **kwargs)
    except zmq.Again as error:
        raise RuntimeError(f"vLLM took no weights for {PATIENCE} s: its engine died or failed, see above") from error
