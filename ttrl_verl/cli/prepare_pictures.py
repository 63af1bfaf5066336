"""What ``prepare images`` and ``prepare ttrv`` share: their options, a progress bar, and how they say what they did."""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click


def picture_options(command: Callable) -> Callable:
    """Add the options of every command that writes images."""
    path = click.Path(path_type=Path)
    options = [
        click.option("--out", required=True, type=path, metavar="FILE", help="The parquet file to write."),
        click.option("--name", help="The questions' data source, which validation is reported by."),
        click.option("--embed/--no-embed", default=True, show_default=True, help="Keep the images' bytes, or paths."),
        click.option("--max-pixels", type=int, help="Scale larger images down to this many pixels, ratio kept."),
        click.option("--min-pixels", type=int, help="Scale smaller images up to this many."),
        click.option("--skip-bad", is_flag=True, help="Leave out and list what cannot be taken; else it is refused."),
        click.option("--force", is_flag=True, help="Write over a file that is there."),
        click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def progress(rows: Iterable, total: int) -> Iterable:
    """Yield rows with a progress bar beside them, where there is a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(rows, "images", total, console=console, disable=not console.is_terminal, transient=True)


def say(done: Any, as_json: bool, lines: Sequence[str], settings: Sequence[str]) -> None:
    """Print what was written: as JSON, or as lines with the next command; on standard error what was left out."""
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(done)))
        return
    from ttrl_verl.prepare.next_step import train_line

    for line in lines:
        click.echo(line)
    click.echo(f"  sha256    {done.sha256}")
    if done.left_out:
        click.echo(f"  left out  {len(done.left_out)}, listed on standard error")
        for line in done.left_out:
            print(line, file=sys.stderr)
    click.echo(f"next: {train_line('ttrv_paper', [done.file], [done.file], 'choice')} {' '.join(settings)}".rstrip())
