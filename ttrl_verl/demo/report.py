"""Before and after: a table, the curves, and what the gain is made of."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich import box
from rich.table import Table

from ttrl_verl.figures import GREEDY, Figures
from ttrl_verl.record.layout import metrics_file

_CURVES = (
    ("ttrl/majority_ratio", "majority ratio"),
    ("ttrl/unparsed_ratio", "without an answer"),
    ("ttrl/top_answer_share", "share of the most common answer"),
    ("ttrl/label_accuracy", "pseudo-label is right (diagnosis)"),
)


def headers(figures: Figures) -> list[str]:
    """Return the columns of the table."""
    n = figures.samples
    return ["questions", "", f"avg@{n}", "greedy", f"maj@{n}", "majority ratio", "without an answer"]


def rows(before: Mapping[str, Figures], after: Mapping[str, Figures]) -> list[list[str]]:
    """Return the table's rows: each data source before, after, and the change of its accuracy."""
    lines = []
    for source, old in before.items():
        new = after[source]
        lines.append([f"{source} ({old.questions})", "before", *_cells(old)])
        lines.append(["", "after", *_cells(new)])
        if old.avg is not None and new.avg is not None:
            lines.append(["", "change", f"{new.avg.value - old.avg.value:+.3f}", "", "", "", ""])
    return lines


def _cells(figures: Figures) -> list[str]:
    means = (figures.avg, figures.greedy, figures.maj, figures.majority_ratio)
    return [*("-" if mean is None else str(mean) for mean in means), f"{figures.unparsed:.3f}"]


def table(before: Mapping[str, Figures], after: Mapping[str, Figures]) -> Table:
    """Return the table for a terminal."""
    result = Table(*headers(next(iter(before.values()))), box=box.SIMPLE_HEAD)
    for line in rows(before, after):
        result.add_row(*line, end_section=line[1] == "change")
    return result


def made_of(before: Mapping[str, Figures], after: Mapping[str, Figures]) -> list[str]:
    """Return a sentence a data source: how much of the gain is answering at all, and how much is answering right."""
    sentences = []
    for source, old in before.items():
        new = after[source]
        if old.parsed_accuracy is None or new.parsed_accuracy is None:
            continue
        sentences.append(
            f"{source}: responses without an answer went from {old.unparsed:.2f} to {new.unparsed:.2f}; accuracy among "
            f"those with one from {old.parsed_accuracy:.2f} to {new.parsed_accuracy:.2f}."
        )
    return sentences


def write_report(
    folder: Path, title: str, command: Sequence[str], before: Mapping[str, Figures], after: Mapping[str, Figures]
) -> Path:
    """Write ``report.md`` and ``curves.png`` into the run's folder, and return the report's path."""
    draw_curves(metrics_file(folder, 1), folder / "curves.png")
    head = headers(next(iter(before.values())))
    lines = [
        f"# {title}",
        "",
        f"| {' | '.join(head)} |",
        f"|{' --- |' * len(head)}",
        *(f"| {' | '.join(line)} |" for line in rows(before, after)),
        "",
        "Means over questions, ± one standard error. No label reached a reward: labels scored this table.",
        "",
        "## What the gain is made of",
        "",
        *(f"- {sentence}" for sentence in made_of(before, after)),
        "- Agreement rewards what the model already says most often: this sharpens answers and their format, and adds "
        "no knowledge. Compare the greedy column, and maj@n before with avg@n after.",
        "",
        "![curves](curves.png)",
        "",
        "## How it was run",
        "",
        "```",
        " ".join(command),
        "```",
        "",
    ]
    path = folder / "report.md"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def draw_curves(metrics_file: Path, picture: Path) -> None:
    """Draw the votes and the validation accuracy against steps, side by side."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    log = [json.loads(line) for line in metrics_file.read_text(encoding="utf-8").splitlines()]
    figure, (votes, accuracy) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for key, name in _CURVES:
        points = [(row["step"], row["data"][key]) for row in log if key in row["data"]]
        if points:
            votes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=name)
    votes.set(title="The votes, step by step", xlabel="step", ylim=(-0.03, 1.03))
    votes.legend(frameon=False, fontsize="small")
    keys = sorted({key for row in log for key in row["data"] if key.startswith("val-core/") and "/acc/mean@" in key})
    for key in keys:
        points = [(row["step"], row["data"][key]) for row in log if key in row["data"]]
        name = key.removeprefix("val-core/").replace(f"{GREEDY}/acc/mean@1", ", greedy").replace("/acc/mean@", ", avg@")
        accuracy.plot(*zip(*points, strict=True), marker="o", label=name)
    accuracy.set(title="Accuracy (labels used to measure only)", xlabel="step", ylim=(-0.03, 1.03))
    if keys:
        accuracy.legend(frameon=False, fontsize="small")
    for axis in (votes, accuracy):
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.3)
        axis.xaxis.get_major_locator().set_params(integer=True)
    figure.savefig(picture, dpi=130)
    plt.close(figure)
