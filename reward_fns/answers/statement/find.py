r"""Where a response states its answer: "the answer is 5", "Answer: 5", 答案是5, a heading.

A statement is found by a word for "answer" and what must stand behind it. Every pattern is bounded and tried at such
words alone, so the time is linear in the text; of more than 64 the last 64 count.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from ttrl_verl.reward_fns.answers.statement.languages import (
    EAST_ASIAN_WORDS,
    FOREIGN_WORDS,
    HEADING,
    MARK,
    WORDS_WITHOUT_VERB,
    east_asian,
    foreign,
    without_verb,
)

MAX_STATEMENTS = 64

_VERB = (
    r"(?:is|are|was|were|(?:will|must|should|would|has to|have to|ought to|can only|could only|would have to|"
    r"needs to|turns out to|comes out to|works out to|happens to|seems to|appears to)"
    r"(?:\s(?:therefore|thus|then|hence|clearly|indeed|surely|also|now|only|actually))?\sbe|becomes|equals|comes to|"
    r"comes out as|works out as|remains|corresponds to|=)"
)
_ADVERB = (
    r"(?:therefore|thus|hence|then|so|clearly|simply|just|indeed|(?:most\s|very\s)?(?:likely|probably)|definitely|"
    r"certainly|surely|obviously|actually|also|now|exactly|precisely|equal to|given by|found to be|the following|"
    r"as follows|in fact|of course|still|really|only|approximately|about|roughly|around|again|finally|"
    r"(?:i|we)\s(?:think|believe|get|have|find|say)|(?:the\s)?(?:option|choice|letter|value|number|word)(?=\s|:))"
)
# Between "answer" and the verb: "to the question", "we seek", "here", "(rounded to two places)", "for part B".
_OF_WHAT = (
    r"(?:,\s(?:then|therefore|thus|of course|hence|(?:in|rounded|expressed|written|correct)\s[^,\n]{1,50}),"
    r"|\sto\s[\"“][^\"”\n]{1,120}[\"”]|\s(?:choice|here|option|letter)|\s?\([^()\n]{1,60}\)|"
    r"\s(?:to|of|for|in|at|on|from|we|i|that|which|as|based|according|required|then|therefore|thus"
    r"|you\s(?:are\s)?\w+(?:\sfor)?)\b[^\n:：=?!;,]{0,80}?)"
)
_ENGLISH = re.compile(
    rf"{MARK}{_OF_WHAT}?{MARK}(?:(?<=\.)(?=\s)|\s?(?:[-=]>|[→⇒➜➔➡⟶⟹])|\s?[:：=]|\s\|(?=\s)|\s?[-–—]+(?=\s)"
    rf"|(?<=answer)\sof(?=\s[\d$\\-])|(?=\s(?:is|was)n['’]t\b)"
    rf"|,?\s(?<!\swe\s)(?<!\syou\s)(?<!\sthey\s)(?<!\si\s){_VERB}\b{MARK}(?:,?\s{_ADVERB}\b,?){{0,3}}\s?[:：=]?)",
    re.IGNORECASE,
)
_NO_STATEMENT = tuple(",;!?")
_PARENTHESIS = (
    " th",
    " of",
    " he",
    " in ",
    " rounded",
    " expressed",
    " written",
    " correct",
)  # "The answer, then, is 5"
# Of a heading: "### Answer", "**Final Answer**".
_HEADING_START = re.compile(
    r"(?:\A|\n)[\s#*_>|\-]{0,8}(?:(?:the|my|our|your|correct|final|step|\d{1,2}|conclusion"
    r"|and)\b[\s:*_.]{0,3}){0,4}\Z",
    re.IGNORECASE,
)
# Not asserted: "a common wrong answer is B", "if the answer is B", "I thought the answer is B".
_DENIED = re.compile(
    r"(?:\b(?:wrong|incorrect|common|tempting|na[iï]ve|false|bad|possible|typical|other|trap|expected|previous|"
    r"intermediate|student'?s?|partial|sample|example)(?:\s\w{1,12})?\s(?:(?:final|first)\s)?"
    r"|\b(?:might|may|would|people|some|many)\s(?:\w{1,12}\s)?(?:think|believe|say|guess|expect)\s(?:that\s)?(?:the\s)?"
    r"|\b(?:if|whether|suppose|supposing|assume|assuming|unless|thought|guessed|imagine|says|claims?|until)"
    r"\s(?:that\s)?(?:(?:the|my|this|our|its|a|an)\s)?(?:\w{1,12}\s)?)\Z",
    re.IGNORECASE,
)
# Words without one of which the patterns above cannot match: to look for them first takes a tenth of the time.
_DENIALS = frozenset(
    "wrong incorrect common tempting naive naïve false bad possible typical other trap expected previous intermediate "  # noqa: SIM905
    "student students partial sample example if whether suppose supposing assume assuming unless thought guessed "
    "might may would people some many imagine says claim claims until".split()
)
_ADVERBS = frozenset(
    "therefore thus hence then so clearly simply just indeed most very likely probably definitely certainly surely "  # noqa: SIM905
    "obviously actually also now exactly precisely equal given found the following as in of still really only "
    "approximately about roughly around again finally i we option choice letter value number word".split()
)
_TOKEN, _FIRST_WORD = re.compile(r"\w+"), re.compile(r"\w{1,40}")
_NOT_PLAIN = ("", ":", "：", "=")
_LABELS = ("final:", "ans:", "ans.", "ans =", "result:", "conclusion:")
_LABEL_CHARS = 800
_TAIL, _TAIL_MARGIN = 400, 160  # what stands before a statement and bears on it is within the margin
_NEGATION = re.compile(
    r"\s?[*_]{0,2}(?:not|never|neither|nor|no longer|isn't|n't|不是|并非|non|nicht)\b", re.IGNORECASE
)


class Statement(NamedTuple):
    """Where an answer is stated.

    Attributes:
        start: where the statement's word for "answer" begins.
        end: where what is stated begins.
    """

    start: int
    end: int


def statements(text: str, words: tuple[str, ...] = ()) -> list[Statement]:
    """Return where a text states answers, in its order; what is supposed, denied or called wrong is none.

    Args:
        text: the final part of a response.
        words: further words that state an answer where a colon or a verb is behind them, in lower case.

    Example:
        >>> text = "If the answer is 4, ... A common wrong answer is 5. The answer to this is clearly 6."
        >>> [text[found.end :] for found in statements(text)]
        ['6.']
    """
    lowered = text.lower()
    if len(lowered) != len(text):  # a letter whose small form is two characters
        lowered = text
    # rfind, here and wherever a text is looked through: it takes a third of the time of find and in.
    found = _behind(text, lowered, "answer", _english)
    found += _labelled(text, lowered, words)
    if " the " not in lowered:
        for word in FOREIGN_WORDS:
            found += _behind(text, lowered, word, foreign)
        for word in WORDS_WITHOUT_VERB:
            found += _behind(text, lowered, word, without_verb)
    if not text.isascii():
        for word in EAST_ASIAN_WORDS:
            found += _behind(text, lowered, word, east_asian)
    found.sort()
    return found[-MAX_STATEMENTS:]


def latest(text: str, words: tuple[str, ...] = ()) -> Statement | None:
    """Return the last statement where it stands in the last lines of a long text; ``None`` where it may not.

    It is the last of ``statements``, at a fifth of its time.

    Example:
        >>> text = "and " * 500 + "so the sum of the two is even. The answer is 6."
        >>> text[latest(text).end :], latest("The answer is 6.")
        ('6.', None)
    """
    start = len(text) - _TAIL
    tail = text[start:]
    if start < _TAIL or tail.rfind("nswer") < _TAIL_MARGIN or " the " not in tail or not tail.isascii():
        return None
    found = statements(tail, words)
    last = found[-1] if found else None
    return Statement(last.start + start, last.end + start) if last and last.start >= _TAIL_MARGIN else None


def _ends_of(length: int) -> tuple[tuple[int, int], ...]:
    """Return the first and the last stretch of a text, or all of a short one: where labels stand."""
    if length <= 2 * _LABEL_CHARS:
        return ((0, length),)
    return ((0, _LABEL_CHARS), (length - _LABEL_CHARS, length))


def negated(text: str, statement: Statement) -> bool:
    """Say whether what is stated is denied: "the answer is not 5"."""
    return _NEGATION.match(text, statement.end) is not None


def _behind(text: str, lowered: str, word: str, ends: Callable[[str, int, int], int | None]) -> list[Statement]:
    """Return the last statements that begin with a word."""
    found: list[Statement] = []
    at = lowered.rfind(word)
    while at >= 0 and len(found) < MAX_STATEMENTS:
        end: int | None = at + len(word)
        if text[end : end + 1] in _NO_STATEMENT and not text.startswith(_PARENTHESIS, end + 1):  # "the answer, compare"
            end = None
        else:
            end = ends(text, at, end)
        if end is not None:
            found.append(Statement(at, end))
        at = lowered.rfind(word, 0, at)
    return found


def _labelled(text: str, lowered: str, words: tuple[str, ...]) -> list[Statement]:
    """Return the statements that begin with a label, near the beginning and the end of the text."""
    found: list[Statement] = []
    with_colon, others = _by_ending(words)
    stretches = _ends_of(len(text))
    together = lowered if len(stretches) == 1 else lowered[: stretches[0][1]] + "\n" + lowered[stretches[1][0] :]
    is_ascii = together.isascii()
    present = [one for one in others if (one[3] or not is_ascii) and together.rfind(one[0]) >= 0]
    for first, last in stretches:
        for word, begins, ends, _ in present:
            at = lowered.rfind(word, first, last)
            while at >= 0:
                if begins and lowered.startswith(begins, at, last):
                    found += [
                        one for label in begins if lowered.startswith(label, at) for one in _of_label(text, at, label)
                    ]
                if ends and lowered.endswith(ends, first, at + len(word)):
                    for label in ends:
                        if lowered.endswith(label, first, at + len(word)):
                            found += _of_label(text, at + len(word) - len(label), label)
                at = lowered.rfind(word, first, at)
        colon = lowered.rfind(":", first, last)
        while colon >= 0:
            if lowered.endswith(with_colon, first, colon + 1):
                for label in with_colon:
                    if lowered.endswith(label, first, colon + 1):
                        found += _of_label(text, colon + 1 - len(label), label)
            colon = lowered.rfind(":", first, colon)
    return found


@lru_cache(maxsize=32)
def _by_ending(
    words: tuple[str, ...],
) -> tuple[tuple[str, ...], list[tuple[str, tuple[str, ...], tuple[str, ...], bool]]]:
    """Return the labels that end in a colon, which is found at once, and the others by a word that they share.

    With each such word stand the labels that begin with it, those that end with it, and whether it is ASCII.
    """
    labels = (*_LABELS, *words)
    others: dict[str, tuple[list[str], list[str]]] = {}
    for label in labels:
        if label[-1] != ":":
            first, _, last = label.rpartition(" ")
            begins = not first or last in ("is", "=")
            word = label if begins else f"{first[-1]} {last}"  # "t option", of "correct option": few texts have it
            others.setdefault(word, ([], []))[0 if begins else 1].append(label)
    return (
        tuple(label for label in labels if label[-1] == ":"),
        [(word, tuple(begin), tuple(end), word.isascii()) for word, (begin, end) in others.items()],
    )


def _of_label(text: str, at: int, label: str) -> list[Statement]:
    """Return the statement that begins with a label, if it is one."""
    name = label.rstrip(":.= ").removesuffix(" is")
    end = (_english if label.isascii() else east_asian)(text, at, at + len(name))
    return [] if end is None else [Statement(at, end)]


def _english(text: str, start: int, end: int) -> int | None:
    following = text[end : end + 1]
    if following in _NO_STATEMENT and not text.startswith(_PARENTHESIS, end + 1):
        return None
    if text[start - 1 : start].isalpha():
        return None
    if following in ("s", "S"):
        end += 1
        following = text[end : end + 1]
        if following in _NO_STATEMENT and not text.startswith(_PARENTHESIS, end + 1):
            return None
    if following.isalnum():
        return None
    if text[end : end + 2] == ". " and text[start:end].lower() == "ans":
        end += 1
    before = text[max(0, start - 60) : start]
    behind = _plainly(text, end)
    if behind is None:
        heading = HEADING.match(text, end)
        if heading:
            return heading.end() if _HEADING_START.search(before) else None
        stated = _ENGLISH.match(text, end)
        behind = stated.end() if stated else None
    return None if behind is None or _denied(before) else behind


def _plainly(text: str, end: int) -> int | None:
    """Return where the answer begins in ": 5" and " is 5", as most are; ``None`` where the pattern has to tell."""
    if text[end : end + 1] == ":":
        return end + 1
    if text[end : end + 4] != " is ":
        return None
    at = end + len(" is ")
    word = _FIRST_WORD.match(text, at)
    if word:
        return None if word.group().lower() in _ADVERBS else at
    return None if text[at : at + 1] in _NOT_PLAIN or text[at].isspace() else at


def _denied(before: str) -> bool:
    """Say whether what stands before a word for "answer" denies the statement."""
    return not _DENIALS.isdisjoint(_TOKEN.findall(before[-45:].lower())) and _DENIED.search(before) is not None
