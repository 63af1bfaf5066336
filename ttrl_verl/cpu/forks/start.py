"""The driver's side of the fork server."""

import logging
import os
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from ttrl_verl.cpu.forks.request import FIRST_JOB
from ttrl_verl.preflight.ray_address import joins

SWITCH = "TTRL_VERL_FORK_SERVER"
"""The environment variable that does without the server where it is ``0``."""

MODULES = (
    "verl.trainer.main_ppo",
    "verl.trainer.ppo.v1",
    "verl.workers.engine_workers",
    "verl.experimental.reward_loop",
    "verl.workers.rollout.vllm_rollout.vllm_async_server",
    "vllm.v1.engine.core",
    "vllm.v1.worker.cpu_worker",
)
"""What the processes of a run import, between them. The order is verl's."""

_logger = logging.getLogger(__name__)
_running: "tuple[subprocess.Popen, Path] | None" = None


def register() -> None:
    """Start the server, where this process is verl's driver and may start a Ray of its own."""
    global _running
    if _running is not None or sys.platform != "linux" or not is_wanted(sys.orig_argv, os.environ):
        return
    try:
        _running = start(MODULES)
    except OSError as error:
        _logger.warning("each of the run's processes imports verl for itself, which takes longer: %s", error)


def is_wanted(command: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Return whether a command line runs verl's trainer on a Ray of its own.

    Example:
        >>> is_wanted(["python", "-m", "verl.trainer.main_ppo", "trainer.nnodes=1"], {})
        True
        >>> is_wanted(["python", "-m", "verl.trainer.main_ppo"], {"RAY_ADDRESS": "10.0.0.1:6379"})
        False
        >>> is_wanted(["python", "-m", "verl.trainer.main_ppo", "--cfg", "job"], {})
        False
    """
    if environment.get(SWITCH) == "0" or joins({}, environment) or {"--cfg", "-c", "--help", "-h"} & {*command}:
        return False
    return any(pair == ("-m", "verl.trainer.main_ppo") for pair in pairwise(command))


def launcher() -> str | None:
    """Return the path of what stands in for Python; ``None`` where no server runs."""
    if _running is None or _running[0].poll() is not None:
        return None
    return str(_running[1] / "python")


def stop() -> None:
    """End the server, where one runs and nobody will ask it: it holds the memory of all that it imported."""
    global _running
    if _running is not None:
        _running[0].stdin.close()
        _running = None


def start(modules: Sequence[str]) -> tuple[subprocess.Popen, Path]:
    """Start a server, and return its process and the folder of its launcher ``python`` and its ``log``.

    It listens before it has imported anything, and ends when its standard input does: with the process that started it.

    Raises:
        OSError: the folder for temporary files is full, holds nothing that may be run, or has too long a path.
    """
    folder = Path(tempfile.mkdtemp(prefix="ttrl-verl-"))  # for this user alone
    try:
        return _start(folder, modules), folder
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _start(folder: Path, modules: Sequence[str]) -> subprocess.Popen:
    address = folder / "socket"
    # A copy: the package may be another before the run ends.
    client = shutil.copy(Path(__file__).with_name("client.py"), folder)
    stands_in = folder / "python"
    command = shlex.join([sys.executable, "-I", "-S", client, str(address)])
    stands_in.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    stands_in.chmod(stat.S_IRWXU)
    if not os.access(stands_in, os.X_OK):
        raise PermissionError(f"{folder.parent}: nothing in it may be run")
    # In a file: who looks for a process by what it runs would find the server's in its command line.
    (folder / "modules").write_text("\n".join(modules), encoding="utf-8")
    with socket.socket(socket.AF_UNIX) as listener, (folder / "log").open("wb") as log:
        listener.bind(str(address))
        listener.listen(64)
        number = listener.fileno()
        return subprocess.Popen(
            [sys.executable, "-m", "ttrl_verl.cpu.forks.server", str(number), str(folder)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[number],
            start_new_session=True,  # what Ray ends by its process group is not the server
            env={**os.environ, "RAY_JOB_ID": FIRST_JOB},
        )


def workers_variables() -> dict[str, str]:
    """Return the variables that verl's driver adds to its workers' environment, beside those of the recipe."""
    from verl.trainer.constants_ppo import get_ppo_ray_runtime_env

    return get_ppo_ray_runtime_env()["env_vars"]
