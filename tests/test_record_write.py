"""A run written down and read back, through kills, resumes and full disks."""

import json
import os
import resource
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas as pd
import pytest

from ttrl_verl.config import parse_ttrl_config
from ttrl_verl.errors import InputError
from ttrl_verl.launch import COMMAND_VARIABLE
from ttrl_verl.record.folder import check_run_folder
from ttrl_verl.record.read import open_run
from ttrl_verl.record.write import RunWriter

CONFIG = {
    "ttrl": {"votes": 4, "answer_type": "number"},
    "trainer": {"resume_mode": "auto", "default_local_dir": None},
    "data": {"train_files": None, "val_files": None},
    "wandb": {"api_key": "very secret"},
}


def row(step: int, index: int = 0, answers: tuple = ("5", "4", None, "5"), **changes: object) -> dict:
    """A prompt's votes, as the group stage hands them over. "5" wins where the answers are the default."""
    vote = {
        "step": step,
        "index": index,
        "uid": f"u{step}-{index}",
        "data_source": "q",
        "origin": f"q.jsonl:{index + 1}",
        "question": "what is 2 + 3? …",
        "answers": answers,
        "rewards": [float(answer == "5") for answer in answers],
        "lengths": (3,) * len(answers),
        "kept": 2,
        "missing": 0,
        "pseudo_label": "5",
        "majority_ratio": 0.5,
        "answer_entropy": 0.6365,
        "distinct_answers": 2,
        "unparsed": 1,
        "truncated": 0,
        "limited": 0,
    }
    return vote | changes


UNKNOWN = {"label": None, "label_correct": None}


@pytest.fixture
def start(tmp_path, write_jsonl):
    """Start an attempt in a folder, as the group stage does; all are given back in the end."""
    questions = write_jsonl("q.jsonl", [{"prompt": f"what is {n}"} for n in range(3)])
    writers = []

    def writer(folder: Path = tmp_path / "run", alarms: dict | None = None, audit: bool = True, **trainer) -> RunWriter:
        section = CONFIG["ttrl"] | {"audit": audit, "alarms": alarms or {}}
        data = {"train_files": [str(questions)], "val_files": str(questions)}
        trainer = CONFIG["trainer"] | {"default_local_dir": str(folder)} | trainer
        config = CONFIG | {"ttrl": section, "data": data, "trainer": trainer}
        writers.append(RunWriter(folder, config, parse_ttrl_config(section)))
        return writers[-1]

    yield writer
    for one in writers:
        one.close()


def train(writer: RunWriter, *steps: int, **changes: object) -> None:
    for step in steps:
        writer.record(step, [row(step, **changes)], [UNKNOWN])


def test_what_is_written_is_read_back(start, tmp_path, monkeypatch):
    monkeypatch.setenv(COMMAND_VARIABLE, "ttrl-verl train mine +trainer.hf_token=abc")
    writer = start()
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
    assert run.manifest["config"]["wandb"] == {"api_key": "***"}
    assert [(Path(data["path"]).name, data["rows"], len(data["sha256"])) for data in run.manifest["data"]] == [
        ("q.jsonl", 3, 64)
    ]
    (attempt,) = run.manifest["attempts"]
    assert (attempt["attempt"], attempt["first_step"], attempt["pid"]) == (1, 1, os.getpid())
    assert attempt["command"] == "ttrl-verl train mine '+trainer.hf_token=***'"
    assert set(attempt["versions"]) == {"verl", "vllm", "torch", "transformers", "ray", "ttrl-verl", "python"}


def test_a_resumed_run_has_every_step_once(start, tmp_path):
    first = start()
    train(first, 1, 2, 3, 4)
    first.metrics_path.write_text("".join(json.dumps({"step": s, "data": {"a": 1}}) + "\n" for s in range(5)))
    first.close()
    second = start()
    assert open_run(tmp_path / "run").manifest["attempts"][1]["first_step"] is None
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


def test_what_changed_in_the_configuration_is_told(start, tmp_path):
    start().close()
    start(total_training_steps=9).close()
    assert open_run(tmp_path / "run").manifest["attempts"][1]["changes"] == {"trainer.total_training_steps": [None, 9]}


