"""Question files written: whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ttrl_verl.errors import InputError
from ttrl_verl.files import whole_file

_MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
SCHEMA = pa.schema(
    [("data_source", pa.string()), ("prompt", pa.list_(_MESSAGE)), ("answer", pa.string()), ("id", pa.string())]
)
"""The columns of a prepared file. ``answer`` is null where there is no ground truth."""

TYPED_SCHEMA = SCHEMA.append(pa.field("answer_type", pa.string())).append(pa.field("choices", pa.string()))
"""Those of one whose questions name answer types of their own; ``choices`` as JSON, null but for ``choice``."""

SUFFIXES = {"none": None, "boxed": "\nPlease reason step by step, and put your final answer within \\boxed{}."}
"""What ``--suffix`` names. Chat templates such as Qwen2.5-Math's ask for a box themselves."""


def suffix_text(suffix: str) -> str | None:
    """Return what is appended to each question: a name of ``SUFFIXES``, or the text itself, on a line of its own.

    Raises:
        InputError: it is neither: a single word is taken for a misspelt name.
    """
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    if not any(character.isspace() for character in suffix):
        raise InputError(f"--suffix is {suffix!r}; expected {', '.join(SUFFIXES)}, or a sentence")
    return suffix if suffix[0].isspace() else f"\n{suffix}"


def check_target(out: Path, sources: list[Path], force: bool) -> None:
    """Check that a file may be written.

    Raises:
        InputError: it is no parquet file, is one of the sources, or is there already and ``force`` is not set.
    """
    if out.suffix != ".parquet":
        raise InputError(f"{out}: expected a name that ends in .parquet (--out)")
    if out.is_dir():
        raise InputError(f"{out}: is a folder (--out)")
    if any(source.exists() and out.exists() and source.samefile(out) for source in sources):
        raise InputError(f"{out}: would be overwritten while it is read (--out)")
    if out.exists() and not force:
        raise InputError(f"{out}: is there already; --force overwrites it, --out names another")


@contextmanager
def written_whole(out: Path, schema: pa.Schema = SCHEMA) -> Iterator[pq.ParquetWriter]:
    """Write a parquet file under another name and give it its own in the end, so that nobody reads half of it.

    Raises:
        InputError: the folder cannot be written to.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(out) as hidden, pq.ParquetWriter(hidden, schema) as writer:
            yield writer
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror}") from error
