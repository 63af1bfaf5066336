import pytest

from ttrl_verl.reward_fns import REWARD_FNS, Group
from ttrl_verl.reward_fns.oracle import oracle


def test_right_answers_earn_one():
    assert oracle(Group(answers=("4", "5", None), label="5")) == [0.0, 1.0, 0.0]
    assert oracle(Group(answers=(None,), label="5")) == [0.0]
    assert oracle(Group(answers=(), label="5")) == []


def test_refuses_a_group_without_a_label():
    with pytest.raises(ValueError, match="no label"):
        oracle(Group(answers=("4", "5")))
    assert REWARD_FNS["oracle"].needs == ("label",)
