r"""One of a list of words, such as the labels of a classification: the one that a response concludes.

A word counts where it is asserted. In "Unlike Europe, Nepal lies in Asia" and "not positive, negative" the word named
first is denied; in "Africa or Asia" nothing is concluded.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from ttrl_verl.reward_fns.answers.boxes import boxed
from ttrl_verl.reward_fns.answers.judged_words import judged_word
from ttrl_verl.reward_fns.answers.look_alikes import compatible, without_fonts
from ttrl_verl.reward_fns.answers.marked import from_json, tagged
from ttrl_verl.reward_fns.answers.statement import MAX_STATEMENTS, statements

_LABELS = (
    "label:", "label is", "sentiment:", "sentiment is", "category:", "category is", "class:", "classification:",
    "prediction:", "verdict:", "output:", "choice:", "result:", "decision:", "judgment:", "judgement:",
)  # fmt: skip
# Words that are also other parts of speech count only where nothing follows that they belong to: "no doubt", "none of".
_FUNCTION_WORDS = frozenset(
    # Easier to scan as text.
    "no not none a an the may can will must is so as it i be all any some one both right like".split()  # noqa: SIM905
)
_UNSPACED = "[\u3040-\u30ff\u4e00-\u9fff]"
_STOPS = ".!?。！？;"
# What denies the word behind it, up to the next comma or "but".
_DENIAL = re.compile(
    r"\b(?:not|never|neither|nor|unlike|cannot|can't|isn't|wasn't|aren't|won't|doesn't|don't|didn't|couldn't"
    r"|wouldn't|"
    r"shouldn't|hardly|rather than|instead of|other than|except|excluding|without|excludes?|rules? out|ruled out|"
    r"as opposed to|opposite of|contrary to|compared (?:to|with)|in contrast to|contrast(?:s|ing) with|whereas|while|"
    r"although|though|despite|no longer|far from|than|thought|first|initially|originally|instead,|some say|might|"
    r"may|could|with (?:only|just|a few|some|minor|one)|apart from|aside from|between|either|whether|if"
    r"|not in|outside|borders?|bordering|near|next to|north of|south of|east of|"
    r"west of)\b(?P<behind>[^,;:—–]{0,60})\Z"
)
_DENIED_BEHIND = re.compile(
    r"[\s\"'*]{0,3}(?:\bis|\bwas|\bwould be|\bseems|\bcan be|\bcould be|\bis clearly)?\s?(?:\b(?:wrong|incorrect"
    r"|false(?!\b.*\bfalse)|not|isn't|impossible|"
    r"ruled out|excluded|out of the question)\b)"
    r"|\sthat\b[^.;]{0,200}\bbut\b"
)
_QUESTION = re.compile(r"\?[\s\"'*)]*\Z")
_JOINED = re.compile(
    r"[\s\"'*_`]{0,4}(?:,|/|\bor\b|\band\b|,\s?(?:or|and)\b|\bor in\b|\band in\b|&|\bversus\b"
    r"|\bvs\.?)[\s\"'*_`]{0,4}(?:(?:a|an|the|in|maybe|perhaps|possibly)\s)?"
)
_CONCLUDES = re.compile(
    r"\b(?:so|thus|hence|therefore|actually|wait,?|but|it is|it's|answer|must be|lies? in|located in"
    r"|belongs to|rather)\b|:"
)
_ALTERNATIVE = re.compile(r"[\s\"'*_`)]{0,4}(?:/|&|,?\s?\b(?:or|and|nor)\b)")
# A clause that says more of what was named before it, or sets something against it.
_SUBORDINATE = re.compile(r"\b(?:with|which|where|who|whose|whereas|while|unlike|although|though|because|since|that)\b")
_REVISED = re.compile(r"\b(?:wait|actually|correction|hold on|hmm|sorry|mistake|on second thought|no,)", re.IGNORECASE)
_DEPENDS = re.compile(r"\b(?:depends|depending)\b")
_OVERALL = re.compile(r"\b(?:but|overall|still|however)\b")
_WINDOW = 400
_AROUND = " \"'*_`#>-()[]{}.!"
_MAX_TAIL = 4_000


def words(choices: Sequence[str]) -> tuple[str, ...]:
    """Return the words to choose from, as a tuple.

    Raises:
        ValueError: fewer than two, an empty one, or two that differ in case or spacing alone.

    Example:
        >>> words(["yes", "no"])
        ('yes', 'no')
    """
    if isinstance(choices, str) or not all(isinstance(word, str) for word in choices):
        raise ValueError(f"choices is {choices!r}; expected a list of words")
    normal = [_normal(word) for word in choices]
    if len(normal) < 2 or not all(normal) or len(set(normal)) != len(normal):
        raise ValueError(f"choices is {list(choices)}; expected at least two distinct words")
    return tuple(choices)


@lru_cache(maxsize=64)
def _pattern(choices: tuple[str, ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    """Return a pattern that finds any of the words, and the word that a find stands for.

    The longest is tried first, so that South America is not America; between the parts of a word there may be a hyphen
    or nothing. A function word must end its clause.
    """
    ordered = sorted((_normal(word) for word in choices), key=len, reverse=True)
    alternatives = []
    for word in ordered:
        spelled = r"[\s\-]?".join(re.escape(part) for part in re.split(r"[\s\-]+", word))
        ends = (
            r"(?=[\s\"'*_`)\]}]{0,4}(?:\Z|[.,;:!?)…—–\n]|-\s|because\b|since\b|as\b|\())"
            if word in _FUNCTION_WORDS
            else ""
        )
        alternatives.append(f"{spelled}{ends}")
    compact = {re.sub(r"[\s\-]", "", word): word for word in ordered}
    # Chinese and Japanese have no blanks between words.
    return re.compile(
        rf"(?:(?<![\w\-])|(?<={_UNSPACED}))(?:{'|'.join(alternatives)})(?:(?![\w]|-\w)|(?={_UNSPACED}))"
    ), compact


@lru_cache(maxsize=64)
def _broken(choices: tuple[str, ...]) -> tuple[str, ...]:
    """Return the places at which a word of several parts may be broken over two lines."""
    parts = [re.split(r"[\s\-]+", _normal(word)) for word in choices]
    return tuple({f"{one}\n{two}" for word in parts for one, two in pairwise(word)})


@lru_cache(maxsize=64)
def _normals(choices: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(_normal, choices))


@lru_cache(maxsize=64)
def _sentence(choices: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern that finds a sentence; a full stop of one of the words, as in "St. Lucia", ends none."""
    stopped = [re.escape(word) for word in map(_normal, choices) if not set(_STOPS).isdisjoint(word)]
    held = f"[^{_STOPS}\n]"
    return re.compile(f"{'(?:' + '|'.join([*stopped, held]) + ')' if stopped else held}+[{_STOPS}]*")


