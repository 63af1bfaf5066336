"""The letter of a response by its lines: a list of verdicts, the last line, the first."""

import re
import string

from ttrl_verl.reward_fns.answers.choice.concluded_letter import concluded_letters
from ttrl_verl.reward_fns.answers.choice.option_letters import ALSO, LINE_CHARS, WRONG, letter_of, unmarked

# Every option is judged: "A) wrong", "B: correct", "C ✗".
_JUDGED = re.compile(
    r"[^\w(]{0,6}(?i:option |choice )?\(?([A-Z])\s?[).:|?]?\s?"
    r"(?i:(?:(?:this|it|that)\s(?:(?:option|statement)\s)?)?is |[-–] )?(?i:(?:clearly|also|the|an?)\s){0,2}"
    r"(?:((?i:correct|right|true|yes)\b|[✓✔✅])|(?i:wrong|incorrect|false|no)\b|[✗✘❌])"
)
# The same behind the option's text: "A. Ribosome - incorrect", "B: 12 ✓", "C) Paris (correct)".
_JUDGED_BEHIND = re.compile(
    r"[^\w(]{0,6}(?i:option |choice )?\(?([A-Z])\s?[).:][^\n]{1,200}?\s?(?:[-–—:→,(]\s?"
    r"|\s(?=[✓✔✅✗✘❌]))[*_]{0,2}(?i:this is |is )?"
    r"(?:((?i:correct|right|true|yes)|[✓✔✅])|(?i:wrong|incorrect|false|no)|[✗✘❌])[\s.!*_)]{0,5}\Z"
)
# A line that is the letter, or the letter and its option's text: "C", "(C) a producer", "C. a producer".
_LINE = re.compile(
    r"[^\w(\\\])}]{0,6}(?i:option |choice |answer )?"
    r"(?:\(([A-Za-z])\)|([b-z])(?=\)\s|[.:]\s[A-Z\d$\\])|([A-Z])"
    r"(?:\s{0,2}\Z|\s?[.):。、!](?!\w\.)|\s[-–—]\s|\s/\s(?=\w{2})|[…,]\s{0,2}\Z"
    r"|,?\s(?:because|since|not|and not|but not|as|rather than|instead of|given (?:the|that))\b|,\s(?:right"
    r"|correct|isn['’]t it)\?|\s\(not\b"
    r"|\s[(\[][^()\[\]]{1,60}[)\]]\W{0,3}\Z"
    r"|,?\s(?i:i (?:guess|think|believe|suppose|reckon|say)|probably|most likely|definitely|certainly|surely"
    r"|obviously|clearly"
    r"|(?:my )?final answer|of course|for sure|no doubt|without (?:a )?doubt"
    r"|i['’]m (?:sure|certain|confident))\b))"
)


def line_letter(text: str) -> str | None:
    """Return the letter of the last line, else of the first; a list of options that is repeated has none."""
    lines = text.strip().split("\n") if len(text) < _MAX_TEXT else _cut(text).split("\n")
    lone = _LONE.fullmatch(lines[-1])
    lettered = _lettered(lines)
    if len(lines) == 1 and len(text) < LINE_CHARS:
        lettered = _IN_LINE.split(text.strip())
    right = _judged_right(lettered) if len(lettered) > 2 else None
    if right is not None:
        return right
    if lone:
        return None if _keyed(lines) else lone[1]
    if _keyed(lines):
        return None
    last = unmarked(_short(lines[-1]))
    taken_back = _TAKEN_BACK.search(last, 1)
    if taken_back:
        instead = concluded_letters(last[taken_back.start() :])
        if len(instead) == 1:
            return next(iter(instead))
    at_last = _line_start(last)
    if at_last and len(last.strip("().*:- ")) == 1:
        return letter_of(at_last)
    starts = [start for line in lettered if (start := _line_start(unmarked(_short(line))))]
    different = {letter_of(start) for start in starts}
    if at_last and len(different) == 1:
        return None if _lists_options(last, letter_of(at_last)) else letter_of(at_last)
    concluded = concluded_letters(last)
    if concluded:
        return next(iter(concluded)) if len(concluded) == 1 else None
    first = unmarked(_short(next(line for line in lines if line.strip()))) if text.strip() else ""
    at_first = _line_start(first)
    if at_first is None and len(lines) > 1 and len(different) < 2:
        concluded = concluded_letters(first)
        return next(iter(concluded)) if len(concluded) == 1 and different <= concluded else None
    if at_first is None or len(different) > 1 or _lists_options(first, letter_of(at_first)):
        return None
    return letter_of(at_first)


