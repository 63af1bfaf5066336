"""Patch: two runs on one machine, each with a Ray of its own, send their weights through one socket.

``ServerAdapter.__init__`` (``verl/workers/rollout/vllm_rollout/vllm_rollout.py``, 0.9.1, line 141) and vLLM's worker
(``utils.py``, line 431) call it ``/tmp/rl-colocate-zmq-<Ray's job>-replica-<n>-rank-<n>.sock``. Every Ray that is
started anew counts its jobs from 1, so that both runs have one name. The later sender removes the other's socket, and
zmq deals its messages out to whoever listens: an engine takes the other run's weights, or fails with "KeyError: 'name'"
while both runs wait for ever. Another user's socket cannot be removed: "Address already in use".

Ray gives each of its workers the number of the process that manages them on this node, and their children inherit it:
``RAY_RAYLET_PID``. A worker and the engine beside it have the same, two Rays on a machine have not.
"""

import os
from collections.abc import Callable
from typing import Any

from ttrl_verl.hooks import patch

RAYLET = "RAY_RAYLET_PID"


def register() -> None:
    """Wrap both ends as soon as their module is imported."""
    module = "verl.workers.rollout.vllm_rollout.bucketed_weight_transfer"
    patch(module, {f"{end}.__init__": _with_own_socket for end in ("BucketedWeightSender", "BucketedWeightReceiver")})


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
