"""What stands around a number in a line: whether it leaves the answer open, refers to something, or is given."""

import re

# What makes a number part of something else: what stands behind it, and before it.
OPERATOR_BEHIND = re.compile(
    r"\s?(?:[+×·÷±]|\*|\sx(?=\s)|(?:times|plus|minus|divided by|multiplied by|over|out of|of|by)\b)\s?[\d({\\$]|\s-\s\d"
    r"|/\s?[\d({\\]"
    r"|\s{0,2}(?:\\pi|π|\\sqrt|√|\\frac|\\log|\\ln|\\infty|∞|!(?=\s?[)/*]))|[xyznabijpqruvwe](?![a-zA-Z'’])"
    r"|\s?[:^]\s?\d|\^(?!\s?\{?\s?(?:\\circ|°))|\.\d|,\d"
    r"|\s?\(\s?[a-z](?![a-z])"
)
OPERATOR_BEFORE = re.compile(
    r"(?:[\d)}\]a-z]\s?(?:[+×·÷^*±]|\sx\s)\s?|[\d)}]\s-\s"
    r"|\d\s(?:times|plus|minus|divided by|multiplied by|by|out of|of)\s"
    r"|[\^_√/]\s?\{?|\d\s?:\s?"
    r"|(?:(?<![\d\s])|(?<=[\w)}])\s)/\s?|\\(?:sqrt|log|ln)(?:_\{?\d{1,4}\}?)?\s?\{?|(?<![a-zA-Z])[a-zA-Z]|(?:\A"
    r"|[^\d,.])\d{1,9}[.,])\Z"
)
_REFERENCE = re.compile(
    r"\b(?:steps?|equations?|eqs?\.?|questions?|problems?|cases?|figures?|fig\.?|tables?|sections?|lines?|parts?"
    r"|items?|"
    r"theorems?|lemmas?|examples?|exercises?|chapters?|pages?|options?|method|approach|line|note|rows?)\s?#?\(?\Z"
    r"|\b(?:(?:rounded|correct|accurate|exact)\sto|to\sthe\snearest)\s\Z",
    re.IGNORECASE,
)
_PLACES = re.compile(r"\s(?:decimal places?|d\.?p\.?|significant figures?|s\.?f\.?|decimals?|digits)\b", re.IGNORECASE)
# Denied, and not said to be the answer: "15, not 16", "between 10 and 15".
DENIED = re.compile(r"(?:\bnot|n['’]t|\brather than|\binstead of)\s(?:the\s)?[*$]{0,3}\Z", re.IGNORECASE)
_ALTERNATIVE = re.compile(
    r"(?:\s(?:dollars|[a-z]{1,9}))?[*$]{0,3},?\s(?:or|to)\s[*$]{0,3}(?:[a-z]\s?=\s?)?(?=[-+$]?\d)|\s?[-–]\s?(?=\d)",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\bbetween\s[*$]{0,3}\Z", re.IGNORECASE)
_OR_NAMED = re.compile(r"(?:[a-zµ°%]{1,9})?,?\s?or\s[a-z]\s?=")
# One quantity in two units: "3 hours and 20 minutes", "5 feet 3 inches".
_PART = r"(?:years?|months?|weeks?|days?|hours?|hrs?|h|minutes?|mins?|feet|foot|ft|yards?|pounds?|lbs?|stone|dollars?)"
_COMPOUND_BEHIND = re.compile(rf"\s?{_PART}(?:,|,?\sand)?\s\d", re.IGNORECASE)
_COMPOUND = re.compile(rf"{_PART}(?:,|,?\sand)?")
_ALSO_COUNTED = re.compile(r"[a-z]{3,15},")  # "15 cars, 3 trucks"
_UNLIKE = re.compile(r"[a-z]{2,15}(?: [a-z]{2,15})?,? and")  # "7 red and 8 blue"
_BOUND = re.compile(
    r"(?:(?:\A|\b(?:is|are|was|were|be|it['’]s|:))\W{0,4}(?:(?:more|less|fewer|greater|higher|lower"
    r"|larger|smaller) than"
    r"|(?:over|under|above|below|up to|almost|nearly|at least|at most"
    r"|no (?:more|less|fewer) than) )|[<>≥≤])\s?[*$€£]{0,3}\Z",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\d\s?[a-z°%]{0,9}[-–—]\Z", re.IGNORECASE)
_PAGES = re.compile(r"\b(?:pages?|pp?\.|chapters?|lines?|verses?|steps?)\s[\d,\s]{1,9}[-–—]\Z", re.IGNORECASE)
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)[a-z]{0,7}\.?"
_DATE = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH},?|{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?)\s\Z", re.IGNORECASE
)
_IN_ALL = re.compile(r"(?:\s[a-zA-Z]{1,15}){0,2}\s(?:in total|in all|altogether|overall)\b")
_GIVEN = re.compile(
    r"\b(?:the|these|those|all|both|his|her|their|its|my|our|your|each of the|of the)\s(?:[a-z]{3,10}\s)?\Z",
    re.IGNORECASE,
)
_FOR_A_TIME = re.compile(
    r"\s(?:for|in|per|every|after)\s\d{1,9}\s(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)\b", re.IGNORECASE
)
LIST_MARK = re.compile(r"\A\s{0,3}[*_]{0,2}\d{1,2}[.)]\s{1,3}(?=[*_]{0,2}[A-Za-z])")
IS_LIST = re.compile(r"(?:\A|\n)\s{0,3}[*_]{0,2}1[.)]\s[^\n]{1,2000}\n")
_REFUSAL_CHARS = 200
_REFUSED = re.compile(
    r"\b(?:i|we)\s(?:(?:can\s?not|can['’]t|could\snot|couldn['’]t|do\snot|don['’]t|am\snot\sable\sto|am\sunable\sto)\s"
    r"(?:determine|answer|have|know|see|find|tell|read|provide|count)|(?:am|['’]m)\s(?:not\ssure|unable))\b[^.\n]{0,120}\.?\s{0,3}\Z",
    re.IGNORECASE,
)
_NOT_GIVEN = re.compile(
    r"(?:\b(?:does|do|did|could|can)\s?(?:not|n['’]t)\s(?:show|specify|mention|provide|state|give|contain|include|say|tell|indicate)"
    r"|(?:\bnot|n['’]t)\s(?:be\s)?(?:given|shown|specified|provided|mentioned|stated|available|visible|legible|readable"
    r"|known|determined|possible to))\b[^.\n]{0,120}\.?\s{0,3}\Z",
    re.IGNORECASE,
)
# What a number is said to hold for, at the end of a sentence and without a verb: "over 3 hours", "after giving away 5".
_ADJUNCT = re.compile(
    r"(?<=[\w%)]),?\s(?:after|before|over|during|for(?!\s[$€£¥])|with(?!\s(?:an?|the)\s\w{1,20}\sof\s)|from|up from"
    r"|in(?=\s(?:1[5-9]|20)\d\d\b)"
    r"|down from|compared (?:to|with)|when|while)\s"
    r"([^,=;:→]{1,80})\Z",
    re.IGNORECASE,
)
_HAS_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|gives?|gets?|got|equals?|leaves?|makes?|remains?|becomes?|needs?|totals?|costs?|takes?"
    r"|adds?|comes|pays?|paid|earns?|earned|sold|there)\b",
    re.IGNORECASE,
)
# What leads to a number in words.
SAYS = re.compile(
    r"\b(?:is|are|was|were|has|have|had|equals|makes|be|total of|number of)\s(?:(?:exactly|about|only|now"
    r"|still|a total of"
    r"|approximately)\s)?",
    re.IGNORECASE,
)
WORDS_START = re.compile(r"(?:(?:exactly|about|approximately|only|a total of)\s)?", re.IGNORECASE)
_CUT_OFF = re.compile(r"(?:=|\s[+×*÷/-])[\s$]*\Z")


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
    compound = _COMPOUND_BEHIND.match(line, at + len(number))
    return bool(compound or _ALTERNATIVE.match(line, at + len(number)) or _BETWEEN.search(line, max(0, at - 12), at))


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
    between = line[at + len(number) : following].strip(" *$").lower()
    if _OR_NAMED.fullmatch(between) or _COMPOUND.fullmatch(between) or _UNLIKE.fullmatch(between):
        return True
    if (between == "to" or _ALSO_COUNTED.fullmatch(between)) and not line[:at].strip(" *$"):  # is the whole of it
        return True
    return between in ("or", ", or") or (between in ("and", "to") and bool(_BETWEEN.search(line, max(0, at - 12), at)))


