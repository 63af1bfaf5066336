"""What ``import verl`` does with the plugin, each time in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

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


def python(code: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("VERL_")} | env
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=cwd, capture_output=True, text=True, timeout=300, check=False
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


def test_a_users_own_reward_fns_breaks_nothing(tmp_path):
    (tmp_path / "reward_fns.py").write_text("def compute_score(*args, **kwargs):\n    return 1.0\n")
    code = f"import verl.experimental.reward_loop.reward_manager, reward_fns; print(reward_fns.__file__)\n{REGISTERED}"
    done = python(code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "reward_fns.py") in done.stdout


def test_a_hook_that_fails_leaves_verl_alone():
    """The advantages, the reward manager and the greedy loop cannot be had; verl's modules import all the same."""
    code = """
import sys
sys.modules["ttrl_verl.training.reward_manager"] = sys.modules["ttrl_verl.training.greedy_agent_loop"] = None
import verl
from ttrl_verl.training import advantages
import verl.experimental.reward_loop.reward_manager, verl.experimental.agent_loop
from verl.experimental.reward_loop.reward_manager.registry import REWARD_MANAGER
print("naive" in REWARD_MANAGER, "majority_vote" in REWARD_MANAGER)
"""
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-2:] == ["True", "False"]
    assert "ttrl-verl left verl.experimental.reward_loop.reward_manager.registry as it is" in done.stderr
    assert "ttrl-verl left verl.experimental.agent_loop.agent_loop as it is" in done.stderr


def test_on_another_version_of_verl_nothing_is_patched():
    code = """
from ttrl_verl import hooks
hooks.TESTED["verl"] = "0.8.0"
import verl.utils.tensordict_utils as ours
print(hasattr(ours.maybe_fix_3d_position_ids, "__wrapped__"), *hooks.untested(), sep="; ")
"""
    done = python(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("False; verl 0.9.1: the patches of ttrl-verl were tested with 0.8.0")


def test_a_name_that_is_taken_is_left_to_who_took_it(tmp_path):
    """Modules of ``VERL_USE_EXTERNAL_MODULES`` load before the plugins."""
    (tmp_path / "mine.py").write_text(
        "from verl.experimental.reward_loop.reward_manager import register\n"
        "from verl.experimental.reward_loop.reward_manager.base import RewardManagerBase\n\n\n"
        '@register("random")\nclass Mine(RewardManagerBase):\n    async def run_single(self, data): ...\n'
    )
    code = """
import verl, mine
from verl.experimental.reward_loop.reward_manager.registry import REWARD_MANAGER
print(REWARD_MANAGER["random"].__module__, REWARD_MANAGER["constant"].__module__)
from ttrl_verl.errors import InputError
from ttrl_verl.training.group_stage import _check_manager
_check_manager("constant")
try:
    _check_manager("random")
except InputError as error:
    print(error)
"""
    done = python(code, cwd=tmp_path, VERL_USE_EXTERNAL_MODULES="mine")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == [
        "mine ttrl_verl.training.reward_manager",
        "reward.reward_manager.name is random, which mine.Mine has registered with verl; register that under another "
        "name",
    ]
    assert "mine.Mine is registered with verl as the reward manager random already and is left alone" in done.stderr
