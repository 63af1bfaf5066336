"""A letter among options whose texts are known: a response may give the letter, or the option's own text."""

import re
from collections.abc import Mapping
from functools import lru_cache

from ttrl_verl.reward_fns.answers.choice.letter import canonical_letter, extract_letter, letters
from ttrl_verl.reward_fns.answers.choice.words import canonical_word, extract_word, words
from ttrl_verl.reward_fns.answers.mathematics import exact_form, extract_math

_LEAST = 2
"""Characters of a text that counts: an option that reads "B" is not the option B."""

_FORMULA = re.compile(r"[\d\\]")


def options(choices: Mapping[str, str]) -> tuple[str, ...]:
    """Return the texts of the options in the order of their letters.

    Raises:
        ValueError: the letters are not A, B, ... in order, or a text is empty, no text, or there twice.

    Example:
        >>> options({"A": "Paris", "B": "Rome"})
        ('Paris', 'Rome')
    """
    if not 2 <= len(choices) <= 26 or "".join(map(str, choices)) != letters(len(choices)):
        raise ValueError(
            f"choices is {dict(choices)!r:.40}; expected a number of letters, a list of words, or A, B, ... with texts"
        )
    return words(list(choices.values()))


def extract_option(text: str, texts: tuple[str, ...]) -> str | None:
    """Return the letter of the option that a response settles on: by its letter, else its value, else its text.

    Args:
        text: the final part of a response.
        texts: of the options, in the order of their letters.

    Example:
        >>> extract_option("The answer is Rome.", ("Paris", "Rome")), extract_option("It is A.", ("Paris", "Rome"))
        ('B', 'A')
        >>> extract_option("Paris or Rome", ("Paris", "Rome")) is None
        True
    """
    letter = extract_letter(text, letters(len(texts)))
    if letter is not None:
        return letter
    letter = _letter_by_value(text, texts)  # before the text: "(x-1)(x+1)" is not the option "x+1"
    if letter is not None:
        return letter
    told = tuple(one for one in texts if len(one.strip()) >= _LEAST)
    word = extract_word(text, told) if len(told) > 1 else None
    return None if word is None else _letter_of(word, texts)


def canonical_option(answer: str, texts: tuple[str, ...]) -> str | None:
    """Return the letter of an answer such as ``B``, ``(B)``, or the option's text; else ``None``.

    Example:
        >>> canonical_option("rome", ("Paris", "Rome")), canonical_option("(A)", ("Paris", "Rome"))
        ('B', 'A')
    """
    word = canonical_word(answer, texts)
    if word is not None and len(word) >= _LEAST:
        return _letter_of(word, texts)
    return canonical_letter(answer, letters(len(texts)))


def _letter_by_value(text: str, texts: tuple[str, ...]) -> str | None:
    """Return the letter of the one option that the response's formula equals; ``None`` where the options are none."""
    forms = _forms(texts)
    found = extract_math(text) if forms else None
    if found is None or forms.count(form := exact_form(found)) != 1:
        return None
    return letters(len(texts))[forms.index(form)]


@lru_cache(maxsize=64)
def _forms(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the options' exact forms, where all of them are numbers or formulas; else none."""
    return tuple(map(exact_form, texts)) if all(map(_FORMULA.search, texts)) else ()


def _letter_of(word: str, texts: tuple[str, ...]) -> str | None:
    found = (letter for letter, text in zip(letters(len(texts)), texts, strict=True) if _same(word, text))
    return next(found, None)


def _same(word: str, text: str) -> bool:
    return canonical_word(text, (word, "")) is not None
