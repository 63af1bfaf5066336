r"""A number as it is written: its pattern, its value, its canonical form, and which of a text's numbers stand alone."""

import re
from fractions import Fraction

from ttrl_verl.reward_fns.answers.number.arithmetic import evaluated
from ttrl_verl.reward_fns.answers.number.context import OPERATOR_BEFORE, OPERATOR_BEHIND, dates, is_part_of_a_name
from ttrl_verl.reward_fns.answers.number.spelling import UNITS, one_spelling
from ttrl_verl.reward_fns.answers.number.words import spelled_value
from ttrl_verl.reward_fns.answers.rational import MAX_DIGITS, rational

MAX_CHARS = 1000
"""An answer with more characters is no number."""

# Digits are those of ASCII alone, and exponents are bounded, so that "1e999999999" costs nothing.
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d{1,3}(?: \d{3})+(?!\d)|\d+)"
_ARGUMENT = r"(?:\{\s{0,3}[-+]?\d{1,400}\s{0,3}\}|\d)"
_EXPONENT = r"(?:\^|\*\*)\s?(?:[{(]\s?[-+]?\d{1,3}\s?[})]|[-+]?\d{1,3})"
_NUMBER = re.compile(
    rf"(?P<sign>(?:(?<![\d)}}\]\w%])(?<!\d\s)[-+]|\b(?:minus|negative)\s)\s?)?(?P<money>(?:US|A|C"
    rf"|HK)?[$€£¥₹]\s?(?P<inner>[-+])?)?"
    rf"(?:(?P<hours>\d{{1,2}}):(?P<minutes>[0-5]\d)(?::[0-5]\d)?(?![\d:])(?P<half>\s?[ap]\.?m\b)?"
    rf"|(?:(?P<whole>\d{{1,9}})(?:\s{{0,2}}(?=\\)|\s(?:and\s)?(?=\d{{1,3}}/\d)))?"
    rf"(?P<value>\\[dtc]?frac\s{{0,3}}{_ARGUMENT}\s{{0,3}}{_ARGUMENT}"
    rf"|(?:{_DIGITS}(?:\.\d+)?(?:[eE][-+]?\d{{1,3}}(?!\d))?|\.\d+)(?:\s?/\s?\d{{1,400}}(?![\d/]|\.\d))?)"
    rf"(?P<power>\s?{_EXPONENT})?(?P<ten>\s?[×*·x]\s?10\s?{_EXPONENT})?"
    rf"(?P<part>\sand\s(?:a|one|three)\s(?:half|third|quarters?)\b)?"
    rf"(?:\s(?P<scale>dozen|hundred (?:thousand|million)|hundred|thousand|million|billion|trillion"
    rf"|lakh|crore|mio"
    rf"|millones|millionen|milhões"
    rf"|milioni)\b"
    rf"|(?P<suffix>k(?![\w/^])|[万萬亿億])|\s?(?P<short>(?:mln|mn|bn|tn)(?![\w/^]))|(?(money)(?P<large>[mb](?![\w/^])))?"
    rf")?)",
    re.ASCII | re.IGNORECASE,
)
_SCALES = {
    "dozen": 12, "hundred": 100, "hundred thousand": 10**5, "hundred million": 10**8,
    "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "lakh": 10**5, "crore": 10**7, **dict.fromkeys(("mio", "millones", "millionen", "milhões", "milioni"), 10**6),
    "mln": 10**6, "mn": 10**6, "bn": 10**9, "tn": 10**12, "m": 10**6, "b": 10**9,
}  # fmt: skip
# A time of day is none: "at 10:30".
_AT = re.compile(
    r"\b(?:at|by|until|till|around|before|after)\s\Z|\b(?:clock|time|watch)\b[^.\n]{0,20}\Z", re.IGNORECASE
)
_SUFFIXES = {"k": 10**3, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}  # not 5K, five kelvin


