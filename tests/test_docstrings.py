"""Every worked example of a docstring prints what it says."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import ttrl_verl
from ttrl_verl import reward_fns

# Modules of these import verl, torch or vLLM, or are run for what they do.
HEAVY = ("ttrl_verl.training", "ttrl_verl.cpu", "ttrl_verl.patches", "ttrl_verl.demo", "ttrl_verl.plugin")
NAMES = sorted(
    {
        module.name
        for package in (ttrl_verl, reward_fns)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not module.name.startswith(HEAVY) and not module.name.endswith("__main__")
    }
)

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
EXAMPLES = ("information_gain", "methods", "methods_tables")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_a_benchmark_print_what_they_say(name, monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    failed, attempted = doctest.testmod(importlib.import_module(name))
    assert (failed, attempted > 0) == (0, True)


def test_no_benchmark_has_examples_that_no_test_runs():
    assert {file.stem for file in BENCHMARKS.glob("*.py") if ">>>" in file.read_text()} == set(EXAMPLES)


@pytest.mark.slow  # sympy's modules, and recipes that are composed
@pytest.mark.parametrize("name", NAMES)
def test_the_examples_print_what_they_say(name):
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_there_are_examples_to_run():
    finder, parser = doctest.DocTestFinder(), importlib.import_module("ttrl_verl.reward_fns.vote")
    assert sum(bool(test.examples) for test in finder.find(parser)) >= 3
