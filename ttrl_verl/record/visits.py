"""A question over time, from the votes on record: its visits, its flips, and what became of it.

``audit`` and ``report`` read it. The alarms ask the same of a step in flight (``stats``), by the same functions.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ttrl_verl.errors import InputError
from ttrl_verl.record.layout import trained
from ttrl_verl.record.read import Run
from ttrl_verl.reward_fns.information import Information, answer_information
from ttrl_verl.reward_fns.metrics import no_signal
from ttrl_verl.reward_fns.vote import count_answers

_STORY_COLUMNS = ("step", "index", "origin", "pseudo_label", "majority_ratio", "label_correct")


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit to a question: a row of the audit. ``record.layout`` says what each column is.

    Attributes:
        length: mean, in tokens.
        reward: mean over the kept responses; ``None`` where none was kept.
        no_signal: whether all kept rewards are equal.
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

    @property
    def responses(self) -> int:
        """How many responses came."""
        return len(self.answers)


History = Sequence[Visit]
"""A question's visits in the order of steps; at least one."""


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


@dataclass(frozen=True, slots=True)
class PromptStory:
    """A question's visits in brief. ``first`` and ``last`` are of its first and its last visit.

    Attributes:
        index: the row's place in the training set.
        origin: ``file:line``.
        visits: how many.
        flips: how often its pseudo-label was another one than at the visit before.
        right_first, right_last: whether the pseudo-label was right; ``None`` without a label.
    """

    index: int
    origin: str | None
    visits: int
    flips: int
    label_first: str | None
    label_last: str | None
    ratio_first: float
    ratio_last: float
    right_first: bool | None
    right_last: bool | None

    def interest(self) -> tuple:
        """Return what to sort by, most interesting first: lost, then learnt, then unsteady, then undecided."""
        became = outcome(self.right_first, self.right_last)
        return (became != "lost", became != "learnt", -self.flips, self.ratio_last, self.index)


def flipped(then: object, now: object) -> bool:
    """Return whether a pseudo-label is another one than before. None at all is a label of its own.

    Args:
        then, now: two labels, or two numbers that stand for them.
    """
    return then != now


def outcome(first: bool | None, last: bool | None) -> str:
    """Return what became of a question: a field's name of ``Outcomes``.

    Args:
        first, last: whether the pseudo-label was right at the first visit and at the last; ``None`` without a label.

    Example:
        >>> outcome(False, True), outcome(True, False), outcome(None, None)
        ('learnt', 'lost', 'unlabelled')
    """
    if first is None or last is None:
        return "unlabelled"
    return {(True, True): "solved", (False, True): "learnt", (True, False): "lost", (False, False): "unsolved"}[
        first, last
    ]


def read_histories(audit: pa.Table) -> list[History]:
    """Return the visits of each question, in the order of the training set.

    Args:
        audit: with the columns of ``AUDIT_SCHEMA``.
    """
    columns = [column for column in audit.column_names if column not in ("uid", "attempt")]
    by_index: dict[int, list[Visit]] = defaultdict(list)
    for row in audit.select(columns).to_pylist():
        by_index[row["index"]].append(_visit(row))
    return [sorted(by_index[index], key=lambda visit: visit.step) for index in sorted(by_index)]


