"""Read a run's folder back: one view of it, however often the run was killed and resumed."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ttrl_verl.errors import InputError
from ttrl_verl.record.layout import (
    ALARMS,
    AUDIT_SCHEMA,
    CHECKPOINT,
    FORMAT,
    MANIFEST,
    VALIDATION,
    audit_files,
    metrics_file,
)


@dataclass(frozen=True, slots=True)
class Run:
    """A run's folder. ``layout`` says what each part holds.

    Attributes:
        folder: where it is.
        manifest: ``run.json``.
    """

    folder: Path
    manifest: dict[str, Any]

    def audit(self, columns: Sequence[str] | None = None, index: int | None = None) -> pa.Table:
        """Return every vote, in the order of steps, with the columns of ``AUDIT_SCHEMA``.

        Args:
            columns: these alone; a long run's answers are many.
            index: the visits of this prompt alone.

        Raises:
            InputError: a file cannot be read. The message names it.
        """
        names = AUDIT_SCHEMA.names if columns is None else list(columns)
        filters = None if index is None else [("index", "==", index)]
        tables = []
        for path in audit_files(self.folder):
            try:
                tables.append(pq.read_table(path, schema=AUDIT_SCHEMA, columns=names, filters=filters))
            except (OSError, pa.ArrowException) as error:
                raise InputError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from error
        return pa.concat_tables(tables) if tables else AUDIT_SCHEMA.empty_table().select(names)

    def metrics(self) -> list[dict[str, Any]]:
        """Return what verl logged, ``{"step": …, "data": {…}}``, one entry a step, in order.

        Where a step was done again after a crash, the later attempt's entry is the one.
        """
        by_step: dict[int, dict[str, Any]] = {}
        for attempt in self.manifest["attempts"]:
            # What an earlier attempt logged from there on was lost with its weights.
            by_step = {step: row for step, row in by_step.items() if step < _first_step(attempt)}
            path = metrics_file(self.folder, attempt["attempt"])
            for row in _lines(path) if path.exists() else []:
                known = by_step.get(row["step"], {"data": {}})
                by_step[row["step"]] = {"step": row["step"], "data": known["data"] | row["data"]}
        return [by_step[step] for step in sorted(by_step)]

    def alarms(self) -> list[dict[str, Any]]:
        """Return the alarms that fired, in order; those at steps that were done again are left out."""
        path = self.folder / ALARMS
        rows = _lines(path) if path.exists() else []
        later = self.manifest["attempts"]
        return [
            row
            for row in rows
            if all(row["step"] < _first_step(other) for other in later if other["attempt"] > row["attempt"])
        ]

    def validations(self) -> dict[int, Path]:
        """Return verl's dump of each validation pass, by step."""
        files = (self.folder / VALIDATION).glob("*.jsonl")
        by_step = {int(path.stem): path for path in files if path.stem.isdecimal()}
        return dict(sorted(by_step.items()))

    def checkpoints(self) -> list[int]:
        """Return the steps whose weights were saved."""
        folders = [path for path in self.folder.glob(f"{CHECKPOINT}*") if path.is_dir()]
        names = [path.name.removeprefix(CHECKPOINT) for path in folders]
        return sorted(int(name) for name in names if name.isdecimal())

    def setting(self, key: str) -> Any:
        """Return the value of a dotted key of the run's configuration; ``None`` where it has none.

        Example:
            ``run.setting("ttrl.votes")``
        """
        value: Any = self.manifest["config"]
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value


def open_run(folder: Path) -> Run:
    """Return the run of a folder.

    Raises:
        InputError: it holds no run, or one of another version of the layout.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(f"{folder}: holds no run; expected a folder with {MANIFEST} (trainer.default_local_dir)")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version = manifest["format"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path}: is no manifest of a run: {error}") from error
    if version != FORMAT:
        raise InputError(f"{path}: is of format {version!r}; this version reads format {FORMAT}")
    for key, kind in (("config", dict), ("data", list), ("attempts", list)):
        if not isinstance(manifest.get(key), kind):
            raise InputError(f"{path}: is no manifest of a run: expected {key} to be a {kind.__name__}")
    for attempt in manifest["attempts"]:
        numbers = (attempt.get("attempt"), attempt.get("first_step", "")) if isinstance(attempt, dict) else (None, "")
        if not isinstance(numbers[0], int) or not isinstance(numbers[1], int | None):
            raise InputError(
                f"{path}: is no manifest of a run: expected each attempt to have its number and first_step"
            )
    return Run(folder, manifest)


def _first_step(attempt: dict[str, Any]) -> float:
    """Return the first step that an attempt trains; one that has not trained takes nothing back."""
    return math.inf if attempt["first_step"] is None else attempt["first_step"]


def _lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSONL file; a last line that a crash cut off is left out."""
    rows = []
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict) or not isinstance(row.get("step"), int) or not {"data", "alarm"} & row.keys():
                raise ValueError("expected an object with step, and data or alarm")
            rows.append(row)
        except (ValueError, RecursionError) as error:
            if number == len(lines):
                break
            raise InputError(f"{path}:{number}: is no line of JSON: {error}") from error
    return rows
