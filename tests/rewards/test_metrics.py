import math

import pytest

from ttrl_verl.reward_fns import Group, get_reward_fn
from ttrl_verl.reward_fns.metrics import label_metrics, top_answer_share, vote_metrics

GROUP = Group(answers=("4", "5", "4", None, "4", "6", "5", "4"))  # N = 8; 4: 4 votes, 5: 2, 6: 1, none: 1
MAJORITY = get_reward_fn("majority_vote")(GROUP)  # 1 0 1 0 1 0 0 1


def test_vote_metrics():
    metrics = vote_metrics(GROUP, MAJORITY, kept=4)
    # H over 7 answers: p = 4/7, 2/7, 1/7: 0.3198 + 0.3579 + 0.2780
    assert metrics.pop("answer_entropy") == pytest.approx(0.9557, abs=1e-4)
    assert metrics == {
        "majority_ratio": 0.5,  # 4 / 8
        "distinct_answers": 3.0,
        "unparsed_ratio": 0.125,
        "majority_voting_reward": 0.5,  # (1 + 0 + 1 + 0 + 1 + 0 + 0 + 1) / 8
        "reward_mean": 0.5,  # (1 + 0 + 1 + 0) / 4
        "zero_advantage_groups": 0.0,
    }


def test_zero_advantage_is_about_the_kept_responses():
    assert vote_metrics(GROUP, MAJORITY, kept=1)["zero_advantage_groups"] == 1.0
    assert vote_metrics(GROUP, MAJORITY, kept=2)["zero_advantage_groups"] == 0.0
    assert vote_metrics(GROUP, [0.3] * 8, kept=8)["zero_advantage_groups"] == 1.0


def test_label_metrics_when_the_vote_is_right():
    assert label_metrics(GROUP, MAJORITY, "4", kept=4) == {
        "label_accuracy": 1.0,
        "reward_accuracy": 1.0,  # r = t everywhere
        "ground_truth_ratio": 0.5,
        "pass@8": 1.0,
        "post_reward_accuracy": 1.0,
        "post_ground_truth_ratio": 0.5,  # 4, none of 5 and None
        "post_pass@4": 1.0,
    }


def test_label_metrics_when_the_vote_is_wrong():
    # t = 0 1 0 0 0 0 1 0 against r = 1 0 1 0 1 0 0 1: equal at the responses 4 and 6 alone
    assert label_metrics(GROUP, MAJORITY, "5", kept=1) == {
        "label_accuracy": 0.0,
        "reward_accuracy": 0.25,
        "ground_truth_ratio": 0.25,
        "pass@8": 1.0,
        "post_reward_accuracy": 0.0,
        "post_ground_truth_ratio": 0.0,
        "post_pass@1": 0.0,
    }


def test_lucky_hits_by_formula():
    # Where the vote is wrong, reward_accuracy = 1 - (m + number of right responses) / N = 1 - (4 + 1) / 8
    assert label_metrics(GROUP, MAJORITY, "6", kept=8)["reward_accuracy"] == 0.375
    assert label_metrics(GROUP, MAJORITY, "9", kept=8)["reward_accuracy"] == 0.5


def test_defect_soft_rewards_are_judged():
    # TTRV's code compares r with 0 and 1 by ==, so only unanimous groups count.
    soft = get_reward_fn("empirical_entropy")(GROUP)
    assert label_metrics(GROUP, soft, "4", kept=8)["reward_accuracy"] == 1.0
    assert label_metrics(GROUP, [0.7] * 8, "4", kept=8)["reward_accuracy"] == 0.5  # all are favoured
    assert label_metrics(GROUP, [-0.7] * 8, "4", kept=8)["reward_accuracy"] == 0.5  # none is


def test_defect_nobody_parsable_is_never_right():
    nobody = Group(answers=(None, None))
    metrics = label_metrics(nobody, [0.0, 0.0], "4", kept=1)
    assert (metrics["label_accuracy"], metrics["pass@2"], metrics["reward_accuracy"]) == (0.0, 0.0, 1.0)
    assert vote_metrics(nobody, [0.0, 0.0], kept=1)["majority_ratio"] == 0.0


def test_defect_vote_metrics_need_no_label():
    assert vote_metrics(GROUP, MAJORITY, kept=4) == vote_metrics(Group(answers=GROUP.answers, label="5"), MAJORITY, 4)


def test_empty_group():
    empty = Group(answers=())
    assert all(value == 0.0 for name, value in vote_metrics(empty, [], kept=4).items() if name[0] != "z")
    assert label_metrics(empty, [], "4", kept=4)["pass@0"] == 0.0


def test_refuses_rewards_of_another_length():
    with pytest.raises(ValueError, match="zip"):
        label_metrics(GROUP, [1.0], "4", kept=4)


def test_top_answer_share_shows_a_constant_answer():
    # A: 3 of 6 responses over both prompts
    assert top_answer_share([Group(answers=("A", "A", "B")), Group(answers=("A", "C", None))]) == 0.5
    assert top_answer_share([Group(answers=("A",))] * 9) == 1.0
    assert top_answer_share([Group(answers=(None,))]) == top_answer_share([]) == 0.0


def test_entropy_is_in_nats():
    assert vote_metrics(Group(answers=("A", "B")), [0.5, 0.5], kept=2)["answer_entropy"] == pytest.approx(math.log(2))
