import math

import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.confidence_vote import confidence_vote


def test_one_sure_response_outweighs_two():
    # exp(-0.1) = 0.905 against 2 exp(-1.5) = 0.446
    assert confidence_vote(Group(answers=("4", "5", "5"), log_probs=(-0.1, -1.5, -1.5))) == [1.0, 0.0, 0.0]


def test_two_outweigh_one_that_is_a_little_surer():
    # exp(-0.1) = 0.905 against 2 exp(-0.5) = 1.213
    assert confidence_vote(Group(answers=("4", "5", "5"), log_probs=(-0.1, -0.5, -0.5))) == [0.0, 1.0, 1.0]


def test_temperature():
    group = Group(answers=("4", "5", "5"), log_probs=(-0.1, -1.5, -1.5))
    assert confidence_vote(group, temperature=100) == [0.0, 1.0, 1.0]  # all weights near 1: the majority vote
    close = Group(answers=("4", "5", "5"), log_probs=(-0.1, -0.5, -0.5))
    assert confidence_vote(close, temperature=0.01) == [1.0, 0.0, 0.0]  # the surest response alone


def test_unlikely_responses_do_not_vanish():
    # exp(-2000) is 0 in floating point, relative to the surest it is not.
    assert confidence_vote(Group(answers=("4", "5", "5"), log_probs=(-2000.0, -2000.1, -2000.1))) == [0.0, 1.0, 1.0]
    infinite = Group(answers=("4", "5", "5"), log_probs=(-math.inf,) * 3)
    assert confidence_vote(infinite) == [0.0, 1.0, 1.0]


def test_no_signal():
    assert confidence_vote(Group(answers=(None, None), log_probs=(-1.0, -2.0))) == [0.0, 0.0]
    assert confidence_vote(Group(answers=("4", "4"), log_probs=(-1.0, -2.0))) == [1.0, 1.0]
    assert confidence_vote(Group(answers=("4",), log_probs=(-1.0,))) == [1.0]
    assert confidence_vote(Group(answers=("4", "5", "5"), log_probs=(-1.0,) * 3)) == [0.0, 1.0, 1.0]
    assert confidence_vote(Group(answers=("4", "5"), log_probs=(-1.0, -1.0))) == [1.0, 0.0]  # a tie: sampled first
    assert confidence_vote(Group(answers=(), log_probs=())) == []


def test_refuses():
    with pytest.raises(ValueError, match="calculate_log_probs"):
        confidence_vote(Group(answers=("4",)))
    with pytest.raises(ValueError, match="expected numbers"):
        confidence_vote(Group(answers=("4",), log_probs=(math.nan,)))
    with pytest.raises(ValueError, match="above 0"):
        confidence_vote(Group(answers=("4",), log_probs=(-1.0,)), temperature=0)
