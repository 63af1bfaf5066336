"""The training set's questions as text, kept in the process that built it, so that the record can say what was asked.

The rows that come back to the group stage hold token ids. The table's columns are kept as they are: no copy.
"""

from typing import Any

import pyarrow as pa

MAX_CHARACTERS = 2000

_columns: dict[str, pa.ChunkedArray] = {}


def file_prompts(table: pa.Table) -> None:
    """Replace the questions on file. A row's place is its ``extra_info.index``."""
    _columns.update({name: table.column(name) for name in ("prompt", "data_source")})


def prompt_of(index: int) -> tuple[str | None, str | None]:
    """Return a training row's last user message, its first 2,000 characters, and its data source, or ``None`` twice."""
    if not _columns or not 0 <= index < len(_columns["prompt"]):
        return None, None
    messages = _columns["prompt"][index].as_py()
    asked = [message["content"] for message in messages if message["role"] == "user"]
    return _text(asked[-1])[:MAX_CHARACTERS] if asked else None, _columns["data_source"][index].as_py()


def _text(content: Any) -> str:
    """Return a message's text; one with images has parts."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content or [])
