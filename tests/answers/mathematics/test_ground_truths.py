"""Every ground truth, boxed, equals itself and its respellings: what a benchmark's grader must never get wrong."""

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest

from ttrl_verl.reward_fns.answers import get_answer_type
from ttrl_verl.reward_fns.answers.mathematics.canonical import canonical_math, canonicalize

DATA = Path(__file__).parents[2] / "data"
BENCHMARKS = Path(__file__).resolve().parents[4] / "shared" / "data" / "ttrl"
MATH_LIKE = json.loads((DATA / "math_like.json").read_text())
GPQA_LIKE = json.loads((DATA / "gpqa_like.json").read_text())


def number_respellings(answer: str) -> list[str]:
    """Return ways to write the number that AIME and AMC give as "025" or "142.0"."""
    value = Fraction(answer)
    whole, sign = str(abs(value.numerator)), "-" if value < 0 else ""
    grouped = f"{abs(value.numerator):,}"
    return [
        f"{sign}{whole}",
        f"{sign}{whole}.0",
        f"{sign}{whole}.",
        f"{sign}0{whole}",
        f"{sign}00{whole}.00",
        f"{sign}{grouped}",
        f" {sign} {whole} ",
        f"\\frac{{{sign}{whole}}}{{1}}",
        f"{sign}\\dfrac{{{2 * int(whole)}}}{{2}}",
        f"{sign}{whole}/1",
        f"x = {sign}{whole}",
        f"\\left( {sign}{whole} \\right)",
        f"{sign}{whole}\\text{{ units}}",
        f"{sign}{whole}^\\circ",
        f"{sign}{whole}\\%",
        f"\\text{{{sign}{whole}}}",
        f"{sign}{whole} cm",
        f"\\({sign}{whole}\\)",
        grouped.replace(",", "{,}") if not sign else f"{sign}{whole}",
    ]


def spaced(answer: str) -> list[str]:
    """Return respellings that change nothing but how the formula is set."""
    return [
        f" {answer} ",
        f"${answer}$",
        f"\\({answer}\\)",
        f"\\displaystyle {answer}",
        f"{answer}.",
        f"\\boxed{{{answer}}}",
        answer.replace("\\frac", "\\dfrac"),
        answer.replace("\\frac", "\\tfrac"),
        answer.replace("\\left", "").replace("\\right", ""),
        re.sub(r"(?<!\\left)\(", r"\\left(", re.sub(r"(?<!\\right)\)", r"\\right)", answer)),
        re.sub(r", ?", ",\\\\; ", answer) if not re.search(r"\d,\d|\\text|\\!", answer) else answer,
    ]


@pytest.mark.parametrize("name", ["aime", "amc"])
def test_every_ground_truth_of_aime_and_amc_equals_its_respellings(name):
    path = BENCHMARKS / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{name}.json is not beside this checkout: {path}")
    rows = json.loads(path.read_text())
    for kind in ("math", "number"):
        answer_type = get_answer_type(kind)
        for row in rows:
            label = answer_type.canonicalize(row["answer"])
            assert label == str(Fraction(row["answer"]))
            assert answer_type.answer(f"So it is $\\boxed{{{row['answer']}}}$.") == label
            if kind == "math":
                for respelled in number_respellings(row["answer"]):
                    assert answer_type.answer(f"Thus \\boxed{{{respelled}}}") == label, respelled


@pytest.mark.parametrize("row", MATH_LIKE, ids=[row["answer"] for row in MATH_LIKE])
def test_a_ground_truth_equals_its_respellings_and_nothing_else(row):
    label, limited = canonicalize(row["answer"])
    assert label is not None
    assert not limited
    assert canonical_math(label) == label
    assert get_answer_type("math").answer(f"We find $\\boxed{{{row['answer']}}}$.") == label
    for respelled in row["same"] + spaced(row["answer"]):
        assert canonical_math(respelled) == label, respelled
    for other in row["different"]:
        assert canonical_math(other) != label, other


@pytest.mark.parametrize("row", GPQA_LIKE, ids=[row["answer"] for row in GPQA_LIKE])
def test_a_choice_equals_its_respellings_as_mathematics_too(row):
    label = canonical_math(row["answer"])
    assert label == row["answer"]
    for respelled in row["same"]:
        assert canonical_math(respelled) == label, respelled
    for other in row["different"]:
        assert canonical_math(other) != label, other
