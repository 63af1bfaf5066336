"""Write a run down as it happens: the manifest, every vote, and the alarms.

The group stage calls this in the trainer's process, once a step, after the step's rewards are written. Nothing that
goes wrong here in the midst of a run ends it: a full disk costs votes on record, and says so.
"""

import logging
import socket
from collections.abc import Mapping, Sequence
from os import getpid
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ttrl_verl.alarms.rules import StepStats
from ttrl_verl.alarms.watch import Fired, Watch
from ttrl_verl.config import TTRLConfig
from ttrl_verl.errors import InputError
from ttrl_verl.files import whole_file
from ttrl_verl.printable import first_line
from ttrl_verl.record.folder import append_line, lock, look, sign
from ttrl_verl.record.layout import (
    ALARMS,
    AUDIT_SCHEMA,
    STOP,
    audit_file,
    audit_files,
    audit_step,
    metrics_file,
    superseded_file,
)
from ttrl_verl.record.manifest import Manifest, changes, expected_steps, jsonable, new_attempt
from ttrl_verl.record.stats import LabelHistory, answered, recorded_stats, step_stats, with_stats

_logger = logging.getLogger(__name__)

# What a write may raise: the disk, Arrow, or text that is no Unicode.
_FAILURES = (OSError, ValueError, pa.ArrowException)


