"""A majority vote that remembers: the votes of a prompt's earlier visits count, the less the older they are."""

import math

from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.vote import count_answers


def pooled(group: Group, *, decay: float = 0.5, visits: int = 4) -> list[float]:
    """Reward each response that gives the answer with the most votes over this visit and the last ones.

    y = argmax_a sum_{k = 0}^{visits} decay^k * c_k(a) / N_k, with c_0 the votes of this group, c_1 those of the visit
    before and so on, and N_k how many responses each had; r_i = 1 where a_i = y. A tie goes to the answer with more
    votes now, then to the one sampled first. A label changes its mind only when the votes of several visits do. With
    ``decay`` 0, or at a first visit, it is the majority vote.

    Votes pooled over earlier steps are one part of DistriTTRL (arXiv 2603.16500), which models their confidences; the
    decayed count is ours.

    Args:
        group: N responses to one prompt, with its earlier visits.
        decay: what a visit counts in units of the one after it, in [0, 1].
        visits: how many earlier visits count, at least 0; the run remembers ``ttrl.history`` of them.

    Returns:
        N rewards in {0.0, 1.0}, sampling order. Nobody has an answer, or nobody gives the pooled one now: all 0.0.

    Raises:
        ValueError: the group has no history, ``decay`` is outside [0, 1], or ``visits`` is no whole number of at least
            0.

    Example:
        >>> from ttrl_verl.reward_fns.group import Visit
        >>> before = Visit(step=1, counts={"4": 4}, size=4, label="4")
        >>> pooled(Group(answers=("4", "5", "5", None), history=(before,)))  # 1/4 + 1/2 against 2/4
        [1.0, 0.0, 0.0, 0.0]
    """
    if not 0 <= decay <= 1 or visits != int(visits) or visits < 0:
        raise ValueError(f"decay is {decay}, visits {visits}; expected a number from 0 to 1 and a whole one from 0")
    label = pooled_label(group, decay, int(visits))
    return [float(answer is not None and answer == label) for answer in group.answers]


def pooled_label(group: Group, decay: float = 0.5, visits: int = 4) -> str | None:
    """Return the answer with the most votes over this visit and the last ones; ``None`` where there never was any.

    Raises:
        ValueError: the group has no history.

    Example:
        >>> pooled_label(Group(answers=("5", "4"), history=()))
        '5'
    """
    if group.history is None:
        raise ValueError("the group has no history; a run with ttrl.audit: true gives it")
    now = count_answers(group.answers)
    shares: dict[str, list[float]] = {answer: [votes / group.size] for answer, votes in now.items()}
    for age, visit in enumerate(reversed(group.history[len(group.history) - visits :] if visits else ()), start=1):
        for answer, votes in visit.counts.items():
            shares.setdefault(answer, []).append(decay**age * votes / visit.size)
    # Rounded, so that a tie in exact numbers is one here, too; answers given now come first.
    sums = {answer: round(math.fsum(parts), 12) for answer, parts in shares.items()}
    return max(sums, key=lambda answer: (sums[answer], now[answer]), default=None)
