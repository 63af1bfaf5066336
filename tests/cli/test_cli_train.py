"""``ttrl-verl train`` and the folder it writes to; nothing is started."""

import json
import sys

import pytest

from ttrl_verl.cli import main
from ttrl_verl.composition.recipe import compose_recipe, plain
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
