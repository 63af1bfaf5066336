import pytest

from ttrl_verl.cli.recipes import COLUMNS
from ttrl_verl.composition.catalogue import (
    chosen_parts,
    describe,
    header,
    part_groups,
    part_header,
    recipe_file,
    recipe_names,
)
from ttrl_verl.composition.places import recipes_dir
from ttrl_verl.errors import InputError


@pytest.mark.parametrize(
    ("short", "name"),
    [("aime24", "ttrl_aime24"), ("ttrl", "ttrl"), ("lora", "ttrl_aime24_lora"), ("paper", "ttrv_paper")],
)
def test_the_end_of_a_name_is_enough(short, name):
    assert recipe_file(short).stem == name


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("aime", "no recipe 'aime'; did you mean ttrl_aime24, ttrl_aime24_lora, ttrl_aime25?"),
        ("amie24", "no recipe 'amie24'; did you mean ttrl_aime24?"),
        ("demo_gpu", "no recipe 'demo_gpu'; did you mean demo_cpu?"),
        ("../base/ttrl", "no recipe '../base/ttrl'; expected one of answer_cpu, demo_cpu"),
        ("gone.yaml", "gone.yaml: no such file"),
        ("", "no recipe ''; expected one of answer_cpu, demo_cpu"),
    ],
)
def test_an_unknown_recipe_names_the_nearest(given, message):
    with pytest.raises(InputError) as error:
        recipe_file(given)
    assert str(error.value).startswith(message)


def test_an_ending_of_several_recipes_is_refused(tmp_path, monkeypatch):
    for name in ("a_same.yaml", "b_same.yaml"):
        (tmp_path / name).write_text("defaults: []\n")
    monkeypatch.setattr("ttrl_verl.composition.catalogue.recipes_dir", lambda: tmp_path)
    with pytest.raises(InputError, match="'same' is short for several recipes: a_same, b_same"):
        recipe_file("same")


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_says_what_it_is_and_what_was_verified(name):
    said = describe(name)
    assert all(said[column] for column in COLUMNS), said


def test_only_what_ran_is_said_to_have_run():
    ran = [name for name in recipe_names() if "ran" in describe(name)["verified"].split()]
    assert ran == ["answer_cpu", "demo_cpu", "demo_vision", "demo_vision_single"]


@pytest.mark.parametrize("group", part_groups())
def test_every_part_opens_with_what_it_is(group):
    for option in part_groups()[group]:
        text = (recipes_dir() / group / f"{option}.yaml").read_text()
        assert text.startswith("# @package _global_\n# "), option
        assert part_header(group, option)["title"], option


def test_a_recipe_that_includes_another_has_its_parts():
    assert chosen_parts(recipe_file("lora"))["hardware"] == "1x24gb_lora"
    assert chosen_parts(recipe_file("lora"))["estimator"] == "grpo"
    assert chosen_parts(recipe_file("demo_cpu")) == {}


def test_a_header_ends_with_the_comments(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("# What it is.\n# gpus: 3\nkey: value\n# task: not of the header\n")
    assert header(file) == {"title": "What it is.", "gpus": "3"}


@pytest.mark.parametrize("text", ["a: [", "- list\n", "\x00"])
def test_a_recipe_that_is_no_yaml_is_one_line(tmp_path, text):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(InputError) as error:
        chosen_parts(file)
    assert "\n" not in str(error.value)
    assert str(file) in str(error.value)
