"""What stands around a number: an operator, a reference, a name, a label; and what says that none is given."""

import re

# What makes a number part of something else: what stands behind it, and before it.
OPERATOR_BEHIND = re.compile(
    r"\s?(?:[+×·÷±]|\*|\sx(?=\s)|(?:times|plus|minus|divided by|multiplied by|over|out of|of|by)\b)\s?[\d({\\$]|\s-\s\d"
    r"|\s(?:more|less|fewer|greater) than\s\d|\s(?:squared|cubed|to the (?:power|\w{3,9}th)|raised to)\b"
    r"|['′°]\s?\d|h\s?\d|m\s?\d{1,2}\s?s\b|_\{?(?!10\b)\d|[₂-₉]|//"
    r"|/\s?[\d({\\]"
    r"|\s{0,2}(?:\\pi|π|\\sqrt|√|\\frac|\\log|\\ln|\\infty|∞|!(?=\s?[)/*]))|[xyznabijpqruvwe](?![a-zA-Z'’])"
    r"|\s?[:^]\s?\d|\^(?!\s?\{?\s?(?:\\circ|°))|\.\d|,\d"
    r"|\s?\(\s?[a-z](?![a-z])"
)
OPERATOR_BEFORE = re.compile(
    r"(?:[\d)}\]a-z]\s?(?:[+×·÷^*±]|\sx\s)\s?|[\d)}]\s-\s"
    r"|\d(?:\s\w{1,12})?\s(?:more|less|fewer|greater) than\s|\b(?:power of|power)\s|\d\s?['′°]\s?"
    r"|\d\s(?:times|plus|minus|divided by|multiplied by|by|out of|of)\s"
    r"|[\^_√/±]\s?\{?|\\pm\s?|\d\s?:\s?"
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
_DENIED = re.compile(r"(?:\bnot|n['’]t|\brather than|\binstead of)\s(?:the\s)?[*$]{0,3}\Z", re.IGNORECASE)
_MONTHS = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?"
    r"|Sept?(?:ember|\.)?|Oct(?:ober|\.)?"
    r"|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATES = re.compile(
    rf"\b(?:{_MONTHS}\s{_DAY}(?!\d)(?:,?\s(?:1\d|20)\d\d\b)?|{_DAY}\s(?:of\s)?{_MONTHS}(?![a-z])(?:,?\s(?:1\d"
    rf"|20)\d\d\b)?)"
)
# "COVID-19", "B-52", "MP3"; neither a currency is a name, "USD45", nor the word for an answer, "Ans-42".
_NAME_BEFORE = re.compile(
    r"(?:(?<!\b[Aa]ns)(?<!nswer)(?<!otal)(?<!esult)(?<!alue)(?<=[A-Za-z])-"
    r"|(?<![A-Za-z\\])(?!(?:USD|EUR|GBP|CNY|JPY|INR|RMB|CHF|CAD|AUD|Rs|US|HK|NT|approx|ca)\Z)[A-Za-z]{1,12})\Z"
)
_ARGUMENT_BEFORE = re.compile(r"(?<![a-zA-Z])[a-zA-Z]\(\Z")  # "f(3)"
LIST_MARK = re.compile(r"\A\s{0,3}[*_]{0,2}\d{1,2}[.)]\s{1,3}(?=[*_]{0,2}[A-Za-z])")
IS_LIST = re.compile(r"(?:\A|\n)\s{0,3}[*_]{0,2}1[.)]\s[^\n]{1,2000}\n")
_REFUSAL_CHARS = 200
_REFUSED = re.compile(
    r"\b(?:i|we)\s(?:(?:can\s?not|can['’]t|could\snot|couldn['’]t|do\snot|don['’]t|am\snot\sable\sto|am\sunable\sto)\s"
    r"(?:determine|answer|have|know|see|find|tell|read|provide|count)|(?:am|['’]m)\s(?:not\ssure"
    r"|unable))\b[^.\n]{0,120}\.?\s{0,3}\Z",
    re.IGNORECASE,
)
_NOT_GIVEN = re.compile(
    r"(?:\b(?:does|do|did|could|can)\s?(?:not|n['’]t)\s(?:show|specify|mention|provide|state|give|contain|include"
    r"|say|tell|indicate)"
    r"|(?:\bnot|n['’]t)\s(?:be\s)?(?:given|shown|specified|provided|mentioned|stated|available|visible|legible|readable"
    r"|known|determined|possible to))\b[^.\n]{0,120}\.?\s{0,3}\Z",
    re.IGNORECASE,
)
_YET = re.compile(
    r"\b(?:but|however|though|although|still|maybe|perhaps|guess)\b[^\n]{0,80}\d[^\n]{0,20}\Z", re.IGNORECASE
)
# What leads to a number in words.
SAYS = re.compile(
    r"\b(?:(?:is|are|was|were|has|have|had|equals|makes|making|gives|leaves|gets|takes|be|total of|number of|see"
    r"|count|contains?|shows?|spot)\s"
    r"(?:(?:exactly|about|only|now|still|a total of|approximately)\s)?"
    r"|(?:so|thus|hence|therefore|leaving),?\s(?!one\b))",
    re.IGNORECASE,
)
WORDS_START = re.compile(r"(?:(?:exactly|about|approximately|only|a total of)\s)?", re.IGNORECASE)
_CUT_OFF = re.compile(
    r"(?:=|\s[+×*÷/-]|\b(?:and|is|are|the|of|by|to|equals|plus|minus|times|we|(?<!or )so|an|gives|with|for|from|then|or"
    r"|than|that))"
    r"[\s$]*\Z"
)


