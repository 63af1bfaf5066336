"""What a run's folder holds. The folder is ``trainer.default_local_dir``; verl puts its checkpoints there too.

==============================  ========================================================================================
``run.json``                    what the run is: see ``MANIFEST_KEYS``
``run.lock``                    locked by the process that writes here, as long as it lives
``stop``                        made by anybody, it ends the run after the next step, which is validated and saved
``audit/step_000001.parquet``   every vote of a step, one row a prompt visited: ``AUDIT_SCHEMA``
``audit/_superseded/``          steps that were done again after a crash; nothing is deleted
``metrics/attempt_001.jsonl``   what verl logged, ``{"step": …, "data": {…}}`` a line, one file an attempt
``alarms.jsonl``                the alarms that fired, one a line: ``ALARM_KEYS``
``tensorboard/attempt_001/``    the same for TensorBoard, where ``trainer.logger`` asks for it
``validation/0.jsonl``          verl's dump of a validation pass, one file a step
``global_step_N/``              verl's checkpoints
==============================  ========================================================================================

An attempt is one start of the trainer: a run that was killed and resumed has two.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

FORMAT = 1
"""The version of this layout, as ``run.json`` has it. A reader refuses any other."""

MANIFEST = "run.json"
LOCK = "run.lock"
STOP = "stop"
ALARMS = "alarms.jsonl"
VALIDATION = "validation"
TENSORBOARD = "tensorboard"
CHECKPOINT = "global_step_"
BEST = "best"
"""Below it, the best checkpoint so far: other names of its files, which verl does not delete."""
SUPERSEDED = "_superseded"

MANIFEST_KEYS = ("format", "config", "data", "attempts")
"""``config``: the composed configuration of the last attempt, resolved, with secrets as ``***``. ``data``: a list of
``{path, sha256, rows}``. ``attempts``: a list of ``{attempt, started, first_step, command, host, pid, versions,
changes}``: ``started`` is ISO 8601 in UTC; ``first_step`` the first step that the attempt trains, null until it does;
``command`` null where `ttrl-verl` did not start the trainer; ``versions`` a dictionary of names to versions;
``changes`` the keys of the configuration that differ from the attempt before, ``{key: [then, now]}``."""

ALARM_KEYS = ("step", "attempt", "alarm", "value", "threshold", "action", "message")

AUDIT_SCHEMA = pa.schema(
    [
        ("step", pa.int64()),
        ("attempt", pa.int32()),
        # The row's place in the training set; the same at every visit, while uid is new at each.
        ("index", pa.int64()),
        ("uid", pa.string()),
        ("data_source", pa.string()),
        # file:line
        ("origin", pa.string()),
        # The last user message, its first 2,000 characters.
        ("question", pa.string()),
        # One entry a response, in sampling order: the canonical answer, null where there is none; its reward; its
        # length in tokens. `kept` were trained on, none of a prompt that was skipped.
        ("answers", pa.list_(pa.string())),
        ("rewards", pa.list_(pa.float64())),
        ("lengths", pa.list_(pa.int64())),
        ("kept", pa.int64()),
        # Which responses the keep rule chose, as places in sampling order; null in older runs: the first `kept`.
        ("places", pa.list_(pa.int64())),
        # What the prompt's advantages were multiplied by; null in older runs.
        ("weight", pa.float64()),
        # The word of ttrl.check on each response; null where the reward did not ask.
        ("checks", pa.list_(pa.float64())),
        # Responses that were asked for and did not come.
        ("missing", pa.int64()),
        # Votes that were not waited for, because they could not change the label; null in older runs.
        ("cut", pa.int64()),
        ("pseudo_label", pa.string()),
        # The label of the votes in ttrl.prior; null without, and in older runs.
        ("prior_label", pa.string()),
        ("majority_ratio", pa.float64()),
        ("answer_entropy", pa.float64()),
        ("distinct_answers", pa.int64()),
        ("unparsed", pa.int64()),
        ("truncated", pa.int64()),
        # Answers that ran past a grading limit of time or memory.
        ("limited", pa.int64()),
        # Looked up after the rewards were written; null where the file has no label.
        ("label", pa.string()),
        ("label_correct", pa.bool_()),
    ]
)


WRITER_COLUMNS = ("attempt", "label", "label_correct")
"""What the record adds to a row of votes: who wrote it, and what is looked up after the rewards were written."""

VOTE_COLUMNS = tuple(name for name in AUDIT_SCHEMA.names if name not in WRITER_COLUMNS)
"""What a row of votes holds when the group stage hands it over."""


def trained(row: Mapping[str, Any], column: str) -> list[Any]:
    """Return a row's values of a column that has one a response, of the responses that were trained on.

    Example:
        >>> trained({"rewards": [1.0, 0.0, 1.0], "kept": 2, "places": [0, 2]}, "rewards")
        [1.0, 1.0]
    """
    values, kept = row[column] or [], row["kept"] or 0
    places = row.get("places")
    return list(values[:kept]) if places is None else [values[place] for place in places[:kept]]


def audit_file(folder: Path, step: int) -> Path:
    """Return the file of a step's votes."""
    return folder / "audit" / f"step_{step:06d}.parquet"


def superseded_file(folder: Path, step: int, attempt: int) -> Path:
    """Return where the votes of a step go that a later attempt does again."""
    return folder / "audit" / SUPERSEDED / f"attempt_{attempt:03d}" / audit_file(folder, step).name


def audit_step(path: Path) -> int:
    """Return the step of an audit file.

    Example:
        >>> audit_step(Path("audit/step_000012.parquet"))
        12
    """
    return int(path.stem.removeprefix("step_"))


def audit_files(folder: Path) -> list[Path]:
    """Return the files of a run's votes, in the order of steps."""
    return sorted((folder / "audit").glob("step_*.parquet"), key=audit_step)


def metrics_file(folder: Path, attempt: int) -> Path:
    """Return the file that verl logs an attempt's metrics into."""
    return folder / "metrics" / f"attempt_{attempt:03d}.jsonl"
