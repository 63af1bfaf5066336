"""A failed session is asked again: verl's own worker on Ray, the real TransferQueue, and an agent loop that fails."""

import importlib.util
import json
import os
import time
from pathlib import Path

import pytest

from ttrl_verl.composition.recipe import compose_recipe

pytestmark = [pytest.mark.verl, pytest.mark.timeout(600)]


@pytest.fixture(scope="module", autouse=True)
def importable():
    """Ray's workers, started after this, find ``flaky_loop`` beside the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(importlib.util.find_spec("flaky_loop").origin).parent), prepend=os.pathsep)
        yield


@pytest.fixture
def manager(tq, tiny_model, tmp_path):
    """Build the manager that the recipe names, as verl's ``main_ppo`` does, without an engine behind it."""
    import ray
    from verl.utils.import_utils import load_class_from_fqn

    loops = tmp_path / "loops.yaml"
    loops.write_text(json.dumps([{"name": "flaky", "_target_": "flaky_loop.FlakyLoop"}]))
    built = []

    def build(*overrides):
        model = f"actor_rollout_ref.model.path={tiny_model}"
        path = f"actor_rollout_ref.rollout.agent.agent_loop_config_path={loops}"
        config = compose_recipe("demo_cpu", [model, path, *overrides])
        named = load_class_from_fqn(config.actor_rollout_ref.rollout.agent.agent_loop_manager_class)
        built.append(named.create(config=config, llm_client=None, teacher_client=None, reward_loop_worker_handles=None))
        return built[-1]

    yield build
    for one in built:
        for worker in one.agent_loop_workers:
            ray.kill(worker)


def ask(tq, manager, script, uid):
    """Ask a prompt as the trainer does, and return its tags and those of its responses, once it has settled."""
    import numpy as np
    from verl.utils import tensordict_utils as tu

    rows = {
        "uid": np.array([uid], dtype=object),
        "index": np.array([7]),
        "raw_prompt": np.array([[{"role": "user", "content": "?"}]], dtype=object),
        "agent_name": np.array(["flaky"], dtype=object),
        "__rollout_n__": np.array([len(script)]),
        "script": np.array([[*script, None]], dtype=object),
    }
    batch = tu.get_tensordict(rows)
    tu.assign_non_tensor_data(batch, "global_steps", 1)
    tag = {"is_prompt": True, "status": "pending", "global_steps": 1}
    tq.kv_batch_put(keys=[uid], partition_id="train", tags=[tag])
    manager.generate_sequences(batch)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        tags = tq.kv_list(partition_id="train")["train"]
        if tags[uid]["status"] in ("finished", "failure"):
            return tags.pop(uid), tags
        time.sleep(0.2)
    raise AssertionError(f"not settled: {tags}")


def asked(tq, keys):
    """How often each session was asked, as its response says."""
    data = tq.kv_batch_get(keys=sorted(keys), partition_id="train", select_fields=["responses"])
    return [row.tolist() for row in data["responses"].unbind()]


def test_a_failed_session_is_asked_again_as_often_as_the_recipe_says(tq, manager):
    prompt, responses = ask(tq, manager("ttrl.retries=2"), [0, 1, 2, 3], "a")
    # The last failed three times, once and twice again: it is lost, and the others are there.
    assert sorted(responses) == ["a_0_0", "a_1_0", "a_2_0"]
    assert asked(tq, responses) == [[1], [2], [3]]
    assert (prompt["status"], prompt["index"]) == ("failure", 7)


def test_where_all_answer_in_the_end_the_prompt_has_not_failed(tq, manager):
    prompt, responses = ask(tq, manager("ttrl.retries=1"), [1, 0], "b")
    assert (prompt["status"], sorted(responses)) == ("finished", ["b_0_0", "b_1_0"])


def test_without_retries_verls_own_manager_is_used_as_it_is(tq, manager):
    from verl.trainer.ppo.v1 import AgentLoopManagerTQ
    from verl.trainer.ppo.v1.agent_loop_tq import AgentLoopWorkerTQ

    stock = manager("ttrl.retries=0")
    assert type(stock) is AgentLoopManagerTQ
    assert stock.agent_loop_workers_class is AgentLoopWorkerTQ
    prompt, responses = ask(tq, stock, [0, 1], "c")
    assert (prompt["status"], sorted(responses)) == ("failure", ["c_0_0"])
    assert "index" not in prompt


def test_verls_private_methods_are_there():
    """Fails when verl changes what ``sessions`` overrides: look at both then."""
    import inspect

    from verl.trainer.ppo.v1.agent_loop_tq import AgentLoopWorkerTQ

    worker = AgentLoopWorkerTQ.__ray_actor_class__
    prompt, session = (
        [*inspect.signature(method).parameters] for method in (worker._run_prompt, worker._run_agent_loop)
    )
    assert prompt[:5] == ["self", "prompt", "sampling_params", "trajectory", "trace"]
    assert session[:5] == ["self", "sampling_params", "trajectory", "agent_name", "trace"]
    assert Path(inspect.getfile(worker)).name == "agent_loop_tq.py"
