"""TTRL's reward: agree with the majority."""

from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.vote import take_vote


def majority_vote(group: Group) -> list[float]:
    """Reward each response that gives the group's most frequent answer.

    r_i = 1 where a_i is the pseudo-label, else 0 (TTRL, arXiv 2504.16084, equation 3). A tie goes to the answer
    sampled first. Nobody has an answer: there is no pseudo-label and every reward is 0.0.

    Departure from the authors' code: there "no answer" is an answer like any other, the empty text, which can win the
    vote and earn 1.0.

    Args:
        group: N responses to one prompt.

    Returns:
        N rewards in {0.0, 1.0}, sampling order.

    Example:
        >>> majority_vote(Group(answers=("4", "5", "4", None)))
        [1.0, 0.0, 1.0, 0.0]
    """
    label = take_vote(group.answers).label
    return [float(answer is not None and answer == label) for answer in group.answers]
