"""Words that are judged or scored one by one: "1. sports - no", "2. science - yes"; "tea: 0.2", "milk: 0.8"."""

import re

# Every word is judged, in a line of its own: "science - yes", "politics: incorrect", "sports ❌".
_JUDGED = re.compile(
    r"[\s\"'*_`)\]]{0,4}(?:\([^()\n]{0,60}\)\s?)?(?:[-–—:=→,|]{1,2}\s?(?:is\s)?|\s(?:is\s)?)"
    r"[*_]{0,2}(?:(?P<right>yes|correct|right|true|applies|[✓✔✅])|no|not? correct|wrong|incorrect|false|[✗✘❌])"
    r"[\s.!*_|]{0,4}(?=\n|\Z|[,;(–—-]\s?\w)"
)
_SCORED = re.compile(
    r"[\s\"'*_`)]{0,4}[:=–—|-]\s{0,2}(0?\.\d{1,9}|1\.0{1,9}|\d{1,3}(?:\.\d{1,4})?\s?%)[\s.*|]{0,4}(?=\n|\Z|[,;])"
)
_ITEM = re.compile(r"(?:\A|\n)[^\w\n]{0,6}(?:(?:\d{1,2}|[a-z])[.)]\s{0,2})?[\"'*_`(\[]{0,4}")


def judged_word(text: str, pattern: re.Pattern[str], compact: dict[str, str]) -> str | None:
    """Return the one word called right, or scored highest, where each has a line of its own; empty where several are.

    ``None`` where a text is no such list.

    Args:
        text: a response, folded.
        pattern: finds any of the words.
        compact: what a find without blanks and hyphens stands for.

    Example:
        >>> judged_word("1. tea - no\\n2. milk - yes", re.compile("tea|milk"), {"tea": "tea", "milk": "milk"})
        'milk'
        >>> judged_word("tea: 0.2\\nmilk: 0.8", re.compile("tea|milk"), {"tea": "tea", "milk": "milk"})
        'milk'
    """
    last = text.rfind("\n")
    item = _ITEM.match(text, last) if last >= 0 else None  # the list is the end of the response
    match = pattern.match(text, item.end()) if item else None
    if match and _SCORED.match(text, match.end()):
        return _best(text, pattern, compact)
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


def _best(text: str, pattern: re.Pattern[str], compact: dict[str, str]) -> str:
    """Return the word of the highest score; empty where two have it, or no other word has one."""
    scores: dict[str, float] = {}
    for item in _ITEM.finditer(text):
        match = pattern.match(text, item.end())
        scored = _SCORED.match(text, match.end()) if match else None
        if match and scored:
            scores[compact[re.sub(r"[\s\-]", "", match.group())]] = float(scored[1].rstrip(" %"))
    best = [word for word, score in scores.items() if score == max(scores.values())]
    return best[0] if len(best) == 1 and len(scores) > 1 else ""
