"""Questions in, answers out: the command, killed and gone on with, on the real verl and the real vLLM."""

import json
import re
import subprocess
import sys

import pytest

from ttrl_verl.files import sha256
from ttrl_verl.record.read import open_run
from ttrl_verl.record.votes_file import read_votes
from ttrl_verl.reward_fns import Group, get_reward_fn

pytestmark = pytest.mark.e2e

SETTINGS = [
    "ttrl.votes=6",
    "actor_rollout_ref.rollout.n=4",
    "actor_rollout_ref.rollout.max_model_len=64",
    "data.max_prompt_length=32",
    "data.max_response_length=6",
    "actor_rollout_ref.rollout.checkpoint_engine.update_weights_bucket_megabytes=8",
]


@pytest.fixture(scope="module")
def answered(tmp_path_factory, tiny_model):
    """A folder in which the command ran to its end, and what it printed."""
    folder = tmp_path_factory.mktemp("answer")
    for name, questions in (("q", 4), ("held", 2)):
        rows = [{"prompt": f"what is {n} plus {name == 'q':d}", "answer": str(n)} for n in range(questions)]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = [sys.executable, "-m", "ttrl_verl", "answer", "q.jsonl", "--model", str(tiny_model), "--out", "a.jsonl"]
    command += ["--hold", "held.jsonl", "--answer-type", "number", "--n", "3", "--steps", "2", *SETTINGS]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, command, done.stdout


def lines(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / "a.jsonl").read_text().splitlines()]


def test_each_question_is_answered_once(answered):
    found = lines(answered[0])
    assert [line["index"] for line in found] == [0, 1, 2, 3, 0, 1]
    assert [line["adapted"] for line in found] == [True] * 4 + [False] * 2
    assert len({line["origin"] for line in found}) == 6
    assert all(line["responses"] == 3 for line in found)
    assert all(sum(line["votes"].values()) <= 3 for line in found)


def test_accuracy_is_printed_where_there_are_labels(answered):
    assert "right by the file's labels, which nothing else has seen (4 questions)" in answered[2]


def test_no_label_is_in_a_reward(answered):
    audit = open_run(answered[0] / "a.run").audit().to_pylist()
    assert len(audit) == 2 * 4
    for row in audit:
        assert row["label"] is not None  # it is on record, beside a reward that is the answers' alone
        assert row["rewards"] == list(get_reward_fn("majority_vote")(Group(answers=tuple(row["answers"]))))


def test_lost_answers_are_written_again_without_training_and_scrambled_labels_change_no_bit_of_them(answered):
    folder, command, _ = answered
    before = (folder / "a.jsonl").read_bytes()
    (folder / "a.jsonl").unlink()
    labels = (folder / "q.jsonl").read_text()
    (folder / "q.jsonl").write_text(re.sub(r'"answer": "\d+"', '"answer": "987654"', labels))
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    (folder / "q.jsonl").write_text(labels)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "a.jsonl").read_bytes() == before
    assert "before 0.000, after 0.000, stood by 0.000" in done.stdout  # the new labels, and nobody's answer
    attempts = json.loads((folder / "a.run" / "run.json").read_text())["attempts"]
    assert len(attempts) == 1


def test_the_adapted_model_is_kept_once(answered):
    run = answered[0] / "a.run"
    assert list(open_run(run).checkpoints()) == [2]
    # verl takes the weights of an older one away and leaves its folder.
    assert [path.parent.parent.name for path in run.rglob("model_world_size_1_rank_0.pt")] == ["global_step_2"]


def test_votes_alone_are_a_file_that_says_what_they_are_of(answered, tiny_model):
    folder = answered[0]
    command = [sys.executable, "-m", "ttrl_verl", "vote", "q.jsonl", "--model", str(tiny_model), "--out", "v.parquet"]
    command += ["--n", "5", "--answer-type", "number", *SETTINGS[2:]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    votes, source = read_votes(folder / "v.parquet", sha256(folder / "q.jsonl"))
    assert [len(one.answers) for one in votes] == [5] * 4
    assert source.settings["n"] == 5
    assert "4 questions: mean majority ratio" in done.stdout
