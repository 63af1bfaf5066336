"""Answers as people judge them: how many cases of a folder the answer types get right, and each one that they do not.

    python benchmarks/answer_cases.py FOLDER [--only NAME ...] [--wrong] [--lenient] [--math-verify]

FOLDER holds JSON lines: ``math_pairs.jsonl`` and ``formula_pairs.jsonl`` (``a``, ``b``, ``equal``), ``math_extract``,
``choice``, ``words``, ``number`` (``response``, ``expected``), ``text`` (``a``, ``response``, ``equal``),
``text_number_pairs`` (``type``, ``a``, ``b``, ``equal``). What is not there is left out. ``--wrong`` lists the cases
that are wrong, ``--lenient`` counts those of ``"kind": "lenient"`` alone, ``--math-verify`` has that grader judge the
sets of mathematics, too, as far as it answers.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ttrl_verl.reward_fns.answers import get_answer_type

Case = dict[str, Any]


class Verdict(NamedTuple):
    """What a grader made of a case.

    Attributes:
        right: whether it is right.
        harm: whether it is wrong in the way that rewards a wrong answer: two answers as one, or an answer for none.
        shown: what it made of the case, to print.
    """

    right: bool
    harm: bool
    shown: str


def pair(kind: str, case: Case) -> Verdict:
    """Judge whether two answers are one: responses where the type is no mathematics."""
    answer_type = get_answer_type(kind)
    grade = answer_type.canonicalize if kind == "math" else answer_type.answer
    left, right = grade(case["a"]), grade(case["b"])
    equal = left is not None and left == right
    return Verdict(equal == case["equal"], equal and not case["equal"], f"{left} | {right}")


def text_pair(case: Case) -> Verdict:
    """Judge whether a response answers with a text."""
    answer_type = get_answer_type("text")
    left, right = answer_type.canonicalize(case["a"]), answer_type.answer(case["response"])
    equal = left is not None and left == right
    return Verdict(equal == case["equal"], equal and not case["equal"], f"{left} | {right}")


def extraction(kind: str, case: Case) -> Verdict:
    """Judge what is found in a response; ``None`` is right where there is no answer."""
    choices = case.get("choices") or case.get("n") or 4
    answer_type = get_answer_type(kind, choices=choices) if kind == "choice" else get_answer_type(kind)
    expected = case["expected"] if case["expected"] is None else answer_type.canonicalize(case["expected"])
    found = answer_type.answer(case["response"])
    return Verdict(found == expected, found is not None and found != expected, f"{found} for {expected}")


JUDGES: dict[str, Callable[[Case], Verdict]] = {
    "math_pairs": lambda case: pair("math", case),
    "formula_pairs": lambda case: pair("math", case),
    "math_extract": lambda case: extraction("math", case),
    "choice": lambda case: extraction("choice", case),
    "words": lambda case: extraction("choice", case),
    "number": lambda case: extraction("number", case),
    "text": text_pair,
    "text_number_pairs": lambda case: pair(case["type"], case),
}


def math_verify(name: str, case: Case) -> Verdict:
    """Judge a case of mathematics by math-verify, ``a`` as the ground truth."""
    from math_verify import parse, verify

    if name == "math_extract":
        found = parse(case["response"])
        if case["expected"] is None:
            return Verdict(not found, bool(found), str(found))
        right = bool(verify(parse(f"${case['expected']}$"), found))
        return Verdict(right, bool(found) and not right, str(found))
    left, right = parse(f"${case['a']}$"), parse(f"${case['b']}$")
    equal = bool(verify(left, right))
    return Verdict(equal == case["equal"], equal and not case["equal"], f"{left} | {right}")


def read(path: Path, lenient: bool) -> Iterator[Case]:
    """Yield the cases of a file, of one kind."""
    for line in path.read_text().splitlines():
        case = json.loads(line)
        if (case.get("kind") == "lenient") == lenient:
            yield case


def shares(cases: list[Case], verdicts: list[Verdict]) -> str:
    """Return the share that is right, apart for equal and unequal pairs; of extractions, the share of wrong answers."""
    parts = []
    if "equal" in cases[0]:
        for equal in (True, False):
            of_kind = [v.right for c, v in zip(cases, verdicts, strict=True) if c["equal"] == equal]
            name = "equal" if equal else "unequal"
            if of_kind:
                parts.append(f"{name} {sum(of_kind) / len(of_kind):.3f} ({sum(of_kind)}/{len(of_kind)})")
    right = sum(v.right for v in verdicts)
    parts.append(f"right {right / len(verdicts):.3f} ({right}/{len(verdicts)})")
    if "equal" not in cases[0]:
        harm = sum(v.harm for v in verdicts)
        parts.append(f"wrong answer {harm / len(verdicts):.3f} ({harm})")
    return ", ".join(parts)


def main() -> None:
    """Print the table, and the cases that are wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=JUDGES, default=list(JUDGES))
    parser.add_argument("--wrong", action="store_true")
    parser.add_argument("--lenient", action="store_true")
    parser.add_argument("--math-verify", action="store_true")
    arguments = parser.parse_args()
    for name in arguments.only:
        path = arguments.folder / f"{name}.jsonl"
        cases = list(read(path, arguments.lenient)) if path.exists() else []
        if not cases:
            continue
        verdicts = [JUDGES[name](case) for case in cases]
        print(f"{name:18} ours: {shares(cases, verdicts)}")
        if arguments.math_verify and name in ("math_pairs", "formula_pairs", "math_extract"):
            print(f"{name:18} math-verify: {shares(cases, [math_verify(name, case) for case in cases])}")
        for case, verdict in zip(cases, verdicts, strict=True):
            if arguments.wrong and not verdict.right:
                given = {key: value for key, value in case.items() if key not in ("kind", "choices", "n", "fragile")}
                print(f"  {'HARM' if verdict.harm else 'lost'} {json.dumps(given, ensure_ascii=False)}")
                print(f"       {verdict.shown}")


if __name__ == "__main__":
    main()
