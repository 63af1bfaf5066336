"""A checkpoint counts when all its ranks' files and its data state are there."""

import pytest
from run_folder import make_run, save, visit

from ttrl_verl.record.read import open_run
from ttrl_verl.record.saved import what_is_missing
from ttrl_verl.report.checkpoints import checkpoint_choice
from ttrl_verl.report.write import write_report


def test_a_whole_checkpoint_lacks_nothing(tmp_path):
    assert what_is_missing(save(tmp_path / "global_step_1")) == ""
    assert what_is_missing(save(tmp_path / "global_step_2", ranks=8, parts=("actor", "critic"))) == ""


@pytest.mark.parametrize("part", ["actor", "critic"])
@pytest.mark.parametrize("kind", ["model", "optim", "extra_state"])
@pytest.mark.parametrize("rank", [0, 3, 7])
def test_each_ranks_files_are_looked_for(tmp_path, part, kind, rank):
    folder = save(tmp_path / "global_step_1", ranks=8, parts=("actor", "critic"))
    name = f"{kind}_world_size_8_rank_{rank}.pt"
    (folder / part / name).write_bytes(b"")  # a full disk
    assert what_is_missing(folder) == f"{folder / part}: lacks {name}"
    (folder / part / name).unlink()
    assert what_is_missing(folder) == f"{folder / part}: lacks {name}"


def test_weights_alone_are_a_checkpoint_and_optimizers_alone_are_none(tmp_path):
    # actor.checkpoint.save_contents may leave the optimizer out.
    folder = save(tmp_path / "global_step_1")
    (folder / "actor" / "optim_world_size_1_rank_0.pt").unlink()
    assert what_is_missing(folder) == ""
    (folder / "actor" / "model_world_size_1_rank_0.pt").unlink()
    assert "holds no weights of FSDP" in what_is_missing(folder)


def test_the_data_state_is_there_whole(tmp_path):
    folder = save(tmp_path / "global_step_1")
    whole = (folder / "data.pt").read_bytes()
    (folder / "data.pt").write_bytes(whole[:-10])
    assert "lacks data.pt, or the whole of it" in what_is_missing(folder)
    (folder / "data.pt").unlink()
    assert "lacks data.pt" in what_is_missing(folder)


def test_an_empty_folder_and_one_whose_shards_were_deleted(tmp_path):
    (tmp_path / "global_step_1").mkdir()
    assert "holds no weights" in what_is_missing(tmp_path / "global_step_1")
    folder = save(tmp_path / "global_step_2")  # trainer.max_actor_ckpt_to_keep
    for path in (folder / "actor").iterdir():
        path.unlink()
    assert "holds no weights" in what_is_missing(folder)


def test_report_and_choice_see_whole_ones_alone(tmp_path):
    steps = {1: [visit(0, list("abcd"))], 2: [visit(0, list("aabc"))], 3: [visit(0, list("aaab"))]}
    folder = make_run(tmp_path / "run", steps=steps, saved=(1, 2, 3))
    run = open_run(folder)
    assert checkpoint_choice(run) == (3, 3, None)
    (folder / "global_step_3" / "data.pt").unlink()
    assert run.checkpoints() == [1, 2]
    assert list(run.checkpoint_folders()) == [1, 2, 3]
    assert checkpoint_choice(run) == (2, 2, None)
    report = write_report(folder)
    assert "last: step 2" in report.text.read_text()
    assert "global_step_3 is left out" in report.text.read_text()
