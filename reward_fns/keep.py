"""Which responses of a group are trained on: the rules that a recipe names as ``ttrl.keep``."""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence

from ttrl_verl.reward_fns.vote import count_answers, take_vote


def keep_first(answers: Sequence[str | None], kept: int) -> list[int]:
    """Return the first places in sampling order: a sample of the group that no answer biases (TTRL).

    Example:
        >>> keep_first(["4", "4", "5"], 2)
        [0, 1]
    """
    return list(range(min(kept, len(answers))))


def keep_balanced(answers: Sequence[str | None], kept: int) -> list[int]:
    """Return half of the places from responses that agree with the majority, half from those that do not.

    Each half is the first of its side in sampling order; of an odd number the majority has the larger half. Where a
    side has too few, the other fills up; where nobody has an answer, the first are kept. TTPO (arXiv 2608.27448) keeps
    8 of 64 so.

    Example:
        >>> keep_balanced(["4", "4", "4", "5", None], 4)
        [0, 1, 3, 4]
        >>> keep_balanced(["4", "4", "4", "5"], 4)
        [0, 1, 2, 3]
    """
    label = take_vote(answers).label
    if label is None:
        return keep_first(answers, kept)
    agree = [place for place, answer in enumerate(answers) if answer == label]
    differ = [place for place, answer in enumerate(answers) if answer != label]
    kept = min(kept, len(answers))
    others = min(len(differ), max(kept // 2, kept - len(agree)))
    return sorted(agree[: kept - others] + differ[:others])


def keep_spread(answers: Sequence[str | None], kept: int) -> list[int]:
    """Return places that show as many distinct answers as there is room for.

    One response of each answer in turn, the most frequent answer first, then a second of each, and so on; no answer is
    an answer here, and comes last. Ours, of no paper.

    Example:
        >>> keep_spread(["4", "4", "4", "5", None], 3)
        [0, 3, 4]
    """
    places: dict[str | None, deque[int]] = defaultdict(deque)
    for place, answer in enumerate(answers):
        places[answer].append(place)
    order = [places[answer] for answer, _ in count_answers(answers).most_common()]
    order += [places[None]] if None in places else []
    found: list[int] = []
    while len(found) < min(kept, len(answers)):
        found += [side.popleft() for side in order if side]
    return sorted(found[:kept])


KEEP_RULES: dict[str, Callable[[Sequence[str | None], int], list[int]]] = {
    "first": keep_first,
    "balanced": keep_balanced,
    "spread": keep_spread,
}
