"""``ttrl-verl check`` on the real verl."""

import json
import os
import subprocess
import sys

import pytest

from ttrl_verl.composition.catalogue import recipe_names

pytestmark = pytest.mark.verl


def check(*arguments: str, **env: str) -> subprocess.CompletedProcess:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("VERL_")} | env
    command = [sys.executable, "-m", "ttrl_verl", "check", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_it_says_what_is_installed_and_that_verl_took_the_plugin():
    done = check()
    assert done.returncode == 0, done.stderr
    for said in ("verl          0.9.1", "platform      cpu", "majority_vote", "plugin        verl loaded it"):
        assert said in done.stdout


def test_it_says_when_verl_did_not_take_the_plugin():
    done = check(VERL_USE_EXTERNAL_PLUGINS="none")
    assert done.returncode == 1
    assert "WRONG plugin        verl did not load it" in done.stdout
    assert "WRONG rewards       not registered: " in done.stdout


def test_verl_has_no_objection_to_any_recipe():
    done = check("all", "--json")
    found = json.loads(done.stdout)
    assert found["ok"], done.stdout
    said = {name: [f["said"] for f in of if f["what"] == "verl"] for name, of in found["checks"].items()}
    del said["installation"]
    assert said == {name: ["its own validate_config has no objection"] for name in recipe_names()}


def test_what_verl_objects_to_is_said_and_what_it_is_told():
    # Nothing of ours looks at this one.
    done = check("demo_cpu", "actor_rollout_ref.actor.loss_agg_mode=mean")
    assert done.returncode == 1
    assert "WRONG verl          validate_config: Invalid loss_agg_mode: mean" in done.stdout


def test_a_critic_whose_model_is_elsewhere_is_a_note(tmp_path):
    done = check("ttrl_aime24", "estimator=ppo", HF_HUB_OFFLINE="1", HF_HUB_CACHE=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "note  verl          validate_config opens the critic's model, which is not on this machine" in done.stdout


def test_a_bad_recipe_is_one_line_and_verl_is_not_waited_for():
    done = check("demo_cpu", "actor_rollout_ref.rollout.n=8", "ttrl.votes=1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "ttrl-verl: ttrl.votes is 1; expected at least actor_rollout_ref.rollout.n, the 8 responses kept\n"
    )
