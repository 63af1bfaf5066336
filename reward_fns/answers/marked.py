"""An answer between marks for it: ``<answer>5</answer>``, ``[ANSWER]5[/ANSWER]``, ``{"answer": 5}``."""

import json
import re

# Tags: <answer>5</answer>, [ANSWER]5[/ANSWER], <final_answer>, <choice>.
_TAG = re.compile(
    r"[<\[](/?)(?:(?:final[_ \-]?)?(?:answer|ans|choice|option|label|result)|final|solution)[>\]]", re.IGNORECASE
)
_TAG_ENDINGS = ("answer>", "ans>", "choice>", "option>", "label>", "result>", "final>", "solution>")
_TAG_CHARS = 2_000


def tagged(text: str) -> str | None:
    """Return what the last pair of answer tags holds; a tag that nothing closes holds the rest of the text.

    Example:
        >>> tagged("2+3 is 5: <answer>5</answer>"), tagged("[ANSWER] 5 [/ANSWER]"), tagged("answer 5")
        ('5', '5', None)
    """
    if ">" not in text and "]" not in text:
        return None
    if not (">" in text or text.rfind("nswer]") >= 0 or text.rfind("NSWER]") >= 0):  # most brackets are LaTeX's
        return None
    lowered = text.lower()
    if not ("answer]" in lowered or (">" in text and any(ending in lowered for ending in _TAG_ENDINGS))):
        return None
    held = begin = None
    for tag in _TAG.finditer(text):
        if not tag[1]:
            begin = tag.end()
        elif begin is not None:
            held, begin = text[begin : tag.start()].strip() or held, None
    if held is None and begin is not None:
        held = text[begin:].strip()
    return held if held and len(held) <= _TAG_CHARS else None


# A command of LaTeX whose backslash nobody escaped, and that JSON would read as a line break or its like.
_UNESCAPED = re.compile(
    r"(?<!\\)\\(?=(?:frac|text\w*|times|theta|tan|tau|to|triangle|tfrac|beta|binom|boxed|bar|begin|big|neq?|nu|rho|right|rm)"
    r"(?![a-z]))"
)
_JSON = re.compile(
    r"""["'](?:(?:(?:final|correct|predicted|my|selected|chosen|best|the)?[_ -]?(?:answer|choice|option"""
    r"""|label|prediction|result|class|category|sentiment|value|output)(?:[_ -](?:choice|option|letter|value|key))?)"""
    r"""|final|solution)["']\s{0,3}:\s{0,3}"""
    r"""("(?:[^"\\\n]|\\.){0,500}"|'(?:[^'\\\n]|\\.){0,500}'|\[[^\[\]{}]{0,300}\]|[^\s,{}"'\[\]](?:[^,{}\n"']|\{[^{}\n]{0,60}\}){0,100})""",
    re.IGNORECASE,
)


def from_json(text: str) -> str | None:
    r"""Return the value of the last key such as ``"answer"`` of JSON, or of a Python dict, as text.

    Example:
        >>> from_json('{"answer": "$5$"}'), from_json("{'answer': 5, 'sure': 1}"), from_json('{"answer": [1, 2]}')
        ('$5$', '5', '1, 2')
    """
    if "{" not in text or not ('"' in text or "'" in text):
        return None
    if not ('":' in text or "':" in text or '" :' in text or "' :" in text):
        return None
    value = None
    for pair in _JSON.finditer(text):
        value = pair[1]
    if value is None:
        return None
    if value[0] == '"':
        try:
            return str(json.loads(_UNESCAPED.sub(r"\\\\", value))).strip() or None
        except ValueError:  # LaTeX that nobody escaped
            return value[1:-1].strip() or None
    if value[0] == "[":
        return re.sub(r"[\"']", "", value[1:-1]).strip() or None
    if value[0] == "'":
        value = value[1:-1].replace("\\\\", "\\")
    return value.strip("' ") or None
