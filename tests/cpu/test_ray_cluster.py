"""What a recipe says of a new Ray is left out where a cluster is joined."""

import os
import subprocess
import sys

import pytest

from ttrl_verl.cpu.ray_cluster import fit_for_ray

SAID = {"num_cpus": 16, "num_gpus": 1, "include_dashboard": False, "runtime_env": {}}


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        pytest.param(SAID, {}, id="nobody names a cluster"),
        pytest.param(SAID, {"RAY_ADDRESS": "local"}, id="a new one is asked for by the environment"),
        pytest.param({**SAID, "address": "local"}, {"RAY_ADDRESS": "10.0.0.1:6379"}, id="and by the recipe"),
    ],
)
def test_a_new_ray_is_told_its_size(options, environment):
    assert fit_for_ray(options, environment) == options


@pytest.mark.parametrize(
    ("options", "environment", "left"),
    [
        (SAID, {"RAY_ADDRESS": "10.0.0.1:6379"}, {"runtime_env": {}}),
        ({**SAID, "address": "auto"}, {}, {"address": "auto", "runtime_env": {}}),
    ],
)
def test_a_cluster_is_not(options, environment, left):
    assert fit_for_ray(options, environment) == left


@pytest.mark.verl
def test_ray_still_refuses_it():
    """Fails when Ray takes its size where it joins a cluster: the patch can then go."""
    import inspect

    import ray._private.worker

    said = " ".join(inspect.getsource(ray._private.worker).replace('"', " ").split())
    assert "num_cpus and num_gpus must not be provided" in said


@pytest.mark.verl
def test_a_cpu_run_has_rays_start_wrapped():
    code = "import verl, ray; print(ray.init.__wrapped__.__module__)"
    env = os.environ | {"VERL_PLATFORM": "cpu"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.stdout.split()[-1:] == ["ray._private.worker"], done.stderr
