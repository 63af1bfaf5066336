r"""One spelling for LaTeX and unicode: what looks the same on paper becomes the same text. Every step is linear."""

import re
import unicodedata

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")
_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]{1,9}")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SUBSCRIPT_RUN = re.compile("[₀₁₂₃₄₅₆₇₈₉]{1,9}")
_GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau phi chi psi omega"
_CAPITALS = "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
GREEK_LETTERS, GREEK_CAPITALS = _GREEK.split(), _CAPITALS.split()
_VULGAR = re.compile("[¼-¾⅐-⅞]")
_UNICODE = str.maketrans(
    {
        **dict.fromkeys("−–—‐‑﹣－", "-"),
        **dict.fromkeys("×⋅·∗∙•⁎", "*"),
        **dict.fromkeys("÷∕⁄", "/"),
        **dict.fromkeys("°˚º", r"^\circ "),
        **dict.fromkeys("$€£¥¢", " "),
        **dict.fromkeys("“”„‟", '"'),
        **dict.fromkeys("‘’′ʹ", "'"),
        **dict.fromkeys("⟨〈", "("),
        **dict.fromkeys("⟩〉", ")"),
        **{letter: f"\\mathbb{{{name}}}" for letter, name in zip("ℝℤℕℚℂ", "RZNQC", strict=True)},
        **{letter: f"\\{name} " for letter, name in zip("αβγδεζηθικλμνξρστφχψω", GREEK_LETTERS, strict=True)},
        **{letter: f"\\{name} " for letter, name in zip("ΓΔΘΛΞΠΣΦΨΩ", GREEK_CAPITALS, strict=True)},
        "√": r"\sqrt ",
        "∛": r"\sqrt[3]",
        "≤": "<=",
        "⩽": "<=",
        "≥": ">=",
        "⩾": ">=",
        "≠": "!=",
        "π": r"\pi ",
        "…": "...",
        "%": " ",
        "~": " ",
        "。": ".",
        "、": ",",
        "\u00a0": " ",
    }
)
_NAMED = {
    **dict.fromkeys(("dfrac", "tfrac", "cfrac", "nicefrac", "sfrac", "flatfrac"), r"\frac"),
    **dict.fromkeys(("dbinom", "tbinom"), r"\binom"),
    **dict.fromkeys(("cdot", "times", "ast", "cdotp", "bullet"), "*"),
    **dict.fromkeys(("le", "leq", "leqslant", "leqq"), "<="),
    **dict.fromkeys(("ge", "geq", "geqslant", "geqq"), ">="),
    **dict.fromkeys(("ne", "neq", "not="), "!="),
    **dict.fromkeys(("approx", "simeq", "approxeq", "doteq"), "≈"),
    **dict.fromkeys(("emptyset", "varnothing"), "∅"),
    **dict.fromkeys(("vert", "mid", "lvert", "rvert"), "|"),
    **dict.fromkeys(("setminus", "backslash", "smallsetminus"), "∖"),
    **dict.fromkeys(("lbrace",), r"\{"),
    **dict.fromkeys(("rbrace",), r"\}"),
    **dict.fromkeys(("lbrack",), "["),
    **dict.fromkeys(("rbrack",), "]"),
    **dict.fromkeys(("langle", "lparen"), "("),
    **dict.fromkeys(("rangle", "rparen"), ")"),
    **dict.fromkeys(("lor", "vee"), "∨"),
    **dict.fromkeys(("land", "wedge"), "∧"),
    **dict.fromkeys(("bar",), r"\overline"),
    **dict.fromkeys(("widehat",), r"\hat"),
    **dict.fromkeys(("degree", "textdegree"), r"^\circ "),
    **dict.fromkeys(("mbox", "textrm", "textbf", "textit", "textsf", "texttt", "hbox", "textnormal"), r"\text"),
    **dict.fromkeys(("mathbf", "boldsymbol", "bm", "mathit", "vec", "mathsf", "mathcal", "pmb"), ""),
    **dict.fromkeys(("displaystyle", "textstyle", "scriptstyle", "limits", "nolimits", "left", "right", "middle"), ""),
    **dict.fromkeys(("big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "bf", "rm"), ""),
    **dict.fromkeys(("Biggl", "Biggr", "boxed", "fbox", "it", "tiny", "small", "large", "Large", "strut", "null"), ""),
    **dict.fromkeys(("quad", "qquad", "space", "nobreakspace", "enspace", "thinspace", "negthinspace"), " "),
    "div": "/",
    "lt": "<",
    "gt": ">",
    "cup": "∪",
    "bigcup": "∪",
    "cap": "∩",
    "in": "∈",
    "infty": "∞",
    "pm": "±",
    "mp": "∓",
    "colon": ":",
    "ldots": "...",
    "dots": "...",
    "cdots": "...",
    "euro": " ",
    "pounds": " ",
    "varphi": r"\phi",
    "varepsilon": r"\epsilon",
    "ell": "l",
}
ROW_END = "⏎"
"""What a matrix's rows are separated by, once tidied: the backslashes would read as an escape."""
_COMMAND = re.compile(r"\\([a-zA-Z]{1,30})\s?")
_DELIMITER_DOT = re.compile(r"\\(?:left|right)\s{0,3}\.")
_MATRIX_SKIP = re.compile(r"\\\\\s{0,3}\[\s{0,3}-?[\d.]{1,6}\s{0,3}(?:pt|em|ex|mm|cm)\s{0,3}\]")
_HSPACE = re.compile(r"\\[hv]space\*?\{[^{}]{0,20}\}|\\(?:hline|hfill|phantom\{[^{}]{0,20}\})")
_NUMBER_SETS = re.compile(r"\\(?:mathbb|Bbb)\s{0,3}(?:\{\s{0,3}([RZNQC])\s{0,3}\}|([RZNQC]))")
_ROMAN = re.compile(
    r"(?P<command>\\[a-zA-Z]{1,12})?\\(?:mathrm|operatorname\*?|mathop)\s{0,3}\{(?P<body>[^{}]{0,80})\}"
)
_POINTS = re.compile(r"[A-Z]{2,3}")
# Between two vectors the cross is a product of its own.
_VECTOR = (
    r"\\(?:vec|mathbf|boldsymbol|bm|overrightarrow|hat)"
    r"(?:\s{0,3}\{\s?\\?[a-zA-Z][^{}]{0,20}\}|\s{1,3}[a-zA-Z]|\s?\\[a-z]{2,8})(?:_\{?\w{1,4}\}?)?"
)
_CROSS = re.compile(rf"({_VECTOR}\s{{0,3}}|\\nabla\s{{0,3}})(?:\\times(?![a-zA-Z])|×)(?=\s{{0,3}}(?:{_VECTOR}|[A-Z]))")
_UNIT_VECTOR = re.compile(r"\\hat\s?(?:\{\s?\\?([ijk])(?:math)?\s?\}|\\?([ijk])(?:math)?(?![a-zA-Z]))")
# What a probability, an expectation or a determinant is said to be: "P(X = 2) = 1/4".
_MEASURED = re.compile(
    r"\A[\s$]{0,3}(?:\\?(?:P|Pr|E|Var|det|tr|deg|dim|rank)"
    r"|\\(?:mathbb|mathrm|text|operatorname)\s?\{(?:P|E|Pr|Var|det|tr|rank|deg)\})"
    r"\s?(?:\\left)?(?:[(\[|]([^()\[\]]{1,60}?)(?:\\right)?[)\]|]|(?<=[a-z]) ?[A-Z])\s?=\s?(?=\S)"
)
_MEASURED_BY_TEXT = re.compile(
    r"\A[\s$]{0,3}\\(?:text|mathrm|operatorname)\s?\{[A-Za-z ]{2,20}\}\s?\([^()=]{1,40}\)\s?=\s?(?=\S)"
)
_LENGTH_OF_VECTOR = re.compile(
    r"\A[\s$]{0,3}(?:\\left)?\\?\|\s?\\(?:vec|overrightarrow|mathbf)\s?\{?\s?\w{1,4}\s?\}?\s?(?:\\right)?\\?\|\s?=\s?(?=\S)"
)
_MAPS = re.compile(
    r"\A[\s$]{0,3}[a-zA-Z]\s?:\s?\\mathbb\s?\{?[ZNRQC]\}?\S{0,4}\s?\\(?:to|rightarrow)\s?\\mathbb\s?\{?[ZNRQC]\}?\S{0,4}?[\s$]{0,3}[,;]\s?"
)
_WHOLE_NUMBERS = re.compile(
    r"(?<=[\w})])(?:\\[,; ]|\\q?quad|[\s$]){0,3}[,;(]"
    r"(?:\\[,; ]|\\q?quad|\s|\$|\\text\s?\{\s?(?:where|with|for)\s?\}){0,4}\(?[a-zA-Z]\s?(?:\\in|∈)\s?"
    r"(?:\\(?:mathbb|mathbf|Bbb)\s?\{?\s?[ZNRQC]\s?\}?|[ℤℕℝℚℂ])(?:\s?[\^_]\s?\{?[+*]\}?)?[\s)$.]{0,4}\Z"
)
_ORDINAL = re.compile(r"(?<=\d)\s?\^\s?\{?\s?(?:\\(?:text|mathrm|rm)\s?\{?\s?)?(st|nd|rd|th)\s?\}{0,2}(?![a-z])")
_TEMPERATURE = re.compile(
    r"(?<=\d)(?:\s?\^\s?\{?\s?\\circ\s?\}?|\s?[°º˚])\s?(?:\\(?:text|mathrm)\s?\{\s?)?[CF]\s?\}?(?=[\s$.]{0,4}\Z)"
)
_EVERY = re.compile(
    r"\A\s{0,3}(?:\\text\s?\{\s?(?:for )?all\s?\}|(?:for )?all )\s?\$?"
    r"(?=[a-zA-Z]\s?(?:[<>=≤≥≠]|\\(?:geq?|leq?|neq?|gt|lt)(?![a-z])))"
)
# What leads to an answer, and what it is said to hold for: "∴ x = 5", "f(n) = n + 1 for all n".
_LEADS = re.compile(r"\A\s{0,9}\$?\s?(?:∴|⇒|→|\\(?:therefore|implies|Rightarrow|Longrightarrow|to)(?![a-zA-Z]))\s?")
_ALL = r"for (?:all|every|any|each)(?:\sreal|\spositive)?(?:\s(?:integers?|numbers?))?"
_FOR_ALL = re.compile(
    rf"(?<=[^\s,;])[\s,;(]{{0,4}}(?:\\(?:quad|qquad|[ ,;])\s?)?(?:\\text\s?\{{\s?{_ALL}\s?\}}|{_ALL}(?![a-z])|\\forall)"
    r"\s?\$?\s?[a-zA-Z](?:\s?(?:\\in|∈)\s?\\mathbb\s?\{?\s?[A-Z]\s?\}?)?[\s)$.]{0,5}\Z"
)
_NEGATIVE = re.compile(r"\A\s*(?:negative|minus)\s(?=[\d$\\.])", re.IGNORECASE)
_SPACING = re.compile(r"\\[!,;:> ]|\\\n")
_BRACED_COLON = re.compile(r"\{ ?: ?\}")
_MODULUS = re.compile(r"\(? ?(?:\\(?:pmod|bmod|mod)|\\text ?\{ ?mod ?\}|\bmod\b) ?\{? ?(\w{1,9}) ?\}? ?\)?")
_GAP = re.compile(r"\s+")
_EQUALS = re.compile(r" ?(<=|>=|!=|[=<>+∧∨]) ?")
_SET_LETTERS = dict(zip("RZNQC", "ℝℤℕℚℂ", strict=True))
_DIGIT_GAP = re.compile(r"(?<=\d)\\[!,;: ](?=\d{3}(?!\d))|(?<=\d),\\! ?(?=\d{3}(?!\d))|(?<=\d)\{,\}(?=\d{3})")
_SPEED = re.compile(
    r"(?:(?<=[\d})])|(?<=\\pi)) {1,3}(?:km|m|cm|mm|ft|mi|in|g|kg|J|N|L|mol|rad|cal|W|V|C)\s?"
    r"(?:/\s?(?:hr?|s|min|sec|mol|L|day|kg|g)(?:\s?\^?\s?\{?[23]\}?)?"
    r"|(?:\*|\s)\s?(?:h|s|min|mol|L|kg|g)\s?\^\s?\{?\s?-\s?[123]\s?\}?)\s*\Z"
)
_CURRENCY = re.compile(r"\s{0,3}(?:USD|EUR|GBP|CNY|RMB|JPY|INR|AUD|CAD|US|HK|Rs\.?)\s{0,3}(?=\.?\d)")
_AFTER_COMMAND = re.compile(r"(\\[a-zA-Z]+) (?![a-zA-Z])")
_VALUES = re.compile(r"\s?[a-zA-Z] ?= ?-?[\d./]{1,20}(?: {1,9}[a-zA-Z] ?= ?-?[\d./]{1,20}){1,9}\s?")
_VALUE_GAP = re.compile(r"(?<=[\d.]) {1,9}(?=[a-zA-Z])")
_WIDE = re.compile(r"(?:\\[,;: ]|\s){0,5}\\q?quad(?![a-zA-Z])(?:\\q?quad(?![a-zA-Z])|\\[,;: ]|\s){0,5}")
_RELATES = re.compile(r"=|<|>|\\(?:leq?|geq?|neq?|in)(?![a-zA-Z])")
_LEADING_EQUALS = re.compile(r"\A(?:[\s.,;:]*[=≈])+")
_SIMPLE_GROUP = re.compile(r"([\^_]) ?\{ ?(\\[a-zA-Z]+|[^{}\\ ]) ?\}")
_LATEX_PIECE = re.compile(r"\\[a-zA-Z]+|\\.|\S")
_SENTENCE = re.compile(r"(?:(?<![\\a-zA-Z])[a-zA-Z]{2,}) [a-zA-Z]{2}")
_ROMAN_NAMES = {"sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "exp", "gcd", "lcm", "max", "min", "arcsin"}


def tidy(answer: str) -> str:
    r"""Return an answer in one spelling of LaTeX, without what only shapes the page.

    Unicode is brought to LaTeX or ASCII; dollar, percent and spacing commands, ``\left`` and ``\right``, font commands
    and a boxed, bold or dollar wrapping are dropped; ``\dfrac`` becomes ``\frac``, ``\leq`` becomes ``<=``.

    Example:
        >>> tidy(r"$\left( 3, \dfrac{\pi}{2} \right]$."), tidy(r"\$32,\!348"), tidy("½ x²")
        ('( 3, \\frac{\\pi}{2} ]', '32,348', '1/2 x^{2}')
    """
    text = _NEGATIVE.sub("-", _EVERY.sub("", _LEADS.sub("", answer, count=1), count=1), count=1)
    text = _ORDINAL.sub(r"\1", _TEMPERATURE.sub("", text)) if "^" in text or not text.isascii() else text
    if "=" in text:
        for said in (_MEASURED, _MEASURED_BY_TEXT, _LENGTH_OF_VECTOR, _MAPS):
            text = said.sub("", text, count=1)
    text = _WHOLE_NUMBERS.sub("", text, count=1) if "\\in" in text or "∈" in text else text
    text = text.replace("\\equiv", "=") if "equiv" in text and "mod" not in text else text
    text = _UNIT_VECTOR.sub(r" \1\2 ", text) if "\\hat" in text else text
    text = _FOR_ALL.sub("", text, count=1) if "for" in text else text
    text = _apart(text) if "quad" in text else text
    if "\\times" in text or "×" in text:
        text = _CROSS.sub(r"\1⨯", text)
    text = _VULGAR.sub(lambda half: " " + unicodedata.normalize("NFKC", half.group()), text)
    text = _SUPERSCRIPT_RUN.sub(lambda run: "^{" + run.group().translate(_SUPERSCRIPTS) + "}", text)
    text = _SUBSCRIPT_RUN.sub(lambda run: "_{" + run.group().translate(_SUBSCRIPTS) + "}", text)
    text = unicodedata.normalize("NFKC", text.translate(_UNICODE)).translate(_UNICODE)
    text = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)
    text = _MATRIX_SKIP.sub(ROW_END, _HSPACE.sub(" ", text)).replace("\\\\", ROW_END)
    for wrapping in ("\\%", "\\$", "\\ ", "\\(", "\\)"):
        text = text.replace(wrapping, " ")
    if text.lstrip().startswith("\\["):
        text = text.lstrip()[2:].rstrip().removesuffix("\\]")
    text = _DELIMITER_DOT.sub("", _DIGIT_GAP.sub(lambda gap: "," if "," in gap.group()[:2] else "", text))
    text = _NUMBER_SETS.sub(lambda found: _SET_LETTERS[found[1] or found[2]], text)
    text = _BRACED_COLON.sub(":", _ROMAN.sub(_roman, text))
    text = _COMMAND.sub(_command, _SPACING.sub(" ", text))
    currency = _CURRENCY.match(text)
    text = _SPEED.sub("", text[currency.end() if currency else 0 :].strip())
    return _unwrap(_AFTER_COMMAND.sub(r"\1", _GAP.sub(" ", _listed(text)).strip()))


def _listed(text: str) -> str:
    """Return values with names that only a gap separates as a list: "x=1 y=2"."""
    return _VALUE_GAP.sub(", ", text) if _VALUES.fullmatch(text) else text


def _apart(text: str) -> str:
    r"""Return relations that only a wide gap separates as a list: "x = 1 \quad y = 2"."""
    parts = _WIDE.split(text)
    related = all(_RELATES.search(part) and not part.startswith(("\\text", "\\mbox", "\\mathrm")) for part in parts)
    return ", ".join(part.rstrip(" ,;") for part in parts) if related and 1 < len(parts) < 9 else text


def _roman(found: re.Match[str]) -> str:
    """Return roman type as a letter, a function or text."""
    body, start, behind = found["body"].strip(" ~"), found.start(), found.string[found.end() : found.end() + 9].lstrip()
    before = found["command"] + " " if found["command"] else ""  # \cdot\mathrm{s} is no \cdots
    counts = found.string[:start].rstrip(" ~\\,;").endswith(tuple("0123456789"))
    if len(body) == 1 or (_POINTS.fullmatch(body) and not counts):
        return before + body
    if body in _ROMAN_NAMES and not (body == "min" and behind[:1] not in ("(", "{", "_", "\\")):
        return f"{before}\\{body} "
    return f"{before}\\text{{{body}}}"


def _command(found: re.Match[str]) -> str:
    name = found[1]
    if name not in _NAMED:
        return found.group()
    # What replaces a command must not run into the letters behind it: \frac4, but \frac x.
    replacement = _NAMED[name]
    return replacement + " " if replacement.startswith("\\") and replacement[-1].isalpha() else replacement


def _unwrap(text: str) -> str:
    """Drop the punctuation of a sentence around an answer, and markdown's stars and ticks."""
    for _ in range(4):
        before = text
        text = text.strip(" `").rstrip(".,;:?").strip()
        if len(text) > 4 and text.startswith("**") and text.endswith("**"):
            text = text[2:-2]
        text = _LEADING_EQUALS.sub("", text, count=1)
        if text.startswith("{") and text.endswith("}") and closes_at_end(text):
            text = text[1:-1]
        if text == before:
            break
    return text


def closes_at_end(text: str) -> bool:
    """Say whether the brace that a text begins with is closed by its last one."""
    depth = 0
    for index, character in enumerate(text):
        if character in "{}" and text[index - 1] != "\\":
            depth += 1 if character == "{" else -1
            if depth == 0:
                return index == len(text) - 1
    return False


def plain_text(tidied: str) -> str:
    r"""Return what an answer that is no mathematics is compared by: its text, without case where it has no LaTeX.

    Example:
        >>> plain_text(r"\text{June  20}"), plain_text("East.")
        ('june 20', 'east')
    """
    text = re.sub(r"\\text\s?\{([^{}]*)\}", r" \1 ", tidied)
    text = _EQUALS.sub(r"\1", _GAP.sub(" ", text)).strip(" .,;:?\"'`*$")
    if len(text) > 2 and text[-1] == "!" and text[-3:-1].isalpha():  # an exclamation; 500! is another number
        text = text.rstrip("!")
    keeps_case = "\\" in text or "function(" in text or "value(" in text  # names of variables
    return text if keeps_case else text.casefold().strip(" .,;:?\"'`*$")


def packed(text: str) -> str:
    r"""Return LaTeX that is compared as text without the blanks and braces that change nothing.

    Example:
        >>> packed(r"\sum_{n=0}^{9} x^{n}"), packed("to be told")
        ('\\sum_{n=0}^9x^n', 'to be told')
    """
    if not any(sign in text for sign in ("\\", "^{", "_{")) or _SENTENCE.search(text):
        return text
    pieces = _LATEX_PIECE.findall(_MODULUS.sub(r"\\pmod \1", _SIMPLE_GROUP.sub(r"\1\2", text)))
    packed = ""
    for piece, following in zip(pieces, [*pieces[1:], ""], strict=True):
        packed += piece + (" " if piece[0] == "\\" and piece[-1].isalpha() and following[:1].isalpha() else "")
    return packed
