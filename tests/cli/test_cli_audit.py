"""``ttrl-verl audit`` as a person types it, on a run that was written as runs are."""

import json
import re
import sys

import pytest

from ttrl_verl.cli import main
from ttrl_verl.config import parse_ttrl_config
from ttrl_verl.record.write import RunWriter
from ttrl_verl.reward_fns.vote import take_vote

SECTION = {"votes": 4, "answer_type": "number"}
CONFIG = {"ttrl": SECTION, "trainer": {"resume_mode": "auto"}, "data": {"train_files": None, "val_files": None}}

# Prompt 7 goes from right to wrong, 3 from wrong to right, 5 stays; the label is the prompt's number.
VISITS = [
    (1, 7, ["7", "7", "1", None]),
    (1, 3, ["\x1b[31m2", "\x1b[31m2", "3", "[bold]8"]),
    (2, 5, ["5", "5", "5", "5"]),
    (3, 7, ["1", "1", "1", "7"]),
    (3, 3, ["3", "3", "3", None]),
]


@pytest.fixture
def run_dir(tmp_path):
    folder = tmp_path / "run"
    writer = RunWriter(folder, CONFIG, parse_ttrl_config(SECTION))
    for step, index, answers in VISITS:
        vote = take_vote(answers)
        row = {
            "step": step,
            "index": index,
            "uid": f"{step}-{index}",
            "data_source": "q",
            "origin": f"/data/q.jsonl:{index + 1}",
            "question": f"what is {index}?\x07",
            "answers": answers,
            "rewards": [float(answer == vote.label) for answer in answers],
            "lengths": [3] * 4,
            "kept": 2,
            "missing": 0,
            "pseudo_label": vote.label,
            "prior_label": None,
            "majority_ratio": vote.majority_ratio,
            "answer_entropy": 0.0,
            "distinct_answers": len(set(answers)),
            "unparsed": answers.count(None),
            "truncated": 0,
            "limited": 0,
        }
        writer.record(step, [row], [{"label": str(index), "label_correct": vote.label == str(index)}])
    writer.close()
    return folder


@pytest.fixture
def audit(run_dir, monkeypatch, capsys):
    def call(*arguments, folder=run_dir):
        monkeypatch.setattr(sys, "argv", ["ttrl-verl", "audit", str(folder), *arguments])
        with pytest.raises(SystemExit) as status:
            main()
        printed = capsys.readouterr()
        return status.value.code, printed.out, printed.err

    return call


def test_prompts_are_listed_the_lost_first(audit):
    status, out, _ = audit()
    assert status == 0
    lines = [line.split() for line in out.splitlines() if "q.jsonl" in line]
    assert [line[0] for line in lines] == ["7", "3", "5"]
    # prompt, where, visits, pseudo-label, majority ratio, flips, right
    assert " ".join(lines[0]) == "7 q.jsonl:8 2 7 → 1 0.50 → 0.75 1 yes → no"
    assert " ".join(lines[2]) == "5 q.jsonl:6 1 5 → 5 1.00 → 1.00 0 yes → yes"


@pytest.mark.parametrize("prompt", ["3", "q.jsonl:4", "/data/q.jsonl:4"])
def test_a_prompts_story(audit, prompt):
    status, out, _ = audit("--prompt", prompt)
    assert status == 0
    assert "what is 3?\\x07" in out
    visits = [" ".join(line.split()) for line in out.splitlines()[-4:] if "of 4" in line]
    assert visits == [
        "1 \\x1b[31m2 no 0.50 \\x1b[31m2 ×2, 3 ×1, [bold]8 ×1 0 0 2 of 4",
        "3 3 yes 0.75 3 ×3 1 0 2 of 4",
    ]
    assert "\x1b" not in out
    assert "\x07" not in out


def test_json_leaves_nothing_out(audit):
    _, out, _ = audit("--json")
    assert json.loads(out.splitlines()[0]) == {
        "index": 7,
        "origin": "/data/q.jsonl:8",
        "visits": 2,
        "flips": 1,
        "label_first": "7",
        "label_last": "1",
        "ratio_first": 0.5,
        "ratio_last": 0.75,
        "right_first": True,
        "right_last": False,
    }
    _, out, _ = audit("--prompt", "7", "--json")
    first, _ = (json.loads(line) for line in out.splitlines())
    assert first["answers"] == ["7", "7", "1", None]
    assert first["counts"] == {"7": 2, "1": 1}


@pytest.mark.parametrize("prompt", ["99", "q.jsonl:99", "9" * 40, "../x", "²"])
def test_a_prompt_that_was_not_visited_is_one_line(audit, prompt):
    status, out, err = audit("--prompt", prompt)
    assert (status, out) == (2, "")
    assert "was visited" in err
    assert len(err.splitlines()) == 1


def test_a_folder_that_holds_no_run_is_one_line(audit, tmp_path):
    status, _, err = audit(folder=tmp_path)
    assert status == 2
    assert "holds no run" in err


def test_a_file_that_is_cut_off_is_named(audit, run_dir):
    file = run_dir / "audit" / "step_000002.parquet"
    file.write_bytes(file.read_bytes()[:100])
    status, _, err = audit()
    assert status == 2
    assert "step_000002.parquet: cannot be read" in err
    assert len(err.splitlines()) == 1


def test_the_information_is_told_under_the_table(audit):
    # First visits: 7 7 1 | 2 2 3 [bold]8 | 5 5 5 5; last ones: 1 1 1 7 | 3 3 3 | 5 5 5 5.
    _, out, _ = audit()
    line = out.splitlines()[-1]
    first, last = re.fullmatch(
        r"answer information, which is 0 by chance: (\S+) nats \(z \d+\) over first visits, (\S+) nats .* last visits",
        line,
    ).groups()
    assert 0 < float(first) <= float(last) + 0.2
