"""T3RL's reward: a majority vote in which checked responses count for more."""

import math

from ttrl_verl.reward_fns.group import Group


def verified_vote(group: Group, *, omega: float = 5.0) -> list[float]:
    """Reward each response that gives the answer with the most votes, a verified one counted 1 + omega times.

    r_i = 1 where a_i = argmax_a sum_{i: a_i = a} (1 + omega * c_i), with c_i the word of ``ttrl.check`` on the response
    (T3RL, arXiv 2603.02203: a vote verified by running code, omega about 5). A response on which the check has no word
    has c_i = 0. With omega = 0 it is the majority vote; a tie goes to the answer sampled first.

    Departures: the paper's verifier says yes or no, here a word may lie between. The paper was read in a summary.
    A check that is often wrong makes it worse than the majority vote.

    Args:
        group: N responses to one prompt, with the words of a check.
        omega: what a verified response counts beyond its own vote, at least 0 and finite.

    Returns:
        N rewards in {0.0, 1.0}, sampling order. Nobody has an answer: all 0.0. No word on any: the majority vote.

    Raises:
        ValueError: the group has no checks, or ``omega`` is negative or not finite.

    Example:
        >>> verified_vote(Group(answers=("4", "4", "4", "5"), checks=(0.0, 0.0, None, 1.0)))  # 3 against 1 + 5
        [0.0, 0.0, 0.0, 1.0]
    """
    if not 0 <= omega < math.inf:
        raise ValueError(f"omega is {omega}; expected a finite number of at least 0")
    if group.checks is None:
        raise ValueError("the group has no checks; ttrl.check names a function that gives them")
    label = verified_label(group, omega)
    return [float(answer is not None and answer == label) for answer in group.answers]


def verified_label(group: Group, omega: float = 5.0) -> str | None:
    """Return the answer with the largest sum of 1 + omega * c_i; ``None`` where nobody has an answer.

    Example:
        >>> verified_label(Group(answers=("4", "4", "5"), checks=(0.0, None, 1.0)))
        '5'
    """
    weights: dict[str, float] = {}
    for answer, word in zip(group.answers, group.checks or (), strict=True):
        if answer is not None:
            weights[answer] = weights.get(answer, 0.0) + 1 + omega * (word or 0.0)
    return max(weights, key=weights.__getitem__, default=None)
