"""Inequalities and intervals: which way a sign turns, which ends belong, and what has no ends."""

import pytest

from ttrl_verl.reward_fns.answers.mathematics import canonical_math


@pytest.mark.parametrize(
    ("chain", "interval"),
    [
        ("1 < x <= 2", "(1,2]"),
        ("1 <= x < 2", "[1,2)"),
        # times -1, the ends change places and each keeps its own bracket
        ("1 < -x <= 2", "[-2,-1)"),
        ("1 <= -x < 2", "(-2,-1]"),
        ("1 < -x < 2", "(-2,-1)"),
        ("2 > -x >= 1", "(-2,-1]"),
        ("1 < 3-2x <= 7", "[-2,1)"),
        ("1 <= 2x+3 < 7", "[-1,2)"),
        ("-x < 3", r"(-3,\infty)"),
        ("-2x >= 4", r"(-\infty,-2]"),
        ("3 >= -x", r"[-3,\infty)"),
        ("4 > 1-x", r"(-3,\infty)"),
    ],
)
def test_a_chain_is_its_solution(chain, interval):
    assert canonical_math(chain) == canonical_math(interval)


@pytest.mark.parametrize(
    ("closed", "half_open"),
    [
        (r"[0,\infty]", r"[0,\infty)"),
        (r"(0,\infty]", r"(0,\infty)"),
        (r"[-\infty,0]", r"(-\infty,0]"),
        (r"[-\infty,0)", r"(-\infty,0)"),
        (r"[-\infty,\infty]", r"(-\infty,\infty)"),
    ],
)
def test_infinity_belongs_to_no_interval(closed, half_open):
    assert canonical_math(closed) == canonical_math(half_open)


def test_an_end_that_is_a_number_keeps_its_bracket():
    assert len({canonical_math(text) for text in (r"[0,\infty)", r"(0,\infty)", r"(-\infty,0]", r"(-\infty,0)")}) == 4


@pytest.mark.parametrize("text", ["[1,2,3)", "(1,2,3]", "[0.5,2,3)", "(0.5,2,3]", "[1)", "(1]"])
def test_brackets_of_two_kinds_hold_two_ends(text):
    # neither a point nor a list: compared as it is written
    assert canonical_math(text) == text
    assert canonical_math(text) not in (canonical_math("(1,2,3)"), canonical_math("[1,2,3]"), "1")


@pytest.mark.parametrize(
    ("power", "value"),
    [
        # an odd root of a negative number is the real one; its even power is positive, its odd power negative
        (r"(-\ln 2)^{2/3}", r"(\ln 2)^{2/3}"),
        (r"(-\ln 2)^{4/5}", r"(\ln 2)^{4/5}"),
        (r"(-\ln 2)^{1/3}", r"-(\ln 2)^{1/3}"),
        (r"(-\ln 2)^{5/3}", r"-(\ln 2)^{5/3}"),
        (r"(-8)^{2/3}", "4"),
        (r"(-8)^{1/3}", "-2"),
        (r"\sqrt[3]{-\pi}", r"-\sqrt[3]{\pi}"),
    ],
)
def test_odd_roots_of_negative_numbers_are_real(power, value):
    assert canonical_math(power) == canonical_math(value)
    assert canonical_math(power) != canonical_math(f"-({value})")
