"""A run that is killed goes on where its last checkpoint was, and its record has neither gap nor double."""

import signal

import psutil
import pytest
from conftest import train  # tests/e2e/conftest.py

from ttrl_verl.record.layout import SUPERSEDED, metrics_file

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(2400)]

STEPS, PROMPTS = 3, 4

# Who is killed, by what stands in its command line or title.
VICTIMS = {
    "driver": "verl.trainer.main_ppo",
    "trainer": "ray::TaskRunner",
    "reward-worker": "ray::RewardLoopWorker",
    "vllm": "ray::vLLMHttpServer",
    "actor": "ray::WorkerDict",
    "tree": "",
}


class Killer:
    """Kills a part of a run for good (SIGKILL) as soon as a step is logged."""

    def __init__(self, folder, victim, after_step):
        self.folder, self.victim, self.after_step = folder, victim, after_step
        self.killed = []

    def __call__(self):
        path = metrics_file(self.folder, 1)
        if self.killed or not path.exists() or f'"step":{self.after_step},' not in path.read_text():
            return
        mine = str(self.folder / "observed.jsonl")  # inherited by every process of the run
        for process in psutil.process_iter():
            try:
                name = " ".join([process.name(), *process.cmdline()])
                if process.environ().get("TTRL_OBSERVER_FILE") == mine and self.victim in name:
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


@pytest.mark.parametrize(
    ("victim", "after_step"),
    [
        # Two steps are an epoch: the checkpoint is at its end, where the data loader has to begin anew.
        ("tree", 2),
        pytest.param("driver", 1, marks=pytest.mark.matrix),
        pytest.param("trainer", 1, marks=pytest.mark.matrix),
        pytest.param("reward-worker", 1, marks=pytest.mark.matrix),
        pytest.param("vllm", 1, marks=pytest.mark.matrix),
        pytest.param("actor", 1, marks=pytest.mark.matrix),
    ],
)
def test_a_killed_run_goes_on(victim, after_step, tmp_path, tiny_model, trained):
    killer = Killer(tmp_path, VICTIMS[victim], after_step)
    killed = train(tmp_path, tiny_model, watch=killer)
    assert killer.killed
    assert killed.status != 0
    resumed = train(tmp_path, tiny_model)
    # The record reads as if nothing had happened, and says what did.
    assert [row["step"] for row in resumed.metrics] == list(range(STEPS + 1))
    assert all(row["data"]["ttrl/votes"] == 24 for row in resumed.metrics[1:])
    first_steps = [attempt["first_step"] for attempt in resumed.record.manifest["attempts"]]
    assert first_steps[0] == 1
    assert after_step < first_steps[1] <= STEPS
    # The same prompts in the same steps as without a kill: none visited twice in an epoch, none left out.
    assert visited(resumed) == visited(trained())
    assert sorted(visited(resumed)[1] + visited(resumed)[2]) == list(range(2 * PROMPTS))
    rows = resumed.record.audit().to_pylist()
    assert len({(row["step"], row["index"]) for row in rows}) == len(rows) == STEPS * PROMPTS
    # What the dead attempt had begun is kept, out of the way.
    lost = [path for path in (tmp_path / "audit" / SUPERSEDED).rglob("*.parquet")]
    assert all(int(path.stem.removeprefix("step_")) >= first_steps[1] for path in lost)
