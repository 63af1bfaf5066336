"""Settings that do nothing or harm, and lengths that a model or vLLM does not have."""

import json

import pytest

from ttrl_verl.composition.catalogue import part_groups
from ttrl_verl.composition.recipe import compose_run
from ttrl_verl.errors import InputError
from ttrl_verl.preflight.findings import config_findings, refuse
from ttrl_verl.preflight.memory import memory_of
from ttrl_verl.preflight.model import check_positions, model_positions

pytestmark = pytest.mark.slow  # each composes a recipe


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["algorithm.filter_groups.enable=true", "algorithm.filter_groups.metric=acc"],
            "algorithm.filter_groups.metric is acc; expected reward",
        ),
        (["trainer.v1.sampler.sync_refill_failed_groups=true"], "sync_refill_failed_groups is true; expected false"),
        (["trainer.use_v1=false"], "trainer.use_v1 is false; expected true"),
        (["reward.reward_model.enable=true"], "reward.reward_model.enable is true; expected false"),
        (
            ["reward.custom_reward_function.path=mine.py"],
            "reward.custom_reward_function.path is set, and nothing reads",
        ),
        (
            [
                "actor_rollout_ref.actor.ulysses_sequence_parallel_size=2",
                "actor_rollout_ref.model.use_remove_padding=false",
            ],
            "ulysses_sequence_parallel_size is 2; expected 1 where actor_rollout_ref.model.use_remove_padding is false",
        ),
        (
            [
                "actor_rollout_ref.actor.ulysses_sequence_parallel_size=2",
                "+actor_rollout_ref.model.override_config.attn_implementation=sdpa",
            ],
            "ulysses_sequence_parallel_size is 2; expected 1 with the attention sdpa: verl shares sequences in flash",
        ),
        (["reward=random"], "ttrl.votes is 64; the reward random looks at no vote: expected the 32 kept (votes=32)"),
        (
            ["actor_rollout_ref.actor.use_dynamic_bsz=true", "data.max_response_length=20000"],
            "ppo_max_token_len_per_gpu is 16384; expected at least a prompt and a response, 20512",
        ),
        (
            ["reward=empirical_entropy", "ttrl.reward_options={multiplicative:true}"],
            "algorithm.norm_adv_by_std_in_grpo is true; expected false with ttrl.reward_options.multiplicative",
        ),
    ],
)
def test_what_does_nothing_or_harms_is_refused(overrides, message):
    with pytest.raises(InputError) as error:
        refuse(config_findings(compose_run("ttrl_aime24", overrides)))
    assert message in str(error.value)


@pytest.mark.parametrize(
    "overrides",
    [
        ["reward=random", "votes=32"],
        ["actor_rollout_ref.actor.ulysses_sequence_parallel_size=2"],
        ["actor_rollout_ref.actor.use_dynamic_bsz=true"],
        ["reward=empirical_entropy", "ttrl.reward_options={multiplicative:true}", "estimator=ppo"],
    ],
)
def test_the_same_where_it_does_something_is_taken(overrides):
    refuse(config_findings(compose_run("ttrl_aime24", overrides)))


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["data.train_max_samples=16", "data.seed=null"], True),
        (["data.train_max_samples=16", "seed=0"], False),
        (["data.train_max_samples=16", "data.seed=null", "data.shuffle=false"], False),
    ],
)
def test_questions_that_are_drawn_anew_at_each_start_are_told(overrides, told):
    warned = refuse(config_findings(compose_run("ttrl_aime24", overrides)))
    said = "data.train_max_samples is 16 and data.seed is null: each start would draw other questions; expected a seed"
    assert [finding.said.startswith(said) for finding in warned] == [True] * told


def lengths(*overrides):
    return [finding.said for finding in check_positions(compose_run("ttrl_aime24", overrides))]


def test_vllm_is_started_for_the_lengths_of_the_recipe():
    rollout = compose_run("ttrl_aime24", ["data.max_response_length=1000"]).values["actor_rollout_ref"]["rollout"]
    assert rollout["max_model_len"] == 512 + 1000


def test_lengths_beyond_the_models_positions_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert lengths("model=qwen2.5-math-7b") == []
    (said,) = lengths("model=qwen2.5-math-7b", "data.max_response_length=8192")
    assert said.startswith("prompt and response have 8704 tokens; expected at most the 4096 positions of Qwen/")
    (said,) = lengths("model=qwen2.5-7b", "actor_rollout_ref.rollout.max_model_len=3000")
    assert said.endswith("max_model_len is 3000; expected at least prompt and response, 3584")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text(json.dumps({"text_config": {"max_position_embeddings": 100}}))
    assert model_positions(str(tmp_path / "mine"), {}) == 100
    assert "100 positions" in lengths(f"model={tmp_path}/mine")[0]


@pytest.mark.parametrize(
    ("recipe", "model"), [("ttrv_code", "qwen3-vl-8b"), ("ttrl_aime24_lora", "llama-3.2-3b-instruct")]
)
def test_the_models_own_context_has_no_room_and_the_recipes_has(recipe, model, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    overrides = [f"model={model}", "actor_rollout_ref.rollout.gpu_memory_utilization=0.5"]
    native = memory_of(compose_run(recipe, [*overrides, "actor_rollout_ref.rollout.max_model_len=null"]))
    assert not native.fits
    assert native.kv_responses > 0
    assert memory_of(compose_run(recipe, overrides)).fits


@pytest.mark.parametrize("hardware", [name for name in part_groups()["hardware"] if name != "cpu"])
def test_gpus_run_the_engine_that_is_tested_and_few_checkpoints_are_kept(hardware):
    values = compose_run("ttrl_aime24", [f"hardware={hardware}", "seed=7"]).values
    models = values["actor_rollout_ref"]
    assert {models["actor"]["strategy"], models["ref"]["strategy"], values["critic"]["strategy"]} == {"fsdp2"}
    assert models["actor"]["fsdp_config"]["model_dtype"] == "fp32"
    assert values["trainer"]["max_actor_ckpt_to_keep"] == 2
    assert (values["data"]["seed"], models["rollout"]["seed"], models["actor"]["data_loader_seed"]) == (7, 7, 7)
