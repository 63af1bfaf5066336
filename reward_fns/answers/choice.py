"""Multiple choice: a letter of the options, or one of a list of words."""

import re
import string
from collections.abc import Sequence
from functools import lru_cache

from reward_fns.answers.response import last_boxed


def letters(count: int) -> str:
    """Return the letters of that many options.

    Raises:
        ValueError: ``count`` is not 2 to 26.

    Example:
        >>> letters(4)
        'ABCD'
    """
    if not 2 <= count <= 26:
        raise ValueError(f"choices is {count}; expected 2 to 26 options, or a list of words")
    return string.ascii_uppercase[:count]


def words(choices: Sequence[str]) -> tuple[str, ...]:
    """Return the words to choose from, as a tuple.

    Raises:
        ValueError: fewer than two, an empty one, or two that differ in case or spacing alone.
    """
    normal = [_normal(word) for word in choices]
    if len(normal) < 2 or not all(normal) or len(set(normal)) != len(normal):
        raise ValueError(f"choices is {list(choices)}; expected at least two distinct words")
    return tuple(choices)


@lru_cache(maxsize=64)
def _letter_patterns(options: str) -> tuple[re.Pattern[str], ...]:
    """Return the ways to state a final letter, surest first. Only capitals: the article "a" is no option."""
    letter = f"([{options}])"
    return (
        # "The answer is (C)", "Answer: C"
        re.compile(rf"(?i:answer|option|choice)(?i:\s+is)?\s*:?\s*\**\(?{letter}\)?\**(?![\w'])(?!\s+[a-z])"),
        # A final line that is the letter, or the letter and its option's text: "C", "(C)", "**C.** a producer"
        re.compile(rf"\A\W*{letter}(?:\s*\Z|[.):]|\*\*)"),
    )


def extract_letter(text: str, letters: str) -> str | None:
    """Return the letter of the option that a response settles on, or ``None``.

    In this order: the last ``\\boxed{}``; the last "answer is C" and its like; the last line, where it is the letter
    alone or the letter before its option's text. Capital letters alone, so neither the article "a" nor a letter inside
    an option's text is taken. Two different letters of the surest kind that is there are none.

    Example:
        >>> extract_letter("I think it is a cat, so the answer is (B).", "ABCD")
        'B'
        >>> extract_letter("C. A", "ABCD")
        'C'
        >>> extract_letter("I think it is a cat", "ABCD") is None
        True
    """
    boxed = last_boxed(text)
    if boxed is not None:
        return canonical_letter(boxed, letters)
    stated, final = _letter_patterns(letters)
    found = set(stated.findall(text))
    if not found:
        lines = text.strip().splitlines()
        found = set(final.findall(lines[-1])) if lines else set()
    return found.pop() if len(found) == 1 else None


def canonical_letter(answer: str, letters: str) -> str | None:
    r"""Return the letter of an answer such as ``C``, ``(C)``, ``\text{C}`` or ``C. a producer``; else ``None``.

    Example:
        >>> canonical_letter(r"\text{(B)}", "ABCD"), canonical_letter("E", "ABCD")
        ('B', None)
    """
    bare = re.sub(r"\\(?:text|textbf|mathrm|mathbf|rm|bf)\b|[{}$\\*\s]", "", answer.split("\n")[0])
    match = re.match(r"\(?([A-Za-z])(?:\)|[.:]|\Z)", bare)
    letter = match.group(1).upper() if match else None
    return letter if letter and letter in letters else None


@lru_cache(maxsize=64)
def _word_pattern(choices: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern that finds any of the words; the longest first, so that South America is not America."""
    ordered = sorted((_normal(word) for word in choices), key=len, reverse=True)
    alternatives = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in ordered)
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)")


def extract_word(text: str, words: tuple[str, ...]) -> str | None:
    """Return the first of the words that a response names, whatever its case, or ``None``.

    Example:
        >>> extract_word("It lies in South America, not Africa.", ("Africa", "America", "South America"))
        'south america'
    """
    match = _word_pattern(words).search(text.casefold())
    return match.group() if match else None


def canonical_word(answer: str, words: tuple[str, ...]) -> str | None:
    """Return the word of the list that an answer is, in lower case and single spaces; ``None`` where it is none.

    Example:
        >>> canonical_word(" South  America.", ("Africa", "South America"))
        'south america'
    """
    normal = _normal(answer)
    return normal if normal in {_normal(word) for word in words} else None


def _normal(word: str) -> str:
    return " ".join(word.casefold().split()).strip(".,;:!?\"'`*")
