"""verl's third trainer: vLLM in processes of its own, to which weights go by the engine in ttrl_verl.cpu.gloo_weights.

A question is a mini-batch, and vLLM's weights are those of the step before: its votes may be a step old.
"""

from collections import Counter

import pytest
from conftest import train  # tests/e2e/conftest.py
from test_train import test_every_training_row_reached_the_workers_without_a_label as no_label_reached_a_worker
from test_train import test_weights_move_and_vllm_answers_from_the_new_ones as weights_move

from ttrl_verl.reward_fns import Group, get_reward_fn
from ttrl_verl.training.prompt_group import sessions_by_prompt

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(1500)]

VOTES, KEPT, PROMPTS, STEPS = 6, 4, 4, 3
SEPARATE = (
    "trainer_mode=separate_async",
    "ray_kwargs.ray_init.num_gpus=2",
    "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=4",
    "actor_rollout_ref.rollout.log_prob_micro_batch_size_per_gpu=4",
    "trainer.val_before_train=false",
    "trainer.test_freq=-1",
)


@pytest.fixture(scope="module")
def separate(tmp_path_factory, tiny_model):
    return train(tmp_path_factory.mktemp("separate"), tiny_model, SEPARATE)


def test_it_ran_all_steps(separate):
    assert [row["step"] for row in separate.metrics] == [1, 2, 3]
    assert separate.series("ttrl/votes") == [float(VOTES * PROMPTS)] * STEPS
    assert separate.series("ttrl/kept") == [float(KEPT * PROMPTS)] * STEPS
    assert separate.series("ttrl/missing_responses") == [0.0] * STEPS
    assert separate.series("ttrl/queue_leftover") == [0.0] * STEPS
    assert all(norm > 0 for norm in separate.series("actor/grad_norm"))
    rows = separate.record.audit().to_pylist()
    for step, share in enumerate(separate.series("ttrl/top_answer_share"), start=1):
        answers = [answer for row in rows if row["step"] == step for answer in row["answers"]]
        assert share == max(Counter(filter(None, answers)).values(), default=0) / len(answers)


def test_rewards_are_those_of_the_whole_group(separate):
    reward = get_reward_fn("majority_vote")
    voted, kept = separate.of_kind("votes"), separate.of_kind("kept")
    assert len(voted) == len(kept) == PROMPTS * STEPS  # a question is a mini-batch
    for votes, after in zip(voted, kept, strict=True):
        answers = {vote["key"]: vote["answer"] for vote in votes["votes"]}
        (sessions,) = sessions_by_prompt(list(answers))
        assert len(sessions) == VOTES
        rewards = reward(Group(answers=tuple(answers[keys[-1]] for keys in sessions)))
        scores = dict(zip(after["keys"], after["scores"], strict=True))
        assert len(scores) == KEPT
        for keys, value in list(zip(sessions, rewards, strict=True))[:KEPT]:
            assert scores[keys[-1]][-1] == value


def test_every_step_is_on_record_with_all_of_its_groups(separate):
    rows = separate.record.audit().to_pylist()
    assert [row["step"] for row in rows] == sorted(list(range(1, STEPS + 1)) * PROMPTS)
    assert len({row["uid"] for row in rows}) == PROMPTS * STEPS


def test_no_label_reached_a_worker(separate):
    no_label_reached_a_worker((separate, ()))


def test_weights_move_and_vllm_answers_from_the_new_ones(separate, tiny_model):
    weights_move((separate, ()), tiny_model)


def test_votes_are_a_step_old_at_most(separate):
    """The first step's responses are of the weights that train it; later ones were begun before the last update."""
    differences = [record["mean_absolute_difference"] for record in separate.of_kind("log_probs")]
    assert len(differences) == PROMPTS * STEPS
    print(f"rollout against the step's first weights: {[f'{one:.1e}' for one in differences]}")
    assert max(differences[:PROMPTS]) < 1e-3
