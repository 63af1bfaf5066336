"""Multiple choice: a letter of the options, or one of a list of words.

The letter is looked for in four places, surest first: a box, a sentence such as "the answer is C", the last line, the
first line. Only letters that stand for an option are seen: a capital, or any case within a box or parentheses; never
the article "a", and never a letter of an option's text.
"""

import re
import string
from collections.abc import Sequence
from functools import lru_cache

from ttrl_verl.reward_fns.answers.look_alikes import compatible, latin
from ttrl_verl.reward_fns.answers.response import last_boxed


def letters(count: int) -> str:
    """Return the letters of that many options.

    Raises:
        ValueError: ``count`` is not 2 to 26.

    Example:
        >>> letters(4)
        'ABCD'
    """
    if isinstance(count, bool) or not 2 <= count <= 26:
        raise ValueError(f"choices is {count}; expected 2 to 26 options, or a list of words")
    return string.ascii_uppercase[:count]


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


# Every whitespace run is one blank before these are used, so no pattern has two unbounded parts side by side: each is
# linear in the text. In them, "(C)" also stands for C in bold, quotes, braces, brackets or dollars (see _bare).
_LATEX_FONT = re.compile(r"\\(?:text(?:bf|it|rm|sf|tt)?|math(?:bf|rm|sf|it|tt)|boldsymbol|bf|rm|left|right|[()\[\]])")
_OPENS, _CLOSES = r"(?:\*\*|__|[*_`\"'“‘$\[{])", r"(?:\*\*|__|[*_`\"'”’$\]}])"
_WRAPPED = re.compile(rf"{_OPENS}[{{(\[*$]?([A-Z])[.):]?[}})\]*$]?{_CLOSES}")
_MARKS = ("</answer>", "*", "_", "`", "#", ">")
# A bare letter before one of these words states an answer; before any other word it begins a name or is an article.
_CONNECTIVE = (
    r"(?:because|since|as|which|and|but|for|so|given|by|due|from|based|not|rather|while|whereas|then|if|where)\b"
)
_REVISION = re.compile(r"\b(?:wait|actually|correction|instead|hold on|hmm|sorry|mistake|re-?check|no,)", re.IGNORECASE)


@lru_cache(maxsize=64)
def _patterns(options: str) -> dict[str, re.Pattern[str]]:
    """Return the ways to state a letter. Groups come in pairs: in parentheses (any case), or bare (capital)."""
    wrapped = f"\\(([{options}{options.lower()}])\\)"
    bare = f"([{options}])"
    ends = rf"(?=\Z|[\n.,;:!?)]|\s[(\-–—=]|\s{_CONNECTIVE})(?!\.[A-Za-z]\.)"
    letter = rf"(?:{wrapped}|{bare}{ends})"
    also = rf"(?:\s(?:or|and)\s|\s?[/&]\s?|,\s)(?:\(([{options}])\)|([{options}])(?!\s?['’\w]))"
    adverb = r"(?:therefore|thus|hence|then|clearly|likely|most likely|probably|definitely|indeed)"
    said = rf"(?:is|was|must be|should be|would be|will be)(?:,?\s{adverb},?)?"
    name = r"(?:answer|(?:correct|right|best|final) (?:option|choice|letter|statement))"
    return {
        # "The answer is C", "Answer: (C)", "the correct option would be: option C", "Answer\nC", "The answer, C, ..."
        "stated": re.compile(
            rf"\b(?i:{name}\)?(?:\s(?:choice|to|of|for)\b[^\n.:?!]{{0,80}}?)?(?:\s?[:=]|,|\s[-–—]|\s{said}|\n)"
            rf"(?:\s?[:=])?\s?(?:(?:the )?(?:option|choice|letter)\s?)?){letter}(?:{also})?"
        ),
        # A line that is the letter, or the letter and its option's text: "C", "(C) a producer", "C. a producer"
        "line": re.compile(
            rf"\A[\s\-•]*(?i:option |choice )?"
            rf"(?:{wrapped}|{bare}(?:\Z|[.):](?!\w\.)|\s[-–—=]\s|,?\s(?:because|since)\b))"
        ),
        # A last line such as "So I choose option C.", "C is correct.", "Hence (C)."
        "closing": re.compile(
            rf"(?<!not )(?i:\boption |\bchoice |\b(?:choose|chose|pick|select|with|must be) ){letter}(?:{also})?"
            rf"|(?:{wrapped}|\b{bare})\sis\s(?:the\s)?(?:most\s)?(?:correct|right|best|answer)\b"
            rf"|{wrapped}[.!\s]*\Z"
        ),
    }


def extract_letter(text: str, letters: str) -> str | None:
    r"""Return the letter of the option that a response settles on, or ``None``.

    In this order: the last ``\boxed{}``; "the answer is C" and its like; the last line; the first line. Capital letters
    alone outside boxes and parentheses, so that neither the article "a" nor a letter of an option's text is taken. Two
    different letters in the surest of these places are none, unless words such as "wait" or "actually" stand between:
    then the later one counts. A box with a letter that no option has is none.

    Args:
        text: the final part of a response.
        letters: the letters of the options, such as ``ABCD``.

    Example:
        >>> extract_letter("I think it is a cat, so the answer is (B).", "ABCD")
        'B'
        >>> extract_letter("C. A", "ABCD")
        'C'
        >>> extract_letter("I think it is a cat", "ABCD") is None
        True
    """
    text = latin(text)
    boxed = last_boxed(text)
    if boxed is not None:
        found = canonical_letter(boxed, string.ascii_uppercase)
        if found is not None:
            return found if found in letters and not _other_box(text, found) else None
        if _names_two(boxed, letters):
            return None
    bare = _bare(text)
    patterns = _patterns(letters)
    stated = [(m, _letters_of(m)) for m in patterns["stated"].finditer(bare)]
    return _settled(stated, bare) if stated else _line_letter(bare, patterns)


