import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.consistency_band import consistency_band


def test_within_the_band_it_is_the_majority_vote():
    assert consistency_band(Group(answers=("4", "4", "5", None))) == [1.0, 1.0, 0.0, 0.0]  # 0.25 < 0.5 < 0.95


def test_bounds_are_outside():
    half = Group(answers=("4", "4", "5", None))
    assert consistency_band(half, low=0.5) == [0.0] * 4
    assert consistency_band(half, high=0.5) == [0.0] * 4


def test_unanimous_groups_are_left_alone():
    assert consistency_band(Group(answers=("4", "4"))) == [0.0, 0.0]
    assert consistency_band(Group(answers=("4", "4")), high=1.1) == [1.0, 1.0]


def test_no_signal():
    assert consistency_band(Group(answers=(None, None)), low=-1) == [0.0, 0.0]
    assert consistency_band(Group(answers=("4",))) == [0.0]
    assert consistency_band(Group(answers=())) == []


def test_refuses_an_empty_band():
    with pytest.raises(ValueError, match="low below high"):
        consistency_band(Group(answers=("4",)), low=0.5, high=0.5)
