"""The kill matrix: one of two of each kind of process is killed, in turn, and the run goes on or is started again.

What is killed, how long it took until somebody was told, and where the next attempt began are printed as rows of the
table in docs/scale.md; the record has neither gap nor double.
"""

import signal
import time

import psutil
import pytest
from conftest import train  # tests/e2e/conftest.py
from test_two_workers import TWO

from ttrl_verl.record.layout import metrics_file
from ttrl_verl.record.read import open_run

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(7200)]

BOUND = 240.0
"""Seconds after which a run that neither ends nor logs a step counts as hanging."""

# Of each, one process is killed; the driver's is the only one.
VICTIMS = {
    "a reward worker": "ray::RewardLoopWorker",
    "a vLLM server": "ray::vLLMHttpServer",
    "an agent-loop worker": "AgentLoopWorker",
    "an actor rank": "ray::WorkerDict",
    "the driver": "verl.trainer.main_ppo",
}


class KillOne:
    """Kills one process of a kind once a step is logged; ends the run where it goes on for two more steps, or hangs."""

    def __init__(self, folder, victim, attempt):
        self.mark = str(folder / "observed.jsonl")  # inherited by every process of the run
        self.path, self.victim = metrics_file(folder, attempt), victim
        self.at, self.step, self.outcome, self.took = None, None, None, None

    def __call__(self):
        steps = self._steps()
        if self.at is None:
            if steps and self._kill(self.victim, one=True):
                self.at, self.step = time.monotonic(), steps
        elif self.outcome is None:
            waited = time.monotonic() - self.at
            if steps >= self.step + 2:
                self._end(f"went on: two more steps in {waited:.0f} s", waited)
            elif waited > BOUND:
                self._end(f"hung for {BOUND:.0f} s", waited)

    def _end(self, outcome, took):
        self.outcome, self.took = outcome, took
        self._kill("", one=False)

    def _steps(self):
        rows = self.path.read_text().splitlines() if self.path.exists() else []
        return sum('"step":0,' not in row for row in rows)

    def _kill(self, part, *, one):
        killed = 0
        for process in psutil.process_iter():
            try:
                name = " ".join([process.name(), *process.cmdline()])
                if part in name and process.environ().get("TTRL_OBSERVER_FILE") == self.mark:
                    process.send_signal(signal.SIGKILL)
                    killed += 1
                    if one:
                        return killed
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return killed


@pytest.mark.parametrize("mode", ["sync", "colocate_async"])
def test_one_of_two_is_killed_in_turn_and_nothing_is_lost_or_doubled(mode, tmp_path, tiny_model):
    longer = [
        *TWO,
        f"trainer.v1.trainer_mode={mode}",
        "trainer.test_freq=-1",
        "trainer.val_before_train=false",
        "trainer.total_training_steps=100",
    ]
    for number, (name, victim) in enumerate(VICTIMS.items(), start=1):
        killer = KillOne(tmp_path, victim, attempt=number)
        killed = train(tmp_path, tiny_model, longer, watch=killer)
        assert killer.at is not None, f"{name} was not killed:\n{killed.log[-2000:]}"
        ended = killer.outcome or f"ended with status {killed.status} after {time.monotonic() - killer.at:.0f} s"
        missing = [int(row["data"].get("ttrl/missing_responses", 0)) for row in killed.metrics]
        begins = open_run(tmp_path).manifest.attempts[-1].first_step
        print(f"| {mode} | {name} | attempt from step {begins}, killed after {killer.step} | {ended} | {missing} |")
        assert "hung" not in ended
    last = max(row["step"] for row in killed.metrics)
    resumed = train(tmp_path, tiny_model, [*longer, f"trainer.total_training_steps={last + 1}"])
    logged = [row["step"] for row in resumed.metrics]
    assert logged == list(range(1, last + 2))
    rows = resumed.record.audit().to_pylist()
    assert len({(row["step"], row["uid"]) for row in rows}) == len(rows)
    assert {row["step"] for row in rows} == set(logged)
    starts = [attempt.first_step for attempt in resumed.record.manifest.attempts]
    print(f"{mode}: first steps of the attempts: {starts}")
    assert starts == sorted(starts)
