"""Text that a model or a stranger's file wrote, made fit to be shown: what it says, and nothing that acts."""

import unicodedata

_KEPT = "\n\t"
# Cc: control, ESC among them. Cf: format, such as the marks that turn the reading direction. Cs: half a character.
# Co, Cn: nobody's. None of them is something to read.
_UNSHOWN = {"Cc", "Cf", "Cs", "Co", "Cn"}


def plain(text: object, limit: int) -> str:
    """Return the first ``limit`` characters of a text, with ``�`` for each character that is nothing to read.

    Example:
        >>> plain("red: \\x1b[31mno", 40)
        'red: �[31mno'
        >>> plain("abcdef", 4)
        'abc…'
    """
    whole = str(text)
    shown = whole if len(whole) <= limit else whole[: limit - 1] + "…"
    return "".join(
        "�" if character not in _KEPT and unicodedata.category(character) in _UNSHOWN else character
        for character in shown
    )
