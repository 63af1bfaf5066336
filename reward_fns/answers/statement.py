r"""Where a response states its answer: "the answer is 5", "Answer: 5", 答案是5, a tag, JSON, a heading.

A statement is found by a word for "answer" and what must stand behind it. Every pattern is bounded and tried at such
words alone, so the time is linear in the text; of more than 64 the last 64 count.
"""

import json
import re
from collections.abc import Callable
from typing import NamedTuple

MAX_STATEMENTS = 64

_VERB = (
    r"(?:is|are|was|were|(?:will|must|should|would|has to|have to|ought to|can only|could only|would have to|"
    r"needs to|turns out to|comes out to|works out to|happens to|seems to|appears to)\sbe|becomes|equals|comes to|"
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
    r"(?:,\s(?:then|therefore|thus|of course|hence),|\s(?:choice|here|option|letter)|\s?\([^()\n]{1,60}\)|"
    r"\s(?:to|of|for|in|at|on|from|we|i|that|which|as|based|according|required|then|therefore|thus"
    r"|you\s(?:are\s)?\w+(?:\sfor)?)\b[^\n:：=?!;,]{0,80}?)"
)
_MARK = r"[*_`\"'”’)\]}]{0,4}"
_ENGLISH = re.compile(
    rf"{_MARK}{_OF_WHAT}?{_MARK}(?:(?<=\.)(?=\s)|\s?[:：=]|\s?[-–—]+(?=\s)"
    rf"|,?\s{_VERB}\b{_MARK}(?:,?\s{_ADVERB}\b,?){{0,3}}\s?[:：=]?)",
    re.IGNORECASE,
)
_NO_STATEMENT = tuple(",;!?")
_PARENTHESIS = (" th", " of", " he")  # "The answer, then, is 5"
# A line that is a heading, with the answer below: "### Answer", "**Final Answer**".
_HEADING = re.compile(rf"{_MARK}\s{{0,3}}\n")
_HEADING_START = re.compile(
    r"(?:\A|\n)[\s#*_>|\-]{0,8}(?:(?:the|my|our|your|correct|final|step|\d{1,2}|conclusion"
    r"|and)\b[\s:*_.]{0,3}){0,4}\Z",
    re.IGNORECASE,
)
# Not asserted: "a common wrong answer is B", "if the answer is B", "I thought the answer is B".
_DENIED = re.compile(
    r"(?:\b(?:wrong|incorrect|common|tempting|na[iï]ve|false|bad|possible|typical|other|trap|expected|previous|"
    r"intermediate|student'?s?|partial|sample|example)(?:\s\w{1,12})?\s(?:(?:final|first)\s)?"
    r"|\b(?:if|whether|suppose|supposing|assume|assuming|unless|thought|guessed|imagine|says|claims?|until)"
    r"\s(?:that\s)?(?:(?:the|my|this|our|its|a|an)\s)?(?:\w{1,12}\s)?)\Z",
    re.IGNORECASE,
)
_FOREIGN = re.compile(
    r"(?:\s(?:final|finale|correcta?|correcte?|richtige|corretta|correta|definitiva))?"
    r"(?:\s?[:：=]|\s?[-–—]+(?=\s)|\s(?:es|est|ist|lautet|é|è|e|sería|será|serait|wäre|sarà|seria|is|jest|är|er|je|"
    r"debe ser|doit être|muss)\b(?:\s(?:la|le|die|der|das|el|il|o|a)(?=\s))?(?:\s(?:opción|option|lettre|opção"
    r"|letra|lettera)\b)?\s?[:：]?)",
    re.IGNORECASE,
)
_EAST_ASIAN = re.compile(
    r"[】\]）)」』*_]{0,4}\s?(?:[:：=]|(?:应该|应当|应|就|正|便|只能|必须|必|也|显然|当然|可能)?\s?"
    r"(?:选择|選擇|選|选|等于|是|为|為|는|은|이|は|が)\s?(?:选项|選項|選択肢)?[:：]?|(?<=[】\]）)」』*_])(?!\s?[（(]?\w{2})|(?=[【「]))"
)
_LABELS = ("ans:", "ans.", "ans =", "result:", "conclusion:")
_LABEL_CHARS = 800
_FOREIGN_WORDS = (
    "respuesta",
    "antwort",
    "réponse",
    "reponse",
    "risposta",
    "resposta",
    "odpowiedź",
    "svar",
    "antwoord",
    "ответ",
    "oтвет",
    "đáp án",
)
_EAST_ASIAN_WORDS = ("答案", "正解", "答え", "解答", "정답", "답")
# The other way round: "5 is the answer".
_SUBJECT = re.compile(
    r"(?P<subject>[^\n!?;]{1,80}?)\s(?:is|are|was|must be)\s(?:therefore\s|thus\s|clearly\s)?(?:the|our|my)\s"
    r"(?:final\s|correct\s|right\s|best\s)?\Z",
    re.IGNORECASE,
)
_DETERMINERS = (" the", " our", " my", " final", " correct", " right", " best")
_COPULAS = (" is ", " are ", " was ", " must be ")
_SENTENCE_START = re.compile(r"(?:\A|[.!?。]\s|\n)\s{0,3}")
_LEADING = re.compile(
    r"(?:(?:and|so|thus|hence|therefore|then|finally|clearly|consequently|i think|we see that|this means)\b,?\s)+",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"(?:what|which|this|that|it|here|who|where|neither|none|not|nothing|if|whether)\b", re.IGNORECASE
)
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
    found = _behind(text, lowered, "answer", _english)
    for start, end in _ends_of(len(text)):
        for word in (*_LABELS, *words):
            if lowered.find(word, start, end) >= 0:
                found += _behind(text, lowered, word, _english if word.isascii() else _east_asian, start, end)
    if " the " not in lowered:
        for word in _FOREIGN_WORDS:
            found += _behind(text, lowered, word, _foreign)
    if not text.isascii():
        for word in _EAST_ASIAN_WORDS:
            found += _behind(text, lowered, word, _east_asian)
    found.sort()
    return found[-MAX_STATEMENTS:]


