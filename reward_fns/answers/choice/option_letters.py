r"""The letters of options: how they are written, alone or joined to others.

Every whitespace run is one blank before these patterns are used, and what they are used on is of bounded length. In
them "(C)" also stands for C in bold, quotes, braces, brackets or dollars (see ``unmarked``).
"""

import re

from ttrl_verl.reward_fns.answers.look_alikes import without_fonts

LINE_CHARS = 400
_OPENS, _CLOSES = r"(?:\*\*|__|[*_`\"'“‘$\[{「『【])", r"(?:\*\*|__|[*_`\"'”’$\]}」』】])"
_WRAPPED = re.compile(rf"{_OPENS}[{{(\[*$]{{0,3}}([A-Z])[.):]?\s?[}})\]*$]{{0,3}}{_CLOSES}")
_QUOTED_SMALL = re.compile(r"(?:['\"`“‘]|\*\*)([a-z])(?:['\"`”’]|\*\*)")
LATEX_MARK = re.compile(r"\\(?:left|right|displaystyle|[()\[\]])")
LATEX_GAP = re.compile(r"\\[ ,;!:]|\\q?quad(?![a-zA-Z])|~|\\text\s?\{\s{1,3}")
_MARKS = str.maketrans(dict.fromkeys("*_`#>|", ""))
# A bare letter before one of these words states an answer; before any other word it begins a name or is an article.
_CONNECTIVE = (
    r"(?:because|since|as|which|and|but|for|so|given|by|due|from|based|not|rather|while|whereas|then|if|where|seems?|"
    r"here|indeed|instead|again)\b"
)
_ENDS = (
    rf"(?=\Z|[\n.,;:!?)\]…。、।؟]|['’](?:d[iı]r|t[iı]r)\b|\s(?:over|to|instead of)\s(?:option\s)?\(?[A-Z]\b"
    rf"|\s[(\-–—|]|\s{_CONNECTIVE}|\s?[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]"
    r"|\s[\u0400-\u0eff])"
    r"(?!\.[A-Za-z]\.)(?!\s?=)"
)
LETTER = rf"(?:\(([A-Za-z])\)|([A-Z]){_ENDS})"
KIND = (
    r"(?:(?:the\s)?(?:(?:correct|right|best|final)\s)?(?:option|choice|letter|answer|statement|选项|項|选择)\s?:?\s?)?"
)
ALSO = re.compile(
    r"[)\s]?(?:\s?(?:/|&|,?\s?\b(?:or|and|and/or|or maybe|as well as)\b|或者?|和|与|及|、)\s?|,\s)"
    r"(?:(?:option|choice|maybe|possibly|perhaps|letter)\s)?"
    r"(?:\(([A-Z])\)|([A-Z])(?:(?!\s?['’\w=])|(?=,?\s(?:and|or)\s\(?[A-Z]\b)|(?=都)"
    r"|(?=\s(?:as|are|were|both|together|have|seem|look|also|equally|respectively|in|on|at|with|from|to)\b)))"
)
CONDITION = re.compile(r"\s(?:only\s)?(?:if|unless|were|provided|assuming)\b", re.IGNORECASE)  # "would be C if ..."
WRONG = re.compile(
    r"[\s:,]{0,3}(?:(?:(?:this|that|it)\s(?:(?:option|one|choice)\s)?)?"
    r"(?:is|are|was|would be|seems)\s(?:clearly\s|also\s)?)?"
    r"(?:wrong|incorrect|false|no\b|not\b(?!\s\(?[A-Z]\b)|isn't|invalid|out\b|错误|不正确|不对|错)",
    re.IGNORECASE,
)


def unmarked(text: str) -> str:
    """Return the text with one blank for each run of whitespace, and ``(C)`` for C in bold, quotes or braces."""
    if "\\" in text:
        text = LATEX_MARK.sub("", without_fonts(LATEX_GAP.sub(" ", text)))
    text = _QUOTED_SMALL.sub(r"(\1) ", _WRAPPED.sub(r"(\1) ", text)).translate(_MARKS)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def letter_of(match: re.Match[str]) -> str:
    """Return the one letter that a pattern found."""
    return next(group for group in match.groups() if group).upper()
