import json
import sys

import pytest
from run_folder import save

from ttrl_verl.cli.export import command
from ttrl_verl.errors import InputError
from ttrl_verl.export.card import model_card
from ttrl_verl.export.checkpoint import export
from ttrl_verl.record.read import open_run

CONFIG = {
    "actor_rollout_ref": {
        "model": {"path": "org/Model-1B"},
        "actor": {"optim": {"lr": 5e-7}, "use_kl_loss": True, "kl_loss_coef": 0.001},
        "rollout": {"n": 32, "temperature": 1.0},
    },
    "reward": {"reward_manager": {"name": "majority_vote"}},
    "algorithm": {"adv_estimator": "grpo"},
    "data": {"train_batch_size": 8, "max_prompt_length": 512, "max_response_length": 3072, "seed": 1},
    "ttrl": {"votes": 64, "answer_type": "number", "reward_options": None, "allow_labels": False},
}


@pytest.fixture
def run(tmp_path):
    """A run with a checkpoint of steps 2 and 10, and a validation before training and at step 10."""
    folder = tmp_path / "run"
    for step in (2, 10):
        save(folder / f"global_step_{step}")
    (folder / "validation").mkdir()
    for step, scores in ((0, [1.0, 0.0]), (10, [1.0, 1.0])):
        rows = [
            {"uid": f"u_{n}_0", "data_source": "sums", "gts": "4", "answer": "4" if score else "5", "acc": score}
            for n, score in enumerate(scores)
        ]
        (folder / "validation" / f"{step}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_manifest(folder, CONFIG)
    return open_run(folder)


def write_manifest(folder, config):
    data = [{"path": "a|b\n.jsonl", "rows": 30, "sha256": "0" * 64}]
    attempts = [{"attempt": 1, "first_step": 1, "versions": {"verl": "0.9.1"}}]
    manifest = {"format": 1, "config": config, "data": data, "attempts": attempts}
    (folder / "run.json").write_text(json.dumps(manifest))


def test_the_card_says_from_what_how_and_what_was_measured(run):
    card = model_card(run, 10, chosen="last")
    assert card.startswith("---\nbase_model: org/Model-1B\n")
    assert "# Model-1B, adapted without labels" in card
    assert "Step 10 of a run of ttrl-verl (the last checkpoint). No label reached a training reward" in card
    assert "| votes, kept | 64, 32 |" in card
    # One question, sampled twice: right once of two before, twice of two after.
    assert "| sums | before | 0.500 | - |" in card
    assert "| sums | step 10 | 1.000 | - |" in card
    # What a file is called cannot break the table.
    assert "| a\\|b .jsonl | 30 |" in card


def test_a_run_that_does_not_say_how_it_was_trained_has_a_card(run):
    write_manifest(run.folder, {"ttrl": CONFIG["ttrl"]})
    assert "| learning rate | None |" in model_card(open_run(run.folder), 10)


def test_a_step_that_was_not_measured_is_said_to_be(run):
    assert "| (all) | step 2 | not measured |" in model_card(run, 2)


def test_a_control_that_saw_labels_says_so(run):
    write_manifest(run.folder, CONFIG | {"ttrl": CONFIG["ttrl"] | {"allow_labels": True}})
    card = model_card(open_run(run.folder), 10)
    assert "this model is a control" in card
    assert "No label reached" not in card


def test_a_step_that_was_not_saved_is_refused_with_those_that_were(run, tmp_path):
    with pytest.raises(InputError, match="has no checkpoint of step 3; saved are 2, 10"):
        export(run, 3, tmp_path / "out", card="")


def test_a_checkpoint_without_weights_is_refused(run, tmp_path):
    for path in (run.folder / "global_step_2" / "actor").iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"global_step_2/actor: holds no weights"):
        export(run, 2, tmp_path / "out", card="")
    assert not (tmp_path / "out").exists()


def test_what_is_there_is_not_overwritten(run, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("precious")
    with pytest.raises(InputError, match="out: exists already"):
        export(run, 2, tmp_path / "out", card="")
    assert (tmp_path / "out" / "mine").read_text() == "precious"


@pytest.mark.slow  # verl's merger imports verl
def test_broken_weights_are_one_line_and_leave_nothing_behind(run, tmp_path):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match="verl's model merger failed: "):
        export(run, 2, tmp_path / "out", card="")
    assert sorted(tmp_path.iterdir()) == before


def test_a_merger_that_says_nothing_is_one_line(run, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "false")  # what a full disk leaves of its log
    with pytest.raises(InputError, match="verl's model merger failed: it ended with status 1 and said nothing"):
        export(run, 2, tmp_path / "out", card="")


@pytest.mark.parametrize("step", ["first", "-1", "1.5", ""])
def test_a_step_is_a_number_or_a_name(run, tmp_path, step):
    with pytest.raises(InputError, match="expected a number, last, best or informed"):
        command.main([str(run.folder), str(tmp_path / "out"), f"--step={step}"], standalone_mode=False)


@pytest.mark.parametrize("step", ["last", "best"])
def test_a_half_written_checkpoint_is_neither_the_last_nor_the_best(run, tmp_path, step):
    (run.folder / "global_step_10" / "data.pt").unlink()
    (run.folder / "global_step_2" / "actor" / "optim_world_size_1_rank_0.pt").unlink()
    assert run.checkpoints() == [2]
    (run.folder / "global_step_2" / "data.pt").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(InputError, match=r"has no whole checkpoint; .*global_step_10: lacks data\.pt"):
        command.main([str(run.folder), str(tmp_path / "out"), f"--step={step}"], standalone_mode=False)


def test_a_half_written_checkpoint_is_refused_by_its_number(run, tmp_path):
    (run.folder / "global_step_10" / "data.pt").unlink()
    with pytest.raises(InputError, match=r"global_step_10: lacks data\.pt.*; the checkpoint is not whole"):
        export(run, 10, tmp_path / "out", card="")
