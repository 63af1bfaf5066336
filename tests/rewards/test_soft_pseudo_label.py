import math

import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.soft_pseudo_label import soft_pseudo_label


def test_one_answer_and_none():
    # The one label has f = 3/4, s = sqrt(3/4 * 1/4 * 4/3) = 1/2, w = 1: (1 - 3/4) / (1/2) and (0 - 3/4) / (1/2)
    assert soft_pseudo_label(Group(answers=("4", "4", "4", None))) == pytest.approx([0.5, 0.5, 0.5, -1.5], abs=1e-5)


def test_two_answers():
    # f = 3/4, 1/4; s = 1/2 both; g = exp(-0.125) = 0.8825, exp(-1.125) = 0.3247; w = 0.7311, 0.2689
    # A(4) = 0.7311 * (1/4) / (1/2) + 0.2689 * (-1/4) / (1/2) = 0.2311; A(5) = 0.7311 * -1.5 + 0.2689 * 1.5 = -0.6932
    rewards = soft_pseudo_label(Group(answers=("4", "4", "4", "5")), sigma=0.5)
    assert rewards == pytest.approx([0.2311, 0.2311, 0.2311, -0.6932], abs=1e-3)


def test_small_sigma_is_the_majority_vote():
    # Only the label 4 weighs: 0.5 and -1.5, GRPO's advantages for the rewards 1, 1, 1, 0
    rewards = soft_pseudo_label(Group(answers=("4", "4", "4", "5")), sigma=0.001)
    assert rewards == pytest.approx([0.5, 0.5, 0.5, -1.5], abs=1e-5)


@pytest.mark.parametrize(
    ("sigma", "majority", "other"), [(0.5, -0.024, 0.008), (0.25, 0.684, -0.228), (0.1, 1.705, -0.568)]
)
def test_the_default_width_rewards_the_majority_of_a_scattered_group(sigma, majority, other):
    # 8 votes and 24 of one: the table of the review, from a literal double loop over labels and responses
    rewards = soft_pseudo_label(Group(answers=("4",) * 8 + tuple(f"w{n}" for n in range(24))), sigma=sigma)
    assert (rewards[0], rewards[-1]) == pytest.approx((majority, other), abs=1e-3)
    assert soft_pseudo_label(Group(answers=("4",) * 8 + tuple("abcdefghijklmnopqrstuvwx")))[0] > 0


def test_equal_weights_of_equal_frequencies_cancel():
    assert soft_pseudo_label(Group(answers=("4", "4", "5", "5"))) == pytest.approx([0.0] * 4)


def test_no_consensus_is_a_penalty_for_all():
    # 4 answers, one vote each: 1 < 0.3 * 4
    rewards = soft_pseudo_label(Group(answers=("4", "5", "6", None)), min_ratio=0.3, penalty=0.7)
    assert rewards == [-0.7] * 4


def test_no_signal():
    assert soft_pseudo_label(Group(answers=(None, None))) == [0.0, 0.0]
    assert soft_pseudo_label(Group(answers=("4", "4"))) == [0.0, 0.0]
    assert soft_pseudo_label(Group(answers=("4",))) == [0.0]
    assert soft_pseudo_label(Group(answers=())) == []


@pytest.mark.parametrize(
    "options",
    [{"sigma": 0}, {"sigma": 1e-200}, {"sigma": math.inf}, {"center": 2}, {"min_ratio": -1}, {"penalty": math.nan}],
)
def test_refuses(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        soft_pseudo_label(Group(answers=("4", "5")), **options)
