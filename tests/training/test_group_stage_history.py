"""A reward that looks back, on the real TransferQueue: the same rewards after a kill, bit for bit."""

import pytest
from queue_rows import put, scores, stage

from ttrl_verl.training import weights

pytestmark = [pytest.mark.verl, pytest.mark.timeout(300), pytest.mark.usefixtures("runs")]

# What two prompts are answered at each step.
STEPS = [
    {"a": ["4", "4", "5"], "b": ["1", "2", "2"]},
    {"a": ["5", "4", "5"], "b": ["1", "1", "2"]},
    {"a": ["5", "5", None], "b": ["2", "2", "2"]},
    {"a": ["4", "5", "5"], "b": ["1", "2", "1"]},
]


def step(tq, one, number):
    """One step of a stage: the rewards in the queue by key, and what each prompt weighs."""
    for index, (uid, answers) in enumerate(STEPS[number - 1].items()):
        put(tq, uid, answers, index=index, step=number)
    batch, _ = one.sample(global_steps=number, partition_id="train", batch_size=2)
    found = scores(tq, batch), dict(weights._weights)
    tq.kv_clear(keys=[*batch.keys, *STEPS[number - 1]], partition_id="train")
    return found


@pytest.mark.parametrize("reward", ["pooled", "guarded"])
def test_a_resumed_run_earns_what_the_other_earned(tq, reward):
    settings = {"reward": reward, "run": "whole"}
    whole = stage(**settings)
    earned = [step(tq, whole, number) for number in (1, 2, 3, 4)]
    whole._writer.close()
    # The run is killed after step 4, its last checkpoint is of step 2: steps 3 and 4 are done again.
    again = stage(**settings, resume="auto")
    assert [step(tq, again, number) for number in (3, 4)] == earned[2:]
    again._writer.close()


def test_the_votes_of_the_visit_before_decide(tq):
    one = stage(reward="pooled", run="pooled", reward_options="{decay:1.0}")
    step(tq, one, 1)
    step(tq, one, 2)
    # a: "4" has 0 + 1/3 + 2/3, "5" has 2/3 + 2/3 + 1/3: "5"; b: "2" has 1 + 1/3 + 2/3.
    rewards, _ = step(tq, one, 3)
    assert {key: row[-1] for key, row in rewards.items()} == {"a_0_0": 1.0, "a_1_0": 1.0, "b_0_0": 1.0, "b_1_0": 1.0}
    # a: "4" has 1/3 + 0 + 1/3 + 2/3, "5" twice 2/3 + 2/3, less 1/3; b: "1" 2/3 + 2/3 + 1/3, "2" 1/3 + 1 + 1/3 + 2/3.
    rewards, _ = step(tq, one, 4)
    assert {key: row[-1] for key, row in rewards.items()} == {"a_0_0": 0.0, "a_1_0": 1.0, "b_0_0": 0.0, "b_1_0": 1.0}
    one._writer.close()


def test_a_label_that_flipped_weighs_less(tq):
    one = stage(reward="guarded", run="guarded")
    assert step(tq, one, 1)[1] == {}
    # a: "4", then "5" with 2 of 3: flipped and sure, 0.5 * 0.7; b: "2", then "1" alike.
    assert set(step(tq, one, 2)[1].values()) == {0.35}
    one._writer.close()
