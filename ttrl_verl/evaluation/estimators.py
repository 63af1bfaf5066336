"""What n responses say about k of them: pass@k and maj@k, exactly, without resampling."""

from collections.abc import Sequence
from fractions import Fraction
from math import comb

from ttrl_verl.reward_fns.vote import count_answers

MAX_MAJ_K = 128
"""The largest k of maj@k: its cost grows as k³ where many answers compete, seconds a question at 128 of 1,024."""


def pass_at_k(n: int, correct: int, k: int) -> float:
    """Return the unbiased estimate of the chance that one of k responses is right.

    1 - C(n - c, k) / C(n, k), the share of the k-subsets of the n responses that hold a right one (Chen et al.,
    arXiv 2107.03374). At k = 1 it is c / n.

    Args:
        n: responses drawn.
        correct: c, how many of them are right.
        k: 1 to n.

    Raises:
        ValueError: ``k`` is not 1 to ``n``, or ``correct`` not 0 to ``n``.

    Example:
        >>> round(pass_at_k(4, 2, 2), 4)
        0.8333
    """
    if not 1 <= k <= n or not 0 <= correct <= n:
        raise ValueError(f"pass@{k} of {n} responses, {correct} of them right; expected 1 <= k <= n and 0 <= c <= n")
    # Whole numbers until the one division: C(n, k) has hundreds of digits where n is in the thousands.
    return (comb(n, k) - comb(n - correct, k)) / comb(n, k)


def maj_at_k(answers: Sequence[str | None], label: str, k: int) -> float:
    """Return the chance that the majority of k responses is right: the mean over all k-subsets of the n, exactly.

    A response without an answer casts no vote. A tie goes to the answer sampled first, and every order of a subset is
    as likely as any other, so t answers in a tie win with chance 1 / t each.

    The subsets in which the label has j votes are counted by a generating function: an answer with c votes contributes
    sum_{i < j} C(c, i) x^i + y C(c, j) x^j, where y counts those that tie with the label.

    Args:
        answers: canonical answers of the n responses; ``None`` where there is none.
        label: the canonical ground truth.
        k: 1 to n.

    Raises:
        ValueError: ``k`` is not 1 to n.

    Example:
        >>> maj_at_k(["4", "4", "7"], "4", 1) == 2 / 3
        True
    """
    if not 1 <= k <= len(answers):
        raise ValueError(f"maj@{k} of {len(answers)} responses; expected 1 <= k <= n")
    counts = count_answers(answers)
    votes = counts.pop(label, 0)
    silent = len(answers) - votes - counts.total()
    total = Fraction(0)
    for j in range(1, min(votes, k) + 1):
        rest = k - j
        # Answers with fewer than j votes in all never reach the label: any number of them may be drawn, together.
        free = silent + sum(count for count in counts.values() if count < j)
        rivals = [count for count in counts.values() if count >= j]
        for ties, subsets in enumerate(_subsets(free, rivals, j, rest)):
            total += Fraction(comb(votes, j) * subsets, ties + 1)
    return float(total / comb(len(answers), k))


def _subsets(free: int, rivals: Sequence[int], j: int, rest: int) -> list[int]:
    """Return how many ways there are to draw ``rest`` responses of those that are not for the label, by ties.

    Args:
        free: responses that may be drawn in any number.
        rivals: votes of each other answer, of which at most ``j`` may be drawn; where it is j, it ties.
        j: the label's votes.
        rest: how many are drawn.

    Returns:
        Entry t: the ways in which t rivals tie with the label.
    """
    # table[t][x]: ways to draw x of the responses seen so far with t ties.
    table = [[comb(free, x) for x in range(rest + 1)]]
    for votes in rivals:
        below = [comb(votes, i) for i in range(min(j, rest + 1))]
        added = [
            [sum(ways * row[x - i] for i, ways in enumerate(below[: x + 1])) for x in range(rest + 1)] for row in table
        ]
        if rest >= j:
            tie = comb(votes, j)
            added.append([0] * (rest + 1))
            for t, row in enumerate(table):
                for x in range(j, rest + 1):
                    added[t + 1][x] += tie * row[x - j]
            if not any(added[-1]):
                added.pop()
        table = added
    return [row[rest] for row in table]
