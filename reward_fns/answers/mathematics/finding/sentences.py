r"""The end of a response, cut into sentences: each formula is one character, so that no dot inside it ends a sentence.

Only the last ``ENDING_CHARS`` characters are read, so the time is bounded whatever stands before them.
"""

import re
from typing import NamedTuple

from ttrl_verl.reward_fns.answers.mathematics.finding.formulas import FORMULA, inside, money_before

ENDING_CHARS = 1_500
"""How much of a response's end is read."""
FIRST_HELD, LAST_HELD = "\ue000", "\uf8ff"
"""The characters that stand for formulas: of Unicode's private use."""
HELD = f"{FIRST_HELD}-{LAST_HELD}"
"""The same, as the inside of a character class."""

_HELD = re.compile(f"[{HELD}]")
_EMPHASIS = re.compile(
    r"(?<![\w)])\*{2,3}|\*{2,3}(?![\w(])|\*{2,3}(?=[A-Za-z])|(?<=[A-Za-z])\*{2,3}|[`~]|(?<!\w)__|__(?!\w)"
)
_LABEL = re.compile(
    r"\s{0,6}(?:>\s?|#{1,6}\s)?(?:[-*•+]\s+|\d{1,2}[.)]\s+(?=\D)|(?:step|case)\s\d{1,2}\s?[.:)]\s*)?", re.IGNORECASE
)
# An item that was begun, or a formula.
_CUT_OFF = re.compile(
    r"\n[\s#*]{0,6}(?:[-*•]|\d{1,2}[.)]|(?i:step|case|part)\s\d{1,2}\s?[:.)]?[\s*]{0,4})\Z|(?:\$\$|\\\[|\\begin\{)[^\n]*(?:\n[^\n]+){0,8}\Z"
)
_SENTENCE_END = re.compile(
    r"(?<!\bsq)(?<!\bcu)(?<!\bapprox)(?<!\bi\.e)(?<!\be\.g)(?<!\bvs)(?<!\bDr)(?<!\bMr)(?<!\bMrs)(?<!\bcf)(?<!\bresp)"
    r"[.!?…]{1,3}[)\"”'’]?\s+(?=[^\s=+*/<>])|[。！？]\s?(?=\S)"
)
_THEREFORE = re.compile(r"\$\s?\\therefore\s?\$|\\therefore(?![a-zA-Z])")
_CODE = re.compile(r"```(?:python|py|cpp|c|java|javascript|js|r|matlab|sage|julia|bash)\d?\n.*?```\s*\Z", re.DOTALL)
_RULE = re.compile(r"[\s\-=_*#|:+]*")


class Sentence(NamedTuple):
    """A sentence of a response's end.

    Attributes:
        text: its text, a character for each formula.
        label: what an enumeration puts before it: "1.", "-", "Step 2:", "Case 1:"; else empty.
        in_line: its place in its line, from 0.
    """

    text: str
    label: str
    in_line: int


class Ending(NamedTuple):
    """A response's last sentences, and their formulas in the order of their characters."""

    sentences: list[Sentence]
    formulas: list[str]

    def written(self, text: str) -> str:
        """Return a text of these sentences as the response wrote it, without its dollar signs."""
        return _HELD.sub(lambda held: self.formulas[ord(held.group()) - ord(FIRST_HELD)], text)


def ending(text: str) -> Ending:
    r"""Return the sentences at the end of a response.

    Example:
        >>> found = ending("It is $x = 2.5$ there. So 3 cm.\n\n1. Thus x is $3$.")
        >>> [sentence.label for sentence in found.sentences], found.written(found.sentences[-1].text)
        (['', '', '1.'], 'Thus x is 3.')
    """
    tail = _without_code(text).rstrip()
    if len(tail) > ENDING_CHARS:
        tail = tail[-ENDING_CHARS:]
        start = tail.find("\n") + 1 or tail.find(" ") + 1
        begin = len(text.rstrip()) - ENDING_CHARS + start
        if text.count("$", 0, begin) % 2:  # within a formula
            start = tail.find("$", start) + 1 or start
        elif text.count("$$", 0, begin) % 2:
            start = tail.find("$$", start) + 2 if tail.find("$$", start) >= 0 else start
        tail = tail[start:]
        closed = tail.find("\\end{")
        if closed >= 0 and not 0 <= tail.find("\\begin{") < closed:
            tail = tail[tail.find("}", closed) + 1 :]
    masked, formulas = _masked(_THEREFORE.sub("∴ ", tail) if "\\therefore" in tail else tail)
    sentences: list[Sentence] = []
    if _CUT_OFF.search(masked):
        return Ending([], formulas)
    for line in _EMPHASIS.sub("", masked).split("\n"):
        if _RULE.fullmatch(line):
            continue
        label = _LABEL.match(line)
        begin = label.end() if label else 0
        for place, sentence in enumerate(_sentences(line[begin:])):
            sentences.append(Sentence(sentence, line[:begin].strip() if place == 0 else "", place))
    return Ending(sentences, formulas)


def _without_code(text: str) -> str:
    """Return a text without the block of code that it ends with."""
    if text.rfind("```") < 0:
        return text
    last = _CODE.search(text, text.rfind("```", 0, text.rfind("```")))
    return text[: last.start()] if last else text


def _sentences(line: str) -> list[str]:
    found, start = [], 0
    for end in _SENTENCE_END.finditer(line):
        found.append(line[start : end.end()].strip())
        start = end.end()
    found.append(line[start:].strip())
    return [sentence for sentence in found if sentence]


def _masked(text: str) -> tuple[str, list[str]]:
    """Return a text with a character for each formula, and the formulas."""
    if not text.isascii():
        text = _HELD.sub(" ", text)
    if not ("$" in text or "\\" in text):
        return text, []
    parts: list[str] = []
    formulas: list[str] = []
    at = 0
    while formula := FORMULA.search(text, at):
        money = money_before(formula)
        if money is not None:
            parts.append(text[at:money])
            at = money
            continue
        held = inside(formula)
        parts.append(text[at : formula.start()] + chr(ord(FIRST_HELD) + len(formulas)))
        if held.endswith(".") and text[formula.end() : formula.end() + 1] != ".":  # the sentence's full stop
            parts.append("." if text[formula.end() : formula.end() + 1] in ("", " ", "\n") else ". ")
        formulas.append(held)
        at = formula.end()
    return "".join([*parts, text[at:]]), formulas
