"""The classes of a folder of images: from folder names, a list, or a table."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ttrl_verl.errors import InputError
from ttrl_verl.printable import first_line, path_name
from ttrl_verl.questions.rows import file_rows

PATH_COLUMNS = ("path", "image_path", "image", "file", "file_name", "filename")
CLASS_COLUMNS = ("class", "class_name", "label")
TABLES = (".csv", ".parquet", ".json", ".jsonl")

_LONGEST = 200
# Placeholders that verl splits a prompt at, and the opening of special tokens.
_FORBIDDEN = ("<image>", "<video>", "<audio>", "<|")


@dataclass(frozen=True, slots=True)
class Classes:
    """What the images may show.

    Attributes:
        names: the class names, sorted.
        of_image: the class of each image, by its path in the folder; ``None`` where only the names are known.
        by_folder: whether an image's class is the name of the folder that it lies in.
    """

    names: tuple[str, ...]
    of_image: Mapping[str, str] | None = None
    by_folder: bool = False

    def of(self, path: str) -> str | None:
        """Return the class of an image, ``None`` where images have none.

        Raises:
            InputError: this image has none while others have.
        """
        if self.by_folder:
            return class_name(PurePosixPath(path).parent.name, path_name(path))
        if self.of_image is None:
            return None
        if path not in self.of_image:
            raise InputError(f"{path_name(path)}: has no class in --classes")
        return self.of_image[path]


def class_name(text: Any, where: str) -> str:
    """Return a class name as a prompt shows it: underscores and runs of white space become one blank.

    Raises:
        InputError: it is empty, long, or holds what a prompt cannot.

    Example:
        >>> class_name("golf_course", "labels.txt:1")
        'golf course'
    """
    name = " ".join(str(text).replace("_", " ").split()) if text is not None else ""
    if not name:
        raise InputError(f"{where}: has no class name")
    if len(name) > _LONGEST or not name.isprintable() or any(text in name for text in _FORBIDDEN):
        raise InputError(
            f"{where}: its class name is {name!r:.60}; expected at most {_LONGEST} printable characters, "
            f"without {', '.join(_FORBIDDEN)}"
        )
    return name


def read_classes(
    source: str, paths: Sequence[str], *, path_column: str | None = None, class_column: str | None = None
) -> Classes:
    """Return the classes of the images of a folder.

    Args:
        source: ``folder`` (an image's class is the folder that it lies in), a text file of ``path<TAB>class`` lines or
            of one class a line, or a CSV, JSON, JSONL or parquet file with a column for each.
        paths: the images, relative to the folder.
        path_column, class_column: a table's columns; by default the first that is there of ``PATH_COLUMNS`` and
            ``CLASS_COLUMNS``.

    Raises:
        InputError: the source cannot be read, or what it says does not fit the images. The message names file and line.
    """
    if source == "folder":
        outside = next((path for path in paths if "/" not in path), None)
        if outside is not None:
            raise InputError(f"{path_name(outside)}: lies in no class folder (--classes folder)")
        names = {class_name(PurePosixPath(path).parent.name, path_name(path)) for path in paths}
        return Classes(_checked(names, "--classes folder"), by_folder=True)
    file = Path(source)
    pairs = _table(file, path_column, class_column) if file.suffix in TABLES else _lines(file)
    of_image: dict[str, str] = {}
    names: dict[str, None] = {}
    known = set(paths)
    for where, path, text in pairs:
        name = class_name(text, where)
        if path is None:
            if name in names:
                raise InputError(f"{where}: names the class {name!r} again")
        else:
            path = PurePosixPath(path).as_posix()
            if path not in known:
                raise InputError(f"{where}: {path_name(path)} is no image of the folder")
            if of_image.setdefault(path, name) != name:
                raise InputError(f"{where}: {path_name(path)} is {name!r}, and {of_image[path]!r} before")
        names[name] = None
    return Classes(_checked(names, source), of_image or None)


def read_confusable(file: Path, classes: Classes) -> dict[str, tuple[str, ...]]:
    """Return which classes are easily taken for which, from a JSON object ``{class: [class, ...]}``.

    Raises:
        InputError: the file cannot be read, or names what is no class.
    """
    try:
        pairs = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{file}: cannot be read: {first_line(error)}") from error
    if not isinstance(pairs, dict) or not all(isinstance(names, list) for names in pairs.values()):
        raise InputError(f"{file}: expected an object of classes, each with a list of those that it is taken for")
    confusable = {}
    for key, names in pairs.items():
        name = _known(key, file, classes)
        # In the file's order, each once, and never the class itself.
        others = dict.fromkeys(_known(other, file, classes) for other in names)
        confusable[name] = tuple(other for other in others if other != name)
    return confusable


def _known(text: Any, file: Path, classes: Classes) -> str:
    name = class_name(text, str(file))
    if name not in classes.names:
        raise InputError(f"{file}: {name!r} is no class; the classes are {', '.join(classes.names[:10])} ...")
    return name


def _checked(names: Iterable[str], where: str) -> tuple[str, ...]:
    found = tuple(sorted(names))
    if len(found) < 2:
        raise InputError(f"{where}: has {len(found)} classes; expected at least 2")
    folded: dict[str, str] = {}
    for name in found:
        if folded.setdefault(name.casefold(), name) != name:
            raise InputError(f"{where}: the classes {folded[name.casefold()]!r} and {name!r} differ in case alone")
    return found


def _lines(file: Path) -> list[tuple[str, str | None, str]]:
    """Return the lines of a text file: where, the path if it has one, the class."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"{file}: cannot be read: {said} (--classes)") from error
    pairs: list[tuple[str, str | None, str]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        path, tab, name = line.rpartition("\t")
        if pairs and bool(tab) != (pairs[0][1] is not None):
            raise InputError(f"{file}:{number}: expected every line to be path<TAB>class, or every line a class")
        pairs.append((f"{file}:{number}", path if tab else None, name))
    return pairs


def _table(file: Path, path_column: str | None, class_column: str | None) -> Iterable[tuple[str, str, Any]]:
    for where, row in file_rows(file):
        path = row[_column(row, path_column, PATH_COLUMNS, "--path-column", where)]
        if not isinstance(path, str):
            raise InputError(f"{where}: its path is {path!r:.60}; expected text")
        yield where, path, row[_column(row, class_column, CLASS_COLUMNS, "--class-column", where)]


def _column(row: Mapping[str, Any], asked: str | None, usual: Sequence[str], option: str, where: str) -> str:
    for name in [asked] if asked else usual:
        if name in row:
            return name
    raise InputError(
        f"{where}: has no column {asked or ' or '.join(usual)} ({option}); its columns are {', '.join(map(str, row))}"
    )
