"""Answers that look like arithmetic and are none, told by how they are written: times of day, dates, scores, feet."""

import re

_CLOCK = re.compile(r"(\d{1,2})(?: ?: ?(\d\d))? ?([apAP])(?:\. ?)?[mM]\.?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}-\d{1,2}-\d{4}|\d{1,2}/\d{1,2}/\d{4}|\d{4}/\d{1,2}/\d{1,2}", re.ASCII)
_SCORE = re.compile(r"\d{1,3}-\d{1,3}", re.ASCII)
_MARKED = re.compile(r"\d{1,4}(?:\.\d{1,4})?'{1,2}(?: ?\d{1,2}(?:''|\")?)?", re.ASCII)
# Two units, the smaller behind: 2 hours and 30 minutes.
_TWO_UNITS = re.compile(
    r"(\d{1,4}) ?(hours?|minutes?|feet|foot|years?|weeks?|days?|pounds?|dollars?),?(?: and)? "
    r"(\d{1,4}) ?(minutes?|seconds?|inch(?:es)?|months?|days?|hours?|ounces?|cents?)\.?",
    re.ASCII | re.IGNORECASE,
)


def as_written(text: str) -> str | None:
    """Return the canonical text of a time, a date, a score such as 3-1, minutes of arc, feet, two units; else ``None``.

    Example:
        >>> as_written("3 : 45 PM"), as_written("10 a.m."), as_written("2024-06-05"), as_written("3-1")
        ('3:45 pm', '10:00 am', '2024-06-05', '3-1')
        >>> as_written("2 hours and 1 minute"), as_written("3 - 1")
        ('2 hours 1 minutes', None)
    """
    clock = _CLOCK.fullmatch(text)
    if clock:
        hour, minute, half = clock.groups()
        return f"{int(hour)}:{minute or '00'} {half.casefold()}m"
    both = _TWO_UNITS.fullmatch(text)
    if both:
        return f"{int(both[1])} {_plural(both[2])} {int(both[3])} {_plural(both[4])}"
    if _DATE.fullmatch(text) or _SCORE.fullmatch(text):
        return text
    return text.replace('"', "''").replace(" ", "") if _MARKED.fullmatch(text) else None


def _plural(unit: str) -> str:
    """Return a unit's plural, in small letters."""
    unit = unit.lower()
    return {"foot": "feet", "inch": "inches"}.get(unit, unit if unit.endswith(("s", "feet")) else f"{unit}s")