class RunWriter:
    """One attempt of a run. It holds the folder's lock until ``close``, or until the process ends.

    Args:
        folder: the run's, ``trainer.default_local_dir``; made where it is not there.
        config: the whole composed configuration, as plain values.
        ttrl: its section ``ttrl:``.

    Attributes:
        attempt: 1 for a run's first start.
        metrics_path: where verl's file logger may write; no other attempt's.
        stop_asked: whether an alarm, or a file ``stop`` in the folder, says that the run is to end.
        stats: what the step in flight looks like so far; ``None`` before the first.

    Raises:
        InputError: the folder cannot be written, another run writes there, it holds a run of another version or one
            that is not gone on with, or a data file changed and the recipe says to stop.
    """

    def __init__(self, folder: Path, config: Mapping[str, Any], ttrl: TTRLConfig) -> None:
        self._folder = folder
        self._ttrl = ttrl
        self._lock = lock(folder)
        try:
            self._open(config)
        except BaseException:
            self.close()
            raise

    @property
    def stop_asked(self) -> bool:
        """Whether the run is to end."""
        return self._stop_fired or (self._folder / STOP).exists()

    def _open(self, config: Mapping[str, Any]) -> None:
        found = look(self._folder, config)
        then = found.manifest or Manifest()
        known = [attempt.attempt for attempt in then.attempts]
        self.attempt = max(known, default=0) + 1
        while metrics_file(self._folder, self.attempt).exists():
            self.attempt += 1
        self.metrics_path = metrics_file(self._folder, self.attempt)
        self._stop_fired = False
        self._trains = False
        self._audit_lost = 0
        self._losing = False
        self._lost_step: int | None = None
        self._history = LabelHistory()
        # The rows of the step in flight: the asynchronous trainers sample a step in several parts.
        self._step: int | None = None
        self._rows: list[Mapping[str, Any]] = []
        self._lost = 0
        self._table = AUDIT_SCHEMA.empty_table()
        self.stats: StepStats | None = None
        self._report_changed(found.changed)
        now = jsonable(config)
        data = {file.path: file for file in [*then.data, *found.data]}
        difference = changes(then.config, now) if known else {}
        attempts = [*then.attempts, new_attempt(self.attempt, difference)]
        self._manifest = then.model_copy(update={"config": now, "data": [*data.values()], "attempts": attempts})
        self._watch = Watch(self._ttrl.alarms, expected_steps(self._manifest))
        try:
            sign(self._lock, socket.gethostname(), getpid())
            self.metrics_path.parent.mkdir(parents=True, exist_ok=True)
            self.metrics_path.touch(exist_ok=False)
            self._manifest.write(self._folder)
        except OSError as error:
            raise InputError(f"{self._folder}: cannot be written: {error.strerror}") from error

    def _report_changed(self, changed: Sequence[str]) -> None:
        action = self._ttrl.alarms.data_changed.action
        if not changed or action == "off":
            return
        files = audit_files(self._folder)
        for message in changed:
            self._announce(Fired(audit_step(files[-1]) if files else 0, "data_changed", 1.0, 0.0, action, message))
        if action == "stop":
            # Before training there is nothing to save: it ends here.
            raise InputError(changed[0])

    def record(
        self, step: int, rows: Sequence[Mapping[str, Any]], labels: Sequence[Mapping[str, Any]], lost: int = 0
    ) -> dict[str, float]:
        """Write a step's votes, or a part of them, and look at the alarms.

        Args:
            step: the training step.
            rows: one a prompt, with ``layout.VOTE_COLUMNS``.
            labels: ``label`` and ``label_correct`` for each row. They are written; nothing else here sees them.
            lost: responses that were asked for prompts of which none came: these have no row.

        Returns:
            ``ttrl/alarms``, how many are on, and ``ttrl/audit_lost``, how many of this attempt's steps are not on
            record.
        """
        if not self._trains:
            self._begin(step)
        if self._step != step:
            self._history.remember(answered(self._rows))
            self._step, self._rows, self._lost, self._table = step, [], 0, AUDIT_SCHEMA.empty_table()
        self._rows += rows
        self._lost += lost
        minds = self._ttrl.truncated == "no_answer"
        self.stats = step_stats(step, self._rows, self._history, minds_truncated=minds, lost=self._lost)
        if self._ttrl.audit:
            self._write_audit(step, rows, labels)
        for fired in self._watch.observe(self.stats):
            self._announce(fired)
        return {
            "ttrl/alarms": float(len(self._watch.active) + self._losing),
            "ttrl/audit_lost": float(self._audit_lost),
        }

    def _write_audit(self, step: int, rows: Sequence[Mapping[str, Any]], labels: Sequence[Mapping[str, Any]]) -> None:
        try:
            whole = [{**row, **label, "attempt": self.attempt} for row, label in zip(rows, labels, strict=True)]
            self._table = pa.concat_tables([self._table, pa.Table.from_pylist(whole, schema=AUDIT_SCHEMA)])
            path = audit_file(self._folder, step)
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as hidden:
                pq.write_table(with_stats(self._table, self.stats), hidden, compression="zstd")
            self._losing = False
        except _FAILURES as error:
            self._lose(step, error)

    def _lose(self, step: int, error: Exception) -> None:
        """Count what is not on record, and say so once."""
        self._audit_lost += self._lost_step != step
        self._lost_step = step
        action = self._ttrl.alarms.audit_lost.action
        if not self._losing:
            reason = getattr(error, "strerror", None) or first_line(error)
            message = f"the votes of step {step} could not be written to {self._folder}: {reason}; training goes on"
            _logger.error(message)
            if action != "off":
                self._write_alarm(Fired(step, "audit_lost", float(self._audit_lost), 0.0, action, message))
        self._losing = True

    def _begin(self, step: int) -> None:
        """Take note of the first step that this attempt trains; what an earlier one did from there on is put aside."""
        self._trains = True
        try:
            for hidden in (self._folder / "audit").glob(".step_*.tmp"):
                hidden.unlink()
            for path in audit_files(self._folder):
                if audit_step(path) >= step:
                    target = superseded_file(self._folder, audit_step(path), _attempt_of(path, self.attempt - 1))
                    target.parent.mkdir(parents=True, exist_ok=True)
                    path.replace(target)
            self._manifest.attempts[-1].first_step = step
            self._manifest.write(self._folder)
        except OSError as error:
            _logger.error("%s: cannot be written: %s; training goes on", self._folder, error.strerror)
        self._remember()

    def _remember(self) -> None:
        """Follow the steps on record, so that alarms compare with the run's start and not with this attempt's."""
        minds = self._ttrl.truncated == "no_answer"
        for path in audit_files(self._folder):
            try:
                stats, labels = recorded_stats(path, self._history, minds_truncated=minds)
            except _FAILURES as error:
                _logger.warning("%s: cannot be read, and the alarms go without it: %s", path, first_line(error))
                continue
            self._watch.observe(stats)
            self._history.remember(labels)

    def raise_alarm(self, step: int, alarm: str, value: float, threshold: float, message: str) -> None:
        """Say and record what somebody else saw, by the action that ``ttrl.alarms`` has for it."""
        action = getattr(self._ttrl.alarms, alarm).action
        if action != "off":
            self._announce(Fired(step, alarm, value, threshold, action, message))

    def _announce(self, fired: Fired) -> None:
        """Say that an alarm fired, and put it on record."""
        level = logging.INFO if fired.action == "log" else logging.WARNING
        _logger.log(level, "step %d: %s: %s", fired.step, fired.alarm, fired.message)
        self._write_alarm(fired)

    def _write_alarm(self, fired: Fired) -> None:
        """Put an alarm on record, and remember whether it ends the run."""
        self._stop_fired |= fired.action == "stop"
        try:
            append_line(
                self._folder / ALARMS,
                {
                    "step": fired.step,
                    "attempt": self.attempt,
                    "alarm": fired.alarm,
                    "value": fired.value,
                    "threshold": fired.threshold,
                    "action": fired.action,
                    "message": fired.message,
                },
            )
        except OSError as error:
            _logger.error("%s: cannot be written: %s", self._folder / ALARMS, error.strerror)

    def close(self) -> None:
        """Give the folder back."""
        self._lock.close()


def _attempt_of(path: Path, otherwise: int) -> int:
    """Return the attempt that wrote an audit file."""
    try:
        return pq.read_table(path, columns=["attempt"])["attempt"][0].as_py()
    except (*_FAILURES, IndexError):
        return otherwise
