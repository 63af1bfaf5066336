"""Rewards of a user's own, several rewards, keep rules, skipped prompts and weights, on the real TransferQueue."""

import pytest
from queue_rows import left, put, remember, scores, stage

from ttrl_verl.reward_fns.judge import RewardError

pytestmark = [pytest.mark.verl, pytest.mark.timeout(300), pytest.mark.usefixtures("runs")]

MINE = """
from ttrl_verl.reward_fns import Reward, Verdict


def rarest(group):
    return [float(group.answers.count(answer) == 1) for answer in group.answers]


def _all(group):
    seen = (group.question, group.index, group.step, group.lengths, group.texts, group.checks)
    expected = ("what is it", 0, 7, (3, 3, 3), ("so 5", "so 4", "so 5"), (1.0, None, 0.5))
    return [float(seen == expected)] * group.size


fields = Reward(_all, needs=("question", "index", "step", "lengths", "texts", "checks"))


def skip_four(group):
    return Verdict([1.0] * group.size, skip="4" in group.answers)


def weigh(group):
    if group.size == 2:
        return [0.0, 0.0]
    return Verdict([1.0, 0.0, 0.0], weight=0.5, keep=[2, 0], token_weights=[[0, 0, 1], [1, 1, 1], [1, 2, 0]])


def fails(group):
    if group.size > 2:
        raise KeyError("no such colour")
    return [0.0] * group.size


def word(response):
    return 1.0
"""


@pytest.fixture
def mine(runs):
    (runs / "mine.py").write_text(MINE)
    return runs / "mine.py"


def test_a_users_reward_sees_the_group_from_a_process_apart(tq, mine):
    put(tq, "a", ["5", "4", "5"])
    batch, metrics = stage(reward=f"{mine}:rarest").sample(global_steps=1, partition_id="train", batch_size=1)
    assert {key: row[-1] for key, row in scores(tq, batch).items()} == {"a_0_0": 0.0, "a_1_0": 1.0}
    assert metrics["ttrl/majority_voting_reward"] == pytest.approx(1 / 3)


def test_each_field_that_it_needs_is_filled(tq, mine):
    remember(questions={0: [{"role": "user", "content": "what is it"}]})
    words = {0: 1.0, 1: None, 2: 0.5}
    extras = {place: {"text": f"so {answer}", "check": words[place]} for place, answer in enumerate("545")}
    extras[1]["check_failed"] = "ran past 2 s"
    put(tq, "a", ["5", "4", "5"], extras=extras)
    one = stage(reward=f"{mine}:fields", check=f"{mine}:word")
    batch, metrics = one.sample(global_steps=7, partition_id="train", batch_size=1)
    assert {row[-1] for row in scores(tq, batch).values()} == {1.0}
    assert (metrics["ttrl/check_mean"], metrics["ttrl/check_failed"]) == (0.75, pytest.approx(1 / 3))
    remember()


def test_a_skipped_prompt_trains_on_nothing_and_is_counted(tq, mine):
    put(tq, "a", ["5", "5", "5"])
    put(tq, "b", ["4", "5", "5"], index=1)
    batch, metrics = stage(reward=f"{mine}:skip_four").sample(global_steps=1, partition_id="train", batch_size=2)
    assert batch.keys == ["a_0_0", "a_1_0"]
    assert left(tq) == ["a_0_0", "a_1_0"]
    assert (metrics["ttrl/skipped"], metrics["ttrl/kept"], metrics["ttrl/votes"]) == (1, 2, 6)


def test_where_all_are_skipped_one_response_stands_in_with_no_weight(tq, mine):
    from ttrl_verl.training import weights

    put(tq, "a", ["4", "5", "5"])
    batch, metrics = stage(reward=f"{mine}:skip_four").sample(global_steps=1, partition_id="train", batch_size=1)
    assert (batch.keys, weights._weights) == (["a_0_0"], {"a_0_0": 0.0})
    assert (metrics["ttrl/skipped"], metrics["ttrl/kept"]) == (1, 0)


def test_weights_multiply_the_advantages_that_verl_computed(tq, mine):
    import torch
    from tensordict import TensorDict

    from ttrl_verl.training import weights

    put(tq, "a", ["5", "4", "5"])
    batch, _ = stage(reward=f"{mine}:weigh").sample(global_steps=1, partition_id="train", batch_size=1)
    assert batch.keys == ["a_0_0", "a_2_0"]  # the places that the reward said

    def compute(batch, metrics):
        rows = torch.nested.as_nested_tensor([torch.ones(3)] * 2, layout=torch.jagged)
        tq.kv_batch_put(keys=batch.keys, partition_id="train", fields=TensorDict({"advantages": rows}, 2))
        return batch

    weights._weighted(compute, None, (batch,), {"metrics": {}})
    data = tq.kv_batch_get(keys=batch.keys, partition_id="train", select_fields=["advantages"])["advantages"]
    assert [row.tolist() for row in data.unbind()] == [[0.0, 0.0, 0.5], [0.5, 1.0, 0.0]]


def test_the_trainers_method_is_wrapped():
    import verl.trainer.ppo.v1.trainer_base as trainer_base

    assert hasattr(trainer_base.PPOTrainer._compute_advantage, "__wrapped__")


def test_several_rewards_are_summed_and_each_mean_is_logged(tq, mine):
    rewards = f"[{{name:majority_vote}},{{name:'{mine}:rarest',weight:0.1}}]"
    put(tq, "a", ["5", "4", "5"])
    batch, metrics = stage(rewards=rewards).sample(global_steps=1, partition_id="train", batch_size=1)
    assert {key: row[-1] for key, row in scores(tq, batch).items()} == {"a_0_0": 1.0, "a_1_0": pytest.approx(0.1)}
    assert metrics["ttrl/reward/majority_vote"] == pytest.approx(2 / 3)
    assert metrics["ttrl/reward/mine.rarest"] == pytest.approx(1 / 3)


def test_the_recipe_names_which_are_kept(tq):
    put(tq, "a", ["5", "5", "5", "4"], order=[3, 0, 1, 2])
    batch, metrics = stage(keep="balanced").sample(global_steps=1, partition_id="train", batch_size=1)
    assert {key: row[-1] for key, row in scores(tq, batch).items()} == {"a_0_0": 1.0, "a_3_0": 0.0}
    assert metrics["ttrl/zero_advantage_groups"] == 0.0


def test_a_reward_that_raises_ends_the_run_with_its_name_the_prompt_and_the_reason(tq, mine):
    put(tq, "a", ["5", "4", "5"])
    with pytest.raises(
        RewardError, match=r"mine.py:fails failed on step 1, q.jsonl:1: KeyError: 'no such colour' \(line 30\)"
    ):
        stage(reward=f"{mine}:fails").sample(global_steps=1, partition_id="train", batch_size=1)


def test_a_rows_own_answer_type_is_what_its_label_is_read_as(tq):
    # As a number, "B" is no label at all; as the choice that the row names, it is.
    for types, accuracy in (({}, None), ({0: "choice"}, 1.0)):
        remember({0: "B"}, types=types)
        put(tq, "a", ["B", "C", "B"])
        batch, metrics = stage().sample(global_steps=1, partition_id="train", batch_size=1)
        assert metrics.get("ttrl/label_accuracy") == accuracy
        tq.kv_clear(keys=batch.keys, partition_id="train")
    remember()
