"""EVOL-RL's reward: the majority decides the sign, how new a response's text is decides the size."""

from collections import defaultdict
from collections.abc import Sequence

from ttrl_verl.reward_fns.group import Group
from ttrl_verl.reward_fns.vote import take_vote


def novelty(group: Group, *, order: int = 3, inner: float = 0.5) -> list[float]:
    """Reward a response of the majority with 0.5 to 1, another with -1 to -0.5, the more the newer its text is.

    nu_i = 1 - inner * mean_{j in C(i), j != i} s_ij - (1 - inner) * max_{j != i} s_ij, with C(i) the responses on the
    same side, the majority's or the others', and s the similarity of two texts. Within each side nu is brought to
    [0, 1] by its least and its largest value, and r_i = 0.5 + nu_i / 2 where a_i is the majority answer,
    -1 + nu_i / 2 where it is another, -1 where there is none (EVOL-RL, arXiv 2509.15194). The part ``method=evol``
    holds the paper's entropy bonus and upper clip.

    Departures: s_ij is the cosine of the two texts' counts of character n-grams, white space as one space, where the
    paper embeds the reasoning by a model of 4B parameters beside the trainer: texts that say the same in other words
    count as new here. A response without an answer is on no side, and is compared with all the same. What the code
    does where a side has one response, or texts that are all as new as each other, was not read: here nu is then 0.5
    for all of them, and a side of one has a mean of 0.

    Args:
        group: N responses to one prompt, with their texts.
        order: n, characters of an n-gram, from 1 to 8.
        inner: the weight of the mean within a side, in [0, 1]; the rest is that of the nearest of all.

    Returns:
        N rewards in [-1, -0.5] or [0.5, 1], sampling order. Nobody has an answer: all 0.0.

    Raises:
        ValueError: the group has no texts, ``order`` is no whole number from 1 to 8, or ``inner`` is outside [0, 1].

    Example:
        >>> novelty(Group(answers=("4", "4", "4", "5", None), texts=("2+2=4", "2+2=4", "two twos: 4", "5", "")))
        [0.5, 0.5, 1.0, -0.75, -1.0]
    """
    if isinstance(order, bool) or order != int(order) or not 1 <= order <= 8:
        raise ValueError(f"order is {order}; expected a whole number from 1 to 8")
    if not 0 <= inner <= 1:
        raise ValueError(f"inner is {inner}; expected a number from 0 to 1")
    if group.texts is None:
        raise ValueError("the group has no texts")
    label = take_vote(group.answers).label
    if label is None:
        return [0.0] * group.size
    alike = similarities(group.texts, int(order))
    sides: dict[bool, list[int]] = defaultdict(list)
    for place, answer in enumerate(group.answers):
        if answer is not None:
            sides[answer == label].append(place)
    rewards = [-1.0] * group.size
    for agrees, places in sides.items():
        for place, new in zip(places, _spread([_newness(alike, places, at, inner) for at in places]), strict=True):
            rewards[place] = (0.5 if agrees else -1.0) + new / 2
    return rewards


def similarities(texts: Sequence[str], order: int = 3) -> list[list[float]]:
    """Return the cosine of the texts' counts of character n-grams, each text with each: N lists of N in [0, 1].

    White space counts as one space. A text of fewer than n characters is one n-gram; an empty one is like none but
    another empty one.

    Example:
        >>> similarities(["abc", "abc", "xyz"])[0]
        [1.0, 1.0, 0.0]
    """
    import numpy as np  # here, for what rewards answers alone has no use for it

    plain = [" ".join(text.split()) for text in texts]
    if not plain:
        return []
    seen = {text: place for place, text in enumerate(dict.fromkeys(plain))}  # equal texts are counted once
    rows = [_grams(text, order) for text in seen]
    kinds, codes = np.unique(np.concatenate(rows), return_inverse=True)
    owner = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    counts = np.bincount(owner * len(kinds) + codes.ravel(), minlength=len(rows) * len(kinds)).astype(float)
    counts = counts.reshape(len(rows), len(kinds))
    lengths = np.sqrt((counts**2).sum(axis=1))
    cosine = np.minimum(counts @ counts.T / np.outer(lengths, lengths), 1.0)
    np.fill_diagonal(cosine, 1.0)
    places = [seen[text] for text in plain]
    return cosine[np.ix_(places, places)].tolist()


def _grams(text: str, order: int) -> "np.ndarray":  # noqa: F821
    """Return a text's n-grams as numbers: its code points as digits, which wrap around beyond three."""
    import numpy as np

    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64) + np.uint64(1)
    size = min(order, len(points)) or 1
    points = points if len(points) else np.zeros(1, np.uint64)
    found = np.zeros(len(points) - size + 1, np.uint64)
    for place in range(size):
        found = found * np.uint64(0x110001) + points[place : place + len(found)]
    return found


def _newness(alike: Sequence[Sequence[float]], side: Sequence[int], at: int, inner: float) -> float:
    within = [alike[at][place] for place in side if place != at]
    nearest = max((one for place, one in enumerate(alike[at]) if place != at), default=0.0)
    return 1 - inner * (sum(within) / len(within) if within else 0.0) - (1 - inner) * nearest


def _spread(values: Sequence[float]) -> list[float]:
    """Return the values brought to [0, 1]; 0.5 where they are all equal, up to rounding."""
    least, most = min(values), max(values)
    if most - least < 1e-9:
        return [0.5] * len(values)
    return [(value - least) / (most - least) for value in values]
