"""``ttrl-verl prepare ttrv``: TTRV's JSON, with the images found again below a folder of one's own."""

import shlex
from pathlib import Path

import click

from ttrl_verl.cli.prepare_pictures import picture_options, progress, say


@click.command(
    "ttrv", epilog="Example: ttrl-verl prepare ttrv dtd_20/train.json --image-root ~/dtd/images --out dtd_20.parquet"
)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--image-root",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Your copy of the data set's images: a path of the file means the image with the same end.",
)
@picture_options
def command(
    file: Path,
    image_root: Path,
    out: Path,
    name: str | None,
    embed: bool,
    max_pixels: int | None,
    min_pixels: int | None,
    skip_bad: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write a file of TTRV's (prompt, image_path, answer, source, id) as parquet, with its images.

    Its prompts are kept as they are, the labels for validation alone.
    """
    from ttrl_verl.prepare.pictures import Limits
    from ttrl_verl.prepare.ttrv import prepare_ttrv

    done = prepare_ttrv(
        file,
        image_root,
        out,
        name=name,
        limits=Limits(embed, min_pixels, max_pixels),
        skip_bad=skip_bad,
        force=force,
        watch=progress,
    )
    kept = "their bytes" if embed else "their paths"
    settings = [] if embed else [shlex.quote(f"ttrl.image_root={image_root.resolve()}")]
    say(done, as_json, [f"{done.file}: {done.rows} questions, images by {kept}"], settings)
