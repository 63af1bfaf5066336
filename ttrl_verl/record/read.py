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
        return {int(path.stem): path for path in sorted(files, key=lambda path: int(path.stem))}

    def checkpoints(self) -> list[int]:
        """Return the steps whose weights were saved."""
        folders = self.folder.glob(f"{CHECKPOINT}*")
        return sorted(int(path.name.removeprefix(CHECKPOINT)) for path in folders if path.is_dir())


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
        raise InputError(f"{path}: is of format {version}; this version reads format {FORMAT}")
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
            rows.append(json.loads(line))
        except ValueError as error:
            if number == len(lines):
                break
            raise InputError(f"{path}:{number}: is no line of JSON: {error}") from error
    return rows
