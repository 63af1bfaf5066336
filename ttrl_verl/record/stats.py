"""What a step looked like, from the rows of its votes, without their labels: what the alarms watch."""

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ttrl_verl.alarms.rules import StepStats
from ttrl_verl.record.visits import flipped
from ttrl_verl.reward_fns.metrics import no_signal

VOTE_COLUMNS = (
    "step",
    "index",
    "answers",
    "rewards",
    "lengths",
    "kept",
    "missing",
    "pseudo_label",
    "answer_entropy",
    "truncated",
)
"""The columns of ``AUDIT_SCHEMA`` that a step's numbers are made of. No label is among them."""

_NEVER = 0


class LabelHistory:
    """The first and the last pseudo-label of each prompt, as numbers: 16 bytes a question, however long the run."""

    def __init__(self) -> None:
        self._first = array("q")
        self._last = array("q")

    def remember(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take in the pseudo-labels of a step that is over."""
        for row in rows:
            index, label = row["index"], _number(row["pseudo_label"])
            if index >= len(self._last):
                more = array("q", bytes(8 * (index + 1 + len(self._last) // 2 - len(self._last))))
                self._first.extend(more)
                self._last.extend(more)
            self._last[index] = label
            if self._first[index] == _NEVER:
                self._first[index] = label

    def changed(self, rows: Sequence[Mapping[str, Any]]) -> tuple[float | None, float | None]:
        """Return two shares of the rows whose prompt was seen before: those that left its last label, and its first."""
        seen = [row for row in rows if row["index"] < len(self._last) and self._last[row["index"]] != _NEVER]
        if not seen:
            return None, None
        flips = sum(flipped(self._last[row["index"]], _number(row["pseudo_label"])) for row in seen)
        moved = sum(flipped(self._first[row["index"]], _number(row["pseudo_label"])) for row in seen)
        return flips / len(seen), moved / len(seen)


def step_stats(rows: Sequence[Mapping[str, Any]], history: LabelHistory, *, minds_truncated: bool) -> StepStats:
    """Return what a step looked like.

    Args:
        rows: at least one, with the columns ``VOTE_COLUMNS``.
        history: the labels of the steps before.
        minds_truncated: whether a response that is cut off is lost: ``ttrl.truncated`` is ``no_answer``.
    """
    answers = [answer for row in rows for answer in row["answers"]]
    lengths = [length for row in rows for length in row["lengths"]]
    total = max(len(answers), 1)
    top = Counter(answer for answer in answers if answer is not None).most_common(1)
    labels = Counter(row["pseudo_label"] for row in rows if row["pseudo_label"] is not None).most_common(1)
    missing = sum(row["missing"] for row in rows)
    flips, moved = history.changed(rows)
    return StepStats(
        step=rows[0]["step"],
        prompts=len(rows),
        top_answer=top[0][0] if top else None,
        top_answer_share=top[0][1] / total if top else 0.0,
        top_label_share=labels[0][1] / len(rows) if labels else 0.0,
        answer_entropy=sum(row["answer_entropy"] for row in rows) / len(rows),
        unparsed=answers.count(None) / total,
        truncated=sum(row["truncated"] for row in rows) / total if minds_truncated else None,
        length=sum(lengths) / len(lengths) if lengths else None,
        no_signal=sum(no_signal(row["rewards"][: row["kept"]]) for row in rows) / len(rows),
        unanimous=sum(_agree(row["answers"][: row["kept"]]) for row in rows) / len(rows),
        missing=missing / max(missing + len(answers), 1),
        flips=flips,
        moved=moved,
    )


def _agree(answers: Sequence[str | None]) -> bool:
    return len(set(answers)) == 1 and answers[0] is not None


def _number(label: str | None) -> int:
    """Return a label as a number that is the same within a process, and never ``_NEVER``."""
    return hash(label) or 1
