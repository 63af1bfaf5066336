import math

import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.verified_vote import verified_vote

WRONG_MAJORITY = Group(answers=("4", "4", "4", "5", None), checks=(0.0, None, 0.0, 1.0, None))


def test_one_verified_vote_outweighs_three():
    assert verified_vote(WRONG_MAJORITY) == [0.0, 0.0, 0.0, 1.0, 0.0]  # 3 against 1 + 5


def test_without_weight_it_is_the_majority_vote():
    assert verified_vote(WRONG_MAJORITY, omega=0) == [1.0, 1.0, 1.0, 0.0, 0.0]
    assert verified_vote(WRONG_MAJORITY, omega=1.9) == [1.0, 1.0, 1.0, 0.0, 0.0]  # 3 against 2.9


def test_no_signal():
    assert verified_vote(Group(answers=(None, None), checks=(None, None))) == [0.0, 0.0]
    assert verified_vote(Group(answers=("4", "5"), checks=(None, None))) == [1.0, 0.0]  # a tie: sampled first
    assert verified_vote(Group(answers=(), checks=())) == []


def test_refuses():
    with pytest.raises(ValueError, match=r"ttrl\.check names a function"):
        verified_vote(Group(answers=("4",)))
    with pytest.raises(ValueError, match="omega is inf"):
        verified_vote(WRONG_MAJORITY, omega=math.inf)
