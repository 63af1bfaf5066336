"""Sessions that fail, votes that end early: verl's own worker on Ray, a real TransferQueue, scripted agent loops."""

import json
import time
from pathlib import Path

import pytest

from ttrl_verl.composition.recipe import compose_recipe

pytestmark = [pytest.mark.verl, pytest.mark.timeout(600)]


@pytest.fixture
def manager(tq, tiny_model, tmp_path):
    """Build the manager that the recipe names, as verl's ``main_ppo`` does, without an engine behind it."""
    import ray
    from verl.utils.import_utils import load_class_from_fqn

    loops = tmp_path / "loops.yaml"
    names = {"flaky": "FlakyLoop", "voting": "VotingLoop"}
    loops.write_text(json.dumps([{"name": name, "_target_": f"flaky_loop.{loop}"} for name, loop in names.items()]))
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


def ask(tq, manager, script, uid, agent="flaky"):
    """Ask a prompt as the trainer does, and return its tags and those of its responses, once it has settled."""
    import numpy as np
    from verl.utils import tensordict_utils as tu

    rows = {
        "uid": np.array([uid], dtype=object),
        "index": np.array([7]),
        "raw_prompt": np.array([[{"role": "user", "content": "?"}]], dtype=object),
        "agent_name": np.array([agent], dtype=object),
        "reward_model": np.array([{"style": "rule", "ground_truth": None}], dtype=object),
        "extra_info": np.array([{"index": 7, "origin": "q.jsonl:8"}], dtype=object),
        "__rollout_n__": np.array([len(script)]),
        "script": np.array([[*script, None]], dtype=object),
    }
    batch = tu.get_tensordict(rows)
    tu.assign_non_tensor_data(batch, "global_steps", 1)
    tag = {"is_prompt": True, "status": "pending", "global_steps": 1}
    tq.kv_batch_put(keys=[uid], partition_id="train", tags=[tag])
    manager.generate_sequences(batch)
    deadline = time.monotonic() + 300  # a worker imports verl before it answers
    while time.monotonic() < deadline:
        tags = tq.kv_list(partition_id="train")["train"]
        if tags[uid]["status"] in ("finished", "failure"):
            return tags[uid], {key: tag for key, tag in tags.items() if key.startswith(f"{uid}_")}
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
    prompt, session, post, score = (
        [name for name in inspect.signature(method).parameters if name != "_ray_trace_ctx"]
        for method in (
            worker._run_prompt,
            worker._run_agent_loop,
            worker._agent_loop_postprocess,
            worker._compute_score,
        )
    )
    assert (post, score) == (["self", "output", "validate", "kwargs"], ["self", "outputs", "kwargs"])
    # Graded before, it is not graded again.
    assert "final_output.reward_score is None and enable_async_reward" in inspect.getsource(worker._compute_score)
    assert prompt[:5] == ["self", "prompt", "sampling_params", "trajectory", "trace"]
    assert session[:5] == ["self", "sampling_params", "trajectory", "agent_name", "trace"]
    assert Path(inspect.getfile(worker)).name == "agent_loop_tq.py"


def test_verls_client_asks_for_a_server_as_we_wrap_it():
    """Fails when verl changes what ``cancelling`` wraps: look at both then."""
    import inspect

    from verl.workers.rollout.llm_server import FullyAsyncLLMServerClient, LLMServerClient

    source = inspect.getsource(LLMServerClient.generate)
    assert "server_id, server = await self._acquire_server(" in source
    assert "await server.generate.remote(" in source
    assert "await super()._acquire_server(" in inspect.getsource(FullyAsyncLLMServerClient._acquire_server)


STOPS = ("ttrl.votes=6", "actor_rollout_ref.rollout.n=2", "ttrl.stop=decided")
FAR = 900  # seconds: `ask` waits for less


def test_votes_that_cannot_change_the_label_are_cancelled_and_those_that_only_vote_leave_no_token(tq, manager):
    # 4 of 6 say "7", the first of them in place 0: decided after four, and nobody waits for the others.
    script = [("7", 2.0, 9), ("7", 0.1, 9), ("7", 0.2, 9), ("7", 0.3, 9), ("8", FAR, 9), ("8", FAR, 9)]
    prompt, responses = ask(
        tq, manager(*STOPS, "ttrl.first_votes=6", "data.max_response_length=100"), script, "d", agent="voting"
    )
    assert (prompt["status"], prompt["cut"]) == ("finished", 2)
    assert sorted(responses) == ["d_0_0", "d_1_0", "d_2_0", "d_3_0"]
    assert 0 < prompt["tokens_saved"] <= 2 * 100  # two cut, of at most 100 tokens
    kept = tq.kv_batch_get(keys=["d_0_0", "d_1_0"], partition_id="train", select_fields=["responses"])["responses"]
    assert [len(row) for row in kept.unbind()] == [9, 9]
    assert [responses[f"d_{place}_0"].get("only_votes", False) for place in range(4)] == [False, False, True, True]
    assert responses["d_2_0"]["response_len"] == 9
    only_votes = tq.kv_batch_get(keys=["d_2_0", "d_3_0"], partition_id="train")
    assert sorted(only_votes.keys()) == ["extra_fields", "extra_info", "reward_model"]
    said = getattr(only_votes["extra_fields"][0], "data", only_votes["extra_fields"][0])["reward_extra_info"]
    assert (said["answer"], said["length"], said["log_prob"]) == ("7", 9, -0.5)
    assert len(json.dumps([said, {"style": "rule", "ground_truth": None}, {"index": 7, "origin": "q.jsonl:8"}])) < 1024


def test_a_decided_prompt_never_starts_the_rest_and_an_open_one_goes_on(tq, manager):
    agreed = [("7", 0.1, 3)] * 3 + [("8", FAR, 3)] * 3  # two are asked, then 1 more: 3 of 6, "7" first in place 0
    prompt, responses = ask(tq, manager(*STOPS), agreed, "e", agent="voting")
    assert (prompt["cut"], sorted(responses)) == (3, ["e_0_0", "e_1_0", "e_2_0"])
    split = [*[("7", 0.1, 3), ("8", 0.1, 3)] * 2, ("7", 0.1, 3), ("8", FAR, 3)]  # 3 against 2 and 1: a tie at the most
    prompt, responses = ask(tq, manager(*STOPS), split, "f", agent="voting")
    assert (prompt["status"], prompt["cut"], len(responses)) == ("finished", 1, 5)


def test_a_voter_that_fails_is_asked_again_only_while_its_vote_is_wanted(tq, manager):
    script = [("7", 0.1, 3)] * 4 + [("fails", 0.5, 3)] * 2
    prompt, responses = ask(tq, manager(*STOPS, "ttrl.first_votes=6", "ttrl.retries=5"), script, "g", agent="voting")
    assert (prompt["status"], prompt["cut"], len(responses)) == ("finished", 2, 4)


def test_a_recipe_that_looks_at_every_vote_carries_every_token(tq, manager):
    script = [("7", 0.1, 3)] * 4
    prompt, responses = ask(
        tq, manager("actor_rollout_ref.rollout.n=2", "ttrl.keep=balanced"), script, "h", agent="voting"
    )
    assert (prompt["status"], "cut" in prompt, len(responses)) == ("finished", False, 4)
    assert not any(tag.get("only_votes") for tag in responses.values())
