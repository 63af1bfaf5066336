"""RESTRAIN's advantages: every answer is a pseudo-label, the frequent ones weigh more."""

import math

from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.verdict import Verdict
from ttrl_verl.reward_fns.vote import count_answers, votes_of

_EPSILON = 1e-6  # GRPO's, in the denominator


def soft_pseudo_label(
    group: Group,
    *,
    sigma: float = 0.25,
    center: float = 1.0,
    min_ratio: float = 0.2,
    penalty: float = 1.0,
    prior_weight: bool = True,
) -> list[float] | Verdict:
    """Return the mean of the GRPO advantages under every answer as label, weighted by a Gaussian of its frequency.

    A_i = sum_j w_j * (1[a_i = a_j] - f_j) / (s_j + 1e-6), with f_j = votes for a_j / N, s_j the unbiased standard
    deviation of 1[a_i = a_j] over the group, w_j = g(f_j) / sum_l g(f_l) and g(f) = exp(-(f - center)^2 / (2
    sigma^2)). Where the most frequent answer has fewer than ``min_ratio`` * N votes, no label is trusted: A_i =
    -penalty for all (RESTRAIN, arXiv 2510.02172). A small sigma is the majority vote, a large one weighs all answers
    alike.

    These are advantages already: train with ``algorithm.adv_estimator=reward_as_advantage`` (ttrl_verl registers it).
    GRPO would centre and scale them once more, and the uniform -penalty would cancel.

    Departures: the labels' advantages are summed before the clipped loss and not after it, which is the same while the
    policy ratio is 1; they are taken over all N votes; the defaults are ours. The threshold is a share of N where the
    paper has a count. The prompt weight u_x = g(m / N) of a frozen base model's votes is used where the run has them
    (``ttrl.prior``), with the g of the answers; whether the paper's has a width of its own was not read.

    Args:
        group: N responses to one prompt.
        sigma: width of the Gaussian, at least 1e-6. Up to 0.3 a majority gains from its votes in every group; at 0.5 it
            loses where many others have one vote each (8 votes and 24 of one: -0.02).
        center: the frequency with the largest weight, in [0, 1].
        min_ratio: the smallest majority ratio that is trusted, in [0, 1].
        penalty: what all responses lose below it, at least 0.
        prior_weight: whether a frozen model's votes, where there are any, weigh the prompt.

    Returns:
        N advantages, sampling order; with the prompt's weight where there are a frozen model's votes. Nobody has an
        answer, or one response: no advantage, all 0.0. All equal: all 0.0.

    Raises:
        ValueError: an argument is outside its range.

    Example:
        >>> [round(a, 2) for a in soft_pseudo_label(Group(answers=("4", "4", "4", None)))]
        [0.5, 0.5, 0.5, -1.5]
    """
    if not (1e-6 <= sigma < math.inf and 0 <= center <= 1 and 0 <= min_ratio <= 1 and 0 <= penalty < math.inf):
        message = "expected sigma of at least 1e-6, center and min_ratio from 0 to 1, penalty of at least 0, all finite"
        raise ValueError(f"sigma is {sigma}, center {center}, min_ratio {min_ratio}, penalty {penalty}; {message}")
    advantages = _advantages(group, sigma, center, min_ratio, penalty)
    if group.prior is None or not prior_weight:
        return advantages
    agreed = max(group.prior.values(), default=0.0)
    return Verdict(advantages, weight=math.exp(-((agreed - center) ** 2) / (2 * sigma**2)))


def _advantages(group: Group, sigma: float, center: float, min_ratio: float, penalty: float) -> list[float]:
    """Return the advantages before the prompt's weight."""
    counts = count_answers(group.answers)
    if not counts or group.size == 1:
        return [0.0] * group.size
    if max(counts.values()) < votes_of(min_ratio, group.size):
        return [-penalty] * group.size
    shares = {answer: votes / group.size for answer, votes in counts.items()}
    # Relative to the largest exponent, so that a small sigma does not make every weight 0.
    exponents = {answer: -((share - center) ** 2) / (2 * sigma**2) for answer, share in shares.items()}
    weights = {answer: math.exp(exponents[answer] - max(exponents.values())) for answer in shares}
    gains = {}  # what the responses that give this answer gain over those that do not, when it is the label
    for answer, share in shares.items():
        deviation = math.sqrt(share * (1 - share) * group.size / (group.size - 1))
        gains[answer] = weights[answer] / math.fsum(weights.values()) / (deviation + _EPSILON)
    baseline = math.fsum(gains[answer] * shares[answer] for answer in gains)
    advantages = [gains.get(answer, 0.0) - baseline for answer in group.answers]
    return advantages if len(set(group.answers)) > 1 else [0.0] * group.size
