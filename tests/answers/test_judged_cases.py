"""Responses whose answers people judged: the shares that must be found, and the shares that may be a wrong answer."""

import json
from pathlib import Path

import pytest

from ttrl_verl.reward_fns.answers import get_answer_type

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "answers"


def cases(name):
    path = SHARED / f"{name}.jsonl"
    if not path.exists():
        pytest.skip(f"{name}.jsonl is not beside this checkout: {path}")
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("name", "kind", "right", "wrong"),
    [
        ("math_extract", "math", 0.92, 0.03),
        ("choice", "choice", 0.95, 0.005),
        ("words", "choice", 0.95, 0.02),
        ("number", "number", 0.97, 0.015),
    ],
)
def test_answers_are_found_as_people_find_them(name, kind, right, wrong):
    found, missed = [], []
    for case in cases(name):
        answer_type = get_answer_type(kind, choices=case.get("choices") or case.get("n") or 4)
        expected = case["expected"] if case["expected"] is None else answer_type.canonicalize(case["expected"])
        answer = answer_type.answer(case["response"])
        found.append(answer == expected)
        missed.append(answer is not None and answer != expected)
    assert sum(found) / len(found) >= right
    assert sum(missed) / len(missed) <= wrong


def test_texts_are_compared_as_people_compare_them():
    text = get_answer_type("text")
    judged = [
        (text.answer(case["response"]) == text.canonicalize(case["a"])) == case["equal"] for case in cases("text")
    ]
    assert sum(judged) / len(judged) >= 0.93


def test_different_texts_and_numbers_stay_different():
    different = [case for case in cases("text_number_pairs") if not case["equal"]]
    kept = []
    for case in different:
        left, right = (get_answer_type(case["type"]).answer(case[side]) for side in "ab")
        kept.append(left is None or left != right)
    assert sum(kept) / len(kept) >= 0.95
