"""Plain numbers: the last one that a response gives, compared by value."""

import re
from decimal import Decimal
from fractions import Fraction

from reward_fns.answers.response import last_boxed

# The exponent is bounded, so that "1e999999999" costs nothing.
_NUMBER = re.compile(r"[-+−]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3}(?!\d))?|[-+−]?\.\d+")
_MAX_DIGITS = 1000


def extract_number(text: str) -> str | None:
    r"""Return the number in the last ``\boxed{}``, else the last number of the text; ``None`` where there is none.

    Example:
        >>> extract_number("3 apples and 4 pears make 7 fruits.")
        '7'
    """
    boxed = last_boxed(text)
    found = _NUMBER.findall(text if boxed is None else boxed)
    return found[-1] if found else None


def canonical_number(answer: str) -> str | None:
    """Return the number's value as a string: an integer, or a fraction in lowest terms. ``None`` where it is no number.

    Example:
        >>> canonical_number("025"), canonical_number("142.0"), canonical_number("1,000"), canonical_number("-.50")
        ('25', '142', '1000', '-1/2')
    """
    bare = answer.strip().strip("$").removesuffix(".").replace(",", "").replace("−", "-").replace(" ", "")
    if len(bare) > _MAX_DIGITS or not _NUMBER.fullmatch(bare) or not bare.isascii():
        return None
    return str(Fraction(Decimal(bare)))
