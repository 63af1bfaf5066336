"""``run.json`` as a type: what another version of the same format wrote stays, what is none is one line."""

import json

import pytest
from record_rows import train
from run_folder import make_run

from ttrl_verl.errors import InputError
from ttrl_verl.record.manifest import Attempt, DataFile, Manifest, read_manifest
from ttrl_verl.record.read import open_run


def test_what_is_written_is_read_back(tmp_path):
    attempt = Attempt(attempt=1, first_step=None, command="train \udcff", changes={"a": [1, None]})
    written = Manifest(config={"a": 1}, data=[DataFile(path="/q\udcff", sha256="ab", rows=3)], attempts=[attempt])
    written.write(tmp_path)
    assert read_manifest(tmp_path / "run.json") == written


def test_a_key_that_this_version_does_not_know_survives_a_resume(start_record, tmp_path):
    first = start_record()
    train(first, 1)
    first.close()
    path = tmp_path / "run" / "run.json"
    content = json.loads(path.read_text())
    content["note"] = "mine"
    content["attempts"][0]["gpus"] = 8
    path.write_text(json.dumps(content))
    train(start_record(), 2)
    content = json.loads(path.read_text())
    assert content["note"] == "mine"
    assert [attempt.get("gpus") for attempt in content["attempts"]] == [8, None]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"data": [1]}, r"data\.0: Input should be"),
        ({"data": [{"path": "q", "sha256": "ab", "rows": "3"}]}, r"data\.0\.rows: Input should be a valid integer"),
        ({"attempts": [{"attempt": "1", "first_step": 1}]}, r"attempts\.0\.attempt: Input should be a valid integer"),
        ({"attempts": [{"attempt": 1}]}, r"attempts\.0\.first_step: Field required"),
        ({"config": []}, "config: Input should be a valid dictionary"),
        ({"format": 2}, "is of format 2; this version reads format 1"),
        ({"format": True}, "is of format True; this version reads format 1"),
    ],
)
def test_what_is_no_manifest_is_one_line_with_the_key(tmp_path, change, says):
    path = make_run(tmp_path / "run") / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=rf"run\.json: .*{says}[^\n]*$"):
        open_run(tmp_path / "run")


@pytest.mark.parametrize("key", ["config", "data", "attempts"])
def test_a_key_that_is_missing_is_named(tmp_path, key):
    path = make_run(tmp_path / "run") / "run.json"
    content = json.loads(path.read_text())
    del content[key]
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=f"is no manifest of a run: {key} is missing"):
        open_run(tmp_path / "run")


def test_the_answer_type_is_that_of_the_section_and_a_bad_one_is_one_line(tmp_path):
    # A section of another version may have keys that this one does not know, and lack those that it does.
    settings = {"ttrl.answer_type": "choice", "ttrl.choices": ["yes", "no"], "ttrl.from_tomorrow": 1}
    run = open_run(make_run(tmp_path / "run", settings=settings))
    assert run.answer_type().answer("It is no.") == "no"
    bad = open_run(make_run(tmp_path / "bad", settings={"ttrl.answer_type": "poem"}))
    with pytest.raises(InputError, match=r"run\.json: config\.ttrl\.answer_type: unknown answer type 'poem'"):
        bad.answer_type()
    assert run.base_model == "/models/tiny"
