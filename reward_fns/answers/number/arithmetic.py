"""Sums and products of plain numbers, such as "12 × 6" or "(3 + 4) * 2", by their value."""

import re
from fractions import Fraction

_MAX_CHARS = 120
_TOKEN = re.compile(
    r"\s{0,3}(?:(\d{1,3}(?:,\d{3}){1,5}(?:\.\d{1,9})?|\d{1,12}(?:\.\d{1,9})?)|(\*\*|[-+*/()^×·÷]|x(?=\s?[\d(])))",
    re.ASCII,
)
_MAX_TOKENS = 40
_MAX_EXPONENT = 99
# "10-20" and "555-1234" are a range and a number with a hyphen, "12/25/2024" is a date.
_NO_SUM = re.compile(r"\d[-/]\d{1,9}[-/]\d|\A\d{1,12}-\d{1,12}\Z", re.ASCII)


def evaluated(text: str) -> Fraction | None:
    """Return the value of an expression of plain numbers; ``None`` where a text is more than that, or one number.

    A difference of two numbers that would be negative is a range, "10 - 20", and none.

    Example:
        >>> evaluated("12 × 6"), evaluated("(3 + 4) * 2"), evaluated("18 ÷ 4"), evaluated("2 + 3 apples")
        (Fraction(72, 1), Fraction(14, 1), Fraction(9, 2), None)
        >>> evaluated("10 - 20"), evaluated("42"), evaluated("1/0"), evaluated("20 - 10")
        (None, None, None, Fraction(10, 1))
    """
    text = text.strip()
    if len(text) > _MAX_CHARS or _NO_SUM.search(text):
        return None
    tokens = _tokens(text)
    if tokens is None or len(tokens) < 3:
        return None
    try:
        value, end = _sum(tokens, 0)
    except (ArithmeticError, IndexError, ValueError):
        return None
    if end != len(tokens) or (value < 0 and len(tokens) == 3):
        return None
    return value


def _tokens(text: str) -> list[str] | None:
    tokens: list[str] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or len(tokens) == _MAX_TOKENS:
            return None
        tokens.append(token[1] or token[2])
        at = token.end()
    return tokens


def _sum(tokens: list[str], at: int) -> tuple[Fraction, int]:
    value, at = _product(tokens, at)
    while at < len(tokens) and tokens[at] in ("+", "-"):
        term, behind = _product(tokens, at + 1)
        value, at = value + term if tokens[at] == "+" else value - term, behind
    return value, at


def _product(tokens: list[str], at: int) -> tuple[Fraction, int]:
    value, at = _power(tokens, at)
    while at < len(tokens) and tokens[at] in ("*", "×", "·", "x", "/", "÷"):
        factor, behind = _power(tokens, at + 1)
        value, at = value / factor if tokens[at] in ("/", "÷") else value * factor, behind
    return value, at


def _power(tokens: list[str], at: int) -> tuple[Fraction, int]:
    value, at = _operand(tokens, at)
    if at < len(tokens) and tokens[at] in ("^", "**"):
        exponent, at = _operand(tokens, at + 1)
        if exponent.denominator != 1 or abs(exponent) > _MAX_EXPONENT:
            raise ValueError("exponent")
        value = value ** int(exponent)
    return value, at


def _operand(tokens: list[str], at: int) -> tuple[Fraction, int]:
    if tokens[at] == "(":
        value, at = _sum(tokens, at + 1)
        if tokens[at] != ")":
            raise ValueError("parenthesis")
        return value, at + 1
    if tokens[at] == "-":
        value, at = _operand(tokens, at + 1)
        return -value, at
    return Fraction(tokens[at].replace(",", "")), at + 1
