"""Stands in for Python: asks the fork server for the process, waits for its end, and ends as it does.

    python -I -S client.py SOCKET ARGUMENT …

The launcher that ``start`` makes runs it. It needs the standard library alone, so it starts in a hundredth of a second.
Plain Python takes its place where the server says so, or is not there.
"""

import array
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO

PATIENCE = 120.0
"""Seconds for the server to answer. It answers when it has imported everything."""


def main(arguments: Sequence[str]) -> int:
    """Run Python's arguments, and return the exit status; negative where a signal was the end."""
    address, *asked = arguments
    answers = _ask(address, asked)
    if answers is None:
        os.execv(sys.executable, [sys.executable, *asked])
    connection, lines, child = answers
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, lambda number, _: _tell(child, number))
    connection.settimeout(None)
    last = next(lines, None)
    # Without a last word the server is gone, and the child with it.
    return json.loads(last)["status"] if last else -signal.SIGKILL


def _ask(address: str, asked: Sequence[str]) -> tuple[socket.socket, BinaryIO, int] | None:
    """Return the connection, its lines and the child's process id; ``None`` where plain Python is to run."""
    files = _open_files()
    request = {"arguments": asked, "environment": dict(os.environ), "folder": os.getcwd(), "files": files}
    request["most_files"] = resource.getrlimit(resource.RLIMIT_NOFILE)
    message = json.dumps(request).encode() + b"\n"
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE)
    try:
        connection.connect(address)
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))]
        sent = connection.sendmsg([message], ancillary)
        connection.sendall(message[sent:])
        lines = connection.makefile("rb")
        return connection, lines, json.loads(next(lines))["child"]
    except (OSError, StopIteration, KeyError):
        connection.close()
        return None


def _open_files() -> list[int]:
    files = []
    for name in os.listdir("/proc/self/fd"):
        try:
            os.fstat(int(name))
        except OSError:
            continue  # the listing's own, closed again
        files.append(int(name))
    return sorted(files)


def _tell(child: int, number: int) -> None:
    with suppress(ProcessLookupError):  # its status is on the way
        os.kill(child, number)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    if status < 0:
        if -status != signal.SIGKILL:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)
