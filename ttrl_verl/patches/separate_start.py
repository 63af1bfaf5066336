"""Patch: the trainer ``separate_async`` fails before it has begun, where vLLM has GPUs of its own.

``PPOTrainerSeparateAsync._setup`` (0.9.1, line 182) says so in its log where ``actor_rollout_ref.hybrid_engine`` is
false, by ``logger.info(..., flush=True)``, and ``logging`` takes no such argument: "TypeError: Logger._log() got an
unexpected keyword argument 'flush'". At verl's own level, INFO, the run ends there.
"""

from collections.abc import Callable
from typing import Any

from ttrl_verl.hooks import patch


def register() -> None:
    """Wrap the method of that module's logger as soon as it is imported."""
    patch("verl.trainer.ppo.v1.trainer_separate_async", {"logger.info": _without_flush})


def _without_flush(wrapped: Callable, instance: object, args: tuple, kwargs: dict) -> Any:
    return wrapped(*args, **{name: value for name, value in kwargs.items() if name != "flush"})