def extract_word(text: str, words: tuple[str, ...]) -> str | None:
    r"""Return the word that a response concludes, whatever its case; ``None`` where it concludes none or several.

    In this order: what ``<answer>`` or the last ``\boxed{}`` holds, or ``"answer"`` or ``"label"`` in JSON; what
    follows the last "the answer is" and its like; a first line or sentence that is the word; the last sentence that
    asserts one of the words. A word is not asserted in a question, behind "not", "unlike", "rather than" and their
    like, or beside another one ("Africa or Asia").

    Example:
        >>> extract_word("It lies in South America, not Africa.", ("Africa", "America", "South America"))
        'south america'
        >>> extract_word("Unlike Europe, Nepal lies in Asia.", ("Europe", "Asia"))
        'asia'
        >>> extract_word("Africa or Asia", ("Africa", "Asia")) is None
        True
    """
    (pattern, compact), sentences = _pattern(words), _sentence(words)
    for held in (tagged(text), boxed(text)[1], from_json(text)):
        if held is not None:
            found = _concluded(_folded(held), pattern, compact)
            if found is not None:
                return found
    text = _folded_lines(text[:_MAX_TAIL] + "\n" + text[-_MAX_TAIL:] if len(text) > 2 * _MAX_TAIL else text)
    if any(text.rfind(broken) >= 0 for broken in _broken(words)):  # a word that is broken over two lines
        text = pattern.sub(lambda found: found.group().replace("\n", " "), text)
    for statement in reversed(statements(text, _LABELS)):
        rest = text[statement.end : statement.end + _WINDOW].lstrip(" \n*_:\"'`")
        sentence = sentences.match(rest)
        first = pattern.match(rest)
        if first and not _ALTERNATIVE.match(rest, first.end()):
            return _word(first, compact)
        found = _concluded(sentence.group(), pattern, compact) if sentence else None
        if found is not None:
            return found
        if sentence and len(set(_named(sentence.group(), pattern, compact))) > 1:
            return None
    judged = judged_word(text, pattern, compact)
    if judged is not None:
        return judged or None
    if len({line.strip(_AROUND) for line in text.split("\n")} & _normals(words)) > 1:  # two in two lines
        return None
    first = sentences.search(text)
    found = _direct(text, first, pattern, compact) if first else None
    return found or _last_asserted(sentences.findall(text)[-MAX_STATEMENTS:], pattern, compact)


