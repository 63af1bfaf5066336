"""What a step looked like, from the rows of its votes, without their labels: what the alarms watch."""

import json
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ttrl_verl.alarms.rules import StepStats
from ttrl_verl.record.layout import AUDIT_SCHEMA, audit_step, trained
from ttrl_verl.record.visits import flipped
from ttrl_verl.reward_fns.information import answer_information
from ttrl_verl.reward_fns.metrics import no_signal

VOTE_COLUMNS = (
    "step",
    "index",
    "answers",
    "rewards",
    "lengths",
    "kept",
    "places",
    "missing",
    "pseudo_label",
    "prior_label",
    "majority_ratio",
    "answer_entropy",
    "truncated",
)
"""The columns of ``AUDIT_SCHEMA`` that a step's numbers are made of. No label is among them."""

_NEVER = 0
_STATS = b"ttrl_verl.step"
# Votes that could not be this far above chance if they knew all are too few to say that they know nothing.
_REACH = 4.0


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


def step_stats(
    step: int, rows: Sequence[Mapping[str, Any]], history: LabelHistory, *, minds_truncated: bool, lost: int = 0
) -> StepStats:
    """Return what a step looked like.

    Args:
        step: its number.
        rows: one a prompt, with the columns ``VOTE_COLUMNS``. A prompt of which no response came counts as missing
            alone; one whose responses were not trained on has no signal to miss.
        history: the labels of the steps before.
        minds_truncated: whether a response that is cut off is lost: ``ttrl.truncated`` is ``no_answer``.
        lost: responses that were asked for prompts of which none came: these have no row.
    """
    answers = [answer for row in rows for answer in row["answers"]]
    lengths = [length for row in rows for length in row["lengths"]]
    came, kept = answered(rows), [row for row in rows if row["kept"]]
    total, prompts = max(len(answers), 1), max(len(came), 1)
    top = Counter(answer for answer in answers if answer is not None).most_common(1)
    labels = Counter(row["pseudo_label"] for row in rows if row["pseudo_label"] is not None).most_common(1)
    missing = sum(row["missing"] for row in rows) + lost
    flips, moved = history.changed(came)
    information = answer_information([row["answers"] for row in rows])
    return StepStats(
        step=step,
        prompts=len(rows),
        top_answer=top[0][0] if top else None,
        top_answer_share=top[0][1] / total if top else 0.0,
        top_label_share=labels[0][1] / prompts if labels else 0.0,
        answer_entropy=sum(row["answer_entropy"] for row in rows) / prompts,
        unparsed=answers.count(None) / total,
        truncated=sum(row["truncated"] for row in rows) / total if minds_truncated else None,
        length=sum(lengths) / len(lengths) if lengths else None,
        no_signal=sum(no_signal(trained(row, "rewards")) for row in kept) / max(len(kept), 1),
        unanimous=sum(_agree(trained(row, "answers")) for row in kept) / max(len(kept), 1),
        missing=missing / max(missing + len(answers), 1),
        flips=flips,
        moved=moved,
        majority_ratio=sum(row["majority_ratio"] for row in rows) / prompts,
        information=information.nats,
        information_z=information.z if information.reach >= _REACH else None,
        off_prior=_off_prior(came),
    )


def answered(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rows of prompts of which at least one response came."""
    return [row for row in rows if row["answers"]]


def with_stats(table: pa.Table, stats: StepStats) -> pa.Table:
    """Return a step's votes with what the step looked like in the file's footer, for whoever goes on with the run."""
    return table.replace_schema_metadata({_STATS: json.dumps(asdict(stats))})


def recorded_stats(
    path: Path, history: LabelHistory, *, minds_truncated: bool
) -> tuple[StepStats, list[dict[str, Any]]]:
    """Return what a step on record looked like, and its pseudo-labels: rows of ``index`` and ``pseudo_label``.

    The answers stay on disk: the footer has the step's numbers. A file of version 0.1.0 has no such footer, and its
    votes are read.

    Args:
        path: the audit file of the step.
        history, minds_truncated: as for ``step_stats``.

    Raises:
        OSError, ValueError, pa.ArrowException: the file cannot be read.
    """
    footer = (pq.read_schema(path).metadata or {}).get(_STATS)
    table = pq.read_table(path, columns=["index", "pseudo_label", "distinct_answers", "unparsed"])
    came = pc.greater(pc.add(table["distinct_answers"], table["unparsed"]), 0)
    labels = table.filter(came).select(["index", "pseudo_label"]).to_pylist()
    known = {} if footer is None else json.loads(footer)
    names = [field.name for field in fields(StepStats)]
    if all(name in known for name in names):
        return StepStats(**{name: known[name] for name in names}), labels
    rows = pq.read_table(path, schema=AUDIT_SCHEMA, columns=list(VOTE_COLUMNS)).to_pylist()
    return step_stats(audit_step(path), rows, history, minds_truncated=minds_truncated), labels


def _off_prior(rows: Sequence[Mapping[str, Any]]) -> float | None:
    known = [row for row in rows if row["prior_label"] is not None]
    return sum(row["pseudo_label"] != row["prior_label"] for row in known) / len(known) if known else None


def _agree(answers: Sequence[str | None]) -> bool:
    return len(set(answers)) == 1 and answers[0] is not None


def _number(label: str | None) -> int:
    """Return a label as a number that is the same within a process, and never ``_NEVER``."""
    return hash(label) or 1
