"""Words that are judged one by one: "1. sports - no", "2. science - yes"."""

import re

# Every word is judged, in a line of its own: "science - yes", "politics: incorrect", "sports ❌".
_JUDGED = re.compile(
    r"[\s\"'*_`)\]]{0,4}(?:\([^()\n]{0,60}\)\s?)?(?:[-–—:=→,|]{1,2}\s?(?:is\s)?|\s(?:is\s)?)"
    r"[*_]{0,2}(?:(?P<right>yes|correct|right|true|applies|[✓✔✅])|no|not? correct|wrong|incorrect|false|[✗✘❌])"
    r"[\s.!*_|]{0,4}(?=\n|\Z|[,;(–—-]\s?\w)"
)
_ITEM = re.compile(r"(?:\A|\n)[^\w\n]{0,6}(?:(?:\d{1,2}|[a-z])[.)]\s{0,2})?[\"'*_`(\[]{0,4}")


def judged_word(text: str, pattern: re.Pattern[str], compact: dict[str, str]) -> str | None:
    """Return the one word that is called right where each has a line of its own; empty where none or several are.

    ``None`` where a text is no such list.

    Args:
        text: a response, folded.
        pattern: finds any of the words.
        compact: what a find without blanks and hyphens stands for.

    Example:
        >>> judged_word("1. tea - no\\n2. milk - yes", re.compile("tea|milk"), {"tea": "tea", "milk": "milk"})
        'milk'
    """
    last = text.rfind("\n")
    item = _ITEM.match(text, last) if last >= 0 else None  # the list is the end of the response
    match = pattern.match(text, item.end()) if item else None
    if match is None or not _JUDGED.match(text, match.end()):
        return None
    judged: dict[str, bool] = {}
    for item in _ITEM.finditer(text):
        match = pattern.match(text, item.end())
        verdict = _JUDGED.match(text, match.end()) if match else None
        if match and verdict:
            judged[compact[re.sub(r"[\s\-]", "", match.group())]] = verdict["right"] is not None
    if len(judged) < 2:
        return None
    right = [word for word, is_right in judged.items() if is_right]
    return right[0] if len(right) == 1 else ""
