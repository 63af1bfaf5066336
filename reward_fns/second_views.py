"""Rewards by several askings of one question: Self-Harmony, and Co-rewarding's crossed labels."""

from collections import Counter

from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.vote import count_answers, take_vote


def harmonic(group: Group) -> list[float]:
    """Reward each response that gives the answer which all views agree on most, by the harmonic mean of its shares.

    y = argmax_a V / sum_v 1 / p_v(a) over the V views, with p_v(a) = votes for a in view v / responses in it; for two
    views 2 p_0 p_1 / (p_0 + p_1) (Self-Harmony, arXiv 2511.01191). r_i = 1 where a_i = y, in whatever view. An answer
    that a view never gives has a mean of 0 and cannot win. A tie goes to the answer sampled first.

    Departures: paraphrases and templates are given, where the paper has the model write its own paraphrase.

    Args:
        group: N responses to one prompt, with the views in which they were asked.

    Returns:
        N rewards in {0.0, 1.0}, sampling order. No answer was given in every view: all 0.0. One view: the majority
        vote.

    Raises:
        ValueError: the group has no views.

    Example:
        >>> answers = ("A", "B", "A", "B", "A", "C")
        >>> harmonic(Group(answers=answers, views=(0, 1, 0, 1, 0, 1)))  # A is never given in view 1
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
        >>> harmonic(Group(answers=("A", "B", "A", "B", "B", "A"), views=(0, 1, 0, 1, 0, 1)))  # 2/3, 1/3 and 1/3, 2/3
        [1.0, 0.0, 1.0, 0.0, 0.0, 1.0]
    """
    by_view = _by_view(group)
    counts = {view: count_answers(answers) for view, answers in by_view.items()}
    means: dict[str, float] = {}
    for answer in count_answers(group.answers):
        shares = [counts[view][answer] / len(answers) for view, answers in by_view.items()]
        if all(shares):
            means[answer] = round(len(shares) / sum(1 / share for share in shares), 12)
    label = max(means, key=means.__getitem__, default=None)
    return [float(answer is not None and answer == label) for answer in group.answers]


def crossed(group: Group) -> list[float]:
    """Reward each response that gives the majority answer of the other views.

    r_i = 1 where a_i = argmax_a of the votes in the views other than that of i (Co-rewarding I, arXiv 2508.00410: the
    question labels its paraphrase and is labelled by it). A view cannot confirm itself.

    Departures: with more than two views the others' votes are counted together. Paraphrases are a column of the file,
    where the paper has a model of 32B write them beforehand.

    Args:
        group: N responses to one prompt, with the views in which they were asked.

    Returns:
        N rewards in {0.0, 1.0}, sampling order. The other views have no answer, or there is one view: 0.0.

    Raises:
        ValueError: the group has no views.

    Example:
        >>> crossed(Group(answers=("A", "B", "A", "B", "B", "A"), views=(0, 1, 0, 1, 0, 1)))
        [0.0, 0.0, 0.0, 0.0, 1.0, 1.0]
    """
    _by_view(group)
    pairs = list(zip(group.answers, group.views or (), strict=True))
    labels = {view: take_vote([answer for answer, other in pairs if other != view]).label for _, view in pairs}
    return [float(answer is not None and answer == labels[view]) for answer, view in pairs]


def label_by_view(group: Group) -> dict[int, str | None]:
    """Return the majority answer of each view, by its number.

    Example:
        >>> label_by_view(Group(answers=("A", "B"), views=(0, 1)))
        {0: 'A', 1: 'B'}
    """
    return {view: take_vote(answers).label for view, answers in sorted(_by_view(group).items())}


def _by_view(group: Group) -> dict[int, list[str | None]]:
    """Return the answers of each view, in sampling order."""
    if group.views is None:
        raise ValueError("the group has no views; ttrl.views names them")
    found: dict[int, list[str | None]] = {view: [] for view in Counter(group.views)}
    for answer, view in zip(group.answers, group.views, strict=True):
        found[view].append(answer)
    return found
