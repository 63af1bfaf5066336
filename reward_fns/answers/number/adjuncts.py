"""What of a line only says for what its number holds: a time, a purpose, a price each, a comparison."""

import re

# What a number is said to hold for, at the end of a sentence and without a verb: "over 3 hours", "after giving away 5".
_ADJUNCT = re.compile(
    r"(?<=[\w%)]),?\s(?:after|before|over|during|for(?!\s[$€£¥])|with(?!\s(?:an?|the)\s\w{1,20}\sof\s)|from|up from"
    r"|in(?=\s(?:1[5-9]|20)\d\d\b)"
    r"|down from|compared (?:to|with)|when|while)\s"
    r"([^,=;:→]{1,80})\Z",
    re.IGNORECASE,
)
_OF_NUMBERS = re.compile(
    r"(?<=[\w%)])\s(?:(?:(?<=[a-z)]\s)in(?!\s\d{1,9}\s(?:\w{3,12}\s)?ways\b)|in(?=\s\d{1,4}\s(?:seconds?|minutes?"
    r"|hours?|days?|weeks?|months?"
    r"|years?)\b)|(?<=[a-z]\s)out of|per|among|across|to (?:reach|get to|make up|fill|cover))"
    r"\s\$?\d[\d,.]{0,12}(?:\s[a-z]{2,15}){0,2}"
    r"|of\s\d{1,9}(?:,\s\d{1,9}){0,4},?\sand\s\d{1,9})[.\s*]{0,4}\Z"
)
# "30, 5 years older than John": by how much, beside the number itself.
_COMPARED = re.compile(
    r",\s\d[\d.,]{0,9}%?(?:\s[a-z]{1,12}){0,2}\s(?:more|less|fewer|[a-z]{3,9}er)\sthan\b[^.;]{0,80}[.*\s]{0,4}\Z"
)
# "5 hours to travel 300 miles"; but "4 and 3 come to make 7".
_PURPOSE = re.compile(
    r"\sto\s(?!(?:make|give|get|obtain|become|equal|total|yield|form|about|around|nearly|almost|only|just|a|an"
    r"|the|over|exactly"
    r"|roughly|approximately)\b)[a-z]{2,12}\s[^,.;:=]{0,60}\d[^,;:=]{0,40}\Z"
)
_EACH = re.compile(r"\sat\s[$€£]?\d[\d.]{0,9}(?:\s[a-z]{1,10})?\s(?:each|apiece|per\s[a-z]{2,15})[.*\s]{0,4}\Z")
# Beside a number that is said to be the value: "is 60, which is 20 more than A", "is $54, including 8% tax".
_BESIDE = re.compile(
    r"(?:\b(?:is|are|was|were|equals|in)|=)\s[*$€£-]{0,4}\d[\d.,]{0,14}\d?%?[*$]{0,3}(?:\s[a-z]{1,12}){0,2}"
    r"(?P<cut>,\s(?:which\s(?!(?:makes|gives|means|leaves|totals|equals|adds|brings)\b)|including\s|excluding\s"
    r"|counting\s"
    r"|\d{1,4}\s(?:\w{2,12}\s){0,2}(?:after|before|ago|earlier|later)\b)[^=]{0,80})\Z"
)
# The value comes first: "12 is the square root of 144".
_SUBJECT = re.compile(
    r"\W{0,4}(?:(?:so|thus|hence|therefore|then),?\s)?(?P<value>-?[$€£]?\d[\d.,]{0,14}(?:\s[a-z]{1,12})?)\s(?:is"
    r"|was|are|were)\s(?:the|what|half|twice)\b"
    r"(?![^\n]{0,200}(?:=|\b(?:so|thus|hence|therefore|making|total)\b))",
    re.IGNORECASE,
)
_AND_ANOTHER = re.compile(r"\band\s\$?\d")  # "40 for A and 60 for B"
# "You get 12 when you add 5 and 7."
_BY_ADDING = re.compile(
    r"\s(?:when|by|from|if|after|before|while)\s(?:(?:you|we|i|one)\s)?(?:add|multipl|subtract|divid|summ|combin"
    r"|tak|comput)[a-z]{0,5}\b[^=]{0,80}\Z",
    re.IGNORECASE,
)
_HAS_VERB = re.compile(
    r"\b(?:total|sum|is|are|was|were|has|have|had|gives?|gets?|got|equals?|leaves?|makes?|remains?|becomes?|needs?"
    r"|totals?|costs?|takes?|adds?|comes|pays?|paid|earns?|earned|sold|there)\b",
    re.IGNORECASE,
)


def without_adjunct(line: str) -> str:
    """Return a line without what its last number is said to hold for, where a number stands before that.

    Example:
        >>> without_adjunct("He has 7 left after giving away 5."), without_adjunct("After giving 5 away he has 7.")
        ('He has 7 left', 'After giving 5 away he has 7.')
    """
    clause = _BY_ADDING.search(line)
    if clause and _has_number(line[: clause.start()]):
        line = line[: clause.start()]
    subject = _SUBJECT.match(line)
    if subject:
        return line[: subject.end("value")]
    beside = _BESIDE.search(line)
    if beside:
        line = line[: beside.start("cut")]
    start = max(0, len(line) - 100)
    for pattern in (_COMPARED, _EACH, _OF_NUMBERS, _PURPOSE):
        adjunct = pattern.search(line, start)
        if adjunct and _has_number(line[: adjunct.start()]):
            line = line[: adjunct.start()]
    adjunct = _ADJUNCT.search(line, start)
    if adjunct is None or _HAS_VERB.search(adjunct[1]) or _AND_ANOTHER.search(adjunct[1]):
        return line
    return line[: adjunct.start()] if _has_number(line[: adjunct.start()]) else line


def _has_number(text: str) -> bool:
    return any(c.isdigit() for c in text)
