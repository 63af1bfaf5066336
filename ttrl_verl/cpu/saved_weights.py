"""Patch: weights that verl saves "to the CPU" are to be a copy.

``verl.utils.fsdp_utils.fsdp2_sharded_save_to_cpu`` (0.9.1, line 1146) saves ``tensor.detach().cpu()``, which on a CPU
is the tensor itself. The trainer ``separate_async`` saves the weights that its step began with, trains a mini-batch,
and restores them to compute the old log-probabilities of the next one: it would restore what it has just trained.
"""

from collections.abc import Callable
from typing import Any

from ttrl_verl.hooks import patch


def register() -> None:
    """Wrap the function as soon as its module is imported, before its callers import it by name."""
    patch("verl.utils.fsdp_utils", {"fsdp2_sharded_save_to_cpu": _copied})


def _copied(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> Any:
    state, spec = wrapped(*args, **kwargs)
    return {name: (tensor.clone(), of) for name, (tensor, of) in state.items()}, spec
