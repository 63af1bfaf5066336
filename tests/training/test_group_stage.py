"""The group stage on the real TransferQueue: rows are put in as verl's agent loops put them in."""

import pytest
from queue_rows import left, put, recipe, remember, scores, stage

pytestmark = [pytest.mark.verl, pytest.mark.timeout(300), pytest.mark.usefixtures("runs")]


def test_the_first_sampled_are_kept_whatever_finished_first(tq):
    # 3 of 4 say "5"; session 3 finished first, session 0 last. Kept: sessions 0 and 1.
    put(tq, "a", ["5", "4", "5", "5"], order=[3, 2, 1, 0], lengths=[4, 2, 3, 1])
    batch, metrics = stage().sample(global_steps=1, partition_id="train", batch_size=1)
    assert scores(tq, batch) == {"a_0_0": [0.0, 0.0, 0.0, 1.0], "a_1_0": [0.0, 0.0]}
    assert left(tq) == ["a_0_0", "a_1_0"]
    assert metrics["ttrl/majority_ratio"] == 0.75
    assert (metrics["ttrl/votes"], metrics["ttrl/kept"], metrics["ttrl/queue_leftover"]) == (4, 2, 0)
    assert (metrics["ttrl/truncated_ratio"], metrics["ttrl/limited_ratio"]) == (0.0, 1.0)


def test_two_digit_sessions_are_in_sampling_order(tq):
    put(tq, "a", ["1", "2"] + ["1"] * 10, order=[11, 10, *range(10)])
    batch, _ = stage().sample(global_steps=1, partition_id="train", batch_size=1)
    assert batch.keys == ["a_0_0", "a_1_0"]


def test_nobody_parsable_earns_nothing(tq):
    put(tq, "a", [None, None, None])
    batch, metrics = stage().sample(global_steps=1, partition_id="train", batch_size=1)
    assert {row[-1] for row in scores(tq, batch).values()} == {0.0}
    assert (metrics["ttrl/unparsed_ratio"], metrics["ttrl/zero_advantage_groups"]) == (1.0, 1.0)


def test_an_earlier_steps_leak_is_counted(tq):
    put(tq, "old", ["1", "1"])
    tq.kv_clear(keys=["old"], partition_id="train")  # its prompt is gone, its responses are not
    put(tq, "a", ["1", "1"])
    _, metrics = stage().sample(global_steps=2, partition_id="train", batch_size=1)
    assert metrics["ttrl/queue_leftover"] == 2


def test_a_training_row_with_a_label_is_refused(tq):
    put(tq, "a", ["1", "1"], label="1")
    with pytest.raises(RuntimeError, match="a training row reached the workers with a label"):
        stage().sample(global_steps=1, partition_id="train", batch_size=1)


def test_labels_in_the_driver_make_metrics_and_no_reward(tq):
    rewards = []
    for labels in ({}, {3: "5.0"}, {3: "4"}, {3: "nonsense"}):
        remember(labels)
        put(tq, "a", ["5", "4", "5"], index=3)
        batch, metrics = stage().sample(global_steps=1, partition_id="train", batch_size=1)
        rewards.append(scores(tq, batch))
        tq.kv_clear(keys=batch.keys, partition_id="train")
        assert metrics.get("ttrl/label_accuracy") == {"5.0": 1.0, "4": 0.0}.get(labels.get(3))
    remember()
    assert rewards == [{"a_0_0": [0, 0, 1.0], "a_1_0": [0, 0, 0]}] * 4


def test_validation_passes_through(tq):
    put(tq, "v", ["1", "2", "3"], label="1", partition="val")
    batch, metrics = stage().sample(global_steps=1, partition_id="val", batch_size=1)
    assert len(batch.keys) == 3
    assert not metrics


def test_the_asynchronous_trainers_get_theirs(tq):
    from verl.trainer.ppo.v1.replay_buffer import ReplayBufferAsync

    for mode in ("colocate_async", "separate_async"):
        assert isinstance(stage(mode), ReplayBufferAsync)
    put(tq, "a", ["5", "4", "5"])
    batch, metrics = stage("colocate_async").sample(global_steps=1, partition_id="train", batch_size=1)
    assert (batch.keys, metrics["ttrl/kept"]) == (["a_0_0", "a_1_0"], 2)


def test_the_queue_is_never_full():
    from transfer_queue.storage.simple_storage import StorageUnitData

    # The limit of verl's default is TransferQueue's to keep; our recipes set none.
    assert recipe().transfer_queue.backend.SimpleStorage.total_storage_size is None
    limited, ours = StorageUnitData(2), StorageUnitData(None)
    for storage in (limited, ours):
        storage.put_data({"answer": ["4", "5"]}, [0, 1])
    with pytest.raises(ValueError, match="Storage capacity exceeded"):
        limited.put_data({"answer": ["6"]}, [2])
    ours.put_data({"answer": ["6"]}, [2])
    assert ours.get_data(["answer"], [0, 1, 2]) == {"answer": ["4", "5", "6"]}


def test_several_outputs_of_a_session_share_its_reward():
    from ttrl_verl.training.prompt_group import sessions_by_prompt

    assert sessions_by_prompt(["a_0_1", "a_0_0", "a_1_0"]) == [(("a_0_0", "a_0_1"), ("a_1_0",))]


def test_the_poll_interval_is_the_recipes():
    assert stage(poll_interval=0.25).poll_interval == 0.25
