"""Several numbers in one line: whether it settles on one of them, and on which."""

import re

_ALTERNATIVE = re.compile(
    r"(?:\s(?:dollars|[a-z]{1,9}))?[*$]{0,3},?\s(?:or|to)\s[*$]{0,3}(?:[a-z]\s?=\s?)?(?=[-+$]?\d)|\s?[-–]\s?(?=\d)",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\bbetween\s[*$]{0,3}\Z", re.IGNORECASE)
_OR_NAMED = re.compile(r"(?:[a-zµ°%]{1,9})?,?\s?or\s[a-z]\s?=")
# "x = 1, y = 2", "John is 25, and Mary is 30", "110 to 98".
_NAMED = re.compile(r"(?:[a-zµ°%]{1,9})?(?:,|;|,?\sand)\s?[a-z]\s?=")
_OPERANDS = re.compile(
    r"\b(?:of|add|adding|between|multiply|multiplying|combine|compare|are|were)\s[*$]{0,3}\Z", re.IGNORECASE
)
_NAME_OF = re.compile(r"(?<![a-zA-Z])[a-zA-Z]\s?=\s?[*$]{0,3}\Z")
_SAYS_OF = re.compile(r"\b(is|are|costs?|has|have)\s[*$]{0,3}\Z", re.IGNORECASE)
_SECOND_SUBJECT = re.compile(
    r"[a-z% ]{0,20}(?:,|;|,?\s?\b(?:and|while|whereas|but))\s[a-z' ]{1,25}\s(?P<verb>is|are|costs?|has|have)"
)
_SECOND_IN_CHINESE = re.compile(r"[\u4e00-\u9fff]{0,3}[,，;；]\s?[\u4e00-\u9fff]{1,6}[有是为]")  # 小明有12个，小红有5个
_GATHERS = re.compile(
    r"\b(?:total|sum|answer|result|difference|so|thus|hence|therefore|altogether|together|product|average"
    r"|remaining|left|final|each|it|this|that|which|now"
    r"|then)\b"
)
_CHANGES = re.compile(
    r"\b(?:from|rose|rises|grew|grow\w*|increas\w+|f[ae]ll\w*|dropp?\w*"
    r"|decreas\w+|went|goes|chang\w+|mov\w+|up|down|add\w*)\b",
    re.IGNORECASE,
)
# One quantity in two units: "3 hours and 20 minutes", "5 feet 3 inches".
_PART = (
    r"(?:years?|months?|weeks?|days?|hours?|hrs?|h|minutes?|mins?|feet|foot|ft|yards?|pounds?|lbs?|stone|dollars?"
    r"|kg|g|km|cm|mm|m|l|ml|kilograms?|grams?|met(?:er|re)s?|lit(?:er|re)s?|seconds?|secs?|s|inch(?:es)?)"
)
_COMPOUND_BEHIND = re.compile(rf"\s?{_PART}(?:,|,?\sand)?\s\d", re.IGNORECASE)
_COMPOUND = re.compile(rf"{_PART}(?:,|,?\sand)?")
_ALSO_COUNTED = re.compile(r"[a-z]{3,15},")  # "15 cars, 3 trucks"
# "7 red and 8 blue", "4 on the left and on the right 3", "an area of 24 and a perimeter of 20"
_UNLIKE = re.compile(
    r"[a-z]{2,15}(?: [a-z]{1,15}){0,4},? and(?: (?:on|in|at) (?:the )?[a-z]{2,15}| an? (?!total|sum"
    r"|difference)[a-z]{3,15} of)?"
    r"|and an? (?!total|sum|difference)[a-z]{3,15} of"
)
_BOUND = re.compile(
    r"(?:(?:\A|\b(?:is|are|was|were|be|it['’]s|:))\W{0,4}(?:(?:slightly|just|a (?:little|bit)|well|far"
    r"|much) )?(?:(?:not )?(?:more|less|fewer|greater|higher|lower"
    r"|larger|smaller) than(?: or equal to)?"
    r"|(?:over|under|above|below|up to|almost|nearly|at least|at most"
    r"|no (?:more|less|fewer) than) )|[<>≥≤])\s?[*$€£]{0,3}\Z",
    re.IGNORECASE,
)
_BOUND_BEHIND = re.compile(
    r"(?:\s[a-z%]{1,12})?(?:\s(?:or|and) (?:more|fewer|less|above|below|over|under|higher|lower|greater|up)\b"
    r"|\sat (?:most|least)\b)|\+(?=\s|\W?\Z)|\s?[<>≤≥]\s?[a-z]"
)
_RANGE = re.compile(r"\d\s?[a-z°%]{0,9}[-–—~]\s?[$€£]?\Z", re.IGNORECASE)
_PAGES = re.compile(r"\b(?:pages?|pp?\.|chapters?|lines?|verses?|steps?)\s[\d,\s]{1,9}[-–—]\Z", re.IGNORECASE)
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)[a-z]{0,7}\.?"
_DATE = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH},?|{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?)\s\Z", re.IGNORECASE
)
_IN_ALL = re.compile(
    r"(?:\s[a-zA-Z]{1,15}){0,2}\s(?:(?:in total|in all|altogether|overall)\b|total(?=\W{0,3}\Z|[,.;]))"
)
_GIVEN = re.compile(
    r"\b(?:the|these|those|all|both|his|her|their|its|my|our|your|each of the|of the)\s(?:[a-z]{3,10}\s)?\Z",
    re.IGNORECASE,
)
_FOR_A_TIME = re.compile(
    r"\s(?:for|in|per|every|after)\s\d{1,9}\s(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b", re.IGNORECASE
)


