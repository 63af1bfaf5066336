import math

import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.empirical_entropy import empirical_entropy


def group(**counts: int) -> Group:
    return Group(answers=tuple(answer for answer, count in counts.items() for _ in range(count)))


# The values that the authors' code gives (H / ln distinct answers, alpha 0.75).
def test_authors_unanimous():
    assert empirical_entropy(group(A=32), entropy_norm="log_unique") == [1.0] * 32


def test_authors_two_halves():
    # p = 1/2, H / ln 2 = 1: 0.5 - 0.75
    assert empirical_entropy(group(A=16, B=16), entropy_norm="log_unique") == pytest.approx([-0.25] * 32)


def test_authors_one_dissenter():
    # H = (31/32) ln(32/31) + (1/32) ln 32 = 0.13906; / ln 2 = 0.20062; x 0.75 = 0.15047
    rewards = empirical_entropy(group(A=31, B=1), entropy_norm="log_unique")
    assert rewards == pytest.approx([0.8183] * 31 + [-0.1192], abs=1e-4)


def test_authors_four_quarters():
    assert empirical_entropy(group(A=8, B=8, C=8, D=8), entropy_norm="log_unique") == pytest.approx([-0.5] * 32)


def test_defect_junk_earns_less_than_an_answer():
    # The authors' code: 16 x ".", 8 x "" and 8 x A give 0.1415 for the junk and -0.3585 for A.
    junk = Group(answers=(None,) * 24 + ("A",) * 8)
    assert empirical_entropy(junk, entropy_norm="log_unique") == [0.0] * 24 + [0.25] * 8


def test_defect_empty_replies_earn_nothing():
    # The authors' code: 32 empty replies earn 1.0 each.
    assert empirical_entropy(Group(answers=(None,) * 32)) == [0.0] * 32


def test_defect_entropy_is_not_hard_coded():
    # H = ln 2 = 0.6931: 0.5 - alpha H
    assert empirical_entropy(group(A=1, B=1), alpha=0.0) == [0.5, 0.5]
    assert empirical_entropy(group(A=1, B=1)) == pytest.approx([0.5 - 0.75 * 0.6931] * 2, abs=1e-4)


def test_log_n():
    # N = 4, H = ln 2, ln 4 = 2 ln 2: 0.5 - 0.75 / 2
    assert empirical_entropy(group(A=2, B=2), entropy_norm="log_n") == pytest.approx([0.125] * 4)


def test_no_answer_has_frequency_zero():
    # 2 A, 1 B, 1 none: H = (2/3) ln 1.5 + (1/3) ln 3 = 0.6365; x 0.75 = 0.4774
    rewards = empirical_entropy(Group(answers=("A", "A", "B", None)))
    assert rewards == pytest.approx([0.5 - 0.4774, 0.5 - 0.4774, 0.25 - 0.4774, -0.4774], abs=1e-4)


def test_multiplicative():
    # 2 A, 2 B: H / ln 4 = 0.5, so 0.5 * (1 - 0.375)
    assert empirical_entropy(group(A=2, B=2), multiplicative=True) == pytest.approx([0.3125] * 4)
    assert empirical_entropy(Group(answers=("A", "B")), alpha=5, multiplicative=True) == [0.0, 0.0]
    assert empirical_entropy(Group(answers=("A", None)), multiplicative=True) == [0.5, 0.0]


def test_one_response():
    assert empirical_entropy(group(A=1)) == [1.0]
    assert empirical_entropy(Group(answers=(None,))) == [0.0]
    assert empirical_entropy(Group(answers=())) == []


@pytest.mark.parametrize(("options", "message"), [({"alpha": -1}, "at least 0"), ({"alpha": math.nan}, "at least 0"),
                                                  ({"entropy_norm": "log_2"}, "log_unique")])  # fmt: skip
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        empirical_entropy(group(A=1, B=1), **options)
