"""The report as text: for a terminal, and for ``report.txt``."""

import io
from collections.abc import Iterator, Mapping

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ttrl_verl.evaluation.figures import Figures, Mean, shown
from ttrl_verl.printable import one_line
from ttrl_verl.report.checkpoints import INFORMED_RULE, LABEL_RULE, RULE
from ttrl_verl.report.compare import Comparison
from ttrl_verl.report.curves import Curve
from ttrl_verl.report.examples import KINDS, Ballot, Example
from ttrl_verl.report.summary import MAX_ALARMS, Summary

WIDTH = 120
_BLOCKS = "▁▂▃▄▅▆▇█"
_SPARK = 32


def render_text(summary: Summary, comparison: Comparison | None) -> str:
    """Return the report as text of at most ``WIDTH`` columns, without colours."""
    console = Console(file=io.StringIO(), width=WIDTH, color_system=None, force_terminal=False, highlight=False)
    print_report(console, summary, comparison)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def print_report(console: Console, summary: Summary, comparison: Comparison | None) -> None:
    """Print the report. No text of the run is read as markup."""
    console.print(Text(f"{summary.name}: {summary.title}", style="bold"))
    console.print(Text(summary.outcome))
    for note in summary.notes:
        console.print(Text(f"Note: {one_line(note, 400)}."))
    for title, parts in _sections(summary, comparison):
        console.print()
        console.print(Text(title, style="bold"))
        for part in parts:
            console.print(Padding(Text(part) if isinstance(part, str) else part, (0, 0, 0, 2), expand=False))


def accuracy_table(
    before: Mapping[str, Figures], after: Mapping[str, Figures], changes: Mapping[str, Mean] | None = None
) -> Table:
    """Return the table of each data source before and after, and the change of its accuracy.

    Args:
        before, after: by data source.
        changes: of ``paired_changes``, by data source.
    """
    n = next(iter(before.values())).samples
    names = ("questions", "", f"avg@{n}", "greedy", f"maj@{n}", "majority ratio", "without an answer")
    table = Table(*names, box=box.SIMPLE_HEAD)
    for source, old in before.items():
        new = after[source]
        table.add_row(Text(f"{one_line(source, 60)} ({old.questions})"), "before", *_cells(old))
        change = old.avg is not None and new.avg is not None
        table.add_row("", "after", *_cells(new), end_section=not change)
        if old.avg is not None and new.avg is not None:
            paired = (changes or {}).get(source)
            noise = "" if paired is None or paired.error is None else f" ± {paired.error:.3f}"
            table.add_row("", "change", f"{new.avg.value - old.avg.value:+.3f}{noise}", end_section=True)
    return table


def _cells(figures: Figures) -> list[str]:
    means = (figures.avg, figures.greedy, figures.maj, figures.majority_ratio)
    return [*map(shown, means), f"{figures.unparsed:.3f}"]


def _sections(summary: Summary, comparison: Comparison | None) -> Iterator[tuple[str, list[str | Table]]]:
    if summary.alarms_fired:
        more = max(0, summary.alarms_fired - MAX_ALARMS)
        lines = [
            f"step {a.step}: {a.name} is {a.value} ({a.threshold}), {a.action}: {a.message}" for a in summary.alarms
        ]
        yield "Alarms", [*lines, *([f"{more} more are in alarms.jsonl"] if more else [])]
    yield "Accuracy", [_measured(summary)] if summary.measured else ["No validation pass is on record."]
    gain = [*summary.made_of, *_baselines(summary)]
    if gain:
        yield "What the gain is made of", gain
    if summary.curves:
        yield "Training, first step to last", [_curves(summary.curves)]
    if summary.outcomes.questions:
        yield "Pseudo-labels", _labels(summary)
    yield "Checkpoints", _checkpoints(summary)
    for kind, (chosen, count) in summary.examples.items():
        yield f"{KINDS[kind]} ({len(chosen)} of {count})", [line for e in chosen for line in _example(e)]
    if comparison is not None:
        yield "Beside other runs", _comparison(comparison)
    yield "How it was run", list(_provenance(summary))


def _measured(summary: Summary) -> Table:
    table = Table("questions", "", "avg@n", "greedy", "maj@n", "majority ratio", "no answer", box=box.SIMPLE_HEAD)
    table.columns[0].no_wrap = True
    last = None
    for row in summary.measured:
        role = "adapted" if row.adapted else "held out"
        name = "" if row.source == last else f"{row.source}\n{row.figures.questions}, {role}, n {row.figures.samples}"
        table.add_row(Text(name), f"{row.when}\n{row.roles}" if row.roles else row.when, *_cells(row.figures))
        last = row.source
    return table


def _baselines(summary: Summary) -> Iterator[str]:
    for b in summary.baselines:
        source = one_line(b.source, 60)
        start = f"Compute-matched baseline, {source}: training drew {b.drawn:.0f} responses a question; "
        if b.maj is None:
            yield start + "there is no labelled figure of the untrained model on these questions (see --baseline)."
            continue
        less = "" if b.matched else f" All that exist are {b.samples} a question: see --baseline for maj@{b.drawn:.0f}."
        yield f"{start}the untrained model's maj@{b.samples} is {b.maj} ({one_line(b.origin, 200)}).{less}"


