"""SRT's offline labels: a vote against the labels of a frozen model, which no training moves."""

from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.verdict import Verdict


def offline(group: Group) -> list[float]:
    """Reward each response that gives the answer which a frozen model gave most often.

    r_i = 1 where a_i = argmax_a prior(a), with prior the vote shares in the file ``ttrl.prior`` (SRT, arXiv 2505.21444,
    its offline labels). The label of a prompt is the same at every visit, so that agreeing on one answer to everything
    earns nothing. A tie goes to the answer that the frozen model sampled first.

    Args:
        group: N responses to one prompt, with a frozen model's votes.

    Returns:
        N rewards in {0.0, 1.0}, sampling order. The frozen model had no answer, or nobody gives it: all 0.0.

    Raises:
        ValueError: the group has no prior.

    Example:
        >>> offline(Group(answers=("4", "5", "5", None), prior={"4": 0.6, "5": 0.4}))
        [1.0, 0.0, 0.0, 0.0]
    """
    label = _label(group)
    return [float(answer is not None and answer == label) for answer in group.answers]


def agreement_band(group: Group, *, low: float = 0.25, high: float = 0.75) -> Verdict:
    """Skip the prompts on which a frozen model was not undecided; reward nothing.

    skip where not low <= max_a prior(a) <= high, with prior as for ``offline``. r_i = 0: it is one of several rewards,
    ``ttrl.rewards=[{name:majority_vote},{name:agreement_band}]``. Below the band the label is a guess, above it there
    is little left to learn. SRT (arXiv 2505.21444) trains on a subset by agreement, SelectTTRL on a band of a probe's
    score; bounds on the frozen model's majority ratio, and the defaults, are ours.

    Responses of a skipped prompt are sampled all the same, and not trained on.

    Args:
        group: N responses to one prompt, with a frozen model's votes.
        low: the least majority ratio that is trained on, in [0, 1].
        high: the greatest, in [0, 1].

    Returns:
        N rewards of 0.0, and whether the prompt is skipped. The frozen model had no answer: a ratio of 0.

    Raises:
        ValueError: the group has no prior, or the bounds are not in order within [0, 1].

    Example:
        >>> agreement_band(Group(answers=("4", "5"), prior={"4": 0.9})).skip
        True
    """
    if not 0 <= low <= high <= 1:
        raise ValueError(f"low is {low} and high {high}; expected 0 <= low <= high <= 1")
    _label(group)
    ratio = max((group.prior or {}).values(), default=0.0)
    return Verdict([0.0] * group.size, skip=not low <= ratio <= high)


def _label(group: Group) -> str | None:
    """Return the answer with the largest share, the first of several."""
    if group.prior is None:
        raise ValueError("the group has no prior; ttrl.prior names a file of votes")
    return max(group.prior, key=group.prior.__getitem__, default=None)
