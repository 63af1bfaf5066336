"""A run's Python processes are forked from one that has imported verl and vLLM: this is paid once, not ten times.

A run on one machine starts a dozen Python processes: Ray's workers and vLLM's engine. Each imports torch, verl and vLLM
anew, 4 to 14 processor seconds apiece, most of a start on two cores. So the driver starts this server, which imports
them once, beside the driver's own imports. Ray is told a launcher in place of Python (``py_executable``);
``fork_client``, which it runs, sends its arguments, environment and open files here, and what is forked becomes that
process. What it imports is there already; all else it does as it would.

Plain Python runs instead, and the server's log says why, where a variable that is read at import is another than the
server's, and wherever the server is gone. ``TTRL_VERL_FORK_SERVER=0`` does without it.
"""

import array
import ctypes
import gc
import importlib
import json
import logging
import multiprocessing
import os
import re
import resource
import selectors
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import types
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

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

READ_AT_IMPORT = re.compile(
    r"(PYTHON|LD_|OMP_|GOMP_|KMP_|MKL_|OPENBLAS_|TORCH|PYTORCH_|VERL_|VLLM_|HF_|TRANSFORMERS_|TQ_|TTRL_)"
    r"|(USE_TORCH|RAY_JOB_ID)$"
)
"""Variables that may be read when a module is imported: equal here and there, or nothing is forked."""

READ_LATER = re.compile(
    r"(VLLM_(WORKER_MULTIPROC_METHOD|DISABLE_SHARED_EXPERTS_STREAM|SSM_CONV_STATE_LAYOUT|HOST_IP|PORT|DP_\w+)"
    r"|VERL_(REPLICA_RANK|RAY_JOB_ID|SEED|CPU_VISIBLE_DEVICES)|TTRL_VERL_(RUN|COMMAND)|PYTHONBREAKPOINT)$"
)
"""Of these, what vLLM, verl and Ray set for the processes that they start, and what is read when it is needed."""

FIRST_JOB = "01000000"
"""What Ray calls the first driver of a new Ray. Ray reads it when it is imported, so only that driver's are forked."""

GRACE = 5.0
"""Seconds between asking what is left to end and ending it, once the driver is gone."""

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
    client = Path(__file__).with_name("fork_client.py")
    stands_in = folder / "python"
    command = shlex.join([sys.executable, "-I", "-S", str(client), str(address)])
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
            [sys.executable, "-m", __name__, str(number), str(folder)],
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


@dataclass(frozen=True, slots=True)
class Request:
    """A process that is asked for.

    Attributes:
        arguments: what Python would be given: a script or ``-c CODE``, and its own.
        environment: all of it.
        folder: where it runs.
        files: the numbers that its open files are to have, in the order of ``received``.
        received: these files as they are open in the server.
        most_files: how many it may have open, softly and at the most.
    """

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    files: list[int]
    received: list[int]
    most_files: tuple[int, int]


