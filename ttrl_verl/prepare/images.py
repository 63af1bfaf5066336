"""A folder of images and class names to a file of multiple-choice questions."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ttrl_verl.errors import InputError
from ttrl_verl.files import sha256
from ttrl_verl.prepare.classes import Classes, read_classes, read_confusable
from ttrl_verl.prepare.image_rows import Limits, find_images, stored_image, write_rows
from ttrl_verl.prepare.options import QUESTION, ChoiceMaker
from ttrl_verl.prepare.write import check_target
from ttrl_verl.printable import path_name


@dataclass(frozen=True, slots=True)
class PreparedImages:
    """What was written. ``--json`` prints these.

    Attributes:
        file: where it is.
        rows: questions written, one an image.
        labelled: of them, those whose right option is known.
        left_out: a line for each image that could not be taken.
        others: files of the folder that are no images by their name.
        classes: how many there are.
        options: how many a question has.
        sha256: of the file; the same images, classes, options and seed give the same.
    """

    file: str
    rows: int
    labelled: int
    left_out: list[str]
    others: int
    classes: int
    options: int
    sha256: str


def prepare_images(
    folder: Path,
    out: Path,
    *,
    classes: str = "folder",
    options: int = 4,
    seed: int = 0,
    distractors: Path | None = None,
    question: str = QUESTION,
    name: str | None = None,
    root: Path | None = None,
    limits: Limits | None = None,
    path_column: str | None = None,
    class_column: str | None = None,
    skip_bad: bool = False,
    force: bool = False,
    watch: Callable[[Iterable, int], Iterable] = lambda rows, total: rows,
) -> PreparedImages:
    """Write a question about each image of a folder as parquet.

    Args:
        folder: the images, in it and in the folders below.
        out: the file to write.
        classes: ``folder``, a text file or a table; see ``classes.read_classes``.
        options: of a question, 2 to 26.
        seed: of the options.
        distractors: a JSON file of the classes that a class is easily taken for.
        question: the line before the options.
        name: the rows' ``data_source``; by default the folder's.
        root: where links may lead; by default the folder.
        limits: how images are kept.
        path_column, class_column: of a table of classes.
        skip_bad: leave out an image that cannot be taken, in place of refusing.
        force: write over a file that is there.
        watch: is given the rows and their number, and yields the rows: a progress bar.

    Raises:
        InputError: something is not what was expected; nothing was written.
    """
    check_target(out, [distractors] if distractors else [], force)
    found = find_images(folder, root or folder)
    if not found.paths:
        raise InputError(f"{path_name(folder)}: has no images" + (f": {found.bad[0]}" if found.bad else ""))
    known = read_classes(classes, found.paths, path_column=path_column, class_column=class_column)
    confusable = read_confusable(distractors, known) if distractors else {}
    maker = ChoiceMaker(known, options, seed, confusable, question)
    kept = limits or Limits()
    rows = _Rows(folder, name or path_name(folder.resolve().name), known, maker, kept)
    tasks: Iterator[Callable[[], dict]] = (partial(rows.row, path) for path in watch(found.paths, len(found.paths)))
    count = write_rows(out, kept, tasks, found.bad, skip_bad)
    return PreparedImages(
        file=str(out),
        rows=count,
        labelled=rows.labelled,
        left_out=found.bad,
        others=found.others,
        classes=len(known.names),
        options=options,
        sha256=sha256(out),
    )


@dataclass(slots=True)
class _Rows:
    """The file's rows, and how many of them know their right option."""

    folder: Path
    source: str
    classes: Classes
    maker: ChoiceMaker
    limits: Limits
    labelled: int = 0

    def row(self, path: str) -> dict[str, Any]:
        """Return the row of an image; raise as `stored_image` does."""
        choice = self.maker.ask(path, self.classes.of(path))
        image = stored_image(self.folder / path, self.limits)
        self.labelled += choice.letter is not None
        return {
            "data_source": self.source,
            "prompt": [{"role": "user", "content": choice.text}],
            "answer": choice.letter,
            "id": path_name(path),
            "images": [image],
        }
