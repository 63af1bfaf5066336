"""What of a response counts: not its special tokens, and not its reasoning."""

import re

# <|im_end|>, <|eot_id|>, </s>, <pad>, <end_of_turn>: what a tokenizer leaves when it decodes with special tokens.
_SPECIAL_TOKEN = re.compile(r"<\|[^<>|]{1,40}\|>|</?s>|<(?:pad|bos|eos|unk|end_of_turn|start_of_turn)>")
_REASONING = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.DOTALL)
_REASONING_END = re.compile(r".*</(?:think|thinking|reasoning)>", re.DOTALL)
_REASONING_OPEN = re.compile(r"<(?:think|thinking|reasoning)>")


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
    text = _REASONING.sub(" ", _SPECIAL_TOKEN.sub("", response))
    text = _REASONING_END.sub("", text)
    if _REASONING_OPEN.search(text):
        return None
    return text.strip() or None


def last_boxed(text: str) -> str | None:
    r"""Return what the last ``\boxed{...}`` holds, nested braces included; ``None`` where there is none or it is open.

    Example:
        >>> last_boxed(r"so \boxed{\frac{1}{2}}.")
        '\\frac{1}{2}'
    """
    start = max(text.rfind("\\boxed{"), text.rfind("\\fbox{"))
    if start < 0:
        return None
    begin = text.index("{", start) + 1
    depth = 1
    for end in range(begin, len(text)):
        if text[end] in "{}" and text[end - 1] != "\\":
            depth += 1 if text[end] == "{" else -1
            if depth == 0:
                return text[begin:end]
    return None
