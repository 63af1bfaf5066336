"""The separate trainer's log takes the argument that print takes."""

import inspect
import logging

import pytest

pytestmark = pytest.mark.verl


class Kept(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def test_it_says_its_line_and_does_not_raise():
    pytest.importorskip("verl", reason="verl is not installed")
    from verl.trainer.ppo.v1 import trainer_separate_async

    logger, kept = trainer_separate_async.logger, Kept()
    assert logger.isEnabledFor(logging.INFO)  # verl's own level: where it is not, nothing is raised
    logger.addHandler(kept)
    try:
        logger.info("%d replicas", 2, flush=True)
    finally:
        logger.removeHandler(kept)
    assert kept.lines == ["2 replicas"]


def test_verl_still_asks_its_log_to_flush():
    """Fails when verl does not any more: the patch can then go."""
    pytest.importorskip("verl", reason="verl is not installed")
    from verl.trainer.ppo.v1.trainer_separate_async import PPOTrainerSeparateAsync

    assert "flush=True" in inspect.getsource(PPOTrainerSeparateAsync._setup)
