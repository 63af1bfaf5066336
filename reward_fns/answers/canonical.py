"""What an answer becomes, whatever its type: the text that votes are counted on."""

from collections.abc import Callable
from typing import NamedTuple


class Canonical(NamedTuple):
    """A canonical answer.

    Attributes:
        text: equal for equal answers; ``None`` where there is no answer of the type.
        limited: whether the answer ran past a limit of time, memory or size, so that the text is only normalised.
    """

    text: str | None
    limited: bool = False


def within_limits(canonical_text: Callable[[str], str | None], answer: str) -> Canonical:
    """Return the canonical answer of a type whose answers run past no limit.

    Args:
        canonical_text: an answer in, its canonical text out; ``None`` where it is no answer of the type.
        answer: as written.

    Example:
        >>> within_limits(str.upper, "b")
        Canonical(text='B', limited=False)
    """
    return Canonical(canonical_text(answer))
