"""Label-free rewards as pure functions: the answers of one prompt's group in, one reward a response out.

Nothing here imports torch, verl, ray, vllm or transformers. To add a reward, write a function in a file of its own and
name it in ``REWARD_FNS``; verl then knows it as ``reward.reward_manager.name=<name>``.
"""

import inspect
from collections.abc import Callable
from functools import partial

from ttrl_verl.reward_fns.confidence_vote import confidence_vote
from ttrl_verl.reward_fns.consistency_band import consistency_band
from ttrl_verl.reward_fns.constant import constant
from ttrl_verl.reward_fns.empirical_entropy import empirical_entropy
from ttrl_verl.reward_fns.group import Group, RewardFn
from ttrl_verl.reward_fns.majority_vote import majority_vote
from ttrl_verl.reward_fns.oracle import oracle
from ttrl_verl.reward_fns.random_reward import random_reward
from ttrl_verl.reward_fns.semantic_entropy import semantic_entropy
from ttrl_verl.reward_fns.soft_pseudo_label import soft_pseudo_label
from ttrl_verl.reward_fns.thresholded import thresholded

REWARD_FNS: dict[str, Callable[..., list[float]]] = {
    "majority_vote": majority_vote,
    "empirical_entropy": empirical_entropy,
    "semantic_entropy": semantic_entropy,
    "soft_pseudo_label": soft_pseudo_label,
    "thresholded": thresholded,
    "consistency_band": consistency_band,
    "confidence_vote": confidence_vote,
    "random": random_reward,
    "constant": constant,
    "oracle": oracle,
}

NEEDS_LABEL = frozenset({"oracle"})
"""The rewards that look at the ground truth. They refuse to train unless the recipe says ``allow_labels: true``."""

NEEDS_LOG_PROBS = frozenset({"confidence_vote"})
"""The rewards that look at the rollout's log-probabilities: ``rollout.calculate_log_probs`` must be on."""

USES_LOG_PROBS = NEEDS_LOG_PROBS | {"thresholded"}
"""The rewards that use log-probabilities where the rollout recorded them."""

NEEDS_ESTIMATOR = {"soft_pseudo_label": "reward_as_advantage"}
"""The rewards that are advantages already, and the ``algorithm.adv_estimator`` that takes them so."""

__all__ = [
    "NEEDS_ESTIMATOR",
    "NEEDS_LABEL",
    "NEEDS_LOG_PROBS",
    "REWARD_FNS",
    "USES_LOG_PROBS",
    "Group",
    "RewardFn",
    "get_reward_fn",
]


def get_reward_fn(name: str, **options: object) -> RewardFn:
    """Return the reward of that name with its options bound; what it returns can be pickled.

    The options are tried on a group of two, so that a bad one is reported here and not in the middle of a run.

    Args:
        name: a key of ``REWARD_FNS``.
        **options: the keyword arguments of that reward, such as ``alpha``.

    Raises:
        ValueError: the name is unknown, an option is unknown to the reward, or its value is refused. The message names
            what is allowed.

    Example:
        >>> get_reward_fn("majority_vote")(Group(answers=("A", None)))
        [1.0, 0.0]
        >>> get_reward_fn("majority_vote", alpha=1)
        Traceback (most recent call last):
        ValueError: the reward majority_vote has no option alpha; it takes no options
    """
    if name not in REWARD_FNS:
        raise ValueError(f"unknown reward {name!r}; expected one of {', '.join(sorted(REWARD_FNS))}")
    fn = REWARD_FNS[name]
    known = [p.name for p in inspect.signature(fn).parameters.values() if p.kind is p.KEYWORD_ONLY]
    for option in options:
        if option not in known:
            allowed = f"it takes {', '.join(known)}" if known else "it takes no options"
            raise ValueError(f"the reward {name} has no option {option}; {allowed}")
    bound = partial(fn, **options)
    try:
        bound(Group(answers=("A", "B"), log_probs=(-1.0, -2.0), label="A"))
    except (TypeError, ValueError) as error:
        raise ValueError(f"the reward {name} refuses its options: {error}") from error
    return bound