def _visit(row: Mapping[str, Any]) -> Visit:
    lengths, earned = row["lengths"] or [], trained(row, "rewards")
    known = row["label"] is not None
    derived = {
        "answers": tuple(row["answers"] or ()),
        "length": sum(lengths) / len(lengths) if lengths else 0.0,
        "reward": sum(earned) / len(earned) if earned else None,
        "no_signal": no_signal(earned),
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
    """Count the changes of the pseudo-label between one visit and the next; one that brought no response is none."""
    counts: Counter[str] = Counter()
    for history in histories:
        for old, new in pairwise(visit for visit in history if visit.answers):
            counts["pairs"] += 1
            if flipped(old.pseudo_label, new.pseudo_label):
                counts[_direction(old.right, new.right)] += 1
    names = (field.name for field in fields(Flips))
    return Flips(**{name: counts[name] for name in names})


def _direction(old: bool | None, new: bool | None) -> str:
    """Return a field's name of ``Flips``. Two different labels are not both right."""
    if old is None or new is None:
        return "changed"
    sides = {True: "right", False: "wrong"}
    return f"{sides[old]}_to_{sides[new]}"


def flip_shares(histories: Sequence[History]) -> dict[int, float]:
    """Return, by step, the share of its questions seen before whose pseudo-label is not that of the visit before."""
    changed: dict[int, list[bool]] = defaultdict(list)
    for history in histories:
        for old, new in pairwise(history):
            changed[new.step].append(flipped(old.pseudo_label, new.pseudo_label))
    return {step: sum(changed[step]) / len(changed[step]) for step in sorted(changed)}


def count_outcomes(histories: Sequence[History]) -> Outcomes:
    """Count what became of the questions."""
    counts = Counter(outcome(history[0].right, history[-1].right) for history in histories)
    names = ("solved", "learnt", "lost", "unsolved", "unlabelled")
    once = sum(len(history) == 1 for history in histories)
    return Outcomes(questions=len(histories), once=once, **{name: counts[name] for name in names})


def prompt_stories(run: Run) -> list[PromptStory]:
    """Return every question of a run in brief, the most interesting first.

    The answers themselves stay on disk: a long run's are many.
    """
    table = run.audit(columns=_STORY_COLUMNS).sort_by([("step", "ascending"), ("index", "ascending")])
    visits: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in table.to_pylist():
        visits[row["index"]].append(row)
    return sorted((_story(rows) for rows in visits.values()), key=PromptStory.interest)


def _story(rows: Sequence[Mapping[str, Any]]) -> PromptStory:
    first, last = rows[0], rows[-1]
    return PromptStory(
        index=first["index"],
        origin=first["origin"],
        visits=len(rows),
        flips=sum(flipped(then["pseudo_label"], now["pseudo_label"]) for then, now in pairwise(rows)),
        label_first=first["pseudo_label"],
        label_last=last["pseudo_label"],
        ratio_first=first["majority_ratio"],
        ratio_last=last["majority_ratio"],
        right_first=first["label_correct"],
        right_last=last["label_correct"],
    )


def informed(run: Run) -> tuple[Information, Information]:
    """Return the answer information over the first visit to each question, and over the last."""
    table = run.audit(columns=("step", "index", "answers")).sort_by("step")
    indices = table["index"].to_pylist()
    # A later place takes an earlier one's.
    places = (
        {index: place for place, index in reversed(list(enumerate(indices)))},
        {index: place for place, index in enumerate(indices)},
    )
    first, last = (table["answers"].take(pa.array(sorted(of.values()), pa.int64())).to_pylist() for of in places)
    return answer_information(first), answer_information(last)


def prompt_index(run: Run, prompt: str) -> int:
    """Return the index of a prompt that is given by its index, or by its origin, ``file:line``.

    An origin may be given by its end, as ``questions.jsonl:7``.

    Raises:
        InputError: no prompt that was visited is meant, or several are.
    """
    table = run.audit(columns=("index", "origin"))
    if prompt.isascii() and prompt.isdigit() and len(prompt) < 19:
        if int(prompt) not in pc.unique(table["index"]).to_pylist():
            raise InputError(f"{run.folder}: no prompt {prompt} was visited")
        return int(prompt)
    origins = dict(zip(table["origin"].to_pylist(), table["index"].to_pylist(), strict=True))
    meant = [origin for origin in origins if origin and (origin == prompt or origin.endswith(f"/{prompt}"))]
    if not meant:
        raise InputError(f"{run.folder}: no prompt {prompt!r} was visited; expected an index or file:line")
    if len(meant) > 1:
        raise InputError(f"{prompt}: is {' and '.join(meant[:2])}; expected one of them")
    return origins[meant[0]]


def visits_of(run: Run, index: int) -> list[dict[str, Any]]:
    """Return each visit of a prompt, in order: its row on record, with ``counts``, answers by how often they came."""
    rows = run.audit(index=index).sort_by("step").to_pylist()
    return [{**row, "counts": dict(count_answers(row["answers"]).most_common())} for row in rows]
