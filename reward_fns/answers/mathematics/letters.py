r"""Letters in a row: a product of variables, or a word.

``2mgR`` is a product and ``5 apples`` a number of things; ``AB`` on its own is a name, and ``\frac{AB}{2}`` a product.
Inside an expression letters are a product, and a word only where they can be nothing else. On their own they are a
word, unless no word is spelt so.
"""

import re

from ttrl_verl.reward_fns.answers.mathematics.tokens import NAMES, Token
from ttrl_verl.reward_fns.answers.mathematics.units import KEPT, SCALES

# Units that would read as a product of variables, where no space stands before them, and those that need one.
_UNITS_TEXT = """
    cm mm km ft kg hr hrs lb lbs mph kph sq cu pts bps oz in yd mi min sec deg mol cal gal men rad
"""
_UNITS = frozenset(_UNITS_TEXT.split())
# What a multiple of pi is measured in: 2\pi hr is a product.
_LENGTHS = frozenset(("cm", "mm", "km", "ft", "in", "yd", "rad"))
_SPACED_UNITS_TEXT = "ml hz Hz dB day days hour hours USD EUR GBP CNY RMB JPY INR AUD CAD"
_SPACED_UNITS = _UNITS | frozenset(_SPACED_UNITS_TEXT.split()) | frozenset(KEPT)
_TWO_TEXT = "no on up if or is in of to ok do go he me we us my by so as an am at be it"
_TWO = frozenset(_TWO_TEXT.split())
_PAIRS = _TWO - {"at", "as", "am", "an", "be", "it"}
_CONSONANTS = re.compile(r"[b-df-hj-np-tv-z]{1,3}|[A-Z][b-df-hj-np-tv-z]|[abcdkmnrtxyz]i|[ktx]e")
_WORDS_OF_VARIABLES_TEXT = "bad cab dab dad add day bay cay way wax ax"
_WORDS_OF_VARIABLES = frozenset(_WORDS_OF_VARIABLES_TEXT.split())
_CAPITALS = re.compile(
    r"(?!(?:YES|NO|TRUE|ODD|EVEN|NONE|ALL|DNE|EAST|WEST|ONE|TWO|SIX|TEN|ZERO|FOUR|FIVE|NINE)\Z)[A-Z]{2,4}"
)
_FUNCTION = re.compile(
    r"(?P<before>[a-zA-Z]{0,2})(?P<name>arcsin|arccos|arctan|sin|cos|tan|cot|sec|csc|ln|log)"
    r"(?P<after>[xyzuvwabntABCk]|theta|alpha|beta|phi|omega|pi)?"
)
_NO_FUNCTION = frozenset(
    [
        "cost",
        "tank",
        "tang",
        "tana",
        "sins",
        "logs",
        "coss",
        "using",
        "basin",
        "cosy",
        "secs",
        "tans",
        "sect",
        "seca",
        "basis",
        "loga",
    ]
)
_EDGES = frozenset(("=", ",", ";", "<", ">", "<=", ">=", "!=", "≈", "∈", ":", "\\{", "\\}", "|", "∪", "∖", "&", "⏎"))


def is_product(run: str) -> bool:
    """Say whether letters on their own are variables and not a word.

    Example:
        >>> is_product("xy"), is_product("mgh"), is_product("nRT"), is_product("AB"), is_product("no"), is_product("cm")
        (True, True, True, False, False, False)
    """
    if run in _UNITS or _CAPITALS.fullmatch(run):
        return False
    if _CONSONANTS.fullmatch(run):
        return True
    if run.islower():
        return run not in _WORDS_OF_VARIABLES and (
            (len(run) == 2 and run not in _PAIRS) or (len(run) < 7 and _is_alphabet(run))
        )
    return len(run) < 6 and not run.isupper() and not run.istitle()


def resolve(tokens: list[Token]) -> list[Token]:
    """Return the tokens with names or a word for each run.

    Example:
        >>> from ttrl_verl.reward_fns.answers.mathematics.tokens import tokenize
        >>> [token.text for token in resolve(tokenize("2mgR"))], [token.text for token in resolve(tokenize("2 eggs"))]
        (['2', 'm', 'g', 'R'], ['2', 'eggs'])
    """
    if not any(token.kind == "run" for token in tokens) and not any(token.text == "min" for token in tokens):
        return tokens
    resolved: list[Token] = []
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else None
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.kind == "run":
            resolved.extend(_read(token, before, after))
        elif token == ("function", "min", True, False) and before.kind == "number" and (not after or after.text != "("):
            resolved.append(Token("word", "min", True))
        else:
            resolved.append(token)
    return resolved


