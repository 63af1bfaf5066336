"""`answer`, killed in each of its phases and typed again: it goes on, and each question is answered once."""

import json
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest
from test_answer import SETTINGS  # tests/e2e/test_answer.py

from ttrl_verl.record.layout import MANIFEST
from ttrl_verl.record.read import open_run

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(2400)]

QUESTIONS, VOTES, STEPS = 4, 3, 2

# What is on disk when it is killed.
PHASES = {
    "it has begun": lambda run: (run / MANIFEST).exists(),
    "the given model has voted": lambda run: (run / "validation" / "0.jsonl").exists(),
    "a step was made": lambda run: any((run / "audit").glob("step_*1.parquet")),
    "the last step was saved": lambda run: STEPS in open_run(run).checkpoints(),
    "the adapted model has voted": lambda run: (run / "validation" / f"{STEPS}.jsonl").exists(),
}


def kill_when(reached, command, folder):
    """Start the command, and kill it and all that it started (SIGKILL) as soon as a phase is reached."""
    with (folder / "said.txt").open("ab") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said)
        while process.poll() is None:
            if reached(folder / "a.run"):
                whole = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
                for part in whole:
                    with suppress(psutil.NoSuchProcess):
                        part.kill()
                psutil.wait_procs(whole[:-1], timeout=20)
                process.wait()
                return True
            time.sleep(0.05)
    return False


def test_each_question_is_answered_once_whenever_it_was_killed(tmp_path, tiny_model):
    rows = [{"prompt": f"what is {n} plus 1"} for n in range(QUESTIONS)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = [sys.executable, "-m", "ttrl_verl", "answer", "q.jsonl", "--model", str(tiny_model), "--out", "a.jsonl"]
    command += ["--answer-type", "number", "--n", str(VOTES), "--steps", str(STEPS), *SETTINGS]
    for phase, reached in PHASES.items():
        started = time.monotonic()
        killed = kill_when(reached, command, tmp_path)
        written = (tmp_path / "a.jsonl").exists()
        print(f"{phase}: killed {killed} after {time.monotonic() - started:.0f} s, answers written: {written}")
        if written:
            break  # the last phase may be over before it is seen
        assert killed, (tmp_path / "said.txt").read_text()
    if not written:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert [line["index"] for line in lines] == list(range(QUESTIONS))
    assert all(line["responses"] == VOTES for line in lines)
    run = open_run(tmp_path / "a.run")
    print(f"first steps of the attempts: {[attempt.first_step for attempt in run.manifest.attempts]}")
    visits = [(row["step"], row["index"]) for row in run.audit(columns=["step", "index"]).to_pylist()]
    assert sorted(visits) == [(step, index) for step in range(1, STEPS + 1) for index in range(QUESTIONS)]
    # Votes before are of the model as it was given, votes after of the adapted one: each question is in each once.
    for step in (0, STEPS):
        origins = [json.loads(line)["origin"] for line in run.validations()[step].read_text().splitlines()]
        assert {origins.count(origin) for origin in set(origins)} == {VOTES}
        assert len(set(origins)) == QUESTIONS
