"""What a run leaves behind: the votes on record, the report, the audit command."""

import subprocess
import sys

import pytest

from ttrl_verl.reward_fns import Group, get_reward_fn

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

STEPS, PROMPTS, VOTES, KEPT = 3, 4, 6, 4


def ttrl_verl(*arguments):
    command = [sys.executable, "-m", "ttrl_verl", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_vote_is_on_record_and_no_label_made_a_reward(trained):
    rows = trained().record.audit().to_pylist()
    assert len(rows) == STEPS * PROMPTS
    reward = get_reward_fn("majority_vote")
    for row in rows:
        assert len(row["answers"]) == VOTES
        assert row["kept"] == KEPT
        assert row["question"].startswith("what is ")
        assert row["rewards"] == reward(Group(answers=tuple(row["answers"])))
    # The labels are there, for diagnosis: hostile ones and numbers alike, and none for the third question.
    labels = {row["index"]: row["label"] for row in rows}
    assert labels[0] == "9"
    assert labels[2] is None
    assert all((row["label_correct"] is None) == (row["label"] is None) for row in rows)


def test_the_record_is_what_the_trainer_saw(trained):
    """The votes of the audit are those that the observer took from the queue."""
    run = trained()
    seen = {}
    for step, record in enumerate(run.of_kind("votes"), start=1):
        for vote in record["votes"]:
            session = int(vote["key"].rsplit("_", 2)[1])
            seen.setdefault((step, vote["index"]), {})[session] = (vote["answer"], vote["length"])
    for row in run.record.audit().to_pylist():
        votes = seen[row["step"], row["index"]]
        in_order = [votes[session] for session in sorted(votes)]
        assert list(zip(row["answers"], row["lengths"], strict=True)) == in_order


def test_pandas_reads_the_votes(trained):
    import pandas as pd

    assert len(pd.read_parquet(trained().folder / "audit")) == STEPS * PROMPTS


def test_the_record_costs_little_of_a_step(trained):
    run = trained()
    shares = [a / b for a, b in zip(run.series("ttrl/record_seconds"), run.series("timing_s/step"), strict=True)]
    print(f"the record's share of a step: {', '.join(f'{share:.2%}' for share in shares)}")
    assert sorted(shares)[1] < 0.05  # a slow disk is no failure; benchmarks/ measures it


def test_the_report_is_written_from_a_real_run(trained, tmp_path):
    done = ttrl_verl("report", trained().folder, "--out", tmp_path / "page.html")
    assert (done.returncode, done.stderr) == (0, "")
    assert "tiny-llama, reward majority_vote, 6 votes a question" in done.stdout
    page = (tmp_path / "page.html").read_text()
    assert page.count("<svg") > 5
    assert "No label reached a reward" in page
    # A label of this run is a line of Python; it is text on the page.
    assert "__import__(" not in page or "&#39;os&#39;" in page


def test_the_audit_tells_a_prompts_story(trained):
    table = ttrl_verl("audit", trained().folder)
    assert table.returncode == 0, table.stderr
    assert "questions.jsonl:1" in table.stdout
    story = ttrl_verl("audit", trained().folder, "--prompt", "0")
    assert "what is 1 plus 2" in story.stdout


def test_a_run_folder_is_not_trained_over(trained, tiny_model):
    from conftest import RECIPE  # tests/e2e/conftest.py

    run = trained()
    settings = [
        f"actor_rollout_ref.model.path={tiny_model}",
        f"data.train_files=[{run.folder}/questions.jsonl]",
        f"trainer.default_local_dir={run.folder}",
        "trainer.resume_mode=disable",
    ]
    done = ttrl_verl("train", RECIPE, *settings)
    assert done.returncode == 2
    assert "holds a run already" in done.stderr
    assert len(done.stderr.splitlines()) == 1
