"""Start verl's trainer as a process of its own, and leave nothing behind when it ends."""

import os
import re
import shlex
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ttrl_verl.composition.catalogue import recipe_file
from ttrl_verl.composition.overrides import translate
from ttrl_verl.composition.recipe import Composed
from ttrl_verl.record import COMMAND_VARIABLE

if TYPE_CHECKING:
    import psutil
    from rich.console import Console

_MARK = "TTRL_VERL_RUN"
_GRACE = 5.0
_ROUNDS = 5
_NAMED = re.compile(r"(\w+\.)*\w*(Error|Exception|Exit|Interrupt)\b.*: \S")
"""The last line of a stack trace: at the line's beginning the error's name, then what it says."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run of verl's trainer ended.

    Attributes:
        status: its exit status.
        alarms: those that fired since it was started, a line each.
    """

    status: int
    alarms: list[str]


def start(
    composed: Composed,
    *,
    typed: Sequence[str] = (),
    log: IO | None = None,
    watch: Callable[[], None] | None = None,
) -> Ended:
    """Run a composed recipe with verl's own trainer, to its end.

    Args:
        composed: the run; ``preflight.findings`` has nothing against it.
        typed: the command line that a person typed, for the record; verl's own where it is empty.
        log: where the output goes; the terminal where it is ``None``.
        watch: called twice a second while it runs.
    """
    from ttrl_verl.record.folder import run_folder  # pyarrow, which a dry run does not need

    folder = run_folder(composed.values)
    before = attempts(folder)
    env = {COMMAND_VARIABLE: shlex.join(typed)} if typed else {}
    status = run(verl_command(composed.file, composed.overrides), log=log, env=env, watch=watch)
    return Ended(status, alarms_since(folder, before))


def start_logged(
    composed: Composed,
    log: Path,
    console: "Console",
    *,
    typed: Sequence[str] = (),
    watch: Callable[[], None] | None = None,
) -> Ended:
    """Run a composed recipe with its output in a file, and say where it failed if it did.

    Args:
        composed: as for ``start``.
        log: verl's own output is added to it.
        console: told the first error of the log and what caused the last, else its end, where the status is not 0.
        typed: as for ``start``.
        watch: as for ``start``.
    """
    before = log.stat().st_size if log.exists() else 0
    with log.open("ab") as file:
        ended = start(composed, typed=typed, log=file, watch=watch)
    if ended.status != 0:
        said = log_tail(log, skip=before)
        console.print(f"verl stopped with exit status {ended.status}; from {log}:\n{said}", markup=False)
    return ended


def attempts(folder: Path) -> int:
    """Return how often the run of a folder was started."""
    from ttrl_verl.record.layout import MANIFEST
    from ttrl_verl.record.read import open_run

    return len(open_run(folder).manifest.attempts) if (folder / MANIFEST).exists() else 0


def alarms_since(folder: Path, before: int) -> list[str]:
    """Return the alarms of the last attempt, a line each; none where there is none beyond the first ``before``."""
    from ttrl_verl.record.read import open_run

    if attempts(folder) == before:
        return []
    run = open_run(folder)
    last = run.manifest.attempts[-1].attempt
    fired = [alarm for alarm in run.alarms() if alarm["attempt"] == last]
    return [f"step {alarm['step']}: {alarm['alarm']}: {alarm['message']}" for alarm in fired]


def train_command(recipe: str, overrides: Sequence[str] = ()) -> list[str]:
    """Return the command that runs a recipe, its overrides as a person types them.

    Example:
        >>> shlex.join(train_command("demo_cpu", ["nodes=2"])).split("--config-name ")[1]
        'demo_cpu trainer.nnodes=2'
    """
    return verl_command(recipe_file(recipe), translate(recipe, overrides))


def verl_command(file: Path, overrides: Sequence[str]) -> list[str]:
    """Return the command that runs a recipe's file: verl's own trainer, nothing else.

    Args:
        file: the recipe.
        overrides: Hydra's.
    """
    module = ["-m", "verl.trainer.main_ppo", "--config-dir", str(file.parent), "--config-name", file.stem]
    return [sys.executable, *module, *overrides]


def run(
    command: Sequence[str],
    *,
    log: IO | None = None,
    env: Mapping[str, str] | None = None,
    watch: Callable[[], None] | None = None,
    interval: float = 0.5,
) -> int:
    """Run a command to its end and return its exit status.

    Ray's and vLLM's processes outlive a parent that is killed. Every process of the run inherits a mark in its
    environment; whatever bears it when the command has ended, or when this call is interrupted, is ended by its id.

    Args:
        command: the command line.
        log: where its output goes; the terminal where it is ``None``.
        env: variables added to the environment. ``COMMAND_VARIABLE`` is what the record calls the command.
        watch: called every ``interval`` seconds while the command runs.
        interval: seconds.
    """
    mark = uuid.uuid4().hex
    environment = {**os.environ, COMMAND_VARIABLE: shlex.join(command), **(env or {}), _MARK: mark}
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT if log else None
    )
    # A terminated driver must still end the run's processes, so the signal becomes an exception that unwinds to here.
    previous = signal.signal(signal.SIGTERM, _raise_exit)
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(timeout=interval if watch else None)
            watch()
    finally:
        end_processes(mark)
        signal.signal(signal.SIGTERM, previous)


def end_processes(mark: str) -> None:
    """End every process of the run that bears this mark: first politely, then for good."""
    import psutil  # here, so that a dry run does not wait for it

    # Several rounds: a process that is told to end may start another one first.
    for _ in range(_ROUNDS):
        processes = {process for process in psutil.process_iter() if _bears(process, mark)}
        for process in list(processes):  # vLLM renames its own so that nothing is left of their environment
            with suppress(psutil.NoSuchProcess):
                processes.update(process.children(recursive=True))
        if not processes:
            return
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        _, alive = psutil.wait_procs(list(processes), timeout=_GRACE)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=_GRACE)


def _bears(process: "psutil.Process", mark: str) -> bool:
    import psutil

    if process.pid == os.getpid():
        return False
    try:
        if process.environ().get(_MARK) == mark:
            return True
        # Ray renames its processes. The name is written over the beginning of the block, where psutil stops reading.
        block = Path(f"/proc/{process.pid}/environ").read_bytes()
    except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess, OSError):
        return False
    return f"{_MARK}={mark}".encode() in block.split(b"\0")


def _raise_exit(signum: int, frame: object) -> None:
    raise SystemExit(128 + signum)


def log_tail(path: Path, lines: int = 20, *, skip: int = 0) -> str:
    """Return the first error of a run's log and what caused the last one, else its last lines.

    Ray and Python print an error's cause after it, each a stack trace, and name it in its last line.

    Args:
        path: the log.
        lines: how many; of a stack trace, twice as many.
        skip: bytes at its start, of earlier attempts.
    """
    text = path.read_bytes()[skip:].decode(errors="replace").splitlines()
    for number, line in enumerate(text):
        if "Traceback (most recent call last)" in line:
            said = text[number : number + 2 * lines]
            named = [later for later in text[number + 2 * lines :] if _NAMED.match(later)]
            return "\n".join([*said, "…", named[-1]] if named else said)
    return "\n".join(text[-lines:])
