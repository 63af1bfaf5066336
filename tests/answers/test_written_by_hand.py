"""Answers in the ways that language models write them, each with the verdict that a person wrote before the run.

A case that is read wrongly still says so (``still_wrong``), and the test fails where it is read rightly, too: then the
mark goes.
"""

import json
from pathlib import Path

import pytest

from ttrl_verl.reward_fns.answers import get_answer_type

CASES = [json.loads(line) for line in (Path(__file__).parent / "written_by_hand.jsonl").read_text().splitlines()]
LETTERS = "ABCDEFGHIJ"


def answer_type(case):
    if case["type"] == "words":
        return get_answer_type("choice", choices=case["choices"])
    if case["type"] != "choice":
        return get_answer_type(case["type"])
    options = case.get("options")
    return get_answer_type("choice", choices=dict(zip(LETTERS, options, strict=False)) if options else case["n"])


def is_right(case):
    kind = answer_type(case)
    if "expected" in case:
        expected = case["expected"]
        return kind.answer(case["response"]) == (None if expected is None else kind.canonicalize(expected))
    left = kind.canonicalize(case["a"])
    right = kind.answer(case["response"]) if "response" in case else kind.canonicalize(case["b"])
    return (left is not None and left == right) == case["equal"]


@pytest.mark.parametrize("kind", ["math", "number", "choice", "words", "text"])
def test_answers_are_read_as_a_person_reads_them(kind):
    cases = [case for case in CASES if case["type"] == kind]
    assert len(cases) > 140
    wrong = [case for case in cases if not is_right(case)]
    assert wrong == [case for case in cases if case.get("still_wrong")]


@pytest.mark.parametrize("kind", ["math", "number", "choice", "words"])
def test_every_expected_answer_is_one(kind):
    expected = [case for case in CASES if case["type"] == kind and case.get("expected")]
    assert expected
    assert all(answer_type(case).canonicalize(case["expected"]) is not None for case in expected)
