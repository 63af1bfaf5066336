"""From tidied text to tokens: numbers, names, words, commands and signs."""

import re
from typing import NamedTuple

from ttrl_verl.reward_fns.answers.mathematics.latex import GREEK_CAPITALS, GREEK_LETTERS

MAX_TOKENS = 400
"""An answer with more tokens is compared as text."""

_FUNCTIONS = """
    sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln lg exp abs gcd lcm max min floor ceil cross
"""
FUNCTIONS = frozenset(_FUNCTIONS.split())
GREEK = frozenset((*GREEK_LETTERS, *GREEK_CAPITALS))
# Without a backslash, "xi" is x times i.
NAMES = (GREEK - {"xi", "nu", "mu"}) | {"pi"}
_SYMBOLS = frozenset(("hbar", "nabla", "wp", "aleph", "imath", "jmath", "square", "star"))
_INFINITY = frozenset(("inf", "infty", "infinity", "oo"))

_LETTER = r"(?:\\[a-zA-Z]+|[a-zA-Z])"
_TOKEN = re.compile(
    r"(?P<space> )|(?P<value>(?:value|function)\()"
    # The derivative of a name by another, as LaTeX writes it and as its canonical text does.
    rf"|\\frac ?\{{ ?(?P<d>d|\\partial) ?(?:\^ ?\{{? ?(?P<order>\d) ?\}}?)? ?(?P<of>{_LETTER})? ?\}} ?"
    rf"\{{ ?(?P=d) ?(?P<by>{_LETTER}) ?(?:\^ ?\{{? ?\d ?\}}?)? ?\}}"
    r"|(?<![a-zA-Z\\])(?P<derivative>(?P<ascii>[d∂])\d?(?:[a-zA-Z]|\\[a-zA-Z]+)?/(?P=ascii)(?:[a-zA-Z]\d?|\\[a-zA-Z]+)"
    r"(?![a-zA-Z0-9]))"
    r"|(?P<ordinal>\d{0,3}(?:1st|2nd|3rd|\dth)\Z)"
    # 2e3 and 1.5e-3 can be nothing else; 2e-3 is 2 times e, less 3
    r"|(?P<number>(?:\d*\.\d+[eE][+-]?\d{1,3}|\d+[eE]\d{1,3}|\d+E[+-]\d{1,3})(?![a-zA-Z\d.])"
    r"|\d+(?:\.\d+|\.(?=\\overline))?|\.\d+|\.(?=\\overline))"
    r"|(?P<run>[a-zA-Z]+)|\\(?:text|word)\s?\{(?P<text>[^{}]{0,200})\}"
    r'|"(?P<quoted>[^"]{1,200})"'
    r"|\\(?P<command>[a-zA-Z]+)|(?P<escaped>\\[{}|])|(?P<sign>\.\.\.|\*\*|<=|>=|!=|=|<|>|\+|-|\*|/|\^|_|!|'"
    r"|[()\[\]{},;|&:±∓∪∩∈∅∞≈∖⏎ℝℤℕℚℂ∧∨⨯])",
    re.ASCII,
)
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?!\d)(?!,\d)", re.ASCII)
_SPACED = re.compile(r"(?<![\d.,] )(?<![\d.,])\d{1,3}(?: \d{3})+(?! ?\d)", re.ASCII)
_OPENERS = re.compile(r"\(|\[|\\\{")
_MATRIX = re.compile(r"\\(begin|end)\s?\{([a-zA-Z]{1,12}\*?)\}(?:\s?\{[lcr| ]{0,20}\})?")
_PARENTHESIS = re.compile(r"[()]")
_CLOSERS = (")", "]", "\\}")
_SET = re.compile(r" ?(?:\(|\[|\\\{)")
MAX_VALUE_CHARS = 400


class SyntaxTrouble(ValueError):  # noqa: N818 - no fault of anybody: the answer is text
    """The text is not mathematics that this grammar reads."""


