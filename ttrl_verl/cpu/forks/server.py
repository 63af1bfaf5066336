"""The process that imports verl and vLLM once and forks: ``python -m ttrl_verl.cpu.forks.server NUMBER FOLDER``."""

import array
import ctypes
import fcntl
import gc
import importlib
import json
import logging
import multiprocessing
import os
import resource
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import threading
import types
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ttrl_verl.cpu.forks.request import Request, refusal
from ttrl_verl.cpu.forks.start import workers_variables
from ttrl_verl.hooks import when_imported

GRACE = 5.0
"""Seconds between asking what is left to end and ending it, once the driver is gone."""

_logger = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> None:
    """Run the server: ``server NUMBER FOLDER``, with an open socket that listens as file NUMBER.

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
    when_imported("ray.actor", _draw_no_number)
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


def _draw_no_number(actor: types.ModuleType) -> None:
    """Have a class that is decorated with ``ray.remote`` named by the system's random numbers, not by Ray's own.

    Ray's are drawn in C++, where nothing seeds them anew after a fork: with one drawn here, all children would go on
    with the same ones. They are the names of tasks, and an actor that two children give tasks of one name ends with
    "Check failed: erased == 1".
    """
    ids = actor.ActorClassID

    class Drawn:
        @staticmethod
        def from_random() -> object:
            return ids(os.urandom(ids.size()))

    actor.ActorClassID = Drawn


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
                if key.fileobj is children[key.data][1]:
                    # The client, which stands for the child, was killed.
                    os.kill(key.data, signal.SIGKILL)
                    selector.unregister(key.fileobj)
                else:
                    _reap(key.data, *children.pop(key.data), selector)


def _reap(child: int, pidfd: int, connection: socket.socket, selector: selectors.BaseSelector) -> None:
    """Take the status of a child that ended, and tell its client."""
    _, status = os.waitpid(child, 0)
    with suppress(OSError):
        connection.sendall(json.dumps({"status": os.waitstatus_to_exitcode(status)}).encode() + b"\n")
    for one in (pidfd, connection):
        with suppress(KeyError):
            selector.unregister(one)
    os.close(pidfd)
    connection.close()


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


def unfit() -> str:
    """Return why this process must not be forked; "" where it may.

    A thread that a module started would be none in the child, and what it held would be held for ever. Those of
    libraries in C are not looked at: OpenBLAS and Arrow renew their own.
    """
    others = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    return f"a module started a thread: {', '.join(others)}" if others else ""


if __name__ == "__main__":
    main(sys.argv[1:])
