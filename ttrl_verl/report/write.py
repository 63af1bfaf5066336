"""Write a run's report: the page and the text."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ttrl_verl.errors import InputError
from ttrl_verl.files import write_text
from ttrl_verl.record.read import open_run
from ttrl_verl.report.compare import Comparison, compare
from ttrl_verl.report.page import render_page
from ttrl_verl.report.summary import Summary, summarize
from ttrl_verl.report.text import render_text


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, and what it shows."""

    page: Path
    text: Path
    summary: Summary
    comparison: Comparison | None


def write_report(
    folder: Path, *, others: Sequence[Path] = (), out: Path | None = None, baseline: Path | None = None
) -> Written:
    """Write the report of a run and return where it is.

    Args:
        folder: the run's.
        others: folders of runs to hold it against.
        out: the page; ``report.html`` in the run's folder where it is ``None``. The text lies beside it, as ``.txt``.
        baseline: figures of the untrained model, see ``baseline.read_baselines``.

    Raises:
        InputError: a folder holds no run, a file cannot be read, or the report cannot be written.
    """
    page = out or folder / "report.html"
    if not page.name:
        raise InputError(f"--out is {str(page)!r}; expected a file's name")
    text = page.with_suffix(".txt")
    if page == text:
        raise InputError(f"{page}: is where the text goes; expected a page, such as {page.with_suffix('.html').name}")
    runs = [open_run(path) for path in (folder, *others)]
    seen = [run.folder.resolve() for run in runs]
    if len(set(seen)) < len(seen):
        raise InputError(f"{next(p for p in seen if seen.count(p) > 1)}: is given twice; expected different runs")
    summaries = [summarize(run, baseline if run is runs[0] else None) for run in runs]
    comparison = compare(runs, summaries) if others else None
    for path, content in ((page, render_page(summaries[0], comparison)), (text, render_text(summaries[0], comparison))):
        try:
            # A file name may hold bytes that are no UTF-8; Python keeps them as halves of characters.
            write_text(path, content, errors="replace")
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    return Written(page, text, summaries[0], comparison)