def is_inexact(line: str, at: int, number: str) -> bool:
    """Say whether a number is a bound or the end of a range or of a code: "more than 100", "10-20", "555-1234".

    Example:
        >>> is_inexact("More than 100.", 10, "100"), is_inexact("10-20", 3, "20"), is_inexact("pages 3-7", 8, "7")
        (True, True, False)
    """
    before = line[max(0, at - 40) : at]
    return bool(_BOUND.search(before) or _DATE.search(before) or (_RANGE.search(before) and not _PAGES.search(before)))


def in_total(line: str, kept: list[tuple[int, str]]) -> str | None:
    """Return the last number of a line that is said to be the total; ``None`` where none is.

    Example:
        >>> in_total("15 in total: 7 red, 8 blue", [(0, "15"), (13, "7"), (20, "8")])
        '15'
    """
    return next((number for at, number in reversed(kept) if _IN_ALL.match(line, at + len(number))), None)


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
    return is_inexact(line, *kept[-1]) or (len(kept) > 1 and is_open(line, *kept[-2], kept[-1][0]))


def is_reference(line: str, at: int, number: str) -> bool:
    """Say whether a number refers to something: "step 2", "equation (3)", "to 2 decimal places".

    Example:
        >>> is_reference("as in step 2", 11, "2"), is_reference("it is 2", 6, "2")
        (True, False)
    """
    return bool(_REFERENCE.search(line, max(0, at - 30), at) or _PLACES.match(line, at + len(number)))


def ends_without(text: str) -> bool:
    """Say whether a text ends in a refusal or was cut off before its number: "I cannot tell.", "9 * 2 =".

    Example:
        >>> ends_without("So 9 * 2 ="), ends_without("As of 2023, I don't have it."), ends_without("So 9 * 2 = 18")
        (True, True, False)
    """
    ending = text[text.rfind("\n") + 1 :][-_REFUSAL_CHARS:]
    refuses = "not" in ending or "n't" in ending or "n’t" in ending or "unable" in ending
    if refuses and (_REFUSED.search(ending) or _NOT_GIVEN.search(ending)):
        return True
    return _CUT_OFF.search(ending[-8:]) is not None


def without_adjunct(line: str) -> str:
    """Return a line without what its last number is said to hold for, where a number stands before that.

    Example:
        >>> without_adjunct("He has 7 left after giving away 5."), without_adjunct("After giving 5 away he has 7.")
        ('He has 7 left', 'After giving 5 away he has 7.')
    """
    adjunct = _ADJUNCT.search(line, max(0, len(line) - 100))
    if adjunct is None or _HAS_VERB.search(adjunct[1]) or not any(c.isdigit() for c in line[: adjunct.start()]):
        return line
    return line[: adjunct.start()]
