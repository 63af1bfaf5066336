"""What some rewards are under GRPO, worked out on a policy of three answers: what no method may claim as its own."""

import math

import pytest

from ttrl_verl.reward_fns import Group, get_reward_fn
from ttrl_verl.reward_fns.majority_vote import majority_vote

POLICY = (0.5, 0.2, 0.3)
ANSWERS = ("A", "B", "C")
GROUPS = [("A", "A", "A", "B", None), ("A", "A", "B", "C", "D", "E", None, None), ("A", "B"), ("A", "A", "A", "A")]


def grpo(rewards):
    """GRPO's advantages of a group, with verl's unbiased deviation."""
    mean = sum(rewards) / len(rewards)
    deviation = math.sqrt(sum((reward - mean) ** 2 for reward in rewards) / (len(rewards) - 1))
    return [(reward - mean) / (deviation + 1e-6) for reward in rewards]


def expected_gradient(advantages):
    """E[A ∇ log π] of the logits, for an advantage a kind of answer: π_k (A_k − Σ_j π_j A_j)."""
    mean = sum(share * advantage for share, advantage in zip(POLICY, advantages, strict=True))
    return [share * (advantage - mean) for share, advantage in zip(POLICY, advantages, strict=True)]


# Of a large group, the majority's reward has mean 0.5 and deviation 0.5: GRPO's advantages are 1, −1, −1.
MAJORITY = (1.0, -1.0, -1.0)


def test_the_majority_votes_gradient():
    assert expected_gradient(MAJORITY) == pytest.approx([0.5, -0.2, -0.3])


def test_only_negatives_is_the_majority_vote_times_the_majority_ratio():
    assert expected_gradient((0.0, -1.0, -1.0)) == pytest.approx([0.25, -0.1, -0.15])
    assert expected_gradient((0.0, -1.0, -1.0)) == pytest.approx([0.5 * one for one in expected_gradient(MAJORITY)])


def test_only_positives_is_the_rest_of_it():
    assert expected_gradient((1.0, 0.0, 0.0)) == pytest.approx([0.25, -0.1, -0.15])


def test_a_uniform_penalty_has_no_expected_gradient():
    assert expected_gradient((-0.7, -0.7, -0.7)) == pytest.approx([0.0, 0.0, 0.0])


def test_a_uniform_penalty_is_nothing_at_all_under_grpo():
    untrusted = Group(answers=("A", "B", "C", "D", "E", "F"))
    penalised = get_reward_fn("soft_pseudo_label", penalty=0.7)(untrusted)
    assert penalised == [-0.7] * 6  # as advantages, it says "less of each"
    assert grpo(penalised) == pytest.approx([0.0] * 6, abs=1e-9)


@pytest.mark.parametrize("answers", GROUPS)
def test_a_group_constant_cancels(answers):
    rewards = majority_vote(Group(answers=answers))
    assert grpo([reward - 0.4 for reward in rewards]) == pytest.approx(grpo(rewards), abs=1e-9)


@pytest.mark.parametrize("answers", GROUPS)
def test_a_group_factor_cancels_where_the_deviation_divides(answers):
    rewards = majority_vote(Group(answers=answers))
    assert grpo([0.1 * reward for reward in rewards]) == pytest.approx(grpo(rewards), abs=1e-4)


@pytest.mark.parametrize("answers", GROUPS)
def test_any_two_values_are_the_majority_vote(answers):
    rewards = majority_vote(Group(answers=answers))
    two = [0.9 if reward else -0.3 for reward in rewards]
    assert grpo(two) == pytest.approx(grpo(rewards), abs=1e-4)


def test_novelty_of_equal_texts_is_the_majority_vote():
    # With nothing new said, a side has one value: 0.75 and -0.75. A response without an answer makes it three.
    group = Group(answers=("A", "A", "A", "B", "B"), texts=("so A",) * 3 + ("so B",) * 2)
    assert grpo(get_reward_fn("novelty")(group)) == pytest.approx(grpo(majority_vote(group)), abs=1e-4)


def test_confidence_at_a_high_temperature_and_a_band_that_admits_all_are_the_majority_vote():
    group = Group(answers=("A", "A", "B"), log_probs=(-1.0, -2.0, -0.1))
    assert get_reward_fn("confidence_vote", temperature=1e6)(group) == majority_vote(group)
    assert get_reward_fn("consistency_band", low=-1, high=2)(group) == majority_vote(group)
