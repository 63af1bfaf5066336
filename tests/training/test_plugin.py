"""What ``import verl`` does with the plugin, each time in a process of its own."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.verl

LOADED = "import sys, verl; print('ttrl_verl.plugin' in sys.modules)"
REGISTERED = """
import verl
from verl.experimental.reward_loop.reward_manager.registry import REWARD_MANAGER
from verl.experimental.agent_loop.agent_loop import _agent_loop_registry
from verl.plugin.platform import get_platform
from ttrl_verl.reward_fns import REWARD_FNS
assert set(REWARD_FNS) <= set(REWARD_MANAGER), REWARD_MANAGER
assert "greedy_single_turn_agent" in _agent_loop_registry
print(get_platform().device_name)
"""


def python(code: str, **env: str) -> subprocess.CompletedProcess:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("VERL_")} | env
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize(("policy", "loaded"), [("auto", "True"), ("ttrl_verl", "True"), ("none", "False")])
def test_verls_own_switch_decides(policy, loaded):
    assert python(LOADED, VERL_USE_EXTERNAL_PLUGINS=policy).stdout.split()[-1] == loaded


def test_rewards_and_agent_loop_are_registered_and_the_cpu_is_chosen():
    done = python(REGISTERED)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "cpu"


def test_another_platform_that_is_named_is_left_alone():
    code = "import verl, os; print(os.environ.get('VERL_ENGINE_DEVICE'))"
    assert python(code, VERL_PLATFORM="nvidia").stdout.split()[-1] == "None"


@pytest.mark.parametrize(
    "first", ["ttrl_verl.training.reward_manager", "ttrl_verl.training.greedy_agent_loop", "ttrl_verl.training.dataset"]
)
def test_our_modules_can_be_imported_first(first):
    done = python(f"import {first}\n{REGISTERED}")
    assert done.returncode == 0, done.stderr


def test_a_plugin_that_fails_is_heard():
    """verl logs a plugin's failure at DEBUG, where nobody looks."""
    code = "import sys; sys.modules['ttrl_verl.cpu'] = None\nimport verl"
    done = python(code)
    assert "ttrl-verl failed to register with verl; run `ttrl-verl check`" in done.stderr
