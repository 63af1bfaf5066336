"""A run on a Ray cluster of two nodes, both on this machine; one of them killed, and the run goes on where it was."""

import os
import time

import pytest
from conftest import HERE, train  # tests/e2e/conftest.py
from ray_nodes import Cluster
from test_resume import reads_as_if_nothing_had_happened

from ttrl_verl.launch import train_command
from ttrl_verl.record.layout import metrics_file

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(2400)]

PATIENCE = 240.0
"""Seconds that a run may go on without its node before the test ends it, as a person would."""
NODES = ("trainer.nnodes=2", "trainer.n_gpus_per_node=1")
MINE = "def rarest(group):\n    return [float(group.answers.count(answer) == 1) for answer in group.answers]\n"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def cluster(shared):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RAY_AUTH_MODE", "token")
        environment.setenv("RAY_AUTH_TOKEN", "of-this-test-alone-" + "0" * 32)
        # A worker inherits from its node, not from the command that submits: the observer is named there.
        node = os.environ | {
            "VERL_USE_EXTERNAL_MODULES": "observer",
            "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]),
            "TTRL_OBSERVER_FILE": str(shared / "observed.jsonl"),
            "RAY_DEDUP_LOGS": "0",
        }
        started = Cluster(node, shared)
        environment.setenv("RAY_ADDRESS", started.address)
        yield started
        started.end()


def ended_well_or_not():
    """Given to ``train`` where a run may fail: it then returns."""


def test_a_folder_that_a_node_does_not_see_is_refused_at_the_start(cluster, shared, tmp_path, tiny_model, monkeypatch):
    monkeypatch.chdir(shared)  # the first node's working directory; the second one's is another
    began = time.monotonic()
    run = train(tmp_path, tiny_model, [*NODES, "trainer.default_local_dir=run"], watch=ended_well_or_not)
    print(f"a folder that is not shared: told after {time.monotonic() - began:.0f} s")
    assert run.status == 2
    said = [line for line in run.log.splitlines() if line.startswith("ttrl-verl: ")]
    assert len(said) == 1, run.log[-3000:]
    assert said[0].startswith("ttrl-verl: run: is not seen by the Ray node ")
    assert cluster.alive()[1][:12] in said[0]
    assert "Traceback" not in run.log


def test_a_run_on_two_nodes_trains_by_a_reward_of_ones_own(cluster, shared, tmp_path, tiny_model):
    (tmp_path / "mine.py").write_text(MINE)
    began = time.monotonic()
    run = train(shared, tiny_model, [*NODES, f"reward={tmp_path}/mine.py:rarest"])
    print(f"two nodes: {time.monotonic() - began:.0f} s")
    assert "num_cpus and num_gpus must not be provided" not in run.log
    assert [row["step"] for row in run.metrics] == [0, 1, 2, 3]
    assert run.series("ttrl/votes") == [24.0] * 3
    differences = [record["mean_absolute_difference"] for record in run.of_kind("log_probs")]
    assert len(differences) == 3
    assert max(differences) < 1e-3
    files = {file.name for file in (run.folder / "global_step_3" / "actor").iterdir()}
    assert {"model_world_size_2_rank_0.pt", "model_world_size_2_rank_1.pt"} <= files
    audit = run.record.audit().to_pylist()
    assert len(audit) == 3 * 4
    for row in audit:
        assert row["rewards"] == [float(row["answers"].count(answer) == 1) for answer in row["answers"]]
    # A worker of a cluster inherits nothing of the command that joined it.
    assert "verl.trainer.main_ppo" in run.record.manifest.attempts[0].command


@pytest.mark.matrix
def test_a_run_is_submitted_as_a_job(cluster, tmp_path, tiny_model):
    questions = tmp_path / "questions.jsonl"
    questions.write_text("".join(f'{{"prompt": "what is {n} plus 1", "answer": "{n + 1}"}}\n' for n in range(8)))
    settings = [
        *NODES,
        f"model={tiny_model}",
        f"data={questions}",
        f"out={tmp_path}/run",
        "steps=1",
        "trainer.val_before_train=false",
        "trainer.test_freq=-1",
    ]
    log, began = tmp_path / "submit.log", time.monotonic()
    status = cluster.submit(train_command(str(HERE / "tiny_cpu.yaml"), settings), log)
    print(f"ray job submit: {time.monotonic() - began:.0f} s")
    said = log.read_text(errors="replace")
    assert status == 0, said[-3000:]
    assert "succeeded" in said
    assert (tmp_path / "run" / "global_step_1" / "actor" / "model_world_size_2_rank_1.pt").is_file()


class KillNode:
    """Kills the second node as soon as a step is logged; notes when the run should have ended long ago."""

    def __init__(self, cluster, folder, after_step):
        self.cluster, self.path, self.after = cluster, metrics_file(folder, 1), after_step
        self.at = None

    def __call__(self):
        if self.at is None and self.path.exists() and f'"step":{self.after},' in self.path.read_text():
            self.cluster.kill_second()
            self.at = time.monotonic()
        assert self.at is None or time.monotonic() - self.at < PATIENCE, "the run went on without its node"


@pytest.mark.matrix
@pytest.mark.timeout(3600)
def test_a_node_is_killed_and_the_run_goes_on_when_it_is_back(cluster, tmp_path, tiny_model):
    second, settings = cluster.alive()[1], [*NODES, "trainer.resume_mode=auto"]
    killer = KillNode(cluster, tmp_path, after_step=1)
    killed = train(tmp_path, tiny_model, settings, watch=killer)
    assert killer.at is not None, killed.log[-2000:]
    print(f"a node killed: the run ended {time.monotonic() - killer.at:.0f} s later, with status {killed.status}")
    assert killed.status != 0
    said = [line for line in killed.log.splitlines() if line.startswith("ttrl-verl: the Ray node ")]
    assert len(said) == 1, killed.log[-3000:]
    assert second[:12] in said[0]
    assert "trainer.resume_mode=auto" in said[0]
    print(said[0])
    cluster.add_node()
    resumed = train(tmp_path, tiny_model, settings)
    reads_as_if_nothing_had_happened(resumed, 3)
    print(f"first steps of the attempts: {[attempt.first_step for attempt in resumed.record.manifest.attempts]}")
