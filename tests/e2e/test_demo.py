"""The demo on the real SmolLM2, one step long: everything that a person sees, in the time that CI has."""

import json
import subprocess
import sys

import pytest

from ttrl_verl.record.read import open_run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]


def test_the_demo_runs_and_reports(tmp_path):
    folder = tmp_path / "run"
    shorter = ["trainer.total_training_steps=1", "actor_rollout_ref.rollout.val_kwargs.n=4"]
    command = [sys.executable, "-m", "ttrl_verl", "demo", "--out", str(folder), *shorter]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    # Progress in plain words, the table, and nothing of Ray's or vLLM's.
    for said in ("step  1 of 1", "measured the model before training", "continents_heldout (24)", "report: "):
        assert said in done.stdout
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) < 40
    assert open_run(folder).checkpoints() == [1]
    assert f"the adapted model: `ttrl-verl export {folder} OUT`" in done.stdout
    # Which word a line ends with hangs on the figures, and those on the processor.
    text = " ".join((folder / "report.txt").read_text().split())
    assert "In 1 step, accuracy on continents_adapted (adapted to, avg@4)" in text
    assert "SmolLM2-135M-Instruct, reward majority_vote, 16 votes a question" in text
    page = (folder / "report.html").read_text()
    assert "continents_heldout" in page
    assert page.count("<svg") > 5
    steps = [json.loads(line) for line in (folder / "metrics" / "attempt_001.jsonl").read_text().splitlines()]
    assert [row["step"] for row in steps] == [0, 1]
    assert steps[1]["data"]["ttrl/votes"] == 24 * 16
    # The model as the package ships it: the accuracy of an untouched SmolLM2, within its standard error.
    before = [json.loads(line) for line in (folder / "validation" / "0.jsonl").read_text().splitlines()]
    sampled = [row["acc"] for row in before if row["data_source"] == "continents_adapted"]
    assert len(sampled) == 24 * 4
    assert 0.4 < sum(sampled) / len(sampled) < 0.75
