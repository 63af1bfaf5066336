"""``ttrl-verl report``: what came of a run, as a page and as text."""

from pathlib import Path

import click

EPILOG = """\b
Examples:
  ttrl-verl report runs/1
  ttrl-verl report runs/seed0 --compare runs/seed1 runs/seed2 runs/random
  ttrl-verl report runs/1 --watch
  ttrl-verl report runs/1 --baseline untrained.json --out report.html

\b
--baseline: a JSON object of the untrained model's figures, a data source each:
  {"figures": {"SOURCE": {"samples": 4096, "maj": {"value": 0.4, "error": 0.09}}}}

The page is one file that asks for nothing else. A run may still be going on.
"""


@click.command("report", epilog=EPILOG)
@click.option("--compare", "comparing", is_flag=True, help="Hold the first run against those that follow.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="The page  [default: RUN_DIR/report.html]; text beside it."
)
@click.option("--baseline", type=click.Path(path_type=Path), help="Figures of the untrained model, see below.")
@click.option("--watch", is_flag=True, help="Serve the page to this machine's browser, and load it anew, until Ctrl-C.")
@click.option("--port", type=click.IntRange(0, 65535), default=8642, show_default=True, help="Of --watch; 0: any.")
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN_DIR [RUN_DIR]...")
def command(
    comparing: bool, out: Path | None, baseline: Path | None, watch: bool, port: int, folders: tuple[Path, ...]
) -> None:
    """Write what came of the run in RUN_DIR: accuracy, votes, pseudo-labels, checkpoints, examples, how it was run."""
    from rich.console import Console

    from ttrl_verl.errors import InputError
    from ttrl_verl.report.text import WIDTH, print_report
    from ttrl_verl.report.write import write_report

    if len(folders) > 1 and not comparing:
        raise InputError(f"{len(folders)} folders are given; expected one, or --compare before those to compare with")
    if comparing and len(folders) == 1:
        raise InputError("--compare: expected another run's folder")
    if watch:
        if comparing or out is not None or baseline is not None:
            raise InputError("--watch shows one run; it goes without --compare, --out and --baseline")
        _watch(folders[0], port)
        return
    written = write_report(folders[0], others=folders[1:], out=out, baseline=baseline)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDTH)
    print_report(console, written.summary, written.comparison)
    console.print(f"\nreport: {written.page}, {written.text}", markup=False, soft_wrap=True)


def _watch(folder: Path, port: int) -> None:
    from contextlib import suppress

    from ttrl_verl.errors import InputError
    from ttrl_verl.report.serve import PageServer

    try:
        server = PageServer(folder, port)
    except OSError as error:
        raise InputError(f"--port {port}: {error.strerror}; expected a free one, or 0 for any") from error
    with server, suppress(KeyboardInterrupt):
        click.echo(f"{server.address} shows {folder} while it runs; Ctrl-C ends this")
        server.serve_forever()
