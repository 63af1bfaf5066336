"""Rows of question files to questions, checked one by one.

A row of the result is what the data set trains or validates on: chat messages, an optional label, and where the row
came from. Nothing here imports torch or verl, so that a bad file is found before a run starts.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from ttrl_verl.errors import InputError
from ttrl_verl.questions.images import IMAGE, ImageLayout, check_placeholders, image_references
from ttrl_verl.questions.rows import CHUNK, file_rows, kind_of
from ttrl_verl.reward_fns.answers.row_type import row_type

ROLES = ("system", "user", "assistant")
LABEL_KEYS = ("answer", "label", "ground_truth")

_MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
SCHEMA = pa.schema(
    [
        ("prompt", pa.list_(_MESSAGE)),
        ("images", pa.list_(IMAGE)),
        ("label", pa.string()),
        ("data_source", pa.string()),
        ("origin", pa.string()),
        ("answer_type", pa.string()),
    ]
)
"""Columns of a table of questions. ``origin`` is ``file:line``; ``label`` is null where the file has none, and
``images`` where a question has none. ``answer_type`` is what ``reward_fns.answers.row_type`` writes; null leaves it to
the recipe."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns hold what, and what is put around each question.

    Attributes:
        prompt_key: the column of the question: text, or chat messages as a list of ``{role, content}``.
        label_key: the column of the ground truth. ``None`` takes the first of ``answer``, ``label``, ``ground_truth``
            and verl's ``reward_model.ground_truth`` that is there, and goes without where none is.
        system_prompt: put before the messages of a row that has no system message.
        prompt_suffix: appended to the last user message.
        images: where a question's images are.
        view_columns: columns with the question in other words; their texts are a column ``views``, in this order.
        type_key: the column of a question's own answer type, with its choices in ``choices``; ``None`` for none.
        suffix_to: which questions get the suffix: ``all``, or those ``without_examples``: see ``has_examples``.
    """

    prompt_key: str = "prompt"
    label_key: str | None = None
    system_prompt: str | None = None
    prompt_suffix: str | None = None
    images: ImageLayout = field(default_factory=ImageLayout)
    type_key: str | None = "answer_type"
    suffix_to: Literal["all", "without_examples"] = "all"
    view_columns: tuple[str, ...] = ()

    @property
    def schema(self) -> pa.Schema:
        """The columns of a table of questions: those of ``SCHEMA``, and ``views`` where there are such columns."""
        if not self.view_columns:
            return SCHEMA
        return SCHEMA.append(pa.field("views", pa.list_(pa.string())))


def as_list(files: str | Sequence[str] | None) -> list[str]:
    """Return file names as a list: a recipe names one, several or none yet."""
    if files is None:
        return []
    return [files] if isinstance(files, str) else [str(path) for path in files]


def read_questions(path: str | Path, layout: Layout) -> pa.Table:
    """Return the questions of a file as a table with the columns of ``SCHEMA``.

    Raises:
        InputError: the file is missing, of another kind, unreadable, empty or lacks a column, or a row is not what was
            expected. The message names file, line and key.
    """
    return pa.Table.from_batches(list(_batches(iter_questions(path, layout), layout.schema)))


def iter_questions(path: str | Path, layout: Layout) -> Iterator[dict[str, Any]]:
    """Yield the questions of a file one by one, with the keys of ``SCHEMA``: for files larger than memory.

    JSON alone is read at once.

    Raises:
        InputError: as ``read_questions``.
    """
    path = Path(path)
    for where, row in file_rows(path):
        yield _question(row, where, layout, path)


def _batches(rows: Iterator[dict[str, Any]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while chunk := list(itertools.islice(rows, CHUNK)):
        yield pa.RecordBatch.from_pylist(chunk, schema=schema)


def _question(row: Mapping[str, Any], where: str, layout: Layout, file: Path) -> dict[str, Any]:
    if layout.prompt_key not in row:
        columns = ", ".join(str(key) for key in row) or "none"
        raise InputError(f"{where}: has no column {layout.prompt_key!r} (data.prompt_key); its columns are {columns}")
    messages = _messages(row[layout.prompt_key], f"{where}: {layout.prompt_key}")
    if layout.system_prompt is not None and messages[0]["role"] != "system":
        messages = [{"role": "system", "content": layout.system_prompt}, *messages]
    takes = layout.suffix_to == "all" or not has_examples(messages)
    suffix = (layout.prompt_suffix or "") if takes else ""
    messages = [*messages[:-1], {**messages[-1], "content": messages[-1]["content"] + suffix}]
    label = _label(row, where, layout.label_key)
    source = str(row.get("data_source") or file.stem)
    key = layout.images.key
    images = image_references(row.get(key), f"{where}: {key}", layout.images, file.parent)
    check_placeholders(messages, images, f"{where}: {layout.prompt_key}")
    for text in (*(message["content"] for message in messages), label or "", source):
        _check_text(text, where)
    kind = _row_type(row, where, layout.type_key)
    known = {"prompt": messages, "images": images, "label": label, "data_source": source, "origin": where}
    known["answer_type"] = kind
    if layout.view_columns:
        known["views"] = [_view(row, column, where, suffix) for column in layout.view_columns]
    return known


def _view(row: Mapping[str, Any], column: str, where: str, suffix: str) -> str:
    """Return the question in other words, from a column of ``ttrl.views``."""
    text = row.get(column)
    if not isinstance(text, str) or not text.strip():
        said = f"has no column {column!r}; its columns are {', '.join(map(str, row))}"
        raise InputError(f"{where}: {said if column not in row else f'has no {column}'} (ttrl.views)")
    _check_text(text, where)
    return text + suffix


def has_examples(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a chat shows answers of the assistant before it asks."""
    return any(message["role"] == "assistant" for message in messages)


