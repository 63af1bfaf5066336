"""Characters that look like others, brought back to one form."""

import re
import unicodedata

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
# Capitals of the Greek and Cyrillic alphabets that are drawn as Latin ones.
_GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True))
_CYRILLIC = dict(zip("АВСЕНІЈКМОРЅТХԚԜ", "ABCEHIJKMOPSTXQW", strict=True))
_LATIN = str.maketrans({**_GREEK, **_CYRILLIC})
_MAX_MARKS = 8
_FOREIGN_RUN = re.compile(rf"[^\x00-\x7f]{{{_MAX_MARKS + 1},}}")  # more marks than that are one such run
_LATEX_FONT = re.compile(
    r"\\(?:text(?:bf|it|rm|sf|tt|normal)?|mbox|hbox|math(?:bf|rm|sf|it|tt)|boldsymbol|emph|bf|it|rm)(?![a-zA-Z])\s*"
)


def compatible(text: str) -> str:
    """Return the text in Unicode's compatibility form (NFKC), without invisible characters.

    Of a run of combining marks only the first 8 stay: to normalise a long one takes time that grows with its square.

    Example:
        >>> compatible("Ｃ 𝐂 Ⓒ x²")
        'C C C x2'
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", _FOREIGN_RUN.sub(_few_marks, text.translate(_INVISIBLE)))


def _few_marks(run: re.Match[str]) -> str:
    if not any(map(unicodedata.combining, run.group())):
        return run.group()
    kept, marks = [], 0
    for character in run.group():
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def latin(text: str) -> str:
    """Return the compatible text with Latin capitals for the Greek and Cyrillic ones that are drawn alike.

    Example:
        >>> latin("the answer is \N{CYRILLIC CAPITAL LETTER ES}")
        'the answer is C'
    """
    return compatible(text).translate(_LATIN) if not text.isascii() else text


def without_fonts(text: str) -> str:
    r"""Return the text without LaTeX's font commands; what they hold stays, in its braces.

    Example:
        >>> without_fonts(r"\textbf{Paris} \bf now")
        '{Paris} now'
    """
    return _LATEX_FONT.sub("", text) if "\\" in text else text
