"""What is drawn against steps: the votes, from what verl logged, or from the audit where it logged nothing."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ttrl_verl.record.visits import History, Visit, flip_shares
from ttrl_verl.reward_fns import Group
from ttrl_verl.reward_fns.information import answer_information
from ttrl_verl.reward_fns.metrics import top_answer_share

MAX_POINTS = 200
"""A curve has no more points than this; beyond, each point is the mean of several steps."""

_MOST = 1e12


@dataclass(frozen=True, slots=True)
class Point:
    """A value at a step, and its standard error where there is one."""

    step: float
    value: float
    error: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """A named line of points, in the order of steps.

    Attributes:
        key: which quantity it is: a key of ``QUANTITIES``, or ``flips``.
        note: what the quantity is, in a few words.
        share: whether it is a share, between 0 and 1.
        every: how many steps each point is the mean of.
    """

    key: str
    name: str
    note: str
    share: bool
    points: tuple[Point, ...]
    every: int = 1


def _mean(of: Callable[[Visit], float | None]) -> Callable[[Sequence[Visit]], float | None]:
    def mean(visits: Sequence[Visit]) -> float | None:
        values = [value for value in map(of, visits) if value is not None]
        return sum(values) / len(values) if values else None

    return mean


def _share(of: Callable[[Visit], int]) -> Callable[[Sequence[Visit]], float | None]:
    return _mean(lambda visit: of(visit) / len(visit.answers) if visit.answers else None)


def _information(visits: Sequence[Visit]) -> float:
    return answer_information([visit.answers for visit in visits]).nats


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that each step has.

    Attributes:
        key: its name in this package.
        logged: verl's name of the metric.
        name: what a reader is shown.
        note: what it is, in a few words.
        share: whether it is a share, between 0 and 1.
        audited: the same from a step's visits, where verl logged nothing; ``None`` where votes do not tell.
        at_most: how many steps it is computed for then; ``None`` for all.
    """

    key: str
    logged: str
    name: str
    note: str
    share: bool
    audited: Callable[[Sequence[Visit]], float | None] | None = None
    at_most: int | None = None


QUANTITIES: tuple[Quantity, ...] = (
    Quantity(
        "majority_ratio",
        "ttrl/majority_ratio",
        "Majority ratio",
        "votes for the pseudo-label / all votes",
        True,
        _mean(lambda visit: visit.majority_ratio),
    ),
    Quantity(
        "information",
        "ttrl/answer_information",
        "Answer information",
        "what the votes know of the question, in nats; 0 is chance",
        False,
        _information,
        at_most=40,
    ),
    Quantity(
        "label_accuracy",
        "ttrl/label_accuracy",
        "Pseudo-label is right",
        "diagnosis by labels; no reward saw it",
        True,
        _mean(lambda visit: None if visit.right is None else float(visit.right)),
    ),
    Quantity(
        "answer_entropy",
        "ttrl/answer_entropy",
        "Answer entropy",
        "of a question's answers, in nats",
        False,
        _mean(lambda visit: visit.answer_entropy),
    ),
    Quantity("token_entropy", "actor/entropy", "Token entropy", "of the policy, in nats a token", False),
    Quantity(
        "unparsed",
        "ttrl/unparsed_ratio",
        "Without an answer",
        "share of responses",
        True,
        _share(lambda visit: visit.unparsed),
    ),
    Quantity(
        "truncated",
        "ttrl/truncated_ratio",
        "Truncated",
        "share of responses",
        True,
        _share(lambda visit: visit.truncated),
    ),
    Quantity(
        "top_answer",
        "ttrl/top_answer_share",
        "Most common answer",
        "its share across questions; a collapse shows here",
        True,
        lambda visits: top_answer_share([Group(answers=visit.answers) for visit in visits]),
    ),
    Quantity(
        "length", "response_length/mean", "Response length", "mean, in tokens", False, _mean(lambda visit: visit.length)
    ),
    Quantity(
        "reward", "ttrl/reward_mean", "Reward", "mean of the kept responses", False, _mean(lambda visit: visit.reward)
    ),
    Quantity(
        "zero_advantage",
        "ttrl/zero_advantage_groups",
        "Groups without a signal",
        "all kept rewards equal",
        True,
        _mean(lambda visit: float(visit.no_signal)),
    ),
)
"""What is drawn against steps, in order."""


def step_curves(metrics: Sequence[Mapping[str, Any]], histories: Sequence[History]) -> list[Curve]:
    """Return the curves that the run has something for.

    Args:
        metrics: ``Run.metrics()``.
        histories: of the run's questions.
    """
    by_step: dict[int, list[Visit]] = defaultdict(list)
    for history in histories:
        for visit in history:
            by_step[visit.step].append(visit)
    curves = []
    for quantity in QUANTITIES:
        values = {row["step"]: row["data"][quantity.logged] for row in metrics if quantity.logged in row["data"]}
        if not values and quantity.audited is not None:
            steps = _spread(sorted(by_step), quantity.at_most)
            values = {step: quantity.audited(by_step[step]) for step in steps}
        points = _points(values)
        if points:
            curves.append(_thinned(Curve(quantity.key, quantity.name, quantity.note, quantity.share, points)))
    flips = _points(flip_shares(histories))
    if flips:
        note = "share of a step's questions labelled otherwise than at their last visit"
        curves.append(_thinned(Curve("flips", "Pseudo-label changes", note, True, flips)))
    return curves


def _spread(steps: Sequence[int], at_most: int | None) -> list[int]:
    """Return some of the steps, evenly spread, the first and the last among them."""
    if at_most is None or len(steps) <= at_most:
        return list(steps)
    return [steps[round(place * (len(steps) - 1) / (at_most - 1))] for place in range(at_most)]


def _points(values: Mapping[int, object]) -> tuple[Point, ...]:
    """Return what can be drawn: not NaN, which verl logs where it has nothing to say, nor a loss that blew up."""
    return tuple(
        Point(step, float(value))
        for step, value in sorted(values.items())
        if isinstance(value, int | float) and abs(value) < _MOST
    )


def _thinned(curve: Curve) -> Curve:
    """Return the curve with at most ``MAX_POINTS`` points, each the mean of as many steps as it takes."""
    every = math.ceil(len(curve.points) / MAX_POINTS)
    if every <= 1:
        return curve
    groups = [curve.points[start : start + every] for start in range(0, len(curve.points), every)]
    points = tuple(
        Point(sum(p.step for p in group) / len(group), sum(p.value for p in group) / len(group)) for group in groups
    )
    return Curve(curve.key, curve.name, curve.note, curve.share, points, every)
