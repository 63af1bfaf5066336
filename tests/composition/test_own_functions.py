"""A user's function named in a recipe or on the command line: its path, and where the run says it came from."""

import pytest

from ttrl_verl.composition.overrides import translate
from ttrl_verl.composition.recipe import compose_run
from ttrl_verl.errors import InputError
from ttrl_verl.preflight.findings import check_config
from ttrl_verl.preflight.own_functions import own_functions

MINE = """
from ttrl_verl.reward_fns import Reward
from ttrl_verl.reward_fns.answers import get_answer_type

rarest = Reward(lambda group: [0.0] * group.size, needs=("texts",))
guess = Reward(lambda group: [0.0] * group.size, needs=("prior",))
kind = get_answer_type("number")


def word(response):
    return None


def wrong(response):
    return 7
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("override", "becomes"),
    [
        ("reward=mine.py:rarest", "reward.reward_manager.name='{}/mine.py:rarest'"),
        ("reward.reward_manager.name=sub/mine.py:rarest", "reward.reward_manager.name='{}/sub/mine.py:rarest'"),
        ("reward=/abs/mine.py:rarest", "reward.reward_manager.name='/abs/mine.py:rarest'"),
        ("reward=pkg://mine:rarest", "reward.reward_manager.name=pkg://mine:rarest"),
        ("reward=oracle", "reward.reward_manager.name=oracle"),
        ("answer_type='my kinds.py:kind'", "ttrl.answer_type='{}/my kinds.py:kind'"),
        ("check=mine.py:word", "ttrl.check='{}/mine.py:word'"),
        ("keep=balanced", "ttrl.keep=balanced"),
        (
            "ttrl.rewards=[{name:mine.py:rarest,weight:0.1},{name:oracle}]",
            "ttrl.rewards=[{{name:'{}/mine.py:rarest',weight:0.1}},{{name:oracle}}]",
        ),
    ],
)
def test_a_path_is_absolute(mine, override, becomes):
    assert translate("ttrl", [override]) == [becomes.format(mine)]


def test_a_recipe_names_its_own_from_the_working_directory(mine):
    recipe = mine / "mine.yaml"
    recipe.write_text(
        "defaults: [ttrl, _self_]\nreward: {reward_manager: {name: mine.py:rarest}}\n"
        "ttrl: {check: mine.py:word, rewards: [{name: mine.py:rarest, weight: 0.5}, {name: majority_vote}]}\n"
    )
    once = translate(str(recipe), ["check=other.py:word"])
    assert once == [
        f"ttrl.check='{mine}/other.py:word'",
        f"reward.reward_manager.name='{mine}/mine.py:rarest'",
        f"ttrl.rewards=[{{name:'{mine}/mine.py:rarest',weight:0.5}},{{name:majority_vote}}]",
    ]
    assert translate(str(recipe), once) == once


def config(*overrides):
    return compose_run("ttrl", [*overrides])


@pytest.mark.slow
def test_where_each_came_from_is_said(mine):
    made = config("reward=mine.py:rarest", "answer_type=mine.py:kind", "check=mine.py:word")
    said = list(own_functions(made.ttrl, made.config.reward.reward_manager.name))
    path = f"{mine}/mine.py"
    assert [tuple(own) for own in said] == [
        ("reward", f"{path}:rarest from {path}, needs texts"),
        ("answer type", f"{path}:kind from {path}"),
        ("check", f"{path}:word from {path}"),
    ]
    check_config(made)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["reward=mine.py:rares"], r"the reward \S+/mine.py:rares: \S+/mine.py has no rares; did you mean rarest\?"),
        (
            ["reward=mine.py:guess"],
            r"mine.py:guess needs prior: ttrl.prior",
        ),
        (
            ["check=mine.py:wrong"],
            r"ttrl.check: the check \S+ fails on 'It is 4.': ValueError: it said 7; expected",
        ),
        (["check=nowhere.py:f"], r"ttrl.check: the check \S+/nowhere.py:f: no such file \S+/nowhere.py"),
        (["answer_type=mine.py:word"], r"ttrl.answer_type: the answer type \S+ is function; expected an AnswerType"),
        (
            ["reward=verified_vote"],
            r"verified_vote needs checks: ttrl.check names a function that gives them",
        ),
        (["reward=region_vote"], r"ttrl.answer_type is math; the reward region_vote reads box"),
        (
            ["ttrl.rewards=[{name:majority_vote},{name:soft_pseudo_label}]"],
            r"ttrl.rewards: soft_pseudo_label returns advantages; it cannot be added to other rewards",
        ),
        (["ttrl.rewards=[{name:oracle}]"], r"the reward oracle trains on labels; a recipe that means it says"),
        (
            ["ttrl.rewards=[{name:oracle}]", "ttrl.reward_options={a:1}"],
            r"ttrl.reward_options and ttrl.rewards are both set",
        ),
    ],
)
def test_what_a_run_cannot_do_is_told_in_one_line(mine, overrides, said):
    with pytest.raises(InputError, match=said) as error:
        check_config(config(*overrides))
    assert "\n" not in str(error.value)
