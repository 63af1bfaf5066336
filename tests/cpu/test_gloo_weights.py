"""Weights go between processes, from two ranks of the actor to two rollout workers; saved ones are a copy."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

pytestmark = pytest.mark.verl


@pytest.fixture(scope="module", autouse=True)
def _verl():
    pytest.importorskip("verl", reason="verl is not installed")


@pytest.fixture
def engines(monkeypatch):
    """Two of the actor's ranks and two rollout workers, in the group of one update."""
    import ray

    from ttrl_verl.cpu.gloo_weights import GlooCheckpointEngine

    monkeypatch.setattr(ray.util, "get_node_ip_address", lambda: "127.0.0.1")
    made = [GlooCheckpointEngine(8 << 20, is_master=n == 0, timeout_seconds=20) for n in range(4)]
    metadata = [engine.prepare() for engine in made]
    actor, rollout = GlooCheckpointEngine.build_topology(2, 2, metadata)
    told = [{key: of[key][n] for key in of} for of in (actor, rollout) for n in range(2)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: one[0].init_process_group(**one[1]), zip(made, told, strict=True)))
        yield made, pool
    for engine in made:
        engine.finalize()


def test_every_rollout_worker_gets_every_tensor_as_it_was(engines):
    import torch

    (first, second, *receivers), pool = engines
    weights = [
        ("a.weight", torch.arange(6.0).reshape(2, 3)),
        ("the transposed, which is not in a row", torch.arange(6.0).reshape(2, 3).t()),
        ("half", torch.tensor([1.5, -2.0], dtype=torch.bfloat16)),
        ("scale", torch.tensor(3.0)),
    ]
    walked = []

    def gathered():
        for pair in weights:
            walked.append(pair[0])
            yield pair

    sent = [pool.submit(asyncio.run, engine.send_weights(gathered(), global_steps=1)) for engine in (first, second)]
    came = [pool.submit(lambda engine=engine: list(engine.receive_weights())) for engine in receivers]
    assert [future.result(30) for future in sent] == [{}, {}]
    for future in came:
        received = future.result(30)
        assert [name for name, _ in received] == [name for name, _ in weights]
        for (_, weight), (_, expected) in zip(received, weights, strict=True):
            assert weight.dtype == expected.dtype
            assert torch.equal(weight, expected)
    # Both ranks of the actor walked through all of them: FSDP gathers a tensor from all of its ranks.
    assert sorted(walked) == sorted([name for name, _ in weights] * 2)


def test_who_waits_for_one_that_has_gone_is_told(engines):
    (first, _, gone, left), pool = engines
    waiting = pool.submit(lambda: list(left.receive_weights()))
    del gone
    first.finalize()
    with pytest.raises(RuntimeError):
        waiting.result(60)


def test_on_a_cpu_it_answers_to_the_names_that_recipes_say():
    import os
    import subprocess
    import sys

    code = (
        "import verl, verl.checkpoint_engine as c; "
        "print(*(c.CheckpointEngineRegistry.get(name).__name__ for name in ('gloo', 'nccl')))"
    )
    env = os.environ | {"VERL_PLATFORM": "cpu"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.stdout.split()[-2:] == ["GlooCheckpointEngine"] * 2, done.stderr


def test_saved_weights_are_a_copy(monkeypatch, tmp_path):
    """Fails without the patch: on a CPU verl's saved weights are the weights that go on training."""
    import torch
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard
    from verl.utils import fsdp_utils

    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        model = fully_shard(torch.nn.Linear(2, 2), mesh=init_device_mesh("cpu", (1,)))
        before = model.weight.full_tensor().clone()
        state, spec = fsdp_utils.fsdp2_sharded_save_to_cpu(model)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.to_local().add_(1.0)
        fsdp_utils.fsdp2_sharded_load_from_cpu(model, state, spec)
        assert torch.equal(model.weight.full_tensor(), before)
    finally:
        torch.distributed.destroy_process_group()
