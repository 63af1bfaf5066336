"""A run written down and read back, through kills and resumes."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas as pd
import pytest
from record_rows import UNKNOWN, row, train

from ttrl_verl.errors import InputError
from ttrl_verl.record import COMMAND_VARIABLE
from ttrl_verl.record.read import open_run


def test_what_is_written_is_read_back(start_record, tmp_path, monkeypatch):
    monkeypatch.setenv(COMMAND_VARIABLE, "ttrl-verl train mine +trainer.hf_token=abc")
    writer = start_record()
    metrics = writer.record(
        1,
        [row(1), row(1, 2, (None, None))],
        [{"label": "5", "label_correct": True}, {"label": "7", "label_correct": False}],
    )
    assert metrics == {"ttrl/alarms": 0.0, "ttrl/audit_lost": 0.0}
    run = open_run(tmp_path / "run")
    first, second = run.audit().to_pylist()
    assert first == {
        **row(1),
        "attempt": 1,
        "label": "5",
        "label_correct": True,
        "answers": ["5", "4", None, "5"],
        "lengths": [3] * 4,
    }
    assert (second["answers"], second["label"], second["label_correct"]) == ([None, None], "7", False)
    assert run.audit(columns=["step", "index"], index=2).to_pylist() == [{"step": 1, "index": 2}]
    assert run.manifest.config["wandb"] == {"api_key": "***"}
    assert [(Path(data.path).name, data.rows, len(data.sha256)) for data in run.manifest.data] == [("q.jsonl", 3, 64)]
    (attempt,) = run.manifest.attempts
    assert (attempt.attempt, attempt.first_step, attempt.pid) == (1, 1, os.getpid())
    assert attempt.command == "ttrl-verl train mine '+trainer.hf_token=***'"
    assert set(attempt.versions) == {"verl", "vllm", "torch", "transformers", "ray", "ttrl-verl", "python"}


def test_a_resumed_run_has_every_step_once(start_record, tmp_path):
    first = start_record()
    train(first, 1, 2, 3, 4)
    first.metrics_path.write_text("".join(json.dumps({"step": s, "data": {"a": 1}}) + "\n" for s in range(5)))
    first.close()
    second = start_record()
    assert open_run(tmp_path / "run").manifest.attempts[1].first_step is None
    # An attempt that has not trained takes nothing back.
    assert [entry["step"] for entry in open_run(tmp_path / "run").metrics()] == [0, 1, 2, 3, 4]
    train(second, 3, 4, 5)
    second.metrics_path.write_text("".join(json.dumps({"step": s, "data": {"a": 2}}) + "\n" for s in range(3, 6)))
    run = open_run(tmp_path / "run")
    votes = pd.read_parquet(tmp_path / "run" / "audit")  # a user's own way; what was superseded is left out
    assert [(s, a) for s, a in zip(votes.step, votes.attempt, strict=True)] == [(1, 1), (2, 1), (3, 2), (4, 2), (5, 2)]
    assert run.audit()["step"].to_pylist() == [1, 2, 3, 4, 5]
    assert [(entry["step"], entry["data"]["a"]) for entry in run.metrics()] == [
        (0, 1),
        (1, 1),
        (2, 1),
        (3, 2),
        (4, 2),
        (5, 2),
    ]
    put_aside = tmp_path / "run" / "audit" / "_superseded" / "attempt_001"
    assert sorted(path.name for path in put_aside.iterdir()) == ["step_000003.parquet", "step_000004.parquet"]
    assert {first.metrics_path.name, second.metrics_path.name} == {"attempt_001.jsonl", "attempt_002.jsonl"}


def test_what_changed_in_the_configuration_is_told(start_record, tmp_path):
    start_record().close()
    start_record(total_training_steps=9).close()
    assert open_run(tmp_path / "run").manifest.attempts[1].changes == {"trainer.total_training_steps": [None, 9]}


def test_a_step_that_is_sampled_in_parts_is_one_file(start_record, tmp_path):
    writer = start_record()
    writer.record(1, [row(1, 0)], [UNKNOWN])
    writer.record(1, [row(1, 1)], [UNKNOWN])
    writer.record(2, [row(2, 2)], [UNKNOWN])
    votes = open_run(tmp_path / "run").audit()
    assert list(zip(votes["step"].to_pylist(), votes["index"].to_pylist(), strict=True)) == [(1, 0), (1, 1), (2, 2)]


def test_the_second_run_in_a_folder_is_refused(start_record, tmp_path):
    start_record()
    with pytest.raises(InputError, match=rf"run: another run writes here \(process {os.getpid()} on .*\); end it"):
        start_record()


@pytest.mark.slow
def test_a_killed_run_gives_its_folder_back(tmp_path):
    script = f"""
        import os, signal
        from pathlib import Path
        from ttrl_verl.record.folder import lock
        held = lock(Path({str(tmp_path / "run")!r}))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert done.returncode == -9
    from ttrl_verl.record.folder import lock

    lock(tmp_path / "run").close()


def test_another_version_of_the_layout_is_refused(start_record, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text('{"format": 99}')
    with pytest.raises(InputError, match=r"run\.json: is of format 99; this version reads format 1"):
        start_record()


def test_a_run_that_trained_nothing_is_in_nobodys_way(start_record, tmp_path):
    start_record().close()
    train(start_record(resume_mode="disable"), 1)
    assert [one.first_step for one in open_run(tmp_path / "run").manifest.attempts] == [None, 1]


def test_a_run_is_not_begun_over_one_that_trained(start_record):
    first = start_record()
    train(first, 1)
    first.close()
    with pytest.raises(
        InputError, match=r"holds a run already; set trainer\.default_local_dir .* trainer\.resume_mode=auto"
    ):
        start_record(resume_mode="disable")


def test_votes_are_not_written_where_the_recipe_says_so(start_record, tmp_path):
    train(start_record(audit=False), 1, 2)
    assert not (tmp_path / "run" / "audit").exists()
    assert open_run(tmp_path / "run").manifest.attempts[0].first_step == 1