def _ends_of(length: int) -> tuple[tuple[int, int], ...]:
    """Return the first and the last stretch of a text, or all of a short one: where labels stand."""
    if length <= 2 * _LABEL_CHARS:
        return ((0, length),)
    return ((0, _LABEL_CHARS), (length - _LABEL_CHARS, length))


def negated(text: str, statement: Statement) -> bool:
    """Say whether what is stated is denied: "the answer is not 5"."""
    return _NEGATION.match(text, statement.end) is not None


def subject_of_answer(text: str) -> str | None:
    """Return what a text says to be the answer in "X is the answer", where it says so last; ``None`` where it does not.

    Example:
        >>> subject_of_answer("We try a few. So 42 is the answer to question 7.")
        '42'
        >>> subject_of_answer("What is the answer?") is None
        True
    """
    lowered = text.lower()
    at = lowered.rfind(" answer")
    if at < 0 or len(lowered) != len(text):
        return None
    if not lowered.endswith(_DETERMINERS, 0, at) or not any(verb in lowered[max(0, at - 40) : at] for verb in _COPULAS):
        return None
    before, sentence = text[max(0, at - 140) : at + 1], 0
    for start in _SENTENCE_START.finditer(before):
        sentence = start.end()
    match = _SUBJECT.fullmatch(before, sentence)
    if not match:
        return None
    said = _LEADING.sub("", match["subject"].strip(), count=1)
    return None if _PRONOUN.match(said) else said or None


def _behind(
    text: str,
    lowered: str,
    word: str,
    ends: Callable[[str, int, int], int | None],
    first: int = 0,
    last: int | None = None,
) -> list[Statement]:
    """Return the statements that begin with a word in a stretch of the text."""
    found: list[Statement] = []
    length = len(word.rstrip(":.= ").removesuffix(" is"))
    at = lowered.rfind(word, first, len(text) if last is None else last)
    while at >= 0 and len(found) < MAX_STATEMENTS:
        end = ends(text, at, at + length)
        if end is not None:
            found.append(Statement(at, end))
        at = lowered.rfind(word, first, at)
    return found


