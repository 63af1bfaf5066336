"""``ttrl-verl prepare images``: a folder of images and class names to a file of multiple-choice questions."""

from pathlib import Path

import click

from ttrl_verl.cli.image_options import ImageSettings, image_options, say


@click.command(
    "images", epilog="Example: ttrl-verl prepare images photos --classes folder --options 4 --out train.parquet"
)
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--classes",
    default="folder",
    show_default=True,
    metavar="folder|FILE",
    help="folder: an image's class is the folder that it lies in. A text file: path<TAB>class lines, or a class a "
    "line. CSV, JSON, JSONL, parquet: a column of paths and one of classes.",
)
@click.option("--path-column", help="The table's column of paths  [default: path, image_path, image, file, ...]")
@click.option("--class-column", help="The table's column of classes  [default: class, class_name or label]")
@click.option("--options", default=4, show_default=True, help="Options of a question, 2 to 26.")
@click.option("--seed", default=0, show_default=True, help="Of the options and their order.")
@click.option(
    "--distractors",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='Hard options first: JSON, {"wolf": ["husky", "coyote"], ...}.',
)
@click.option("--question", help="The line before the options  [default: Which of these does the picture show?]")
@click.option(
    "--root", type=click.Path(path_type=Path), metavar="DIR", help="Where links may lead  [default: the folder itself]"
)
@image_options
def command(
    folder: Path,
    classes: str,
    path_column: str | None,
    class_column: str | None,
    options: int,
    seed: int,
    distractors: Path | None,
    question: str | None,
    root: Path | None,
    images: ImageSettings,
) -> None:
    """Write a multiple-choice question about each image of DIR.

    Every image is opened: what is missing, truncated, animated, too large or no image is one line. The right letter,
    where the classes tell it, serves validation alone.
    """
    from ttrl_verl.prepare.images import prepare_images
    from ttrl_verl.prepare.options import QUESTION

    done = prepare_images(
        folder,
        images.out,
        classes=classes,
        options=options,
        seed=seed,
        distractors=distractors,
        question=QUESTION if question is None else question,
        root=root,
        path_column=path_column,
        class_column=class_column,
        **images.writing(),
    )
    lines = [
        f"{done.file}: {done.rows} questions with {done.options} of {done.classes} classes, {images.kept}",
        f"  labels    {done.labelled}",
    ]
    if done.others:
        lines.append(f"  ignored   {done.others} files that are no images by name, or hidden")
    settings = [] if options == 4 else [f"ttrl.choices={options}"]
    say(done, images.as_json, lines, [*settings, *images.settings(root or folder)])
