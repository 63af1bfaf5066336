"""TTRL-Guard's reward: a majority vote that trusts a prompt the less, the more its label flipped."""

import random
from itertools import pairwise

from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.verdict import Verdict
from ttrl_verl.reward_fns.vote import count_answers, take_vote, votes_of

_MANY = 5  # visits, from which on a label that never changed says something
_MINORITY = 0.25  # the share of an answer that may yet become the label
_LEAST = 0.1  # the weight of the least trusted prompt


def guarded(
    group: Group,
    *,
    flips: float = 0.5,
    sure: float = 0.6,
    weigh: bool = True,
    minority: float = 0.0,
    skip: float = 0.0,
    seed: int = 0,
) -> Verdict:
    """Return the majority vote with a weight by how steady the prompt's label was; on demand a bonus and a skip.

    With F the share of pairs of neighbouring visits, this one included, whose labels differ, m the votes for this
    visit's label of N (TTRL-Guard, arXiv 2605.19444):

    * ``weigh``: the prompt's advantages are multiplied by max(0.1, (1 - flips * F) * s * t). s = 0.7 where m / N > sure
      and F > 0: sure now, and was not. t = 0.85 where m / N > sure and the label never changed in five visits or more:
      there is little left to learn.
    * ``minority``: while F > 0, an answer other than the label that has at least N / 4 votes earns minority * p(a), the
      paper's 0.3.
    * ``skip``: where the label changed exactly once and m / N > sure, the prompt is skipped with this probability, the
      paper's 0.7.

    Departures: the visits are the last ``ttrl.history``, not all. Minority and skip are off by default: the authors'
    script notes that one part cost Qwen3-4B 21 points on AIME24, and does not say here which. At most a quarter of a
    step is skipped there; here prompts do not know of each other. The coin of the skip is a function of seed, index and
    step.

    Args:
        group: N responses to one prompt, with its earlier visits, its index and the step.
        flips: lambda, what a label that always changes loses of its weight, in [0, 1].
        sure: the majority ratio above which a group is sure, in [0, 1].
        weigh: whether prompts are weighed.
        minority: beta, at least 0 and at most 1.
        skip: a probability.
        seed: of the coin.

    Returns:
        N rewards, the prompt's weight and whether it is skipped. Nobody has an answer: all 0.0, weight 1. A first
        visit: the majority vote.

    Raises:
        ValueError: the group has no history, index or step, or an option is outside its range.

    Example:
        >>> from ttrl_verl.reward_fns.group import Visit
        >>> before = (Visit(1, {"5": 2}, 2, "5"), Visit(2, {"4": 2}, 2, "4"))
        >>> guarded(Group(answers=("4", "5"), history=before, index=0, step=3)).weight  # one flip in two: 1 - 0.5 / 2
        0.75
    """
    if not all(0 <= value <= 1 for value in (flips, sure, minority, skip)):
        raise ValueError(
            f"flips is {flips}, sure {sure}, minority {minority}, skip {skip}; expected numbers from 0 to 1"
        )
    for name in ("history", "index", "step"):
        if getattr(group, name) is None:
            raise ValueError(f"the group has no {name}; a run with ttrl.audit: true gives it")
    vote = take_vote(group.answers)
    if vote.label is None:
        return Verdict([0.0] * group.size)
    labels = [*(visit.label for visit in group.history), vote.label]
    flipped = sum(then != now for then, now in pairwise(labels))
    is_sure = vote.votes > votes_of(sure, group.size)
    weight = 1 - flips * flipped / max(len(labels) - 1, 1)
    if is_sure and flipped:
        weight *= 0.7
    if is_sure and not flipped and len(labels) >= _MANY:
        weight *= 0.85
    counts = count_answers(group.answers)
    earned = {vote.label: 1.0}
    for answer, votes in counts.items():
        if flipped and answer != vote.label and votes >= votes_of(_MINORITY, group.size):
            earned[answer] = minority * votes / group.size
    coin = random.Random(f"{seed}:{group.index}:{group.step}").random()
    return Verdict(
        [earned.get(answer, 0.0) for answer in group.answers],
        weight=max(_LEAST, weight) if weigh else 1.0,
        skip=flipped == 1 and is_sure and coin < skip,
    )
