"""A collapse made on purpose: an alarm ends the run with a checkpoint, long before its last step."""

import pytest
from conftest import train  # tests/e2e/conftest.py

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(1500)]


def test_a_reward_that_says_nothing_stops_the_run(tmp_path, tiny_model):
    run = train(
        tmp_path,
        tiny_model,
        [
            "reward.reward_manager.name=constant",
            "ttrl.alarms.no_signal.action=stop",
            "trainer.total_training_steps=12",
            "trainer.save_freq=100",
            "trainer.test_freq=-1",
            "trainer.val_before_train=false",
        ],
    )
    # It fires after three steps in a row; verl trains one more, which it saves.
    (fired,) = [alarm for alarm in run.record.alarms() if alarm["alarm"] == "no_signal"]
    assert (fired["step"], fired["action"]) == (3, "stop")
    assert [row["step"] for row in run.metrics] == [1, 2, 3, 4]
    assert run.record.checkpoints() == [4]
    assert run.series("ttrl/alarms")[2:] == [1.0, 1.0]
    assert "an alarm says stop: step 4 is the last" in run.log
