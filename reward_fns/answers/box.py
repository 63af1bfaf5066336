"""Boxes and points of an image, in pixels or whatever unit the model answers in."""

import re
from decimal import Decimal

from ttrl_verl.reward_fns.answers.boxes import last_boxed

_NUMBER = r"[-+]?\d{1,7}(?:\.\d{1,6})?"
_COMMA = r"\s{0,3},\s{0,3}"
_PAIR = rf"{_NUMBER}{_COMMA}{_NUMBER}"
# "[1, 2, 3, 4]", "(1, 2)", "(1, 2), (3, 4)", "[[1, 2], [3, 4]]"; each part is bounded, so it is linear in the text.
_REGION = re.compile(
    rf"[\[(]\s{{0,3}}({_PAIR})\s{{0,3}}[\])]{_COMMA}[\[(]\s{{0,3}}({_PAIR})\s{{0,3}}[\])]"
    rf"|[\[(]\s{{0,3}}({_PAIR}{_COMMA}{_PAIR}|{_PAIR})\s{{0,3}}[\])]",
    re.ASCII,
)
_PLAIN = re.compile(rf"\s*({_NUMBER}(?:[\s,]{{1,5}}{_NUMBER}){{1,3}})\s*", re.ASCII)


def extract_box(text: str) -> str | None:
    r"""Return the last box or point in brackets, four numbers, two, or two pairs; of the last ``\boxed{}`` if any.

    Example:
        >>> extract_box("I click the button at [10, 20, 30.5, 40].")
        '10 20 30.5 40'
        >>> extract_box("(10,20),(30,40)"), extract_box("the point (7, 9)"), extract_box("[1, 2, 3]")
        ('10 20 30 40', '7 9', None)
    """
    boxed = last_boxed(text)
    found = None
    for match in _REGION.finditer(text if boxed is None else f"[{boxed}]"):
        found = match
    if found is None:
        return canonical_box(boxed) if boxed is not None else None
    return " ".join(re.findall(_NUMBER, " ".join(part for part in found.groups() if part), re.ASCII))


def canonical_box(answer: str) -> str | None:
    """Return ``x1 y1 x2 y2`` with x1 <= x2 and y1 <= y2, or ``x y``; ``None`` where it is neither.

    Example:
        >>> canonical_box("30 40 10.50 20"), canonical_box("[7, 9]"), canonical_box("7 9 1")
        ('10.5 20 30 40', '7 9', None)
    """
    if len(answer) > 200:
        return None
    plain = _PLAIN.fullmatch(re.sub(r"[\[\]()]", " ", answer))
    numbers = [Decimal(number) for number in re.findall(_NUMBER, plain.group(1), re.ASCII)] if plain else []
    if len(numbers) == 4:
        corners = [sorted((numbers[axis], numbers[axis + 2])) for axis in (0, 1)]
        numbers = [corners[axis][side] for side in (0, 1) for axis in (0, 1)]
    elif len(numbers) != 2:
        return None
    return " ".join(_shown(number) for number in numbers)


def _shown(number: Decimal) -> str:
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text.lstrip("+")
