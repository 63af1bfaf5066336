"""Files and folders that are there whole or not at all, and the digest that tells whether they changed."""

import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a hidden path to write to; it takes the file's name when the block ends, and goes when the block fails.

    A reader sees the old content or the new, also after a crash. A link is followed. What is no file and no folder, as
    ``/dev/null``, is written as it stands.

    Args:
        path: where the file goes; its folder is there.

    Raises:
        OSError: the disk is full, or the folder may not be written. What was there before is still there.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file() and not target.is_dir():
        yield target
        return
    hidden = target.with_name(_hidden(target.name))
    try:
        yield hidden
        with hidden.open("rb") as file:
            os.fsync(file.fileno())
        hidden.replace(target)
    finally:
        with suppress(OSError):
            hidden.unlink(missing_ok=True)


def _hidden(name: str) -> str:
    """Return what a file is called until it is whole."""
    return f".{name}.{secrets.token_hex(4)}.tmp"


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a folder to fill; it takes its name when the block ends, and goes when the block fails.

    Where two processes fill the same folder, the faster wins.

    Args:
        path: the folder; those above it are made.

    Raises:
        OSError: as for ``whole_file``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f"{path.name}.partial-", dir=path.parent))
    partial.chmod(0o755)
    try:
        yield partial
        try:
            partial.rename(path)
        except OSError:
            if not path.is_dir():  # else another process was faster
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_writable(path: Path) -> None:
    """Check that a file or a folder of this name can be written, and leave nothing behind.

    Folders that are missing above it would be made; those above what a link points to would not.

    Raises:
        OSError: it cannot. ``filename`` is the folder that refuses it, or what is no folder.
    """
    target = Path(os.path.realpath(path)) if path.is_symlink() else path.absolute()
    folder = target.parent
    while not path.is_symlink() and not os.path.lexists(folder):
        folder = folder.parent
    hidden = folder / _hidden(target.name)
    try:
        for name in target.parent.relative_to(folder).parts:
            with suppress(FileNotFoundError):
                os.lstat(folder / name)  # a name that is too long
        # By writing: rights alone do not tell of a disk that is mounted to be read, nor of a name that is too long.
        with hidden.open("xb"):
            hidden.unlink()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error


def write_text(path: Path, text: str, errors: str = "strict") -> None:
    """Write a text as UTF-8, whole or not at all.

    Args:
        path: as for ``whole_file``.
        text: the content.
        errors: what becomes of half a character, which UTF-8 has not: see ``str.encode``.

    Raises:
        OSError: as for ``whole_file``.
    """
    with whole_file(path) as hidden:
        hidden.write_text(text, encoding="utf-8", errors=errors)


def write_json(path: Path, value: Any, *, allow_nan: bool = True) -> None:
    """Write an object as JSON, whole or not at all.

    Raises:
        OSError: as for ``whole_file``.
        ValueError: a number is not finite, and ``allow_nan`` is off.
    """
    write_text(path, json.dumps(value, indent=1, allow_nan=allow_nan) + "\n")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's files, their names and contents, as hexadecimal digits.

    Raises:
        OSError: it cannot be read.
    """
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        if file.is_file():
            digest.update(f"{file.relative_to(path)}\0{sha256(file)}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()
