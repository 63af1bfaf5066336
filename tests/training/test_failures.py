"""Responses that failed, in each trainer's group stage, on the real TransferQueue."""

import pytest
from queue_rows import left, put, remember, scores, stage

from ttrl_verl.record.read import open_run

pytestmark = [pytest.mark.verl, pytest.mark.timeout(300), pytest.mark.usefixtures("runs")]

MODES = ["sync", "colocate_async", "separate_async"]


def last_scores(tq, batch):
    return {key: row[-1] for key, row in scores(tq, batch).items()}


def settle(group_stage, **arguments):
    return group_stage.sample(**{"global_steps": 1, "partition_id": "train", "batch_size": 1} | arguments)


@pytest.mark.parametrize("mode", MODES)
def test_one_failed_response_costs_one_response(tq, mode):
    put(tq, "a", ["4", ..., "5", "5"], status="failure")
    batch, metrics = settle(stage(mode, votes=4, min_votes="null"))
    assert last_scores(tq, batch) == {"a_0_0": 0.0, "a_2_0": 1.0}
    assert (metrics["ttrl/missing_responses"], metrics["ttrl/votes"]) == (1, 3)
    assert (metrics["ttrl/short_groups"], metrics["ttrl/evicted_groups"]) == (0, 0)
    assert left(tq) == sorted(batch.keys)


@pytest.mark.parametrize(
    ("votes", "min_votes", "came", "reward"),
    [
        (4, "null", 2, 1.0),  # half of the votes
        (4, "null", 1, 0.0),
        (5, "null", 3, 1.0),  # half, rounded up
        (5, "null", 2, 0.0),
        (5, 2, 2, 1.0),
        (5, 5, 5, 1.0),
        (5, 5, 4, 0.0),
    ],
)
def test_with_fewer_responses_than_min_votes_a_group_earns_nothing(tq, caplog, votes, min_votes, came, reward):
    put(tq, "a", ["7"] * came + [...] * (votes - came), status="failure")
    batch, metrics = settle(stage(votes=votes, min_votes=min_votes))
    assert set(last_scores(tq, batch).values()) == {reward}
    assert metrics["ttrl/short_groups"] == (reward == 0.0)
    assert (f"of 1 prompts fewer than {votes if min_votes == 5 else -(-votes // 2)} of {votes}" in caplog.text) == (
        reward == 0.0
    )


def test_a_lone_survivor_of_the_synchronous_trainer_earns_nothing_beside_a_group_that_votes(tq):
    put(tq, "a", ["4", ..., "5", "5"], status="failure")
    put(tq, "b", ["1", ..., ..., ...], status="failure")
    batch, metrics = settle(stage(votes=4, min_votes="null"), batch_size=2)
    assert last_scores(tq, batch) == {"a_0_0": 0.0, "a_2_0": 1.0, "b_0_0": 0.0}
    assert (metrics["ttrl/missing_responses"], metrics["ttrl/short_groups"]) == (4, 1)
    assert left(tq) == sorted(batch.keys)


def test_a_prompt_without_a_response_is_on_record_and_in_the_alarm(tq, runs):
    remember({5: "9"}, {5: [{"role": "user", "content": "what is it"}]})
    put(tq, "a", ["4", "4", "4", "4"], index=2)
    put(tq, "b", [..., ..., ..., ...], index=5, status="failure")
    batch, metrics = settle(stage(votes=4, run="silent"), batch_size=2)
    assert sorted(batch.keys) == ["a_0_0", "a_1_0"]
    assert (metrics["ttrl/missing_responses"], metrics["ttrl/short_groups"]) == (4, 1)
    assert metrics["ttrl/majority_ratio"] == 1.0  # of the group that there is
    assert metrics["ttrl/alarms"] == 1.0
    run = open_run(runs / "silent")
    (alarm,) = run.alarms()
    assert (alarm["alarm"], alarm["value"]) == ("missing", 0.5)
    first, second = sorted(run.audit().to_pylist(), key=lambda row: row["uid"])
    assert (first["missing"], first["kept"]) == (0, 2)
    assert (second["uid"], second["index"], second["question"]) == ("b", 5, "what is it")
    assert (second["answers"], second["rewards"], second["missing"], second["kept"]) == ([], [], 4, 0)
    assert (second["pseudo_label"], second["label"], second["label_correct"]) == (None, "9", False)
    remember()


def test_where_nothing_came_the_synchronous_run_ends_with_a_reason_and_a_record(tq, runs):
    put(tq, "a", [..., ...], index=3, status="failure")
    put(tq, "b", [..., ...], index=4, status="failure")
    with pytest.raises(RuntimeError, match=r"step 7: no response to any of 2 prompts came; a reward worker or a vLLM"):
        settle(stage(votes=2, run="nothing"), batch_size=2, global_steps=7)
    run = open_run(runs / "nothing")
    rows = sorted((row["step"], row["index"], row["missing"]) for row in run.audit().to_pylist())
    assert rows == [(7, 3, 2), (7, 4, 2)]
    assert [alarm["alarm"] for alarm in run.alarms()] == ["missing"]


