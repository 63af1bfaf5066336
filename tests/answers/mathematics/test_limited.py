"""An answer that ran past a limit of time is tried again: the next time the machine may be less busy."""

from multiprocessing import Pipe

import pytest

from ttrl_verl.reward_fns.answers.canonical import Canonical
from ttrl_verl.reward_fns.answers.mathematics import canonical, limits_server
from ttrl_verl.reward_fns.answers.mathematics.canonical import canonicalize
from ttrl_verl.reward_fns.answers.mathematics.limits import LimitedPool, Outcome

ANSWER = r"\sin 19 + \cos 29"
LATE = Canonical(r'"\sin19+\cos29"', True)


def calls(monkeypatch, *statuses):
    """Let the pool's calls end so, one after another, then with the value 5; return the list that grows with each."""
    made = []

    def call(self, function, *args):
        made.append(args)
        late = len(made) <= len(statuses)
        return Outcome(None, statuses[len(made) - 1]) if late else Outcome(["5", False], "ok")

    monkeypatch.setattr(LimitedPool, "call", call)
    monkeypatch.setattr(canonical, "_limited", {})
    canonical._cached.cache_clear()
    return made


def test_a_limited_result_is_not_kept(monkeypatch):
    made = calls(monkeypatch, "time")
    assert canonicalize(ANSWER) == LATE
    assert canonicalize(ANSWER) == Canonical("5", False)
    assert canonicalize(ANSWER) == Canonical("5", False)
    assert len(made) == 2  # the good one is


def test_an_answer_that_always_hangs_costs_two_tries_a_minute(monkeypatch):
    made = calls(monkeypatch, *["time"] * 9)
    clock = [100.0]
    monkeypatch.setattr(canonical.time, "monotonic", lambda: clock[0])
    assert [canonicalize(ANSWER) for _ in range(64)] == [LATE] * 64
    assert len(made) == 2
    clock[0] += 59
    canonicalize(ANSWER)
    assert len(made) == 2
    clock[0] += 2
    assert [canonicalize(ANSWER) for _ in range(64)] == [LATE] * 64
    assert len(made) == 4


def test_memory_and_a_death_are_tried_again_too(monkeypatch):
    for status in ("memory", "died"):
        calls(monkeypatch, status)
        assert [canonicalize(ANSWER).limited for _ in range(2)] == [True, False]


def test_too_large_is_too_large_for_good(monkeypatch):
    made = calls(monkeypatch)
    assert canonicalize("9**9**9**9").limited
    assert canonicalize("9**9**9**9").limited
    assert made == []
    assert "9**9**9**9" not in canonical._limited


@pytest.mark.parametrize(
    ("status", "limited"),
    [("time", True), ("memory", True), ("died", True), ("ok", False), ("error", False), ("lost", False)],
)
def test_which_ends_are_limits(status, limited):
    assert Outcome(None, status).limited is limited


def test_a_calls_time_begins_when_a_worker_takes_it(monkeypatch):
    """A worker that was idle, or whose last call had time left, gives the next one no more and no less."""
    monkeypatch.setattr(limits_server.time, "monotonic", lambda: 100.0)
    ours, theirs = Pipe()
    worker = limits_server.Worker(process=None, connection=ours, deadline=7.0)
    server = limits_server.Server(seconds=2.0, megabytes=1, workers=[worker])
    server.queue.append((3, "math:factorial", [5]))
    server.dispatch()
    assert (worker.number, worker.deadline, worker.calls) == (3, 102.0, 1)
    assert theirs.recv() == ("math:factorial", [5])
    assert server.patience() == 1.0  # it looks whether its caller is there
