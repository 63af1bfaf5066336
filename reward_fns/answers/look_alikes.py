"""Characters that look like others, brought back to one form."""

import unicodedata

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
# Capitals of the Greek and Cyrillic alphabets that are drawn as Latin ones.
_GREEK = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True))
_CYRILLIC = dict(zip("АВСЕНІЈКМОРЅТХԚԜ", "ABCEHIJKMOPSTXQW", strict=True))
_LATIN = str.maketrans({**_GREEK, **_CYRILLIC})
_MAX_MARKS = 8


def compatible(text: str) -> str:
    """Return the text in Unicode's compatibility form (NFKC), without invisible characters.

    Of a run of combining marks only the first 8 stay: to normalise a long one takes time that grows with its square.

    Example:
        >>> compatible("Ｃ 𝐂 Ⓒ x²")
        'C C C x2'
    """
    if text.isascii():
        return text
    kept, run = [], 0
    for character in text.translate(_INVISIBLE):
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _MAX_MARKS:
            kept.append(character)
    return unicodedata.normalize("NFKC", "".join(kept))


def latin(text: str) -> str:
    """Return the compatible text with Latin capitals for the Greek and Cyrillic ones that are drawn alike.

    Example:
        >>> latin("the answer is \N{CYRILLIC CAPITAL LETTER ES}")
        'the answer is C'
    """
    return compatible(text).translate(_LATIN) if not text.isascii() else text
