r"""One of a list of words, such as the labels of a classification: the one that a response concludes.

A word counts where it is asserted. In "Unlike Europe, Nepal lies in Asia" and "not positive, negative" the word named
first is denied; in "Africa or Asia" nothing is concluded.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from ttrl_verl.reward_fns.answers.boxes import boxed
from ttrl_verl.reward_fns.answers.choice.asserted_words import asserted, concluded, named, word_of
from ttrl_verl.reward_fns.answers.choice.judged_words import judged_word
from ttrl_verl.reward_fns.answers.look_alikes import compatible, without_fonts
from ttrl_verl.reward_fns.answers.marked import from_json, tagged
from ttrl_verl.reward_fns.answers.statement.find import MAX_STATEMENTS, statements

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
# Phrases that hold a word and do not mean it.
_IDIOMS = (
    "as a matter of fact",
    "in fact",
    "that's right",
    "all right",
    "right away",
    "right now",
    "at least",
    "no doubt",
)
# A further example of a prompt's form, behind an answer that is one word.
_NEXT_EXAMPLE = re.compile(
    r"\n\W{0,6}(?:text|review|sentence|tweet|passage|article|premise|claim|statement|comment|message|headline"
    r"|title|post)\s?\d{0,3}\s?[:：]"
)
_QUESTION = re.compile(r"\?[\s\"'*)]*\Z")
_ALTERNATIVE = re.compile(r"[\s\"'*_`)]{0,4}(?:/|&|,?\s?\b(?:or|and|nor)\b)")
_REVISED = re.compile(r"\b(?:wait|actually|correction|hold on|hmm|sorry|mistake|on second thought|no,)", re.IGNORECASE)
_DEPENDS = re.compile(r"\b(?:depends|depending)\b")
_OVERALL = re.compile(r"\b(?:but|overall|still|however)\b")
_CONDITION = re.compile(r"\s(?:only )?(?:if|unless)\b(?! anything)")  # "would be yes if ..."
_TAG = re.compile(r", (?:right|correct|isn't it|is it|doesn't it|don't you think|okay|ok)\?\Z")  # "it is up, right?"
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
        spelled = r"[\s\-]?".join(re.escape(part) for part in re.split(r"[\s\-]+", _parted(word, ordered)))
        ends = (
            r"(?=[\s\"'*_`)\]}]{0,4}(?:\Z|[.,;:!?)…—–\n]|-\s|because\b|since\b|as\b|to th(?:is|at|e question)\b"
            r"|(?:it|they|he|she|you|we|i|this|that|there)\s(?:\w{2,5}n't|(?:is|do|does|did|was|are|can)\snot)\b|\())"
            if word in _FUNCTION_WORDS
            else ""
        )
        alternatives.append(f"{spelled}{ends}")
    compact = {re.sub(r"[\s\-]", "", word): word for word in ordered}
    # Chinese and Japanese have no blanks between words.
    return re.compile(
        rf"(?:(?<![\w\-])|(?<={_UNSPACED}))(?:{'|'.join(alternatives)})(?:(?![\w]|-\w)|(?={_UNSPACED}))"
    ), compact


def _parted(word: str, words: list[str]) -> str:
    """Return a word with a hyphen where it is two of the others: "north-west"."""
    parts = (word[: len(one)] for one in words if word.startswith(one) and word[len(one) :] in words)
    first = next(parts, None)
    return word if first is None else f"{first}-{word[len(first) :]}"


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
            found = concluded(_folded(held), pattern, compact)
            if found is not None:
                return found
    text = _prepared(text, words, pattern)
    for statement in reversed(statements(text, _LABELS)):
        rest = text[statement.end : statement.end + _WINDOW].lstrip(" \n*_:\"'`")
        sentence = sentences.match(rest)
        first = pattern.match(rest)
        if first and not _ALTERNATIVE.match(rest, first.end()) and not _CONDITION.match(rest, first.end()):
            return word_of(first, compact)
        found = concluded(sentence.group(), pattern, compact) if sentence else None
        if found is not None:
            return found
        if sentence and len(set(named(sentence.group(), pattern, compact))) > 1:
            return None
    judged = judged_word(text, pattern, compact)
    if judged is not None:
        return judged or None
    if _several_alone(text, words, sentences):
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


@lru_cache(maxsize=64)
def _idioms(choices: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return a pattern of the phrases that hold one of the words and do not mean it; most lists of words need none."""
    held = [one for one in _IDIOMS if not _normals(choices).isdisjoint(one.split()) and one not in _normals(choices)]
    return re.compile(rf"\b(?:{'|'.join(held)})\b(?=\W{{0,3}}\s?\w)") if held else None


def _prepared(text: str, words: tuple[str, ...], pattern: re.Pattern[str]) -> str:
    """Return the ends of a text, folded, with every word on one line and no phrase that only seems to hold one."""
    text = _folded_lines(text[:_MAX_TAIL] + "\n" + text[-_MAX_TAIL:] if len(text) > 2 * _MAX_TAIL else text)
    if any(text.rfind(broken) >= 0 for broken in _broken(words)):  # a word that is broken over two lines
        text = pattern.sub(lambda found: found.group().replace("\n", " "), text)
    if text.rfind(".e.") >= 0 or text.rfind(".g.") >= 0:  # "i.e." ends no sentence
        text = text.replace("i.e.", "ie").replace("e.g.", "eg")
    idioms = _idioms(words)
    return _before_next_example(idioms.sub("", text) if idioms else text, words)


def _several_alone(text: str, words: tuple[str, ...], sentences: re.Pattern[str]) -> bool:
    """Say whether several of the words stand alone, in lines or in sentences: "Yes. No. Yes."."""
    if len({line.strip(_AROUND) for line in text.split("\n")} & _normals(words)) > 1:
        return True
    if len(text) >= _WINDOW or _REVISED.search(text):
        return False
    lone = {part.strip(_AROUND) for part in sentences.findall(text) if not part.endswith("?")}
    return len(lone & _normals(words)) > 1


def _before_next_example(text: str, words: tuple[str, ...]) -> str:
    """Return a text that begins with a line that is a word, up to where it goes on with an example of its prompt."""
    line = text[: text.find("\n") + 1].strip(_AROUND + "\n")
    following = _NEXT_EXAMPLE.search(text) if line in _normals(words) else None
    return text[: following.start()] if following else text


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
    others = {name for name in named(sentence, pattern, compact) if name != word_of(match, compact)}
    if others and concluded(sentence, pattern, compact) != word_of(match, compact):
        return None
    return None if _REVISED.search(text, first.end()) else word_of(match, compact)


def _last_asserted(sentences: list[str], pattern: re.Pattern[str], compact: dict[str, str]) -> str | None:
    """Return the word of the last sentence that asserts one; ``None`` where that asserts several."""
    for sentence in reversed(sentences):
        sentence = _TAG.sub(".", sentence)
        if not pattern.search(sentence) or _QUESTION.search(sentence):
            continue
        if _DEPENDS.search(sentence) and not _OVERALL.search(sentence):
            return None
        found = concluded(sentence, pattern, compact)
        if found is not None:
            return found
        if len(set(asserted(sentence, pattern, compact))) > 1:
            return None
    return None


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
