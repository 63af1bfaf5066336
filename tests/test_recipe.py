from pathlib import Path

import pytest
from omegaconf import OmegaConf

from ttrl_verl.alarms import AlarmsConfig
from ttrl_verl.config import parse_ttrl_config
from ttrl_verl.errors import InputError
from ttrl_verl.recipe import compose_recipe, plain, recipe_file, recipe_names
from ttrl_verl.search_path import recipes_dir


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_composes_strictly_and_opens_with_its_command(name):
    config = compose_recipe(name)
    parse_ttrl_config(plain(config.ttrl))
    header = [line for line in recipe_file(name).read_text().splitlines() if line.startswith("#")]
    assert any(f"train {name}" in line for line in header)
    assert config.trainer.v1.sampler.sampler_kwargs.kept == config.actor_rollout_ref.rollout.n


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["actor_rollout_ref.rollout.temprature=1"], "Could not override 'actor_rollout_ref.rollout.temprature'"),
        (["trainer.nnodes"], "Error parsing override 'trainer.nnodes'"),
    ],
)
def test_a_bad_override_is_one_line(overrides, message):
    with pytest.raises(InputError) as error:
        compose_recipe("demo_cpu", overrides)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_misspelt_key_in_a_recipe_of_ones_own_names_the_nearest(tmp_path: Path):
    own = tmp_path / "mine.yaml"
    own.write_text("defaults: [ppo_trainer, base/ttrl, _self_]\nactor_rollout_ref: {rollout: {temprature: 2}}\n")
    with pytest.raises(InputError, match=r"rollout\.temprature is no key .* did you mean .*rollout\.temperature\?"):
        compose_recipe(str(own))


def test_a_recipe_of_ones_own_includes_our_parts(tmp_path: Path):
    own = tmp_path / "mine.yaml"
    own.write_text("defaults: [ppo_trainer, base/ttrl, _self_]\nttrl: {votes: 4}\n")
    assert compose_recipe(str(own)).ttrl.votes == 4


def test_a_key_that_the_user_adds_on_purpose_is_taken():
    assert compose_recipe("demo_cpu", ["+trainer.mine=1"]).trainer.mine == 1


@pytest.mark.parametrize("given", ["ttrl.reward_options={alpha:0.5}", "+ttrl.reward_options.alpha=0.5"])
def test_options_of_a_reward_are_given_as_overrides(given):
    assert plain(compose_recipe("demo_cpu", [given]).ttrl)["reward_options"] == {"alpha": 0.5}


def test_an_unknown_recipe_names_the_nearest():
    with pytest.raises(InputError, match="no recipe 'demo_gpu'; did you mean demo_cpu"):
        recipe_file("demo_gpu")


def test_the_defaults_of_the_alarms_are_the_recipes():
    assert parse_ttrl_config(plain(compose_recipe("ttrl").ttrl)).alarms == AlarmsConfig()


def test_recipes_say_only_the_difference():
    for file in recipes_dir().glob("*.yaml"):
        lines = [line for line in file.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
        assert len(lines) <= 60, file
        assert OmegaConf.load(file).defaults[0] == "ppo_trainer"