def canonical_letter(answer: str, letters: str) -> str | None:
    r"""Return the letter of an answer such as ``C``, ``(C)``, ``\text{C}`` or ``C. a producer``; else ``None``.

    Example:
        >>> canonical_letter(r"\text{(B)}", "ABCD"), canonical_letter("E", "ABCD")
        ('B', None)
    """
    bare = re.sub(r"\\[ ,;!]|\\q?quad|~", " ", latin(answer))
    bare = re.sub(r"[{}$*_`]", "", _LATEX_FONT.sub("", bare)).strip()
    match = _ANSWER.match(bare)
    if match is None or _names_two(bare, letters):
        return None
    letter = (match.group(1) or match.group(2)).upper()
    return letter if letter in letters else None


_ANSWER = re.compile(
    r"(?i:(?:the )?(?:(?:correct |final )?answer(?: is)?|option|choice)\s?:?\s?)?"
    r"(?:[(\[]([A-Za-z])[)\]]|([A-Za-z])(?=\Z|[.):](?!\w\.)|\s[(\-–—=]))"
)


def _bare(text: str) -> str:
    """Return the text with one blank for each run of whitespace, and ``(C)`` for C in bold, quotes or braces."""
    text = _WRAPPED.sub(r"(\1) ", _LATEX_FONT.sub("", text).replace("<answer>", "Answer: "))
    for mark in _MARKS:
        text = text.replace(mark, "")
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _letters_of(match: re.Match[str]) -> list[str]:
    return [group.upper() for group in match.groups() if group]


def _settled(stated: list[tuple[re.Match[str], list[str]]], text: str) -> str | None:
    """Return the last letter stated; ``None`` where another one was stated and not taken back."""
    last, found = stated[-1]
    if len(set(found)) > 1:
        return None
    following = last
    for match, before in reversed(stated[:-1]):
        if set(before) != set(found):
            return found[0] if _REVISION.search(text, match.end(), following.start()) else None
        following = match
    return found[0]


def _line_letter(text: str, patterns: dict[str, re.Pattern[str]]) -> str | None:
    """Return the letter of the last line, else of the first; a list of options that is repeated has none."""
    lines = text.split("\n")
    starts = {index: _letters_of(m)[0] for index, line in enumerate(lines) if (m := patterns["line"].match(line))}
    last = len(lines) - 1
    if last in starts and (len(set(starts.values())) == 1 or len(lines[last].strip("().*:- ")) == 1):
        return None if _lists_options(lines[last], starts[last]) else starts[last]
    if len(set(starts.values())) > 1:
        return None
    closing = {letter for m in patterns["closing"].finditer(lines[last]) for letter in _letters_of(m)}
    if closing:
        return closing.pop() if len(closing) == 1 else None
    return None if 0 not in starts or _lists_options(lines[0], starts[0]) else starts[0]


def _lists_options(line: str, letter: str) -> bool:
    """Say whether a line goes on to the next option, as in "A. cat B. dog"."""
    following = re.escape(chr(ord(letter) + 1))
    return re.search(rf"\s\(?{following}[.):]\s?\S", line) is not None


def _names_two(answer: str, letters: str) -> bool:
    """Say whether an answer is two options: "B or C", "(B), (C)"."""
    pattern = rf"\W*([{letters}])[\W_]*(?:\b(?:or|and)\b)?[\W_]*([{letters}])\W*"
    match = re.fullmatch(pattern, _LATEX_FONT.sub("", answer)) if len(answer) < 100 else None
    return match is not None and match.group(1) != match.group(2) and "." not in match.group()


def _other_box(text: str, letter: str) -> bool:
    r"""Say whether the line of the last box has another letter's box before it, as in ``\boxed{B} or \boxed{C}``."""
    end = text.rfind("\\boxed{")
    start = text.rfind("\n", 0, max(end, 0)) + 1
    before = last_boxed(text[start:end]) if end > 0 else None
    other = None if before is None else canonical_letter(before, string.ascii_uppercase)
    return other not in (None, letter) and not _REVISION.search(text, start, end)


@lru_cache(maxsize=64)
def _word_pattern(choices: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern that finds any of the words; the longest first, so that South America is not America."""
    ordered = sorted((_normal(word) for word in choices), key=len, reverse=True)
    alternatives = "|".join(re.escape(word) for word in ordered)
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)")


def extract_word(text: str, words: tuple[str, ...]) -> str | None:
    r"""Return the first of the words that the last ``\boxed{}`` names, else that the response names, whatever its case.

    ``None`` where neither names one.

    Example:
        >>> extract_word("It lies in South America, not Africa.", ("Africa", "America", "South America"))
        'south america'
    """
    pattern = _word_pattern(words)
    boxed = last_boxed(text)
    match = None if boxed is None else pattern.search(_folded(boxed))
    match = match or pattern.search(_folded(text))
    return match.group() if match else None


def canonical_word(answer: str, words: tuple[str, ...]) -> str | None:
    """Return the word of the list that an answer is, in lower case and single spaces; ``None`` where it is none.

    Example:
        >>> canonical_word(" South  America.", ("Africa", "South America"))
        'south america'
    """
    normal = _normal(answer)
    return normal if normal in {_normal(word) for word in words} else None


def _folded(text: str) -> str:
    return " ".join(_LATEX_FONT.sub("", compatible(text)).casefold().split())


def _normal(word: str) -> str:
    return _folded(word).strip(".,;:!?\"'`*_${}()[] ")
