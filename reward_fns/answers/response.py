r"""What of a response counts: not its special tokens, its reasoning, nor a next problem that a base model runs on into.

Every step is linear in the text, and looks for plain strings before it tries a pattern: most responses hold few.
"""

import re

# <|im_end|>, <|eot_id|>, </s>, <pad>, <end_of_turn>: what a tokenizer leaves when it decodes with special tokens.
_SPECIAL_TOKEN = re.compile(r"<\|[^<>|]{1,40}\|>|</?s>|<(?:pad|bos|eos|unk|end_of_turn|start_of_turn)>")
_USER_TURN = re.compile(r"<\|(?:im_start|start_header_id)\|>user|<start_of_turn>user")
# What follows the end of a text is another text.
_END_TOKENS = ("<|endoftext|>", "<|end_of_text|>", "</s>")
_FINAL_CHANNEL = "<|channel|>final<|message|>"
_REASONING_TAG = re.compile(
    r"[<◁](/?)((?:[a-z]{1,10}:)?(?:think|thinking|thoughts?|reasoning|scratchpad))[>▷]|\[(/?)(THINK)\]"
)
_GIVES_ANSWER = re.compile(r"box(?:ed)?\b|\b(?:answer|ans)\b|答案|答え|故选|####", re.IGNORECASE)
# Where a base model goes on with a problem of its own, and where an answer's explanation begins. A heading of its own
# line, or with a colon.
_HEADING_MARKS = r"\n\s{0,3}(?:[#*>_\-]{1,4}\s?){0,2}"
_NEXT_PROBLEM = (
    r"(?:(?:next|new|another)\s)?(?:q|question|problem|exercise|example|human|user|instruction|input)\b"
    r"(?:\s?#?\d{1,3}|\s[a-z])?\s?[*_]{0,2}\s?(?:[:：.](?=\s|[*_])|(?=\n))|(?:问题|题目|例题|用户|問題)\s?\d{0,3}\s?[:：]"
)
_EXPLANATION = (
    r"(?:explanation|reason(?:ing)?|justification|rationale|why|notes?|check(?:ing)?|verif(?:y|ication)|proof)\s?[*_]{0,2}\s?(?:[:：]|(?=\n))"
    r"|(?:解释|解析|说明|理由|解説|分析)\s?[:：]"
)
_GOES_ON = re.compile(rf"{_HEADING_MARKS}(?:{_NEXT_PROBLEM}|{_EXPLANATION})", re.IGNORECASE)
# What such a heading begins with: most lines are told by their first letters.
_MAY_GO_ON = re.compile(
    r"\n[\s#*>_\-]{0,9}+(?:[Qq]|[PpJjUuHh][RrUuSs]|[EeIi][XxNn]|[NnRr][EeOoAa]|[CcWw][Hh]|[Vv][Ee]|[Pp][Rr]|[Aa][Nn]|[问题例用問解说理説分])"
)
_SHORT = 80
# What a chat model says behind its answer, and the sign that ends a proof.
_COURTESY = re.compile(
    r"\s{0,3}(?:(?:please\s|do\s|just\s)?(?:let me know|feel free)\b|(?:i\s)?hope (?:this|that|it)\b"
    r"|if (?:you|there)(?:['’]d| would| have| need| want| are| is)\b[^\n]{0,80}\b(?:let me know|feel free"
    r"|ask|happy to)\b"
    r"|(?:would|do) you (?:like|want|need)\b|is there anything else\b|(?:i['’]m|i am|i['’]d be) (?:happy|glad) to\b"
    r"|(?:good luck|happy learning|thank you|thanks)\b|如果(?:你|您)|希望(?:这|對|对)|如有)",
    re.IGNORECASE,
)
_PROOF_SIGNS = ("$", "∎", "■", "□", "D", "D.", "d", "d.", "blacksquare")
_PROOF_ENDS = re.compile(
    r"\s*(?:\$\s?\\(?:blacksquare|square|Box|qed)\s?\$|\\(?:blacksquare|qed)|[∎■□]|Q\.?E\.?D\.?)\s*\Z"
)


