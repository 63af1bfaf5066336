"""Patch: verl pins the reference model's memory, and torch pins no memory without an accelerator.

``FSDPEngine._build_fsdp_module`` (0.9.1, line 462) offloads a model that is only read, such as the reference of a KL
loss, with ``CPUOffloadPolicy(pin_memory=True)``. Pinned memory is for copies to a device, and there is none here.
"""

from collections.abc import Callable
from typing import Any

from ttrl_verl.hooks import patch


def register() -> None:
    """Wrap the policy's name in verl's module, as soon as that is imported."""
    patch("verl.workers.engine.fsdp.transformer_impl", {"CPUOffloadPolicy": _unpinned})


def _unpinned(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> Any:
    return wrapped(pin_memory=False)
