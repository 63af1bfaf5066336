r"""The value of a clause that stands as its predicate: of several the one behind a verb such as "is"."""

import re

from ttrl_verl.reward_fns.answers.mathematics.finding import wording
from ttrl_verl.reward_fns.answers.mathematics.finding.sentences import HELD, Ending
from ttrl_verl.reward_fns.answers.mathematics.finding.values import (
    MAX_VALUES,
    Value,
    in_words,
    is_assigned,
    is_calculation,
    is_condition,
    next_word,
    told,
    unit_behind,
    values,
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
_SOLUTIONS = re.compile(
    r"\b(?:has|have|having|there (?:is|are)|admits?|with)\s"
    r"(?P<said>infinitely many|no (?:real |integer |rational |positive |valid |such )?"
    r"(?:solutions?|(?:real )?roots?))(?:(?<=many)\s[a-z]+)?\b"
    r"(?:\s(?:to|for|in|of|over|at|among)\b[^.=\d]{0,40})?[.]?\Z",
    re.IGNORECASE,
)
_EVERY = re.compile(r"\b(?:for|is|are|of)\s(?P<said>all real numbers|all real values of \w)[.]?\Z", re.IGNORECASE)
_JOINT = re.compile(r"\s?(?:,|，|、|;)?\s?(?:(?:and|or|y|o|und|oder|et|ou|e)\s|和|或|与|と)?\s?")
# What stands before a value that says when, where or of what.
_CONTEXT = re.compile(
    r"(?:\b(?:at|in|for|when|with|if|where|by|after|before|from|until|on|per|among|within|during|through|over|under|into"
    r"|every|each|out of|of (?:the|these|those|his|her|their|its|all|our|which|every|each)|than|as|only after|since)"
    r"|\b(?:the|these|those|his|her|their|first|last|next|about))(?:\s(?:the|first|last|other|next|all|only|those|these|an?))?"
    r"\s\Z",
    re.IGNORECASE,
)
# What stands before the predicate.
_SAYS = re.compile(
    r"(?:\b(?:is|are|was|were|be|been|equals?|equal to|get|gets|obtain|find|gives?|yields?|becomes?|makes?|made|leaves?"
    r"|only|left with|leaves \w+ with|has|have|had|to|total(?:s|ing)?(?:\sof)?|prints?|outputs?|returns?|produces?"
    r"|reveals?|brings|reaches|receives?|as|into|costs?|takes?|pays?|paid|earns?|earned|spends?|spent|saves?|saved|needs?|means|contains?|holds?"
    r"|measures?|out (?:to|as)|that['’]s|it['’]s"
    r"|(?:area|volume|remainder|sum|value|answer|average|mean|probability|length|perimeter|ratio|cost|price|speed|distance"
    r"|profit|rate|product|difference|chance|height|age|roots?|solutions?|maximum|minimum)\sof"
    r"|(?:would|will|can|could|must|should|did|does|to|also)\s\w+|\w{2,}ed|ate|read|sold|bought|drove|ran|won|lost|gave|kept"
    r"|grew|drank|swam|rode|wrote|built|caught|made|took|got|found|left|owns?|uses?|weighs?|eats?|lasts?|runs?|sells?|buys?"
    r"|es|son|ist|sind|est|sont|é|è|são|sono|tiene|hat|beträgt|ergibt|vale|valent|vaut|là|adalah)"
    r"|[=:是为為は得有]|等于|이|는|은|в|равно|—)"
    r"(?:\s(?:therefore|thus|then|hence|simply|just|exactly|precisely|equal to|given by|about|approximately|now|only"
    r"|clearly|a total of|either|also|actually|the number|indeed|always|still|found to be|the set|the interval|the pair"
    r"|the point|all|me|you|him|her|us|them))*\s?\Z",
    re.IGNORECASE,
)
_INEQUALITY = re.compile(r"[<>≤≥]|\\[lg]e(?:q|qslant)?(?![a-z])")
_COPULA = re.compile(
    r"(?:\b(?:is|are|was|were|equals?|be|has|have|costs?|gets?)|[=是为有])(?:\s(?:exactly|simply|therefore))?\s?\Z",
    re.IGNORECASE,
)
# "with n = 3", "the case n = 3": no value of what was asked.
_NAMED_VALUE = re.compile(r"[a-zA-Z]\w?\s?=\s?\S+")
_OF_CASE = re.compile(r"\b(?:with|when|for|if|about|case|setting|like|take|let|try|where)\s\Z", re.IGNORECASE)
_GIVEN = re.compile(r"\A\s?(?:with|when|for|if|setting|taking|substituting)\s\Z", re.IGNORECASE)
_DEFINITE = re.compile(r"\b(?:the|these|those|the factor(?: of)?)\s\Z", re.IGNORECASE)
# Behind a value that a clause begins with: "6 of the 10 are even", "-2 is a solution of x + 1 < 0".
_IS_SUBJECT = re.compile(
    r"\s(?:of\s(?:the|these|those|them|all)\b"
    r"|(?:is|are)\s(?:also\s|therefore\s)?(?:an?|the|our|one of)\s[a-z]|are\s(?!equal\b)[a-z])"
)
# A calculation and its result: "3 * 4 = 12".
_CALCULATED = re.compile(r"[^A-Za-z=]*[-+*/x×·÷−][^A-Za-z=]*=[^=]*|[^=]{1,40}=[^=]*\d[^=]*=[^=]*")
_AND_THE_OTHER = re.compile(
    r"(?:\s\w{1,12})?\s(?:and|while|y|und|et)\s|[\u4e00-\u9fff]{0,2}[，、]|,\s(?!(?:and|but)\b)"
)
_CHANGED_BY = re.compile(
    r"\b(?:increas|decreas|ris|rose|grow|grew|fall|fell|drop|reduc|chang|differ|exceed|gain|shrink|shrank|lower)\w*\s[^,;:]{0,70}by\s"
    r"(?:about\s|exactly\s)?\Z",
    re.IGNORECASE,
)
_STEP = re.compile(
    r"\b(?!adds? up to\b)(?:multipl|divi|add|subtract|replac|scal)\w*\s(?:[\w ]{1,30}\s)?(?:by|to|from)\s\Z",
    re.IGNORECASE,
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
# An equation in x, y and z is the answer where it is one of these.
_CURVE = re.compile(
    r"\b(?:equations?|lines?|planes?|circles?|ellipses?|parabolas?|hyperbolas?|curves?|graphs?|locus|tangent|asymptotes?"
    r"|spheres?|relations?|satisf(?:y|ies))\b",
    re.IGNORECASE,
)
_CHOSEN = re.compile(
    rf"\b(?:correct|right|best|matching)\s\w+\s(?:is|are)\s(?:\w+\s)?(?P<said>[{HELD}]|\(?[A-J]\)?)[.]?\Z",
    re.IGNORECASE,
)
_SMALLER_UNIT = re.compile(r"\s?(?:minutes?|mins?|seconds?|inch(?:es)?|in|cents?|days?|hours?|months?|ounces?|oz)\b")
# Things that a solution counts on its way.
_OF_PROCESS = re.compile(
    r"\s(?:(?:more|possible|different|additional|separate|main)\s)?(?:cases|interpretations|conditions|approaches|unknowns"
    r"|variables|equations|decimals?|decimal places|options|methods|theorems|hints)\b",
    re.IGNORECASE,
)
_MORE_BEHIND = re.compile(
    r"\s?(?:(?:choose|squared|cubed|factorial|to the (?:\w+ )?power|o['’]clock|-(?=[a-z]))\b|(?:by|x)\s\d)",
    re.IGNORECASE,
)
_WORDS_BEFORE = 80
# A sum that was not worked out: where a sentence was cut off behind it, its result is missing.
SUM = re.compile(r"(?=.*\d)[\d.,$\s()]+(?:[-+*×·x−–]|\\(?:cdot|times))[\d.,$\s()+*/×·x−–-]+")
"""A sum that was not worked out, as a pattern."""


def predicate(clause: str, end: Ending, led: bool) -> Value | None:
    """Return the value of a clause, as it tells it; ``None`` where it has none, or leaves it open.

    Args:
        clause: the clause.
        end: the ending that it is a part of.
        led: whether "so" or its like leads to it.

    Example:
        >>> from ttrl_verl.reward_fns.answers.mathematics.finding.sentences import ending
        >>> end = ending("The remainder of 100 by 7 is 2 for all of them")
        >>> predicate(end.sentences[0].text, end, led=False).text
        '2'
    """
    phrase = _SOLUTIONS.search(clause) or _EVERY.search(clause) or _CHOSEN.search(clause)
    if phrase:
        return Value(phrase.start("said"), phrase.end("said"), end.written(phrase["said"]))
    found = values(clause, end)
    if len(found) > MAX_VALUES:
        return None
    if not found:
        spelled = in_words(clause)
        if not spelled or _OF_PROCESS.match(clause, spelled[-1].end):
            return None
        if wording.is_open(clause, spelled[-1].start, spelled[-1].end):
            return None
        is_clear = len(spelled) == 1 or is_said(clause, spelled[-1])
        return spelled[-1] if is_clear else None
    aside = _ASIDE.search(clause, found[0].end)
    if aside:
        clause = clause[: aside.start()]
        found = [value for value in found if value.end <= len(clause)]
    told_of = [value for value in found if not is_condition(value.text)] or (found if led else [])
    whole = _of_several(clause, told_of) if told_of else None
    if whole is None or _OF_PROCESS.match(clause, whole.end) or wording.is_open(clause, whole.start, whole.end):
        return None
    if _GIVEN.search(words_before(clause, whole)) and ", " in whole.text:  # "With $T = 3, k = 5$"
        whole = whole._replace(text=whole.text.split(", ", 1)[1])
    text = (
        None
        if _MORE_BEHIND.match(clause, whole.end)
        else told(whole.text, is_curve=bool(_CURVE.search(clause)), led=led)
    )
    if text is None:
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
    if len(groups) > 1 and _IS_SUBJECT.match(clause, groups[0][-1].end) and not clause[: groups[0][0].start].strip():
        groups = groups[:1]
    if len(groups) > 1:
        together = _together(clause, groups[-2], groups[-1])
        if together:
            return together
        groups = [
            group
            for group in groups
            if _CALCULATED.fullmatch(group[-1].text) or not is_context(words_before(clause, group[0]))
        ] or groups
    last = groups[-1]
    before = words_before(clause, last[0])
    if _STEP.search(before) or (
        _NAMED_VALUE.fullmatch(last[0].text) and _OF_CASE.search(before) and not _SAYS.search(before)
    ):
        return None
    if _DEFINITE.search(before) and last[0].text.isdigit():
        return None
    if len(groups) > 1 and "=" not in last[-1].text:
        equations = [group for group in groups if _CALCULATED.fullmatch(group[-1].text)]
        if equations and not wording.is_said(before) and not _IN_ALL.match(clause, last[-1].end):
            last = equations[-1]
            return Value(last[-1].start, last[-1].end, last[-1].text)
        if not _SAYS.search(before) and not _IN_ALL.match(clause, last[-1].end):
            return None
        if len(groups) == 2 and _are_two_predicates(clause, groups[0], last):
            return Value(groups[0][0].start, last[-1].end, f"{groups[0][0].text}, {last[0].text}")
    if len(last) == 2 and is_calculation(last[0].text) and clause[last[0].end : last[1].start].strip() == "or":
        last = last[1:]  # worked out
    joint = " or " if len(last) > 1 and all(_INEQUALITY.search(value.text) for value in last) else ", "
    return Value(last[0].start, last[-1].end, joint.join(value.text.strip(" .,;") for value in last))


def words_before(clause: str, value: Value) -> str:
    """Return the words right before a value."""
    return clause[max(0, value.start - _WORDS_BEFORE) : value.start]


def is_context(before: str) -> bool:
    """Say whether the words before a value make of it a when, a where or a what for."""
    if _CHANGED_BY.search(before):
        return False
    return _CONTEXT.search(before) is not None and _SAYS.search(before) is None


def _are_joined(left: Value, between: str, right: Value) -> bool:
    """Say whether two values are items of one list: "12 and 18", "x = 5 or x = -2"; not "by 3, n = 7"."""
    if not between.strip() or not _JOINT.fullmatch(between):
        return False
    if "=" not in right.text:
        return True
    return all(is_assigned(value.text) for value in (left, right))


def _are_two_predicates(clause: str, first: list[Value], last: list[Value]) -> bool:
    """Say whether a clause asserts two values alike: "the mother is 36 and the daughter is 12"."""
    return (
        "=" not in clause
        and _AND_THE_OTHER.match(clause, first[-1].end) is not None
        and all(_COPULA.search(words_before(clause, group[0])) for group in (first, last))
    )


def _together(clause: str, left: list[Value], right: list[Value]) -> Value | None:
    """Return two values that are one: 3 to 2 of a ratio, 5 out of 12 of a probability, 2 hours and 30 minutes."""
    first, second = left[-1], right[0]
    between = clause[first.end : second.start]
    if _TWO_UNITS.fullmatch(between) and _SMALLER_UNIT.match(clause, second.end):
        stop = next_word(clause, second.end)
        return Value(first.start, stop, re.sub(r",?\sand\s|,\s", " ", clause[first.start : stop]))
    if len(left) > 1 or len(right) > 1:
        return None
    if between == " to " and _RATIO.search(clause):
        return Value(first.start, second.end, f"{first.text}:{second.text}")
    if _OUT_OF.fullmatch(between) and _CHANCE.search(clause):
        return Value(first.start, second.end, f"{first.text}/{second.text}")
    return None


def is_said(clause: str, value: Value) -> bool:
    """Say whether a verb such as "is" or "gives" stands right before a value."""
    return _SAYS.search(words_before(clause, value)) is not None
