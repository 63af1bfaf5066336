import math

import pytest

from ttrl_verl.reward_fns import Group, Verdict
from ttrl_verl.reward_fns.offline import agreement_band, offline
from ttrl_verl.reward_fns.soft_pseudo_label import soft_pseudo_label


def test_the_frozen_label_is_rewarded_and_not_the_majoritys():
    assert offline(Group(answers=("4", "5", "5", None), prior={"5": 0.4, "4": 0.6})) == [1.0, 0.0, 0.0, 0.0]
    # A tie goes to the first, as the file has it.
    assert offline(Group(answers=("4", "5"), prior={"5": 0.5, "4": 0.5})) == [0.0, 1.0]


def test_one_answer_to_everything_earns_nothing():
    assert offline(Group(answers=("0",) * 4, prior={"4": 0.6, "0": 0.4})) == [0.0] * 4


def test_no_signal():
    assert offline(Group(answers=(None, None), prior={"4": 1.0})) == [0.0, 0.0]
    assert offline(Group(answers=("4", None), prior={})) == [0.0, 0.0]
    assert offline(Group(answers=(), prior={"4": 1.0})) == []


@pytest.mark.parametrize(
    ("prior", "skip"), [({"4": 0.25}, False), ({"4": 0.75, "5": 0.1}, False), ({"4": 0.2}, True), ({"4": 0.8}, True)]
)
def test_the_band_holds_its_bounds(prior, skip):
    assert agreement_band(Group(answers=("4", "5"), prior=prior)) == Verdict([0.0, 0.0], skip=skip)


def test_where_the_frozen_model_had_no_answer_its_ratio_is_0():
    assert agreement_band(Group(answers=("4",), prior={})).skip
    assert not agreement_band(Group(answers=("4",), prior={}), low=0.0).skip


def test_refuses():
    for reward in (offline, agreement_band):
        with pytest.raises(ValueError, match="the group has no prior"):
            reward(Group(answers=("4",)))
    with pytest.raises(ValueError, match=r"low is 0.8 and high 0\.2"):
        agreement_band(Group(answers=("4",), prior={}), low=0.8, high=0.2)


def test_restrains_prompt_weight_is_the_gaussian_of_the_frozen_majority_ratio():
    bare = Group(answers=("4", "4", "5"))
    sure, unsure = (Group(answers=bare.answers, prior={"4": share}) for share in (1.0, 0.5))
    assert soft_pseudo_label(sure) == Verdict(soft_pseudo_label(bare), weight=1.0)
    assert soft_pseudo_label(unsure).weight == pytest.approx(math.exp(-2))  # (0.5 - 1)^2 / (2 * 0.25^2) = 2
    assert soft_pseudo_label(unsure, prior_weight=False) == soft_pseudo_label(bare)
