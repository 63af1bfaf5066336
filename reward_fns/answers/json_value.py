"""JSON: the last object or list that a response writes, or one field of it, compared by value."""

import json
import re
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, NoReturn

from ttrl_verl.reward_fns.answers.boxes import last_boxed
from ttrl_verl.reward_fns.answers.canonical import Canonical

MAX_CHARS = 20_000
"""A longer value is no answer, and of a longer response only the end is searched."""
# What may begin an object or a list: not the braces of LaTeX or of a set.
_START = re.compile(r"""\{\s{0,20}["}]|\[\s{0,20}["\[\]{\d\-tfn]""")
_MAX_STARTS = 300
_MAX_DIGITS = 400


class _Number(str):
    """A number as it is written; Python's own would round it, or take its time with many digits."""


def extract_json(text: str, field: str | None = None) -> str | None:
    r"""Return the last object or list of a response as it is written, or the value of its field.

    What the last ``\boxed{}`` holds counts first. What is inside another object is a part of it.

    Args:
        text: the final part of a response.
        field: a key, or keys with dots between; ``None`` for the whole.

    Example:
        >>> extract_json('So: {"total": 7, "unit": "cm"}.')
        '{"total": 7, "unit": "cm"}'
        >>> extract_json('{"a": {"total": 7}}', "a.total"), extract_json('{"total": 7}', "sum")
        ('7', None)
    """
    boxed = last_boxed(text)
    found = _last_value((boxed if boxed is not None else text)[-MAX_CHARS:])
    if found is None or field is None:
        return found
    value = _parse(found)
    for key in field.split("."):
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return _written(value)


def canonical_json(answer: str) -> Canonical:
    """Return a JSON value in one spelling: keys sorted, no blanks, numbers by value. Text that is no JSON is a string.

    ``None`` where a key stands twice, a number is none of JSON's, or the nesting is too deep.

    Example:
        >>> canonical_json('{"b": 1.50, "a": [1e2, true]}').text, canonical_json("Paris").text
        ('{"a":[100,true],"b":1.5}', '"Paris"')
    """
    if len(answer) > MAX_CHARS:
        return Canonical(None, limited=True)
    try:
        value = _parse(answer)
    except json.JSONDecodeError:
        stripped = answer.strip()
        value = stripped if stripped and stripped[0] not in '{["' else None
        return Canonical(None if value is None else json.dumps(value, ensure_ascii=False))
    except (ValueError, RecursionError):
        return Canonical(None)
    try:
        return Canonical(_written(value))
    except (ValueError, RecursionError):
        return Canonical(None)


def _last_value(text: str) -> str | None:
    """Return the last object or list; a start that begins none is passed over, and only so many are tried."""
    decoder = _decoder()
    found, place = None, 0
    for _ in range(_MAX_STARTS):
        start = _START.search(text, place)
        if start is None:
            break
        try:
            _, place = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            place = start.start() + 1
        else:
            found = text[start.start() : place]
    return found


def _parse(text: str) -> Any:
    decoder = _decoder()
    return decoder.decode(text)


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_object, parse_int=_Number, parse_float=_Number, parse_constant=partial(_refuse, "constant")
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("key", "twice")
    return found


def _refuse(what: str, which: str) -> NoReturn:
    raise ValueError(f"{what}: {which}")


def _written(value: Any) -> str:
    match value:
        case _Number():
            return _number(value)
        case dict():
            return "{" + ",".join(f"{_written(key)}:{_written(value[key])}" for key in sorted(value)) + "}"
        case list():
            return "[" + ",".join(_written(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _number(written: str) -> str:
    """Return a number by value; one with an exponent beyond all use stays in scientific notation."""
    if len(written) > _MAX_DIGITS:
        raise ValueError("too many digits")
    try:
        number = Decimal(written)
    except InvalidOperation as error:
        raise ValueError("no number") from error
    if number == 0:
        return "0"
    sign, digits, exponent = number.as_tuple()
    shown = "".join(map(str, digits))
    stripped = shown.rstrip("0")
    exponent += len(shown) - len(stripped)
    text = f"{'-' if sign else ''}{stripped}E{exponent}"
    return format(Decimal(text), "f") if -30 <= exponent <= 30 else text
