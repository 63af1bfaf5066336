"""``algorithm.filter_groups``: groups that teach nothing are replaced, on the real queue and verl's own buffers."""

import pytest
from queue_rows import left, put, remember, stage

from ttrl_verl.record.read import open_run

pytestmark = [pytest.mark.verl, pytest.mark.timeout(900), pytest.mark.usefixtures("runs")]

MODES = ["sync", "colocate_async", "separate_async"]
TEACHES, TEACHES_NOT = ["5", "4", "5", "5"], ["5", "5", "5", "4"]  # two are kept of each


class Loader:
    """Asks for more questions as verl's trainer does: the next groups of a list; then groups that teach nothing."""

    def __init__(self, tq, *groups):
        self.tq, self.groups, self.asked = tq, list(groups), 0

    def __call__(self, count):
        for _ in range(count):
            answers = self.groups.pop(0) if self.groups else TEACHES_NOT
            self.asked += 1
            put(self.tq, f"more{self.asked}", answers, index=100 + self.asked)


def filtering(mode, refill, **settings):
    return stage(mode, refill=refill, votes=4, filter_groups="true", **settings)


@pytest.mark.parametrize("mode", MODES)
def test_a_group_that_teaches_nothing_is_replaced_by_the_next_question(tq, runs, mode):
    put(tq, "a", TEACHES, index=1)
    put(tq, "b", TEACHES_NOT, index=2)
    loader = Loader(tq, TEACHES, TEACHES)
    batch, metrics = filtering(mode, loader, run=f"filter-{mode}").sample(1, "train", 2)
    # verl's synchronous buffer asks two for one, takes any two of the three that teach, and clears the third.
    uids = {key.split("_")[0] for key in batch.keys}
    assert uids <= {"a", "more1", "more2"} if mode == "sync" else uids == {"a", "more1"}
    assert (len(uids), len(batch.keys)) == (2, 4)
    assert metrics["ttrl/passed_over"] == 1
    assert metrics["training/filter_groups/evicted_samples"] == 1
    assert metrics["ttrl/zero_advantage_groups"] == 0.0
    assert loader.asked == (2 if mode == "sync" else 1)
    assert left(tq) == sorted(batch.keys)
    rows = {row["index"]: row for row in open_run(runs / f"filter-{mode}").audit().to_pylist()}
    assert sorted(row["kept"] for row in rows.values()) == [0, 2, 2]
    assert (rows[2]["answers"], rows[2]["rewards"], rows[2]["kept"]) == (TEACHES_NOT, [1.0, 1.0, 1.0, 0.0], 0)


@pytest.mark.parametrize("mode", MODES)
def test_where_nothing_teaches_the_step_takes_what_comes_and_the_run_says_so_and_ends(tq, runs, mode, caplog):
    put(tq, "a", TEACHES_NOT, index=1)
    put(tq, "b", TEACHES_NOT, index=2)
    loader = Loader(tq)
    # 4 questions a step: at most 1 batch of them is passed over.
    group_stage = filtering(mode, loader, run=f"nothing-{mode}", max_refills=1, batch=4)
    batch, metrics = group_stage.sample(1, "train", 2)
    assert metrics["ttrl/passed_over"] == 4
    assert (len(batch.keys), metrics["ttrl/zero_advantage_groups"]) == (4, 1.0)
    (alarm,) = [one for one in open_run(runs / f"nothing-{mode}").alarms() if one["alarm"] == "nothing_teaches"]
    assert (alarm["action"], alarm["value"], alarm["threshold"]) == ("stop", 4.0, 4.0)
    assert "4 groups whose kept rewards are all equal were passed over in one step" in caplog.text
    assert "an alarm says stop" in caplog.text  # there is no trainer here to stop
    tq.kv_clear(keys=left(tq), partition_id="train")


def test_verls_own_bound_goes_before_ours(tq):
    put(tq, "a", TEACHES_NOT, index=1)
    group_stage = filtering("sync", Loader(tq), generations=2, batch=1)
    _, metrics = group_stage.sample(1, "train", 1)
    assert metrics["ttrl/passed_over"] == 1  # the step's own batch, and one more
    tq.kv_clear(keys=left(tq), partition_id="train")


def test_without_the_setting_nothing_is_replaced(tq):
    put(tq, "a", TEACHES_NOT)
    batch, metrics = stage(votes=4).sample(1, "train", 1)
    assert (len(batch.keys), metrics["ttrl/passed_over"]) == (2, 0)


def test_verls_buffers_ask_which_groups_to_filter_as_we_answer():
    """Fails when verl changes what ``teaching`` overrides: look at both then."""
    import inspect

    from verl.trainer.ppo.v1.replay_buffer import ReplayBuffer, ReplayBufferAsync

    assert [*inspect.signature(ReplayBuffer._dapo_filtered_keys).parameters] == ["self", "partition_id"]
    for buffer in (ReplayBuffer, ReplayBufferAsync):
        assert "self._dapo_filtered_keys(partition_id)" in inspect.getsource(buffer._terminal_eviction_reasons)
    assert "2 * dapo_count" in inspect.getsource(ReplayBuffer.sample)
    remember()