def _row_type(row: Mapping[str, Any], where: str, key: str | None) -> str | None:
    if key is None or row.get(key) is None:
        return None
    try:
        return row_type(row[key], row.get("choices"))
    except ValueError as error:
        raise InputError(f"{where}: {error} (ttrl.type_key=null leaves the column alone)") from error


def _check_text(text: str, where: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        # JSON can spell half of a surrogate pair, as "\ud83d" without what follows it.
        raise InputError(f"{where}: holds half of a surrogate pair; expected text that UTF-8 can write") from error


def _messages(prompt: Any, where: str) -> list[dict[str, str]]:
    """Return a prompt as chat messages; text becomes one user message."""
    if isinstance(prompt, str):
        if not prompt.strip():
            raise InputError(f"{where} is empty; expected a question")
        return [{"role": "user", "content": prompt}]
    if not isinstance(prompt, Sequence) or isinstance(prompt, bytes):
        raise InputError(f"{where} is {kind_of(prompt)}; expected text or a list of messages")
    if not prompt:
        raise InputError(f"{where} is an empty list; expected text or at least one message")
    for message in prompt:
        if not isinstance(message, Mapping) or not {"role", "content"} <= message.keys():
            raise InputError(f"{where} has {kind_of(message)} as a message; expected an object with role and content")
        if message["role"] not in ROLES:
            raise InputError(f"{where} has a message of role {message['role']!r}; expected one of {', '.join(ROLES)}")
        if not isinstance(message["content"], str):
            raise InputError(f"{where} has a message whose content is {kind_of(message['content'])}; expected text")
    if prompt[-1]["role"] != "user":
        raise InputError(f"{where} ends with a message of role {prompt[-1]['role']!r}; expected user")
    if not prompt[-1]["content"].strip():
        raise InputError(f"{where} ends with an empty message; expected a question")
    return [{"role": message["role"], "content": message["content"]} for message in prompt]


def _label(row: Mapping[str, Any], where: str, label_key: str | None) -> str | None:
    if label_key is not None:
        if label_key not in row:
            raise InputError(f"{where}: has no column {label_key!r} (ttrl.label_key); its columns are {', '.join(row)}")
        key, value = label_key, row[label_key]
    else:
        rule = row.get("reward_model")
        candidates = {"reward_model.ground_truth": rule.get("ground_truth")} if isinstance(rule, Mapping) else {}
        candidates |= {key: row[key] for key in LABEL_KEYS if key in row}
        key, value = next(iter(candidates.items()), ("", None))
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise InputError(f"{where}: {key} is {kind_of(value)}; expected text or a number")
    if not isinstance(value, str) and not math.isfinite(value):
        raise InputError(f"{where}: {key} is {value}; expected text or a finite number, and null where there is none")
    return str(value)
