import re

import pytest

from ttrl_verl.composition.recipe import compose_run
from ttrl_verl.demo.digits_model import _BUILD
from ttrl_verl.demo.run import _fitting_batch, _overrides
from ttrl_verl.demo.tasks import DIGITS, SMOLLM2, TASKS, chosen_task
from ttrl_verl.errors import InputError
from ttrl_verl.preflight.data import QuestionFiles
from ttrl_verl.preflight.findings import config_findings, refuse
from ttrl_verl.questions.read import Layout, read_questions


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("reward", ["majority_vote", "empirical_entropy", "random"])
def test_every_reward_and_task_of_the_demo_composes(task, reward, tmp_path):
    settings = _overrides(tmp_path, TASKS[task], reward, 3, "a model/with 'quotes'", ["trainer.nnodes=2"])
    composed = compose_run(TASKS[task].recipe, settings)
    refuse(config_findings(composed))
    config, ttrl = composed.config, composed.ttrl
    assert config.reward.reward_manager.name == reward
    assert config.actor_rollout_ref.model.path == "a model/with 'quotes'"
    assert (config.data.seed, config.trainer.nnodes) == (3, 2)
    assert ttrl.reward_options == ({"seed": 3} if reward == "random" else None)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_demos_questions_are_labelled_and_none_is_held_out_twice(task):
    adapted, heldout = (read_questions(file, Layout()) for file in (task.adapted, task.heldout))
    assert adapted.num_rows == heldout.num_rows == 24
    for table in (adapted, heldout):
        assert None not in table.column("label").to_pylist()
    asked = [row[-1]["content"] for table in (adapted, heldout) for row in table.column("prompt").to_pylist()]
    assert len(set(asked)) == 48


@pytest.mark.slow
@pytest.mark.parametrize(
    ("single", "reward", "model"),
    [(False, None, None), (True, None, None), (False, "random", "internvl"), (True, "majority_vote", "qwen3-vl")],
)
def test_the_vision_demo_composes(single, reward, model, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    task = chosen_task(None, vision=True, single=single, questions=None, heldout=None, model=model)
    assert task.adapted.parent == task.heldout.parent == task.made.folder
    assert task.made.model_dir.parent == tmp_path / "ttrl-verl" / task.made.name
    settings = _overrides(tmp_path / "run", task, reward or task.reward, 1, task.model, [])
    composed = compose_run(task.recipe, settings)
    refuse(config_findings(composed))
    config, ttrl = composed.config, composed.ttrl
    assert config.actor_rollout_ref.model.path == str(task.made.model_dir)
    assert config.reward.reward_manager.name == (reward or "empirical_entropy")
    assert ttrl.votes == config.actor_rollout_ref.rollout.n == (128 if single else 16)
    assert config.data.train_batch_size == (1 if single else 16)
    if reward == "random":
        assert ttrl.reward_options == {"seed": 1}


@pytest.mark.parametrize("name", DIGITS)
def test_the_vision_demo_makes_the_model_that_is_named(name, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    task = chosen_task(None, vision=True, single=False, questions=None, heldout=None, model=name)
    assert task.own_model is None
    assert task.made.arguments == ["ttrl_verl.demo.digits_model", str(task.made.folder), name]
    assert task.model == str(task.made.model_dir)
    assert task.adapted.parent == task.made.folder
    assert set(DIGITS) == set(_BUILD)
    assert len({made.name for made in DIGITS.values()}) == len(DIGITS)


@pytest.mark.parametrize("vision", [False, True])
def test_a_model_of_ones_own_is_not_made(vision):
    task = chosen_task(None, vision=vision, single=False, questions=None, heldout=None, model="somebody/model")
    assert task.model == task.own_model == "somebody/model"
    assert task.made is (DIGITS["qwen2.5-vl"] if vision else SMOLLM2)


def test_questions_of_ones_own_replace_the_tasks(tmp_path):
    mine = tmp_path / "mine.jsonl"
    with pytest.raises(InputError, match=r"mine\.jsonl: no such file"):
        chosen_task("plurals", vision=False, single=False, questions=mine, heldout=None)
    mine.touch()
    task = chosen_task("plurals", vision=False, single=False, questions=mine, heldout=None)
    assert (task.adapted, task.heldout, task.overrides, task.recipe) == (mine, None, (), "demo_cpu")


@pytest.mark.slow
@pytest.mark.parametrize(("questions", "batch"), [(3, 3), (24, 24), (30, 24)])
def test_a_file_with_fewer_questions_than_a_step_takes_is_one_step(questions, batch, write_jsonl, tmp_path):
    mine = write_jsonl("mine.jsonl", [{"prompt": f"what is {n}"} for n in range(questions)])
    task = chosen_task(None, vision=False, single=False, questions=mine, heldout=None)
    chosen = (tmp_path, task, task.reward, 0, "model")
    composed = compose_run(task.recipe, _overrides(*chosen, []))
    fitting = _fitting_batch(composed, QuestionFiles(composed))
    composed = compose_run(task.recipe, _overrides(*chosen, fitting))
    refuse(config_findings(composed))
    config = composed.config
    assert config.data.train_batch_size == config.actor_rollout_ref.actor.ppo_mini_batch_size == batch


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"name": "nobody's"}, '--task is "nobody\'s"; expected one of continents, plurals'),
        ({"single": True}, "--single goes with --vision"),
        ({"name": "plurals", "vision": True}, "--task plurals is text"),
        ({"model": "internvl"}, "--model internvl is a model of pictures; it goes with --vision"),
    ],
)
def test_what_excludes_itself_is_refused(asked, said):
    nothing = {"name": None, "vision": False, "single": False, "questions": None, "heldout": None}
    asked = nothing | asked
    with pytest.raises(InputError, match=re.escape(said)):
        chosen_task(asked.pop("name"), **asked)
