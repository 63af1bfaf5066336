"""Text that a model or a stranger's file wrote, made fit to be read: nothing in it acts on a terminal or a page.

What is no text to read are the characters of ``_ACTING``: ESC among them, half characters, line breaks, and the marks
that turn the reading direction. In a line they stand as Python writes them (``\\x1b``, ``\\n``); on a page, where a
reader looks for what was said, as ``�``, and line breaks and tabs are left to the page.
"""

import unicodedata
from pathlib import Path

# Cc: control. Cf: format, such as marks of direction. Cs: half a character. Co, Cn: characters that Unicode leaves to
# others, or to later. Zl, Zp: line and paragraph separators.
_ACTING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_LAYOUT = "\n\t"


def is_plain(character: str) -> bool:
    """Return whether a character is one to read."""
    return unicodedata.category(character) not in _ACTING


def one_line(text: object, limit: int | None = None, *, end: bool = False) -> str:
    """Return a text fit for one line of a terminal, a log or a table: what acts is escaped, what is too long is cut.

    Args:
        text: what was written.
        limit: the most characters; ``None`` cuts nothing.
        end: keep the end and not the beginning, as of a path.

    Example:
        >>> one_line("red: \\x1b[31mno\\n")
        'red: \\\\x1b[31mno\\\\n'
        >>> one_line("abcdef", 4), one_line("abcdef", 4, end=True)
        ('abc…', '…def')
    """
    whole = str(text)
    part = whole if limit is None else whole[-limit:] if end else whole[: limit + 1]
    safe = "".join(character if is_plain(character) else repr(character)[1:-1] for character in part)
    if limit is None or max(len(safe), len(whole)) <= limit:
        return safe
    return f"…{safe[len(safe) - limit + 1 :]}" if end else f"{safe[: limit - 1]}…"


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, fit to print; its type's name where it says nothing.

    Example:
        >>> first_line(ValueError("\\n bad\\nworse")), first_line(KeyError())
        ('bad', 'KeyError')
    """
    return next((one_line(line.strip()) for line in str(error).splitlines() if line.strip()), type(error).__name__)


def path_name(path: str | Path) -> str:
    """Return a path fit for one line; in quotation marks where something in it had to be escaped.

    Example:
        >>> path_name("a.png"), path_name("a\\n.png")
        ('a.png', "'a\\\\n.png'")
    """
    text = str(path)
    safe = one_line(text)
    return safe if safe == text else f"'{safe}'"


def on_page(text: object, limit: int) -> str:
    """Return the first ``limit`` characters of a text for a page, with ``�`` for each character that acts.

    Example:
        >>> on_page("red: \\x1b[31mno", 40)
        'red: �[31mno'
        >>> on_page("abcdef", 4)
        'abc…'
    """
    whole = str(text)
    shown = whole if len(whole) <= limit else whole[: limit - 1] + "…"
    return "".join(character if character in _LAYOUT or is_plain(character) else "�" for character in shown)
