"""Free text: a response as it is, for rewards that ask how alike two texts are and not whether they are equal."""

from ttrl_verl.reward_fns.answers.canonical import Canonical

MAX_CHARS = 2000
"""What is longer is cut: comparing texts takes time with their length."""


def extract_free(text: str) -> str | None:
    """Return what stands between the last ``<answer>`` tags, else the whole final part of a response.

    Example:
        >>> extract_free("Let me see. <answer>The cat sat.</answer>"), extract_free("The cat sat.")
        ('The cat sat.', 'The cat sat.')
    """
    end = text.rfind("</answer>")
    start = text.rfind("<answer>", 0, max(end, 0))
    return text[start + len("<answer>") : end] if 0 <= start < end else text


def canonical_free(answer: str) -> Canonical:
    """Return the text with single blanks, its first 2,000 characters; ``limited`` where it had more.

    Example:
        >>> canonical_free("The  cat sat. ").text
        'The cat sat.'
    """
    text = " ".join(answer.split())
    return Canonical(text[:MAX_CHARS].strip() or None, limited=len(text) > MAX_CHARS)
