"""Free text, compared after normalisation."""

import re

from ttrl_verl.reward_fns.answers.look_alikes import compatible
from ttrl_verl.reward_fns.answers.response import last_boxed

_MAX_CHARACTERS = 1000
# The space between two words is one blank when this is used, so it is linear in the text.
_STATED = re.compile(
    r"\banswer[*_)]*(?: (?:to|of|for)\b[^.:?!]{0,80}?)?(?: (?:is|was)\b[*_]*(?: ?[:=])?| ?[:=])[*_]* ?", re.IGNORECASE
)
_FULL_STOP = re.compile(r"[.!?][\"')\]*]{0,5} (?=\S)")
_ABBREVIATIONS = frozenset(
    ("col", "dr", "etc", "fig", "gen", "jr", "mr", "mrs", "ms", "mt", "no", "prof", "rev", "sr", "st", "vs")
)
_LATEX_FONT = re.compile(r"\\(?:text(?:bf|it|rm|sf|tt)?|math(?:bf|rm|sf|it|tt)|boldsymbol|bf|rm)\b\s*")
_AROUND = " .,;:!?\"'`*_#>$()[]{}“”‘’«»"


def extract_text(text: str) -> str | None:
    r"""Return what the last ``\boxed{}`` holds, else what follows the last "answer is" or "Answer:", or the last line.

    Of what follows "answer is" and of the last line, the first sentence counts: the explanation after it is no part of
    the answer. ``None`` where nothing of the kind is there, or only an empty box.

    Example:
        >>> extract_text("Let me think.\nThe answer is: Paris. It lies on the Seine.")
        'Paris.'
    """
    boxed = last_boxed(text)
    if boxed is not None:
        return boxed.strip() or None
    text = text.replace("<answer>", "Answer: ").replace("</answer>", "")
    lines = [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]
    for line, following in zip(reversed(lines), [None, *reversed(lines)], strict=False):
        stated = _stated(line)
        if (
            stated is not None
        ):  # with nothing after it, the answer is on the next line; on the last line, it was cut off
            return _first_sentence(stated if stated.strip(_AROUND) else following or "") or None
    return _first_sentence(lines[-1]) if lines else None


def canonical_text(answer: str) -> str | None:
    r"""Return the text in one case, with single spaces, without LaTeX fonts and the punctuation around it.

    Look-alike and invisible characters come to one form. ``None`` where nothing is left, or more than 1,000 characters:
    so long a text is no answer.

    Example:
        >>> canonical_text("  The  Nile. "), canonical_text(r"\text{Paris}")
        ('the nile', 'paris')
    """
    answer = " ".join(answer.split())
    if len(answer) > _MAX_CHARACTERS:
        return None
    normal, before = compatible(answer), None
    while before != normal:  # until it stays as it is
        before = normal
        normal = " ".join(_LATEX_FONT.sub("", normal).casefold().split()).strip(_AROUND)
        normal = compatible(normal)
    return normal or None


def _stated(line: str) -> str | None:
    """Return what follows the last "answer is" or "answer:" of a line; ``None`` where there is none."""
    end = None
    for match in _STATED.finditer(line):
        end = match.end()
    return None if end is None else line[end:]


def _first_sentence(line: str) -> str:
    """Return the line up to its first full stop that ends a sentence; "St. Paul" and "J. Doe" hold none."""
    for match in _FULL_STOP.finditer(line):
        word = line[max(0, match.start() - 20) : match.start()].rsplit(" ", 1)[-1].strip(_AROUND)
        if len(word) > 1 and word.casefold() not in _ABBREVIATIONS:
            return line[: match.end()].strip()
    return line
