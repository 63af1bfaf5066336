"""A folder's images, found and checked, as rows of a question file: bytes, or paths."""

import io
import mimetypes
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from ttrl_verl.errors import InputError
from ttrl_verl.prepare.write import SCHEMA, written_whole
from ttrl_verl.printable import path_name
from ttrl_verl.questions.image_file import fit_pixels, open_image, stored_as
from ttrl_verl.questions.images import inside

_GROUP_ROWS = 1000
_GROUP_BYTES = 32 * 2**20


@dataclass
class Found:
    """The images of a folder.

    Attributes:
        paths: relative to the folder, sorted.
        bad: those that cannot be taken, each with the line that says why.
        others: how many files are no images by their name, or hidden.
    """

    paths: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    others: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """How images are kept: as bytes or as paths, and within how many pixels."""

    embed: bool = True
    min_pixels: int | None = None
    max_pixels: int | None = None

    def __post_init__(self) -> None:
        least, most = self.min_pixels, self.max_pixels
        if (least is not None and least < 1) or (most is not None and most < 1):
            raise InputError("--min-pixels and --max-pixels are numbers of pixels; expected at least 1")
        if least is not None and most is not None and least > most:
            raise InputError(f"--min-pixels is {least}; expected at most --max-pixels, {most}")

    @property
    def schema(self) -> pa.Schema:
        """Return the columns of a file of questions about images, as verl itself reads them too."""
        fields = [("bytes", pa.binary())]
        if not self.embed:
            fields = [("image", pa.string())]
            fields += [(key, pa.int64()) for key in ("min_pixels", "max_pixels") if getattr(self, key) is not None]
        return SCHEMA.append(pa.field("images", pa.list_(pa.struct(fields))))


def find_images(folder: Path, root: Path) -> Found:
    """Return the images of a folder and of those in it, by their names; nothing is opened.

    Links to files are followed, within the root. Links to folders are not: they are among the bad ones.

    Raises:
        InputError: the folder is not there.
    """
    if not folder.is_dir():
        raise InputError(f"{path_name(folder)}: no such folder")
    found = Found()

    def unreadable(error: OSError) -> None:
        found.bad.append(f"{path_name(error.filename)}: cannot be read: {error.strerror}")

    for where, folders, files in os.walk(folder, onerror=unreadable):
        for name in folders:
            if os.path.islink(os.path.join(where, name)):
                link = path_name(os.path.join(where, name))
                found.bad.append(f"{link}: is a link to a folder; links are not followed")
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            kind = mimetypes.guess_type(name, strict=False)[0] or ""
            if name.startswith(".") or not kind.startswith("image/"):
                found.others += 1
                continue
            path = Path(where) / name
            try:
                inside(path, root)
                found.paths.append(path.relative_to(folder).as_posix())
            except InputError as error:
                found.bad.append(str(error))
    found.paths.sort()
    found.bad.sort()
    return found


def stored_image(path: Path, limits: Limits) -> dict[str, Any]:
    """Return an image as a row has it, opened and checked.

    A file that a model can see as it is keeps its bytes. One that is rotated by its EXIF data, transparent, of 16 bits,
    CMYK, or has too few or too many pixels is encoded anew: JPEG stays JPEG, all else becomes PNG.

    Raises:
        InputError: it cannot be opened. The message names it.
    """
    if not limits.embed:
        open_image(path)
        chosen = {key: getattr(limits, key) for key in ("min_pixels", "max_pixels") if getattr(limits, key) is not None}
        return {"image": str(path.resolve()), **chosen}
    image = open_image(path)
    fitted = fit_pixels(image, limits.min_pixels, limits.max_pixels)
    data = path.read_bytes()
    kind, as_seen = stored_as(data)
    if as_seen and fitted is image:
        return {"bytes": data}
    encoded = io.BytesIO()
    if kind in ("JPEG", "MPO"):
        fitted.save(encoded, "JPEG", quality=95)
    else:
        fitted.save(encoded, "PNG", compress_level=1)
    return {"bytes": encoded.getvalue()}


@contextmanager
def _rows_written(out: Path, schema: pa.Schema) -> Iterator[Callable[[dict], None]]:
    """Write rows a group at a time, by number and by size: memory does not grow with their number."""
    waiting: list[dict] = []
    size = 0
    with written_whole(out, schema) as writer:

        def write(row: dict) -> None:
            nonlocal size
            waiting.append(row)
            size += sum(len(image.get("bytes") or b"") for image in row["images"])
            if len(waiting) >= _GROUP_ROWS or size >= _GROUP_BYTES:
                flush()

        def flush() -> None:
            nonlocal size
            writer.write_table(pa.Table.from_pylist(waiting, schema=schema))
            waiting.clear()
            size = 0

        yield write
        if waiting:
            flush()


def write_rows(out: Path, limits: Limits, rows: Iterable[Callable[[], dict]], bad: list[str], skip_bad: bool) -> int:
    """Write the rows that can be made, and return how many; a line for each of the others is added to ``bad``.

    Args:
        out: the parquet file; it appears when it is complete.
        limits: how images are kept.
        rows: each makes its row when it is called.
        bad: lines about what is left out.
        skip_bad: leave out what cannot be made, in place of refusing.

    Raises:
        InputError: a row cannot be made and ``skip_bad`` is not set, or none can. Nothing is written then.
    """
    if bad and not skip_bad:
        raise InputError(f"{bad[0]} (--skip-bad leaves it out)")
    count = 0
    with _rows_written(out, limits.schema) as write:
        for make in rows:
            try:
                row = make()
            except InputError as error:
                if not skip_bad:
                    raise InputError(f"{error} (--skip-bad leaves it out)") from error
                bad.append(str(error))
                continue
            write(row)
            count += 1
        if not count:
            raise InputError("no image is left to write" + (f": {bad[0]}" if bad else ""))
    return count
