"""End a run early as verl ends one: with a last step that is validated and saved."""

import logging
from typing import Any

from omegaconf import open_dict
from verl.trainer.ppo.v1.trainer_base import PPOTrainer

_logger = logging.getLogger(__name__)


def end_after_next_step(refill_fn: Any, step: int) -> bool:
    """Make the next step the last one, and see that it is saved. Return whether there is a trainer to tell.

    verl decides at the beginning of a step whether it is the last, by ``total_training_steps``, and saves the last one
    wherever ``trainer.save_freq`` is above 0. The step in flight is too late for it, so one more is trained.

    Args:
        refill_fn: what verl gives a replay buffer; a method of the trainer.
        step: the step in flight.
    """
    trainer = getattr(refill_fn, "__self__", None)
    if not isinstance(trainer, PPOTrainer):
        _logger.error("an alarm says stop, and there is no trainer of verl's to stop; training goes on")
        return False
    settings = trainer.config.trainer
    last = min(step + 1, trainer.total_training_steps, trainer.steps_per_epoch * settings.total_epochs)
    trainer.total_training_steps = last
    if settings.save_freq <= 0:
        with open_dict(trainer.config):
            settings.save_freq = last
    _logger.warning("an alarm says stop: step %d is the last, and its weights are saved", last)
    return True
