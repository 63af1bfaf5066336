"""Patch: a frozen vision tower.

verl 0.9.1 has ``actor_rollout_ref.actor.freeze_vision_tower`` in its configuration and reads it nowhere: set, it does
nothing. Its FSDP engine builds the model from ``model.override_config``, so ``recipes/base/ttrv.yaml`` hands the key on
to there, and here the tower is frozen after the model is built and before it is sharded and its optimiser made.
"""

from collections.abc import Callable
from typing import Any

from ttrl_verl.hooks import patch

KEY = "freeze_vision_tower"
_TOWERS = ("visual", "vision_tower")


def register() -> None:
    """Wrap the function that builds the model, as soon as its module is imported."""
    patch("verl.workers.engine.fsdp.transformer_impl", {"FSDPEngine._build_module": _with_frozen_tower})


def _with_frozen_tower(wrapped: Callable, instance: Any, args: tuple, kwargs: dict) -> Any:
    model = wrapped(*args, **kwargs)
    if getattr(instance.model_config.hf_config, KEY, False):
        freeze(model)
    return model


def freeze(model: Any) -> int:
    """Freeze the vision tower of a model and return how many weights that are.

    Raises:
        ValueError: the model has none.
    """
    towers = [part for name, part in model.named_modules() if name.rpartition(".")[2] in _TOWERS]
    if not towers:
        raise ValueError(f"{KEY} is set, and {type(model).__name__} has no {' or '.join(_TOWERS)}")
    return sum(weight.numel() for weight in towers[0].requires_grad_(False).parameters())
