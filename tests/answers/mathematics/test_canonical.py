# ruff: noqa: E501 - pairs in rows
"""Mathematical answers: what is found in a response, what is equal and what is not."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttrl_verl.reward_fns import Group, get_reward_fn
from ttrl_verl.reward_fns.answers import get_answer_type
from ttrl_verl.reward_fns.answers.mathematics.canonical import canonical_math, canonicalize
from ttrl_verl.reward_fns.answers.mathematics.finding.find import extract_math
from ttrl_verl.reward_fns.vote import take_vote

ANSWER = get_answer_type("math").answer


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (r"so \boxed{5}.", "5"),
        (r"\boxed{1} or rather \boxed{2}", "2"),
        (r"\boxed{\frac{1}{\sqrt{2}}}", r"\frac{1}{\sqrt{2}}"),
        (r"\boxed 5", "5"),
        (r"\boxed  12, done", "12"),
        (r"\fbox{7}", "7"),
        (r"\boxed{\text{east}}", r"\text{east}"),
        (r"$\boxed{7$ is the answer", "7"),
        (r"\boxed{}", None),
        (r"\boxed{\frac{1}{2", None),
        (r"\boxed{3} hence \boxed{4", None),
        ("The answer is 12.", "12"),
        ("the final answer is: $x^2+1$.", "x^2+1"),
        (r"The final answer is \(\frac{3}{4}\), because", r"\frac{3}{4}"),
        ("**Answer:** 17", "17"),
        ("Answer: 3.5\nThat was easy", "3.5"),
        ("The answer is 12 because 3 times 4 is 12.", "12"),
        ("First the answer is 3. No, the answer is 4.", "4"),
        ("6 times 7 gives 42 and", None),
        ("", None),
        ("I do not know.", None),
    ],
)
def test_extraction(response, expected):
    assert extract_math(response) == expected


def test_the_last_number_counts_only_where_it_is_asked_for():
    assert extract_math("6 times 7 gives 1,042.5 and that") is None
    assert extract_math("6 times 7 gives 1,042.5 and that", last_number=True) == "1,042.5"
    assert extract_math("from 3-4", last_number=True) == "4"
    assert get_answer_type("math", last_number=True).answer("so 42 of the") == "42"
    assert get_answer_type("math").answer("so 42 of the") is None


# Each test of this name is a defect of TTRL's or TTRV's grader, with the input that shows it.


def test_original_defect_spellings_of_one_number_split_the_vote():
    answers = ["0.5"] * 3 + [r"\frac{1}{2}"] * 3 + ["7"] * 4
    votes = [ANSWER(f"\\boxed{{{answer}}}") for answer in answers]
    assert take_vote(votes).label == "1/2"
    assert take_vote(votes).votes == 6


def test_original_defect_the_empty_answer_wins_and_is_rewarded():
    votes = [ANSWER(text) for text in ["", r"\boxed{}", "<|im_end|>", r"\boxed{4}"]]
    assert votes == [None, None, None, "4"]
    assert get_reward_fn("majority_vote")(Group(answers=tuple(votes))) == [0.0, 0.0, 0.0, 1.0]


def test_original_defect_a_response_cut_off_votes_with_its_last_number():
    assert ANSWER("Let n = 7. Then 3n + 2 = 23, and so we try 1") is None


def test_original_defect_words_lose_their_letters():
    assert canonical_math(r"\text{east}") == "east"
    assert canonical_math(r"\text{Evelyn}") == canonical_math("Evelyn") == "evelyn"
    assert canonical_math("Evelyn") != canonical_math("Evlyne")


def test_original_defect_an_expression_loses_its_letters():
    assert canonical_math("(a+5)(b+2)") == canonical_math("ab+2a+5b+10") != canonical_math("(+5)(b+2)")


def test_original_defect_a_label_read_again_is_another_answer():
    for answer in (r"\frac{1}{2}", r"(3, \frac{\pi}{2})", "x^3+3x-6", r"\text{east}", "4343_6", r"1 \pm \sqrt{19}"):
        label = canonical_math(answer)
        assert canonical_math(label) == label == ANSWER(f"\\boxed{{{answer}}}")


def test_original_defect_plus_minus_is_not_equal_to_itself():
    assert canonical_math(r"1 \pm \sqrt{19}") == canonical_math(r"1-\sqrt{19}, 1+\sqrt{19}")


@pytest.mark.parametrize(
    "answer",
    [
        r"\begin{pmatrix} -1/3 \\ 2/3 \\ 5/3 \end{pmatrix}",
        "[2,5)",
        r"(-\infty,2)\cup(3,\infty)",
        "x=5",
        r"\cot x",
        r"\{1\pm\sqrt{5},-2\}",
        r"5.4 \text{ cents}",
    ],
)
def test_original_defect_all_right_and_all_earn_nothing(answer):
    votes = tuple(ANSWER(f"\\boxed{{{answer}}}") for _ in range(4))
    assert get_reward_fn("majority_vote")(Group(answers=votes)) == [1.0] * 4
    assert votes[0] == canonical_math(answer)


def test_original_defect_leading_zeros_become_zero():
    assert canonical_math("025") == canonical_math("25") == "25"
    assert ANSWER(r"\boxed{025}") == "25"


def test_original_defect_trailing_decimals_are_another_number():
    assert canonical_math("142.0") == canonical_math("142") == "142"


def test_original_defect_bracket_kinds_merge():
    texts = {canonical_math(answer) for answer in ("(3,4)", "(3,4]", "[3,4)", "[3,4]")}
    assert len(texts) == 4


def test_original_defect_thousands_become_a_point():
    assert canonical_math("1,234") == "1234" != canonical_math("(1, 234)")


def test_original_defect_what_a_model_writes_is_evaluated(tmp_path):
    target = tmp_path / "made"
    for text in (f"open('{target}','w')", f"__import__('pathlib').Path('{target}').touch()"):
        canonical_math(text)
    assert not target.exists()


def test_original_defect_towers_take_the_whole_alarm():
    assert canonicalize("9**9**9**9").limited


def test_original_defect_the_string_none_earns_where_nobody_has_an_answer():
    assert get_reward_fn("majority_vote")(Group(answers=(None, None))) == [0.0, 0.0]
    assert ANSWER(r"\boxed{None}") == "none"


def test_original_defect_special_tokens_are_part_of_the_answer():
    assert ANSWER(r"\boxed{7}<|im_end|>") == ANSWER(r"\boxed{7}") == ANSWER("The answer is 7<|im_end|>") == "7"


def test_original_defect_extraction_twice_keeps_the_denominator():
    assert ANSWER(r"\boxed{\frac{1}{2}}") == canonical_math(r"\frac{1}{2}") == "1/2"


def test_original_defect_coordinates_run_together():
    # TTRV's extractor made 1020110220 of this list.
    assert canonical_math("[10,20,110,220]") == "[10,20,110,220]"


def test_original_defect_powers_are_never_compared_by_value():
    assert canonical_math("x^{2}-4") == canonical_math("(x-2)(x+2)")


def test_original_defect_fractions_must_be_reduced():
    assert canonical_math(r"\frac{6}{4}") == canonical_math(r"\frac{3}{2}") == "3/2"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("10", "1"), ("1/2", "2"), ("500!", "500"), ("x", "X"), ("(1,2)", "(2,1)"), ("x+1", "x-1"), ("5_6", "5_7"), ("i", "1"), ("pi", "3.14"),
        ("2", "-2"), ("x^2", "2x"), ("AB", "BA"), ("no", "on"), (r"\sqrt{2}", "1.414"), (r"\ln 2", r"\log_{10} 2"), ("0.33", "1/3"), ("x>3", "x<3"),
        ("[1,2]", r"\{1,2\}"), ("1,2", "12"), ("xy", "x+y"), (r"\sin x", "sin"), ("|x|", "x"), (r"\frac{x}{y}", r"\frac{y}{x}"),
    ],
)  # fmt: skip
def test_different_answers_stay_different(left, right):
    assert canonical_math(left) != canonical_math(right)


def test_a_ratio_of_capitals_is_stable():
    for ratio in ("G Q:G Q", "GQ:GQ", "a b:c", r"\sin x:2", r"6 Q: n!NN"):
        assert canonical_math(canonical_math(ratio)) == canonical_math(ratio)
    assert canonical_math("a b:c") == "a*b:c"
    assert canonical_math(r"\ln|x|+C") == canonical_math(r"C+\ln\left|x\right|")
    assert canonical_math(r"\ln|f(2)x|+C") == canonical_math(r"C+\ln|x f(2)|")


@pytest.mark.parametrize(
    "product", ["S(B) S(B) S", "S(B)**2", "f(B) f(B)", "S(B) x S(B)", "P°H", "S¹ (B) 1", "AB CD EF", "B A"]
)
def test_a_product_of_capitals_and_calls_is_stable(product):
    assert canonical_math(canonical_math(product)) == canonical_math(product)


# Respellings of a rational number, hand-made.
RESPELL = (
    lambda q: f"{q.numerator}/{q.denominator}",
    lambda q: f"\\frac{{{q.numerator}}}{{{q.denominator}}}",
    lambda q: f"\\dfrac{{{3 * q.numerator}}}{{{3 * q.denominator}}}",
    lambda q: f"-\\tfrac{{{-q.numerator}}}{{{q.denominator}}}",
    lambda q: f" $ {q.numerator} / {q.denominator} $ ",
    lambda q: f"x = \\frac{{{q.numerator}}}{{{q.denominator}}}\\text{{ cm}}",
    lambda q: f"\\left(\\frac{{{q.numerator}}}{{{q.denominator}}}\\right)",
)


@settings(deadline=None, max_examples=60)
@given(st.fractions(max_denominator=10**6).filter(lambda q: abs(q) < 10**9))
def test_a_rational_is_its_value_however_it_is_spelt(value):
    assert {canonical_math(respell(value)) for respell in RESPELL} == {str(value)}


@settings(deadline=None, max_examples=60)
@given(st.integers(-(10**15), 10**15), st.integers(0, 4), st.integers(0, 3))
def test_zeros_around_a_number_change_nothing(whole, zeros, places):
    sign = "-" if whole < 0 else ""
    padded = f"{sign}{'0' * zeros}{abs(whole)}" + ("." + "0" * places if places else "")
    assert canonical_math(padded) == canonical_math(f"{whole:,}") == str(whole)


EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "y", "2", "3", "7", r"\pi", "i", r"\sqrt{2}", r"\sqrt{3}", r"\frac{1}{2}"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", r"\cdot "]), inner).map(lambda t: f"({t[0]}){t[1]}({t[2]})"),
        inner.map(lambda e: f"({e})^2"),
        inner.map(lambda e: f"\\frac{{{e}}}{{3}}"),
    ),
    max_leaves=6,
)


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(EXPRESSIONS, EXPRESSIONS, EXPRESSIONS)
def test_the_laws_of_algebra_hold(a, b, c):
    assert canonical_math(f"({a})+({b})") == canonical_math(f"({b})+({a})")
    assert canonical_math(f"({a})*(({b})+({c}))") == canonical_math(f"({a})({b})+({a})({c})")
    assert canonical_math(f"({a})-({b})") == canonical_math(f"-(({b})-({a}))")
    assert canonical_math(f"({a})-({a})") == "0"


@settings(deadline=None, max_examples=150)
@given(EXPRESSIONS)
def test_a_canonical_form_is_its_own_canonical_form(expression):
    canonical = canonical_math(expression)
    assert canonical_math(canonical) == canonical


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=40))
def test_any_text_has_a_stable_canonical_form_or_none(text):
    canonical = canonical_math(text)
    assert canonical is None or canonical_math(canonical) == canonical


def test_equality_is_an_equivalence_relation_on_mixed_answers():
    # By construction: two answers are equal where their canonical strings are. Stated on a sample all the same.
    answers = ["1/2", "0.5", r"\frac12", "x=1/2", "0.50 cm", "2", "x", "(1/2)", r"\text{half}", "[0,1]", r"0\le x\le 1"]
    equal = {(a, b): canonical_math(a) == canonical_math(b) for a, b in itertools.product(answers, repeat=2)}
    for a, b, c in itertools.product(answers, repeat=3):
        assert equal[a, a]
        assert equal[a, b] == equal[b, a]
        assert not (equal[a, b] and equal[b, c]) or equal[a, c]


def test_the_value_of_a_canonical_number_can_be_read_back():
    assert Fraction(canonical_math(r"-1\frac{3}{4}")) == Fraction(-7, 4)
