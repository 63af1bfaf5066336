"""A letter among options whose texts stand in the question's row: the letter counts, and so does the option's text."""

import pytest

from ttrl_verl.reward_fns.answers import get_answer_type
from ttrl_verl.reward_fns.answers.row_type import answer_type_of, columns_of, row_type

CAPITALS = {"A": "Paris", "B": "Rome", "C": "New York", "D": "b"}


@pytest.mark.parametrize(
    ("response", "letter"),
    [
        ("The answer is (B).", "B"),
        ("The answer is Rome.", "B"),
        (r"So \boxed{\text{New York}}", "C"),
        ("<answer>paris</answer>", "A"),
        ("It is not Paris, it is Rome.", "B"),
        ("Paris or Rome", None),
        ("b", "B"),  # the letter, and not the text of D
        ("I do not know.", None),
    ],
)
def test_the_letter_or_the_text(response, letter):
    assert get_answer_type("choice", choices=CAPITALS).answer(response) == letter


FRACTIONS = {"A": r"\frac12", "B": r"\frac13", "C": "1", "D": "3 cm"}


@pytest.mark.parametrize(
    ("response", "letter"),
    [("0.5", "A"), ("The answer is $\\frac{1}{3}$.", "B"), ("So it is 3.", "D"), ("2", None), ("1/2 or 1/3", None)],
)
def test_the_value_of_an_option(response, letter):
    assert get_answer_type("choice", choices=FRACTIONS).answer(response) == letter


@pytest.mark.parametrize(
    ("response", "letter"),
    [(r"\boxed{(x-1)(x+1)}", "B"), (r"\boxed{(x-1)(x+2)}", None), ("$x + 1$", "D"), ("f(x) = 2x", "C")],
)
def test_the_value_comes_before_the_text(response, letter):
    # "x+1" stands in "(x-1)(x+1)", and the option that reads so is not meant.
    options = {"A": "x^2+1", "B": "x^2-1", "C": "2x", "D": "x+1"}
    assert get_answer_type("choice", choices=options).answer(response) == letter


def test_a_label_may_be_either():
    kind = get_answer_type("choice", choices=CAPITALS)
    assert [kind.canonicalize(label) for label in ("C", "(c)", "new york", "London")] == ["C", "C", "C", None]


@pytest.mark.parametrize(
    "choices", [{"A": "yes"}, {"A": "yes", "C": "no"}, {"A": "yes", "B": "Yes"}, {"A": "", "B": "x"}]
)
def test_options_that_cannot_be_told_apart_are_refused(choices):
    with pytest.raises(ValueError, match="choices"):
        get_answer_type("choice", choices=choices)


def test_a_row_brings_its_options():
    text = row_type("choice", {"A": "Paris", "B": "Rome", "C": None})
    assert answer_type_of(text).answer("The answer is Rome.") == "B"
    assert row_type(*columns_of(text)) == text