def canonical_word(answer: str, words: tuple[str, ...]) -> str | None:
    """Return the word of the list that an answer is, in lower case and single spaces; ``None`` where it is none.

    Example:
        >>> canonical_word(" South  America.", ("Africa", "South America"))
        'south america'
    """
    normal = _normal(answer)
    return normal if normal in _normals(words) else None


def _direct(text: str, first: re.Match[str], pattern: re.Pattern[str], compact: dict[str, str]) -> str | None:
    """Return the word that a response begins with and goes on to explain: "Asia. Nepal lies between ..."."""
    if _QUESTION.search(first.group()):
        return None
    sentence = first.group().strip(" \"'*_`#>-()[]{}")
    if _DEPENDS.search(sentence):
        return None
    match = pattern.match(sentence)
    behind = sentence[match.end() :] if match else ""
    if not match or not re.match(r"[\s\"'*_`)]{0,4}(?:\Z|[.!,:;(—–]|-\s|because\b|since\b|as\b|\W{0,3}\Z)", behind):
        return None
    others = {name for name in _named(sentence, pattern, compact) if name != _word(match, compact)}
    if others and _concluded(sentence, pattern, compact) != _word(match, compact):
        return None
    return None if _REVISED.search(text, first.end()) else _word(match, compact)


def _last_asserted(sentences: list[str], pattern: re.Pattern[str], compact: dict[str, str]) -> str | None:
    """Return the word of the last sentence that asserts one; ``None`` where that asserts several."""
    for sentence in reversed(sentences):
        if not pattern.search(sentence) or _QUESTION.search(sentence):
            continue
        if _DEPENDS.search(sentence) and not _OVERALL.search(sentence):
            return None
        found = _concluded(sentence, pattern, compact)
        if found is not None:
            return found
        if len(set(_asserted(sentence, pattern, compact))) > 1:
            return None
    return None


def _concluded(sentence: str, pattern: re.Pattern[str], compact: dict[str, str]) -> str | None:
    """Return the one word that a sentence asserts, or the one behind its last "so", "but", "it is"."""
    asserted = _asserted(sentence, pattern, compact)
    if len(set(asserted)) == 1:
        return asserted[0]
    if not asserted:
        return None
    start = 0
    for mark in _CONCLUDES.finditer(sentence):
        start = mark.end()
    behind = _asserted(sentence[start:], pattern, compact) if start else []
    return behind[0] if len(set(behind)) == 1 else None


def _asserted(sentence: str, pattern: re.Pattern[str], compact: dict[str, str]) -> list[str]:
    """Return the words that a sentence asserts, in its order."""
    found, clause = [], 0
    for match in pattern.finditer(sentence):
        before = sentence[max(clause, match.start() - 120) : match.start()]
        denial = _denies(before) or (bool(found) and _SUBORDINATE.search(before) is not None)
        if (
            not denial
            and not _DENIED_BEHIND.match(sentence, match.end())
            and sentence[match.end() : match.end() + 1] != "?"
        ):
            found.append(_word(match, compact))
        clause = match.end()
        joint = _JOINED.match(sentence, match.end())
        if (
            denial and joint and ("or" in joint.group() or "and" in joint.group())
        ):  # "neither Africa nor ...", "not A or B"
            clause = max(0, match.start() - 120)
    return found


def _denies(before: str) -> bool:
    """Say whether what stands before a word denies it."""
    for cut in (" but ", " it is ", " it's ", " so ", " is in ", " lies in ", " therefore ", " rather ", " instead "):
        at = before.rfind(cut)
        if at >= 0 and not re.search(r"\bnot\s?\Z", before[:at]):
            before = before[at + len(cut) :]
    return _DENIAL.search(before) is not None


def _named(sentence: str, pattern: re.Pattern[str], compact: dict[str, str]) -> list[str]:
    return [_word(match, compact) for match in pattern.finditer(sentence)]


def _word(match: re.Match[str], compact: dict[str, str]) -> str:
    return compact[re.sub(r"[\s\-]", "", match.group())]


def _folded(text: str) -> str:
    return " ".join(without_fonts(compatible(text)).replace("’", "'").casefold().split())


def _folded_lines(text: str) -> str:
    folded = without_fonts(compatible(text)).replace("’", "'").casefold()
    lines = folded.split("\n")
    # Most texts have lone blanks alone, which is told sooner than every line is split.
    alone = folded.isascii() and folded.rfind("  ") < 0 and not any(character in folded for character in _NO_BLANKS)
    lines = [line.strip(" ") if alone else " ".join(line.split()) for line in lines]
    return "\n".join([line for line in lines if line])


_NO_BLANKS = "\t\r\x0b\x0c\x1c\x1d\x1e\x1f"


def _normal(word: str) -> str:
    return _folded(word).strip(".,;:!?\"'`*_${}()[] ")
