# ruff: noqa: E501 - the lists are easier to scan than to read
"""Free text: what the answer is, and when two are the same."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ttrl_verl.reward_fns.answers import get_answer_type
from ttrl_verl.reward_fns.answers.text.find import extract_text
from ttrl_verl.reward_fns.answers.text.form import canonical_text

# No deadline: a busy machine is no failure.
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

TEXT = get_answer_type("text")


@pytest.mark.parametrize(
    "response",
    [
        "Paris", "paris.", " **Paris** ", "PARIS!", "“Paris”", "`Paris`", "$\\text{Paris}$",
        "Par\u200bis", "Ｐａｒｉｓ",
        r"\boxed{Paris}", r"\boxed{\text{Paris}}", r"\boxed{ \textbf{Paris.} }",
        "<answer>Paris</answer>", "Paris<|im_end|>",
        "The answer is Paris.", "The answer is: Paris", "Answer: Paris", "**Answer:** Paris", "**Final answer: Paris**",
        "Answer:\n\nParis", "The answer to the question is Paris.", "The answer was Paris",
        "The answer is Paris. It lies on the Seine.", "Paris. It is the capital of France.",
        "The answer is Rome. No, the answer is Paris.", "Let me think.\nI know it.\nParis",
        "<think>Rome?</think>Paris",
    ],
)  # fmt: skip
def test_says_paris(response):
    assert TEXT.answer(response) == "paris"


@pytest.mark.parametrize(
    "response", ["", " \n ", "***", "...", r"\boxed{}", r"\boxed{ }", "Answer:", "x\nThe answer is", "$$"]
)
def test_defect_empty_text_is_no_answer(response):
    # In the originals "" is an answer that can win the vote.
    assert TEXT.answer(response) is None


def test_defect_special_token_kept_in_the_answer():
    assert TEXT.answer("False<|im_end|>") == TEXT.canonicalize("False") == "false"


def test_defect_the_word_none_is_an_answer_and_no_answer_is_not_that_word():
    # TTRL's label is the string "None" where nobody can be parsed, and a response that says None is right.
    assert TEXT.answer("The answer is None") == "none"
    assert TEXT.answer("") is None


def test_defect_label_is_not_extracted_from_again():
    # TTRL takes the label through the extractor, which finds nothing in r"\text{east}".
    assert TEXT.canonicalize(r"\text{east}") == TEXT.answer(r"\boxed{\text{east}}") == "east"


def test_defect_words_stay_words():
    # TTRL simplifies 'Evelyn' to 'E*e*l*n*v*y'.
    assert TEXT.answer(r"\boxed{Evelyn}") == "evelyn"


def test_abbreviations_do_not_end_the_answer():
    assert TEXT.answer("The answer is St. Petersburg. It is cold.") == "saint petersburg"
    assert TEXT.answer("It was J. Doe. He said so.") == "j doe"
    assert TEXT.answer("The answer is 3.5 km.") == "3.5 km"


def test_last_line_counts_where_nothing_is_stated():
    assert extract_text("first\nsecond\n\n") == "second"


def test_too_long_a_text_is_no_answer():
    assert canonical_text("x" * 1000) == "x" * 1000
    assert canonical_text("x" * 1001) is None
    assert canonical_text("x " * 500_000) is None


@quick
@given(st.text(max_size=100))
def test_canonical_form_stays_as_it_is(text):
    once = canonical_text(text)
    assert once is None or canonical_text(once) == once


@quick
@given(st.text(max_size=100))
def test_spacing_and_case_make_no_difference(text):
    assert canonical_text(f"  {text}\n") == canonical_text(text)


BAIT = [" ", "\n", "answer ", "answer is ", "answer: ", "answer to ", "a. ", "{", "\\text{", "\\te\\text{xt{", "é", "*",
        "A.\n", "\u0316\u0300", "(", "answer is\n", "a", ". ", "<answer>"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("bait", BAIT)
def test_time_is_linear_in_the_text(bait):
    def seconds(size):
        text = (bait * (size // len(bait) + 1))[:size]
        start = time.process_time()
        canonical_text(extract_text(text) or "")
        canonical_text(text)
        return time.process_time() - start

    assert seconds(100_000) < 25 * seconds(10_000) + 0.05


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("J.K. Rowling", "J.K. Simmons"), ("U.S. Army", "U.S. Navy"), ("Capt. Cook", "Capt. Hook"), ("10. Paris", "10. London"),
        ("George H.W. Bush", "George H.W. Smith"), ("C#", "C"), ("C#", "C++"), (".NET", "net"), ("$5", "5"), ("$5", "€5"),
        ("-5", "5"), ("5%", "5"), ("x > 3", "x < 3"), ("où", "ou"), ("Paris", "Paris and London"),
        ("Georgia (country)", "Georgia (state)"), ("Mercury (planet)", "Mercury"),
    ],
)  # fmt: skip
def test_different_texts_stay_different(one, other):
    assert TEXT.answer(one) is not None
    assert TEXT.answer(one) != TEXT.answer(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("don't", "don’t"), ("J. K. Rowling", "The answer is J.K. Rowling. She wrote it."), ("U.S.A.", "USA"), ("Dr. Who", "Dr Who"),
        ("Washington, D.C.", "Washington DC"), ("St. Paul", "Saint Paul"), ("北京", "答案是北京。"), ("東京", "「東京」"), ("café", "cafe"),
        ("July 4, 1776", "4 July 1776"), ("The Nile", "the River Nile"), ("x > 3", "x>3"), ("03", "3"), ("yes", "Yes, it is."),
        ("Paris", "Paris (France)"), ("Paris", "Paris is the answer."), ("Paris", '{"answer": "Paris"}'), ("Paris", "It is Paris."),
        ("Georgia (country)", "The answer is Georgia  (country)."), ("Paris", "The capital of France is Paris."), ("C++", "The language is C++."),
        ("Apollo 11", "The mission was Apollo 11."), ("Hamlet", "The play is “Hamlet”."), ("5 km", "5 km (five)"),
        ("Paris", "Answer: Paris\n\nExplanation: the answer is well known."), ("Paris", "The answer is Paris, which lies on the Seine."),
    ],
)  # fmt: skip
def test_one_text_in_two_spellings(one, other):
    assert TEXT.canonicalize(one) == TEXT.answer(other)


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("I would say Paris.", "Paris"),
        ("Probably Paris.", "Paris"),
        ("Paris it is.", "Paris"),
        ("Paris is correct.", "Paris"),
        ("The capital is not Lyon but Paris.", "Paris"),
        ("1. Paris", "Paris"),
        ("It was written by J.R.R. Tolkien.", "J.R.R. Tolkien"),
        ("The novel was written by Charles Dickens.", "Charles Dickens"),
        ("It happened in 1066.", "1066"),
        ("The painting is the Mona Lisa.", "Mona Lisa"),
        ("The car is blue.", "blue"),
        ("This process is known as photosynthesis.", "photosynthesis"),
        ("The tallest mountain in the world is Everest, at 8,849 m.", "Everest"),
        ("5 %", "5%"),
        ("20km", "20 km"),
        ("50°C", "50 °C"),
        ("a / b", "a / b"),
        ("x (a) (b)", "x"),
        ("Based on the clues, it must be Jupiter.", "Jupiter"),
        ("The planet you are looking for is Jupiter.", "Jupiter"),
        ("Of course: Jupiter.", "Jupiter"),
        ("Jupiter.\n\nJupiter is a gas giant.", "Jupiter"),
        ("Saturn? No, Jupiter.", "Jupiter"),
        ("I thought Saturn, but it is Jupiter.", "Jupiter"),
        ("Jupiter rather than Saturn.", "Jupiter"),
        ("<b>Jupiter</b>", "Jupiter"),
        ("Es ist Jupiter.", "Jupiter"),
        ("最大的行星是木星。", "木星"),
        ("R & B", "R&B"),
    ],
)
def test_the_answer_of_a_sentence(response, answer):
    assert TEXT.answer(response) == TEXT.canonicalize(answer)


@pytest.mark.parametrize(
    ("response", "other"),
    [
        ("Hamlet was written by Shakespeare", "Shakespeare"),  # of an answer that has a name nothing is dropped
        ("The result is not known", "known"),
        ("It is not only red but also blue", "also blue"),
        ("The answer is well known to all", "known to all"),
    ],
)
def test_a_sentence_that_names_no_answer_is_kept(response, other):
    assert TEXT.answer(response) != TEXT.canonicalize(other)


# Each pass takes one of what was nested, so that 20 passes were too few; and a form longer than an answer may be is none.
@pytest.mark.parametrize(
    "answer",
    ["the " * 40 + "x", "a " * 499 + "x", "in " * 30 + "1776", "river " * 40 + "nile", "æ" * 600, "ﷺ" * 60, "St. ab " * 140,
     "İ(state)", "x" + " (a)" * 200],
)  # fmt: skip
def test_defect_a_form_that_was_not_its_own_form(answer):
    start = time.process_time()
    form = canonical_text(answer)
    assert time.process_time() - start < 1
    assert form is None or canonical_text(form) == form
