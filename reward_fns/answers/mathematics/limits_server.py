"""The process behind ``limits``: takes calls as lines of JSON, runs each in one of its killable processes.

Run as ``python -m ttrl_verl.reward_fns.answers.mathematics.limits_server SECONDS MEGABYTES WORKERS PRELOAD``;
ends when its standard input does.

One thread and one loop. Each worker has a pipe of its own: killing one can neither lose another's call nor leave a
shared lock behind, and the worker that takes its place is forked from a process without threads.
"""

import importlib
import json
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

CALLS_PER_WORKER = 2_000
_FORK = multiprocessing.get_context("fork")


def limit_memory(megabytes: int) -> None:
    """Let this process map that much more than it has now; past it, Python raises ``MemoryError``."""
    with open("/proc/self/statm") as statm:
        mapped = int(statm.read().split()[0]) * resource.getpagesize()
    limit = mapped + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def run(function: str, args: list[Any]) -> tuple[str, Any]:
    """Call ``module:function``; return how it ended and what it returned, which must be JSON."""
    module, _, name = function.partition(":")
    try:
        result = getattr(importlib.import_module(module), name)(*args)
        json.dumps(result)
    except MemoryError:
        return "memory", None
    except Exception:  # whatever a call raises is its own fault; the caller is told so
        return "error", None
    return "ok", result


def work(connection: Connection, megabytes: int) -> None:
    """Take calls from a pipe, one after another: the life of a worker."""
    sys.stdout = sys.stderr  # what a call prints is no answer
    limit_memory(megabytes)
    while True:
        function, args = connection.recv()
        connection.send(run(function, args))


@dataclass
class Worker:
    """A process, the pipe to it, and the call that it has.

    Attributes:
        number: of the call; ``None`` while idle.
        deadline: when its call is over, by the monotonic clock.
        calls: how many it has taken.
    """

    process: Any
    connection: Connection
    number: int | None = None
    deadline: float = 0.0
    calls: int = 0


@dataclass
class Server:
    """The workers, and the calls that wait for one.

    Attributes:
        seconds: wall-clock limit of a call, from when a worker takes it.
        megabytes: of memory that a call may add.
    """

    seconds: float
    megabytes: int
    workers: list[Worker] = field(default_factory=list)
    queue: deque[tuple[int, str, list[Any]]] = field(default_factory=deque)

    def start_worker(self) -> None:
        """Fork one more worker."""
        ours, theirs = _FORK.Pipe()
        process = _FORK.Process(target=work, args=(theirs, self.megabytes), daemon=True)
        process.start()
        theirs.close()
        self.workers.append(Worker(process, ours))

    def replace(self, worker: Worker) -> None:
        """Kill a worker and fork another in its place."""
        worker.process.kill()
        worker.process.join()
        worker.connection.close()
        self.workers.remove(worker)
        self.start_worker()

    def dispatch(self) -> None:
        """Give waiting calls to idle workers."""
        for worker in list(self.workers):
            if not self.queue:
                return
            if worker.number is None:
                number, function, args = self.queue.popleft()
                worker.number, worker.deadline = number, time.monotonic() + self.seconds
                worker.calls += 1
                worker.connection.send((function, args))

    def finish(self, worker: Worker, status: str, value: Any) -> None:
        """Answer a worker's call; a worker that is not as it was gets a successor."""
        print(json.dumps([worker.number, status, value]), flush=True)
        worker.number = None
        if status not in ("ok", "error") or worker.calls >= CALLS_PER_WORKER:
            self.replace(worker)

    def collect(self, ready: list[Any]) -> None:
        """Take what workers returned, and kill those that are past their time."""
        for worker in list(self.workers):
            if worker.connection in ready:
                try:
                    self.finish(worker, *worker.connection.recv())
                except (EOFError, OSError):
                    self.finish(worker, "died", None)
            elif worker.number is not None and time.monotonic() > worker.deadline:
                self.finish(worker, "time", None)

    def patience(self) -> float:
        """Return the seconds until the next deadline, at most one: then the loop looks whether its caller is there."""
        deadlines = [worker.deadline for worker in self.workers if worker.number is not None]
        return max(0.0, min([1.0, *(deadline - time.monotonic() for deadline in deadlines)]))


def main(seconds: float, megabytes: int, workers: int, preload: str) -> None:
    """Serve calls from standard input until it ends, or the caller does.

    Workers are forked from here, so that each starts with what ``preload`` (``module:function``, perhaps with a blank
    and an argument, or nothing) made ready.
    """
    if preload:
        function, *argument = preload.split(" ", 1)
        run(function, argument)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    parent = os.getppid()
    server = Server(seconds, megabytes)
    for _ in range(workers):
        server.start_worker()
    unread = b""
    while os.getppid() == parent:
        ready = wait([0, *(worker.connection for worker in server.workers)], server.patience())
        if 0 in ready:
            chunk = os.read(0, 2**16)
            if not chunk:
                break
            *lines, unread = (unread + chunk).split(b"\n")
            server.queue.extend(tuple(json.loads(line)) for line in lines)
        server.collect(ready)
        server.dispatch()
    os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
