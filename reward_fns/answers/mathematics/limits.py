"""Work under a hard limit: a wall clock and a memory limit for each call, past which its process is killed.

The calls run in processes of a separate server, ``limits_server``, which this process starts when the first call comes.
The server is a clean interpreter: nothing is forked from a process that holds threads, torch or Ray, and none of this
process's modules are imported there. Any thread may call. When this process ends, so does the server.

Why no pool of a library, such as Pebble's: a process that is forked from a reward worker inherits the locks of its
threads; one that is spawned imports the caller's main module, so that a script without a main guard runs again in every
process, and starts anew, sympy included, for each call that was killed. The server here imports sympy once, and forks
what takes a killed one's place from there, in milliseconds.
"""

import atexit
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from typing import Any, NamedTuple

import ttrl_verl

SECONDS = 2.0
MEGABYTES = 512
WORKERS = 6
CANONICAL = "ttrl_verl.reward_fns.answers.mathematics.symbolic:canonical"
PRELOAD = "ttrl_verl.reward_fns.answers.mathematics.symbolic:warm_up"
# The server enforces the limit; these cover its start and a queue, and then a server that does not answer at all.
START_SECONDS = 60.0
QUEUE_SECONDS = 10.0


class Outcome(NamedTuple):
    """What became of a call.

    Attributes:
        value: what the function returned; ``None`` where it did not return.
        status: ``ok``, ``error`` (it raised), ``time``, ``memory`` or ``died``; from ``wait`` also ``lost``: the server
            ended, and the call may be made again.
    """

    value: Any
    status: str

    @property
    def limited(self) -> bool:
        """Whether the call ran past a limit."""
        return self.status in ("time", "memory", "died")


class LimitedPool:
    """Calls functions by name in killable processes.

    Args:
        seconds: wall-clock limit of a call, from when a process takes it.
        megabytes: of address space that a call may add.
        workers: processes. A call that hangs holds one of them until it is killed, and the others go on.
        preload: ``module:function`` that the server calls once, before it forks its processes, perhaps with a blank and
            an argument, a text; empty for nothing.

    Raises:
        ValueError: a limit is not positive.

    Example:
        >>> pool = LimitedPool(seconds=0.5, workers=2, preload="")
        >>> pool.call("math:factorial", 5), pool.call("time:sleep", 60).status
        (Outcome(value=120, status='ok'), 'time')
        >>> pool.close()
    """

    def __init__(
        self, seconds: float = SECONDS, megabytes: int = MEGABYTES, workers: int = WORKERS, preload: str = PRELOAD
    ):
        if seconds <= 0 or megabytes <= 0 or workers <= 0:
            raise ValueError(f"limits are {seconds} s, {megabytes} MB, {workers} workers; expected positive numbers")
        self.preload = preload
        self.seconds, self.megabytes, self.workers = seconds, megabytes, workers
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._waiting: dict[int, Future] = {}
        self._server: subprocess.Popen | None = None
        self._owner = 0
        self._answered = False

    def call(self, function: str, *args: Any) -> Outcome:
        """Call ``module:function`` under the limits and wait for it. Arguments and result must be JSON."""
        outcome = self.wait(self.submit(function, *args))
        if outcome.status == "lost":  # another call took the server down
            outcome = self.wait(self.submit(function, *args))
        return Outcome(None, "died") if outcome.status == "lost" else outcome

    def submit(self, function: str, *args: Any) -> Future:
        """Start a call; ``wait`` for its outcome."""
        future: Future = Future()
        with self._lock:
            number = next(self._numbers)
            server = self._running_server()
            self._waiting[number] = future
            try:
                server.stdin.write(json.dumps([number, function, args]) + "\n")
                server.stdin.flush()
            except OSError:  # it died between two calls: this one is lost, the next one starts another
                self._waiting.pop(number, None)
                future.set_result(Outcome(None, "lost"))
        return future

    def wait(self, future: Future) -> Outcome:
        """Return the outcome of a call that was submitted; never later than the limits allow."""
        patience = QUEUE_SECONDS + self.seconds + (0 if self._answered else START_SECONDS)
        try:
            return future.result(timeout=patience)
        except FutureTimeoutError:
            self.close()
            return Outcome(None, "died")

    def warm_up(self) -> None:
        """Start the server and wait until its processes take calls."""
        self.call("math:factorial", 1)

    def close(self) -> None:
        """End the server and its processes. The next call starts them anew."""
        with self._lock:
            server, self._server = self._server, None
        if server is not None and self._owner == os.getpid():
            _end(server)

    def _running_server(self) -> subprocess.Popen:
        """Return the server, started if it is not there; a forked child starts its own. The lock is held."""
        if self._server is not None and self._owner == os.getpid() and self._server.poll() is None:
            return self._server
        if self._owner != os.getpid():
            self._waiting = {}
        root = str(Path(ttrl_verl.__file__).resolve().parents[1])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
        command = [sys.executable, "-m", "ttrl_verl.reward_fns.answers.mathematics.limits_server"]
        limits = [str(self.seconds), str(self.megabytes), str(self.workers), self.preload]
        # A session of its own: Ctrl-C reaches the caller alone, and the whole group can be ended at once.
        self._server = subprocess.Popen(
            command + limits,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
        self._owner, self._answered = os.getpid(), False
        threading.Thread(target=self._read, args=(self._server, self._waiting), daemon=True).start()
        atexit.register(_end_own, self._server, os.getpid())
        return self._server

    def _read(self, server: subprocess.Popen, waiting: dict[int, Future]) -> None:
        """Hand each outcome to who waits for it, until the server ends."""
        for line in server.stdout:
            number, status, value = json.loads(line)
            self._answered = True
            future = waiting.pop(number, None)
            if future is not None:
                future.set_result(Outcome(value, status))
        _end(server)
        with self._lock:
            if self._server is server:
                self._server = None
            for number in list(waiting):
                waiting.pop(number).set_result(Outcome(None, "lost"))


def _end(server: subprocess.Popen) -> None:
    """Kill the server with its whole group; nothing in there holds anything worth saving."""
    try:
        os.killpg(server.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
    server.wait()


def _end_own(server: subprocess.Popen, owner: int) -> None:
    """End the server at the exit of the process that started it, and not at that of a forked child."""
    if os.getpid() == owner:
        _end(server)


_default: LimitedPool | None = None
_default_lock = threading.Lock()


def default_pool() -> LimitedPool:
    """Return this process's pool with the default limits; the first call of it starts the processes."""
    global _default
    with _default_lock:
        if _default is None:
            _default = LimitedPool()
    return _default