def final_part(response: str) -> str | None:
    """Return the response without special tokens and without its reasoning block; ``None`` where nothing is left.

    A template may open the block in the prompt, so a lone ``</think>`` ends it. A block that never ends is a response
    that was cut off while it reasoned: it has no answer, but for one that it gave before.

    Example:
        >>> final_part("<think>B? no, C.</think>C<|im_end|>")
        'C'
        >>> final_part("<think>it must be B") is None
        True
    """
    if not ("<" in response or "◁" in response or response.rfind("THINK]") >= 0):
        return response.strip() or None
    text = response[response.rfind(_FINAL_CHANNEL) + 1 :] if _FINAL_CHANNEL in response else response
    text = _before_end(text)
    text = _SPECIAL_TOKEN.sub("", _USER_TURN.sub("\n\nUser: ", text).removeprefix(_FINAL_CHANNEL[1:]))
    kept: list[str] = []
    start, open_name = 0, None
    for tag in _REASONING_TAG.finditer(text):
        closes, name = tag[1] or tag[3], tag[2] or tag[4]
        if open_name is None and not closes:
            kept.append(text[start : tag.start()])
            open_name = name
        elif open_name is None:  # opened in the prompt: all before it was reasoning
            kept.clear()
            start = tag.end()
        elif closes and name == open_name:
            open_name, start = None, tag.end()
    if open_name is not None:
        before = " ".join(kept).strip()
        return before if _GIVES_ANSWER.search(before) else None
    return " ".join([*kept, text[start:]]).strip() or None


def _before_end(text: str) -> str:
    """Return the text before the token that ends it, if there is any text before that and no turn is opened by it."""
    ends = [at for token in _END_TOKENS if (at := text.find(token)) >= 0 and text[:at].strip()]
    return text[: min(ends)] if ends else text


def readings(final: str) -> tuple[str, ...]:
    r"""Return what an answer is looked for in, one after the other: the text up to where it goes on, then all of it.

    A base model runs on into a next problem, and an answer is often followed by its explanation, which names other
    answers. Both are told by a heading (``Question:``, ``Human:``, ``**Explanation**``) behind a text that gives an
    answer, or that is one short line.

    Example:
        >>> readings("The answer is 5.\n\nQ: What is 3+4?\nA: 7")[0]
        'The answer is 5.'
        >>> len(readings("Question: what is 3+4?\nAnswer: 7"))
        1
    """
    final = without_courtesy(final)
    first = None
    for candidate in _MAY_GO_ON.finditer(final):
        heading = _GOES_ON.match(final, candidate.start())
        if heading is None:
            continue
        before = final[: heading.start()].rstrip() if heading.start() <= _SHORT else None
        if before and "\n" not in before and not before.endswith((":", "：")):
            return before, final
        if first is None:
            found = _GIVES_ANSWER.search(final)
            if found is None:
                break
            first = found.end()
        if heading.start() >= first:
            return final[: heading.start()].rstrip(), final
    return (final,)


def without_courtesy(final: str) -> str:
    r"""Return the text without a last line that offers help or wishes well, and without the sign that ends a proof.

    Example:
        >>> without_courtesy("Berlin\n\nLet me know if you have any other questions!")
        'Berlin'
        >>> without_courtesy(r"The perimeter is 24. $\blacksquare$")
        'The perimeter is 24.'
    """
    start = final.rfind("\n") + 1
    if start and len(final) - start < 4 * _SHORT and _COURTESY.match(final, start):
        final = final[:start].rstrip() or final
    if not final.endswith(_PROOF_SIGNS):
        return final
    ends = _PROOF_ENDS.search(final, max(0, len(final) - 24))
    return final[: ends.start()] or final if ends else final
