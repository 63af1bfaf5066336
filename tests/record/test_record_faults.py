"""What a record survives: a full disk, a crash in the middle of a file, data that changed under the run."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from record_rows import train
from run_folder import make_run, visit

from ttrl_verl.config import parse_ttrl_config
from ttrl_verl.errors import InputError
from ttrl_verl.record.folder import append_line, check_run_folder
from ttrl_verl.record.read import open_run


def test_a_file_that_a_crash_left_half_is_ignored_and_goes(start_record, tmp_path):
    train(start_record(), 1)
    half = tmp_path / "run" / "audit" / ".step_000002.parquet.tmp"
    half.write_bytes(b"PAR1 half a file")
    assert len(pd.read_parquet(tmp_path / "run" / "audit")) == 1
    assert open_run(tmp_path / "run").audit().num_rows == 1
    (tmp_path / "run" / "run.lock").unlink()  # the first attempt was killed
    train(start_record(), 2)
    assert not half.exists()
    assert open_run(tmp_path / "run").audit()["step"].to_pylist() == [1, 2]


def changed_data(start_record, tmp_path, action):
    first = start_record()
    train(first, 1, 2)
    first.close()
    (tmp_path / "q.jsonl").write_text('{"prompt": "another"}\n')
    return start_record(alarms={"data_changed": {"action": action}})


def test_a_data_file_that_changed_stops_a_resumed_run(start_record, tmp_path):
    with pytest.raises(InputError, match=r"q\.jsonl: changed since the run in .* began"):
        changed_data(start_record, tmp_path, "stop")
    (alarm,) = open_run(tmp_path / "run").alarms()
    assert (alarm["alarm"], alarm["step"], alarm["action"]) == ("data_changed", 2, "stop")


def test_the_checks_before_a_run_see_it_too(start_record, tmp_path):
    writer = changed_data(start_record, tmp_path, "off")
    writer.close()
    config = open_run(tmp_path / "run").manifest.config
    check_run_folder(config, parse_ttrl_config(config["ttrl"]))  # on record now
    (tmp_path / "q.jsonl").write_text('{"prompt": "a third"}\n')
    with pytest.raises(InputError, match="changed since the run"):
        check_run_folder(config, parse_ttrl_config(config["ttrl"] | {"alarms": {}}))


def test_a_data_file_that_changed_may_be_meant(start_record, tmp_path, caplog):
    changed_data(start_record, tmp_path, "warn")
    assert "q.jsonl: changed since the run" in caplog.text
    assert [alarm["alarm"] for alarm in open_run(tmp_path / "run").alarms()] == ["data_changed"]


FULL = """
import json, logging, resource, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
import record_rows as t
from ttrl_verl.config import parse_ttrl_config
from ttrl_verl.record.write import RunWriter
logging.basicConfig()
folder = Path({folder!r})
config = t.CONFIG | {{"trainer": t.CONFIG["trainer"] | {{"default_local_dir": str(folder)}}}}
writer = RunWriter(folder, config, parse_ttrl_config(config["ttrl"]))
small = lambda step: writer.record(step, [t.row(step)], [t.UNKNOWN])
many = lambda step: [t.row(step, n, question=str(hash(str(n))) * 100) for n in range(3000)]
large = lambda step: writer.record(step, many(step), [t.UNKNOWN] * 3000)
# No file of this process may grow beyond this: a write past it fails, as on a full disk.
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
print(json.dumps([small(1), large(2), large(3), small(4), large(5)]))
"""


@pytest.mark.slow
def test_a_full_disk_costs_the_votes_and_not_the_run(tmp_path):
    script = FULL.format(tests=str(Path(__file__).parents[1]), folder=str(tmp_path / "run"))
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


def test_a_folder_that_cannot_be_written_is_one_line(start_record, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot be written: Not a directory \(trainer\.default_local_dir\)"):
        start_record(tmp_path / "file" / "run")


def test_a_line_that_a_crash_cut_off_does_not_spoil_the_next(start_record, tmp_path):
    train(start_record(), *range(1, 4), rewards=[1.0] * 4)
    alarms = tmp_path / "run" / "alarms.jsonl"
    alarms.write_bytes(alarms.read_bytes() + b'{"step": 3, "att')
    append_line(alarms, {"step": 4, "attempt": 1, "alarm": "no_signal"})
    assert [alarm["step"] for alarm in open_run(tmp_path / "run").alarms()] == [3, 4]


def test_votes_whose_text_is_no_utf8_are_a_line(tmp_path):
    folder = make_run(tmp_path / "run", steps={1: [visit(0, ["4"] * 4)]})
    file = folder / "audit" / "step_000001.parquet"
    table = pq.read_table(file)
    broken = pa.array([b"\x82"], pa.binary()).view(pa.string())
    pq.write_table(table.set_column(table.schema.get_field_index("question"), "question", broken), file)
    with pytest.raises(InputError, match=r"step_000001\.parquet: cannot be read: .*UTF8"):
        open_run(folder).audit()


def test_a_record_that_cannot_be_read_is_a_line(tmp_path):
    run = open_run(make_run(tmp_path / "run"))
    alarms = tmp_path / "run" / "alarms.jsonl"
    alarms.write_text('{"step": 1, "attempt": "one", "alarm": "no_signal"}\n\n')
    with pytest.raises(
        InputError, match=r"alarms\.jsonl:1: is no line of JSON: expected an object with step, and data,"
    ):
        run.alarms()
    alarms.unlink()
    alarms.mkdir()
    with pytest.raises(InputError, match=r"alarms\.jsonl: cannot be read: Is a directory"):
        run.alarms()
