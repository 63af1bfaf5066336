"""A fork server of a test's own, and processes that are forked from it."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from ttrl_verl.cpu.forks import request


@dataclass
class Server:
    """A server that has imported ``decimal`` and numpy."""

    process: subprocess.Popen
    folder: Path

    @property
    def python(self) -> str:
        return str(self.folder / "python")

    def run(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        options.setdefault("env", as_a_worker())
        return subprocess.run(
            [self.python, *arguments], capture_output=True, text=True, check=False, timeout=60, **options
        )

    def log(self) -> str:
        return (self.folder / "log").read_text()


def as_a_worker(**variables: str) -> dict[str, str]:
    return {**os.environ, "RAY_JOB_ID": request.FIRST_JOB, **variables}


def until(true, seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def sleeping(python: str) -> tuple[subprocess.Popen, int]:
    """Start a process that sleeps, and return what stands for it and its own id."""
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    child = subprocess.Popen([python, "-c", code], stdout=subprocess.PIPE, env=as_a_worker(), text=True)
    return child, int(child.stdout.readline())


FORKED = "import sys; print('decimal' in sys.modules)"
