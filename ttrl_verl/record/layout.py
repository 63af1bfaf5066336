"""What a run's folder holds. The folder is ``trainer.default_local_dir``; verl puts its checkpoints there too.

==============================  ========================================================================================
``run.json``                    what the run is: see ``MANIFEST_KEYS``
``audit/step_000001.parquet``   every vote of a step, one row a prompt visited: ``AUDIT_SCHEMA``
``audit/_superseded/``          steps that were done again after a crash; nothing is deleted
``metrics/attempt_001.jsonl``   what verl logged, ``{"step": …, "data": {…}}`` a line, one file an attempt
``alarms.jsonl``                the alarms that fired, one a line: ``ALARM_KEYS``
``validation/0.jsonl``          verl's dump of a validation pass, one file a step
``global_step_N/``              verl's checkpoints
==============================  ========================================================================================

An attempt is one start of the trainer: a run that was killed and resumed has two.
"""

from pathlib import Path

import pyarrow as pa

FORMAT = 1
"""The version of this layout, as ``run.json`` has it. A reader refuses any other."""

MANIFEST = "run.json"
ALARMS = "alarms.jsonl"
VALIDATION = "validation"
CHECKPOINT = "global_step_"
SUPERSEDED = "_superseded"

MANIFEST_KEYS = ("format", "config", "data", "attempts")
"""``config``: the composed configuration, resolved. ``data``: a list of ``{path, sha256, rows}``. ``attempts``: a list
of ``{attempt, started, first_step, command, host, pid, versions}``: ``started`` is ISO 8601 in UTC, ``first_step`` the
first step that the attempt trains, ``versions`` a dictionary of names to versions."""

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
        # length in tokens. The first `kept` were trained on.
        ("answers", pa.list_(pa.string())),
        ("rewards", pa.list_(pa.float64())),
        ("lengths", pa.list_(pa.int64())),
        ("kept", pa.int64()),
        # Responses that were asked for and did not come.
        ("missing", pa.int64()),
        ("pseudo_label", pa.string()),
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


def audit_file(folder: Path, step: int) -> Path:
    """Return the file of a step's votes."""
    return folder / "audit" / f"step_{step:06d}.parquet"


def metrics_file(folder: Path, attempt: int) -> Path:
    """Return the file that verl logs an attempt's metrics into."""
    return folder / "metrics" / f"attempt_{attempt:03d}.jsonl"
