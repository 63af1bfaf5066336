"""Imports point one way, and the light half stays light."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from ttrl_verl import reward_fns

HEAVY = ("torch", "verl", "ray", "vllm", "transformers", "transfer_queue")
MODULES = [
    "ttrl_verl.reward_fns",
    *(m.name for m in pkgutil.walk_packages(reward_fns.__path__, "ttrl_verl.reward_fns.")),
]


@pytest.mark.parametrize("modules", [MODULES, ["ttrl_verl.cli"], ["ttrl_verl.cli.score"]], ids=lambda m: m[0])
def test_imports_nothing_heavy(modules):
    heavy = _imported(modules) & set(HEAVY)
    assert not heavy


def test_score_starts_without_the_symbolic_math():
    # sympy takes most of a second: only --answer-type math pays for it.
    assert "sympy" not in _imported(["ttrl_verl.cli.score"])


def test_a_dry_run_needs_no_parquet():
    assert "pyarrow" not in _imported(["ttrl_verl.cli.train", "ttrl_verl.composition.recipe", "ttrl_verl.launch"])


def _imported(modules: list[str]) -> set[str]:
    code = f"import sys, importlib; [importlib.import_module(m) for m in {modules}]; print(*sys.modules)"
    root = Path(reward_fns.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}
