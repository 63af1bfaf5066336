"""Responses without tokens, and votes that were cut, in the group stage on the real TransferQueue."""

import pytest
from queue_rows import left, put, scores, stage

from ttrl_verl.record.read import open_run

pytestmark = [pytest.mark.verl, pytest.mark.timeout(900), pytest.mark.usefixtures("runs")]


def sample(group_stage, size=1):
    return group_stage.sample(global_steps=1, partition_id="train", batch_size=size)


def test_a_response_without_tokens_votes_and_leaves_the_queue(tq):
    put(tq, "a", ["4", "5", "5", "5"], only_votes={2, 3})
    batch, metrics = sample(stage(votes=4))
    assert scores(tq, batch) == {"a_0_0": [0.0, 0.0, 0.0], "a_1_0": [0.0, 0.0, 1.0]}
    assert left(tq) == ["a_0_0", "a_1_0"]
    assert (metrics["ttrl/votes_cast"], metrics["ttrl/majority_ratio"], metrics["ttrl/queue_leftover"]) == (4, 0.75, 0)


def test_what_left_its_tokens_is_not_kept_where_one_to_be_kept_failed(tq):
    put(tq, "a", [..., "5", "5", "4"], only_votes={2}, status="failure")
    batch, _ = sample(stage(votes=4))
    assert sorted(batch.keys) == ["a_1_0", "a_3_0"]


def test_a_group_of_which_nothing_can_be_kept_is_skipped(tq):
    put(tq, "a", [..., ..., "5", "5"], only_votes={2, 3}, status="failure")
    put(tq, "b", ["5", "5", "4", "4"], only_votes={2, 3})
    batch, metrics = sample(stage(votes=4), size=2)
    assert (sorted(batch.keys), metrics["ttrl/skipped"]) == (["b_0_0", "b_1_0"], 1)


@pytest.mark.parametrize("mode", ["sync", "colocate_async"])
def test_votes_that_were_cut_are_not_missing_and_no_failure(tq, runs, mode):
    # 3 of 8 came and 5 were cut: fewer than half came, and the group votes all the same.
    put(tq, "a", ["5", "5", "4"], cut=5)
    batch, metrics = sample(stage(mode, votes=8, min_votes="null", run=f"cut-{mode}"))
    assert {key: row[-1] for key, row in scores(tq, batch).items()} == {"a_0_0": 1.0, "a_1_0": 1.0}
    assert (metrics["ttrl/votes_cut"], metrics["ttrl/tokens_saved"], metrics["ttrl/votes_cast"]) == (5, 50, 3)
    assert (metrics["ttrl/missing_responses"], metrics["ttrl/short_groups"], metrics["ttrl/alarms"]) == (0, 0, 0)
    (row,) = open_run(runs / f"cut-{mode}").audit().to_pylist()
    assert (row["missing"], row["cut"], row["majority_ratio"]) == (0, 5, 2 / 3)


def test_a_group_that_failed_in_part_and_was_cut_is_not_discarded(tq):
    put(tq, "a", ["5", ..., "5"], cut=5, status="failure")
    group_stage = stage("colocate_async", votes=8, min_votes="null", refill=lambda count: pytest.fail("refilled"))
    batch, metrics = sample(group_stage)
    assert (sorted(batch.keys), metrics["ttrl/missing_responses"]) == (["a_0_0", "a_2_0"], 1)


def test_a_confidence_of_a_response_without_tokens_is_what_its_worker_said(tq):
    # By the means of their log-probabilities "5" has exp(-1) + exp(-1), "4" 2 exp(-2).
    log_probs = [[-2.0], [-1.0] * 2, [-2.0], [-1.0] * 3]
    put(tq, "a", ["4", "5", "4", "5"], lengths=[1, 2, 1, 3], log_probs=log_probs, only_votes={2, 3})
    batch, _ = sample(stage(reward="confidence_vote", votes=4))
    assert {key: row[-1] for key, row in scores(tq, batch).items()} == {"a_0_0": 0.0, "a_1_0": 1.0}
