"""A question's own answer type: what the columns ``answer_type`` and ``choices`` of its row say."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ttrl_verl.reward_fns.answers import AnswerType, get_answer_type
from ttrl_verl.reward_fns.names import absolute


def row_type(answer_type: Any, choices: Any = None) -> str | None:
    """Return a row's answer type in one text that ``answer_type_of`` reads; ``None`` where the row names none.

    Args:
        answer_type: of the row; ``None`` or empty where it leaves it to the recipe. A file's path is made absolute.
        choices: for ``choice``: how many letters, or the words, as a number, a list, or a text with commas between; or
            each letter with its option's text, as an object or as JSON.

    Raises:
        ValueError: either is not what is expected. The message begins with the column.

    Example:
        >>> row_type("math"), row_type("choice", "yes, no"), row_type(None)
        ('math', '{"answer_type": "choice", "choices": ["yes", "no"]}', None)
    """
    if answer_type is None or answer_type == "":
        return None
    if not isinstance(answer_type, str):
        raise ValueError(f"answer_type is {answer_type!r:.40}; expected text")
    if answer_type == "choice" and choices is not None:
        text = json.dumps({"answer_type": "choice", "choices": _choices(choices)})
    else:
        text = absolute(answer_type)
    try:
        answer_type_of(text)
    except ValueError as error:
        raise ValueError(str(error) if str(error).startswith("choices") else f"answer_type: {error}") from error
    return text


@lru_cache(maxsize=256)
def answer_type_of(text: str) -> AnswerType:
    """Return the answer type that a row's text names.

    Raises:
        ValueError: it names none.

    Example:
        >>> answer_type_of('{"answer_type": "choice", "choices": 2}').answer("The answer is B.")
        'B'
    """
    if not text.startswith("{"):
        return get_answer_type(text)
    known = json.loads(text)
    return get_answer_type(known["answer_type"], choices=known["choices"])


def columns_of(text: str | None) -> tuple[str | None, str | None]:
    """Return the columns ``answer_type`` and ``choices`` that a row's text came from, the choices as JSON.

    Example:
        >>> columns_of(row_type("choice", 2)), columns_of("math")
        (('choice', '2'), ('math', None))
    """
    if text is None or not text.startswith("{"):
        return text, None
    known = json.loads(text)
    return known["answer_type"], json.dumps(known["choices"])


def of_row(text: str | None, otherwise: AnswerType) -> AnswerType:
    """Return a row's answer type, or the recipe's where the row names none."""
    return otherwise if text is None else answer_type_of(text)


def _choices(value: Any) -> int | list[str] | dict[str, str]:
    if isinstance(value, float) and value.is_integer():
        return int(value)  # a column of numbers with gaps
    if isinstance(value, str):
        text = value.strip()
        if text.isascii() and text.isdigit() and len(text) < 5:
            return int(text)
        if text.startswith(("[", "{")):
            try:
                return _choices(json.loads(text))
            except (json.JSONDecodeError, RecursionError) as error:
                raise ValueError(f"choices is {value!r:.40}; is no JSON: {error}") from error
        return [word.strip() for word in text.split(",")]
    if isinstance(value, Mapping):
        # A column of objects has every letter in every row; those that a row has not are null.
        return {letter: option for letter, option in value.items() if option is not None}
    if isinstance(value, Sequence):
        return list(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(
            f"choices is {value!r:.40}; expected a number of letters, a list of words, or each letter's text"
        )
    return value
