"""Free text, compared after normalisation."""

import re
import unicodedata

from reward_fns.answers.response import last_boxed

_STATED = re.compile(r"(?:final answer|answer)(?:\s+is\s*:?|\s*:)\s*(.+)", re.IGNORECASE)


def extract_text(text: str) -> str | None:
    r"""Return what the last ``\boxed{}`` holds, else what follows the last "answer is", else the last line.

    Example:
        >>> extract_text("Let me think.\nThe answer is: Paris.")
        'Paris.'
    """
    boxed = last_boxed(text)
    if boxed is not None:
        return boxed.strip() or None
    stated = _STATED.findall(text)
    if stated:
        return stated[-1].strip() or None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else None


def canonical_text(answer: str) -> str | None:
    """Return the text in one case, with single spaces, without the punctuation around it; ``None`` where none is left.

    Example:
        >>> canonical_text("  The  Nile. ")
        'the nile'
    """
    normal = " ".join(unicodedata.normalize("NFKC", answer).casefold().split())
    return normal.strip(" .,;:!?\"'`*$()[]") or None
