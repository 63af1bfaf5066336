"""A vote among texts that are never quite equal: how alike a response is to the others."""

from collections import Counter
from typing import Any

from ttrl_verl.reward_fns.group import Group


def soft_consensus(group: Group) -> list[float]:
    """Reward each response by its mean chrF against the others' answers.

    r_i = 1 / (M - 1) * sum_{j != i} chrF(a_i, a_j) / 100 over the M responses that have an answer: minimum Bayes risk
    as a reward, as Semantic Voting does with sentence embeddings (arXiv 2509.23067). chrF2 of character 1- to 6-grams
    (Popović 2015), by sacrebleu; a_i is the hypothesis, a_j the reference.

    Departures: no embedding model, so texts of the same meaning in other words are not alike; the reward itself is
    trained on, where the paper makes pairs of the best and the worst.

    Args:
        group: N responses to one prompt, their answers of the type ``free`` or any other.

    Returns:
        N rewards in [0, 1], sampling order; 0.0 without an answer. Fewer than two have one: all 0.0.

    Raises:
        ValueError: sacrebleu is not installed.

    Example:
        >>> [round(r, 2) for r in soft_consensus(Group(answers=("the cat sat", "the cat sat", "a dog ran", None)))]
        [0.52, 0.52, 0.04, 0.0]
    """
    counts = Counter(answer for answer in group.answers if answer is not None)
    voters = sum(counts.values())
    if voters < 2:
        return [0.0] * group.size
    alike = _chrf(list(counts))
    rewards = {
        answer: (sum(alike[answer, other] * count for other, count in counts.items()) - alike[answer, answer])
        / (voters - 1)
        for answer in counts
    }
    return [0.0 if answer is None else rewards[answer] for answer in group.answers]


def _chrf(texts: list[str]) -> dict[tuple[str, str], float]:
    """Return chrF / 100 of each text against each. A text's n-grams are counted once, a pair's matches once."""
    try:
        from sacrebleu.metrics.chrf import CHRF
        from sacrebleu.metrics.helpers import extract_all_char_ngrams
    except ImportError as error:
        raise ValueError("soft_consensus needs sacrebleu: pip install 'ttrl-verl[free]'") from error
    metric: Any = CHRF()
    grams = [extract_all_char_ngrams(text, metric.char_order, metric.whitespace) for text in texts]
    found = {(text, text): 1.0 for text in texts}
    for place, text in enumerate(texts):
        for other in range(place):
            stats = [
                number
                for one, two in zip(grams[place], grams[other], strict=True)
                for number in metric._get_match_statistics(one, two)
            ]
            found[text, texts[other]] = metric._compute_f_score(stats) / 100
            swapped = [number for at in range(0, len(stats), 3) for number in (stats[at + 1], stats[at], stats[at + 2])]
            found[texts[other], text] = metric._compute_f_score(swapped) / 100
    return found
