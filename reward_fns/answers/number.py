"""Plain numbers: the last one that a response gives, compared by value."""

import re

from ttrl_verl.reward_fns.answers.rational import rational
from ttrl_verl.reward_fns.answers.response import last_boxed

_LATEX_FRACTION = (
    r"\\[dtc]?frac\s{0,3}(?:\{\s{0,3}[-+]?\d{1,400}\s{0,3}\}|\d)\s{0,3}(?:\{\s{0,3}[-+]?\d{1,400}\s{0,3}\}|\d)"
)
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)"
# A minus between two numbers is a subtraction or a range, no sign. The exponent is bounded, so that "1e999999999" costs
# nothing. Digits are those of ASCII alone.
_NUMBER = re.compile(
    rf"(?:(?<![\d)}}\w])[-+])?(?:{_LATEX_FRACTION}|{_DIGITS}(?:\.\d+)?(?:[eE][-+]?\d{{1,3}}(?!\d))?"
    rf"(?:/\d{{1,400}}(?![\d/.]))?|\.\d+)",
    re.ASCII,
)
_MAX_CHARS = 1000
_CLEAN = str.maketrans({"−": "-", "–": "-", "﹣": "-", "－": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " "})
_UNIT = re.compile(r"(?:\s{0,3}(?:\\?%|\\?\$|°|\^\s*\{?\s*\\circ\s*\}?|€|£|\.)){1,4}\Z")
_LATEX_SPACE = re.compile(r"\\[!,;: ]|\{,\}(?=\d)")


def _clean(text: str) -> str:
    return _LATEX_SPACE.sub(lambda m: "," if m.group() == "{,}" else "", text.translate(_CLEAN))


def extract_number(text: str) -> str | None:
    r"""Return the number in the last ``\boxed{}``, else the last number of the text; ``None`` where there is none.

    A response whose last box was cut off has no answer.

    Example:
        >>> extract_number("3 apples and 4 pears make 7 fruits.")
        '7'
        >>> extract_number(r"\boxed{\frac{1}{2}}"), extract_number("pages 3-4")
        ('\\frac{1}{2}', '4')
    """
    boxed = last_boxed(text)
    if boxed is None and ("\\boxed" in text or "\\fbox" in text):
        return None
    found = None
    for match in _NUMBER.finditer(_clean(text if boxed is None else boxed)):
        found = match.group()
    return found


def canonical_number(answer: str) -> str | None:
    r"""Return the number's value as a string: an integer or a fraction in lowest terms. ``None`` where it is no number.

    Money, percent and degree signs are dropped as units: 10% is 10.

    Example:
        >>> canonical_number("025"), canonical_number("142.0"), canonical_number("1,000"), canonical_number("-.50")
        ('25', '142', '1000', '-1/2')
        >>> canonical_number(r"\$5"), canonical_number("10%"), canonical_number("3/6"), canonical_number("five")
        ('5', '10', '1/2', None)
    """
    if len(answer) > _MAX_CHARS:
        return None
    bare = _UNIT.sub("", _clean(answer).strip())
    bare = re.sub(r"\A([-+]?)\s*(?:\\?\$|€|£)\s*", r"\1", bare)
    value = rational(re.sub(r"(?<=\d) (?=\d{3}(?!\d))", "", bare))
    return None if value is None else str(value)
