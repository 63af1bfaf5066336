r"""Boxes: ``\boxed{...}``, ``\fbox{...}`` and their like. Every step is linear in the text."""

import re
from typing import NamedTuple

# A box's name ends in "ox" or "oxed", which is searched from the end of the text; \x08 is a \b that was read as an
# escape, and "boxed{" lost its backslash.
_NAME_START = re.compile(r"(?:\\(?:[bB]|fb|bb|frameb)|\x08|(?<![a-zA-Z\\])b)\Z")
_NAME_END = re.compile(r"ox(ed)?(?![a-zA-Z])\s{0,3}(?:\[[^\]\n]{0,80}\]\s{0,3}(?=\{))?")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
# An open box ends here at the latest.
_STOP = re.compile(r"[$\n]|\\[)\]]")
# What \boxed takes without braces: a number, a command with its braces or digits, or one character.
_BARE = re.compile(
    r"([-+]?\d[\d.,]{0,40}(?<![.,])|\\[dtc]?frac\s?\d\d|\\[a-zA-Z]{1,20}(?:\{[^{}]{0,80}\}){0,2}|[^\s{}\\$.,])"
)
_HALF_FRACTION = re.compile(r"\\[dtc]?frac\s?(?:\{[^{}]*\})?\Z")
PLACEHOLDER = (
    r"[\s.…_?]*|\\(?:ldots|dots|cdots|quad|text\s?\{\s*\})|(?:\\text\s?\{)?<?(?:your |the "
    r"|final ){0,3}answer(?: here)?>?\}?"
)
"""What a box holds that no answer was put into yet, as a pattern."""
_PLACEHOLDER = re.compile(PLACEHOLDER, re.IGNORECASE)
# Between two boxes that belong together: "\boxed{1} and \boxed{2}", "$x=\boxed{1}$, $y=\boxed{2}$".
_JOINT = re.compile(
    r"(?:\s|[$]|\\[)\](\[]|\\q?quad|\\[,;! ]){0,12}"
    r"(?:[,;、，&]|\\text\s?\{[\s,]*(?:and|or)\s*\}|(?:and|or|or else|as well as)\b|以及|或者|[和或与及]|または){1,2}"
    r"(?:\s|[$]|\\[)\](\[]|\\q?quad|\\[,;! ]|(?:and|or)\b){0,12}"
    r"(?:[a-zA-Z](?:_\{?\w{1,3}\}?)?|\\[a-z]{2,8})?(?:\s{0,3}=|\$?\s(?:is|equals))?[\s$]{0,3}"
)
_JOINT_CHARS = 80
_OWNER = re.compile(r"([a-zA-Z](?:_\{?\w{1,3}\}?)?|\\[a-z]{2,8})(?:\s{0,3}=|\$?\s(?:is|equals))[\s$]{0,3}\Z")
_DENIED = re.compile(r"\b[Nn]ot\s\$?\Z")  # "(Not \\boxed{7}, as one might think.)"
_TWICE_CHARS = 200
_TWICE = re.compile(r"\\boxed\{([^{}]{1,60})\}[\s$.]{0,6}\\boxed\{([^{}]{1,60})\}[\s$.]{0,6}\Z")
_DRESS = re.compile(
    r"\\(?:color|textcolor|colorbox|fcolorbox\s?\{[^{}]{1,20}\})\s?(?:\[[a-zA-Z]{1,10}\]\s?)?\{[^{}]{1,20}\}"
    r"|\\(?:underline|uline|underbar|mathstrut|bold|emph|mathbin|Large|LARGE|huge|Huge|normalsize"
    r"|displaystyle)(?![a-zA-Z])"
)
MAX_BOX_CHARS = 10_000
"""A box that holds more than this is no answer; what is longer is not read."""


class Box(NamedTuple):
    """A box of a text.

    Attributes:
        start: where its name begins.
        end: where it ends.
        content: what it holds; ``None`` where the response was cut off inside it.
    """

    start: int
    end: int
    content: str | None


def last_boxes(text: str) -> tuple[Box, ...]:
    r"""Return the last box that holds something, and those before it that belong to the same answer.

    An empty box is an instruction that was repeated ("put it within \boxed{}"). Boxes belong together where there is
    nothing between them but a comma, "and", "or", and a name with its equals sign. Empty where there is no box.

    Example:
        >>> [box.content for box in last_boxes(r"first \boxed{0}; so $x=\boxed{3}$, $y=\boxed{4}$")]
        ['3', '4']
    """
    found: list[Box] = []
    end = len(text)
    while (start := text.rfind("ox", 0, end)) >= 0:
        end = start
        box = _read(text, start)
        if box is None or (box.content is not None and _PLACEHOLDER.fullmatch(box.content)):
            continue
        if box.content is not None and _DENIED.search(text, max(0, box.start - 8), box.start):
            continue
        if box.content is None and not found and _is_repeated(text, box.start):
            continue
        if found and (
            box.content is None
            or found[0].start - box.end not in range(_JOINT_CHARS)
            or not _JOINT.fullmatch(text, box.end, found[0].start)
        ):
            break
        found.insert(0, box)
        if box.content is None or len(found) > 20:
            break
    return tuple(found)