def test_a_file_that_a_crash_left_half_is_ignored_and_goes(start, tmp_path):
    train(start(), 1)
    half = tmp_path / "run" / "audit" / ".step_000002.parquet.tmp"
    half.write_bytes(b"PAR1 half a file")
    assert len(pd.read_parquet(tmp_path / "run" / "audit")) == 1
    assert open_run(tmp_path / "run").audit().num_rows == 1
    (tmp_path / "run" / "run.lock").unlink()  # the first attempt was killed
    train(start(), 2)
    assert not half.exists()
    assert open_run(tmp_path / "run").audit()["step"].to_pylist() == [1, 2]


def test_a_step_that_is_sampled_in_parts_is_one_file(start, tmp_path):
    writer = start()
    writer.record(1, [row(1, 0)], [UNKNOWN])
    writer.record(1, [row(1, 1)], [UNKNOWN])
    writer.record(2, [row(2, 2)], [UNKNOWN])
    votes = open_run(tmp_path / "run").audit()
    assert list(zip(votes["step"].to_pylist(), votes["index"].to_pylist(), strict=True)) == [(1, 0), (1, 1), (2, 2)]


def test_the_second_run_in_a_folder_is_refused(start, tmp_path):
    start()
    with pytest.raises(InputError, match=rf"run: another run writes here \(process {os.getpid()} on .*\); end it"):
        start()


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


