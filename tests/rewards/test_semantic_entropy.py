import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.semantic_entropy import semantic_entropy


def test_frequency_of_the_answer():
    # 2 of 4, 2 of 4, 1 of 4, none
    assert semantic_entropy(Group(answers=("4", "4", "5", None))) == [0.5, 0.5, 0.25, 0.0]


def test_all_different_says_nothing():
    assert semantic_entropy(Group(answers=("4", "5", "6", None))) == [0.0] * 4


def test_weak_groups_are_dropped():
    weak = Group(answers=("4", "4", "5", "6", "7", "8", "9", "10", "11", "12"))  # top share 0.2
    assert semantic_entropy(weak, min_share=0.25) == [0.0] * 10
    assert semantic_entropy(weak, min_share=0.2)[0] == 0.2


def test_no_signal():
    assert semantic_entropy(Group(answers=(None, None))) == [0.0, 0.0]
    assert semantic_entropy(Group(answers=("4", "4"))) == [1.0, 1.0]
    assert semantic_entropy(Group(answers=("4",))) == [1.0]
    assert semantic_entropy(Group(answers=())) == []


def test_refuses_a_share_above_one():
    with pytest.raises(ValueError, match="from 0 to 1"):
        semantic_entropy(Group(answers=("4",)), min_share=1.5)