def canonical_number(answer: str) -> str | None:
    r"""Return the number's value as a string: an integer or a fraction in lowest terms. ``None`` where it is no number.

    Money, percent, degree signs and units are dropped: 10% is 10. A time of day is in hours: 1:30 is 3/2.

    Example:
        >>> canonical_number("025"), canonical_number("142.0"), canonical_number("1,000"), canonical_number("-.50")
        ('25', '142', '1000', '-1/2')
        >>> canonical_number(r"-\$5"), canonical_number("10%"), canonical_number("1½"), canonical_number("five")
        ('-5', '10', '3/2', '5')
        >>> canonical_number(r"1.5 \times 10^3 \text{ m}^2"), canonical_number("3 million")
        ('1500', '3000000')
    """
    if len(answer) > MAX_CHARS:
        return None
    value = rational(answer)
    if value is not None:
        return _written(value)
    bare = one_spelling(answer).strip(" =")
    bare = bare.strip(" $=") if bare.endswith("$") else bare  # a formula's dollar signs, not money's
    words = None if any(c.isdigit() for c in bare) else spelled_value(bare)
    if words is not None:
        return str(words[0]) if UNITS.match(bare, words[1]) else None
    match = _NUMBER.match(bare)
    if match is None or not UNITS.match(bare, match.end()):
        value = evaluated(bare)
        return None if value is None else _written(value)
    value = _value(match)
    return None if value is None else _written(value)


def _written(value: Fraction) -> str | None:
    """Return a value as a string; ``None`` where it has more digits than any number that is read."""
    written = str(value)
    return written if max(map(len, written.lstrip("-").split("/"))) <= MAX_DIGITS else None


def _is_negative(match: re.Match[str]) -> bool:
    return match["inner"] == "-" or (match["sign"] or "+").strip() != "+"


def _value(match: re.Match[str]) -> Fraction | None:
    """Return the value of a number that was found."""
    sign = -1 if _is_negative(match) else 1
    if match["hours"]:
        hours = int(match["hours"]) + (
            12 if (match["half"] or "").strip()[:1] in ("p", "P") and match["hours"] != "12" else 0
        )
        return Fraction(sign * (hours * 60 + int(match["minutes"])), 60)
    written = (
        match["value"].replace(" ", "") if " " in match["value"] and "frac" not in match["value"] else match["value"]
    )
    value = rational(written)
    if value is None:
        return None
    if match["whole"]:
        value += int(match["whole"])
    for power, base in ((match["power"], value), (match["ten"], Fraction(10))):
        if power:
            exponent = int(
                re.sub(r"[^\d\-]", "", power[power.rfind("^") + 1 :] if "^" in power else power.split("**")[1])
            )
            if (
                abs(exponent) > 999
                or (base == 0 and exponent < 0)
                or base.numerator.bit_length() * abs(exponent) > 4_000
            ):
                return None
            value = base**exponent if base is value else value * base**exponent
    if match["part"]:
        part = match["part"].lower()
        value += Fraction(3 if "three" in part else 1, 2 if "half" in part else 3 if "third" in part else 4)
    value *= _SUFFIXES.get(match["suffix"] or "", 1)
    return sign * value * _SCALES.get((match["scale"] or match["short"] or match["large"] or "").lower(), 1)


def numbers(text: str) -> list[tuple[int, str]]:
    """Return the numbers of a cleaned text that stand for a value, each with where it begins.

    Example:
        >>> numbers("On 3 March 2021 we saw 57 birds at 10:30, 2 x 5 in a row")
        [(23, '57')]
    """
    found = []
    days = dates(text)
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        if OPERATOR_BEHIND.match(text, end) or OPERATOR_BEFORE.search(text, max(0, start - 30), start):
            continue
        if match.group()[0] == "." and text[start - 1 : start].isdigit():  # 1.2.3
            continue
        if any(first <= start < last for first, last in days) or is_part_of_a_name(text, start, end):
            continue
        if match["hours"] and (match["half"] or _AT.search(text, max(0, start - 30), start)):
            continue
        sign = "-" if _is_negative(match) else ""
        begin = start
        if not match["large"]:
            begin = match.end("money") if match["money"] else match.end("sign") if match["sign"] else start
        found.append((start, ("" if match["large"] else sign) + text[begin:end]))
    return found