def _end(line: str, at: int, number: str) -> int:
    """Return where a number ends; what is written may have "$" or "minus" before it."""
    return line.find(number.lstrip("-"), at) + len(number.lstrip("-"))


def is_one_of_several(line: str, at: int, number: str) -> bool:
    """Say whether the line leaves it open: "10 or 15", "10 to 15", "between 10 and 15", "3 hours and 20 minutes".

    Args:
        line: one line.
        at: where the number begins in it.
        number: as written there.

    Example:
        >>> is_one_of_several("10 or 15", 0, "10"), is_one_of_several("10 apples", 0, "10")
        (True, False)
    """
    compound = _COMPOUND_BEHIND.match(line, _end(line, at, number))
    return bool(
        compound or _ALTERNATIVE.match(line, _end(line, at, number)) or _BETWEEN.search(line, max(0, at - 12), at)
    )


def is_open(line: str, at: int, number: str, following: int) -> bool:
    """Say whether the last two numbers of a line are alternatives or one quantity in two units.

    Args:
        line: one line.
        at: where the first of them begins.
        number: the first, as written there.
        following: where the second begins.

    Example:
        >>> is_open("x = 8 or x = -3", 4, "8", 13), is_open("3 hours and 20 minutes", 0, "3", 12)
        (True, True)
        >>> is_open("3 times 5", 0, "3", 8)
        False
    """
    between = line[_end(line, at, number) : following].replace("$", "").strip(" *").lower()
    if _NAMED.fullmatch(between) and _NAME_OF.search(line, max(0, at - 8), at):
        return True
    if _SECOND_IN_CHINESE.fullmatch(between) and line[:at].endswith(("有", "是", "为")):
        return True
    owner = _SAYS_OF.search(line, max(0, at - 8), at)
    second = _SECOND_SUBJECT.fullmatch(between) if owner else None
    if owner and second and second["verb"] == owner[1].lower() and not _GATHERS.search(between):
        return True
    if between == "to" and not _CHANGES.search(line, max(0, at - 60), at):
        return True
    if _OR_NAMED.fullmatch(between) or _COMPOUND.fullmatch(between) or _UNLIKE.fullmatch(between):
        return True
    if between == "and" and _OPERANDS.search(line, max(0, at - 20), at):
        return True
    if between == "in" and line[:at].lower().endswith(" a "):  # a 1 in 6 chance
        return True
    if between in ("vs", "vs.", "versus", "v.") or not between:
        return True
    if (between in ("to", "and", "in") or _ALSO_COUNTED.fullmatch(between)) and not line[:at].strip(
        " *$"
    ):  # is the whole of it
        return True
    return between in ("or", ", or") or (between in ("and", "to") and bool(_BETWEEN.search(line, max(0, at - 12), at)))


def is_inexact(line: str, at: int, number: str) -> bool:
    """Say whether a number is a bound or the end of a range or of a code: "more than 100", "10-20", "555-1234".

    Example:
        >>> is_inexact("More than 100.", 10, "100"), is_inexact("10-20", 3, "20"), is_inexact("pages 3-7", 8, "7")
        (True, True, False)
    """
    before = line[max(0, at - 40) : at]
    if _BOUND_BEHIND.match(line, _end(line, at, number)):
        return True
    return bool(_BOUND.search(before) or _DATE.search(before) or (_RANGE.search(before) and not _PAGES.search(before)))


_HEDGED = re.compile(r"\b(?:could|might|may)(?:\salso)?\sbe\s[*$]{0,3}\Z", re.IGNORECASE)


def in_total(line: str, kept: list[tuple[int, str]]) -> str | None:
    """Return the last number of a line that is said to be the total; ``None`` where none is.

    Example:
        >>> in_total("15 in total: 7 red, 8 blue", [(0, "15"), (13, "7"), (20, "8")])
        '15'
    """
    return next((number for at, number in reversed(kept) if _IN_ALL.match(line, _end(line, at, number))), None)


def settled(line: str, kept: list[tuple[int, str]]) -> str:
    """Return the number that a line settles on: the one "in total", else the last that is not given: "the 7 shirts".

    Args:
        line: one line.
        kept: its numbers, each with where it begins.

    Example:
        >>> settled("He paid $84 for the 7 shirts.", [(8, "$84"), (20, "7")])
        '$84'
    """
    total = in_total(line, kept)
    if total is not None:
        return total
    found = [number for at, number in kept if not _GIVEN.search(line, max(0, at - 20), at)]
    if len(kept) == 2 and line[kept[0][0]] in "$€£" and _FOR_A_TIME.search(line, max(0, kept[1][0] - 12)):
        return kept[0][1]
    return found[-1] if found else kept[-1][1]


def leaves_open(line: str, kept: list[tuple[int, str]]) -> bool:
    """Say whether a line ends in a bound, a range or one of several numbers, and gives no total.

    Example:
        >>> leaves_open("7 red and 8 blue", [(0, "7"), (10, "8")]), leaves_open("8 blue", [(0, "8")])
        (True, False)
    """
    if in_total(line, kept) is not None:
        return False
    if len(kept) > 1 and _HEDGED.search(line, max(0, kept[-1][0] - 20), kept[-1][0]):  # "it's 10, but it could be 11"
        return True
    return is_inexact(line, *kept[-1]) or (len(kept) > 1 and is_open(line, *kept[-2], kept[-1][0]))