def _read(token: Token, before: Token | None, after: Token | None) -> list[Token]:
    run = token.text
    if before is not None and before.text == "_":
        return [Token("name", run, token.spaced)] if _is_subscript(token) else _letters(run, token.spaced)
    powered = after is not None and after.text in ("^", "_", "**")
    function = _FUNCTION.fullmatch(run)
    if function and run not in _NO_FUNCTION and not (run.istitle() and before is None):
        argued = function["after"] or (
            after is not None and (after.text in ("(", "^", "{") or after.kind in ("name", "number", "command"))
        )
        if argued:
            return _split_function(function, token.spaced)
    names = is_product(run) if _on_its_own(before, after) else _in_expression(token, before, powered)
    if not names:
        return [Token("word", run, token.spaced)]
    return _letters(run, token.spaced)


def _is_subscript(token: Token) -> bool:
    """Say whether letters behind a low line are one subscript, as in v_max; in a_nxy the first alone is one."""
    return not token.spaced and len(token.text) > 2 and any(letter in "aeiou" for letter in token.text)


def _on_its_own(before: Token | None, after: Token | None) -> bool:
    """Say whether nothing stands beside a run that it could be multiplied with."""
    left = before is None or before.kind in ("joiner", "begin") or before.text in _EDGES
    right = after is None or after.kind in ("joiner", "end") or after.text in _EDGES
    if before is not None and before.text in ("(", "["):
        left = right and after is not None and after.text == ","
    if after is not None and after.text in (")", "]"):
        right = left and before is not None and before.text in (",", "(")
    return left and right


def _in_expression(token: Token, before: Token | None, powered: bool) -> bool:
    """Say whether a run beside others is a product: it is, unless it can only be a unit or a word."""
    run = token.text
    attached = before is not None and not token.spaced
    behind_value = before is not None and (
        before.kind == "number" or before.text in (")", "}", "pi", "]", "/") or before.kind == "word"
    )
    units = _SPACED_UNITS if not attached else _LENGTHS if before is not None and before.text == "pi" else _UNITS
    if behind_value and run in units and not (powered and run in ("mL", "mg")):
        return False
    if powered:
        return True
    if _has_inner_capital(run):
        return len(run) < 6
    if run.isupper():
        return len(run) < 5
    if attached or _is_alphabet(run):
        return len(run) < 4 or (len(run) < 8 and _is_alphabet(run))
    if len(run) == 2:
        return run.casefold() not in (_TWO if behind_value or before is None else _PAIRS)
    return not _spells_a_word(run)


def _has_inner_capital(run: str) -> bool:
    return not run.isupper() and any(letter.isupper() for letter in run[1:])


def _spells_a_word(run: str) -> bool:
    """Say whether three letters or more are pronounced: they have a vowel, and are no row of the alphabet."""
    return len(run) > 3 or (any(letter in "aeiouy" for letter in run.casefold()) and not _is_alphabet(run))


def _is_alphabet(run: str) -> bool:
    """Say whether letters are those that variables are named by, each once: "abcd", "xyzw", "cdab"."""
    return len(set(run)) == len(run) and (
        set(run) <= set("abcde") or set(run) <= set("wxyz") or set(run) <= set("abcxyz")
    )


def _letters(run: str, spaced: bool) -> list[Token]:
    """Return a run as names, one a letter; "pi" and Greek names at its beginning are one."""
    for name in ("pi", "theta", "lambda", "omega", "rho", "alpha", "beta"):
        if run.startswith(name) and len(run) - len(name) < 3 and name in NAMES:
            rest = run[len(name) :]
            return [Token("name", name, spaced, True), *(Token("name", letter, False, True) for letter in rest)]
    return [Token("name", letter, spaced and not index, True) for index, letter in enumerate(run)]


def _split_function(found: re.Match[str], spaced: bool) -> list[Token]:
    """Return ``sinx`` as a function and its argument, ``xsinx`` with the factor before it."""
    tokens = _letters(found["before"], spaced) if found["before"] else []
    tokens.append(Token("function", found["name"], spaced and not tokens))
    return tokens + ([Token("name", found["after"], False, True)] if found["after"] else [])


def keeps_case(word: str) -> bool:
    """Say whether a word is told by its case: points and segments, units by a prefix, values."""
    return bool(_CAPITALS.fullmatch(word)) or word in KEPT or word.startswith(("value(", "function("))


def is_scale(word: str) -> bool:
    """Say whether a word is a factor: "million", "dozen", "thirds"."""
    return word.casefold() in SCALES
