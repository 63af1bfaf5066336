"""The best checkpoint is kept beside the last ones, whatever verl deletes."""

import logging
import shutil

from run_folder import make_run, save, visit

from ttrl_verl.record.read import open_run
from ttrl_verl.record.saved import what_is_missing
from ttrl_verl.report.checkpoints import checkpoint_choice
from ttrl_verl.report.keep_best import BestKept, keep_best

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