def _english(text: str, start: int, end: int) -> int | None:
    if text[start - 1 : start].isalpha():
        return None
    following = text[end : end + 1]
    if following in ("s", "S"):
        end += 1
        following = text[end : end + 1]
    if following.isalnum() or (following in _NO_STATEMENT and not text.startswith(_PARENTHESIS, end + 1)):
        return None
    if text[end : end + 2] == ". " and text[start:end].lower() == "ans":
        end += 1
    before = text[max(0, start - 60) : start]
    heading = _HEADING.match(text, end)
    if heading:
        return heading.end() if _HEADING_START.search(before) else None
    stated = _ENGLISH.match(text, end)
    if not stated or _DENIED.search(before):
        return None
    return stated.end()


def _foreign(text: str, start: int, end: int) -> int | None:
    stated = None if text[start - 1 : start].isalpha() else _FOREIGN.match(text, end)
    return stated.end() if stated else None


def _east_asian(text: str, start: int, end: int) -> int | None:
    heading = _HEADING.match(text, end)
    if heading:
        return heading.end()
    stated = _EAST_ASIAN.match(text, end)
    return stated.end() if stated else None


# Tags: <answer>5</answer>, [ANSWER]5[/ANSWER], <final_answer>, <choice>.
_TAG = re.compile(
    r"[<\[](/?)((?:final[_ \-]?)?(?:answer|ans|choice|option|label|result)|final|solution)[>\]]", re.IGNORECASE
)
_TAG_ENDINGS = ("answer>", "ans>", "choice>", "option>", "label>", "result>", "final>", "solution>")
_TAG_CHARS = 2_000


def tagged(text: str) -> str | None:
    """Return what the last pair of answer tags holds; a tag that nothing closes holds the rest of the text.

    Example:
        >>> tagged("2+3 is 5: <answer>5</answer>"), tagged("[ANSWER] 5 [/ANSWER]"), tagged("answer 5")
        ('5', '5', None)
    """
    if ">" not in text and "]" not in text:
        return None
    lowered = text.lower()
    if not ("answer]" in lowered or (">" in text and any(ending in lowered for ending in _TAG_ENDINGS))):
        return None
    held = begin = opened = None
    for tag in _TAG.finditer(text):
        if not tag[1]:
            begin, opened = tag.end(), tag[2].lower()
        elif begin is not None and tag[2].lower() == opened:
            held, begin = text[begin : tag.start()].strip() or held, None
    if held is None and begin is not None:
        held = text[begin:].strip()
    return held if held and len(held) <= _TAG_CHARS else None


_JSON = re.compile(
    r"""["'](?:(?:final|correct|predicted|my)?[_ -]?(?:answer|choice|option|label|prediction|result|class|category|"""
    r"""sentiment|value|output))["']\s{0,3}:\s{0,3}"""
    r"""("(?:[^"\\\n]|\\.){0,500}"|'(?:[^'\\\n]|\\.){0,500}'|\[[^\[\]{}]{0,300}\]|[^\s,{}"'\[\]][^,{}\n"']{0,100})""",
    re.IGNORECASE,
)


def from_json(text: str) -> str | None:
    r"""Return the value of the last key such as ``"answer"`` of JSON, or of a Python dict, as text.

    Example:
        >>> from_json('{"answer": "$5$"}'), from_json("{'answer': 5, 'sure': 1}"), from_json('{"answer": [1, 2]}')
        ('$5$', '5', '1, 2')
    """
    if "{" not in text or not ('"' in text or "'" in text):
        return None
    if not ('":' in text or "':" in text or '" :' in text or "' :" in text):
        return None
    value = None
    for pair in _JSON.finditer(text):
        value = pair[1]
    if value is None:
        return None
    if value[0] == '"':
        try:
            return str(json.loads(value)).strip() or None
        except ValueError:  # LaTeX that nobody escaped
            return value[1:-1].strip() or None
    if value[0] == "[":
        return re.sub(r"[\"']", "", value[1:-1]).strip() or None
    return value.strip("' ") or None
