"""``ttrl-verl train`` and the folder it writes to; nothing is started."""

import json
import re
import sys
from pathlib import Path

import pytest

from ttrl_verl.cli import main
from ttrl_verl.composition.located import own_folder
from ttrl_verl.composition.recipe import compose_recipe, compose_run, in_own_folder, plain
from ttrl_verl.config import parse_ttrl_config
from ttrl_verl.launch import alarms_since, attempts
from ttrl_verl.record.folder import lock
from ttrl_verl.record.write import RunWriter

pytestmark = pytest.mark.slow  # each command composes a recipe


@pytest.fixture
def overrides(write_jsonl, tmp_path):
    file = write_jsonl("q.jsonl", [{"prompt": f"what is {n}", "answer": n} for n in range(24)])
    return [
        f"data.train_files=[{file}]",
        "actor_rollout_ref.model.path=/nowhere",
        "data.filter_overlong_prompts=true",  # so that no tokenizer is needed
        f"trainer.default_local_dir={tmp_path}/run",
    ]


@pytest.fixture
def finished(overrides, tmp_path):
    """Leave a run that trained a step, and raised an alarm at it."""
    alarm = "ttrl.alarms.no_signal.patience=1"
    config = plain(compose_recipe("demo_cpu", [*overrides, alarm]))
    writer = RunWriter(tmp_path / "run", config, parse_ttrl_config(config["ttrl"]))
    writer.record(
        1,
        [
            {
                "step": 1,
                "index": 0,
                "answers": ["1", "2"],
                "rewards": [1.0, 1.0],
                "lengths": [1, 1],
                "kept": 2,
                "pseudo_label": "1",
                "prior_label": None,
                "majority_ratio": 0.5,
                "answer_entropy": 0.69,
                "truncated": 0,
                "missing": 0,
            }
        ],
        [{"label": None, "label_correct": None}],
    )
    writer.close()
    return tmp_path / "run"


def refused(monkeypatch, capsys, overrides, message):
    monkeypatch.setattr(sys, "argv", ["ttrl-verl", "train", "demo_cpu", *overrides])
    with pytest.raises(SystemExit) as status:
        main()
    printed = capsys.readouterr()
    assert (status.value.code, printed.out) == (2, "")
    assert len(printed.err.splitlines()) == 1
    assert message in printed.err


def test_a_folder_that_holds_a_run_is_refused(monkeypatch, capsys, overrides, finished):
    message = f"{finished}: holds a run already; set trainer.default_local_dir to another folder, or"
    refused(monkeypatch, capsys, overrides, message)


def test_a_folder_that_cannot_be_written_is_refused(monkeypatch, capsys, overrides, tmp_path):
    (tmp_path / "file").write_text("")
    out = f"trainer.default_local_dir={tmp_path}/file"
    refused(monkeypatch, capsys, [*overrides, out], f"{tmp_path}/file: is a file; expected a folder (trainer.")
    below = f"{tmp_path}/file/run: cannot be written: Not a directory: {tmp_path}/file (trainer.default_local_dir)"
    refused(monkeypatch, capsys, [*overrides, f"{out}/run"], below)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("reward=random", "reward.reward_manager.name majority_vote, and this one has random"),
        ("actor_rollout_ref.model.path=/other", "actor_rollout_ref.model.path /nowhere, and this one has /other"),
        ("ttrl.votes=17", "ttrl.votes 16, and this one has 17"),
        ("kept=8", "actor_rollout_ref.rollout.n 16, and this one has 8"),
        ("algorithm.adv_estimator=rloo", "algorithm.adv_estimator grpo, and this one has rloo"),
        ("ttrl.answer_type=text", "ttrl.answer_type choice, and this one has text"),
        ("ttrl.rewards=[{name:random}]", "ttrl.rewards None, and this one has [{'name': 'random'}]"),
    ],
)
def test_another_experiment_does_not_go_on_with_these_weights(
    monkeypatch, capsys, overrides, finished, override, message
):
    changed = [*overrides, "trainer.resume_mode=auto", override]
    refused(monkeypatch, capsys, changed, f"{finished}: holds a run with {message}; go on with what it began with, or")


def test_other_question_files_are_another_experiment(monkeypatch, capsys, overrides, finished, write_jsonl):
    other = write_jsonl("other.jsonl", [{"prompt": f"what is {n}", "answer": n} for n in range(24)])
    changed = [*overrides, "trainer.resume_mode=auto", f"data.train_files=[{other}]"]
    refused(monkeypatch, capsys, changed, f"q.jsonl'], and this one has ['{other}']")


def test_other_validation_files_and_options_are_another_experiment(
    monkeypatch, capsys, overrides, finished, write_jsonl, tmp_path
):
    other = write_jsonl("val.jsonl", [{"prompt": "what is it", "answer": "1"}])
    changed = [*overrides, "trainer.resume_mode=auto", f"data.val_files=[{other}]"]
    refused(monkeypatch, capsys, changed, f"data.val_files ['{tmp_path}/q.jsonl'], and this one has ['{other}']")
    options = [*overrides, "trainer.resume_mode=auto", "reward=empirical_entropy", "ttrl.reward_options={alpha:0.5}"]
    refused(monkeypatch, capsys, options, "ttrl.reward_options None, and this one has {'alpha': 0.5}")


def test_the_folder_of_a_run_without_out_is_its_own():
    composed = compose_run("aime24", ["reward=random", "votes=32", "model=/models/mine"])
    folder = Path(own_folder(composed))
    assert folder.parent == Path("runs").absolute()
    assert re.fullmatch(r"ttrl_aime24-mine-random-\d{8}-\d{6}", folder.name)
    own = in_own_folder(composed, "/runs/1")
    assert own.values["trainer"]["default_local_dir"] == "/runs/1"
    assert own.values["trainer"]["validation_data_dir"] == "/runs/1/validation"
    assert own.values["trainer"]["resume_mode"] == "disable"
    assert own.overrides[-1] == "trainer.default_local_dir=/runs/1"
    named = compose_run("aime24", ["out=/mine"])
    assert in_own_folder(named, "/runs/1") is named


def test_a_data_file_that_changed_is_told_before_anything_starts(monkeypatch, capsys, overrides, finished, tmp_path):
    rows = [{"prompt": f"what was {n}"} for n in range(24)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    message = f"{tmp_path}/q.jsonl: changed since the run in {finished} began"
    refused(monkeypatch, capsys, [*overrides, "trainer.resume_mode=auto"], message)


def test_a_folder_in_use_is_refused(monkeypatch, capsys, overrides, finished):
    monkeypatch.setattr("ttrl_verl.record.folder._GRACE", 0.2)
    held = lock(finished)
    refused(monkeypatch, capsys, [*overrides, "trainer.resume_mode=auto"], f"{finished}: another run writes here (")
    held.close()


def test_alarms_are_told_at_the_end_a_line_each(finished):
    (line,) = alarms_since(finished, before=0)
    assert line.startswith("step 1: no_signal: 100% of the prompts reward all kept responses alike")
    # A trainer that did not get as far as the record has nothing to tell.
    assert alarms_since(finished, before=attempts(finished)) == []
