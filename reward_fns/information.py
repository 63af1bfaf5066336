"""Answer information: what a step's votes know of the question. It tells learning from collapse without a label."""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

_SEED = 2504
# So many votes are exchanged in all: few votes are exchanged often, since they vary most, many votes rarely.
_WORK = 1 << 16
_FEWEST, _MOST = 32, 500
# Most of an exchange is its shuffle. So many votes are shuffled once for several exchanges, dealt in strides that are
# primes above the usual votes of a question: no two answers meet at a question twice.
_STRIDES = (1, 67, 71, 73, 79, 83, 89, 97)


@dataclass(frozen=True, slots=True)
class Information:
    """The mutual information between question and answer over a step's votes.

    Attributes:
        nats: I less its mean over random exchanges: near 0 where the votes say nothing of the question; where all are
            right, the entropy of the right answers less that mean.
        z: the same in standard deviations of those exchanges; 0.0 where ``blind``.
        deviation: one such standard deviation, nats; 0.0 where ``blind``.
        reach: the z of votes that tell the questions apart as far as their numbers allow, where I is the entropy of the
            pooled answers or of the questions, whichever is less. Below 4, the votes are too few to tell anything.
        raw: I itself, nats.
        blind: whether no exchange changes anything, so that nothing can be told: one question, no answer, one answer to
            everything, or answers that are all different.
    """

    nats: float
    z: float
    deviation: float
    reach: float
    raw: float
    blind: bool


def answer_information(
    groups: Sequence[Sequence[str | None]], *, exchanges: int | None = None, seed: int = _SEED
) -> Information:
    """Return what the answers of several questions say about which question was asked.

    I = H(all answers pooled) - mean over questions of H(answers to it), in nats, each question weighted by how many of
    its responses have an answer: the mutual information between question and answer. Few votes look informed by
    chance, so its mean over random exchanges of answers between questions is taken off; each question keeps its number
    of answers. (The mean has a closed form, the "expected mutual information" of Vinh, Epps and Bailey, 2010; the
    standard deviation has none that is cheap, so both are drawn.) The draws are a function of the seed alone.

    A majority vote rewards agreement, and agreement rises when a model learns, and when it says "fish" to everything:
    in the first case I rises, too, in the second it falls to 0.

    It is blind to what is right, and it sees nothing where all questions have one true answer, or where answers are all
    different, as free text may be.

    Args:
        groups: the canonical answers to each question, at least 0 questions; ``None`` where a response has none.
        exchanges: how many random exchanges there are, at least 2; by default 32 to 500, by the number of votes.
        seed: of the exchanges.

    Returns:
        The information. Fewer than two questions with an answer: 0 nats, and ``blind``.

    Example:
        >>> knows = answer_information([["A"] * 8, ["B"] * 8])
        >>> round(knows.raw, 4), knows.z > 2
        (0.6931, True)
        >>> answer_information([["fish"] * 8, ["fish"] * 8])
        Information(nats=0.0, z=0.0, deviation=0.0, reach=0.0, raw=0.0, blind=True)
    """
    answered = [[answer for answer in group if answer is not None] for group in groups]
    answered = [group for group in answered if group]
    codes: dict[str, int] = {}
    pool = [codes.setdefault(answer, len(codes)) for group in answered for answer in group]
    if not pool:
        return Information(0.0, 0.0, 0.0, 0.0, 0.0, blind=True)
    ends = [0, *accumulate(map(len, answered))]
    # c ln c for every count that there may be: an entropy over n votes is ln n - sum of c ln c / n.
    table = [0.0, *(count * math.log(count) for count in range(1, len(pool) + 1))]
    of_answers, of_questions = _sum(table, Counter(pool)), math.fsum(table[len(group)] for group in answered)
    fixed = table[len(pool)] - of_answers - of_questions
    found = (fixed + _within(pool, ends, table)) / len(pool)
    if len(answered) < 2 or len(codes) in (1, len(pool)):
        # Whatever is exchanged with whatever, every question keeps what it has, up to names.
        return Information(0.0, 0.0, 0.0, 0.0, max(found, 0.0), blind=True)
    number = exchanges or max(_FEWEST, min(_MOST, _WORK // len(pool)))
    mean, deviation = _exchanged(pool, ends, table, number, seed)
    if deviation <= 1e-9 * len(pool):
        return Information(0.0, 0.0, 0.0, 0.0, max(found, 0.0), blind=True)
    by_chance, deviation = (fixed + mean) / len(pool), deviation / len(pool)
    nats, most = found - by_chance, (table[len(pool)] - max(of_answers, of_questions)) / len(pool)
    reach = (most - by_chance) / deviation
    return Information(nats, nats / deviation, deviation, reach, max(found, 0.0), blind=False)


def _exchanged(
    pool: Sequence[int], ends: Sequence[int], table: Sequence[float], number: int, seed: int
) -> tuple[float, float]:
    """Return the mean and the standard deviation of ``_within`` over random orders of the pool."""
    draw = random.Random(seed)
    order = list(pool)
    strides = _STRIDES if len(pool) > _STRIDES[-1] ** 2 else (1,)
    values = []
    while len(values) < number:
        draw.shuffle(order)
        for stride in strides:
            dealt = [code for start in range(stride) for code in order[start::stride]] if stride > 1 else order
            values.append(_within(dealt, ends, table))
    mean = math.fsum(values) / len(values)
    return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _within(pool: Sequence[int], ends: Sequence[int], table: Sequence[float]) -> float:
    """Return the sum over questions and answers of c ln c, with c how often the question has the answer."""
    return math.fsum(_sum(table, Counter(pool[start:end])) for start, end in pairwise(ends))


def _sum(table: Sequence[float], counts: Counter[int]) -> float:
    return sum(table[count] for count in counts.values())
