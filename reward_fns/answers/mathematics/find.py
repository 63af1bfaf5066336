"""The mathematical answer that a response gives, as it is written there."""

import re

from ttrl_verl.reward_fns.answers.response import last_boxed

_STATED = re.compile(r"(?i:\banswers?\b[*_]{0,2}\s{0,3}(?::|=|\bis\b|\bare\b)[*_\s:]{0,5})")
_STATED_CHARS = 300
_FORMULA = re.compile(r"\$\$?([^$]{1,300})\$|\\\((.{1,300}?)\\\)|\\\[(.{1,300}?)\\\]", re.DOTALL)
_SENTENCE_END = re.compile(r"\n|\.(?=\s|\Z)|(?<=[\d}$)])[,;]\s(?=[a-zA-Z])|\s(?:because|since|as|so|which|where)\s")
_LAST_NUMBER = re.compile(
    r"(?:(?<![\d)}\w])-)?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d{1,400})(?:\.\d{1,400})?(?:/\d{1,400})?", re.ASCII
)


def extract_math(text: str, last_number: bool = False) -> str | None:
    r"""Return the answer that a response gives, as written; ``None`` where it gives none.

    In this order: the last ``\boxed{}``; what follows the last "answer is", "answer:" and their like, its formula where
    there is one; with ``last_number``, the last number. A response whose last box was cut off has no answer.

    Args:
        text: the final part of a response.
        last_number: take the last number where nothing else is found. Off, since in a response that was cut off it is
            any number.

    Example:
        >>> extract_math(r"Thus \boxed{\frac{1}{2}}."), extract_math("So the final answer is $x = 3$, as claimed.")
        ('\\frac{1}{2}', 'x = 3')
        >>> extract_math("6 times 7 gives 42") is None, extract_math("6 times 7 gives 42", last_number=True)
        (True, '42')
    """
    boxed = last_boxed(text)
    if boxed is not None:
        return boxed.strip() or None
    if "\\boxed" in text or "\\fbox" in text:
        return None
    stated = None
    for match in _STATED.finditer(text):
        stated = match.end()
    if stated is not None:
        found = _statement(text[stated : stated + _STATED_CHARS])
        if found:
            return found
    if not last_number:
        return None
    number = None
    for match in _LAST_NUMBER.finditer(text):
        number = match.group()
    return number


def _statement(text: str) -> str | None:
    """Return the answer at the start of a sentence's rest: its formula, or its words up to the end."""
    text = text.lstrip(" *_:\n")
    formula = _FORMULA.match(text)
    if formula:
        return next(group for group in formula.groups() if group is not None).strip() or None
    end = _SENTENCE_END.search(text)
    found = (text[: end.start()] if end else text).strip(" *_`")
    return found if 0 < len(found) <= 120 else None