def _curves(curves: tuple[Curve, ...]) -> Table:
    table = Table("", "first", "last", "from its lowest to its highest", box=box.SIMPLE_HEAD)
    for curve in curves:
        first, last = curve.points[0].value, curve.points[-1].value
        table.add_row(curve.name, f"{first:.3f}", f"{last:.3f}", sparkline([point.value for point in curve.points]))
    return table


def sparkline(values: list[float]) -> str:
    """Return values as blocks, the lowest first of eight, the highest last; at most 32 of them.

    Example:
        >>> sparkline([0.0, 0.5, 1.0])
        '▁▅█'
    """
    size = min(_SPARK, len(values))
    groups = [values[at * len(values) // size : (at + 1) * len(values) // size] for at in range(size)]
    means = [sum(group) / len(group) for group in groups]
    low, span = min(means), (max(means) - min(means)) or 1
    return "".join(_BLOCKS[round((mean - low) / span * 7 + 1e-9)] for mean in means)


def _labels(summary: Summary) -> list[str]:
    o, f = summary.outcomes, summary.flips
    lines = [f"{o.questions} questions visited, {o.once} of them once only."]
    if o.unlabelled < o.questions:
        lines.append(f"already solved {o.solved}, learnt {o.learnt}, lost {o.lost}, never solved {o.unsolved}")
        lines.append(
            f"changes between visits: wrong → right {f.wrong_to_right}, right → wrong {f.right_to_wrong}, "
            f"wrong → another wrong one {f.wrong_to_wrong}, of {f.pairs}"
        )
    if o.unlabelled:
        lines.append(f"without a label {o.unlabelled}; their pseudo-labels changed {f.changed} times between visits")
    return lines


def _checkpoints(summary: Summary) -> list[str | Table]:
    if not summary.candidates:
        return ["No checkpoint was saved (trainer.save_freq)."]
    last, free, labelled = ("none" if step is None else f"step {step}" for step in summary.choice)
    lines: list[str | Table] = [
        f"last: {last}",
        f"best without labels: {free}",
        f"most informed: {'none' if summary.informed is None else f'step {summary.informed}'}",
        f"best by labels (not test-time RL): {labelled}",
    ]
    against = [f"step {c.step} is left out without labels: {c.against}" for c in summary.candidates if c.against]
    more = [f"and {len(against) - 10} more"] if len(against) > 10 else []
    return [*lines, *against[:10], *more, RULE, INFORMED_RULE, LABEL_RULE]


def _example(example: Example) -> Iterator[str]:
    yield f"{example.question!r} ({example.origin})"
    yield f"    first, {_ballot(example.first)}"
    if example.visits > 1:
        yield f"    last, {_ballot(example.last)}"
    bars = [f"{b.answer!r}{' (right)' if b.right else ''} {b.first} → {b.last}" for b in example.bars]
    others, unparsed = example.others, example.unparsed
    bars += [f"{others[0]} others {others[1]} → {others[2]}"] if others[0] else []
    bars += [f"no answer {unparsed[0]} → {unparsed[1]}"] if any(unparsed) else []
    yield f"    votes: {', '.join(bars)}"


def _ballot(ballot: Ballot) -> str:
    label = "no pseudo-label" if ballot.pseudo_label is None else f"pseudo-label {ballot.pseudo_label!r}"
    verdict = f", {ballot.verdict}" if ballot.verdict else ""
    return f"step {ballot.step}: {label}, {ballot.majority_ratio:.0%} of {ballot.size}{verdict}"


def _comparison(comparison: Comparison) -> list[str | Table]:
    table = Table("run", *comparison.columns, box=box.SIMPLE_HEAD)
    for row in comparison.rows:
        table.add_row(Text(row.name), *row.cells, end_section=row.is_group)
    parts: list[str | Table] = [table]
    if comparison.differences:
        names = [", ".join(r.name for r in comparison.runs if r.group == g) for g in range(comparison.groups)]
        differences = Table("setting", box=box.SIMPLE_HEAD)
        for name in names:
            differences.add_column(Text(name))
        for key, values in comparison.differences:
            differences.add_row(Text(key), *map(Text, values))
        parts.append(differences)
    if comparison.more:
        parts.append(f"{comparison.more} more settings differ.")
    return parts


def _provenance(summary: Summary) -> Iterator[str]:
    p = summary.provenance
    for attempt in p.attempts:
        since = f"from step {attempt.first_step}" if attempt.first_step else "no step trained"
        yield f"attempt {attempt.number}, {since}, {attempt.started}"
        yield f"    {attempt.command}"
        if attempt.versions:
            yield f"    {attempt.versions}"
    if p.attempts_left_out:
        yield f"{p.attempts_left_out} more attempts are in run.json"
    yield "; ".join(f"{key}={value}" for key, value in p.seeds) or "no seeds on record"
    yield "; ".join(f"{name}: {value}" for name, _, value in p.settings)
    for path, rows, digest in p.files:
        yield f"{path}, {rows} rows, SHA-256 {digest}"
