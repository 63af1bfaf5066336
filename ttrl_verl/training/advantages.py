"""An advantage estimator for rewards that are advantages already.

verl asks its registry for an estimator by ``algorithm.adv_estimator``. The plugin calls ``register`` once
``verl.trainer.ppo.core_algos`` is imported; this module imports nothing of verl itself.
"""

from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

NAME = "reward_as_advantage"


def reward_as_advantage(
    token_level_rewards: "torch.Tensor", response_mask: "torch.Tensor", **_: Any
) -> "tuple[torch.Tensor, torch.Tensor]":
    """Give every token of a response the response's reward as its advantage: no baseline, no scaling.

    A_it = sum_t' r_it' * mask_it. For rewards that a group has shaped already, such as ``soft_pseudo_label`` (RESTRAIN,
    arXiv 2510.02172), whose uniform penalty on a group without consensus would cancel under GRPO. A KL penalty in the
    reward is summed with it, as under GRPO.

    Args:
        token_level_rewards: shape (batch, response length); the reward stands on a response's last token.
        response_mask: shape (batch, response length); 1 for the response's own tokens.
        **_: what verl passes to every estimator besides (``index``, ``config``); not used.

    Returns:
        Advantages and returns, the same tensor, shape (batch, response length).
    """
    advantages = token_level_rewards.sum(dim=-1, keepdim=True) * response_mask
    return advantages, advantages


def register(core_algos: ModuleType) -> None:
    """Register the estimator with verl. A second call changes nothing.

    Args:
        core_algos: the module ``verl.trainer.ppo.core_algos``.
    """
    core_algos.register_adv_est(NAME)(reward_as_advantage)
