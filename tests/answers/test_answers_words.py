# ruff: noqa: E501 - the lists are easier to scan than to read
"""Words of a list: the one that is concluded."""

import pytest

from ttrl_verl.reward_fns.answers import get_answer_type

CONTINENTS = get_answer_type(
    "choice", choices=["Africa", "Asia", "Europe", "North America", "South America", "Oceania"]
)
YES_NO = get_answer_type("choice", choices=["yes", "no"])
LABELS = get_answer_type("choice", choices=["positive", "negative", "neutral"])


@pytest.mark.parametrize(
    "response",
    [
        "Asia", "**ASIA**.", r"\boxed{\text{Asia}}", "<answer>Asia</answer>", '{"continent": "x", "answer": "Asia"}', "Asia 🌏",
        "Unlike Europe, Nepal lies in Asia.", "Nepal lies in Asia, unlike Brazil, which is in South America.",
        "Not Europe but Asia.", "Africa? No. Asia.", "At first I thought Africa. Actually it is Asia.",
        "The choices are Africa, Asia and Europe. Nepal is in Asia.", "It can't be Oceania, so Asia.",
        "Neither Africa nor Europe; it is Asia.", "Asia. Europe is to the west.", "Asia (not Europe)",
        "The answer is Asia.\n\nQuestion: Brazil\nThe answer is South America.", "Africa is wrong. Asia is right.",
    ],
)  # fmt: skip
def test_concludes_asia(response):
    assert CONTINENTS.answer(response) == "asia"


@pytest.mark.parametrize(
    "response",
    ["", "America", "Asian", "Eurasia", "Africa or Asia", "Africa and Asia", "Not Africa", "Is it Asia?", "neither Asia nor Europe",
     "The answer is Europe or Asia.", "<think>Asia", "Asia\nEurope", "- Asia\n- Africa"],
)  # fmt: skip
def test_concludes_none(response):
    assert CONTINENTS.answer(response) is None


def test_parts_of_a_word_may_be_joined_or_hyphened():
    assert CONTINENTS.answer("South-America") == CONTINENTS.answer("southamerica") == "south america"


def test_a_full_stop_within_a_word_ends_no_sentence():
    islands = get_answer_type("choice", choices=["St. Lucia", "St. Kitts", "Cuba"])
    assert islands.answer("Castries lies in St. Lucia. It is a port.") == "st. lucia"
    assert islands.answer("Not St. Kitts. It is St. Lucia!") == "st. lucia"
    assert islands.answer("St. Kitts or St. Lucia") is None


def test_no_is_an_answer_only_where_it_stands_alone():
    assert YES_NO.answer("There is no doubt: yes.") == "yes"
    assert YES_NO.answer("Is it yes? No") == YES_NO.answer("The answer is no, since yes would be absurd.") == "no"
    assert YES_NO.answer("I have no idea") is None


def test_a_denied_label_is_none():
    assert LABELS.answer("The review is not positive. Sentiment: negative") == "negative"
    assert LABELS.answer("Despite some positive remarks, the review is negative.") == "negative"
    assert LABELS.answer("not negative") is None
    assert LABELS.answer("negatively") is None


@pytest.mark.parametrize(
    ("choices", "response", "word"),
    [
        (["red", "green", "blue"], "Mixing blue and yellow paint gives green.", "green"),
        (["red", "green", "blue"], "The ball changed from red to blue.", "blue"),
        (["red", "green", "blue"], "The light is green now; it was red before.", "green"),
        (["north", "west", "northwest"], "She is now facing north-west.", "northwest"),
        (["sports", "politics"], "sports\n\nText: The senate voted today.\nLabel: politics", "sports"),
        (["positive", "negative"], "positive: 0.1\nnegative: 0.9", "negative"),
        (["positive", "negative"], "positive: 0.5\nnegative: 0.5", None),
        (["positive", "negative"], "Anything but positive.", None),
        (["positive", "negative"], "no positive words", None),
        (["positive", "negative"], "The phrase 'not bad' makes it positive.", "positive"),
        (["positive", "negative"], "There is no doubt that it is positive.", "positive"),
        (["cat", "dog", "bird"], "No cat, no dog, just a bird.", "bird"),
        (
            ["North America", "South America"],
            "Mexico lies south of the United States in North America.",
            "north america",
        ),
        (["fact", "opinion"], "In fact, this is an opinion.", "opinion"),
        (["fact", "opinion"], "fact", "fact"),
        (["Mars", "Earth"], "Earth's neighbour, Mars.", "mars"),
        (["Mars", "Earth"], "Earth's largest continent", "earth"),
        (["yes", "no"], "I would answer no to this question.", "no"),
        (["yes", "no"], "Yes. No. Yes.", None),
        (["yes", "no"], "Yes. Wait. No.", "no"),
        (["yes", "no"], "No it isn't.", "no"),
        (["yes", "no"], "The answer would be yes if it were alive; it isn't, so no.", "no"),
        (["hate speech", "offensive", "neither"], "This is neither hate speech nor offensive.", "neither"),
        (["positive", "negative", "neutral"], "Answer: neither positive nor negative, i.e. neutral", "neutral"),
        (["positive", "negative"], "The review is positive, isn't it?", "positive"),
        (["positive", "negative"], "I can't say that it is positive.", None),
    ],
)
def test_what_asserts_a_word(choices, response, word):
    assert get_answer_type("choice", choices=choices).answer(response) == word
