"""The number that one line, or what is stated, settles on; and lines that are nothing but several numbers."""

import re

from ttrl_verl.reward_fns.answers.number.adjuncts import without_adjunct
from ttrl_verl.reward_fns.answers.number.context import SAYS, WORDS_START, is_denied
from ttrl_verl.reward_fns.answers.number.several import is_inexact, is_one_of_several, is_open, leaves_open, settled
from ttrl_verl.reward_fns.answers.number.words import spelled_value
from ttrl_verl.reward_fns.answers.number.written import canonical_number, numbers
from ttrl_verl.reward_fns.answers.rational import rational

LINE_CHARS = 600
"""Of a longer line only so much counts."""
# What may stand before a number that is stated: "about", "there are"; not a clause of its own, "after 5 were eaten".
_LEADS = re.compile(
    r"\W*(?!(?:after|before|when|if|since|with|out|of|given|for|from|while"
    r"|because)\b)(?:[^\W\d][\w'’]{0,14}\W{1,4}){0,3}",
    re.IGNORECASE,
)


def found_in(line: str) -> list[tuple[int, str]]:
    """Return the numbers of a line that are not denied, each with where it begins.

    Example:
        >>> found_in("15, not 16")
        [(0, '15')]
    """
    return [(at, number) for at, number in numbers(line) if not is_denied(line, at, number)]


def of_statement(sentence: str, found: list[tuple[int, str]]) -> str | None:
    """Return the number that a stated sentence begins with, or settles on; ``None`` where it leaves open which."""
    at, number = found[0]
    if not _LEADS.fullmatch(sentence, 0, at):
        line = without_adjunct(sentence)
        kept = found_in(line)
        return of_line(line, kept) if kept else of_line(sentence, found)
    if is_inexact(sentence, at, number):
        return None
    if len(found) > 1 and not _restates(sentence, found[0], found[1]):
        between = sentence[at + len(number) : found[1][0]].strip(" $*")
        if is_open(sentence, at, number, found[1][0]) or between in (",", ";", "and"):
            return None
        return None if is_one_of_several(sentence, at, number) else number
    return number


def of_line(line: str, kept: list[tuple[int, str]]) -> str | None:
    """Return the number that a line settles on; ``None`` where it leaves open which of several it is.

    Example:
        >>> line = "15 people: 8 standing and 7 sitting"
        >>> of_line(line, found_in(line)), of_line("7 and 8", found_in("7 and 8"))
        ('15', None)
    """
    while len(kept) > 1 and _restates(line, kept[-2], kept[-1]):
        kept = kept[:-1]
    if not leaves_open(line, kept):
        return settled(line, kept)
    return in_words(line, lone=False) or (_whole_of_parts(kept) if len(kept) > 2 else None)


_AGAIN = re.compile(
    r"(?:\s?per\s?cent)?[\s,;(*$%]{0,5}(?:or|i\.?e\.?|that is|which is|=|≈|about|approximately)?[\s,:(*$]{0,4}",
    re.IGNORECASE,
)


def _restates(line: str, before: tuple[int, str], behind: tuple[int, str]) -> bool:
    """Say whether a number says again what the one before it says: "1/4, or 25%", "1/2 or 0.5"."""
    at, number = behind
    if not _AGAIN.fullmatch(line, before[0] + len(before[1]), at):
        return False
    first, second = (rational(canonical_number(one) or "") for one in (before[1], number))
    if first is None or second is None:
        return False
    percent = line[before[0] + len(before[1]) :].lstrip()
    if percent.startswith(("%", "percent", "per cent")) and first == 100 * second:
        return True
    return first == second or (line.startswith("%", at + len(number)) and 100 * first == second)


def _whole_of_parts(kept: list[tuple[int, str]]) -> str | None:
    """Return the number that the others add up to: "15 people: 8 standing and 7 sitting"."""
    values = [rational(canonical_number(number) or "") for _, number in kept]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    wholes = [number for (_, number), value in zip(kept, known, strict=True) if 2 * value == sum(known) and value > 0]
    return wholes[0] if len(wholes) == 1 else None


# "Apples: 3", "Pears: 4"; one of them may gather the others.
_LABELLED = re.compile(
    r"\W{0,4}(?!.*\b(?:total|sum|answer|result|altogether|overall|difference|final|value|output|solution|a)\b)"
    r"(?P<label>[^\W\d][\w ]{0,30})\s?[:=–-]\s?[$€£]?(?P<value>\d[\d.,]{0,12})(?:\s?[a-z%]{1,10})?\W{0,4}",
    re.IGNORECASE,
)
_ALONE = re.compile(r"\W{0,4}(?:(?:\d{1,2}|[a-z])[.)]\s{1,3})?[-+]?[$€£]?\d[\d.,]{0,20}%?\W{0,4}", re.ASCII)


def lists_numbers(text: str) -> bool:
    """Say whether a text is nothing but different numbers, a line each."""
    if "\n" not in text or len(text) > LINE_CHARS:
        return False
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) > 1 and len({match["value"] for line in lines if (match := _LABELLED.fullmatch(line))}) > 1:
        return all(map(_LABELLED.fullmatch, lines))
    if len(lines) < 2 or not all(map(_ALONE.fullmatch, lines)):
        return False
    return len({numbers(line)[-1][1] if numbers(line) else line for line in lines}) > 1


def in_words(text: str, lone: bool) -> str | None:
    """Return the number in words of a text's last line: what it says that there are, and the whole of it if alone."""
    line = text.rstrip().rsplit("\n", 1)[-1].strip(" *_`#>.!")[-LINE_CHARS:]
    words = WORDS_START.match(line)
    number = canonical_number(line[words.end() :] if words else line) if lone else None
    if number is None and lone and ":" in line:
        number = canonical_number(line[line.rfind(":") + 1 :])
    if number is not None:
        return number
    found = [words[0] for says in SAYS.finditer(line) if (words := spelled_value(line, says.end())) is not None]
    found = found if lone else [value for value in found if value != 1]  # "one way" is no count
    return str(found[-1]) if found else None
