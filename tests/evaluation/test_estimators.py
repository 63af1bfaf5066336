from fractions import Fraction
from itertools import permutations

import pytest

from ttrl_verl.evaluation.estimators import maj_at_k, pass_at_k
from ttrl_verl.reward_fns.vote import take_vote


@pytest.mark.parametrize(
    ("n", "correct", "k", "expected"),
    [
        (4, 2, 2, 1 - 1 / 6),  # C(2,2)/C(4,2) = 1/6 of the pairs hold no right one
        (4, 1, 1, 1 / 4),  # at k = 1 it is c / n
        (5, 1, 3, 3 / 5),  # 1 - C(4,3)/C(5,3) = 1 - 4/10
        (4, 0, 4, 0.0),
        (4, 4, 1, 1.0),
        (4, 3, 2, 1.0),  # one wrong: no pair without a right one
    ],
)
def test_pass_at_k_is_the_share_of_subsets_with_a_right_one(n, correct, k, expected):
    assert pass_at_k(n, correct, k) == pytest.approx(expected, abs=1e-15)


def test_pass_at_k_of_thousands_does_not_overflow():
    # 1 - (1 - 1/5120) (5119 - 2559)/5119 ...: one right of 5,120 is in half of the subsets of half the size
    assert pass_at_k(5120, 1, 2560) == 0.5


@pytest.mark.parametrize(("n", "correct", "k"), [(4, 2, 0), (4, 2, 5), (4, 5, 1), (4, -1, 1)])
def test_pass_at_k_refuses_what_makes_no_sense(n, correct, k):
    with pytest.raises(ValueError, match="expected"):
        pass_at_k(n, correct, k)


@pytest.mark.parametrize(
    ("answers", "k", "expected"),
    [
        # one of three: 2/3 have the label "4"
        (["4", "4", "7"], 1, 2 / 3),
        # pairs {4,4}: right; {4,7} twice: a tie, half
        (["4", "4", "7"], 2, (1 + 0.5 + 0.5) / 3),
        # pairs {4,None} four times of six: right; {4,4} once: right; {None,None} once: nobody voted
        (["4", "4", None, None], 2, 5 / 6),
        # all of them, tied two to two: whichever is sampled first, half of the orders
        (["4", "7", "7", "4"], 4, 0.5),
        # three in a tie
        (["4", "7", "9"], 3, 1 / 3),
        (["7", "7", None], 2, 0.0),
        ([None, None], 1, 0.0),
    ],
)
def test_maj_at_k_is_the_mean_over_subsets(answers, k, expected):
    assert maj_at_k(answers, "4", k) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    "answers",
    [["4", "7", "7", None, "4", "9"], ["4", "7", "7", "7", "9", "9"], ["4", "4", "4", "7", "7", "7"], ["4", None, "9"]],
)
def test_maj_at_k_is_what_every_ordered_draw_gives(answers):
    for k in range(1, len(answers) + 1):
        draws = list(permutations(answers, k))
        right = sum(take_vote(draw).label == "4" for draw in draws)
        assert maj_at_k(answers, "4", k) == pytest.approx(float(Fraction(right, len(draws))), abs=1e-14)


def test_maj_at_k_refuses_more_than_there_are():
    with pytest.raises(ValueError, match="maj@3 of 2 responses"):
        maj_at_k(["4", "7"], "4", 3)
