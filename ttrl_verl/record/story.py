"""What the votes on record say: each prompt in a line, and one prompt's story over time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pyarrow.compute as pc

from ttrl_verl.errors import InputError
from ttrl_verl.record.read import Run

_PROMPT_COLUMNS = ("step", "index", "origin", "pseudo_label", "majority_ratio", "label_correct")


@dataclass(frozen=True, slots=True)
class PromptStory:
    """A prompt's visits in brief. ``first`` and ``last`` are of its first and its last visit.

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
        verdicts = (self.right_first, self.right_last)
        return (verdicts != (True, False), verdicts != (False, True), -self.flips, self.ratio_last, self.index)


def prompt_stories(run: Run) -> list[PromptStory]:
    """Return every prompt of a run, the most interesting first."""
    table = run.audit(columns=_PROMPT_COLUMNS)
    visits: dict[int, list[tuple]] = {}
    columns = [table.column(name).to_pylist() for name in _PROMPT_COLUMNS]
    for _, index, *visit in sorted(zip(*columns, strict=True), key=lambda row: row[:2]):
        visits.setdefault(index, []).append(tuple(visit))
    return sorted((_prompt(index, of_prompt) for index, of_prompt in visits.items()), key=PromptStory.interest)


def _prompt(index: int, visits: Sequence[tuple]) -> PromptStory:
    origin, label_first, ratio_first, right_first = visits[0]
    _, label_last, ratio_last, right_last = visits[-1]
    labels = [visit[1] for visit in visits]
    return PromptStory(
        index=index,
        origin=origin,
        visits=len(visits),
        flips=sum(then != now for then, now in pairwise(labels)),
        label_first=label_first,
        label_last=label_last,
        ratio_first=ratio_first,
        ratio_last=ratio_last,
        right_first=right_first,
        right_last=right_last,
    )


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
    return [{**row, "counts": _counts(row["answers"])} for row in rows]


def _counts(answers: Sequence[str | None]) -> dict[str, int]:
    return dict(Counter(answer for answer in answers if answer is not None).most_common())