class Token(NamedTuple):
    """One token.

    Attributes:
        kind: number, name, run, function, word, command, sign, joiner, begin, end. A run is letters in a row that
            ``letters.resolve`` reads as names or as a word.
        text: as written; for a word that is no unit, in lower case.
        spaced: whether a space stands before it.
        part: whether it is a letter out of several in a row.
    """

    kind: str
    text: str
    spaced: bool
    part: bool = False


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a tidied answer; letters in a row are one token.

    Raises:
        SyntaxTrouble: a character that is no mathematics, or more than ``MAX_TOKENS`` tokens.

    Example:
        >>> [token.text for token in tokenize("2x+3 cm")]
        ['2', 'x', '+', '3', 'cm']
    """
    tokens: list[Token] = []
    position, spaced = 0, False
    text = _join_digits(text)
    while position < len(text):
        if len(tokens) > MAX_TOKENS:
            raise SyntaxTrouble("more tokens than are read")
        matrix = _MATRIX.match(text, position)
        if matrix:
            tokens.append(Token(matrix[1], matrix[2], spaced))
            position = matrix.end()
            continue
        found = _TOKEN.match(text, position)
        if not found:
            raise SyntaxTrouble(f"{text[position]!r} is no mathematics")
        position = found.end()
        if found["value"]:
            position = _closing(text, position)
            tokens.append(Token("word", text[found.start() : position], spaced))
        elif found["run"] == "U" and tokens and tokens[-1].text in _CLOSERS and _SET.match(text, position):
            tokens.append(Token("sign", "∪", spaced))  # between two sets, and the letter U elsewhere
        elif not found["space"]:
            tokens.extend(_token(found, spaced))
        # The space that ends a command separates nothing.
        spaced = bool(found["space"]) and not _ends_command(text, found.start())
    return tokens


def _ends_command(text: str, position: int) -> bool:
    """Say whether the letters that end at a position are a command's."""
    start = position
    while start and text[start - 1].isalpha():
        start -= 1
    return 0 < start < position and text[start - 1] == "\\"


def _closing(text: str, position: int) -> int:
    """Return where the parenthesis ends that was opened just before a position."""
    depth = 1
    for found in _PARENTHESIS.finditer(text, position, position + MAX_VALUE_CHARS):
        depth += 1 if found.group() == "(" else -1
        if not depth:
            return found.end()
    raise SyntaxTrouble("a value that does not close")


def _token(found: re.Match[str], spaced: bool) -> list[Token]:
    """Return the tokens of one match."""
    if found["run"]:
        return [_run(found["run"], spaced)]
    if found["text"] is not None or found["quoted"]:
        return _text(found["text"] if found["text"] is not None else found["quoted"], spaced)
    if found["command"]:
        return [_command(found["command"], spaced)]
    if found["number"]:
        return [Token("number", found["number"], spaced)]
    if found["d"]:
        d, order = "∂" if found["d"] != "d" else "d", found["order"] or ""
        return [Token("name", f"{d}{order}{found['of'] or ''}/{d}{found['by']}{order}", spaced)]
    if found["derivative"]:
        return [Token("name", found["derivative"], spaced)]
    if found["ordinal"]:
        return [Token("word", found["ordinal"], spaced)]
    return [Token("sign", found.group(), spaced)]


def _join_digits(text: str) -> str:
    """Drop the separators of thousands; inside brackets a comma separates elements: (1,234) is a point."""
    if not _OPENERS.search(text):
        text = _GROUPED.sub(lambda number: number.group().replace(",", ""), text)
    return _SPACED.sub(lambda number: number.group().replace(" ", ""), text)


def _command(name: str, spaced: bool) -> Token:
    if name in FUNCTIONS:
        return Token("function", name, spaced)
    if name in GREEK or name == "pi":
        return Token("name", name if name in NAMES else f"\\{name}", spaced)
    return Token("name", f"\\{name}", spaced) if name in _SYMBOLS else Token("command", name, spaced)


def _run(run: str, spaced: bool) -> Token:
    """Return letters in a row as what they are wherever they stand: a joiner, a function, a name; else a run."""
    if run in ("and", "or"):
        return Token("joiner", run, spaced)
    if run in FUNCTIONS:
        return Token("function", run, spaced)
    if run in _INFINITY:
        return Token("sign", "∞", spaced)
    if run == "sqrt":
        return Token("command", run, spaced)
    return Token("name" if len(run) == 1 or run in NAMES else "run", run, spaced)


def _text(body: str, spaced: bool) -> list[Token]:
    r"""Read what ``\text{}`` holds: a joiner, a letter, a number or a word."""
    bare = " ".join(body.split()).strip(" .,;:")
    if bare in ("and", "or"):
        return [Token("joiner", bare, spaced)]
    if not bare:
        return [Token("sign", ",", spaced)] if "," in body else []
    if re.fullmatch(r"\(?[a-zA-Z]\)?", bare):
        return [Token("name", bare.strip("()"), spaced)]
    if re.fullmatch(r"\d{1,20}", bare, re.ASCII):
        return [Token("number", bare, spaced)]
    return [Token("word", bare, spaced)]
