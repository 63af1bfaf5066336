"""The majority vote: who wins, by how much, and how much the group disagrees."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ttrl_verl.reward_fns.group import Group


@dataclass(frozen=True, slots=True)
class Vote:
    """The outcome of one group's vote.

    Attributes:
        label: the pseudo-label; ``None`` where no response had an answer.
        votes: how many responses gave it.
        size: N, the number of responses, those without an answer included.
    """

    label: str | None
    votes: int
    size: int

    @property
    def majority_ratio(self) -> float:
        """Votes for the label / N, a number in [0, 1]; 0.0 for an empty group."""
        return self.votes / self.size if self.size else 0.0


def take_vote(answers: Sequence[str | None]) -> Vote:
    """Return the most frequent answer; a tie goes to the answer sampled first.

    This is TTRL's vote (arXiv 2504.16084). Its code breaks ties the same way, by ``Counter.most_common``. There a
    response without an answer votes for the empty answer, which can win; here it casts no vote.

    Args:
        answers: canonical answers in sampling order; ``None`` casts no vote.

    Returns:
        The vote. Its label is ``None`` where nobody gave an answer.

    Example:
        >>> take_vote(["7", "3", "3", None])
        Vote(label='3', votes=2, size=4)
        >>> take_vote(["7", "3", "3", "7"]).label
        '7'
    """
    counts = count_answers(answers)
    if not counts:
        return Vote(label=None, votes=0, size=len(answers))
    # Counter keeps insertion order and most_common is stable, so the answer seen first wins a tie.
    label, votes = counts.most_common(1)[0]
    return Vote(label=label, votes=votes, size=len(answers))


def count_answers(answers: Sequence[str | None]) -> Counter[str]:
    """Count the answers, first seen first; ``None`` is not counted.

    Example:
        >>> count_answers(["B", None, "A", "B"])
        Counter({'B': 2, 'A': 1})
    """
    return Counter(answer for answer in answers if answer is not None)


def votes_of(share: float, size: int) -> Fraction | float:
    """Return a share of a group in votes, exactly: 0.28 of 25 is 7, where floats make it 7.000000000000001.

    Args:
        share: as it was written in decimal; not NaN.
        size: N.

    Example:
        >>> votes_of(0.28, 25) == 7, 0.28 * 25 == 7
        (True, False)
    """
    return Fraction(str(share)) * size if math.isfinite(share) else share


def checked_log_probs(group: Group) -> tuple[float, ...] | None:
    """Return a group's log-probabilities, or ``None`` where it has none.

    Raises:
        ValueError: one is no number, or is infinity: the rollout is broken, and no reward may hide it. Minus infinity
            is a probability of 0.

    Example:
        >>> checked_log_probs(Group(answers=("A",), log_probs=(-1.0,)))
        (-1.0,)
    """
    for log_prob in group.log_probs or ():
        if math.isnan(log_prob) or log_prob == math.inf:
            raise ValueError(f"log_probs has {log_prob}; expected numbers below infinity")
    return group.log_probs


def answer_entropy(answers: Sequence[str | None]) -> float:
    """Return the Shannon entropy of the group's answers, in nats.

    H = -sum_a p(a) ln p(a), with p(a) = votes for a / number of responses that have an answer. 0.0 where at most one
    distinct answer was given, the empty group included.

    Example:
        >>> round(answer_entropy(["A", "B", None]), 4)
        0.6931
    """
    counts = count_answers(answers).values()
    total = sum(counts)
    return sum(-count / total * math.log(count / total) for count in counts) if len(counts) > 1 else 0.0