def refusal(request: Request, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return why plain Python is to run what is asked for; "" where a fork may.

    Args:
        request: what is asked for.
        before: the environment in which the server imported everything.
        after: what that left of it, which is what a child of a forked process has: cv2 sets ``LD_LIBRARY_PATH``.
    """
    kind = request.arguments[0] if request.arguments else ""
    if not (kind.endswith(".py") or (kind == "-c" and len(request.arguments) > 1)):
        return f"neither a script nor -c: {kind or 'no argument'}"
    others = [
        f"{name} is {there}, here {before.get(name)}"
        for name in sorted({*before, *after, *request.environment})
        if READ_AT_IMPORT.match(name) and not READ_LATER.match(name)
        if (there := request.environment.get(name)) not in (before.get(name), after.get(name))
        if not _is_harmless(name, request.environment)
    ]
    return "; ".join(others)


def _is_harmless(name: str, environment: Mapping[str, str]) -> bool:
    """Return whether a variable that vLLM sets for its engine on a CPU says what is so already."""
    if name == "LD_PRELOAD":  # torch's own libgomp
        mapped = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()}
        libraries = re.split("[: ]", environment.get(name, ""))
        return {os.path.realpath(one) for one in libraries if one} <= mapped
    return name.startswith("TORCHINDUCTOR_") and environment.get("TORCH_COMPILE_DISABLE") == "1"


def unfit() -> str:
    """Return why this process must not be forked; "" where it may.

    A thread that a module started would be none in the child, and what it held would be held for ever. Those of
    libraries in C are not looked at: OpenBLAS and Arrow renew their own.
    """
    others = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    return f"a module started a thread: {', '.join(others)}" if others else ""


def main(arguments: Sequence[str]) -> None:
    """Run the server: ``fork_server NUMBER FOLDER``, with an open socket that listens as file NUMBER.

    FOLDER has the names of the modules, one a line, in a file ``modules``.
    """
    number, folder = arguments
    _log_by_ourselves()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    server = os.getpid()
    try:
        before = _import((Path(folder) / "modules").read_text(encoding="utf-8").split())
        _logger.info("ready: %s modules, %s thread(s)", len(sys.modules), len(os.listdir("/proc/self/task")))
        gc.freeze()  # a collection in a child would touch, and so copy, every page
        with socket.socket(fileno=int(number)) as listener:
            request = _serve(listener, before, unfit())
    finally:
        if os.getpid() == server:
            shutil.rmtree(folder, ignore_errors=True)
    if request is not None:
        _run(request, Path(folder), before)


def _log_by_ourselves() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    _logger.addHandler(handler)
    _logger.setLevel(logging.INFO)
    _logger.propagate = False  # verl and vLLM set what the root logger says


def _import(modules: Sequence[str]) -> dict[str, str]:
    """Import modules, and return the environment that they were imported in. Some write into it."""
    # Whose end ends a worker: Ray asks for the raylet's id when it is imported, and there is none yet.
    os.environ["RAY_RAYLET_PID"] = str(os.getpid())
    before = dict(os.environ)
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception:
            _logger.exception("%s was not imported; whoever needs it imports it", name)
        if name == "verl.trainer.main_ppo":
            added = workers_variables()
            os.environ.update(added)  # before vLLM, which reads some of them
            before.update(added)
    return before


def _serve(listener: socket.socket, before: Mapping[str, str], why: str) -> Request | None:
    """Fork what is asked for until the driver is gone. Return in each child its request; at the end ``None``."""
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ, None)
    selector.register(listener, selectors.EVENT_READ, None)
    children: dict[int, tuple[int, socket.socket]] = {}  # by process id: its pidfd and its client's connection
    while True:
        for key, _ in selector.select():
            if key.fileobj is sys.stdin:
                _end(children)
                return None
            if key.fileobj is listener:
                connection, _ = listener.accept()
                forked = _answer(connection, before, why)
                if isinstance(forked, Request):
                    selector.close()
                    for pidfd, other in children.values():
                        os.close(pidfd)
                        other.close()
                    return forked
                if forked is not None:
                    pidfd = os.pidfd_open(forked)
                    children[forked] = pidfd, connection
                    selector.register(pidfd, selectors.EVENT_READ, forked)
                    selector.register(connection, selectors.EVENT_READ, forked)
            elif key.data in children:
                pidfd, connection = children[key.data]
                if key.fileobj is connection:
                    # The client, which stands for the child, was killed.
                    os.kill(key.data, signal.SIGKILL)
                    selector.unregister(connection)
                    continue
                _, status = os.waitpid(key.data, 0)
                with suppress(OSError):
                    connection.sendall(json.dumps({"status": os.waitstatus_to_exitcode(status)}).encode() + b"\n")
                for one in (pidfd, connection):
                    with suppress(KeyError):
                        selector.unregister(one)
                os.close(pidfd)
                connection.close()
                del children[key.data]


def _answer(connection: socket.socket, before: Mapping[str, str], why: str) -> "Request | int | None":
    """Return the id of the child that is asked for; in the child, the request; ``None`` where none is forked."""
    try:
        request = _receive(connection)
    except (OSError, ValueError, KeyError, TypeError) as error:
        _logger.info("not understood: %r", error)
        connection.close()
        return None
    why = why or refusal(request, before, os.environ)
    if not why and (child := os.fork()) == 0:
        connection.close()
        return request
    for number in request.received:
        os.close(number)
    _logger.info("%s: %s", " ".join(request.arguments)[:90], f"plain Python: {why}" if why else f"forked {child}")
    with suppress(OSError):
        connection.sendall(json.dumps({"plain": why} if why else {"child": child}).encode() + b"\n")
    if why:
        connection.close()
        return None
    return child


def _receive(connection: socket.socket) -> Request:
    connection.settimeout(10)
    said, ancillary, _, _ = connection.recvmsg(1 << 16, socket.CMSG_SPACE(250 * array.array("i").itemsize))
    received = array.array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            received.frombytes(data[: len(data) - len(data) % received.itemsize])
    while said and not said.endswith(b"\n"):
        more = connection.recv(1 << 16)
        if not more:
            break
        said += more
    connection.settimeout(None)
    asked = json.loads(said)
    arguments, flags = asked["arguments"], subprocess._args_from_interpreter_flags()
    if arguments[: len(flags)] == flags:
        # multiprocessing gives its children the parent's own, which are the server's.
        arguments = arguments[len(flags) :]
    return Request(
        arguments, asked["environment"], asked["folder"], asked["files"], received.tolist(), tuple(asked["most_files"])
    )


def _end(children: Mapping[int, tuple[int, socket.socket]]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, number)
        with selectors.DefaultSelector() as left:
            for pidfd, _ in children.values():
                left.register(pidfd, selectors.EVENT_READ)
            while left.get_map() and (ended := left.select(GRACE)):
                for key, _ in ended:
                    left.unregister(key.fileobj)


def _run(request: Request, folder: Path, before: Mapping[str, str]) -> None:
    """Become what was asked for. Its end, an exception too, is the interpreter's own."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.setpgid(0, 0)  # Ray ends a worker by its group
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: gone with the server
    resource.setrlimit(resource.RLIMIT_NOFILE, request.most_files)
    _take_files(request)
    written = {name: value for name, value in os.environ.items() if before.get(name) != value}  # by what was imported
    os.environ.clear()
    os.environ.update({**request.environment, **written})
    os.chdir(request.folder)
    gc.unfreeze()
    _start_anew()
    multiprocessing.set_executable(str(folder / "python"))
    kind, *rest = request.arguments
    if kind == "-c":
        text, name, sys.path[0] = rest.pop(0), "<string>", ""
    else:
        text, name, sys.path[0] = Path(kind).read_bytes(), kind, os.path.dirname(kind)
    sys.argv = [kind, *rest]
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    if kind != "-c":
        module.__file__ = kind
    exec(compile(text, name, "exec"), module.__dict__)  # noqa: S102  what Ray or multiprocessing gave Python to run


def _take_files(request: Request) -> None:
    """Give the files that came with a request their numbers; close the server's."""
    import fcntl

    above = max([2, *request.files, *request.received]) + 1
    moved = [fcntl.fcntl(number, fcntl.F_DUPFD, above) for number in request.received]
    os.closerange(0, above)
    for number, target in zip(moved, request.files, strict=True):
        os.dup2(number, target)
        os.close(number)


def _start_anew() -> None:
    """Undo what a process has from its beginning and must not share: Ray's settings, random numbers."""
    if ray := sys.modules.get("ray._raylet"):
        ray.Config.initialize("")  # reads its variables again
        ray.AuthenticationTokenLoader.instance().reset_cache()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()


if __name__ == "__main__":
    main(sys.argv[1:])
