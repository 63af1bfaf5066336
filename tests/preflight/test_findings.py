import copy
import json
import re
import shutil
from functools import reduce
from operator import getitem

import pytest

from ttrl_verl.composition.catalogue import recipe_names
from ttrl_verl.composition.recipe import compose_run
from ttrl_verl.errors import InputError
from ttrl_verl.preflight.config_types import COMPUTED_WITH, check_types
from ttrl_verl.preflight.findings import findings
from ttrl_verl.preflight.memory import formula

pytestmark = pytest.mark.slow  # each check composes a recipe
LABELLED = [{"prompt": f"what is {n}", "answer": n} for n in range(30)]


@pytest.fixture
def said(write_jsonl, tmp_path, monkeypatch):
    """What is said of a recipe with a file of these rows, by topic."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.chdir(tmp_path)
    # What this machine's disk has is no matter of a recipe.
    monkeypatch.setattr("ttrl_verl.preflight.disk.free_bytes", lambda _: 10e12)

    def check(recipe, *overrides, rows=LABELLED):
        data = () if rows is None else (f"data={write_jsonl('q.jsonl', rows)}",)
        return {f"{f.state} {f.what}": f.said for f in findings(compose_run(recipe, [*data, *overrides]))}

    return check


@pytest.mark.parametrize("recipe", recipe_names())
def test_every_recipe_passes(said, recipe):
    found = said(recipe, rows=None)
    assert not [line for line in found if line.startswith(("wrong", "warn"))], found


def test_a_recipe_with_its_questions_says_how_often_each_is_visited(said):
    found = said("ttrl_aime24")
    assert found["ok batches"] == "8 questions x 64 votes, 32 kept, 1 x 32 a mini-batch, 8 workers"
    assert found["ok data"].endswith("q.jsonl: 30 questions, 30 of them with a label")
    assert found["ok epochs"] == "240 steps, each question visited 64 times"
    assert found["ok tokens"] == "at most 1,572,864 sampled and 786,432 trained on in a step"
    assert found["ok memory"].startswith("about 13 GB to train and 51 GB to generate, of 80 GB a GPU")
    assert "Qwen/Qwen2.5-Math-1.5B is not on this machine yet" in found["note model"]


def test_what_is_appended_is_said_and_to_how_many(said):
    examples = [{"role": "assistant", "content": "good"}, {"role": "user", "content": "fine"}]
    rows = [*({"prompt": f"text {n}"} for n in range(30)), {"prompt": [{"role": "user", "content": "ok"}, *examples]}]
    left = said("ttrl_classify", "labels=good,bad", rows=rows)["ok suffix"]
    assert left.endswith(
        "q.jsonl: 'Answer with one of: good, bad.' is appended to 30 of 31 questions; 1 is a chat with examples, left "
        "alone (ttrl.suffix_to=all appends to them, too)"
    )
    asked = said("ttrl_classify", "labels=good,bad", "ttrl.suffix_to=all", rows=rows)["ok suffix"]
    assert asked.endswith("is appended to 31 of 31 questions")


@pytest.mark.parametrize(
    ("overrides", "rows", "topic", "message"),
    [
        (["data.gen_batch_size=8"], LABELLED, "warn epochs", "6 of 30 questions are skipped every epoch"),
        ([], LABELLED[:7], "wrong epochs", "7 questions; expected at least data.train_batch_size, 8"),
        ([], [{"prompt": "x"}] * 9, "warn labels", "has no label: validation has no accuracy"),
        ([], [{"question": "x"}], "wrong data", "q.jsonl:1: has no column 'prompt'"),
        (["batch=3", "gpus=7"], LABELLED, "wrong batches", "3 x 32 responses; expected a multiple of the 7 GPUs"),
        (["model=/gone/away"], LABELLED, "wrong model", "/gone/away: no such folder"),
        (["model=qwen2.5-32b"], LABELLED, "warn memory", "of 80 GB a GPU"),
        (["val=gone.jsonl"], LABELLED, "note data", "gone.jsonl: no such file; `ttrl-verl prepare aime24`"),
    ],
)
def test_what_is_amiss_is_named(said, overrides, rows, topic, message):
    assert message in said("ttrl_aime24", *overrides, rows=rows)[topic]


def test_a_suffix_that_the_file_has_already_is_refused(said):
    suffix = "\nPlease reason step by step, and put your final answer within \\boxed{}."
    rows = [{"prompt": f"what is {n}{suffix}"} for n in range(9)]
    assert "ends with the suffix already" in said("ttrl", "model=qwen2.5-7b", rows=rows)["wrong data"]
    assert "wrong data" not in said("ttrl", "model=qwen2.5-math-7b", rows=rows)


def test_a_models_folder_is_looked_at(said, tmp_path):
    model = tmp_path / "mine"
    model.mkdir()
    (model / "config.json").write_text("{}")
    assert "has no chat template" in said("ttrl", f"model={model}")["wrong model"]
    (model / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ messages }}"}))
    assert said("ttrl", f"model={model}")["ok model"].endswith("has a chat template")


def test_separate_async_wants_its_arithmetic(said):
    found = said("ttrl", "trainer_mode=separate_async", "trainer.v1.separate_async.parameter_sync_step=3")
    assert "expected parameter_sync_step x ppo_mini_batch_size, 3 x 1" in found["wrong batches"]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["gpus=2"], "num_gpus is 1; expected 2, 2 workers"),
        (["trainer_mode=separate_async"], "num_gpus is 1; expected 2, 1 that train and 1 for vLLM"),
        (["gpus=2", "ray_kwargs.ray_init.num_gpus=2"], None),
        (["nodes=2"], None),
        (["trainer_mode=separate_async", "ray_kwargs.ray_init.num_gpus=2"], None),
    ],
)
def test_a_ray_that_starts_here_has_the_workers_that_the_run_takes(said, monkeypatch, overrides, expected):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    found = said("ttrl", "hardware=cpu", *overrides).get("wrong batches", "")
    assert (expected in found) if expected else "num_gpus" not in found
    # A cluster that is there has the size that `ray start` was told.
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert "num_gpus" not in said("ttrl", "hardware=cpu", *overrides).get("wrong batches", "")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trainer.nnodes=two", "trainer.nnodes is 'two'; expected a number"),
        ("trainer.nnodes=1.5", "trainer.nnodes is 1.5; expected a whole number"),
        ("trainer.nnodes=true", "trainer.nnodes is True; expected a number"),
        ("data.shuffle=1", "data.shuffle is 1; expected true or false"),
        ("lr=[1]", "actor_rollout_ref.actor.optim.lr is [1]; expected a number"),
        ("trainer.resume_mode={a:1}", "trainer.resume_mode is {'a': 1}; expected text"),
        ("actor_rollout_ref.actor.optim.betas=0.9", "betas is 0.9; expected a list"),
        ("trainer.v1.separate_async=1", "trainer.v1.separate_async is 1; expected a section"),
        ("trainer.v1=null", "trainer.v1 is null; expected a section"),
        ("trainer.nnodes=null", "trainer.nnodes is null; expected a number"),
        ("trainer.nnodes=inf", "trainer.nnodes is inf; expected a whole number"),
        ("+ray_kwargs.ray_init.num_gpus=two", "ray_kwargs.ray_init.num_gpus is 'two'; expected a number"),
        ("reward.reward_manager.name=null", "reward.reward_manager.name is null; expected text"),
        ("data.train_files=[1]", "data.train_files is [1]; expected a file's name, or a list of names"),
        # The value that is wrong, and not what follows from it.
        (
            "ttrl.votes='${ttrl_verl.product:${trainer.nnodes},2}' trainer.nnodes=two",
            "trainer.nnodes is 'two'; expected",
        ),
        ("ttrl.votes='${ttrl_verl.sum:${trainer.nnodes},2}' trainer.nnodes=null", "trainer.nnodes is null; expected"),
        ("actor_rollout_ref.rollout.n=${trainer.nnodes} trainer.nnodes=two", "trainer.nnodes is 'two'; expected"),
    ],
)
def test_a_value_of_another_kind_is_refused(said, override, message):
    with pytest.raises(InputError) as error:
        said("ttrl", *override.split())
    assert message in str(error.value)


@pytest.fixture(scope="module")
def composed_values() -> dict:
    return compose_run("ttrl").values


@pytest.mark.parametrize(("key", "may_be_null"), list(COMPUTED_WITH.items()))
def test_what_the_checks_compute_with_is_a_number(composed_values, key, may_be_null):
    values = copy.deepcopy(composed_values)
    *path, last = key.split(".")
    section = reduce(getitem, path, values)
    for wrong in ("two", float("inf"), float("nan"), [1], True):
        section[last] = wrong
        if key.endswith("gpu_memory_utilization") and isinstance(wrong, float):
            continue
        with pytest.raises(InputError, match=f"^{re.escape(key)} is .*; expected a (whole )?number"):
            check_types(values)
    section[last] = None
    if may_be_null:
        check_types(values)
    else:
        with pytest.raises(InputError, match=f"^{re.escape(key)} is null; expected a number"):
            check_types(values)


def test_a_name_may_look_like_a_number(said):
    assert "ok recipe" in said("ttrl", "trainer.experiment_name=2024")
    with pytest.raises(InputError, match="unknown reward '2024'"):
        said("ttrl", "reward=2024")


BROKEN = [
    ("config.json", "[]", "its tokenizer cannot be loaded: TypeError"),
    ("config.json", '{"model_type": []}', "its tokenizer cannot be loaded: "),
    ("config.json", '{"model_type": "llama", "hidden_size": "x"}', "its tokenizer cannot be loaded: "),
    ("tokenizer.json", "{}", "its tokenizer cannot be loaded: KeyError"),
    (
        "tokenizer.json",
        None,
        "its tokenizer cannot be loaded: Couldn't instantiate the backend tokenizer from one of: (1)",
    ),
    (
        "chat_template.jinja",
        "{% for",
        "the model's chat template does not take a chat of system, user: TemplateSyntaxError",
    ),
    (
        "chat_template.jinja",
        "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}",
        "the model's chat template does not take a chat of system, user: TemplateError no system role",
    ),
]


@pytest.mark.parametrize(("file", "text", "message"), BROKEN)
def test_a_model_that_cannot_be_loaded_is_a_line(said, tiny_model, tmp_path, file, text, message):
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    (model / file).unlink()
    if text is not None:
        (model / file).write_text(text)
    found = said("ttrl", f"model={model}", "data.max_prompt_length=40", "ttrl.system_prompt=Add.")
    assert message in found["wrong prompts"]
    assert "\n" not in found["wrong prompts"]


def test_a_model_whose_weights_are_cut_is_refused(said, tiny_model, tmp_path):
    shutil.copytree(tiny_model, tmp_path / "model")
    weights = tmp_path / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert "expected the whole file" in said("ttrl", f"model={tmp_path / 'model'}")["wrong model"]


def test_the_formula_is_printed_with_the_terms():
    lines = formula(compose_run("aime24", ["model=qwen2.5-math-7b"])).splitlines()
    assert lines[1].startswith("states    = P x (weights 4 + gradients 4 + Adam 8 bytes) / W")
    assert lines[-1].startswith("states 15.2, critic 0.0, gathered 1.1")
    assert len(formula(compose_run("demo_cpu")).splitlines()) == len(lines) - 1
