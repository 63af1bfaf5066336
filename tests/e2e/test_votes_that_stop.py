"""Votes that end early, and groups that teach nothing, in a whole run: stock verl, real vLLM, a tiny model."""

import pytest
from conftest import train  # tests/e2e/conftest.py

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

MINE = '''
"""An answer type by which all responses agree, whatever they say."""

from ttrl_verl.reward_fns.answers import AnswerType
from ttrl_verl.reward_fns.answers.canonical import Canonical

same = AnswerType("same", lambda text: "7", Canonical)
'''
SHORT = ("trainer.val_before_train=false", "trainer.test_freq=-1")
VOTES, KEPT, PROMPTS, STEPS = 12, 2, 4, 2


def test_votes_that_are_decided_are_aborted_in_vllm_and_missed_by_nobody(tmp_path, tiny_model):
    mine = tmp_path / "own" / "mine.py"
    mine.parent.mkdir()
    mine.write_text(MINE)
    settings = [
        f"trainer.total_training_steps={STEPS}",
        f"ttrl.answer_type={mine}:same",
        f"ttrl.votes={VOTES}",
        f"actor_rollout_ref.rollout.n={KEPT}",
        "ttrl.stop=decided",
        f"ttrl.first_votes={VOTES}",
        "data.max_response_length=120",
        "actor_rollout_ref.rollout.max_model_len=160",
        # All at once may end at the same length, and nothing is left to cut: 6 run, the others wait in vLLM.
        "actor_rollout_ref.rollout.max_num_seqs=6",
    ]
    run = train(tmp_path, tiny_model, [*SHORT, *settings])
    cast, cut = run.series("ttrl/votes_cast"), run.series("ttrl/votes_cut")
    saved = run.series("ttrl/tokens_saved")
    print(f"votes cast {cast}, cut {cut}, tokens saved {saved}")
    assert [one + other for one, other in zip(cast, cut, strict=True)] == [VOTES * PROMPTS] * STEPS
    # 7 of 12 that agree are enough; how many more end before they are aborted, the machine decides.
    assert min(cut) > 0
    # An estimate from the clock; test_sessions.py has one that must be above 0.
    assert all(0 <= tokens <= 120 * votes for tokens, votes in zip(saved, cut, strict=True))
    assert 0 < sum(record["requests"] for record in run.of_kind("aborted")) <= sum(cut)
    assert run.series("ttrl/kept") == [float(KEPT * PROMPTS)] * STEPS
    for name in ("missing_responses", "short_groups", "queue_leftover"):
        assert run.series(f"ttrl/{name}") == [0.0] * STEPS, name
    # One answer to all questions is an alarm; a vote that was cut is none.
    assert "missing" not in {alarm["alarm"] for alarm in run.record.alarms()}
    for row in run.record.audit().to_pylist():
        assert (row["missing"], len(row["answers"]) + row["cut"], row["places"]) == (0, VOTES, [0, 1])
        assert row["pseudo_label"] == "7"
        assert {*row["answers"]} <= {"7", None}  # a response may be empty
    (end,) = run.of_kind("end")
    assert not end["left"].get("train")


@pytest.mark.matrix
@pytest.mark.parametrize("mode", ["sync", "colocate_async"])
def test_groups_that_teach_nothing_are_passed_over(tmp_path, tiny_model, mode):
    settings = [
        f"trainer.v1.trainer_mode={mode}",
        "trainer.total_training_steps=3",
        "algorithm.filter_groups.enable=true",
        "ttrl.answer_type=number",
        # The fewer a group keeps, the more often all of it agrees; some must, or nothing is passed over.
        f"actor_rollout_ref.rollout.n={KEPT}",
        "ttrl.max_refills=20",
    ]
    run = train(tmp_path, tiny_model, [*SHORT, *settings])
    passed = run.series("ttrl/passed_over")
    print(f"{mode}: passed over {passed}")
    assert run.series("ttrl/zero_advantage_groups") == [0.0] * 3
    assert run.series("ttrl/queue_leftover") == [0.0] * 3
    rows = run.record.audit().to_pylist()
    assert sum(row["kept"] == 0 for row in rows) == sum(passed) > 0
    assert all(len(set(row["rewards"][:KEPT])) == (2 if row["kept"] else 1) for row in rows)


@pytest.mark.matrix
def test_a_run_that_nothing_teaches_ends_with_a_checkpoint(tmp_path, tiny_model):
    settings = [
        "trainer.total_training_steps=24",
        "trainer.save_freq=100",
        "algorithm.filter_groups.enable=true",
        "reward.reward_manager.name=constant",
        "ttrl.max_refills=2",
    ]
    run = train(tmp_path, tiny_model, [*SHORT, *settings])
    (first, *_) = [alarm for alarm in run.record.alarms() if alarm["alarm"] == "nothing_teaches"]
    assert (first["step"], first["action"], first["value"]) == (1, "stop", 2.0 * 4)
    assert [row["step"] for row in run.metrics] == [1, 2]
    assert run.record.checkpoints() == [2]
