"""Plain numbers: which one counts, and by what they are compared."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ttrl_verl.reward_fns.answers import get_answer_type
from ttrl_verl.reward_fns.answers.number import canonical_number, extract_number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3 apples and 4 pears make 7 fruits.", "7"),
        (r"\boxed{1,024} of 2,000", "1,024"),
        (r"\boxed{\frac{3}{4}}", r"\frac{3}{4}"),
        ("pages 3-4", "4"),
        ("it is -4", "-4"),
        ("x=-4", "-4"),
        ("about 1/3 of it", "1/3"),
        ("1.5e3 m", "1.5e3"),
        ("costs $1,234.50.", "1,234.50"),
        (r"\boxed{12", None),
        ("none at all", None),
        ("٣", None),
        ("", None),
    ],
)
def test_extraction(text, expected):
    assert extract_number(text) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("025", "25"),
        ("142.0", "142"),
        ("1,000", "1000"),
        ("1{,}000", "1000"),
        ("1 000 000", "1000000"),
        ("-.50", "-1/2"),
        ("−5", "-5"),
        ("+5", "5"),
        ("5.", "5"),
        ("6/4", "3/2"),
        (r"\dfrac{6}{4}", "3/2"),
        ("10%", "10"),
        (r"10\%", "10"),
        (r"\$18.90", "189/10"),
        ("90°", "90"),
        (r"90^\circ", "90"),
        ("1e3", "1000"),
        ("-0", "0"),
        ("1/0", None),
        ("1,23", None),
        ("1.2.3", None),
        ("five", None),
        ("", None),
        ("1e999999999", None),
        ("9" * 1001, None),
    ],
)
def test_canonical_form(answer, expected):
    assert canonical_number(answer) == expected


@settings(deadline=None, max_examples=100)
@given(st.integers(-(10**12), 10**12))
def test_a_number_in_a_sentence_is_found_and_is_its_value(value):
    answer = get_answer_type("number").answer
    assert answer(f"So it is {value:,}.") == answer(f"\\boxed{{{value}.00}}") == str(value)


@settings(deadline=None, max_examples=100)
@given(st.fractions(max_denominator=10**6))
def test_the_canonical_form_is_stable(value):
    assert canonical_number(str(value)) == str(value)
