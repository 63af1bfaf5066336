"""docs/methods.md is whole: each reward has its section with all its parts, and a place by what it needs."""

import json
import re
import runpy
import sys
from pathlib import Path

import pytest

from ttrl_verl.reward_fns import REWARD_FNS

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "methods.md").read_text()
RUNS = [json.loads(line) for line in (ROOT / "benchmarks" / "methods.jsonl").read_text().splitlines()]
SECTIONS = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE))
PARTS = ("For", "Rule", "Paper", "Departures", "Needs", "Measured")
# What a row of the first table is called, and the fields of a group that put a reward into it.
ROWS = {
    "only answers": set(),
    "texts": {"texts"},
    "log-probabilities": {"log_probs", "token_log_probs"},
    "the run's record": {"history", "index", "step"},
    "a frozen model's votes": {"prior"},
    "entropies, late": {"entropies", "token_entropies", "lengths"},
    "second views": {"views"},
    "a check of yours": {"checks"},
}
CONTROLS = {"random", "constant", "oracle"}


def rows():
    table = PAGE.partition("## By need")[2].partition("##")[0]
    found = re.findall(r"^\| (.+?) \| (`.+) \|$", table, re.MULTILINE)
    return {need: set(re.findall(r"`(\w+)`", cell)) for need, cell in found}


def test_every_reward_has_its_section_and_no_other_has():
    assert set(SECTIONS) == set(REWARD_FNS)


@pytest.mark.parametrize("name", REWARD_FNS)
def test_a_section_is_whole(name):
    section = SECTIONS[name]
    said = dict(re.findall(r"^- \*\*(\w+)\*\*: (.+)", section, re.MULTILINE))
    assert tuple(said) == PARTS
    (command,) = re.findall(r"^```\n(.*?)\n```", section, re.DOTALL | re.MULTILINE)
    assert command.startswith("ttrl-verl train ")
    assert f"reward={name}" in command or f"{{name:{name}" in command or f"`{command.split()[2]}`" in said["Needs"]


@pytest.mark.parametrize("name", REWARD_FNS)
def test_a_section_names_what_the_reward_needs(name):
    needs = SECTIONS[name].partition("**Needs**")[2].partition("- **Measured**")[0]
    for field in REWARD_FNS[name].needs:
        assert f"`{field}`" in needs
    assert ("estimator" in needs) == (REWARD_FNS[name].estimator is not None)


def test_the_first_table_has_each_reward_once_where_its_needs_are():
    table = rows()
    assert table.pop("controls") == CONTROLS
    assert sorted(name for names in table.values() for name in names) == sorted(set(REWARD_FNS) - CONTROLS)
    for need, names in table.items():
        for name in names:
            needs = set(REWARD_FNS[name].needs)
            assert needs <= ROWS[need], name
            assert bool(needs) == bool(ROWS[need]), name


@pytest.mark.parametrize(("page", "options"), [("docs/methods.md", []), ("benchmarks/methods.md", ["--runs"])])
def test_the_tables_are_what_the_script_prints(monkeypatch, capsys, page, options):
    script = ROOT / "benchmarks" / "methods_tables.py"
    monkeypatch.setattr(sys, "argv", [str(script), *options])
    runpy.run_path(str(script), run_name="__main__")
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) > len({run["reward"] for run in RUNS})
    assert printed in (ROOT / page).read_text()


@pytest.mark.parametrize("name", REWARD_FNS)
def test_a_section_says_whether_learning_was_measured(name):
    measured = SECTIONS[name].partition("**Measured**: ")[2]
    assert ("](#what-each-did-here)" in measured) == any(run["reward"] == name for run in RUNS)
    assert ("not measured" in measured) != ("](#what-each-did-here)" in measured)
