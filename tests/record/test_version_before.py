"""A run's folder that version 0.1.0 wrote, by its own end-to-end test, is read as it was then."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from ttrl_verl.cli import cli
from ttrl_verl.record.read import open_run

FOLDER = Path(__file__).parents[1] / "data" / "run_of_0.1.0"


@pytest.fixture
def run_dir(tmp_path) -> Path:
    """A copy: a report is written into the folder."""
    return Path(shutil.copytree(FOLDER, tmp_path / "run"))


def printed(*arguments: object) -> str:
    done = CliRunner(env={"COLUMNS": "120"}).invoke(cli, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_report_says_what_version_0_1_0_said_of_it(run_dir):
    text = printed("report", run_dir)
    assert "reward majority_vote, 6 votes a question" in text
    # As 0.1.0 printed them: before, after three steps; avg@3 with its error, and maj@3.
    assert "0.143 ± 0.099" in text
    assert "0.095 ± 0.061" in text
    assert "0.143 ± 0.143" in text
    assert (run_dir / "report.html").is_file()


def test_audit_lists_its_prompts(run_dir):
    text = printed("audit", run_dir)
    row = next(line for line in text.splitlines() if "questions.jsonl:3" in line)
    assert "0.67 → 0.67" in row
    assert sum("questions.jsonl:" in line for line in text.splitlines()) == 8


def test_its_checkpoint_counts_as_one():
    assert list(open_run(FOLDER).checkpoints()) == [3]


@pytest.mark.verl
def test_its_checkpoint_is_exported(run_dir, tmp_path):
    printed("export", run_dir, tmp_path / "adapted")
    assert {"config.json", "model.safetensors", "README.md", "tokenizer.json"} <= {
        file.name for file in (tmp_path / "adapted").iterdir()
    }