@pytest.mark.parametrize("mode", MODES[1:])
def test_what_the_asynchronous_trainers_discard_is_asked_anew_and_on_record(tq, runs, mode):
    asked = []

    def refill(count):
        asked.append(count)
        put(tq, "c", ["6", "6", "6", "6"], index=7)

    put(tq, "a", ["4", ..., ..., ...], index=5, status="failure")
    put(tq, "b", ["5", "5", "4", ...], index=6, status="failure")
    group_stage = stage(mode, votes=4, min_votes="null", run="evicted", refill=refill)
    assert group_stage.get_sampleable_count(1, "train") == 1
    batch, metrics = settle(group_stage, batch_size=2)
    assert asked == [1]
    assert last_scores(tq, batch) == {"b_0_0": 1.0, "b_1_0": 1.0, "c_0_0": 1.0, "c_1_0": 1.0}
    assert left(tq) == sorted(batch.keys)
    assert (metrics["ttrl/missing_responses"], metrics["ttrl/evicted_groups"], metrics["ttrl/short_groups"]) == (
        4,
        1,
        1,
    )
    assert metrics["ttrl/majority_ratio"] == (2 / 3 + 1) / 2  # of the two that vote
    rows = {row["index"]: row for row in open_run(runs / "evicted").audit().to_pylist()}
    assert {index: (row["missing"], row["kept"]) for index, row in rows.items()} == {5: (3, 0), 6: (1, 2), 7: (0, 2)}
    assert (rows[5]["answers"], rows[5]["rewards"]) == (["4"], [0.0])
    assert [alarm["alarm"] for alarm in open_run(runs / "evicted").alarms()] == ["missing"]


def test_a_step_that_asks_in_vain_too_often_ends_the_run(tq, runs):
    uids = iter(f"g{n}" for n in range(1000))

    def refill(count):
        for _ in range(count):
            put(tq, next(uids), [..., ...], status="failure", index=1)

    group_stage = stage("colocate_async", votes=2, max_refills=2, run="vain", refill=refill)
    batch = group_stage.sampler_kwargs._get_root().data.train_batch_size
    refill(1)
    message = (
        rf"step 3: {2 * batch + 1} prompts were asked in vain, more than ttrl\.max_refills \(2\) batches of {batch}: "
        r"of each fewer than 1 of 2 responses came; a reward worker"
    )
    with pytest.raises(RuntimeError, match=message):
        settle(group_stage, global_steps=3)
    assert len(open_run(runs / "vain").audit()) == 2 * batch + 1


def test_a_step_that_is_filled_starts_counting_anew(tq):
    count = iter(range(1000))
    step = 0

    def refill(_):
        n = next(count)
        answers, status = (["1", "1"], "finished") if n % 3 == 2 else ([..., ...], "failure")
        put(tq, f"r{n}", answers, status=status, step=step)

    group_stage = stage("colocate_async", votes=2, max_refills=1, refill=refill)
    batch = group_stage.sampler_kwargs._get_root().data.train_batch_size
    for step in range(1, batch // 3 + 3):  # three in vain a step: more than a batch in all
        put(tq, f"first{step}", [..., ...], status="failure", step=step)
        _, metrics = settle(group_stage, global_steps=step)
        assert metrics["ttrl/evicted_groups"] == 3


def test_a_failed_group_that_votes_ages_as_a_finished_one_does(tq):
    """verl's sampler asserts that no stale group is sampled under ``drop``; it looks for them among finished ones."""
    group_stage = stage("colocate_async", votes=3, refill=lambda count: put(tq, "b", ["1", "1", "1"], step=9))
    group_stage.max_off_policy_threshold, group_stage.max_off_policy_strategy = 2, "drop"
    put(tq, "old", ["5", "5", ...], status="failure", step=1)
    put(tq, "new", ["5", "5", ...], status="failure", step=8)
    batch, metrics = settle(group_stage, global_steps=9, batch_size=2)
    assert {key.split("_")[0] for key in batch.keys} == {"new", "b"}
    assert (metrics["training/off_policy/evicted_samples"], metrics["ttrl/evicted_groups"]) == (1, 0)


@pytest.mark.parametrize("name", ["_select_prompt_uids", "_materialize_batch", "_clear_groups"])
def test_verls_private_methods_are_there(name):
    """Fails when verl changes what ``failures`` overrides or relies on: look at both then."""
    import inspect

    from verl.trainer.ppo.v1.replay_buffer import ReplayBuffer, ReplayBufferAsync

    signatures = {
        "_select_prompt_uids": ["self", "partition_id", "sampleable_keys", "batch_size"],
        "_materialize_batch": ["self", "partition_id", "selected_prompt_uids", "partition_snapshot"],
        "_clear_groups": ["self", "partition_id", "uids"],
    }
    assert list(inspect.signature(getattr(ReplayBuffer, name)).parameters) == signatures[name]
    overridden = {
        "_stale_terminal_keys": ["self", "global_steps", "partition_id"],
        "_terminal_eviction_reasons": ["self", "global_steps", "partition_id"],
        "_evict_terminal_groups": ["self", "global_steps", "partition_id", "eviction_reasons"],
    }
    for method, parameters in overridden.items():
        assert list(inspect.signature(getattr(ReplayBufferAsync, method)).parameters) == parameters
