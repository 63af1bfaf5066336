"""Patch: the backend of the workers' process group.

``verl.utils.distributed.initialize_global_process_group_ray`` (0.9.1, line 89) builds
``cpu:gloo,<device>:<collective backend>``, on the CPU ``cpu:gloo,cpu:gloo``, and torch refuses a device named twice.
The function takes the backend as an argument, which its caller in ``verl.workers.engine_workers`` leaves out.
"""

from collections.abc import Callable

from ttrl_verl.hooks import patch


def register() -> None:
    """Wrap the function as soon as its module is imported, before its callers import it by name."""
    patch("verl.utils.distributed", {"initialize_global_process_group_ray": _with_gloo})


def _with_gloo(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> object:
    def call(timeout_second: int | None = None, backend: str | None = None) -> object:
        return wrapped(timeout_second=timeout_second, backend=backend or "cpu:gloo")

    return call(*args, **kwargs)
