"""TTRV's reward: a frequent answer, from a group that agrees."""

import math
from typing import Literal

from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.vote import answer_entropy, count_answers

EntropyNorm = Literal["none", "log_unique", "log_n"]


def empirical_entropy(
    group: Group,
    *,
    alpha: float = 0.75,
    entropy_norm: EntropyNorm = "none",
    multiplicative: bool = False,
) -> list[float]:
    """Reward each answer's frequency less the group's entropy.

    r_i = p(a_i) - alpha * H (TTRV, arXiv 2510.06783, equations 3 to 7), with p(a) = votes for a / N. H is the
    entropy of the answers in nats, over votes for a / responses that have an answer: a group of 32 with 2 equal answers
    and 30 without any has p = 1/16 and H = 0. ``entropy_norm`` divides H by 1 (``none``, the paper), by ln(distinct
    answers) (``log_unique``, the authors' code) or by ln N (``log_n``).

    H is one number a group, so it cancels in GRPO's advantage: with ``multiplicative=False`` and GRPO this is the
    frequency reward alone. ``multiplicative=True`` gives r_i = p(a_i) * (1 - alpha * H / ln N), floored at 0: with
    ``algorithm.norm_adv_by_std_in_grpo=False`` a group that agrees then weighs more. PPO with a critic sees H too.

    Departures from the authors' code: a response without an answer is no class of its own (there, a group of empty
    responses earned 1.0): its frequency is 0, so it earns -alpha * H, which is never more than an answer earns.
    Special tokens are no part of an answer.

    Args:
        group: N responses to one prompt.
        alpha: weight of the entropy, at least 0.
        entropy_norm: what H is divided by; ignored where ``multiplicative``, which divides by ln N.
        multiplicative: weigh the frequency by the agreement in place of subtracting the entropy.

    Returns:
        N rewards, sampling order. Nobody has an answer: all 0.0.

    Raises:
        ValueError: ``alpha`` is negative or not finite, or ``entropy_norm`` is not one of the three.

    Example:
        >>> empirical_entropy(Group(answers=("A", "A", "A", "A")))
        [1.0, 1.0, 1.0, 1.0]
        >>> [round(r, 4) for r in empirical_entropy(Group(answers=("A", "B")), entropy_norm="log_unique")]
        [-0.25, -0.25]
    """
    if not 0 <= alpha < math.inf:
        raise ValueError(f"alpha is {alpha}; expected a finite number of at least 0")
    counts = count_answers(group.answers)  # of None: 0
    entropy = answer_entropy(group.answers)
    if multiplicative:
        weight = max(0.0, 1.0 - alpha * entropy / _scale("log_n", len(counts), group.size))
        return [counts[answer] / group.size * weight for answer in group.answers]
    penalty = alpha * entropy / _scale(entropy_norm, len(counts), group.size)
    return [counts[answer] / group.size - penalty for answer in group.answers]


def _scale(entropy_norm: str, distinct: int, size: int) -> float:
    """Return what the entropy is divided by; 1.0 where the entropy is 0 and any divisor does."""
    scales = {"none": math.e, "log_unique": distinct, "log_n": size}
    if entropy_norm not in scales:
        raise ValueError(f"entropy_norm is {entropy_norm!r}; expected one of {', '.join(scales)}")
    return math.log(scales[entropy_norm]) if scales[entropy_norm] > 1 else 1.0
