"""When a vote may stop: no vote that is still out can change the label, or none is likely to.

Plain functions of the votes that are in; ``ttrl_verl.training.ballot`` asks them while a prompt's responses run.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import itemgetter

from ttrl_verl.reward_fns.vote import take_vote


def decided(cast: Mapping[int, str | None], votes: int) -> bool:
    """Return whether the label of the full vote is known already, whatever the votes that are out turn out to be.

    With c_a votes for a and P votes out, the leader a has won where for every other answer b, seen or not yet seen,
    c_a > c_b + P; or c_a = c_b + P and a was sampled before b and before the first vote that is out: a tie goes to the
    answer sampled first. A vote that is out may have no answer, which adds to none.

    Args:
        cast: the canonical answer by place in sampling order; ``None`` where there is none, or the response failed.
        votes: N. The places from 0 to N - 1 that are not in ``cast`` are out.

    Example:
        >>> decided({0: "4", 1: "4", 2: "5"}, 4)  # 2 against at most 2; "4" was sampled first
        True
        >>> decided({1: "4", 2: "4", 3: "5"}, 4)  # place 0 may say "5", and then "5" is first
        False
    """
    out = votes - len(cast)
    if out == 0:
        return True
    if len(cast) < out:
        return False  # an answer not seen yet may have more votes than all that are in
    counts, first = _counts(cast)
    if not counts:
        return False
    leader = min(counts, key=lambda answer: (-counts[answer], first[answer]))
    earliest = next(place for place in range(votes) if place not in cast)
    rivals = [(counts[rival] + out, min(first[rival], earliest)) for rival in counts if rival != leader]
    own = (-counts[leader], first[leader])
    return all(own < (-most, place) for most, place in [*rivals, (out, earliest)])


def expected_votes(cast: Mapping[int, str | None], votes: int) -> int:
    """Return how many more votes will decide, at the shares seen so far; at least 1.

    A vote for the leader takes 2 from what the runner-up can still make up, c_b + P - c_a, one for the runner-up
    nothing, any other 1: with shares p of the votes cast, 1 + p_a - p_b on average.

    Example:
        >>> expected_votes({place: "4" for place in range(32)}, 64)  # 32 against 32 that are out; place 0 wins a tie
        1
        >>> expected_votes({place: "45"[place % 2] for place in range(32)}, 64)
        32
    """
    counts, _ = _counts(cast)
    top = [count for _, count in counts.most_common(2)] + [0, 0]
    out = votes - len(cast)
    gap = top[1] + out - top[0]
    return min(max(1, math.ceil(gap / (1 + (top[0] - top[1]) / max(len(cast), 1)))), max(out, 1))


def confirmed(answers: Sequence[str | None], error: float) -> bool:
    """Return whether the leader of these votes wins the full vote, but for a chance of at most ``error``.

    For each answer w that may yet win, one that was not seen yet included, somebody bets that it does not: before each
    vote on the leader of the votes so far, a, against w, the share f = (c_a - c_w) / (c_a + c_w + 1) of his wealth,
    which is 1 at the start. A vote for a multiplies it by 1 + f, one for w by 1 - f, any other by 1. If w wins the full
    vote, more votes for w than for a are left wherever a leads, so that the wealth is a supermartingale, and reaches
    1 / error at any time with a chance of at most ``error`` (Ville). The vote may stop where every answer but the
    leader has been bet out. One w alone is the winner, so the chance of a wrong label is at most ``error``, however
    often one looks. This is the test of risk-limiting audits (ALPHA, Stark, arXiv 2201.02707; betting, Waudby-Smith and
    Ramdas, arXiv 2010.09686), for many candidates.

    Args:
        answers: the first votes in sampling order. That order makes the bound: those that finish first are the short
            ones, which may agree on another answer.
        error: the bound, between 0 and 1.

    Example:
        >>> confirmed(["4"] * 8, 0.05), confirmed(["4"] * 3, 0.05), confirmed(["4", "5"] * 16, 0.05)
        (True, False, False)
    """
    unseen = ""  # no canonical answer is empty
    counts: Counter[str] = Counter()
    wealth, peak = {unseen: 1.0}, {unseen: 1.0}
    for vote in answers:
        if vote is None:
            continue
        leader = max(counts, key=counts.__getitem__) if counts else None  # the first of several: sampled first
        if vote not in wealth:
            wealth[vote], peak[vote] = wealth[unseen], peak[unseen]
        for rival in wealth if leader is not None else ():
            if rival == leader or vote not in (leader, rival):
                continue
            stake = (counts[leader] - counts[rival]) / (counts[leader] + counts[rival] + 1)
            wealth[rival] *= 1 + stake if vote == leader else 1 - stake
            peak[rival] = max(peak[rival], wealth[rival])
        counts[vote] += 1
    label = take_vote(answers).label
    return label is not None and all(most * error >= 1 for rival, most in peak.items() if rival != label)


def _counts(cast: Mapping[int, str | None]) -> tuple[Counter[str], dict[str, int]]:
    """Return the votes of each answer and its first place."""
    counts: Counter[str] = Counter()
    first: dict[str, int] = {}
    for place, answer in sorted(cast.items(), key=itemgetter(0)):
        if answer is not None:
            counts[answer] += 1
            first.setdefault(answer, place)
    return counts, first
