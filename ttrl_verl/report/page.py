"""The page: one file of HTML that asks for nothing else, with every text from the run escaped."""

import importlib.resources
from collections.abc import Sequence

import jinja2

from ttrl_verl import __version__
from ttrl_verl.evaluation.figures import Mean
from ttrl_verl.printable import one_line
from ttrl_verl.report.chart import Chart, Series, draw
from ttrl_verl.report.checkpoints import INFORMED_RULE, LABEL_RULE, RULE
from ttrl_verl.report.compare import Comparison
from ttrl_verl.report.curves import Curve, Point
from ttrl_verl.report.examples import KINDS, PER_KIND
from ttrl_verl.report.summary import MAX_ALARMS, Summary

MAX_SOURCES = 8
_DASHES = {"avg": "", "maj": "dash-long", "greedy": "dash-dot"}
_COLOURS = 6


def render_page(summary: Summary, comparison: Comparison | None) -> str:
    """Return the page of a run, beside other runs where there is a comparison."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        # Always, whatever a template is called: questions and answers are a stranger's text.
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["mean"] = _mean
    environment.globals["one_line"] = one_line
    return environment.get_template("page.html.j2").render(
        s=summary,
        comparison=comparison,
        accuracy=_accuracy_charts(summary),
        sources_left_out=max(0, len(summary.accuracy) - MAX_SOURCES),
        training=_training_charts(summary),
        comparing=_comparison_charts(comparison) if comparison else [],
        colours=_COLOURS,
        kinds=KINDS,
        per_kind=PER_KIND,
        max_alarms=MAX_ALARMS,
        rule=RULE,
        informed_rule=INFORMED_RULE,
        label_rule=LABEL_RULE,
        version=__version__,
    )


def _template(name: str) -> str:
    return importlib.resources.files("ttrl_verl.report").joinpath("templates", name).read_text(encoding="utf-8")


def _mean(mean: Mean | None) -> str:
    return "–" if mean is None else str(mean)


def _accuracy_charts(summary: Summary) -> list[Chart]:
    charts = []
    baselines = {baseline.source: baseline for baseline in summary.baselines}
    for source, curves in list(summary.accuracy.items())[:MAX_SOURCES]:
        if not curves:
            continue
        adapted = source in summary.validation.adapted
        colour = "adapted" if adapted else "heldout"
        series = [Series(curve.name, colour, _DASHES[curve.key], curve.points) for curve in curves]
        baseline = baselines.get(source)
        if baseline is not None and baseline.maj is not None and summary.steps:
            ends = [Point(0, baseline.maj.value), Point(summary.steps, baseline.maj.value)]
            series.append(Series(f"untrained, maj@{baseline.samples}", "baseline", "dash-short", ends))
        role = "adapted to" if adapted else "held out"
        charts.append(_draw(summary, one_line(source, 60), role, series, share=True))
    return charts


def _training_charts(summary: Summary) -> list[Chart]:
    return [
        _draw(summary, curve.name, curve.note, [Series(curve.name, "step", "", curve.points)], share=curve.share)
        for curve in summary.curves
    ]


def _draw(summary: Summary, title: str, note: str, series: Sequence[Series], *, share: bool) -> Chart:
    marks = {"resumes": summary.resumes, "alarms": summary.alarm_steps}
    return draw(title, note, series, share=share, last_step=summary.steps, **marks)


def _comparison_charts(comparison: Comparison) -> list[Chart]:
    last_step = max(run.summary.steps for run in comparison.runs)
    charts = []
    for title, note, share, curve_of in comparison.quantities():
        series = []
        for run in comparison.runs:
            curve: Curve | None = curve_of(run.summary)
            if curve is not None:
                # A colour a group of runs that differ in seeds alone, a dash a run of it.
                colour = f"run-{run.group % _COLOURS}"
                dash = ("", "dash-long", "dash-short", "dash-dot")[run.place % 4]
                series.append(Series(run.name, colour, dash, curve.points))
        if series:
            charts.append(draw(title, note, series, share=share, last_step=last_step))
    return charts
