"""The one exception for input that is not what was expected, and what a misspelt word may have meant."""

from collections.abc import Iterable


class InputError(Exception):
    """Bad input, in one line that names the file, the line or the key, and what was expected there.

    The command line prints it as it stands and exits with status 2.
    """


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known word that a misspelt one comes nearest to, or ``None`` where none comes near.

    Args:
        word: as it was typed.
        known: what it may have meant.
        cutoff: how alike they must be, from 0 to 1: twice the matching characters over the characters of both.

    Example:
        >>> nearest("vots", ["votes", "kept"]), nearest("zzz", ["votes", "kept"])
        ('votes', None)
    """
    from difflib import get_close_matches  # for slips alone

    return next(iter(get_close_matches(word, list(known), n=1, cutoff=cutoff)), None)
