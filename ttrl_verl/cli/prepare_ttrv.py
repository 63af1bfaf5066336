"""``ttrl-verl prepare ttrv``: TTRV's JSON, with the images found again below a folder of one's own."""

from pathlib import Path

import click

from ttrl_verl.cli.image_options import ImageSettings, image_options, say


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
@image_options
def command(file: Path, image_root: Path, images: ImageSettings) -> None:
    """Write a file of TTRV's (prompt, image_path, answer, source, id) as parquet, with its images.

    Its prompts are kept as they are, the labels for validation alone.
    """
    from ttrl_verl.prepare.ttrv import prepare_ttrv

    done = prepare_ttrv(file, image_root, images.out, **images.writing())
    lines = [f"{done.file}: {done.rows} questions, {images.kept}"]
    say(done, images.as_json, lines, images.settings(image_root))
