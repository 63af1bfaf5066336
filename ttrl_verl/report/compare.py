"""Several runs side by side: those that differ in seeds alone are one group, with a mean and its standard error."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ttrl_verl.evaluation.figures import Mean
from ttrl_verl.printable import one_line
from ttrl_verl.record.read import Run
from ttrl_verl.report.curves import QUANTITIES, Curve, Point
from ttrl_verl.report.provenance import SEEDS
from ttrl_verl.report.summary import Summary

# Where a run writes, and what it says of itself: two runs may differ in it and be the same experiment. Data files are
# told apart by their hashes.
_NOT_THE_EXPERIMENT = {
    *SEEDS,
    "data.train_files",
    "data.val_files",
    "trainer.default_local_dir",
    "trainer.validation_data_dir",
    "trainer.rollout_data_dir",
    "trainer.experiment_name",
    "trainer.project_name",
    "trainer.resume_mode",
    "trainer.resume_from_path",
    "trainer.logger",
}
_MAX_DIFFERENCES = 12


@dataclass(frozen=True, slots=True)
class Compared:
    """A run: its name, its group's number, its place in the group, its figures."""

    name: str
    group: int
    place: int
    summary: Summary


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: a run, or the mean over a group of several."""

    name: str
    group: int
    is_group: bool
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side.

    Attributes:
        runs: those compared, the report's own first.
        groups: how many groups they make.
        columns: of the table, after the name.
        rows: of the table.
        differences: the settings in which groups differ: key, and each group's value; ``more`` counts those left out.
    """

    runs: tuple[Compared, ...]
    groups: int
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    differences: tuple[tuple[str, tuple[str, ...]], ...]
    more: int

    def quantities(self) -> Iterator[tuple[str, str, bool, Callable[[Summary], Curve | None]]]:
        """Yield what is drawn for all runs: title, note, whether it is a share, and how to find a run's curve."""
        yield "Accuracy, adapted", "avg@n, the mean over questions", True, lambda s: _avg(s, adapted=True)
        yield "Accuracy, held out", "avg@n, the mean over questions", True, lambda s: _avg(s, adapted=False)
        for q in QUANTITIES:
            yield q.name, q.note, q.share, lambda s, key=q.key: next((c for c in s.curves if c.key == key), None)


def compare(runs: Sequence[Run], summaries: Sequence[Summary]) -> Comparison:
    """Return the comparison of runs with their figures, in the same order."""
    settings = [_settings(run) for run in runs]
    groups: dict[str, int] = {}
    numbers = [groups.setdefault(json.dumps(s, sort_keys=True, default=str), len(groups)) for s in settings]
    names = _names([run.folder for run in runs])
    compared = tuple(
        Compared(name, number, numbers[:at].count(number), summary)
        for at, (name, number, summary) in enumerate(zip(names, numbers, summaries, strict=True))
    )
    firsts = [settings[numbers.index(group)] for group in range(len(groups))]
    keys = sorted({key for s in firsts for key in s})
    different = [key for key in keys if len({json.dumps(s.get(key), default=str) for s in firsts}) > 1]
    return Comparison(
        runs=compared,
        groups=len(groups),
        columns=tuple(name for name, _ in _COLUMNS),
        rows=tuple(_rows(compared, len(groups))),
        differences=tuple(
            (one_line(key, 80), tuple(one_line(s.get(key), 80) for s in firsts)) for key in different[:_MAX_DIFFERENCES]
        ),
        more=max(0, len(different) - _MAX_DIFFERENCES),
    )


def _settings(run: Run) -> dict[str, Any]:
    """Return the settings that make the experiment, by dotted key, with the data files as their hashes."""
    flat: dict[str, Any] = {}

    def walk(value: object, key: str) -> None:
        if isinstance(value, Mapping) and value:
            for name, inner in value.items():
                walk(inner, f"{key}.{name}" if key else str(name))
        elif not any(key == left or key.endswith(f".{left}") for left in _NOT_THE_EXPERIMENT):
            flat[key] = value

    walk(run.manifest.config, "")
    data = [file.sha256 for file in run.manifest.data]
    return flat | {"data (SHA-256)": sorted(map(str, data))}


def _names(folders: Sequence[Path]) -> list[str]:
    """Return as much of the end of each path as tells it from the others."""
    whole = [folder.resolve().parts for folder in folders]
    for count in range(1, max(map(len, whole)) + 1):
        names = ["/".join(parts[-count:]) for parts in whole]
        if len(set(names)) == len(set(whole)):
            break
    return [one_line(name, 60) for name in names]


def _avg(summary: Summary, *, adapted: bool) -> Curve | None:
    """Return the accuracy over all data sources of one side, as a curve: the mean over questions."""
    points = []
    for step, figures in summary.validation.passes.items():
        of_side = [f for source, f in figures.items() if (source in summary.validation.adapted) == adapted and f.avg]
        if of_side:
            count = sum(f.questions for f in of_side)
            value = sum(f.avg.value * f.questions for f in of_side) / count
            # The error of a mean of means over disjoint questions; a single question has none.
            parts = [None if f.avg.error is None else (f.avg.error * f.questions / count) ** 2 for f in of_side]
            points.append(Point(step, value, None if None in parts else sum(parts) ** 0.5))
    return Curve("avg", "avg@n", "", True, tuple(points)) if points else None


def _last(key: str) -> Callable[[Summary], float | None]:
    return lambda s: next((curve.points[-1].value for curve in s.curves if curve.key == key), None)


def _at(adapted: bool, place: int) -> Callable[[Summary], float | None]:
    def value(summary: Summary) -> float | None:
        curve = _avg(summary, adapted=adapted)
        # A single pass is a beginning, not an end.
        return None if curve is None or (place and len(curve.points) < 2) else curve.points[place].value

    return value


_COLUMNS: tuple[tuple[str, Callable[[Summary], float | None]], ...] = (
    ("adapted, first", _at(True, 0)),
    ("adapted, last", _at(True, -1)),
    ("held out, first", _at(False, 0)),
    ("held out, last", _at(False, -1)),
    ("majority ratio, last", _last("majority_ratio")),
    ("without an answer, last", _last("unparsed")),
    ("most common answer, last", _last("top_answer")),
)


def _rows(runs: Sequence[Compared], groups: int) -> list[Row]:
    rows = []
    for group in range(groups):
        members = [run for run in runs if run.group == group]
        values = [[of(run.summary) for _, of in _COLUMNS] for run in members]
        for run, row in zip(members, values, strict=True):
            cells = ("–" if value is None else f"{value:.3f}" for value in row)
            rows.append(Row(f"{run.name} ({run.summary.steps} steps)", group, False, tuple(cells)))
        if len(members) > 1:
            columns = list(zip(*values, strict=True))
            cells = ("–" if None in column else str(Mean.of(column)) for column in columns)
            rows.append(Row(f"mean of {len(members)} seeds ± s.e.", group, True, tuple(cells)))
    return rows
