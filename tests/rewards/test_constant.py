import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.constant import constant


def test_every_response_earns_the_same():
    assert constant(Group(answers=("A", None, "B")), value=0.5) == [0.5] * 3
    assert constant(Group(answers=())) == []


def test_refuses_infinity():
    with pytest.raises(ValueError, match="finite"):
        constant(Group(answers=("A",)), value=float("inf"))
