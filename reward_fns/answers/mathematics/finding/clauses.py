r"""What a sentence asserts: of its last clause with values, the value that stands as the predicate.

A sentence is cut where "so", "which", "giving" and their like begin a clause that follows from the one before. What
says when, why or by what means is left aside.
"""

import re

from ttrl_verl.reward_fns.answers.mathematics.finding import wording
from ttrl_verl.reward_fns.answers.mathematics.finding.predicate import SUM, is_context, is_said, predicate, words_before
from ttrl_verl.reward_fns.answers.mathematics.finding.sentences import HELD, Ending
from ttrl_verl.reward_fns.answers.mathematics.finding.values import UNFINISHED, Value, in_words, values

_APART = re.compile(r"\s[(（](?=[^()]*[A-Za-z]{2}\s)[^()]*[)）]")
# Where a clause begins that says what follows from the one before.
_CUT = re.compile(
    r"[;；]\s?|(?<!\s):\s|[：]\s?|\s[-–—]{1,3}\s(?=[A-Za-z]{2})"
    r"|[,，]?\s(?:and\s)?(?:so(?! far)|hence|thus|therefore|consequently|implying"
    r"|giving(?:\sus)?|leaving|making|yielding"
    r"|producing|meaning(?:\sthat)?|resulting\sin|i\.e\.,?|that\sis,|that\smeans|or\s(?:simply|equivalently),?)\s"
    r"|[,，]\s(?:and\s)?which\s|\swhich\s(?=(?:gives|means|is|equals|simplifies|implies|makes|leaves|yields|comes|reduces)\s)"
    r"|,\sbut\s(?=(?:it['’]s |it is )?(?:actually|in fact|really)|the (?:correct|right|actual|true))"
    r"|,\s(?:then|(?:and|but|or)\s(?:this|that))\s"
    r"|[,，]?\s(?:and|to|we|you|i|one)\s(?:finally\s|then\s)?(?:(?:we|you|i|one)\s)?(?:can\s)?"
    r"(?:get(?!\srid)|find|obtain|conclude|see\sthat|have|deduce)\s(?:that\s|us\s)?"
    r"|\sand\s(?=the\s(?:total|result|sum)\b)|\s?(?:⇒|⟹|=>|∴|→)\s?|[,，、]?(?:所以|因此|故|即|从而|于是)[,，]?",
    re.IGNORECASE,
)
_SO = re.compile(
    r"\b(?:so|hence|thus|therefore|consequently|implies|means|gives|giving|get|obtain)\b|[∴⇒⟹]|所以|因此|故",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(
    r"(?:(?:and|but|then|now|also)\s)?(?:if|when|where|since|because|as(?! a result)|with|while|once|after|before|to"
    r"|in order to|by|for|from|of|in|on|at|given that"
    r"|[a-z]{2,12}ing(?![^,]*\b(?:gives?|yields?|results?|leads?|leaves?|makes?|is|are|shows?)\b))\b",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(r"(?:and\s|but\s)?if\s\$?[a-zA-Z](?:_\w)?\s?(?:=|is\s\d)", re.IGNORECASE)
_SUPPOSED_CHARS = 20
_IF = re.compile(rf"(?<!only )\bif\s(?!and only)|\bwhen\s(?=[a-zA-Z]\s?=|[{HELD}])", re.IGNORECASE)
_MAIN_BEHIND = re.compile(
    rf",?\s(?:and\s)?(?:since|because|as|when|if)\s[^,]{{1,80}},\s(?=\S{{1,8}}\s?=|[{HELD}])", re.IGNORECASE
)
_EXISTS = re.compile(
    r"\b(?:answer|limit|value|integral|inverse|derivative|number|it|expression|function|integer|solution)\s(?:is\s)?"
    r"(?P<said>does not exist|undefined)[.]?\Z",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"\b(?:total|sum|difference|result|change|final\w*|altogether|remaining|left|profit|answer|solution|value|product"
    r"|combined|overall|therefore|thus|so|net|average|mean)\b|总|共|结果",
    re.IGNORECASE,
)
# "The number, when written as a fraction, is ..."
_BETWEEN = re.compile(
    r",\s(?:when|which|as|in|after|if|once|expressed|rounded|written|simplified)\s[^,;:.]{1,60},\s"
    r"(?=(?:is|are|was|equals?|gives?|becomes?|has|must be|will be)\b)",
    re.IGNORECASE,
)
_ENGLISH = re.compile(r"\b(?:the|is|are|so|and|of|we|has|have|to|then|for)\b|\A[^a-z\u0400-\u04ff]*\Z", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"(?<![\d,(=])(?<!=\s)(\d+),(\d{1,2})(?![\d,])")
_EXCLAMATION = re.compile(r"(?<=[A-Za-z]\s\d)!\Z|(?<=[A-Za-z]\s\d\d)!\Z|(?<=[A-Za-z]\s\d\d\d)!\Z")
_UNCLOSED = re.compile(r"(?<!\\)\$(?!\s?\d)|\\[a-zA-Z]+\{[^{}]*\Z|\\[(\[]")
_FUNCTION_WORDS = frozenset(
    "the a an of to and or so that which is are was were by for with from in on at as we if then but because since "  # noqa: SIM905
    "where "
    "when not be this these have has get need i it will can their his her its into than both each per".split()
)


def asserted(text: str, end: Ending, *, ended: bool, listed: bool, unstopped: bool = True) -> str | None:
    """Return the value that a sentence asserts; ``None`` where it asserts none.

    Args:
        text: the sentence.
        end: the ending that it is a part of.
        ended: whether it has its full stop, or something behind it; else it may have been cut off.
        listed: whether it is an item of a list, one value of several unless it names a total.
        unstopped: whether the sentence before it has no full stop either, so that its own is not missed.

    Example:
        >>> from ttrl_verl.reward_fns.answers.mathematics.finding.sentences import ending
        >>> end = ending("Since 5 of 8 are red, 3 are blue, which gives $3/8$ for blue.")
        >>> asserted(end.sentences[0].text, end, ended=True, listed=False)
        '3/8'
    """
    if wording.is_doubted(text) or len(_IF.findall(text)) > 1:
        return None
    if "," in text and not _ENGLISH.search(text):
        text = _DECIMAL_COMMA.sub(r"\1.\2", text)
    missing = _EXISTS.search(text)
    if missing:
        return missing["said"]
    text = _BETWEEN.sub(" ", text)
    body = wording.without_denied(_APART.sub("", wording.without_interjection(text)))
    body = _EXCLAMATION.sub(".", body)
    led = wording.leads(body)
    body = wording.without_lead(body)
    if not ended and (UNFINISHED.search(body) or _UNCLOSED.search(body)):
        return None
    if not led and _SUPPOSED.match(end.written(body[:_SUPPOSED_CHARS])):
        return None
    is_premise = not led and wording.is_premise(body)
    cuts = list(_CUT.finditer(body))
    starts = [0, *(cut.end() for cut in cuts)]
    stops = [*(cut.start() for cut in cuts), len(body)]
    for place in range(len(starts) - 1, -1, -1):
        clause = _main(body[starts[place] : stops[place]])
        found = predicate(clause, end, led or place > 0)
        if found is None:
            is_named = place and body[stops[place - 1] : starts[place]].strip() in (":", "：")
            if is_named or wording.denies(clause) or values(clause, end):
                return None
            continue
        start = stops[place] - len(clause)
        if is_premise and (
            wording.is_supposed(body) or not (place and _SO.search(body, stops[place - 1], start + found.start))
        ):
            return None
        if not _concludes(clause, found, led or place > 0):
            return None
        if not ended and (
            ("=" not in clause[found.start : found.end] and is_context(words_before(clause, found)))
            or not _may_end(body, end, led or place > 0, unstopped)
        ):
            return None
        if listed and not led and not _TOTAL.search(body[: start + found.start]):
            return None
        return found.text
    return None


def _concludes(clause: str, found: Value, led: bool) -> bool:
    """Say whether a clause asserts its value, and is no step: "Divide 48 by 6"."""
    if wording.is_step(clause, led):
        return wording.is_arithmetic(clause) and "=" in clause[: found.end]
    if (
        not led and found.text.isdigit() and words_before(clause, found).lower().endswith("all ")
    ):  # "Now all 6 faces are painted"
        return False
    return led or not wording.is_doing(clause) or "=" in found.text or is_said(clause, found)


def _main(clause: str) -> str:
    """Return what follows a clause's first part that only says when or why: "Since 3 of 8 are red, 5 are blue"."""
    while _SUBORDINATE.match(clause) and (comma := re.search(r"[,，]\s|(?<!\d)[,，]", clause)):
        clause = clause[comma.end() :]
    aside = _MAIN_BEHIND.search(clause)
    return clause[aside.end() :] if aside else clause


def _may_end(body: str, end: Ending, led: bool, unstopped: bool) -> bool:
    """Say whether a sentence without a full stop may end where it does, a word or two behind its last value.

    Args:
        body: the sentence.
        end: its ending.
        led: whether "so" or its like leads to the value.
        unstopped: whether the sentence before has no full stop either. Where it has, and nothing leads to the value,
            the sentence may be no more than a value and its name: "Total = 45", "x = 7 cm".
    """
    found = values(body, end) or in_words(body)
    if not found:
        return False
    rest = body[found[-1].end :].strip(" .!)*\"'”’").split()
    if not rest and "=" in body[found[-1].start :]:
        return True
    if not (led or unstopped) and len(body[: found[-1].start].split()) + len(rest) > 3:
        return False
    if SUM.fullmatch(found[-1].text) or ("," not in body and "=" not in body and _SUBORDINATE.match(body)):
        return False
    is_short = len(rest) <= 3 or (unstopped and "=" in body)
    return is_short and not (rest and rest[-1].lower() in _FUNCTION_WORDS)
