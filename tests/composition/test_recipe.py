import subprocess
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from ttrl_verl.alarms.config import AlarmsConfig
from ttrl_verl.composition.catalogue import included, recipe_file, recipe_names
from ttrl_verl.composition.places import recipes_dir
from ttrl_verl.composition.recipe import compose_recipe, compose_run, plain
from ttrl_verl.config import parse_ttrl_config
from ttrl_verl.errors import InputError


@pytest.mark.slow
@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_composes_strictly_and_opens_with_its_command(name):
    config = compose_recipe(name)
    parse_ttrl_config(plain(config.ttrl))
    header = [line for line in recipe_file(name).read_text().splitlines() if line.startswith("#")]
    assert any(line.startswith(f"#   ttrl-verl train {name}") for line in header)
    assert config.trainer.v1.sampler.sampler_kwargs.kept == config.actor_rollout_ref.rollout.n


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["actor_rollout_ref.rollout.temprature=1"], "did you mean actor_rollout_ref.rollout.temperature?"),
        (["trainer.nnodes"], "'trainer.nnodes' is no override; expected KEY=VALUE"),
        # Hydra says these.
        pytest.param(["trainer.nnodes=[1"], "no viable alternative at input '[1'", marks=pytest.mark.slow),
        pytest.param(["trainer_mode@=1"], "Config group override must be a string or a list", marks=pytest.mark.slow),
        pytest.param(["~nothing"], "nothing", marks=pytest.mark.slow),
    ],
)
def test_a_bad_override_is_one_line(overrides, message):
    with pytest.raises(InputError) as error:
        compose_recipe("demo_cpu", overrides)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


OURS = "defaults: [ppo_trainer, base/ttrl, _self_]\n"
TENFOLD = "\n".join(f"b{level}: &b{level} [{', '.join([f'*b{level - 1}'] * 10)}]" for level in range(1, 10))


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (f"b0: &b0 [lol]\n{TENFOLD}\n", "mine.yaml: stands for more than 20000 values where its aliases are written"),
        (
            "b0: &b0 {a: 1}\n" + TENFOLD.replace("[", "{<<: [").replace("]", "]}"),
            "mine.yaml: stands for more than 20000 values",
        ),
        ("ttrl: &a {reward_options: *a}\n", "mine.yaml: has a value that holds itself, by an alias"),
        (f"a: {'{a: ' * 900}1{'}' * 900}\n", "mine.yaml: is nested too deeply"),
        (f"a:\n  {'- ' * 40_000}1\n", "mine.yaml: is nested too deeply"),  # it ended the process
        (f"ttrl: {{votes: {'9' * 5000}}}\n", "mine.yaml: is no YAML: Exceeds the limit (4300 digits)"),
        ("ttrl: {votes: 2001-99-99}\n", "mine.yaml: is no YAML: month must be in 1..12"),
        ("ttrl: {check: !!python/name:os.system x}\n", "mine.yaml: is no YAML: could not determine a constructor"),
    ],
)
def test_a_hostile_recipe_is_refused_before_anything_is_composed(tmp_path: Path, written, message):
    own = tmp_path / "mine.yaml"
    own.write_text(OURS + written)
    with pytest.raises(InputError) as error:
        compose_recipe(str(own))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("written", "message"),
    [
        (f"{OURS}ttrl: {{votes: 2}}\nttrl: {{votes: 3}}\n", "found duplicate key ttrl"),
        (
            f"{OURS}trainer: {{project_name: '${{foo'}}\n",
            "trainer.project_name: no viable alternative at input '${foo'",
        ),
        ("defaults: [mine, _self_]\n", "its defaults lists include one another without an end"),
    ],
)
def test_what_hydra_refuses_in_a_recipe_says_where(tmp_path: Path, written, message):
    own = tmp_path / "mine.yaml"
    own.write_text(written)
    with pytest.raises(InputError) as error:
        compose_recipe(str(own))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_an_interpolation_that_leads_nowhere_is_named():
    run = compose_run("demo_cpu", ["trainer.logger=${oc.env:NO_SUCH_VARIABLE}"])
    with pytest.raises(InputError, match=r"^trainer\.logger: .*Environment variable 'NO_SUCH_VARIABLE' not found"):
        _ = run.values


def test_a_recipe_that_may_not_be_read_is_one_line(tmp_path: Path, monkeypatch):
    (tmp_path / "mine.yaml").write_text(OURS)

    def refused(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(InputError, match=r"mine\.yaml: cannot be read: Permission denied$"):
        included(tmp_path / "mine.yaml")


def test_recipes_that_include_one_another_are_read_once_each(tmp_path: Path):
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.yaml").write_text(f"defaults: [{other}, _self_]\n")
    assert included(tmp_path / "a.yaml") == {"a", "b", "_self_"}


@pytest.mark.slow
def test_a_misspelt_key_in_a_recipe_of_ones_own_names_the_nearest(tmp_path: Path):
    own = tmp_path / "mine.yaml"
    own.write_text("defaults: [ppo_trainer, base/ttrl, _self_]\nactor_rollout_ref: {rollout: {temprature: 2}}\n")
    with pytest.raises(InputError, match=r"rollout\.temprature is no key .* did you mean .*rollout\.temperature\?"):
        compose_recipe(str(own))


@pytest.mark.slow
def test_a_recipe_of_ones_own_includes_our_parts(tmp_path: Path):
    own = tmp_path / "mine.yaml"
    own.write_text("defaults: [ppo_trainer, base/ttrl, _self_]\nttrl: {votes: 4}\n")
    assert compose_recipe(str(own)).ttrl.votes == 4


@pytest.mark.slow
def test_a_key_that_the_user_adds_on_purpose_is_taken():
    assert compose_recipe("demo_cpu", ["+trainer.mine=1"]).trainer.mine == 1


@pytest.mark.slow
@pytest.mark.parametrize("given", ["ttrl.reward_options={alpha:0.5}", "+ttrl.reward_options.alpha=0.5"])
def test_options_of_a_reward_are_given_as_overrides(given):
    assert plain(compose_recipe("demo_cpu", [given]).ttrl)["reward_options"] == {"alpha": 0.5}


@pytest.mark.slow
def test_the_defaults_of_the_alarms_are_the_recipes():
    assert parse_ttrl_config(plain(compose_recipe("ttrl").ttrl)).alarms == AlarmsConfig()


def test_recipes_say_only_the_difference():
    for file in recipes_dir().glob("*.yaml"):
        lines = [line for line in file.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
        assert len(lines) <= (60 if file.stem.startswith("demo_") else 40), file
        assert OmegaConf.load(file).defaults[0] in ("ppo_trainer", *recipe_names())


@pytest.mark.verl
@pytest.mark.parametrize("part", [(), ("model=qwen2.5-7b", "estimator=ppo")])
def test_verls_own_command_finds_the_recipes_and_their_parts(part):
    """No path is given: Hydra's search-path plugin finds the groups below recipes/ too."""
    command = [sys.executable, "-m", "verl.trainer.main_ppo", "--config-name=ttrl_aime24", *part, "--cfg", "job"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"path: Qwen/{'Qwen2.5-7B' if part else 'Qwen2.5-Math-1.5B'}\n" in done.stdout
