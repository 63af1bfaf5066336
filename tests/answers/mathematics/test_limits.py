"""The hard limits: a call past its time or memory is killed, and nobody else waits for it."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from ttrl_verl.reward_fns.answers.mathematics.canonical import canonical_math, canonicalize
from ttrl_verl.reward_fns.answers.mathematics.limits import LimitedPool, Outcome

# Processes are started, hang and are killed.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pool():
    pool = LimitedPool(seconds=0.5, megabytes=256, workers=4, preload="")
    pool.warm_up()
    yield pool
    pool.close()


def timed(call, *args):
    start = time.monotonic()
    outcome = call(*args)
    return outcome, time.monotonic() - start


def test_a_call_returns_its_value(pool):
    assert pool.call("math:factorial", 5) == Outcome(120, "ok")
    assert not pool.call("math:factorial", 5).limited


def test_a_call_that_raises_is_no_answer_and_no_limit(pool):
    outcome = pool.call("math:factorial", -1)
    assert outcome == Outcome(None, "error")
    assert not outcome.limited


def test_a_sleeping_call_is_killed_at_its_time(pool):
    outcome, seconds = timed(pool.call, "time:sleep", 60)
    assert outcome == Outcome(None, "time")
    assert outcome.limited
    assert 0.4 < seconds < 5  # 0.5 s, and slack for a loaded machine


def test_a_call_that_never_returns_to_python_is_killed(pool):
    # One multiplication chain in C: no signal handler written in Python could run during it.
    outcome, seconds = timed(pool.call, "math:factorial", 10**7)
    assert outcome.status == "time"
    assert seconds < 5


def test_a_call_past_its_memory_fails_alone(pool):
    # 10**10 characters are 10 GB; the limit is 256 MB.
    assert pool.call("operator:mul", "x", 10**10).status == "memory"
    assert pool.call("math:factorial", 4) == Outcome(24, "ok")


def test_a_call_that_kills_its_process_is_told(pool):
    assert pool.call("os:abort") == Outcome(None, "died")
    assert pool.call("os:_exit", 3) == Outcome(None, "died")
    assert pool.call("math:factorial", 4) == Outcome(24, "ok")


def test_poisoned_calls_delay_nobody_else(pool):
    poisoned = [pool.submit("time:sleep", 60) for _ in range(3)]
    start = time.monotonic()
    assert [pool.call("math:factorial", n).value for n in range(4)] == [1, 1, 2, 6]
    assert time.monotonic() - start < 0.45  # before the first poisoned one is killed
    assert [pool.wait(future).status for future in poisoned] == ["time"] * 3


def test_any_thread_may_call(pool):
    with ThreadPoolExecutor(8) as threads:
        values = list(threads.map(lambda n: pool.call("math:factorial", n % 6).value, range(60)))
    assert values == [1, 1, 2, 6, 24, 120] * 10


def test_a_server_that_is_killed_is_started_again():
    pool = LimitedPool(seconds=1, workers=1, preload="")
    pool.warm_up()
    os.killpg(pool._server.pid, 9)
    assert pool.call("math:factorial", 3) == Outcome(6, "ok")
    pool.close()


def test_bad_limits_are_refused():
    with pytest.raises(ValueError, match="expected positive numbers"):
        LimitedPool(seconds=0)


def test_the_pool_starts_with_the_first_call_and_imports_nothing_heavy_here():
    program = (
        "import sys; from ttrl_verl.reward_fns.answers.mathematics import limits;"
        "from ttrl_verl.reward_fns.answers.mathematics.canonical import canonical_math;"
        "assert canonical_math('0.50') == '1/2'; assert limits._default is None;"
        "assert canonical_math(r'\\log_2 8') == '3'; assert limits._default is not None;"
        "print([name for name in ('sympy', 'mpmath', 'pebble', 'torch', 'ray', 'verl') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


def test_a_script_without_a_main_guard_may_use_it_and_leaves_no_process(tmp_path):
    # A pool that re-imports the caller's main module would run this script again in each of its processes.
    script = tmp_path / "script.py"
    script.write_text(
        "from ttrl_verl.reward_fns.answers.mathematics import limits\n"
        "pool = limits.LimitedPool(preload='')\n"
        "print(pool.call('math:factorial', 3).value, pool._server.pid)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True, timeout=120, env=environment
    )
    value, server = done.stdout.split()
    assert value == "6"
    time.sleep(0.2)
    alive = [process for process in psutil.process_iter(["status"]) if process.info["status"] != psutil.STATUS_ZOMBIE]
    assert not [process for process in alive if process.pid > 1 and os.getpgid(process.pid) == int(server)]


def test_an_answer_past_the_limit_falls_back_to_its_text_and_says_so(monkeypatch):
    monkeypatch.setattr(LimitedPool, "call", lambda self, function, *args: Outcome(None, "time"))
    canonical, limited = canonicalize(r"\sin 17 + \cos 23 + 1001")
    assert (canonical, limited) == ('"\\sin17+\\cos23+1001"', True)
    assert canonical_math("41/82") == "1/2"
    assert not canonicalize("41/82").limited
