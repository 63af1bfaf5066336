"""The training set's labels and questions, kept in the driver and nowhere else.

verl copies every field of a training row to the workers that generate and grade, and the rows that come back to the
group stage hold token ids. So the data set leaves the labels out of its rows and remembers its table here, in the
process that built it. The group stage runs in the same process. It reads labels after the rewards are written, for
diagnosis; the ``oracle`` control alone is given them before. It reads questions for the record.

The table's columns are kept as they are: no copy.
"""

from typing import Any

import pyarrow as pa

MAX_CHARACTERS = 2000

_table: pa.Table | None = None
_source: object | None = None


def remember(table: pa.Table, source: object | None = None) -> None:
    """Keep a training set's table, and forget the one before.

    Args:
        table: the columns ``prompt``, ``data_source``, ``label`` and ``answer_type``. A row's place is its
            ``extra_info.index``.
        source: the config that the set was built from.
    """
    global _table, _source
    _table, _source = table.select(["prompt", "data_source", "label", "answer_type"]), source


def remembers(source: object) -> bool:
    """Return whether the table came from this config, the very object."""
    return _source is source


def label_of(index: int) -> str | None:
    """Return the ground truth of a training row, as its file has it, or ``None``."""
    return _value("label", index)


def type_of(index: int) -> str | None:
    """Return the answer type that a training row names itself, or ``None``."""
    return _value("answer_type", index)


def whole_question_of(index: int) -> str | None:
    """Return a training row's last user message, or ``None``."""
    messages = _value("prompt", index) or []
    asked = [message["content"] for message in messages if message["role"] == "user"]
    return _text(asked[-1]) if asked else None


def question_of(index: int) -> tuple[str | None, str | None]:
    """Return a training row's last user message, its first 2,000 characters, and its data source, or ``None`` twice."""
    question = whole_question_of(index)
    return None if question is None else question[:MAX_CHARACTERS], _value("data_source", index)


def _value(column: str, index: int) -> Any:
    if _table is None or not 0 <= index < _table.num_rows:
        return None
    return _table.column(column)[index].as_py()


def _text(content: Any) -> str:
    """Return a message's text; one with images has parts."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content or [])
