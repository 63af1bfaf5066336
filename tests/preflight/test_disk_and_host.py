"""What a run writes, what is free, and what it needs of a node's own memory."""

import shutil
from collections import namedtuple

import pytest

from ttrl_verl.composition.recipe import compose_run
from ttrl_verl.preflight.disk import check_disk, free_bytes, written
from ttrl_verl.preflight.host import check_host, host
from ttrl_verl.preflight.model import Shape

pytestmark = pytest.mark.slow  # each composes a recipe

SEVEN = Shape(7_600_000_000, layers=28, hidden=3584, vocabulary=152064, kv_heads=4, head_dim=128)
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def models_that_are_nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.chdir(tmp_path)


def values(*overrides):
    return compose_run("ttrl_aime24", ["model=qwen2.5-math-7b", *overrides]).values


def test_seven_billion_on_aime_by_hand():
    needed = written(SEVEN, values(), questions=30, validated=30)
    assert needed.checkpoint == pytest.approx(91.2e9)  # 7.6 x (4 + 8)
    assert needed.most == 3  # the last two and the best, of 240 / 30 = 8 saves
    assert needed.export == pytest.approx(15.2e9)
    # 30 questions x 16 responses x 3,584 tokens x 4 bytes, 120 passes and one before; 240 x 8 x 64 votes of 40 bytes.
    assert needed.record == pytest.approx(30 * 16 * 3584 * 4 * 121 + 240 * 8 * 64 * 40)
    assert needed.total == pytest.approx(3 * 91.2e9 + needed.record)


@pytest.mark.parametrize(
    ("overrides", "checkpoint", "most"),
    [
        (["trainer.max_actor_ckpt_to_keep=null"], 91.2e9, 8),
        # verl has a second one beside it while it writes.
        (["trainer.max_actor_ckpt_to_keep=1"], 91.2e9, 3),
        (["trainer.save_freq=-1"], 91.2e9, 0),
        (["steps=20"], 91.2e9, 1),
        (["actor_rollout_ref.actor.checkpoint.save_contents=[model]"], 30.4e9, 3),
        (["estimator=ppo"], 182.4e9, 3),
        # The queue of what is under way: 8 x 64 x 3,584 tokens of 48 bytes.
        (["trainer_mode=colocate_async"], 91.2e9 + 8 * 64 * 3584 * 48, 3),
    ],
)
def test_what_is_kept_and_how_large_it_is(overrides, checkpoint, most):
    needed = written(SEVEN, values(*overrides), questions=30, validated=30)
    assert (needed.checkpoint, needed.most) == (pytest.approx(checkpoint), most)


def test_a_disk_without_room_is_told(tmp_path, monkeypatch):
    composed = compose_run("ttrl_aime24", ["model=qwen2.5-math-7b", f"out={tmp_path}/run"])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(400e9, 126e9, 274e9))
    (told,) = check_disk(composed, 30, 30)
    # 3 x 91.4 GB, as the part states 7.616 billion parameters, and 0.8 GB of record
    assert told.state == "warn"
    assert told.said.startswith(
        "at most 275 GB: 3 checkpoints at once of 91 GB (model, optimizer, extra), 0.8 GB of votes and validation; an "
        "export takes 15 GB more; free for "
    )
    assert told.said.endswith("/run are 274 GB")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(400e9, 100e9, 300e9))
    assert [finding.state for finding in check_disk(composed, 30, 30)] == ["ok"]


def test_a_run_that_goes_on_replaces_its_own_checkpoints(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10, 5, 5))
    assert free_bytes(tmp_path / "not" / "there") == 5
    shard = tmp_path / "run" / "global_step_1" / "actor" / "model_world_size_1_rank_0.pt"
    shard.parent.mkdir(parents=True)
    shard.write_bytes(b"123")
    assert free_bytes(tmp_path / "run") == 8


def test_a_model_of_an_unknown_shape_has_no_estimate():
    (told,) = check_disk(compose_run("ttrl_aime24", ["model=/models/mine"]), 30, 30)
    assert (told.state, told.said) == ("note", "not estimated: the model's shape is not known")


def test_the_reference_is_in_the_hosts_memory():
    needed = host(SEVEN, values())
    assert needed.offloaded == pytest.approx(30.4e9)  # 7.6 x 4, on the one node
    assert needed.queue == 8 * 64 * 3584 * 48
    # 2 x 8 of the GPUs, loader 8, agent loops 8, rewards 8, storage 8, the trainer
    assert needed.processes == pytest.approx(49e9)
    assert needed.total == pytest.approx(30.4e9 + 8 * 64 * 3584 * 48 + 49e9)


@pytest.mark.parametrize(
    ("overrides", "offloaded"),
    [
        (["actor_rollout_ref.actor.use_kl_loss=false"], 0),
        # The actor, too, 7.6 x 12, and over two nodes: half of each.
        (["hardware=2x8x80gb"], (30.4e9 + 91.2e9) / 2),
        # A critic that is offloaded.
        (["estimator=ppo", "actor_rollout_ref.actor.use_kl_loss=false"], 91.2e9),
    ],
)
def test_what_is_offloaded_counts(overrides, offloaded):
    assert host(SEVEN, values(*overrides)).offloaded == pytest.approx(offloaded)


def test_votes_that_are_many_and_long_fill_the_queue():
    long = host(SEVEN, values("batch=1024", "data.max_response_length=32768"))
    assert long.queue == pytest.approx(1024 * 64 * (512 + 32768) * 48)  # 105 GB
    assert host(SEVEN, values("batch=1024", "trainer_mode=colocate_async")).queue == 2 * 1024 * 64 * 3584 * 48


def test_a_machine_with_less_memory_is_told(monkeypatch):
    composed = compose_run("ttrl_aime24", ["model=qwen2.5-math-7b"])
    (told,) = check_host(composed)  # this environment trains on no GPU: the run is elsewhere
    assert told.state == "ok"
    assert told.said == "about 80 GB of a node's own memory: 30 offloaded, 0.1 in the queue, 49 processes of 1 GB"
    monkeypatch.setattr("ttrl_verl.preflight.host.vllm_build_is_cpu", lambda: False)
    monkeypatch.setattr("os.sysconf", lambda name: 4096 if name == "SC_PAGE_SIZE" else 10**7)  # 41 GB
    (told,) = check_host(composed)
    assert told.state == "warn"
    assert told.said.endswith("; this machine has 41 GB")
