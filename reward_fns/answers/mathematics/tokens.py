"""From tidied text to tokens: numbers, names, words, commands and signs."""

import re
from typing import NamedTuple

MAX_TOKENS = 400
"""An answer with more tokens is compared as text."""

_FUNCTIONS = "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln lg exp abs gcd lcm max min floor ceil"
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau phi chi psi omega "
    "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
)
_UNITS = "cm mm km ft kg mg ml mL hr hrs lb lbs mph kph rad st nd rd th sq cu pts bps hz Hz dB kWh"
FUNCTIONS = frozenset(_FUNCTIONS.split())
GREEK = frozenset(_GREEK.split())
# Without a backslash, "xi" is x times i.
NAMES = (GREEK - {"xi", "nu", "mu"}) | {"pi"}
# Short units that would read as a product of variables. All longer words are recognised as words.
UNITS = frozenset(_UNITS.split())
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_INFINITY = frozenset(("inf", "infty", "infinity", "oo"))
_PRODUCT = re.compile(r"[b-df-hj-np-tv-z]{1,3}|[A-Z][b-df-hj-np-tv-z]|[abcdxyz]{2,3}|[abcdkmnrtxyz]i|[ktx]e")
# Points and segments keep their case; these words in capitals are words.
_CAPITALS = re.compile(
    r"(?!(?:YES|NO|TRUE|ODD|EVEN|NONE|ALL|DNE|EAST|WEST|ONE|TWO|SIX|TEN|ZERO|FOUR|FIVE|NINE)\b)[A-Z]{2,4}"
)

_TOKEN = re.compile(
    r"(?P<space> )|(?P<value>(?:value|function)\([^() ]{1,300}\))"
    r"|(?P<number>\d+(?:\.\d+|\.(?=\\overline))?|\.\d+|\.(?=\\overline))|(?P<run>[a-zA-Z]+)|\\(?:text|word)\s?\{(?P<text>[^{}]{0,200})\}"
    r'|"(?P<quoted>[^"]{1,200})"'
    r"|\\(?P<command>[a-zA-Z]+)|(?P<escaped>\\[{}|])|(?P<sign>\*\*|<=|>=|!=|=|<|>|\+|-|\*|/|\^|_|!|'"
    r"|[()\[\]{},;|&:±∓∪∩∈∅∞≈∖⏎ℝℤℕℚℂ])",
    re.ASCII,
)
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?!\d)(?!,\d)", re.ASCII)
_SPACED = re.compile(r"(?<![\d.,] )(?<![\d.,])\d{1,3}(?: \d{3})+(?! ?\d)", re.ASCII)
_OPENERS = re.compile(r"\(|\[|\\\{")
_MATRIX = re.compile(r"\\(begin|end)\s?\{([a-zA-Z]{1,12}\*?)\}(?:\s?\{[lcr| ]{0,20}\})?")


class SyntaxTrouble(ValueError):  # noqa: N818 - no fault of anybody: the answer is text
    """The text is not mathematics that this grammar reads."""


class Token(NamedTuple):
    """One token.

    Attributes:
        kind: number, name, function, word, command, sign, joiner, begin, end.
        text: as written; for a word, in lower case.
        spaced: whether a space stands before it.
    """

    kind: str
    text: str
    spaced: bool


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a tidied answer.

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
        kind = found.lastgroup
        if kind == "run":
            tokens.extend(_run(found["run"], spaced))
        elif kind in ("text", "quoted"):
            tokens.extend(_text(found[kind], spaced))
        elif kind == "command":
            tokens.append(_command(found["command"], spaced))
        elif kind == "value":
            tokens.append(Token("word", found["value"], spaced))
        elif kind == "number":
            tokens.append(Token("number", found["number"], spaced))
        elif kind != "space":
            tokens.append(Token("sign", found.group(), spaced))
        spaced = kind == "space"
    return tokens


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
    return Token("command", name, spaced)


def _run(run: str, spaced: bool) -> list[Token]:
    """Read a run of letters: a known name, a word, or a product of variables."""
    if run in ("and", "or"):
        return [Token("joiner", run, spaced)]
    if run in FUNCTIONS:
        return [Token("function", run, spaced)]
    if run in _INFINITY:
        return [Token("sign", "∞", spaced)]
    if run == "sqrt":
        return [Token("command", run, spaced)]
    if run == "U":
        return [Token("sign", "∪", spaced)]
    if len(run) == 1 or run in NAMES:
        return [Token("name", run, spaced)]
    if is_product(run):
        return [Token("name", letter, spaced and not index) for index, letter in enumerate(run)]
    if len(run) > 2 and run.startswith("pi") and is_product(run[2:]):
        return [Token("name", "pi", spaced), *(Token("name", letter, False) for letter in run[2:])]
    return [Token("word", run if _CAPITALS.fullmatch(run) else run.casefold(), spaced)]


def is_product(run: str) -> bool:
    """Say whether letters in a row are variables and not a word: two or three, with no vowel that makes a word of them.

    Example:
        >>> is_product("xy"), is_product("abc"), is_product("AB"), is_product("no"), is_product("cm")
        (True, True, False, False, False)
    """
    return bool(_PRODUCT.fullmatch(run)) and run not in UNITS and not _CAPITALS.fullmatch(run) and len(run) < 4


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
    return [Token("word", bare if _CAPITALS.fullmatch(bare) else bare.casefold(), spaced)]
