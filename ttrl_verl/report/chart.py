"""Where the lines of a chart lie: geometry in, a template draws it, so that every text is escaped on its way."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ttrl_verl.report.curves import Point

WIDTH, HEIGHT = 360, 216
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 350, 10, 184
_MAX_DOTS = 40


@dataclass(frozen=True, slots=True)
class Series:
    """A line to be drawn. ``colour`` and ``dash`` are CSS classes."""

    name: str
    colour: str
    dash: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Dot:
    """A point in the picture; ``low`` and ``high`` are the ends of its error bar; ``says`` is shown on hover."""

    x: float
    y: float
    low: float | None
    high: float | None
    says: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line in the picture: SVG's path, and its dots where they are few enough to be seen."""

    name: str
    colour: str
    dash: str
    path: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart. Ticks are positions and their labels; ``marks`` are vertical lines: position, class, what it says."""

    title: str
    note: str
    lines: tuple[Line, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    marks: tuple[tuple[float, str, str], ...]
    says: str


def draw(
    title: str,
    note: str,
    series: Sequence[Series],
    *,
    share: bool,
    last_step: float,
    resumes: Sequence[int] = (),
    alarms: Sequence[int] = (),
) -> Chart:
    """Return a chart of lines against steps.

    Args:
        title: what it shows.
        note: the same in some more words.
        series: at least one, each of at least one point.
        share: whether the values are shares, whose axis ends at 1 at most.
        last_step: where the axis of steps ends, so that neighbouring charts can be compared.
        resumes: steps at which the run was resumed.
        alarms: steps at which an alarm fired.
    """
    ends = [end for s in series for p in s.points for end in (p.value - (p.error or 0), p.value + (p.error or 0))]
    y_ticks = _value_ticks(min(ends), max(ends), share)
    first_step = min(p.step for s in series for p in s.points)
    x = _Axis(min(first_step, 1), max(last_step, first_step, 1), _LEFT + 6, _RIGHT - 6)
    y = _Axis(y_ticks[0], y_ticks[-1], _BOTTOM, _TOP)
    marks = [(x.at(s), "resume", f"resumed at step {s}") for s in resumes if x.low <= s <= x.high]
    marks += [(x.at(s), "alarm", f"alarm at step {s}") for s in alarms if x.low <= s <= x.high]
    return Chart(
        title=title,
        note=note,
        lines=tuple(_line(s, x, y) for s in series),
        x_ticks=tuple(
            (x.at(step), f"{step:g}") for step in _ticks(x.low, x.high, 6, whole=True) if x.low <= step <= x.high
        ),
        y_ticks=tuple((y.at(value), _label(value, y_ticks)) for value in y_ticks),
        marks=tuple(marks[:40]),
        says="; ".join(_says(s) for s in series),
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return round(self.start + min(1, max(0, share)) * (self.end - self.start), 1)


def _value_ticks(low: float, high: float, share: bool) -> list[float]:
    """Return the ticks of the axis of values. Zero is on it: a change is seen beside the size of what changed."""
    if share and high > 0.3:
        return [0, 0.25, 0.5, 0.75, 1]
    low, high = min(low, 0.0), max(high, 0.0)
    if share:
        low, high = 0.0, max(high, 0.05)
    return _ticks(low, high if high > low else low + 1, 4, whole=False)


def _ticks(low: float, high: float, at_most: int, *, whole: bool) -> list[float]:
    """Return multiples of 1, 2, 2.5 or 5 times a power of ten that reach from ``low`` to ``high``.

    Example:
        >>> _ticks(0, 0.27, 4, whole=False)
        [0.0, 0.1, 0.2, 0.3]
    """
    raw = max((high - low) / at_most, 1e-9, 1.0 if whole else 0.0)
    power = 10.0 ** math.floor(math.log10(raw))
    # Half a step is none.
    factors = (1, 2, 5, 10) if whole else (1, 2, 2.5, 5, 10)
    step = next(factor * power for factor in factors if factor * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]


def _label(value: float, ticks: Sequence[float]) -> str:
    step = ticks[1] - ticks[0]
    if max(map(abs, ticks)) >= 10_000 or step < 0.001:
        return f"{value:.3g}"
    return f"{value:.{max(0, -math.floor(math.log10(step) + 1e-9) + (1 if _odd(step) else 0))}f}"


def _odd(step: float) -> bool:
    """Return whether a step of ticks is 2.5 of something, and needs a digit more than 1, 2 and 5."""
    return round(step / 10 ** math.floor(math.log10(step) + 1e-9), 3) == 2.5


def _line(series: Series, x: _Axis, y: _Axis) -> Line:
    places = [(x.at(p.step), y.at(p.value)) for p in series.points]
    dots = []
    for (left, top), point in zip(places, series.points, strict=True):
        low = high = None
        if point.error:
            low, high = y.at(point.value - point.error), y.at(point.value + point.error)
        error = f" ± {point.error:.3f}" if point.error is not None else ""
        dots.append(Dot(left, top, low, high, f"{series.name}, step {point.step:g}: {point.value:.4g}{error}"))
    path = "M" + "L".join(f"{left:g},{top:g}" for left, top in places)
    return Line(series.name, series.colour, series.dash, path, tuple(dots) if len(dots) <= _MAX_DOTS else ())


def _says(series: Series) -> str:
    first, last = series.points[0], series.points[-1]
    return f"{series.name}: {first.value:.3g} at step {first.step:g}, {last.value:.3g} at step {last.step:g}"
