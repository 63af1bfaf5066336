"""Where a response states its answer the other way round: "5 is the answer", "I take 5 as my answer"."""

import re

# The other way round: "5 is the answer".
_SUBJECT = re.compile(
    r"(?P<subject>[^\n!?;]{1,80}?)\s(?:is|are|was|must be)\s(?:therefore\s|thus\s|clearly\s)?(?:the|our|my)\s"
    r"(?:final\s|correct\s|right\s|best\s)?\Z",
    re.IGNORECASE,
)
# "I get 5 for the final answer"
_TAKEN = re.compile(
    r"\b(?:get|got|have|obtain|choose|pick|select|take|give|find)\s(?P<taken>[^\n.!?;:,]{1,40})\s(?:for|as)\s(?:the|our|my)"
    r"(?:\s(?:final|correct|right|best))?\Z",
    re.IGNORECASE,
)
_DETERMINERS = (" the", " our", " my", " final", " correct", " right", " best")
_COPULAS = (" is ", " are ", " was ", " must be ")
_SENTENCE_START = re.compile(r"(?:\A|[.!?。]\s|\n)\s{0,3}")
_LEADING = re.compile(
    r"(?:(?:and|so|thus|hence|therefore|then|finally|clearly|consequently|i think|we see that|this means)\b,?\s)+",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"(?:what|which|this|that|it|here|who|where|neither|none|not|nothing|if|whether)\b", re.IGNORECASE
)


def subject_of_answer(text: str) -> str | None:
    """Return what a text says to be the answer in "X is the answer", where it says so last; ``None`` where it does not.

    Example:
        >>> subject_of_answer("We try a few. So 42 is the answer to question 7.")
        '42'
        >>> subject_of_answer("What is the answer?") is None
        True
    """
    lowered = text.lower()
    at = lowered.rfind(" answer")
    if at < 0 or len(lowered) != len(text) or not lowered.endswith(_DETERMINERS, 0, at):
        return None
    before = lowered[max(0, at - 40) : at]
    taken = _TAKEN.search(text, max(0, at - 80), at) if " for " in before or " as " in before else None
    if taken:
        return taken["taken"].strip()
    if not any(verb in before for verb in _COPULAS):
        return None
    before, sentence = text[max(0, at - 140) : at + 1], 0
    for start in _SENTENCE_START.finditer(before):
        sentence = start.end()
    match = _SUBJECT.fullmatch(before, sentence)
    if not match:
        return None
    said = _LEADING.sub("", match["subject"].strip(), count=1)
    return None if _PRONOUN.match(said) else said or None
