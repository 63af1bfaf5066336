"""A run's folder before anything is written: whose it is, and whether this run may go on there."""

import contextlib
import fcntl
import json
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ttrl_verl.config import TTRLConfig
from ttrl_verl.errors import InputError
from ttrl_verl.questions.read import as_list
from ttrl_verl.record.layout import LOCK, MANIFEST
from ttrl_verl.record.manifest import DataFile, Manifest, data_files
from ttrl_verl.record.read import open_run

_logger = logging.getLogger(__name__)

# The processes of a run that was killed take some seconds to notice: whoever starts it again at once need not care.
_GRACE = 10.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a folder holds.

    Attributes:
        manifest: ``run.json``, where it holds a run.
        data: the data files of the run that starts now.
        changed: a sentence for each data file that is not what it was.
    """

    manifest: Manifest | None
    data: list[DataFile]
    changed: list[str]


def run_folder(config: Mapping[str, Any]) -> Path:
    """Return the folder of a composed configuration's run; a relative one is relative to the working directory."""
    return Path(config["trainer"]["default_local_dir"]).absolute()


def look(folder: Path, config: Mapping[str, Any], *, count: bool = True) -> Found:
    """Look at the folder of a run that starts.

    Args:
        folder: where it will write.
        config: the composed configuration, as plain values.
        count: whether the rows of the data files are counted.

    Raises:
        InputError: the folder holds a run of another version, or one that ``trainer.resume_mode`` does not go on with,
            or a data file cannot be read.
    """
    data = data_files(config, count=count)
    if not (folder / MANIFEST).exists():
        return Found(None, data, [])
    manifest = open_run(folder).manifest
    trained = any(attempt.first_step is not None for attempt in manifest.attempts)
    if trained and config["trainer"]["resume_mode"] == "disable":
        raise InputError(
            f"{folder}: holds a run already; set trainer.default_local_dir to another folder, or "
            "trainer.resume_mode=auto to go on with it"
        )
    if trained and (other := _other(manifest.config, config)):
        raise InputError(
            f"{folder}: holds a run with {other}; go on with what it began with, or start in another folder "
            "(trainer.default_local_dir)"
        )
    then = {file.path: file.sha256 for file in manifest.data}
    changed = [file.path for file in data if then.get(file.path, file.sha256) != file.sha256]
    return Found(manifest, data, [_changed(path, folder) for path in changed])


_SAME = (
    "actor_rollout_ref.model.path",
    "reward.reward_manager.name",
    "ttrl.votes",
    "actor_rollout_ref.rollout.n",
    "algorithm.adv_estimator",
    "ttrl.answer_type",
    "ttrl.reward_options",
    "ttrl.rewards",
    "data.train_files",
    "data.val_files",
)
"""Keys that make another experiment: weights trained under one value are no beginning of a run under another."""


_ABSENT = object()


def _other(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return the keys of ``_SAME`` that are not what they were, with both values; nothing where all are."""
    said = []
    for key in _SAME:
        old, new = (_value(config, key) for config in (then, now))
        if old is not _ABSENT and old != new:
            said.append(f"{key} {old}, and this one has {new}")
    return "; ".join(said)


def _value(config: Any, key: str) -> Any:
    for part in key.split("."):
        if not isinstance(config, Mapping) or part not in config:
            return _ABSENT  # a run of an older version
        config = config[part]
    if key in ("data.train_files", "data.val_files"):
        return [os.path.abspath(os.path.expanduser(name)) for name in as_list(config)] or None
    return config


def _changed(path: str, folder: Path) -> str:
    return (
        f"{path}: changed since the run in {folder} began, so its rows may no longer be the questions on record; put "
        "the file back, start in another folder (trainer.default_local_dir), or go on all the same with "
        "ttrl.alarms.data_changed.action=warn"
    )


def check_run_folder(config: Mapping[str, Any], ttrl: TTRLConfig) -> None:
    """Check, before anything starts, that a run may write into its folder.

    Raises:
        InputError: as ``look``; or a data file changed and the recipe says to stop; or another run writes there.
    """
    folder = run_folder(config)
    if (folder / MANIFEST).exists():
        found = look(folder, config, count=False)
        if found.changed and ttrl.alarms.data_changed.action == "stop":
            raise InputError(found.changed[0])
    if (folder / LOCK).exists():
        with contextlib.closing(lock(folder, wait=_GRACE)):
            pass


def lock(folder: Path, wait: float = 0.0) -> IO:
    """Lock a run's folder until the file that this returns is closed, or the process ends, however it does.

    Args:
        folder: made where it is not there.
        wait: seconds that another process is given to end.

    Raises:
        InputError: another process has it, or the folder cannot be written.
    """
    path = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror} (trainer.default_local_dir)") from error
    until = time.monotonic() + wait
    try:
        while not _locked(file):
            if time.monotonic() < until:
                time.sleep(0.1)
                continue
            file.seek(0)
            holder = file.read(200).strip() or "another process"
            file.close()
            raise InputError(
                f"{folder}: another run writes here ({holder}); end it, or set trainer.default_local_dir to another "
                "folder"
            )
    except OSError as error:
        # Some network file systems have no locks. That is no reason not to train.
        _logger.warning("%s: cannot be locked (%s); see that no other run writes there", folder, error.strerror)
    return file


def _locked(file: IO) -> bool:
    """Try to lock a file, and return whether that went."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sign(file: IO, host: str, pid: int) -> None:
    """Write into a lock who has it."""
    with contextlib.suppress(OSError):
        file.truncate(0)
        file.write(f"process {pid} on {host}\n")
        file.flush()


def append_line(path: Path, value: Any) -> None:
    """Append a line of JSON; a line that a crash cut off before goes."""
    with path.open("ab+") as file:
        file.seek(0)
        text = file.read()
        if text and not text.endswith(b"\n"):
            file.truncate(text.rfind(b"\n") + 1)
        file.write(json.dumps(value).encode() + b"\n")
