import pytest

from ttrl_verl.composition.recipe import compose_recipe
from ttrl_verl.demo.run import TASKS, _overrides
from ttrl_verl.preflight.settings import check_config
from ttrl_verl.questions.read import Layout, read_questions


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("reward", ["majority_vote", "empirical_entropy", "random"])
def test_every_reward_and_task_of_the_demo_composes(task, reward, tmp_path):
    settings = _overrides(tmp_path, TASKS[task], reward, 3, "a model/with 'quotes'", ["trainer.nnodes=2"])
    config = compose_recipe("demo_cpu", settings)
    ttrl = check_config(config)
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