# "B... no, D."
_TAKEN_BACK = re.compile(r"(?<=\W)(?:no|wait|actually|correction|scratch that|sorry)[,:]\s", re.IGNORECASE)
_MAX_TEXT = 20_000
_IN_LINE = re.compile(
    r"[.,;]\s+(?=\(?[A-Z](?:[).:]|\s(?:is\s)?(?:wrong|right|correct|incorrect|true|false))\b)"
    r"|[.,;]\s+(?=(?:[Oo]ption |[Cc]hoice )?\(?[A-Z][).:?]\s)|\s+(?=\(?[A-Z]\)\s)"
)  # "A: wrong, B: right"
_KEYED = re.compile(r"\s{0,3}(?:\d{1,3}[.):\-]\s?)?[*(]{0,3}([A-Z])[*)]{0,3}[.\s]{0,3}")
_LONE = re.compile(r"[(*\s]{0,4}([A-Z])[)*.\s]{0,5}")
_START = (
    r"[^\w(\\\])}\n]{0,9}+(?:[Oo]ption |[Cc]hoice |[Aa]nswer )?(?:[(\[{*_\"'`“$]{1,4}|\\\("
    r"|\\text[a-z]{0,2}\{\(?)?[A-Za-z](?![A-Za-z'’])"
)
_MAY_START = re.compile(_START)
_BEGIN_A_WORD = frozenset(a + b for a in string.ascii_letters for b in string.ascii_letters) - {
    "Op", "op", "Ch", "ch", "An", "an",  # but option, choice, answer
}  # fmt: skip


def _keyed(lines: list[str]) -> bool:
    """Say whether lines are a key of different letters: "1. A", "2. B"."""
    if len(lines) < 2 or len(lines[0]) > 12:
        return False
    found = [_KEYED.fullmatch(line) for line in lines if line.strip()]
    return all(found) and len({match[1] for match in found if match}) > 1


def _lettered(lines: list[str]) -> list[str]:
    """Return the lines that may begin with an option's letter; most begin with a word, as their two characters tell."""
    return [line for line in lines if line[:2] not in _BEGIN_A_WORD and _MAY_START.match(line)]


def _judged_right(lettered: list[str]) -> str | None:
    """Return the one option that is called right where each line judges one: "A) wrong", "B) correct", "C: wrong"."""
    judged = [
        found.groups()
        for line in lettered
        if (found := _JUDGED.match(line) or _JUDGED_BEHIND.match(line[:LINE_CHARS].rstrip()))
    ]
    right = [letter for letter, is_right in judged if is_right]
    return right[0] if len(judged) > 2 and len(dict(judged)) == len(judged) and len(right) == 1 else None


def _cut(text: str) -> str:
    """Return the first and the last lines of a long text."""
    return text[: _MAX_TEXT // 2] + "\n" + text[-_MAX_TEXT // 2 :].strip()


def _short(line: str) -> str:
    """Return the beginning and the end of a long line."""
    return line if len(line) <= 2 * LINE_CHARS else f"{line[:LINE_CHARS]} {line[-LINE_CHARS:]}"


def _line_start(line: str) -> re.Match[str] | None:
    """Return the letter that a line begins with, unless the line calls it wrong."""
    match = _LINE.match(line)
    if match is None or WRONG.match(line, match.end()) or ALSO.match(line, match.end(match.lastindex or 0)):
        return None
    return match


def _lists_options(line: str, letter: str) -> bool:
    """Say whether a line goes on to the next option, as in "A. cat B. dog"."""
    following = re.escape(chr(ord(letter) + 1))
    return re.search(rf"\s\(?{following}[.):]\s?\S", line) is not None
