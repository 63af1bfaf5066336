"""Imports point one way, and the light half stays light.

`make check` holds the code to the contract of pyproject.toml; here contract, CONTRIBUTING and folders are compared.
"""

import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ttrl_verl import reward_fns

HEAVY = ("torch", "verl", "ray", "vllm", "transformers", "transfer_queue")
MODULES = [
    "ttrl_verl.reward_fns",
    *(m.name for m in pkgutil.walk_packages(reward_fns.__path__, "ttrl_verl.reward_fns.")),
]

REPOSITORY = Path(__file__).parent.parent
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
(LAYERS,) = (c["layers"] for c in PROJECT["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
# The repository's folder, and the package it is installed as.
FOLDERS = {"ttrl_verl": "ttrl_verl", "reward_fns": "ttrl_verl.reward_fns", "recipes": "ttrl_verl.recipes"}


def test_the_contract_has_each_module_once():
    named = sorted(name for layer in LAYERS for name in re.findall(r"\w+", layer))
    files = {file.stem for file in (REPOSITORY / "ttrl_verl").glob("*.py")} - {"__init__"}
    folders = {file.parent.name for file in (REPOSITORY / "ttrl_verl").glob("*/__init__.py")}
    assert named == sorted(files | folders | {"reward_fns", "recipes"}), "put a new module into pyproject's layers"


def test_the_table_of_contributing_is_the_contract():
    page = (REPOSITORY / "CONTRIBUTING.md").read_text().partition("| row | where |")[2]
    rows = re.findall(r"^\| (`[^|]+) \| (`[^|]+) \| [^|]+ \|$", page, re.MULTILINE)
    assert [re.findall(r"`(\w+)`", names) for names, _ in rows] == [re.findall(r"\w+", layer) for layer in LAYERS]
    for names, places in rows:
        paths = [REPOSITORY / place for place in re.findall(r"`([^`]+)`", places)]
        assert [path.stem for path in paths] == re.findall(r"`(\w+)`", names)
        assert all(path.exists() for path in paths)


def test_the_list_of_packages_is_the_folders():
    """A folder that is not in the list is missing in the wheel, and nobody in a clone would notice."""
    folders = {
        ".".join((package, *file.parent.relative_to(REPOSITORY / folder).parts))
        for folder, package in FOLDERS.items()
        for file in (REPOSITORY / folder).rglob("*.py")
    }
    assert sorted(folders) == PROJECT["tool"]["setuptools"]["packages"]


def test_every_folder_of_code_has_its_own_of_tests():
    """tests/ has the same folders; a reward's is called ``rewards``, what finds answers has ``answers``."""
    folders = {file.parent.name for file in (REPOSITORY / "ttrl_verl").glob("*/__init__.py")} | {"rewards", "answers"}
    assert folders <= {file.parent.name for file in (REPOSITORY / "tests").glob("*/test_*.py")}


@pytest.mark.slow
@pytest.mark.parametrize("modules", [MODULES, ["ttrl_verl.cli"], ["ttrl_verl.cli.score"]], ids=lambda m: m[0])
def test_imports_nothing_heavy(modules):
    heavy = _imported(modules) & set(HEAVY)
    assert not heavy


@pytest.mark.slow
def test_score_starts_without_the_symbolic_math():
    # sympy takes most of a second: only --answer-type math pays for it.
    assert "sympy" not in _imported(["ttrl_verl.cli.score"])


@pytest.mark.slow
def test_a_prepared_benchmark_does_not_wait_for_hydra():
    assert not {"hydra", "omegaconf"} & _imported(["ttrl_verl.cli.prepare_benchmark", "ttrl_verl.composition.recipe"])


@pytest.mark.slow
def test_a_dry_run_needs_no_parquet():
    assert "pyarrow" not in _imported(
        ["ttrl_verl.cli.train", "ttrl_verl.composition.recipe", "ttrl_verl.launch", "ttrl_verl.preflight.findings"]
    )


def _imported(modules: list[str]) -> set[str]:
    code = f"import sys, importlib; [importlib.import_module(m) for m in {modules}]; print(*sys.modules)"
    root = Path(reward_fns.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}
