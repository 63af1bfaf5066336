"""What a term that is the same for a whole group does: nothing under GRPO, something where it multiplies."""

import numpy as np
import pytest

from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.empirical_entropy import empirical_entropy

pytestmark = pytest.mark.verl

AGREE = Group(answers=("A", "A", "A", "B"))
SPLIT = Group(answers=("A", "A", "B", None))


def grpo(groups: list[list[float]], *, by_std: bool = True) -> list[list[float]]:
    """Return verl's GRPO advantages of the groups' responses, two tokens each, the reward on the last."""
    torch = pytest.importorskip("torch")
    from verl.trainer.ppo.core_algos import compute_grpo_outcome_advantage

    rewards = torch.tensor([reward for group in groups for reward in group], dtype=torch.float64)
    uids = np.array([index for index, group in enumerate(groups) for _ in group], dtype=object)
    advantages, _ = compute_grpo_outcome_advantage(
        token_level_rewards=torch.stack([torch.zeros_like(rewards), rewards], dim=1),
        response_mask=torch.ones(len(rewards), 2, dtype=torch.float64),
        index=uids,
        norm_adv_by_std_in_grpo=by_std,
    )
    found = iter(advantages[:, 0].tolist())
    return [[next(found) for _ in group] for group in groups]


@pytest.mark.parametrize("by_std", [True, False])
@pytest.mark.parametrize("entropy_norm", ["none", "log_unique", "log_n"])
def test_the_entropy_term_cancels_under_grpo(entropy_norm, by_std):
    with_it = [empirical_entropy(group, entropy_norm=entropy_norm) for group in (AGREE, SPLIT)]
    without = [empirical_entropy(group, alpha=0.0) for group in (AGREE, SPLIT)]
    assert with_it != without
    for one, other in zip(grpo(with_it, by_std=by_std), grpo(without, by_std=by_std), strict=True):
        assert one == pytest.approx(other, abs=1e-9)


def test_the_weight_cancels_where_grpo_divides_by_the_deviation():
    weighted = [empirical_entropy(group, multiplicative=True) for group in (AGREE, SPLIT)]
    without = [empirical_entropy(group, alpha=0.0) for group in (AGREE, SPLIT)]
    for one, other in zip(grpo(weighted), grpo(without), strict=True):
        assert one == pytest.approx(other, abs=1e-4)  # up to the 1e-6 beside the deviation


def test_the_weight_acts_where_it_does_not():
    weighted = grpo([empirical_entropy(group, multiplicative=True) for group in (AGREE, SPLIT)], by_std=False)
    without = grpo([empirical_entropy(group, alpha=0.0) for group in (AGREE, SPLIT)], by_std=False)
    shrunk = [one[0] / other[0] for one, other in zip(weighted, without, strict=True)]
    # H / ln 4 = 0.5623 / 1.3863 = 0.4056 and 0.6365 / 1.3863 = 0.4591, so 1 - 0.75 H / ln 4 = 0.6958 and 0.6556:
    # the group that agrees weighs more.
    assert shrunk == pytest.approx([0.6958, 0.6556], abs=1e-3)


def test_a_constant_reward_is_no_gradient():
    assert grpo([[0.7] * 4], by_std=False) == [[pytest.approx(0.0)] * 4]
