"""A run that is killed goes on where its last checkpoint was, and its record has neither gap nor double."""

import json
import signal
import time

import psutil
import pytest
from conftest import train  # tests/e2e/conftest.py
from loader_order import indices
from test_separate_async import SEPARATE
from test_two_workers import TWO

from ttrl_verl.record.layout import SUPERSEDED, metrics_file

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(2400)]

STEPS, PROMPTS = 3, 4
BOUND = 90.0
"""Seconds from a kill in which a run goes on or ends: ``ttrl.patience_seconds``, 20 here, 5 until somebody looks, 15
for the trainer's process to end, and what Ray and a step take."""

# Who is killed, by what stands in its command line or title; an engine's process calls itself nothing.
VICTIMS = {
    "agent-loop worker": "AgentLoopWorker",
    "vLLM server": "ray::vLLMHttpServer",
    "vLLM engine": "EngineCore",
    "reward worker": "ray::RewardLoopWorker",
    "training rank": "ray::WorkerDict",
    "driver": "verl.trainer.main_ppo",
    "tree": "",
}
# Whether the run goes on with the other one.
ONE_OF_TWO = {
    "agent-loop worker": False,
    "vLLM server": False,
    "vLLM engine": False,
    "reward worker": True,
    "training rank": False,
    "driver": False,
}
MODES = {
    "sync": (),
    "colocate_async": ("trainer.v1.trainer_mode=colocate_async",),
    "separate_async": (
        *SEPARATE,
        "ray_kwargs.ray_init.num_gpus=4",
        # A mini-batch is a question: four responses, two a rank.
        "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=2",
        "actor_rollout_ref.rollout.log_prob_micro_batch_size_per_gpu=2",
    ),
}


class Killer:
    """Kills a part of a run for good (SIGKILL) as soon as a step is logged."""

    def __init__(self, folder, victim, after_step, attempt=1):
        self.folder, self.victim, self.after_step, self.attempt = folder, victim, after_step, attempt
        self.killed = []

    def __call__(self):
        path = metrics_file(self.folder, self.attempt)
        if not self.killed and path.exists() and f'"step":{self.after_step},' in path.read_text():
            self._kill(self.victim)

    def _kill(self, part, *, one=False):
        mine = str(self.folder / "observed.jsonl")  # inherited by every process of the run
        engines = self._engines()
        for process in psutil.process_iter():
            try:
                name = " ".join([process.name(), *process.cmdline(), engines.get(process.pid, "")])
                if process.environ().get("TTRL_OBSERVER_FILE") == mine and part in name:
                    process.send_signal(signal.SIGKILL)
                    self.killed.append(name)
                    if one:
                        break
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return self.killed

    def _engines(self):
        """vLLM's engines, by process: they keep the command line of the one that forks them."""
        lines = (self.folder / "observed.jsonl").read_text().splitlines()  # the last may be half written
        return {json.loads(line)["pid"]: "EngineCore" for line in lines if line.startswith('{"kind": "engine"')}


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


class KillOne(Killer):
    """Kills one of two processes of a kind after a step; ends a run that goes on for two more steps, or hangs."""

    def __init__(self, folder, victim, attempt):
        super().__init__(folder, victim, after_step=None, attempt=attempt)
        self.at, self.step, self.told, self.went_on, self.hung, self.read = None, None, None, None, False, 0

    def __call__(self):
        steps = self._steps()
        if self.at is None:
            if steps and self._kill(self.victim, one=True):
                self.at, self.step = time.monotonic(), max(steps)
                self.read = (self.folder / "train.log").stat().st_size
            return
        waited = time.monotonic() - self.at
        if self.told is None and b" is gone, and the run " in self._said():
            self.told = waited
        if self.went_on or self.hung:
            return
        self.went_on = waited if max(steps) >= self.step + 2 else None
        self.hung = self.went_on is None and waited > BOUND
        if self.went_on or self.hung:
            self._kill("")

    def _steps(self):
        path = metrics_file(self.folder, self.attempt)
        rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [row["step"] for row in rows if row["step"] > 0]

    def _said(self):
        with (self.folder / "train.log").open("rb") as file:
            file.seek(self.read)
            return file.read()


@pytest.mark.matrix
@pytest.mark.timeout(5400)
@pytest.mark.parametrize("mode", MODES)
def test_one_of_two_is_killed_in_turn_and_nothing_is_lost_or_doubled(mode, tmp_path, tiny_model):
    """One run, started again after each kill: what happened is printed, a row of the table in docs/scale.md each."""
    longer = [
        *TWO,
        *MODES[mode],
        "ttrl.patience_seconds=20",
        "trainer.test_freq=-1",
        "trainer.val_before_train=false",
        "trainer.total_training_steps=100",
    ]
    begins, unlogged = None, set()
    for number, (victim, goes_on) in enumerate(ONE_OF_TWO.items(), start=1):
        killer = KillOne(tmp_path, VICTIMS[victim], attempt=number)
        killed = train(tmp_path, tiny_model, longer, watch=killer)
        assert killer.at is not None, f"{victim} was not killed:\n{killed.log[-2000:]}"
        took, told = time.monotonic() - killer.at, f"{killer.told:.0f} s" if killer.told else "not told"
        ended = (
            f"went on, two more steps in {killer.went_on:.0f} s"
            if killer.went_on
            else f"ended after {took:.0f} s, status {killed.status}"
        )
        missing = [int(row["data"]["ttrl/missing_responses"]) for row in killed.metrics if row["step"] >= killer.step]
        first = killed.record.manifest.attempts[-1].first_step
        print(f"| {mode} | {victim} | {first}, {killer.step} | {told} | {ended} | {missing} |", flush=True)
        assert not killer.hung, f"{victim}: neither ended nor went on in {BOUND:.0f} s"
        assert bool(killer.went_on) == goes_on, victim
        assert killed.status != 0
        # The next attempt does again what was in flight, and nothing else.
        assert begins is None or first == begins
        begins = max(saved_steps(tmp_path)) + 1
        assert begins > killer.step
        # verl saves a step before it logs it: the metrics of one that was killed between are gone, its votes are not.
        unlogged |= {begins - 1} - {row["step"] for row in killed.metrics}
    resumed = train(tmp_path, tiny_model, [*longer, f"trainer.total_training_steps={begins}"])
    steps = range(1, begins + 1)
    print(f"{mode}: saved and not logged {sorted(unlogged)}")
    assert [row["step"] for row in resumed.metrics] == [step for step in steps if step not in unlogged]
    rows = resumed.record.audit().to_pylist()
    assert len({(row["step"], row["uid"]) for row in rows}) == len(rows)
    assert {row["step"] for row in rows} == {*steps}


def saved_steps(folder):
    return [int(path.name.removeprefix("global_step_")) for path in folder.glob("global_step_*")]


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
