"""A run on a Ray cluster of two nodes, both on this machine, started as docs/scale.md says."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from conftest import HERE, train  # tests/e2e/conftest.py

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(2400)]

NODES = ("trainer.nnodes=2", "trainer.n_gpus_per_node=1")


class Cluster:
    """Ray nodes that this test started, each with one of what the CPU platform calls GPU, and ends by process id."""

    def __init__(self, environment):
        self.environment, self.nodes = environment, []
        self.temporary = tempfile.mkdtemp(prefix="ray")  # short: Ray's sockets lie below it
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        head = ["--head", f"--port={self.port}", "--include-dashboard=false", f"--temp-dir={self.temporary}"]
        self._start(*head, "--node-ip-address=127.0.0.1")
        self.add_node()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def add_node(self):
        """Start another node and wait until the cluster knows it."""
        self._start(f"--address={self.address}", "--node-ip-address=127.0.0.1")
        deadline = time.monotonic() + 120
        while self._alive() < 2:
            assert time.monotonic() < deadline, "the second node did not come up"
            time.sleep(2)

    def end(self):
        for node in reversed(self.nodes):
            _end(node)
        shutil.rmtree(self.temporary, ignore_errors=True)

    def _start(self, *options):
        ray = str(Path(sys.executable).parent / "ray")
        command = [ray, "start", "--block", "--num-gpus=1", "--num-cpus=16", *options]
        with (Path(self.temporary) / f"node{len(self.nodes)}.log").open("ab") as log:
            # In a session of its own, so that a node that ends its whole process group does not end pytest.
            self.nodes.append(
                subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, start_new_session=True)
            )

    def _alive(self):
        ask = (
            "import ray, sys; ray.init(address=sys.argv[1], log_to_driver=False); "
            "print('alive', sum(node['Alive'] for node in ray.nodes()))"
        )
        command = [sys.executable, "-c", ask, self.address]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120, check=False)
        return int(done.stdout.split("alive ")[1]) if "alive " in done.stdout else 0


def _end(node):
    processes = [*psutil.Process(node.pid).children(recursive=True), psutil.Process(node.pid)]
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    node.wait()


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    # A worker inherits from its node, not from the command that submits: the observer is named there.
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "of-this-test-alone-" + "0" * 32)
    node = os.environ | {
        "VERL_USE_EXTERNAL_MODULES": "observer",
        "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]),
        "TTRL_OBSERVER_FILE": str(tmp_path / "observed.jsonl"),
        "RAY_DEDUP_LOGS": "0",
    }
    started = Cluster(node)
    monkeypatch.setenv("RAY_ADDRESS", started.address)
    yield started
    started.end()


def test_a_run_on_two_nodes_trains(cluster, tmp_path, tiny_model):
    began = time.monotonic()
    run = train(tmp_path, tiny_model, NODES)
    print(f"two nodes: {time.monotonic() - began:.0f} s")
    assert "num_cpus and num_gpus must not be provided" not in run.log
    assert [row["step"] for row in run.metrics] == [0, 1, 2, 3]
    assert run.series("ttrl/votes") == [24.0] * 3
    differences = [record["mean_absolute_difference"] for record in run.of_kind("log_probs")]
    assert len(differences) == 3
    assert max(differences) < 1e-3
    files = {file.name for file in (run.folder / "global_step_3" / "actor").iterdir()}
    assert {"model_world_size_2_rank_0.pt", "model_world_size_2_rank_1.pt"} <= files
