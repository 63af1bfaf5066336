"""What of a response counts: not its special tokens, and not its reasoning. Every step is linear in the text."""

import re

# <|im_end|>, <|eot_id|>, </s>, <pad>, <end_of_turn>: what a tokenizer leaves when it decodes with special tokens.
_SPECIAL_TOKEN = re.compile(r"<\|[^<>|]{1,40}\|>|</?s>|<(?:pad|bos|eos|unk|end_of_turn|start_of_turn)>")
_REASONING_TAG = re.compile(r"<(/?)(think|thinking|reasoning)>")
_BOX = re.compile(r"\\(?:boxed|fbox)(?![a-zA-Z])")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
# An open box ends here at the latest, where the text goes on.
_BOX_STOP = re.compile(r"[$\n]|\\[)\]]")
# What \boxed takes without braces: a number, a command with its braces, or one character.
_BARE_BOX = re.compile(r"\s{0,3}([-+]?\d[\d.,]{0,40}(?<![.,])|\\[a-zA-Z]{1,20}(?:\{[^{}]{0,80}\}){0,2}|[^\s{}\\$.,])")
MAX_BOX_CHARS = 10_000
"""A box that holds more than this is no answer; what is longer is not read."""


def final_part(response: str) -> str | None:
    """Return the response without special tokens and without its reasoning block; ``None`` where nothing is left.

    A template may open the block in the prompt, so a lone ``</think>`` ends it. A block that never ends is a response
    that was cut off while it reasoned: it has no answer.

    Example:
        >>> final_part("<think>B? no, C.</think>C<|im_end|>")
        'C'
        >>> final_part("<think>it must be B") is None
        True
    """
    text = _SPECIAL_TOKEN.sub("", response)
    kept: list[str] = []
    start, open_name = 0, None
    for tag in _REASONING_TAG.finditer(text):
        closes, name = tag.groups()
        if open_name is None and not closes:
            kept.append(text[start : tag.start()])
            open_name = name
        elif open_name is None:  # opened in the prompt: all before it was reasoning
            kept.clear()
            start = tag.end()
        elif closes and name == open_name:
            open_name, start = None, tag.end()
    if open_name is not None:
        return None
    return " ".join([*kept, text[start:]]).strip() or None


def last_boxed(text: str) -> str | None:
    r"""Return what the last ``\boxed{...}`` or ``\fbox{...}`` holds; ``None`` where there is none or it was cut off.

    Nested braces belong to it, and ``\boxed 5`` holds 5. A box without its last brace ends at the end of its formula or
    line; where the text ends there too, the response was cut off inside its answer and has none.

    Example:
        >>> last_boxed(r"so \boxed{\frac{1}{2}}."), last_boxed(r"\boxed 5."), last_boxed(r"it is $\boxed{7$, so")
        ('\\frac{1}{2}', '5', '7')
        >>> last_boxed(r"first \boxed{3}, then \boxed{\frac{1") is None
        True
    """
    start = _last_box(text)
    if start is None:
        return None
    if not text[start : start + 3].lstrip().startswith("{"):
        bare = _BARE_BOX.match(text, start)
        return bare.group(1) if bare else None
    begin = text.index("{", start) + 1
    window = text[begin : begin + MAX_BOX_CHARS]
    depth = 1
    for brace in _BRACE.finditer(window):
        if len(brace.group()) == 1:
            depth += 1 if brace.group() == "{" else -1
            if depth == 0:
                return window[: brace.start()]
    stop = _BOX_STOP.search(window)
    return window[: stop.start()].strip() or None if stop and begin + stop.end() < len(text) else None


def _last_box(text: str) -> int | None:
    """Return where what the last box holds begins, its opening brace included."""
    end = None
    for box in _BOX.finditer(text):
        end = box.end()
    return end
