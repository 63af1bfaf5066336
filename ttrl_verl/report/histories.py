"""Each question's visits, from the audit: what it was labelled over time, and what became of it."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit to a question: a row of the audit. ``record.layout`` says what each column is.

    Attributes:
        right: whether the pseudo-label was right; ``None`` where the file has no label. No pseudo-label is a wrong one.
    """

    step: int
    index: int
    data_source: str
    origin: str
    question: str
    answers: tuple[str | None, ...]
    length: float
    pseudo_label: str | None
    majority_ratio: float
    answer_entropy: float
    unparsed: int
    truncated: int
    missing: int
    reward: float | None
    no_signal: bool
    label: str | None
    right: bool | None


@dataclass(frozen=True, slots=True)
class Flips:
    """How pseudo-labels changed from one visit to the next, over all questions. ``pairs`` counts what could change.

    ``changed`` are those of questions without a label, where nobody knows which way.
    """

    pairs: int
    wrong_to_right: int
    right_to_wrong: int
    wrong_to_wrong: int
    changed: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of the questions, by the pseudo-label of the first visit and of the last.

    Attributes:
        questions: how many were visited.
        once: of them, how many once only: their first visit is their last.
        solved: right and right.
        learnt: wrong, then right.
        lost: right, then wrong.
        unsolved: wrong and wrong.
        unlabelled: nobody knows.
    """

    questions: int
    once: int
    solved: int
    learnt: int
    lost: int
    unsolved: int
    unlabelled: int


History = Sequence[Visit]
"""A question's visits in the order of steps; at least one."""


def read_histories(audit: pa.Table) -> list[History]:
    """Return the visits of each question, in the order of the training set.

    Args:
        audit: with the columns of ``AUDIT_SCHEMA``, in the order of steps.
    """
    columns = [column for column in audit.column_names if column not in ("uid", "attempt")]
    by_index: dict[int, list[Visit]] = defaultdict(list)
    for row in audit.select(columns).to_pylist():
        by_index[row["index"]].append(_visit(row))
    return [by_index[index] for index in sorted(by_index)]


def _visit(row: dict) -> Visit:
    lengths, rewards = row["lengths"] or [], row["rewards"] or []
    trained = rewards[: row["kept"] or 0]
    known = row["label"] is not None
    derived = {
        "answers": tuple(row["answers"] or ()),
        "length": sum(lengths) / len(lengths) if lengths else 0.0,
        "reward": sum(trained) / len(trained) if trained else None,
        "no_signal": len(set(trained)) <= 1,
        "right": bool(row["label_correct"]) if known else None,
    }
    # A number that is missing is none of its kind, and a text that is missing is no text.
    for name in ("majority_ratio", "answer_entropy", "unparsed", "truncated", "missing"):
        derived[name] = row[name] or 0
    for name in ("data_source", "origin", "question"):
        derived[name] = row[name] or ""
    taken = {field.name: row[field.name] for field in fields(Visit) if field.name not in derived}
    return Visit(**derived, **taken)


def count_flips(histories: Sequence[History]) -> Flips:
    """Count the changes of the pseudo-label between one visit and the next."""
    counts: Counter[str] = Counter()
    for history in histories:
        for old, new in pairwise(history):
            counts["pairs"] += 1
            if old.pseudo_label != new.pseudo_label:
                counts[_flip(old, new)] += 1
    names = (field.name for field in fields(Flips))
    return Flips(**{name: counts[name] for name in names})


def _flip(old: Visit, new: Visit) -> str:
    if old.right is None or new.right is None:
        return "changed"
    sides = {True: "right", False: "wrong"}
    return f"{sides[old.right]}_to_{sides[new.right]}"


def outcome(history: History) -> str:
    """Return what became of a question: a field's name of ``Outcomes``."""
    first, last = history[0].right, history[-1].right
    if first is None or last is None:
        return "unlabelled"
    return {(True, True): "solved", (False, True): "learnt", (True, False): "lost", (False, False): "unsolved"}[
        first, last
    ]


def count_outcomes(histories: Sequence[History]) -> Outcomes:
    """Count what became of the questions."""
    counts = Counter(outcome(history) for history in histories)
    names = ("solved", "learnt", "lost", "unsolved", "unlabelled")
    once = sum(len(history) == 1 for history in histories)
    return Outcomes(questions=len(histories), once=once, **{name: counts[name] for name in names})
