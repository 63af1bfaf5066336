"""Completion as the shells ask for it: the environment variable that click's own scripts set."""

import os
import subprocess
import sys

import pytest

from ttrl_verl.composition.catalogue import part_groups, recipe_names

# Each asks a shell's way, in a process.
pytestmark = pytest.mark.slow


def complete(words: str, shell: str = "bash") -> list[str]:
    """What is offered for the last word of a line."""
    count = len(words.split(" ")) - 1
    env = os.environ | {"_TTRL_VERL_COMPLETE": f"{shell}_complete", "COMP_WORDS": words, "COMP_CWORD": str(count)}
    command = [sys.executable, "-m", "ttrl_verl"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_commands():
    assert complete("ttrl-verl tr") == ["train"]


@pytest.mark.parametrize("command", ["train", "show", "check"])
def test_recipes(command):
    assert complete(f"ttrl-verl {command} ttrl_a") == [name for name in recipe_names() if name.startswith("ttrl_a")]
    assert complete(f"ttrl-verl {command} amc") == ["amc"]


def test_short_names_groups_and_keys():
    assert complete("ttrl-verl train aime24 vot") == ["votes="]
    assert complete("ttrl-verl train aime24 estim") == ["estimator="]
    key = "actor_rollout_ref.rollout.temperature="
    assert complete("ttrl-verl train aime24 actor_rollout_ref.rollout.tem") == [key]
    assert "ttrl.votes=" in complete("ttrl-verl train aime24 ttrl.")


def test_the_options_of_a_group():
    # bash takes = for the end of a word; with another COMP_WORDBREAKS the word arrives whole.
    assert complete("ttrl-verl train aime24 estimator = pp") == ["ppo"]
    assert complete("ttrl-verl train aime24 hardware=4") == ["hardware=4x80gb", "hardware=4x8x80gb"]
    models = complete("ttrl-verl train aime24 model=")
    assert models == [f"model={name}" for name in part_groups()["model"]]


def test_nothing_is_offered_for_what_is_unknown():
    assert complete("ttrl-verl train aime24 zzz") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_help_says_how_each_shell_is_told(shell):
    env = os.environ | {"_TTRL_VERL_COMPLETE": f"{shell}_source"}
    command = [sys.executable, "-m", "ttrl_verl"]
    script = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False).stdout
    assert "_TTRL_VERL_COMPLETE" in script
    printed = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True).stdout
    assert f"_TTRL_VERL_COMPLETE={shell}_source ttrl-verl" in printed
