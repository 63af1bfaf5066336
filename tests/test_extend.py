"""What docs/extend.md shows works as it stands there: each function passes its own test and does what the page says."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ttrl_verl.cli.score import command as score
from ttrl_verl.config import parse_ttrl_config
from ttrl_verl.reward_fns.answers import get_answer_type
from ttrl_verl.reward_fns.apart import ApartCheck, ApartReward, describe_check, describe_reward
from ttrl_verl.reward_fns.checking import Response
from ttrl_verl.reward_fns.group import FIELDS, Group

PAGE = (Path(__file__).parent.parent / "docs" / "extend.md").read_text()
CODE = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
NAMES = ("mine", "kinds", "checks")


@pytest.fixture
def page(tmp_path, monkeypatch):
    """The page's files, as a reader has them."""
    for name, code, test in zip(NAMES, CODE[::2], CODE[1::2], strict=True):
        (tmp_path / f"{name}.py").write_text(code)
        (tmp_path / f"test_{name}.py").write_text(test)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_their_own_tests_pass(page):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "4 passed" in done.stdout, done.stdout


def test_each_is_short():
    lines = [sum(bool(line.strip()) for line in code.splitlines()) for code in CODE[::2]]
    assert max(lines) <= 20


@pytest.mark.slow
def test_the_reward_scores_and_runs_apart(page):
    (page / "groups.jsonl").write_text(json.dumps({"responses": ["so 4", "so 4", "so 5", None]}) + "\n")
    said = CliRunner().invoke(
        score, ["--reward", "mine.py:rarest", "--option", "prize=2.0", "--answer-type", "number", "groups.jsonl"]
    )
    assert json.loads(said.output)["rewards"] == [0.0, 0.0, 2.0, 0.0]
    short = ApartReward(describe_reward(f"{page}/mine.py:short", {"tokens": 2}))
    assert short(Group(answers=("4", "5"), lengths=(2, 4))).rewards == (0.0, -1.0)
    short.close()


@pytest.mark.slow
def test_the_answer_type_runs_apart(page):
    dates = get_answer_type(f"{page}/kinds.py:dates")
    assert dates.answer("<think>2023-1-1</think> On 2024-6-7.") == "2024-06-07"
    assert dates.canonicalize("soon") is None


@pytest.mark.slow
def test_the_check_runs_apart(page):
    name = f"{page}/checks.py:sums"
    assert describe_check(name) == f"{page}/checks.py"
    sums = ApartCheck(name, workers=1, seconds=60)
    assert sums(Response("It is 5.", "5", "what is 2 plus 3")) == (1.0, None)
    assert sums(Response("It is x.", "x", "what is 2 plus 3")) == (0.0, None)
    sums.close()


def test_the_table_of_fields_is_the_groups():
    table = PAGE.partition("### What a group holds")[2].partition("###")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", table, re.MULTILINE))
    assert set(rows) == {*FIELDS, "answers"}
    section = {
        "votes": 4,
        "answer_type": "math",
        "check": "checks.py:sums",
        "allow_labels": True,
        "prior": "v.parquet",
        "views": ["as_written", "rotate 5"],
    }
    given = parse_ttrl_config(section).given_fields(log_probs=True)
    assert {field for field, how in rows.items() if how != "not yet"} == given | {"answers"}
