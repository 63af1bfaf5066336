"""The same on two real Ray nodes of this machine, with a driver that waits as verl's does: for ever."""

import os
import subprocess
import sys
import time

import pytest
from ray_nodes import Cluster

pytestmark = [pytest.mark.verl, pytest.mark.timeout(600)]  # imports Ray, and starts it

DRIVER = """
import sys, time
import ray
from omegaconf import OmegaConf
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from ttrl_verl.cluster import driver, nodes

nodes.EVERY = 1.0
ray.init(log_to_driver=False)
trainer = {"default_local_dir": sys.argv[1], "nnodes": 2, "v1": {"trainer_mode": "sync"}}
ray_kwargs = {"ray_init": {}}
driver.look_at_cluster(
    OmegaConf.create({"trainer": trainer, "ttrl": {"patience_seconds": 5}, "ray_kwargs": ray_kwargs})
)
head = next(node["NodeID"] for node in ray.nodes() if "node:__internal_head__" in node["Resources"])


@ray.remote(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(head, soft=False))
def wait():
    time.sleep(600)


print("waits", flush=True)
ray.get(wait.remote())
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RAY_AUTH_MODE", "token")
        environment.setenv("RAY_AUTH_TOKEN", "of-this-test-alone-" + "0" * 32)
        started = Cluster(dict(os.environ), tmp_path_factory.mktemp("head"))
        environment.setenv("RAY_ADDRESS", started.address)
        yield started
        started.end()


def drive(folder, cwd):
    """Start the driver in a working directory, that of the first node or another."""
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd
    )


def test_a_folder_that_one_node_does_not_see_is_refused(cluster):
    second = cluster.alive()[1]
    out, err = drive("run", cluster.folder).communicate(timeout=300)
    assert "waits" not in out
    said = [line for line in err.splitlines() if line.startswith("ttrl-verl: ")]
    assert len(said) == 1, err
    assert said[0].startswith("ttrl-verl: run: is not seen by the Ray node ")
    assert f"Ray's id {second[:12]}" in said[0]
    assert not [path for path in (cluster.folder / "run").iterdir() if path.name.startswith(".ttrl-verl")]


def test_a_submitted_job_joins_the_cluster_and_looks_at_it(cluster, tmp_path):
    driver = tmp_path / "driver.py"
    driver.write_text(DRIVER.replace("ray.get(wait.remote())", ""))
    log = tmp_path / "job.log"
    status = cluster.submit([sys.executable, str(driver), str(tmp_path / "run")], log)
    said = log.read_text(errors="replace")
    assert status == 0, said
    assert "waits" in said
    assert "succeeded" in said
    assert "is not seen by" not in said
    assert (tmp_path / "run").is_dir()


def test_a_node_that_is_killed_is_named_and_the_run_is_ended(cluster, tmp_path):
    second, driver = cluster.alive()[1], drive(str(tmp_path / "run"), tmp_path)
    assert driver.stdout.readline() == "waits\n"
    cluster.kill_second()
    began = time.monotonic()
    _, err = driver.communicate(timeout=120)
    print(f"the driver ended {time.monotonic() - began:.0f} s after its node")
    assert driver.returncode != 0
    said = [line for line in err.splitlines() if line.startswith("ttrl-verl: ")]
    assert said[0].startswith("ttrl-verl: the Ray node ")
    assert f"Ray's id {second[:12]}" in said[0]
    assert said[1:] == ["ttrl-verl: 5 s later the run has not ended by itself, and is ended"]
