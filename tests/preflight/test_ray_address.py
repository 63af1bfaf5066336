"""Whether a run joins a cluster: one rule, and what a cluster's run is not held to here."""

import pytest

from ttrl_verl.composition.recipe import compose_run
from ttrl_verl.preflight.batches import new_ray_problems
from ttrl_verl.preflight.host import check_host
from ttrl_verl.preflight.ray_address import joins

CLUSTER = "10.0.0.1:6379"


@pytest.mark.parametrize(
    ("ray_init", "environment", "expected"),
    [
        ({}, {}, False),
        ({}, {"RAY_ADDRESS": CLUSTER}, True),
        ({}, {"RAY_ADDRESS": "local"}, False),
        ({}, {"RAY_ADDRESS": ""}, False),
        ({"address": "auto"}, {}, True),
        ({"address": None}, {"RAY_ADDRESS": CLUSTER}, True),
        # The argument goes before the environment.
        ({"address": "local"}, {"RAY_ADDRESS": CLUSTER}, False),
        ({"address": CLUSTER}, {"RAY_ADDRESS": "local"}, True),
    ],
)
def test_the_argument_of_ray_then_the_environment(ray_init, environment, expected):
    assert joins(ray_init, environment) is expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "override", "here"),
    [
        ("", "", True),
        ("local", "", True),
        (CLUSTER, "", False),
        ("", f"+ray_kwargs.ray_init.address={CLUSTER}", False),
        (CLUSTER, "+ray_kwargs.ray_init.address=local", True),
    ],
)
def test_memory_and_workers_of_this_machine_are_told_where_the_run_is_on_it(monkeypatch, address, override, here):
    monkeypatch.setenv("RAY_ADDRESS", address)
    monkeypatch.setattr("ttrl_verl.preflight.host.vllm_build_is_cpu", lambda: False)
    monkeypatch.setattr("os.sysconf", lambda name: 4096 if name == "SC_PAGE_SIZE" else 10**7)  # 41 GB of 80
    composed = compose_run("ttrl_aime24", ["model=qwen2.5-math-7b", *filter(None, [override])])
    (told,) = check_host(composed)
    assert told.state == ("warn" if here else "ok")
    values = compose_run("ttrl", ["hardware=cpu", "gpus=2", *filter(None, [override])]).values
    assert len(list(new_ray_problems(values, {"RAY_ADDRESS": address}))) == here
