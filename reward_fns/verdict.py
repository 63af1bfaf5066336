"""What a reward returns: a list, or a ``Verdict`` that says more; and the check of either."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ttrl_verl.reward_fns.group import Group


class VerdictError(ValueError):
    """What a reward returned is none of what it may return."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reward says of a group. A plain list of rewards says the first alone.

    Attributes:
        rewards: length N, sampling order, finite.
        weight: what the advantages of the prompt's responses are multiplied by, finite and at least 0. Under GRPO a
            factor on the rewards cancels; this one does not.
        keep: which responses are trained on: as many places in sampling order as the run keeps, no two alike; ``None``
            leaves it to ``ttrl.keep``. Their rewards alone make the advantage.
        skip: train on none of the prompt's responses.
        token_weights: length N; for each response a number a token, finite and at least 0, that its advantage is
            multiplied by there; ``None`` for 1 everywhere. The loss is still a mean over all its tokens.

    Example:
        >>> Verdict([1.0, 0.0], weight=0.5).skip
        False
    """

    rewards: Sequence[float]
    weight: float = 1.0
    keep: Sequence[int] | None = None
    skip: bool = False
    token_weights: Sequence[Sequence[float]] | None = None


def checked(returned: Any, group: Group, kept: int | None = None) -> Verdict:
    """Return what a reward returned as a ``Verdict`` of plain floats and tuples.

    Args:
        returned: a sequence of N numbers, or a ``Verdict``.
        group: what the reward saw.
        kept: how many responses the run keeps of a group; ``None`` where nothing is trained.

    Raises:
        VerdictError: it is neither, or has another length, or a number that is none. The message says which.

    Example:
        >>> checked([1, 0], Group(answers=("A", "B")))
        Verdict(rewards=(1.0, 0.0), weight=1.0, keep=None, skip=False, token_weights=None)
        >>> checked([1.0], Group(answers=("A", "B")))
        Traceback (most recent call last):
        ttrl_verl.reward_fns.verdict.VerdictError: it returned 1 reward for 2 responses
    """
    verdict = returned if isinstance(returned, Verdict) else Verdict(returned)
    rewards = _numbers(verdict.rewards, "rewards")
    if len(rewards) != group.size:
        raise VerdictError(f"it returned {len(rewards)} reward{'s' * (len(rewards) != 1)} for {group.size} responses")
    weight = _number(verdict.weight, "weight")
    if weight < 0:
        raise VerdictError(f"its weight is {weight}; expected at least 0")
    if not isinstance(verdict.skip, bool):
        raise VerdictError(f"its skip is {verdict.skip!r:.40}; expected True or False")
    keep = None if verdict.keep is None else _keep(verdict.keep, group.size, kept)
    weights = None if verdict.token_weights is None else _token_weights(verdict.token_weights, group)
    return Verdict(rewards, weight, keep, verdict.skip, weights)


def _keep(keep: Any, size: int, kept: int | None) -> tuple[int, ...]:
    if not isinstance(keep, Iterable) or isinstance(keep, str):
        raise VerdictError(f"its keep is {_kind(keep)}; expected a list of places in sampling order")
    places = tuple(keep)
    for place in places:
        if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < size:
            raise VerdictError(f"its keep has {place!r:.40}; expected places from 0 to {size - 1}")
    if len(set(places)) != len(places):
        raise VerdictError("its keep has a place twice")
    if kept is not None and len(places) != min(kept, size):
        raise VerdictError(f"its keep has {len(places)} places; expected {min(kept, size)}, as many as the run keeps")
    return tuple(sorted(places))


def _token_weights(weights: Any, group: Group) -> tuple[tuple[float, ...], ...]:
    if not isinstance(weights, Iterable) or isinstance(weights, str):
        raise VerdictError(f"its token_weights is {_kind(weights)}; expected a list for each response")
    rows = tuple(_numbers(row, f"token_weights of response {place}") for place, row in enumerate(weights))
    if len(rows) != group.size:
        raise VerdictError(f"its token_weights are of {len(rows)} responses; expected {group.size}")
    for place, row in enumerate(rows):
        if any(weight < 0 for weight in row):
            raise VerdictError(f"its token_weights of response {place} have one below 0")
        if group.lengths is not None and len(row) != group.lengths[place]:
            raise VerdictError(
                f"its token_weights of response {place} are {len(row)}; expected {group.lengths[place]}, one a token"
            )
    return rows


def _numbers(values: Any, what: str) -> tuple[float, ...]:
    if not isinstance(values, Iterable) or isinstance(values, (str, bytes, dict)):
        raise VerdictError(f"its {what} are {_kind(values)}; expected a list of numbers")
    return tuple(_number(value, f"{what}[{place}]") for place, value in enumerate(values))


def _number(value: Any, what: str) -> float:
    """Return a number as a float; numpy's and torch's are numbers, too."""
    if isinstance(value, (str, bytes)) or not hasattr(value, "__float__"):
        raise VerdictError(f"its {what} is {_kind(value)}; expected a number")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise VerdictError(f"its {what} is no number: {str(error).splitlines()[0]}") from error
    if not math.isfinite(number):
        raise VerdictError(f"its {what} is {number}; expected a finite number")
    return number


def _kind(value: Any) -> str:
    return "None" if value is None else f"{type(value).__name__} {value!r:.40}"
