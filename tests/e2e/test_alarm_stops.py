"""Collapses made on purpose: an alarm ends the run with a checkpoint, long before its last step."""

import pytest
from conftest import train  # tests/e2e/conftest.py

from ttrl_verl.report.summary import summarize

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(1500)]

STEPS = 24
LONG = (
    f"trainer.total_training_steps={STEPS}",
    "trainer.save_freq=100",
    "trainer.test_freq=-1",
    "trainer.val_before_train=false",
)


def test_a_reward_that_says_nothing_stops_the_run(tmp_path, tiny_model):
    overrides = ["reward.reward_manager.name=constant", "ttrl.alarms.no_signal.action=stop"]
    run = train(tmp_path, tiny_model, [*LONG, *overrides])
    # It fires after three steps in a row; verl trains one more, which it saves.
    (fired,) = [alarm for alarm in run.record.alarms() if alarm["alarm"] == "no_signal"]
    assert (fired["step"], fired["action"]) == (3, "stop")
    assert [row["step"] for row in run.metrics] == [1, 2, 3, 4]
    assert run.record.checkpoints() == [4]
    # The metric counts what has fired so far, of any kind: these votes know nothing of the question, too.
    so_far = [sum(alarm["step"] <= step for alarm in run.record.alarms()) for step in (1, 2, 3, 4)]
    assert run.series("ttrl/alarms") == so_far
    assert "an alarm says stop: step 4 is the last" in run.log


def test_one_answer_for_all_stops_the_run(tmp_path, tiny_model):
    """Frequency is rewarded, and the tiny model knows nothing: at this learning rate it soon says one thing to all."""
    overrides = ["reward.reward_manager.name=empirical_entropy", "ttrl.alarms.constant_answer.action=stop"]
    run = train(tmp_path, tiny_model, [*LONG, *overrides])
    shares = run.series("ttrl/top_answer_share")
    print(f"share of the most common answer by step: {[round(share, 2) for share in shares]}")
    (fired,) = [alarm for alarm in run.record.alarms() if alarm["alarm"] == "constant_answer"]
    assert fired["action"] == "stop"
    assert len(shares) == fired["step"] + 1 < STEPS
    assert shares[0] < 0.6 < 0.9 < shares[-1]
    # The reward rose all the while; what the run says of itself, without a label, is in the report's first line.
    ratios = run.series("ttrl/majority_ratio")
    assert ratios[-1] > ratios[0]
    assert summarize(run.record).verdict.word == "collapsed"
    assert summarize(run.record).outcome.startswith("Collapsed: ")
    assert run.record.checkpoints() == [len(shares)]
