"""Read a run's folder back: one view of it, however often the run was killed and resumed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ttrl_verl.config import TTRLConfig, parse_ttrl_config
from ttrl_verl.errors import InputError
from ttrl_verl.printable import first_line
from ttrl_verl.record.layout import (
    ALARMS,
    AUDIT_SCHEMA,
    BEST,
    CHECKPOINT,
    MANIFEST,
    VALIDATION,
    audit_files,
    metrics_file,
)
from ttrl_verl.record.manifest import Manifest, expected_steps, read_manifest
from ttrl_verl.record.saved import what_is_missing
from ttrl_verl.reward_fns.answers import AnswerType


@dataclass(frozen=True, slots=True)
class Run:
    """A run's folder. ``layout`` says what each part holds.

    Attributes:
        folder: where it is.
        manifest: ``run.json``.
    """

    folder: Path
    manifest: Manifest

    def audit(self, columns: Sequence[str] | None = None, index: int | None = None) -> pa.Table:
        """Return every vote, in the order of steps, with the columns of ``AUDIT_SCHEMA``.

        Args:
            columns: these alone; a long run's answers are many.
            index: the visits of this prompt alone.

        Raises:
            InputError: a file cannot be read. The message names it.
        """
        names = AUDIT_SCHEMA.names if columns is None else list(columns)
        tables = [read_votes(path, names, index) for path in audit_files(self.folder)]
        return pa.concat_tables(tables) if tables else AUDIT_SCHEMA.empty_table().select(names)

    def metrics(self) -> list[dict[str, Any]]:
        """Return what verl logged, ``{"step": …, "data": {…}}``, one entry a step, in order.

        Where a step was done again after a crash, the later attempt's entry is the one.
        """
        by_step: dict[int, dict[str, Any]] = {}
        for attempt in self.manifest.attempts:
            # What an earlier attempt logged from there on was lost with its weights.
            by_step = {step: row for step, row in by_step.items() if step < attempt.begins}
            path = metrics_file(self.folder, attempt.attempt)
            for row in _lines(path) if path.exists() else []:
                known = by_step.get(row["step"], {"data": {}})
                by_step[row["step"]] = {"step": row["step"], "data": known["data"] | row["data"]}
        return [by_step[step] for step in sorted(by_step)]

    def alarms(self) -> list[dict[str, Any]]:
        """Return the alarms that fired, in order; those at steps that were done again are left out."""
        path = self.folder / ALARMS
        rows = _lines(path) if path.exists() else []
        attempts = self.manifest.attempts
        return [
            row
            for row in rows
            if all(row["step"] < other.begins for other in attempts if other.attempt > row["attempt"])
        ]

    def validations(self) -> dict[int, Path]:
        """Return verl's dump of each validation pass, by step."""
        files = (self.folder / VALIDATION).glob("*.jsonl")
        by_step = {int(path.stem): path for path in files if path.stem.isdecimal()}
        return dict(sorted(by_step.items()))

    def checkpoint_folders(self) -> dict[int, Path]:
        """Return the folders that checkpoints are written into, by step, the half-written ones, too.

        What verl deleted of the best one is still there below ``best/``.
        """
        folders = [path for path in self.folder.glob(f"{CHECKPOINT}*") if path.is_dir()]
        by_step = {path.name.removeprefix(CHECKPOINT): path for path in folders}
        for path in (self.folder / BEST).glob(f"{CHECKPOINT}*"):
            step = path.name.removeprefix(CHECKPOINT)
            if step not in by_step or what_is_missing(by_step[step]):
                by_step[step] = path
        return dict(sorted((int(step), path) for step, path in by_step.items() if step.isdecimal()))

    def checkpoints(self) -> list[int]:
        """Return the steps whose weights were saved, whole: see ``saved.what_is_missing``."""
        return [step for step, folder in self.checkpoint_folders().items() if not what_is_missing(folder)]

    def setting(self, key: str) -> Any:
        """Return the value of a dotted key of the run's configuration; ``None`` where it has none.

        Example:
            ``run.setting("ttrl.votes")``
        """
        value: Any = self.manifest.config
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    @property
    def base_model(self) -> str:
        """The model that the run started from: a hub id or a path."""
        return str(self.setting("actor_rollout_ref.model.path"))

    def answer_type(self) -> AnswerType:
        """Return the run's answer type, whatever version wrote its section ``ttrl:``.

        Raises:
            InputError: the section names none. The message names the file and the key.
        """
        section = self.setting("ttrl") or {}
        # Only what says how an answer is read; votes must be there.
        known = {key: section[key] for key in TTRLConfig.answer_keys() if section.get(key) is not None}
        try:
            return parse_ttrl_config({"votes": 1, **known}).build_answer_type()
        except InputError as error:
            raise InputError(f"{self.folder / MANIFEST}: config.{error}") from error

    def expected_steps(self) -> int | None:
        """Return how many steps the run is meant to have; ``None`` where its configuration does not tell."""
        return expected_steps(self.manifest)


def read_votes(path: Path, columns: Sequence[str], index: int | None = None) -> pa.Table:
    """Return some columns of a step's votes: null where an older version wrote none.

    Args:
        path: the step's file.
        columns: of ``AUDIT_SCHEMA``.
        index: the visit of this prompt alone.

    Raises:
        InputError: it cannot be read. The message names it.
    """
    filters = None if index is None else [("index", "==", index)]
    try:
        table = pq.read_table(path, schema=AUDIT_SCHEMA, columns=list(columns), filters=filters)
        table.validate(full=True)  # text that is no UTF-8 would be found where it is first looked at
        return table
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        raise InputError(f"{path}: cannot be read: {first_line(error)}") from error


def open_run(folder: Path) -> Run:
    """Return the run of a folder.

    Raises:
        InputError: it holds no run, or one of another version of the layout.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(f"{folder}: holds no run; expected a folder with {MANIFEST} (trainer.default_local_dir)")
    return Run(folder, read_manifest(path))


def _lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSONL file; a last line that a crash cut off is left out."""
    rows = []
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if not isinstance(row, dict) or not isinstance(row.get("step"), int) or not _has_what_it_says(row):
                raise ValueError("expected an object with step, and data, or alarm and attempt")
            rows.append(row)
        except (ValueError, RecursionError) as error:
            if number == len(lines):
                break
            raise InputError(f"{path}:{number}: is no line of JSON: {error}") from error
    return rows


def _has_what_it_says(row: dict[str, Any]) -> bool:
    return isinstance(row.get("data"), dict) or ("alarm" in row and isinstance(row.get("attempt"), int))
