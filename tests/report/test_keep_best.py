"""The best checkpoint is kept beside the last ones, whatever verl deletes."""

import logging
import shutil
from dataclasses import asdict, fields

import pyarrow.parquet as pq
from run_folder import audit_table, make_run, save, visit

from ttrl_verl.files import whole_file
from ttrl_verl.record.layout import audit_file
from ttrl_verl.record.read import open_run
from ttrl_verl.record.saved import what_is_missing
from ttrl_verl.record.visits import read_histories
from ttrl_verl.report import keep_best as keeping
from ttrl_verl.report.checkpoints import Glance, checkpoint_choice
from ttrl_verl.report.keep_best import BestKept, VotesSoFar, keep_best

# The majority ratio rises to 3 of 4 at step 2, and falls again.
STEPS = {n: [visit(0, list(answers))] for n, answers in enumerate(["aabc", "aaab", "aabc", "aabd"], start=1)}


def test_the_best_outlives_its_deletion(tmp_path):
    folder = make_run(tmp_path / "run", steps=STEPS, saved=(1, 2))
    watch = BestKept(folder)
    watch()
    for step in (3, 4):  # verl keeps the last two
        shutil.rmtree(folder / f"global_step_{step - 2}" / "actor")
        save(folder / f"global_step_{step}")
        watch()
    run = open_run(folder)
    assert [path.name for path in (folder / "best").iterdir()] == ["global_step_2"]
    assert run.checkpoints() == [2, 3, 4]
    assert run.checkpoint_folders()[2] == folder / "best" / "global_step_2"
    assert what_is_missing(run.checkpoint_folders()[2]) == ""
    assert checkpoint_choice(run) == (4, 2, None)


def test_a_better_one_takes_its_place_and_costs_nothing(tmp_path):
    folder = make_run(tmp_path / "run", steps={1: STEPS[1]}, saved=(1,))
    assert keep_best(folder) == 1
    make_run(tmp_path / "run", steps=STEPS, saved=(2,))
    assert keep_best(folder) == 2
    assert [path.name for path in (folder / "best").iterdir()] == ["global_step_2"]
    first, second = (
        path / "actor" / "model_world_size_1_rank_0.pt"
        for path in (folder / "global_step_2", folder / "best" / "global_step_2")
    )
    assert first.samefile(second)
    # While verl's own is there, it is the one.
    assert open_run(folder).checkpoint_folders()[2] == folder / "global_step_2"


def test_a_steps_votes_are_read_once_and_again_where_they_changed(tmp_path, monkeypatch):
    """By the names of the files that are read at each call. A step of the asynchronous trainers comes in parts."""
    read = []
    real = keeping.read_votes
    monkeypatch.setattr(keeping, "read_votes", lambda path, columns: read.append(path.stem) or real(path, columns))
    folder = make_run(tmp_path / "run", steps={n: STEPS[n] for n in (1, 2)})
    votes = VotesSoFar(folder)
    assert [[seen.majority_ratio for seen in history] for history in votes.histories()] == [[0.5, 0.75]]
    assert read == ["step_000001", "step_000002"]
    both = [*STEPS[2], visit(1, list("ab"))]
    with whole_file(audit_file(folder, 2)) as hidden:
        pq.write_table(audit_table({2: both}), hidden)
    make_run(folder, steps={3: STEPS[3]})
    read.clear()
    assert [[seen.step for seen in history] for history in votes.histories()] == [[1, 2, 3], [2]]
    assert read == ["step_000002", "step_000003"]
    audit_file(folder, 3).unlink()  # put aside by a resume
    read.clear()
    assert [[seen.step for seen in history] for history in votes.histories()] == [[1, 2], [2]]
    assert read == []


def test_what_it_reads_is_what_the_report_reads(tmp_path):
    """Lengths that differ, a response without an answer, one that was cut off, a question that nobody answered."""
    rows = [visit(0, ["a", None, "b", "a"], lengths=[1, 2, 3, 10], truncated=1), visit(4, [], lengths=[])]
    folder = make_run(tmp_path / "run", steps={1: rows}, saved=(1,))
    (first,), (second,) = VotesSoFar(folder).histories()
    assert first == Glance(1, 4, "a", 0.5, 1, 1, 4.0)
    assert second == Glance(1, 0, None, 0.0, 0, 0, 0.0)
    run = open_run(folder)
    for (whole,), glance in zip(read_histories(run.audit()), (first, second), strict=True):
        assert {field.name: getattr(whole, field.name) for field in fields(Glance)} == asdict(glance)


def test_nothing_is_kept_where_nothing_tells_which_is_best(tmp_path):
    folder = make_run(tmp_path / "run", steps={}, saved=(1,))
    assert keep_best(folder) is None
    assert not (folder / "best").exists()


def test_half_a_checkpoint_and_no_run_are_left_alone(tmp_path):
    folder = make_run(tmp_path / "run", steps=STEPS, saved=(1,))
    (folder / "global_step_1" / "data.pt").unlink()
    BestKept(folder)()
    BestKept(tmp_path / "nowhere")()
    assert not (folder / "best").exists()


def test_a_failure_is_told_and_ends_nothing(tmp_path, caplog):
    folder = make_run(tmp_path / "run", steps=STEPS, saved=(1,))
    (folder / "best").write_text("a file where the folder is to be")
    with caplog.at_level(logging.WARNING):
        BestKept(folder)()
    assert "the best checkpoint was not kept apart" in caplog.text
