"""The process behind ``limits``: takes calls as lines of JSON, runs each in a killable process of a pool.

Run as ``python -m reward_fns.answers.limits_server SECONDS MEGABYTES WORKERS``; ends when its standard input does.
"""

import importlib
import json
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any

from pebble import ProcessExpired, ProcessPool
from pebble.common import CONSTS

# Workers are forked from here, so that each starts with it imported. All that this process ever imports.
PRELOAD = "reward_fns.answers.symbolic"
TASKS_PER_WORKER = 2_000
GRACE_SECONDS = 1.0


def limit_memory(megabytes: int) -> None:
    """Let this process map that much more than it has now; past it, Python raises ``MemoryError``."""
    with open("/proc/self/statm") as statm:
        mapped = int(statm.read().split()[0]) * resource.getpagesize()
    limit = mapped + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    os.nice(5)


def run(function: str, args: list[Any]) -> Any:
    """Call ``module:function``; what it returns must be JSON, or the call has failed."""
    module, _, name = function.partition(":")
    result = getattr(importlib.import_module(module), name)(*args)
    json.dumps(result)
    return result


def status_of(error: BaseException | None) -> str:
    """Return the word for how a call ended."""
    if error is None:
        return "ok"
    if isinstance(error, FutureTimeoutError):
        return "time"
    if isinstance(error, MemoryError):
        return "memory"
    return "died" if isinstance(error, ProcessExpired) else "error"


def main(seconds: float, megabytes: int, workers: int) -> None:
    """Serve calls from standard input until it ends."""
    importlib.import_module(PRELOAD).warm_up()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    calls: dict[int, Any] = {}
    threading.Thread(target=_watch, args=(parent, calls, seconds + GRACE_SECONDS), daemon=True).start()
    CONSTS.sleep_unit = 0.02  # how often the pool looks for calls past their time
    CONSTS.term_timeout = 0.5  # then SIGKILL
    output, lock = os.fdopen(os.dup(1), "w"), threading.Lock()
    os.dup2(2, 1)  # what a call prints is no answer

    def answer(number: int, future: Any) -> None:
        calls.pop(number, None)
        error = future.exception()
        if isinstance(error, BrokenProcessPool):  # the caller starts another server, and tries the others again
            _end_group()
        value = None if error else future.result()
        with lock:
            output.write(json.dumps([number, status_of(error), value]) + "\n")
            output.flush()

    pool = ProcessPool(
        max_workers=workers,
        max_tasks=TASKS_PER_WORKER,
        initializer=limit_memory,
        initargs=[megabytes],
        context=multiprocessing.get_context("fork"),
    )
    try:
        for line in sys.stdin:
            number, function, args = json.loads(line)
            future = pool.schedule(run, args=[function, args], timeout=seconds)
            calls[number] = future
            future.add_done_callback(partial(answer, number))
    finally:
        _end_group()


def _watch(parent: int, calls: dict[int, Any], patience: float) -> None:
    """End when the caller is gone, even where a child of it still holds the pipe open, or when a call is lost.

    The pool loses a call whose process dies in the instant in which it takes it.
    """
    since: dict[int, float] = {}
    while os.getppid() == parent:
        now = time.monotonic()
        running = [number for number, future in list(calls.items()) if future.running()]
        since = {number: since.get(number, now) for number in running}
        if any(now - start > patience for start in since.values()):
            break
        time.sleep(0.25)
    _end_group()


def _end_group() -> None:
    os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
