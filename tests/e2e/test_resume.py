"""A run that is killed goes on where its last checkpoint was, and its record has neither gap nor double."""

import signal
import time

import psutil
import pytest
from conftest import train  # tests/e2e/conftest.py
from loader_order import indices

from ttrl_verl.record.layout import SUPERSEDED, metrics_file

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(2400)]

STEPS, PROMPTS = 3, 4
PATIENCE = 240.0
"""Seconds that a run may go on without its part before the test ends it, as a person would: far more than a step."""

# Who is killed, by what stands in its command line or title.
VICTIMS = {
    "reward-worker": "ray::RewardLoopWorker",
    "vllm": "ray::vLLMHttpServer",
    "driver": "verl.trainer.main_ppo",
    "tree": "",
}


class Killer:
    """Kills a part of a run for good (SIGKILL) as soon as a step is logged, and the rest where it goes on for long."""

    def __init__(self, folder, victim, after_step, attempt=1):
        self.folder, self.victim, self.after_step, self.attempt = folder, victim, after_step, attempt
        self.killed, self.at, self.hung = [], None, False

    def __call__(self):
        if self.killed:
            if not self.hung and time.monotonic() - self.at > PATIENCE:
                self.hung = True
                self._kill("")
            return
        path = metrics_file(self.folder, self.attempt)
        if path.exists() and f'"step":{self.after_step},' in path.read_text():
            self._kill(self.victim)
            self.at = time.monotonic()

    def _kill(self, part):
        mine = str(self.folder / "observed.jsonl")  # inherited by every process of the run
        for process in psutil.process_iter():
            try:
                name = " ".join([process.name(), *process.cmdline()])
                if process.environ().get("TTRL_OBSERVER_FILE") == mine and part in name:
                    process.send_signal(signal.SIGKILL)
                    self.killed.append(name)
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue


def visited(run):
    """The prompts of each step, from the audit."""
    steps = {}
    for row in run.record.audit().select(["step", "index"]).to_pylist():
        steps.setdefault(row["step"], []).append(row["index"])
    return {step: sorted(indices) for step, indices in steps.items()}


def test_a_run_that_is_killed_as_a_whole_goes_on(tmp_path, tiny_model, trained):
    # Two steps are an epoch: the checkpoint is at its end, where the data loader has to begin anew.
    killer = Killer(tmp_path, VICTIMS["tree"], after_step=2)
    killed = train(tmp_path, tiny_model, watch=killer)
    assert killer.killed
    assert killed.status != 0
    resumed = train(tmp_path, tiny_model)
    reads_as_if_nothing_had_happened(resumed, STEPS)
    first_steps = [attempt.first_step for attempt in resumed.record.manifest.attempts]
    assert first_steps == [1, 3]
    # The same prompts in the same steps as without a kill.
    assert visited(resumed) == visited(trained())
    order = indices(2 * PROMPTS, fetch=1, steps=STEPS, train=PROMPTS)
    assert [visited(resumed)[step] for step in (1, 2, 3)] == [
        sorted(order[n * PROMPTS : (n + 1) * PROMPTS]) for n in range(3)
    ]


@pytest.mark.matrix
@pytest.mark.timeout(5400)
def test_each_part_is_killed_in_turn_and_the_run_goes_on(tmp_path, tiny_model):
    """One run, a part killed after each step: what happened is printed, and the record has neither gap nor double."""
    steps = 4  # two epochs
    longer = [f"trainer.total_training_steps={steps}", "trainer.test_freq=-1", "trainer.val_before_train=false"]
    for number, victim in enumerate([name for name in VICTIMS if name != "tree"], start=1):
        killer = Killer(tmp_path, VICTIMS[victim], after_step=number, attempt=number)
        killed = train(tmp_path, tiny_model, longer, watch=killer)
        ended = f"was still there after {PATIENCE:.0f} s" if killer.hung else f"ended with status {killed.status}"
        last = max(row["step"] for row in killed.metrics)
        print(f"{victim}: killed after step {number}; the run logged step {last} and {ended}")
        assert killer.killed, victim
        assert killed.status != 0, victim
    resumed = train(tmp_path, tiny_model, longer)
    reads_as_if_nothing_had_happened(resumed, steps)
    first_steps = [attempt.first_step for attempt in resumed.record.manifest.attempts]
    print(f"first steps of the attempts: {first_steps}")
    assert len(first_steps) == len(VICTIMS)
    assert first_steps == sorted(first_steps)
    # The data order of a run that nobody interrupts, from torch's own sampler: two steps are an epoch.
    order = indices(2 * PROMPTS, fetch=1, steps=steps, train=PROMPTS)
    assert visited(resumed) == {
        step: sorted(order[(step - 1) * PROMPTS : step * PROMPTS]) for step in range(1, steps + 1)
    }


def reads_as_if_nothing_had_happened(run, steps):
    logged = [row["step"] for row in run.metrics]
    assert [step for step in logged if step > 0] == list(range(1, steps + 1))
    assert all(row["data"]["ttrl/votes"] == 24 for row in run.metrics if row["step"] > 0)
    # None visited twice in an epoch, none left out.
    for first in range(1, steps, 2):
        assert sorted(visited(run)[first] + visited(run)[first + 1]) == list(range(2 * PROMPTS))
    rows = run.record.audit().to_pylist()
    assert len({(row["step"], row["index"]) for row in rows}) == len(rows) == steps * PROMPTS
    # What the dead attempts had begun is kept, out of the way.
    starts = [attempt.first_step for attempt in run.record.manifest.attempts]
    lost = [path for path in (run.folder / "audit" / SUPERSEDED).rglob("*.parquet")]
    assert all(int(path.stem.removeprefix("step_")) >= min(starts[1:]) for path in lost)
