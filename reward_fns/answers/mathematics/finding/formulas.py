r"""Where a response writes a formula: between dollar signs, ``\(…\)``, ``\[…\]``, or in an environment of its own."""

import re

MAX_FORMULA_CHARS = 800

FORMULA = re.compile(
    rf"\$\$([^$]{{1,{MAX_FORMULA_CHARS}}})\$\$|(?<!\\)\$((?:[^$\\\n]|\\.|\n(?!\n)){{1,{MAX_FORMULA_CHARS}}})\$"
    rf"|\\\((.{{1,{MAX_FORMULA_CHARS}}}?)\\\)|\\\[(.{{1,{MAX_FORMULA_CHARS}}}?)\\\]"
    rf"|\\begin\{{(align\*?|aligned|equation\*?|gather\*?)\}}(.{{1,{MAX_FORMULA_CHARS}}}?)\\end\{{\5\}}",
    re.DOTALL,
)
_MONEY = re.compile(r"\$\s?\d[\d,]*(?:\.\d+)?(?![\d\\^_{}]|\s?\$)")
_PROSE = re.compile(
    r"(?<![\\a-zA-Z{])(?!sin|cos|tan|log|mod)[a-zA-Z]{3,}|(?<![\\a-zA-Z{])[a-zA-Z]{2,}\s[a-zA-Z]{2,}|[.,]\s[A-Za-z]{2}|\n"
)
_TEXT = re.compile(r"\\(?:text|mathrm|textbf)\s?\{[^{}]*\}")


def inside(formula: re.Match[str]) -> str:
    r"""Return what a formula says, without its delimiters; an environment as it is."""
    return next((group for group in formula.groups()[:4] if group is not None), formula.group()).strip()


def money_before(formula: re.Match[str]) -> int | None:
    """Return where the amount of money ends that was taken for a formula's beginning, or ``None`` where it is one.

    A dollar sign before an amount is money, unless it opens a formula: no prose stands between it and the next one.

    Example:
        >>> money_before(FORMULA.search("It is $5 in all, or $6."))
        8
    """
    text, end = formula.string, formula.end()
    money = _MONEY.match(text, formula.start())
    if money and (_PROSE.search(_TEXT.sub("", formula.group())) or text[end : end + 1].isdigit()):
        return money.end()
    return None
