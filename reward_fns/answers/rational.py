r"""Numbers by plain string work: the path that almost every answer takes, in microseconds."""

import re
from fractions import Fraction

MAX_DIGITS = 400
"""A number with more digits is compared as text: a megabyte of digits costs nothing."""

_PLAIN = re.compile(r"([+-]?)(\d{1,400})", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3}){1,120}", re.ASCII)
_DECIMAL = re.compile(r"(\d{0,400})\.(\d{0,400})", re.ASCII)
_EXPONENT = re.compile(r"(?P<mantissa>[^eE]{1,400})[eE](?P<exponent>[+-]?\d{1,3})", re.ASCII)
_LATEX_FRACTION = re.compile(
    r"\\[dtc]?frac\s*(?:\{\s*([+-]?\d{1,400})\s*\}|(\d))\s*(?:\{\s*([+-]?\d{1,400})\s*\}|(\d{1,9}))", re.ASCII
)


def rational(text: str) -> Fraction | None:
    r"""Return the value of a number as it is written, or ``None`` where it is not one number.

    Integers with thousands commas and leading zeros, decimals, ``1e-3``, ``3/4``, ``\frac{3}{4}``, ``\frac34``. No
    units, no spaces between digits, no mixed numbers.

    Example:
        >>> rational("-1,024.50"), rational("025"), rational(r"-\dfrac34"), rational("1/0") is None
        (Fraction(-2049, 2), Fraction(25, 1), Fraction(-3, 4), True)
    """
    text = text.strip()
    plain = _PLAIN.fullmatch(text)
    if plain:
        return Fraction(int(text))
    sign = -1 if text[:1] == "-" else 1
    bare = text[1:].lstrip() if text[:1] in ("-", "+") else text
    value = _fraction(bare) if "/" in bare or "frac" in bare else _unsigned(bare)
    return None if value is None else sign * value


def _unsigned(text: str) -> Fraction | None:
    """Return the value of an integer, a decimal or a number with an exponent, all without sign."""
    exponent = _EXPONENT.fullmatch(text)
    if exponent:
        mantissa = _unsigned(exponent["mantissa"])
        return None if mantissa is None else mantissa * Fraction(10) ** int(exponent["exponent"])
    whole, point, part = text.partition(".")
    if "," in whole:
        if not _GROUPED.fullmatch(whole):
            return None
        whole = whole.replace(",", "")
    if not point:
        return Fraction(int(whole)) if _PLAIN.fullmatch(whole) and whole[0] not in "+-" else None
    decimal = _DECIMAL.fullmatch(f"{whole}.{part}")
    if not decimal or not (whole or part):
        return None
    return Fraction(int(whole + part), 10 ** len(part))


def _fraction(text: str) -> Fraction | None:
    """Return the value of ``a/b`` or ``\\frac{a}{b}`` for numbers a and b."""
    match = _LATEX_FRACTION.fullmatch(text)
    if match:
        top, bottom = match[1] or match[2], match[3] or match[4]
        return Fraction(int(top), int(bottom)) if int(bottom) else None
    top, slash, bottom = text.partition("/")
    if not slash:
        return None
    numerator, denominator = _unsigned(top.strip()), _unsigned(bottom.strip())
    if numerator is None or not denominator:
        return None
    return numerator / denominator
