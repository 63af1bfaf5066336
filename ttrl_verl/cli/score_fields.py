"""The fields of a group that a line of ``ttrl-verl score`` may give beside its responses."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from ttrl_verl.reward_fns.group import Visit
from ttrl_verl.reward_fns.reward import Reward

_TOO_LARGE = 2**63  # for a size in memory, and for parquet


def is_number(value: object) -> bool:
    """Return whether a value is a number that a float holds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def read_fields(row: Mapping[str, Any], reward: Reward, name: str) -> dict[str, Any]:
    """Return the fields of a group that a reward looks at; its label and its answers are read elsewhere.

    ``texts`` are the responses themselves; a response of null is an empty text.

    Args:
        row: the line; its responses are a list of strings and nulls.
        reward: what it needs and uses.
        name: of the reward, for the message.

    Raises:
        ValueError: a field is not of its type, or the reward needs one that is not there. The message names it.

    Example:
        >>> read_fields({"responses": ["a"], "lengths": [3]}, Reward(len, needs=("lengths", "texts")), "mine")
        {'lengths': (3,), 'texts': ('a',)}
    """
    size = len(row["responses"])
    found = {}
    # log_probs are checked whatever the reward: a line that has them says what it is.
    for field in dict.fromkeys((*reward.fields, "log_probs")):
        if field == "label":
            continue
        if field == "texts":
            found[field] = tuple(response or "" for response in row["responses"])
            continue
        value = row.get(field)
        if value is not None:
            found[field] = _READERS[field](field, value, size)
        elif field in reward.needs:
            raise ValueError(f'expected the key "{field}", which the reward {name} needs')
    return found


def _per_response(of: Callable[[object], bool], what: str) -> Callable[[str, Any, int], tuple]:
    def read(field: str, value: Any, size: int) -> tuple:
        if not isinstance(value, list) or not all(of(one) for one in value):
            raise ValueError(f'expected "{field}" to be a list of {what}')
        if len(value) != size:
            raise ValueError(f'expected "{field}" to have {size} {what}, as many as responses, got {len(value)}')
        return tuple(tuple(one) if isinstance(one, list) else one for one in value)

    return read


def _one(of: Callable[[object], bool], what: str) -> Callable[[str, Any, int], Any]:
    def read(field: str, value: Any, _: int) -> Any:
        if not of(value):
            raise ValueError(f'expected "{field}" to be {what}')
        return value

    return read


def _history(field: str, value: Any, _: int) -> tuple[Visit, ...]:
    if not isinstance(value, list) or not all(map(_is_visit, value)):
        raise ValueError(
            f'expected "{field}" to be a list of objects with step, counts, size and label: whole numbers, votes by '
            "answer, at least as many responses as votes, and a string or null"
        )
    return tuple(Visit(**visit) for visit in value)


def _is_visit(value: object) -> bool:
    if not isinstance(value, dict) or value.keys() != {"step", "counts", "size", "label"}:
        return False
    counts, size, label = value["counts"], value["size"], value["label"]
    if not _is_whole(value["step"]) or not _is_whole(size) or not isinstance(label, str | None):
        return False
    votes = list(counts.values()) if isinstance(counts, dict) else [-1]
    return all(_is_whole(one) and one > 0 for one in votes) and sum(votes) <= size


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _TOO_LARGE


def _are_numbers(value: object) -> bool:
    return isinstance(value, list) and all(map(is_number, value))


def _is_word(value: object) -> bool:
    return value is None or (is_number(value) and 0 <= value <= 1)


def _are_shares(value: object) -> bool:
    return isinstance(value, dict) and all(map(is_number, value.values()))


def _floats(field: str, value: Any, size: int) -> tuple[float, ...]:
    return tuple(float(number) for number in _per_response(is_number, "numbers")(field, value, size))


_READERS: dict[str, Callable[[str, Any, int], Any]] = {
    "log_probs": _floats,
    "token_log_probs": _per_response(_are_numbers, "lists of numbers"),
    "entropies": _per_response(lambda value: value is None or is_number(value), "numbers or nulls"),
    "token_entropies": _per_response(lambda value: value is None or _are_numbers(value), "lists of numbers, or nulls"),
    "lengths": _per_response(_is_whole, "whole numbers"),
    "checks": _per_response(_is_word, "numbers from 0 to 1, or null"),
    "views": _per_response(_is_whole, "whole numbers"),
    "question": _one(lambda value: isinstance(value, str), "a string"),
    "index": _one(_is_whole, "a whole number"),
    "step": _one(_is_whole, "a whole number"),
    "history": _history,
    "prior": _one(_are_shares, "an object of numbers"),
}
