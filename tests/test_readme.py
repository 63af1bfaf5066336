"""Each command of the README is run: here, or where this file says."""

import json
import os
import re
import shlex
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # starts the commands

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
    "ttrl-verl check": "tests/cli/test_cli_check.py",
    "ttrl-verl prepare questions*": "test_own_questions_are_prepared_and_composed",
    "ttrl-verl prepare aime24*": "needs a hub; tests/prepare/test_prepare_benchmarks.py prepares it from a copy",
    "ttrl-verl train ttrl*": "needs GPUs; test_own_questions_are_prepared_and_composed",
    "python -m verl.trainer.main_ppo --config-name=ttrl_aime24*": "needs GPUs; test_verls_own_command_finds_the_recipe",
    "VERL_USE_EXTERNAL_PLUGINS=ttrl_verl python*": "needs GPUs; tests/test_wheel.py, on and off, with another recipe",
    "ttrl-verl report*": "needs a run; tests/e2e/test_after_a_run.py",
    "ttrl-verl audit*": "needs a run; tests/e2e/test_after_a_run.py",
    "ttrl-verl export*": "needs a run; tests/e2e/test_exported_model.py",
    "ttrl-verl vote*": "needs a model; tests/e2e/test_answer.py",
    "ttrl-verl answer*": "needs a model; tests/e2e/test_answer.py",
    "ttrl-verl eval*": "needs a model; tests/e2e/test_evaluation_run.py",
}


# `ttrl-verl` and `python` are this environment's.
ENV = os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}


def here(command: str) -> bool:
    return not any(fnmatchcase(command, pattern) for pattern in ELSEWHERE)


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


def test_own_questions_are_prepared_and_composed(tmp_path):
    from ttrl_verl.composition.recipe import compose_run
    from ttrl_verl.preflight.findings import check_config

    (tmp_path / "mine.csv").write_text("prompt,answer\n" + "".join(f"{n} + 1?,{n + 1}\n" for n in range(40)))
    prepare = next(command for command in COMMANDS if command.startswith("ttrl-verl prepare questions"))
    done = subprocess.run(prepare, shell=True, capture_output=True, text=True, check=False, env=ENV, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mine.parquet").exists()
    train = next(command for command in COMMANDS if command.startswith("ttrl-verl train ttrl"))
    composed = compose_run("ttrl", shlex.split(train)[3:])
    check_config(composed)
    config = composed.config
    assert config.data.train_files == ["mine.parquet"]
    assert config.trainer.default_local_dir == "runs/1"


@pytest.mark.verl
def test_verls_own_command_finds_the_recipe():
    command = next(command for command in COMMANDS if command.startswith("python -m verl.trainer.main_ppo"))
    # --cfg is Hydra's: print the configuration of this very command and stop.
    done = subprocess.run([*shlex.split(command), "--cfg", "job"], capture_output=True, text=True, check=False, env=ENV)
    assert done.returncode == 0, done.stderr
    assert "answer_type: math" in done.stdout


def test_every_command_is_accounted_for():
    for pattern in ELSEWHERE:
        assert any(fnmatchcase(command, pattern) for command in COMMANDS), pattern
