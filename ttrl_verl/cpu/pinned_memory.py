"""Patch: verl pins the reference model's memory, and torch pins no memory without an accelerator.

``FSDPEngine._build_fsdp_module`` (0.9.1, line 462) offloads a model that is only read, such as the reference of a KL
loss, with ``CPUOffloadPolicy(pin_memory=True)``. Pinned memory is for copies to a device, and there is none here.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import wrapt


def register() -> None:
    """Wrap the policy's name in verl's module, as soon as that is imported."""
    wrapt.register_post_import_hook(_wrap, "verl.workers.engine.fsdp.transformer_impl")


def _wrap(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "CPUOffloadPolicy", _unpinned)


def _unpinned(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> Any:
    return wrapped(pin_memory=False)
