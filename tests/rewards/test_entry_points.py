"""What an installed package declares is known by name, here and in the processes apart."""

import os
import subprocess
import sys

import pytest
from own_package import installed

SAY = """
from ttrl_verl.reward_fns import Group, get_reward_fn
from ttrl_verl.reward_fns.answers import get_answer_type
from ttrl_verl.reward_fns.apart import describe_reward

reward = get_reward_fn("rarest")
print(reward(Group(answers=("4", "4", "5"))), "|", reward.origin, "|", describe_reward("rarest", {}).origin)
kind = get_answer_type("last_digit")
print(kind.answer("it is 47."), kind.canonicalize("12"), kind.grade("none"))
try:
    get_reward_fn("rarst")
except ValueError as error:
    print(error)
"""


@pytest.mark.slow
def test_a_package_that_is_built_and_installed(tmp_path):
    path = os.pathsep.join([str(installed(tmp_path)), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", SAY], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    rewards, answers, unknown = done.stdout.splitlines()
    origin = "votes-of-mine 1.2, votes_of_mine:rarest"
    assert rewards == f"[0.0, 0.0, 1.0] | {origin} | {origin}"
    assert answers == "7 2 Canonical(text=None, limited=False)"
    assert unknown.startswith("unknown reward 'rarst'; expected one of agreement_band,")
    assert unknown.endswith("rarest, pkg://module:function or file.py:function; did you mean rarest?")