def dates(text: str) -> list[tuple[int, int]]:
    """Return where days of the year begin and end in a text: "3 March 2021", "July 4th, 1776", no year alone.

    Example:
        >>> dates("On July 4, 1776 it was signed."), dates("In March 2020, 45 came.")
        ([(3, 15)], [])
    """
    return [match.span() for match in _DATES.finditer(text)]


def is_part_of_a_name(text: str, start: int, end: int) -> bool:
    """Say whether a number belongs to a name, a function or absolute bars: "COVID-19", "f(3)", "|-3|".

    Example:
        >>> is_part_of_a_name("COVID-19", 6, 8), is_part_of_a_name("f(3)", 2, 3), is_part_of_a_name("-19", 1, 3)
        (True, True, False)
    """
    if _NAME_BEFORE.search(text, max(0, start - 14), start) or text[start - 1 : start] == "|" == text[end : end + 1]:
        return True
    return text[end : end + 1] == ")" and _ARGUMENT_BEFORE.search(text, max(0, start - 3), start) is not None


_DENIED_BEHIND = re.compile(r"(?:\s[a-z]{2,12})?\s(?:would be|is) (?:too|wrong|incorrect|not)\b")


def is_denied(line: str, at: int, number: str) -> bool:
    """Say whether a number is denied: "15, not 16", "16 would be too many".

    Example:
        >>> is_denied("15, not 16", 8, "16"), is_denied("16 is wrong", 0, "16"), is_denied("it is 16", 6, "16")
        (True, True, False)
    """
    if _DENIED.search(line, max(0, at - 20), at):
        return True
    return _DENIED_BEHIND.match(line, at + len(number)) is not None


def is_reference(line: str, at: int, number: str) -> bool:
    """Say whether a number refers to something: "step 2", "equation (3)", "to 2 decimal places".

    Example:
        >>> is_reference("as in step 2", 11, "2"), is_reference("it is 2", 6, "2")
        (True, False)
    """
    return bool(_REFERENCE.search(line, max(0, at - 30), at) or _PLACES.match(line, at + len(number)))


_ASKS = re.compile(
    r"(?:so,?\s)?(?:is|are|was|could|would|might|can|do|does|did|what|why|how|which|should|where"
    r"|who)\b[^.!?\n]{0,200}\?\s{0,3}",
    re.IGNORECASE,
)


def asks(text: str) -> bool:
    """Say whether a text is one question: "Is it 42?".

    Example:
        >>> asks("Is it 42?"), asks("Is it 42? Yes.")
        (True, False)
    """
    return text.endswith("?") and len(text) < _REFUSAL_CHARS and _ASKS.fullmatch(text) is not None


_UNSOLVED = re.compile(
    r"[^=]*(?:\d[xyzn]\b|(?<![a-zA-Z\\])[xyzn]\s?[-+*/^]\s?[\d(])[^=]*=\s?[-+]?\$?\d[\d.,]{0,12}\W{0,4}"
)


_SOLVED = re.compile(r"(?<![a-zA-Z\d])([xyzn])\s?=\s?[-+]?\d[\d.]{0,9}(?=[,;.\s])")  # "x = 3, so 2x + 1 = 7"


def is_unsolved(line: str) -> bool:
    """Say whether a line ends in an equation for an unknown, which gives no value: "3x + 5 = 20".

    Example:
        >>> is_unsolved("3x + 5 = 20"), is_unsolved("3x + 5 = 20, so x = 5"), is_unsolved("y = 3x = 12")
        (True, False, False)
    """
    solved = _SOLVED.search(line) if "=" in line else None
    clause = re.split(r"[,;]\s|\.\s|:\s|\b(?:so|thus|then|hence|therefore)\b", line)[-1] if "=" in line else ""
    return _UNSOLVED.fullmatch(clause) is not None and not (solved and solved[1] in clause)


_LABEL = re.compile(
    r"\W{0,4}(?:(?:step|problem|question|exercise|part|case|task|example|item)\s?#?|q\.?\s?)\s?\d{1,3}\s?[:)]\s{1,3}",
    re.IGNORECASE,
)


def without_label(line: str) -> str:
    """Return a line without the label that it begins with, where a number stands behind that.

    Example:
        >>> without_label("Problem 3: 18"), without_label("Problem 3: none")
        ('18', 'Problem 3: none')
    """
    label = _LABEL.match(line)
    return line[label.end() :] if label and any(c.isdigit() for c in line[label.end() :]) else line


def ends_without(text: str) -> bool:
    """Say whether a text ends in a refusal or was cut off before its number: "I cannot tell.", "9 * 2 =".

    Example:
        >>> ends_without("So 9 * 2 ="), ends_without("As of 2023, I don't have it."), ends_without("So 9 * 2 = 18")
        (True, True, False)
    """
    ending = text[text.rfind("\n") + 1 :][-_REFUSAL_CHARS:]
    refuses = "not" in ending or "n't" in ending or "n’t" in ending or "unable" in ending
    if refuses and not _YET.search(ending) and (_REFUSED.search(ending) or _NOT_GIVEN.search(ending)):
        return True
    return _CUT_OFF.search(ending[-12:]) is not None
