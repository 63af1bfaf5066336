"""TTRV's JSON files to a question file: images are found again below a folder of one's own.

Each row has ``prompt`` (with ``<image>``), ``image_path``, ``answer``, ``source`` and ``id``. The paths are those of
other people's machines, so only their ends can be found here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from ttrl_verl.errors import InputError
from ttrl_verl.files import sha256
from ttrl_verl.prepare.image_rows import Limits, find_images, stored_image, write_rows
from ttrl_verl.prepare.write import check_target
from ttrl_verl.printable import path_name
from ttrl_verl.questions.images import PLACEHOLDER, check_placeholders
from ttrl_verl.questions.rows import file_rows


@dataclass(frozen=True, slots=True)
class PreparedTTRV:
    """What was written. ``--json`` prints these.

    Attributes:
        file: where it is.
        rows: questions written.
        left_out: a line for each row that could not be taken.
        sha256: of the file.
    """

    file: str
    rows: int
    left_out: list[str]
    sha256: str


class SuffixIndex:
    """The images below a root, found by the ends of foreign paths.

    A path's image is the one that shares the longest run of last parts with it. What comes before the shared run must
    be the same folder of the root for every path: a set of images is moved as a whole, and a file that has the right
    name in another folder is another file.

    Example:
        >>> index = SuffixIndex(["dtd/flecked/1.jpg", "dtd/gauzy/1.jpg"])
        >>> index.find("/home/them/data/flecked/1.jpg")
        'dtd/flecked/1.jpg'
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._by_name: dict[str, list[str]] = {}
        self._before: str | None = None
        for path in paths:
            self._by_name.setdefault(PurePosixPath(path).name, []).append(path)

    def find(self, foreign: str) -> str:
        """Return the image that a path means.

        Raises:
            InputError: there is none, or more than one, or it lies elsewhere than those before it.
        """
        parts = PurePosixPath(foreign).parts
        if ".." in parts or not parts:
            raise InputError(f"{path_name(foreign)}: expected a path without ..")
        candidates = self._by_name.get(parts[-1], [])
        if not candidates:
            raise InputError(f"{path_name(foreign)}: no image of that name below --image-root")
        shared = {path: _shared(PurePosixPath(path).parts, parts) for path in candidates}
        most = max(shared.values())
        longest = [path for path, count in shared.items() if count == most]
        if len(longest) > 1:
            several = " or ".join(map(path_name, longest[:2]))
            raise InputError(f"{path_name(foreign)}: may be {several}; expected one")
        before = PurePosixPath(*PurePosixPath(longest[0]).parts[:-most]).as_posix()
        if self._before is None:
            self._before = before
        if before != self._before:
            raise InputError(
                f"{path_name(foreign)}: only {path_name(longest[0])} has its name, and the rows before are below "
                f"{path_name(self._before)}; expected one folder for all"
            )
        return longest[0]


def prepare_ttrv(
    file: Path,
    image_root: Path,
    out: Path,
    *,
    name: str | None = None,
    limits: Limits | None = None,
    skip_bad: bool = False,
    force: bool = False,
    watch: Callable[[Iterable, int], Iterable] = lambda rows, total: rows,
) -> PreparedTTRV:
    """Write a file of TTRV's as parquet, with the images that are found.

    Args:
        file: TTRV's JSON.
        image_root: the folder of the images.
        out: the file to write.
        name: the rows' ``data_source``; by default the file's.
        limits: how images are kept.
        skip_bad: leave out a row whose image cannot be taken, in place of refusing.
        force: write over a file that is there.
        watch: is given the rows and their number, and yields the rows: a progress bar.

    Raises:
        InputError: something is not what was expected; nothing was written.
    """
    check_target(out, [file], force)
    found = find_images(image_root, image_root)
    index = SuffixIndex(found.paths)
    kept = limits or Limits()
    source = name or file.stem

    def row(where: str, given: Mapping[str, Any]) -> dict:
        prompt, foreign = (_text(given, key, where) for key in ("prompt", "image_path"))
        messages = [{"role": "user", "content": prompt}]
        check_placeholders(messages, [foreign], f"{where}: prompt")
        try:
            image = stored_image(image_root / index.find(foreign), kept)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
        answer = given.get("answer")
        return {
            "data_source": source,
            "prompt": messages,
            "answer": None if answer is None else str(answer),
            "id": str(given.get("id", where.rpartition(":")[2])),
            "images": [image],
        }

    given = list(file_rows(file))
    rows: Iterator[Callable[[], dict]] = (partial(row, *pair) for pair in watch(given, len(given)))
    # An image of the root that no row means may be as bad as it likes.
    left_out: list[str] = []
    count = write_rows(out, kept, rows, left_out, skip_bad)
    return PreparedTTRV(str(out), count, left_out, sha256(out))


def _text(row: Mapping[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise InputError(
            f"{where}: its {key} is {value!r:.40}; expected TTRV's layout: a prompt with {PLACEHOLDER}, an image_path"
        )
    return value


def _shared(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Return how many last parts two paths share."""
    count = 0
    for mine, other in zip(reversed(ours), reversed(theirs), strict=False):
        if mine != other:
            break
        count += 1
    return count
