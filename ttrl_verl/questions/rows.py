"""Question files to rows as they stand: parquet, JSON, JSONL and CSV. Nothing of them is held in memory but JSON."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ttrl_verl.errors import InputError
from ttrl_verl.printable import first_line

SUFFIXES = (".parquet", ".json", ".jsonl", ".csv")
CHUNK = 1000  # rows that may hold an image each
_MAX_CELL = 2**31 - 1  # characters of a cell of CSV
_MAX_DIGITS = 1000  # of a whole number in JSON, as in `ttrl-verl score`


def file_rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each row of a question file as it stands, and where: ``file:line``.

    Raises:
        InputError: the file is missing, of another kind, unreadable or empty, or a row is no object.
    """
    readers = {".parquet": _parquet_rows, ".json": _json_rows, ".jsonl": _jsonl_rows, ".csv": _csv_rows}
    if path.suffix not in readers:
        raise InputError(f"{path}: expected a file that ends in {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise InputError(f"{path}: {'is no file' if path.exists() else 'no such file'}")
    where = None
    try:
        for number, row in readers[path.suffix](path):
            where = f"{path}:{number}"
            if not isinstance(row, Mapping):
                raise InputError(f"{where}: is {kind_of(row)}; expected an object with a question")
            yield where, row
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        raise InputError(f"{path}: cannot be read: {first_line(error)}") from error
    if where is None:
        raise InputError(f"{path}: has no questions; expected at least one row")


def _parquet_rows(path: Path) -> Iterator[tuple[int, Any]]:
    number = 0
    for batch in pq.ParquetFile(path).iter_batches(batch_size=CHUNK):
        for row in batch.to_pylist():
            number += 1
            yield number, row


def _json_rows(path: Path) -> Iterator[tuple[int, Any]]:
    text = path.read_text(encoding="utf-8-sig")
    if not text.strip():
        return
    try:
        rows = _parsed(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}:{getattr(error, 'lineno', 1)}: {_why(error, 'no JSON')}") from error
    if not isinstance(rows, list):
        raise InputError(f"{path}: holds {kind_of(rows)}; expected a list of objects (one object a line is .jsonl)")
    yield from enumerate(rows, start=1)


def _jsonl_rows(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = _parsed(line.decode("utf-8-sig"))
            except (ValueError, RecursionError) as error:
                raise InputError(f"{path}:{number}: {_why(error, 'no line of JSON')}") from error
            yield number, row


def _why(error: Exception, what: str) -> str:
    """Return why a text was not read: what `_parsed` refuses in words of its own is JSON all the same."""
    return str(error) if type(error) is ValueError else f"is {what}: {error}"


def _parsed(text: str) -> Any:
    """Return what JSON says. Raises what ``json.loads`` does, and a ``ValueError`` for what it would misread."""
    return json.loads(text, object_pairs_hook=_object, parse_int=_integer)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _check_once(key for key, _ in pairs)
    return dict(pairs)


def _integer(digits: str) -> int:
    # Python reads 4300 digits at most, and says so in words of its own.
    if len(digits) > _MAX_DIGITS:
        raise ValueError(f"a number has {len(digits)} digits; expected at most {_MAX_DIGITS}")
    return int(digits)


def _check_once(names: Iterable[str]) -> None:
    """Raise a ``ValueError`` for a name that is there twice: which of two values is meant, nobody can tell."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{name!r:.40} is there twice; expected each name once")
        seen.add(name)


def _csv_rows(path: Path) -> Iterator[tuple[int, Any]]:
    # The limit is the process's, and libraries raise it: the same file would be read in one process and not in another.
    csv.field_size_limit(_MAX_CELL)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        try:
            _check_once(filter(None, reader.fieldnames or ()))  # spreadsheets leave columns without a name
            for row in reader:
                if None in row or None in row.values():
                    raise ValueError(f"expected {len(reader.fieldnames or [])} columns")
                # An empty cell is a value that is not there.
                yield reader.line_num, {key: value or None for key, value in row.items()}
        except csv.Error as error:
            raise InputError(f"{path}: after line {reader.line_num}: {error}") from error
        except UnicodeDecodeError:
            raise  # of the file: text is decoded in blocks, not in lines
        except ValueError as error:
            raise InputError(f"{path}:{max(reader.line_num, 1)}: {error}") from error


_KINDS = (
    (type(None), "null"),
    (bool, "true or false"),
    (str, "text"),
    ((int, float, Decimal), "a number"),
    (bytes, "bytes"),
    (Mapping, "an object"),
    (Sequence, "a list"),
)
"""Kinds of values and their names, JSON's where it has one. In this order: a Boolean is a number, and text a sequence,
to Python."""


def kind_of(value: Any) -> str:
    """Return what a value is, in words; of what JSON has not, Python's name of its type."""
    return next((name for kind, name in _KINDS if isinstance(value, kind)), f"a {type(value).__name__}")


def count_rows(path: Path) -> int | None:
    """Return how many rows a file has, whatever they hold; ``None`` for what is no question file."""
    if path.suffix not in SUFFIXES or not path.is_file():
        return None
    if path.suffix == ".parquet":
        try:
            return pq.ParquetFile(path).metadata.num_rows
        except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
            raise InputError(f"{path}: cannot be read: {first_line(error)}") from error
    return sum(1 for _ in file_rows(path))