def boxed(text: str) -> tuple[bool, str | None]:
    r"""Return whether a text has a box that counts, and what it holds: several that belong together in one list.

    Colours, sizes and underlines are taken off. ``None`` where the response was cut off inside its last box.

    Example:
        >>> boxed(r"\boxed{1} and \boxed{2}"), boxed(r"$x=\boxed{3}$, $y=\boxed{4}$")
        ((True, '1, 2'), (True, 'x=3, y=4'))
        >>> boxed(r"so \boxed{\frac{1"), boxed("so 5")
        ((True, None), (False, None))
    """
    boxes = last_boxes(text)
    if not boxes:
        return False, None
    if boxes[-1].content is None:
        return True, None
    contents = [plain(box.content or "") for box in boxes]
    if len(set(contents)) == 1:
        return True, contents[0]
    owners = [_OWNER.search(text, max(0, box.start - 20), box.start) for box in boxes]
    names = [owner[1] for owner in owners if owner]
    if len(set(names)) == len(boxes):
        contents = [f"{name}={content}" for name, content in zip(names, contents, strict=True)]
    return True, ", ".join(contents)


def last_boxed(text: str) -> str | None:
    r"""Return what the last ``\boxed{...}`` holds; ``None`` where there is none or the response was cut off inside it.

    Nested braces belong to it, and ``\boxed 5`` holds 5. A box without its last brace ends at the end of its formula or
    line. Where the text ends there too, the response was cut off inside its answer and has none, unless the formula was
    closed or the brace that is missing is the last one alone.

    Example:
        >>> last_boxed(r"so \boxed{\frac{1}{2}}."), last_boxed(r"\boxed 5."), last_boxed(r"it is $\boxed{7$, so")
        ('\\frac{1}{2}', '5', '7')
        >>> last_boxed(r"first \boxed{3}, then \boxed{\frac{1") is None
        True
    """
    boxes = last_boxes(text)
    return boxes[-1].content if boxes else None


def plain(content: str) -> str:
    r"""Return what a box holds without colour, size and underline.

    Example:
        >>> plain(r"\textcolor{red}{5}"), plain(r"\color{blue} x + \underline{2}")
        ('{5}', 'x + {2}')
    """
    return _DRESS.sub("", content).removesuffix("\\ ").strip() if "\\" in content else content.strip()


def _is_repeated(text: str, start: int) -> bool:
    """Say whether a box that was cut off was about to repeat the two before it: a response that runs on in circles."""
    before = _TWICE.search(text, max(0, start - _TWICE_CHARS), start)
    return before is not None and before[1].strip() == before[2].strip()


def _read(text: str, at: int) -> Box | None:
    """Return the box whose name has its "ox" there, or ``None`` where that is another word."""
    begins = _NAME_START.search(text, max(0, at - 7), at)
    ends = _NAME_END.match(text, at)
    if not begins or not ends or (begins.group() == "b" and not (ends[1] and text[ends.end() : ends.end() + 1] == "{")):
        return None
    after = ends.end()
    if not text.startswith("{", after):
        bare = _BARE.match(text, after)
        if bare:
            return Box(begins.start(), bare.end(), bare[1])
        return Box(begins.start(), after, "" if text[after:].strip() else None)
    begin = after + 1
    window = text[begin : begin + MAX_BOX_CHARS]
    depth, closed = 1, 0
    for brace in _BRACE.finditer(window):
        if len(brace.group()) == 1:
            depth += 1 if brace.group() == "{" else -1
            if depth == 0:
                return Box(begins.start(), begin + brace.end(), window[: brace.start()])
            closed = brace.end() if depth == 1 else closed
    return _unclosed(text, begins.start(), begin, window)


def _unclosed(text: str, start: int, begin: int, window: str) -> Box:
    """Return a box whose last brace is missing: it ends with its formula, its line, or a group that was closed."""
    stop = _STOP.search(window)
    if stop is not None and (text[begin + stop.end() :].strip() or _opened(text, start, stop.group())):
        content = window[: stop.start()].strip()
        if content and not _open_groups(content):
            return Box(start, begin + stop.end(), content)
        return Box(start, begin + stop.end(), content or None)
    content = (window if stop is None else window[: stop.start()]).strip()
    complete = content.endswith("}") and not _open_groups(content) and not _HALF_FRACTION.search(content)
    return Box(start, len(text), content if complete and len(content) < MAX_BOX_CHARS else None)


def _opened(text: str, start: int, closes: str) -> bool:
    """Say whether the formula that is closed behind a box was opened before it."""
    if closes == "$":
        return text.count("$", 0, start) % 2 == 1
    if closes in ("\\)", "\\]"):
        return text.rfind("\\(" if closes == "\\)" else "\\[", 0, start) > text.rfind(closes, 0, start)
    return False


def _open_groups(content: str) -> bool:
    """Say whether a brace of a content is still open."""
    depth = 0
    for brace in _BRACE.finditer(content):
        if len(brace.group()) == 1:
            depth += 1 if brace.group() == "{" else -1
    return depth != 0