def test_another_version_of_the_layout_is_refused(start, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text('{"format": 99}')
    with pytest.raises(InputError, match=r"run\.json: is of format 99; this version reads format 1"):
        start()


def test_a_run_that_trained_nothing_is_in_nobodys_way(start, tmp_path):
    start().close()
    train(start(resume_mode="disable"), 1)
    assert [one["first_step"] for one in open_run(tmp_path / "run").manifest["attempts"]] == [None, 1]


def test_a_run_is_not_begun_over_one_that_trained(start):
    first = start()
    train(first, 1)
    first.close()
    with pytest.raises(
        InputError, match=r"holds a run already; set trainer\.default_local_dir .* trainer\.resume_mode=auto"
    ):
        start(resume_mode="disable")


def changed_data(start, tmp_path, action):
    first = start()
    train(first, 1, 2)
    first.close()
    (tmp_path / "q.jsonl").write_text('{"prompt": "another"}\n')
    return start(alarms={"data_changed": {"action": action}})


def test_a_data_file_that_changed_stops_a_resumed_run(start, tmp_path):
    with pytest.raises(InputError, match=r"q\.jsonl: changed since the run in .* began"):
        changed_data(start, tmp_path, "stop")
    (alarm,) = open_run(tmp_path / "run").alarms()
    assert (alarm["alarm"], alarm["step"], alarm["action"]) == ("data_changed", 2, "stop")


def test_the_checks_before_a_run_see_it_too(start, tmp_path):
    writer = changed_data(start, tmp_path, "off")
    writer.close()
    config = open_run(tmp_path / "run").manifest["config"]
    check_run_folder(config, parse_ttrl_config(config["ttrl"]))  # on record now
    (tmp_path / "q.jsonl").write_text('{"prompt": "a third"}\n')
    with pytest.raises(InputError, match="changed since the run"):
        check_run_folder(config, parse_ttrl_config(config["ttrl"] | {"alarms": {}}))


def test_a_data_file_that_changed_may_be_meant(start, tmp_path, caplog):
    changed_data(start, tmp_path, "warn")
    assert "q.jsonl: changed since the run" in caplog.text
    assert [alarm["alarm"] for alarm in open_run(tmp_path / "run").alarms()] == ["data_changed"]


def test_a_constant_reward_raises_one_alarm_that_may_stop_the_run(start, tmp_path, caplog):
    writer = start(alarms={"no_signal": {"action": "stop", "threshold": 0.9, "patience": 3}})
    train(writer, 1, 2, rewards=[1.0] * 4)
    assert not writer.stop_asked
    train(writer, 3, 4, 5, rewards=[1.0] * 4)
    assert writer.stop_asked
    (alarm,) = open_run(tmp_path / "run").alarms()
    assert (alarm["step"], alarm["attempt"], alarm["alarm"], alarm["value"]) == (3, 1, "no_signal", 1.0)
    assert caplog.text.count("nothing can be learnt from them") == 1


def test_after_a_resume_alarms_compare_with_the_runs_start(start, tmp_path):
    first = start()
    train(first, 1, 2, lengths=[100] * 4)
    train(first, 3, 4, lengths=[10] * 4)
    first.close()
    second = start()
    train(second, 4, lengths=[10] * 4)
    assert open_run(tmp_path / "run").alarms() == []
    train(second, 5, lengths=[10] * 4)
    # 3, 4 and 5: the third of them is in the second attempt.
    assert [(alarm["step"], alarm["attempt"], alarm["alarm"]) for alarm in open_run(tmp_path / "run").alarms()] == [
        (5, 2, "length_collapse")
    ]
    second.close()
    third = start()
    train(third, 6, lengths=[10] * 4)
    assert len(open_run(tmp_path / "run").alarms()) == 1  # still on: it does not fire again


def test_labels_that_flip_are_counted_between_visits(start, tmp_path):
    writer = start()
    for step in range(1, 8):
        train(writer, step, pseudo_label=str(step % 2))
    # Seen again from step 2 on, another label each time: five in a row at step 6.
    assert [(alarm["step"], alarm["alarm"]) for alarm in open_run(tmp_path / "run").alarms()] == [(6, "label_flips")]


def test_scrambled_labels_change_no_alarm_and_no_reward(start, tmp_path):
    told = []
    for name, label in (("a", None), ("b", "5"), ("c", "999")):
        writer = start(tmp_path / name)
        for step in range(1, 5):
            writer.record(step, [row(step, rewards=[1.0] * 4)], [{"label": label, "label_correct": label == "5"}])
        run = open_run(tmp_path / name)
        assert set(run.audit()["label"].to_pylist()) == {label}
        told.append((run.alarms(), run.audit()["rewards"].to_pylist()))
    assert told[0] == told[1] == told[2]
    assert told[0][0]


def test_votes_are_not_written_where_the_recipe_says_so(start, tmp_path):
    train(start(audit=False), 1, 2)
    assert not (tmp_path / "run" / "audit").exists()
    assert open_run(tmp_path / "run").manifest["attempts"][0]["first_step"] == 1


def full_disk(limit: int) -> None:
    """No file of this process may grow beyond this: a write past it fails, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


FULL = """
import json, logging, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
import test_record_write as t
from ttrl_verl.config import parse_ttrl_config
from ttrl_verl.record.write import RunWriter
logging.basicConfig()
folder = Path({folder!r})
config = t.CONFIG | {{"trainer": t.CONFIG["trainer"] | {{"default_local_dir": str(folder)}}}}
writer = RunWriter(folder, config, parse_ttrl_config(config["ttrl"]))
small = lambda step: writer.record(step, [t.row(step)], [t.UNKNOWN])
many = lambda step: [t.row(step, n, question=str(hash(str(n))) * 100) for n in range(3000)]
large = lambda step: writer.record(step, many(step), [t.UNKNOWN] * 3000)
t.full_disk(60_000)
print(json.dumps([small(1), large(2), large(3), small(4), large(5)]))
"""


def test_a_full_disk_costs_the_votes_and_not_the_run(tmp_path):
    script = FULL.format(tests=str(Path(__file__).parent), folder=str(tmp_path / "run"))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    metrics = json.loads(done.stdout)
    assert [step["ttrl/audit_lost"] for step in metrics] == [0, 1, 2, 2, 3]
    assert [step["ttrl/alarms"] for step in metrics] == [0, 1, 1, 0, 1]
    assert done.stderr.count("could not be written to") == 2  # once for 2 and 3, once for 5
    assert "File too large; training goes on" in done.stderr
    run = open_run(tmp_path / "run")
    assert run.audit()["step"].to_pylist() == [1, 4]
    assert [(alarm["step"], alarm["alarm"]) for alarm in run.alarms()] == [(2, "audit_lost"), (5, "audit_lost")]
    assert not list((tmp_path / "run" / "audit").glob(".*"))


def test_a_folder_that_cannot_be_written_is_one_line(start, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot be written: Not a directory \(trainer\.default_local_dir\)"):
        start(tmp_path / "file" / "run")


def test_a_line_that_a_crash_cut_off_does_not_spoil_the_next(start, tmp_path):
    train(start(), *range(1, 4), rewards=[1.0] * 4)
    alarms = tmp_path / "run" / "alarms.jsonl"
    alarms.write_bytes(alarms.read_bytes() + b'{"step": 3, "att')
    from ttrl_verl.record.folder import append_line

    append_line(alarms, {"step": 4, "attempt": 1, "alarm": "no_signal"})
    assert [alarm["step"] for alarm in open_run(tmp_path / "run").alarms()] == [3, 4]
