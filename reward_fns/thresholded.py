"""SCRL's reward: praise a clear winner, punish what is rare and unsure, say nothing of the rest."""

import math
from collections import defaultdict
from typing import Literal

from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.vote import checked_log_probs, count_answers, votes_of


def thresholded(
    group: Group,
    *,
    positive: float = 0.5,
    margin: float = 0.15,
    negative: float = 0.15,
    gated: bool = True,
    mode: Literal["binary", "continuous"] = "binary",
    shaping: float = 0.1,
) -> list[float]:
    """Reward 1 for a clear majority, -1 for a rare and uncertain answer and for none, 0 for the rest; or by how much.

    With p(a) = votes for a / N, u(a) the mean uncertainty of the answer's responses and U the group's: an answer is
    clear where it is the most frequent one, p(a) >= ``positive`` and it leads the second by more than ``margin``; else
    rare where p(a) < ``negative`` and u(a) >= U. A response without an answer earns -1 (SCRL, arXiv 2603.19880), and

    * ``binary``: r_i = 1 where a_i is clear, -1 where it is rare, else 0;
    * ``continuous``: r_i = s(a_i) - shaping * (u(a_i) - U), with s(a) = p(a) - positive where a is clear,
      -(negative - p(a)) where it is rare, else 0. This is the mode that the authors' run_example.sh runs, with
      thresholds 0.375, 0.125, 0.125 and shaping 0.1.

    Departures: the uncertainty is -(mean log-prob of the sampled tokens), a one-sample estimate of the token entropy
    that the paper averages; where the group has no log-probs, or ``gated`` is off, the gate is open, and without
    log-probs the shaping term is 0. The code scales praise and blame by two factors; here both are 1. The default mode
    and thresholds are those of the authors' code; the paper reports 0.375, 0.125 and 0.125. Where nobody has an answer
    the rewards are 0.0 and not -1: there is nothing to learn from.

    Args:
        group: N responses to one prompt.
        positive: the smallest share of a pseudo-label, in [0, 1].
        margin: the lead over the second answer that it must exceed, in [0, 1].
        negative: an answer with a smaller share may be punished, in [0, 1].
        gated: spare rare answers that the policy was sure of, where the group has log-probs.
        mode: ``binary`` or ``continuous``.
        shaping: lambda, reward a nat of uncertainty, at least 0; of the continuous mode alone.

    Returns:
        N rewards, sampling order; of the binary mode in {-1.0, 0.0, 1.0}. Nobody has an answer: all 0.0.

    Raises:
        ValueError: a threshold is outside [0, 1], ``mode`` is neither of the two, ``shaping`` is negative or not
            finite, or a log-prob is no number.

    Example:
        >>> thresholded(Group(answers=("4", "4", "4", "4", "4", "5", "6", None)), negative=0.2)
        [1.0, 1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0]
        >>> thresholded(Group(answers=("4", "4", "4", "5"), log_probs=(-1.0, -1.0, -1.0, -2.0)), mode="continuous")
        [0.275, 0.275, 0.275, -0.07500000000000001]
    """
    if not all(0 <= threshold <= 1 for threshold in (positive, margin, negative)):
        thresholds = f"positive is {positive}, margin {margin}, negative {negative}"
        raise ValueError(f"{thresholds}; expected numbers from 0 to 1")
    if mode not in ("binary", "continuous") or not 0 <= shaping < math.inf:
        raise ValueError(f"mode is {mode!r}, shaping {shaping}; expected binary or continuous, and at least 0")
    ranked = count_answers(group.answers).most_common()
    if not ranked:
        return [0.0] * group.size
    lead = ranked[0][1] - (ranked[1][1] if len(ranked) > 1 else 0)
    # With a single answer there is no second one to lead.
    clear = ranked[0][1] >= votes_of(positive, group.size) and (lead > votes_of(margin, group.size) or len(ranked) == 1)
    excess = _excess_uncertainty(group)
    rewards: dict[str | None, float] = {None: -1.0}
    for place, (answer, votes) in enumerate(ranked):
        share = votes / group.size
        sign, amount = 0.0, 0.0
        if place == 0 and clear:
            sign, amount = 1.0, share - positive
        elif votes < votes_of(negative, group.size) and (not gated or excess[answer] >= 0):
            sign, amount = -1.0, share - negative
        shift = shaping * excess[answer] if math.isfinite(excess[answer]) else 0.0
        rewards[answer] = sign if mode == "binary" else amount - shift
    return [rewards[answer] for answer in group.answers]


def _excess_uncertainty(group: Group) -> dict[str | None, float]:
    """Return, for each answer, by how much its responses are less sure than the group's, nats a token.

    By the entropies of those that have one, else by the log-probabilities; 0.0 without either, and where both sides are
    infinitely unlikely. The continuous mode leaves out what is infinite.
    """
    log_probs = checked_log_probs(group)
    if group.entropies is None and log_probs is None:
        return defaultdict(float)
    values = group.entropies if group.entropies is not None else [-log_prob for log_prob in log_probs or ()]
    given: dict[str | None, list[float]] = defaultdict(list)
    for answer, value in zip(group.answers, values, strict=True):
        if value is not None:
            given[answer].append(value)
    every = [value for row in given.values() for value in row]
    mean = sum(every) / len(every) if every else 0.0
    own = {answer: sum(row) / len(row) for answer, row in given.items()}
    return defaultdict(float, {answer: 0.0 if value == mean else value - mean for answer, value in own.items()})
