"""Each command of the README is run: here, or where this file says."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
README = (REPOSITORY / "README.md").read_text()
COMMANDS = [
    line
    for block in re.findall(r"^```\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
    if not line.startswith("{")
]
ELSEWHERE = {
    "make demo": "tests/e2e/test_demo.py runs its command, shortened",
    "make test": "CI",
    "pip install .": "tests/test_wheel.py, in a clean environment",
    "ttrl-verl check": "tests/test_check.py",
    "ttrl-verl train ttrl": "needs GPUs; test_the_gpu_commands_compose composes it",
    "python -m verl.trainer.main_ppo --config-name=ttrl": "needs GPUs; test_verls_own_command_finds_the_recipe",
}


# `ttrl-verl` and `python` are this environment's.
ENV = os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}


def here(command: str) -> bool:
    return not any(command == known or command.startswith(f"{known} ") for known in ELSEWHERE)


@pytest.mark.parametrize("command", [command for command in COMMANDS if here(command)])
def test_it_runs_as_it_stands(command):
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=120, check=False, env=ENV)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_score_prints_what_the_readme_says():
    command = next(command for command in COMMANDS if "ttrl-verl score" in command)
    printed = subprocess.run(command, shell=True, capture_output=True, text=True, check=True, env=ENV).stdout
    said = next(line for line in README.splitlines() if line.startswith('{"answers"'))
    assert json.loads(printed) == json.loads(said)


def test_the_gpu_commands_compose(write_jsonl):
    from ttrl_verl.preflight import check_config
    from ttrl_verl.recipe import compose_recipe

    command = next(command for command in COMMANDS if command.startswith("ttrl-verl train ttrl"))
    check_config(compose_recipe("ttrl", shlex.split(command)[3:]))


@pytest.mark.verl
def test_verls_own_command_finds_the_recipe():
    command = next(command for command in COMMANDS if command.startswith("python -m verl.trainer.main_ppo"))
    # --cfg is Hydra's: print the configuration of this very command and stop.
    done = subprocess.run([*shlex.split(command), "--cfg", "job"], capture_output=True, text=True, check=False, env=ENV)
    assert done.returncode == 0, done.stderr
    assert "answer_type: math" in done.stdout


def test_every_command_is_accounted_for():
    assert len(COMMANDS) >= len(ELSEWHERE)
    for known in ELSEWHERE:
        assert any(command == known or command.startswith(f"{known} ") for command in COMMANDS), known
