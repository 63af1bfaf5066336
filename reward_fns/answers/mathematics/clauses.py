r"""What a sentence asserts: of its last clause with values, the value that stands as the predicate.

A sentence is cut where "so", "which", "giving" and their like begin a clause that follows from the one before. What
says when, why or by what means is left aside. Of several values the predicate is the one behind a verb such as "is".
"""

import re

from ttrl_verl.reward_fns.answers.mathematics import wording
from ttrl_verl.reward_fns.answers.mathematics.sentences import HELD, Ending
from ttrl_verl.reward_fns.answers.mathematics.values import (
    MAX_VALUES,
    UNFINISHED,
    Value,
    in_words,
    next_word,
    told,
    unit_behind,
    values,
)

_APART = re.compile(r"\s[(（](?=[^()]*[A-Za-z]{2}\s)[^()]*[)）]")
# Where a clause begins that says what follows from the one before.
_CUT = re.compile(
    r"[;；]\s?|(?<!\s):\s|[：]\s?|\s[-–—]{1,3}\s(?=[A-Za-z]{2})"
    r"|[,，]?\s(?:and\s)?(?:so|hence|thus|therefore|consequently|which|implying|giving(?:\sus)?|leaving|making|yielding"
    r"|producing|meaning(?:\sthat)?|resulting\sin|i\.e\.,?|that\sis,|that\smeans|or\s(?:simply|equivalently),?)\s"
    r"|,\s(?:then|(?:and|but|or)\s(?:this|that))\s"
    r"|[,，]?\s(?:and|to|we|you|i|one)\s(?:finally\s|then\s)?(?:(?:we|you|i|one)\s)?(?:can\s)?"
    r"(?:get|find|obtain|conclude|see\sthat|have|deduce)\s(?:that\s|us\s)?"
    r"|\s?(?:⇒|⟹|=>|∴|→)\s?|[,，、]?(?:所以|因此|故|即|从而|于是)[,，]?",
    re.IGNORECASE,
)
# A clause's remainder that says when, why or by what, or the same again, rounded.
_ASIDE = re.compile(
    r",?\s(?:because|since|when|where|whenever|if|provided|unless|while|assuming|although|though|as long as|for which"
    r"|given that)\s"
    r"|,?\s[(]?(?:or|which is|i\.e\.,?)\s(?:about|approximately|roughly|around|nearly|≈)\s"
    rf"|,?\s(?:or|i\.e\.,?)\s(?=[\d.]{{1,9}}\s?\\?%)|,?\s(?:approximately|about|roughly)\s(?=[\d{HELD}$])"
    r"|,\s(?:as|at|with|for|not|using|by|in|from|on|after|before|attained|achieved|occurring|obtained|being|after which"
    r"|and\s(?:we|this|that|it|one|is|are))\s",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(
    r"(?:(?:and|but|then|now|also)\s)?(?:if|when|where|since|because|as(?! a result)|with|while|once|after|before|to"
    r"|in order to|by|for|from|of|in|on|at|using|given that)\b",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(rf"(?:and\s|but\s)?(?:if|when)\s[^,]{{1,60}}(?:=|\s(?:is|are)\s(?=[\d{HELD}]))", re.IGNORECASE)
_MAIN_BEHIND = re.compile(
    rf",?\s(?:and\s)?(?:since|because|as|when|if)\s[^,]{{1,80}},\s(?=\S{{1,8}}\s?=|[{HELD}])", re.IGNORECASE
)
_SOLUTIONS = re.compile(
    r"\b(?:has|have|having|there (?:is|are)|admits?|with)\s"
    r"(?P<said>no (?:real |integer |rational |positive |valid |such )?(?:solutions?|(?:real )?roots?))\b"
    r"[^.]{0,40}[.]?\Z",
    re.IGNORECASE,
)
_EXISTS = re.compile(
    r"\b(?:answer|limit|value|integral|inverse|derivative|number|it|expression|function|integer|solution)\s(?:is\s)?"
    r"(?P<said>does not exist|undefined)[.]?\Z",
    re.IGNORECASE,
)
_EVERY = re.compile(r"\b(?:for|is|are|of)\s(?P<said>all real numbers|all real values of \w)[.]?\Z", re.IGNORECASE)
_JOINT = re.compile(r"\s?(?:,|，|、|;)?\s?(?:(?:and|or|y|o|und|oder|et|ou|e)\s|和|或|与|と)?\s?")
# What stands before a value that says when, where or of what.
_CONTEXT = re.compile(
    r"(?:\b(?:at|in|for|when|with|if|where|by|after|before|from|until|on|per|among|within|during|through|over|under|into"
    r"|every|each|out of|of (?:the|these|those|his|her|their|its|all|our|which|every|each)|than|as|only after|since)"
    r"|\b(?:the|these|those|his|her|their|first|last|next))(?:\s(?:the|first|last|other|next|all|only|those|these|an?))?"
    r"\s\Z",
    re.IGNORECASE,
)
# What stands before the predicate.
_SAYS = re.compile(
    r"(?:\b(?:is|are|was|were|be|been|equals?|equal to|get|gets|obtain|find|gives?|yields?|becomes?|makes?|made|leaves?"
    r"|left with|leaves \w+ with|has|have|had|to|total(?:s|ing)?(?:\sof)?|prints?|outputs?|returns?|produces?|reveals?"
    r"|brings|reaches|receives?|as|into|costs?|takes?|pays?|paid|earns?|earned|spends?|spent|saves?|saved|needs?|means|contains?|holds?"
    r"|measures?|out (?:to|as)|that['’]s|it['’]s"
    r"|(?:area|volume|remainder|sum|value|answer|average|mean|probability|length|perimeter|ratio|cost|price|speed|distance"
    r"|profit|rate|product|difference|chance|height|age|roots?|solutions?|maximum|minimum)\sof"
    r"|es|son|ist|sind|est|sont|é|è|são|sono|tiene|hat|beträgt|ergibt|vale|valent|vaut|là|adalah)"
    r"|[=:是为為は得有]|等于|이|는|은|в|равно|—)"
    r"(?:\s(?:therefore|thus|then|hence|simply|just|exactly|precisely|equal to|given by|about|approximately|now|only"
    r"|clearly|a total of|either|also|actually|the number|indeed|always|still|found to be|the set|the interval|the pair"
    r"|the point|all|me|you|him|her|us|them))*\s?\Z",
    re.IGNORECASE,
)
_COPULA = re.compile(
    r"(?:\b(?:is|are|was|were|equals?|be|has|have|costs?|gets?)|[=是为])(?:\s(?:exactly|simply|therefore))?\s?\Z",
    re.IGNORECASE,
)
_AND_THE_OTHER = re.compile(r"\s(?:and|while|y|und|et)\s")
_STEP = re.compile(
    r"\b(?:multipl|divi|add|subtract|replac|scal)\w*\s(?:[\w ]{1,30}\s)?(?:by|to|from)\s\Z", re.IGNORECASE
)
_OUT_OF = re.compile(r"\s(?:out of|in)\s(?:every\s)?", re.IGNORECASE)
_CHANCE = re.compile(r"\b(?:probabilit\w+|chances?|fraction|likelihood)\b", re.IGNORECASE)
_RATIO = re.compile(r"\b(?:ratio|odds|proportion)\b", re.IGNORECASE)
_IN_ALL = re.compile(r"(?:\s\w{1,15})?,?\s(?:in total|in all|altogether|total|overall)\b", re.IGNORECASE)
_TWO_UNITS = re.compile(
    r"\s(hours?|feet|foot|dollars?|minutes?|years?|weeks?|days?|pounds?|yards?|months?|hrs?|ft|h|min)"
    r"(?:,|\sand|,\sand)?\s",
    re.IGNORECASE,
)
_MORE_BEHIND = re.compile(
    r"\s?(?:(?:choose|squared|cubed|factorial|to the (?:\w+ )?power|o['’]clock|-(?=[a-z]))\b|(?:by|x)\s\d)",
    re.IGNORECASE,
)
_WORDS_BEFORE = 80
_TOTAL = re.compile(
    r"\b(?:total|sum|difference|result|change|final\w*|altogether|remaining|left|profit|answer|solution|value|product"
    r"|combined|overall|therefore|thus|so|net|average|mean)\b|总|共|结果",
    re.IGNORECASE,
)
_UNCLOSED = re.compile(r"(?<!\\)\$(?!\s?\d)|\\[a-zA-Z]+\{[^{}]*\Z|\\[(\[]")
_FUNCTION_WORDS = frozenset(
    "the a an of to and or so that which is are was were by for with from in on at as we if then but because since "  # noqa: SIM905
    "where "
    "when not be this these have has get need i it will can their his her its into than both each per".split()
)


def asserted(text: str, end: Ending, *, ended: bool, listed: bool) -> str | None:
    """Return the value that a sentence asserts; ``None`` where it asserts none.

    Args:
        text: the sentence.
        end: the ending that it is a part of.
        ended: whether it has its full stop, or something behind it; else it may have been cut off.
        listed: whether it is an item of a list, one value of several unless it names a total.

    Example:
        >>> from ttrl_verl.reward_fns.answers.mathematics.sentences import ending
        >>> end = ending("Since 5 of 8 are red, 3 are blue, which gives $3/8$ for blue.")
        >>> asserted(end.sentences[0].text, end, ended=True, listed=False)
        '3/8'
    """
    if wording.is_doubted(text):
        return None
    missing = _EXISTS.search(text)
    if missing:
        return missing["said"]
    body = _APART.sub("", wording.without_interjection(text))
    led = wording.leads(body)
    body = wording.without_lead(body)
    if not ended and (UNFINISHED.search(body) or _UNCLOSED.search(body)):
        return None
    if not led and wording.is_premise(body):
        return None
    cuts = list(_CUT.finditer(body))
    starts = [0, *(cut.end() for cut in cuts)]
    stops = [*(cut.start() for cut in cuts), len(body)]
    for place in range(len(starts) - 1, -1, -1):
        clause = _main(body[starts[place] : stops[place]])
        if wording.is_open(clause):
            return None
        found = _predicate(clause, end)
        if found is None:
            is_named = place and body[stops[place - 1] : starts[place]].strip() in (":", "：")
            if is_named or values(clause, end):
                return None
            continue
        start = stops[place] - len(clause)
        if not _concludes(clause, found, led or place > 0):
            return None
        if not ended and (place < len(starts) - 1 or not _may_end(body, start + found.end)):
            return None
        if listed and not led and not _TOTAL.search(body[: start + found.start]) and "=" not in found.text:
            return None
        return found.text
    return None


def _concludes(clause: str, found: Value, led: bool) -> bool:
    """Say whether a clause asserts its value, and is no step: "Divide 48 by 6"."""
    if wording.is_step(clause, led):
        return False
    return led or not wording.is_doing(clause) or "=" in found.text or _SAYS.search(_before(clause, found)) is not None


def _main(clause: str) -> str:
    """Return what follows a clause's first part that only says when or why: "Since 3 of 8 are red, 5 are blue"."""
    if _SUPPOSED.match(clause):
        return ""
    while _SUBORDINATE.match(clause) and (comma := re.search(r"[,，]\s?(?!\d)", clause)):
        clause = clause[comma.end() :]
    aside = _MAIN_BEHIND.search(clause)
    return clause[aside.end() :] if aside else clause


def _may_end(body: str, at: int) -> bool:
    """Say whether a sentence without a full stop may end there, a word or two behind its value."""
    rest = body[at:].strip(" .!)*\"'”’").split()
    return len(rest) <= 3 and not (rest and rest[-1].lower() in _FUNCTION_WORDS)


def _predicate(clause: str, end: Ending) -> Value | None:
    """Return the value of a clause, as it tells it."""
    phrase = _SOLUTIONS.search(clause) or _EVERY.search(clause)
    if phrase:
        return Value(phrase.start("said"), phrase.end("said"), phrase["said"])
    found = values(clause, end)
    if len(found) > MAX_VALUES:
        return None
    if not found:
        spelled = in_words(clause)
        is_clear = len(spelled) == 1 or (spelled and _SAYS.search(_before(clause, spelled[-1])))
        return spelled[-1] if is_clear else None
    aside = _ASIDE.search(clause, found[0].end)
    if aside:
        clause = clause[: aside.start()]
        found = [value for value in found if value.end <= len(clause)]
    whole = _of_several(clause, found)
    text = None if whole is None or _MORE_BEHIND.match(clause, whole.end) else told(whole.text)
    if whole is None or text is None:
        return None
    return Value(whole.start, whole.end, text + unit_behind(clause, whole.end))


def _of_several(clause: str, found: list[Value]) -> Value | None:
    """Return the value that is the predicate, with those that "and" or a comma joins to it."""
    groups: list[list[Value]] = []
    for value in found:
        if groups and _are_joined(groups[-1][-1], clause[groups[-1][-1].end : value.start], value):
            groups[-1].append(value)
        else:
            groups.append([value])
    if len(groups) > 1:
        together = _together(clause, groups[-2], groups[-1])
        if together:
            return together
        groups = [group for group in groups if not _is_context(_before(clause, group[0]))] or groups
    last = groups[-1]
    before = _before(clause, last[0])
    if _STEP.search(before):
        return None
    if len(groups) > 1:
        if not _SAYS.search(before) and not _IN_ALL.match(clause, last[-1].end):
            return None
        if len(groups) == 2 and _are_two_predicates(clause, groups[0], last):
            return Value(groups[0][0].start, last[-1].end, f"{groups[0][0].text}, {last[0].text}")
    return Value(last[0].start, last[-1].end, ", ".join(value.text.strip(" .,;") for value in last))


def _before(clause: str, value: Value) -> str:
    """Return the words right before a value."""
    return clause[max(0, value.start - _WORDS_BEFORE) : value.start]


def _is_context(before: str) -> bool:
    """Say whether the words before a value make of it a when, a where or a what for."""
    return _CONTEXT.search(before) is not None and _SAYS.search(before) is None


def _are_joined(left: Value, between: str, right: Value) -> bool:
    """Say whether two values are items of one list: "12 and 18", "x = 5 or x = -2"; not "by 3, n = 7"."""
    if not between.strip() or not _JOINT.fullmatch(between):
        return False
    return "=" in left.text or "=" not in right.text


def _are_two_predicates(clause: str, first: list[Value], last: list[Value]) -> bool:
    """Say whether a clause asserts two values alike: "the mother is 36 and the daughter is 12"."""
    return (
        "=" not in clause
        and _AND_THE_OTHER.match(clause, first[-1].end) is not None
        and all(_COPULA.search(_before(clause, group[0])) for group in (first, last))
    )


def _together(clause: str, left: list[Value], right: list[Value]) -> Value | None:
    """Return two values that are one: 3 to 2 of a ratio, 5 out of 12 of a probability, 2 hours and 30 minutes."""
    first, second = left[-1], right[0]
    between = clause[first.end : second.start]
    if _TWO_UNITS.fullmatch(between):
        stop = next_word(clause, second.end)
        return Value(first.start, stop, re.sub(r",?\sand\s|,\s", " ", clause[first.start : stop]))
    if len(left) > 1 or len(right) > 1:
        return None
    if between == " to " and _RATIO.search(clause):
        return Value(first.start, second.end, f"{first.text}:{second.text}")
    if _OUT_OF.fullmatch(between) and _CHANCE.search(clause):
        return Value(first.start, second.end, f"{first.text}/{second.text}")
    return None
