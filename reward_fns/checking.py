"""A check: a user's own word on one response, 0 for wrong to 1 for right, that the votes may be weighed by."""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ttrl_verl.reward_fns.names import find, reason


@dataclass(frozen=True, slots=True)
class Response:
    """What a check sees: one response, and no label.

    Attributes:
        text: as the model wrote it, without special tokens, its reasoning included.
        answer: its canonical answer; ``None`` where none was found.
        question: the last user message of its prompt.
    """

    text: str
    answer: str | None
    question: str


@dataclass(frozen=True, slots=True)
class Check:
    """A check by its name.

    Attributes:
        name: as it was asked for.
        fn: a function of a ``Response``.
        origin: where it came from.
    """

    name: str
    fn: Callable[[Response], Any]
    origin: str

    def __call__(self, response: Response) -> float | None:
        """Return its word on a response.

        Raises:
            ValueError: it said something else than a number from 0 to 1, or ``None``.
        """
        word = self.fn(response)
        if word is None:
            return None
        try:
            number = float(word)
        except (TypeError, ValueError):
            number = math.nan
        if isinstance(word, str) or not 0 <= number <= 1:
            raise ValueError(f"it said {word!r:.40}; expected a number from 0 to 1, or None")
        return number


EXAMPLE = Response(text="It is 4.", answer="4", question="what is 2 plus 2")
"""What a check is tried on before a run."""


def get_check(name: str) -> Check:
    """Return the check of that name: an entry point, ``pkg://module:function`` or ``file.py:function``.

    Raises:
        ValueError: it is not there, cannot be imported, or is no function of one response. The message is one line.
    """
    found = find(name, "check", {})
    if not callable(found.value):
        raise ValueError(f"the check {name} is {type(found.value).__name__}; expected a function of a Response")
    try:
        parameters = list(inspect.signature(found.value).parameters.values())
    except (TypeError, ValueError) as error:
        raise ValueError(f"the check {name} has no signature; expected a function of a Response") from error
    required = [p for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if len(required) != 1 or required[0].kind is required[0].KEYWORD_ONLY:
        raise ValueError(f"the check {name} takes {len(required)} arguments; expected one, a Response")
    return Check(name, found.value, found.origin)


def try_check(check: Check) -> None:
    """Call a check on an example.

    Raises:
        ValueError: it fails on it.
    """
    try:
        check(EXAMPLE)
    except Exception as error:
        raise ValueError(f"the check {check.name} fails on {EXAMPLE.text!r}: {reason(error, check.origin)}") from error
