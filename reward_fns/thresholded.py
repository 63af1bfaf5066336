"""SCRL's reward: praise a clear winner, punish what is rare and unsure, say nothing of the rest."""

from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.vote import count_answers


def thresholded(
    group: Group, *, positive: float = 0.5, margin: float = 0.15, negative: float = 0.15, gated: bool = True
) -> list[float]:
    """Reward 1 for a clear majority, -1 for a rare and uncertain answer and for none, 0 for the rest.

    With p(a) = votes for a / N: r_i = 1 where a_i is the most frequent answer, p(a_i) >= ``positive`` and it leads the
    second by more than ``margin``; else -1 where p(a_i) < ``negative`` and the mean uncertainty u(a_i) of the answer's
    responses is at least the group's mean; else 0. A response without an answer earns -1 (SCRL, arXiv 2603.19880).

    Departures: the uncertainty is -(mean log-prob of the sampled tokens), a one-sample estimate of the token entropy
    that the paper averages; where the group has no log-probs, or ``gated`` is off, the gate is open. The defaults are
    those of the authors' code; the paper reports 0.375, 0.125 and 0.125. This is the code's binary
    mode, its default; the continuous one, p(a) - lambda * (H(a) - mean H), which the authors' script runs, is not here.
    Where nobody has an answer the rewards are 0.0 and not -1: there is nothing to learn from.

    Args:
        group: N responses to one prompt.
        positive: the smallest share of a pseudo-label, in [0, 1].
        margin: the lead over the second answer that it must exceed, in [0, 1].
        negative: an answer with a smaller share may be punished, in [0, 1].
        gated: spare rare answers that the policy was sure of, where the group has log-probs.

    Returns:
        N rewards in {-1.0, 0.0, 1.0}, sampling order. Nobody has an answer: all 0.0.

    Raises:
        ValueError: a threshold is outside [0, 1].

    Example:
        >>> thresholded(Group(answers=("4", "4", "4", "4", "4", "5", "6", None)), negative=0.2)
        [1.0, 1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0]
    """
    if not all(0 <= threshold <= 1 for threshold in (positive, margin, negative)):
        thresholds = f"positive is {positive}, margin {margin}, negative {negative}"
        raise ValueError(f"{thresholds}; expected numbers from 0 to 1")
    ranked = count_answers(group.answers).most_common()
    if not ranked:
        return [0.0] * group.size
    lead = (ranked[0][1] - (ranked[1][1] if len(ranked) > 1 else 0)) / group.size
    # With a single answer there is no second one to lead.
    clear = ranked[0][1] >= positive * group.size and (lead > margin or len(ranked) == 1)
    rewards: dict[str | None, float] = {None: -1.0}
    for answer, votes in ranked:
        punished = votes < negative * group.size and (not gated or _is_uncertain(group, answer))
        rewards[answer] = -1.0 if punished else 0.0
    if clear:
        rewards[ranked[0][0]] = 1.0
    return [rewards[answer] for answer in group.answers]


def _is_uncertain(group: Group, answer: str) -> bool:
    """Say whether the answer's responses are on average no likelier than the group's; yes without log-probs."""
    if group.log_probs is None:
        return True
    own = [log_prob for given, log_prob in zip(group.answers, group.log_probs, strict=True) if given == answer]
    return sum(own) / len(own) <= sum(group.log_probs) / group.size
