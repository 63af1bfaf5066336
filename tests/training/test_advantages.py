"""The estimator for rewards that are advantages already, in verl's own registry."""

import numpy as np
import pytest

from ttrl_verl.reward_fns import Group, get_reward_fn
from ttrl_verl.training.advantages import NAME, register, reward_as_advantage

pytestmark = pytest.mark.verl


def test_verl_finds_it_by_name():
    from verl.trainer.ppo import core_algos

    register(core_algos)
    register(core_algos)
    assert core_algos.get_adv_estimator_fn(NAME) is reward_as_advantage


def test_each_token_gets_the_response_s_reward():
    torch = pytest.importorskip("torch")
    rewards = torch.tensor([[0.0, 0.0, 0.5], [0.0, -1.5, 0.0]])
    mask = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
    advantages, returns = reward_as_advantage(rewards, mask, index=np.array(["a", "a"]), config=None)
    assert advantages.tolist() == [[0.5, 0.5, 0.5], [-1.5, -1.5, 0.0]]
    assert returns is advantages


def test_without_consensus_every_response_is_punished():
    # Under GRPO the same rewards are no gradient: they are equal.
    torch = pytest.importorskip("torch")
    from verl.trainer.ppo.core_algos import compute_grpo_outcome_advantage

    rewards = get_reward_fn("soft_pseudo_label", min_ratio=0.5)(Group(answers=("A", "B", "C", None)))
    scores, mask = torch.tensor(rewards)[:, None], torch.ones(4, 1)
    assert reward_as_advantage(scores, mask)[0].tolist() == [[-1.0]] * 4
    assert compute_grpo_outcome_advantage(scores, mask, np.array(["a"] * 4))[0].tolist() == [[0.0]] * 4
