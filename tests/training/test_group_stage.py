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


def test_what_a_step_was_sampled_in_parts_is_no_leak_until_the_step_is_over(tq):
    separate = stage("separate_async")
    put(tq, "a", ["1", "1", "2"])
    separate.sample(global_steps=1, partition_id="train", batch_size=1)
    put(tq, "b", ["2", "3", "3"])
    _, metrics = separate.sample(global_steps=1, partition_id="train", batch_size=1)
    assert metrics["ttrl/queue_leftover"] == 0
    # Of all six answers two are "1": the share is the step's, not the mean of its parts, 2 of 3 each.
    assert metrics["ttrl/top_answer_share"] == 2 / 6
    put(tq, "c", ["1", "1", "1"])
    _, metrics = separate.sample(global_steps=2, partition_id="train", batch_size=1)
    assert metrics["ttrl/queue_leftover"] == 4  # verl should have cleared the two of each that were kept


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


def test_of_several_outputs_the_last_is_graded_and_all_share_its_reward(tq):
    # Sessions 0 and 1 say "4" at first and "5" in the end; the vote is on the last: 5, 5, 4.
    put(tq, "a", ["5", "5", "4"], earlier={0: ["4"], 1: ["4", "4"]})
    batch, metrics = stage().sample(global_steps=1, partition_id="train", batch_size=1)
    assert {key: row[-1] for key, row in scores(tq, batch).items()} == {
        "a_0_0": 1.0,
        "a_0_1": 1.0,
        "a_1_0": 1.0,
        "a_1_1": 1.0,
        "a_1_2": 1.0,
    }
    assert (metrics["ttrl/votes"], metrics["ttrl/majority_ratio"]) == (3, pytest.approx(2 / 3))
    assert left(tq) == sorted(batch.keys)


# Three responses of "4" and two of "5". By their means, "4" has 3 exp(-2) = 0.41 and "5" 2 exp(-1) = 0.74: "5" wins. By
# their sums, "4" has exp(-2) + 2 exp(-4) = 0.17 and "5" 2 exp(-3) = 0.10: "4" would. By the first token alone, or the
# last, "4" has exp(-2) + exp(-0.5) + exp(-3.5) = 0.77: "4" would, too.
UNEQUAL = {
    "answers": ["4", "4", "4", "5", "5"],
    "lengths": [1, 2, 2, 3, 3],
    "log_probs": [[-2.0], [-0.5, -3.5], [-3.5, -0.5], [-1.0] * 3, [-1.0] * 3],
}


def test_a_confidence_is_the_mean_of_a_responses_log_probabilities_not_their_sum(tq):
    put(tq, "a", **UNEQUAL)
    batch, _ = stage("sync", reward="confidence_vote").sample(1, "train", 1)
    assert {key: row[-1] for key, row in scores(tq, batch).items()} == {"a_0_0": 0.0, "a_1_0": 0.0}
    put(tq, "b", **{name: values[::-1] for name, values in UNEQUAL.items()})
    batch, _ = stage("sync", reward="confidence_vote").sample(1, "train", 1)
    assert {key: row[-1] for key, row in scores(tq, batch).items()} == {"b_0_0": 1.0, "b_1_0": 1.0}


def test_a_gate_is_by_the_mean_too(tq):
    # One of six says "5", less than the 0.25 that may be punished. Its mean, -1, is above the group's, -1.17: it is
    # spared. Its sum, -4, is below the sums of all others.
    answers, log_probs = ["5", "4", "4", "4", "4", "4"], [[-1.0] * 4, *[[-1.2]] * 5]
    put(tq, "a", answers, lengths=[4, *[1] * 5], log_probs=log_probs)
    options = {"reward_options": "{positive:0.5,margin:0.1,negative:0.25}"}
    batch, _ = stage(reward="thresholded", **options).sample(global_steps=1, partition_id="train", batch_size=1)
    assert {key: row[-1] for key, row in scores(tq, batch).items()} == {"a_0_0": 0.0, "a_1_0": 1.0}


def test_log_probabilities_are_read_in_chunks_as_they_are_in_one(tq, monkeypatch):
    from ttrl_verl.training import queue_rows

    for chunk in (1, 4, 5, 1 << 24):  # a response each; some together; all
        monkeypatch.setattr(queue_rows, "CHUNK_TOKENS", chunk)
        put(tq, f"c{chunk}", **UNEQUAL)
        batch, _ = stage("sync", reward="confidence_vote").sample(1, "train", 1)
        assert {row[-1] for row in scores(tq, batch).values()} == {0.0}
        put(tq, f"d{chunk}", ["5", "4", "5"], lengths=[4, 2, 3])
        batch, _ = stage().sample(global_steps=1, partition_id="train", batch_size=1)
        assert scores(tq, batch) == {f"d{chunk}_0_0": [0.0, 0.0, 0.0, 1.0], f"d{chunk}_1_0": [0.0, 0.0]}


def test_a_response_that_another_manager_graded_is_refused(tq):
    from verl.utils.tensordict_utils import list_of_dict_to_tensordict

    put(tq, "a", ["5", "4"])
    fields = list_of_dict_to_tensordict([{"extra_fields": {"reward_extra_info": {"score": 1.0}}}])
    tq.kv_batch_put(keys=["a_0_0"], partition_id="train", fields=fields)
    with pytest.raises(RuntimeError, match=r"not graded by ttrl_verl's reward manager"):
        stage().sample(global_steps=1, partition_id="train", batch_size=1)


def test_a_response_that_was_scored_against_a_label_is_refused(tq):
    put(tq, "a", ["5", "4"], extras={1: {"acc": 1.0}})
    with pytest.raises(RuntimeError, match="a training row reached the workers with a label"):
        stage().sample(global_steps=1, partition_id="train", batch_size=1)
