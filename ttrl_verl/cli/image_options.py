"""What ``prepare images`` and ``prepare ttrv`` share: their options, a progress bar, and how they say what they did."""

import dataclasses
import functools
import json
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click


@dataclasses.dataclass(frozen=True, slots=True)
class ImageSettings:
    """The shared options, as they were given."""

    out: Path
    name: str | None
    embed: bool
    max_pixels: int | None
    min_pixels: int | None
    skip_bad: bool
    force: bool
    as_json: bool

    @property
    def kept(self) -> str:
        """How the images are kept, in words."""
        return "images by their bytes" if self.embed else "images by their paths"

    def writing(self) -> dict[str, Any]:
        """Return what ``prepare_images`` and ``prepare_ttrv`` both take."""
        from ttrl_verl.prepare.image_rows import Limits

        return {
            "name": self.name,
            "limits": Limits(self.embed, self.min_pixels, self.max_pixels),
            "skip_bad": self.skip_bad,
            "force": self.force,
            "watch": progress,
        }

    def settings(self, image_root: Path) -> list[str]:
        """Return the override that says where the images are, for those that are kept by their paths."""
        return [] if self.embed else [shlex.quote(f"ttrl.image_root={image_root.resolve()}")]


def image_options(command: Callable) -> Callable:
    """Add the options of every command that writes images; they reach it as one, ``images``."""
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
    names = [field.name for field in dataclasses.fields(ImageSettings)]

    @functools.wraps(command)
    def with_settings(**given: Any) -> Any:
        return command(images=ImageSettings(**{name: given.pop(name) for name in names}), **given)

    for option in reversed(options):
        with_settings = option(with_settings)
    return with_settings


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
