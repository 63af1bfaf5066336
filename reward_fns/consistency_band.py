"""The majority vote, where the question is neither hopeless nor learnt."""

from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.majority_vote import majority_vote
from ttrl_verl.reward_fns.vote import take_vote, votes_of


def consistency_band(group: Group, *, low: float = 0.25, high: float = 0.95) -> list[float]:
    """Reward the majority's answer where the majority ratio m / N lies strictly between two bounds.

    r_i = 1 where low < m / N < high and a_i is the pseudo-label, else 0. Below the band the majority is too weak to be
    trusted; above it the group agrees and there is little left to learn. Outside it all rewards are equal, so that
    under a group-relative advantage the group gives no gradient.

    The band is a common guard rail of label-free training and of no single paper; the vote is TTRL's (arXiv
    2504.16084). The defaults are ours.

    Args:
        group: N responses to one prompt.
        low: lower bound of the majority ratio, excluded; may be negative, so that none is too weak.
        high: upper bound, excluded; may be above 1, so that none is too strong.

    Returns:
        N rewards in {0.0, 1.0}, sampling order. Nobody has an answer: all 0.0.

    Raises:
        ValueError: ``low`` is not below ``high``.

    Example:
        >>> consistency_band(Group(answers=("4", "4", "4", "5")))
        [1.0, 1.0, 1.0, 0.0]
        >>> consistency_band(Group(answers=("4", "4", "4", "4")))
        [0.0, 0.0, 0.0, 0.0]
    """
    if not low < high:
        raise ValueError(f"low is {low} and high {high}; expected low below high")
    within = votes_of(low, group.size) < take_vote(group.answers).votes < votes_of(high, group.size)
    return majority_vote(group) if within else [0.0] * group.size
