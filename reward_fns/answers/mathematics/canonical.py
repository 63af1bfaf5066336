"""Mathematical answers, brought to one form, so that equal answers are equal strings."""

import hashlib
import re
import time
from functools import lru_cache
from typing import NamedTuple

from ttrl_verl.reward_fns.answers.canonical import Canonical
from ttrl_verl.reward_fns.answers.mathematics import limits
from ttrl_verl.reward_fns.answers.mathematics.exact import NotExactError, TooLargeError, UndefinedError
from ttrl_verl.reward_fns.answers.mathematics.latex import closes_at_end, packed, plain_text, tidy
from ttrl_verl.reward_fns.answers.mathematics.parser import parse
from ttrl_verl.reward_fns.answers.mathematics.scalar import exact_scalar
from ttrl_verl.reward_fns.answers.mathematics.structure import EVERYTHING, render
from ttrl_verl.reward_fns.answers.mathematics.tokens import SyntaxTrouble
from ttrl_verl.reward_fns.answers.mathematics.written import as_written
from ttrl_verl.reward_fns.answers.number.words import spelled, spelled_fraction
from ttrl_verl.reward_fns.answers.rational import rational

MAX_CHARS = 1_500
"""A longer answer is compared by its text alone."""
CACHE_SIZE = 8_192
TRIES = 2
"""How often an answer that ran past a limit of time or memory is tried, before that is its result for a while."""
LIMITED_SECONDS = 60.0
"""For how long. A busy machine makes an easy answer late; a worker lives for the whole training."""

_TEXT = re.compile(r"\\text\s?\{([^{}]*)\}")
_TEXT_OF_FORMULA = re.compile(r"\\text\{([^{}]*\\.*)\}")
_QUOTED = re.compile(r'"([^"]*)"')
_CAPITALS = re.compile(r"[A-Z]+(?:\*[A-Z]+)*")
_TO_EVALUATE = re.compile(r"\\(?:i{0,3}nt|oint|sum|prod|lim)(?![a-zA-Z])")
_EXCEPT = re.compile(
    r"(?:\\text ?\{ ?)?all reals?(?: numbers?)?(?: [a-z])?,? (?:except(?: for)?|other than|but not) ?\}?"
    r" ?(?:[a-z] ?= ?)?([^{}]{1,60})",
    re.IGNORECASE,
)
_PHRASES = {
    **dict.fromkeys(("all real numbers", "all reals", "all real", "the real numbers", "real numbers"), EVERYTHING),
    **dict.fromkeys(("no solution", "no solutions", "no real solutions", "no real solution", "empty set"), "\\{\\}"),
    **dict.fromkeys(("the empty set", "there is no solution", "there are no solutions"), "\\{\\}"),
    **dict.fromkeys(("dne", "undefined", "not defined"), "does not exist"),
}


class _Limited(NamedTuple):
    """An answer that ran past a limit: what it is compared by, how often it was tried, until when that is kept."""

    canonical: Canonical
    tries: int
    until: float


_limited: dict[str, _Limited] = {}


class _LimitReached(Exception):  # noqa: N818 - no error: it keeps a result out of the cache
    """The answer ran past a limit of time or memory, which it may not do the next time."""

    def __init__(self, canonical: Canonical):
        super().__init__()
        self.canonical = canonical


def canonical_math(answer: str) -> str | None:
    r"""Return the canonical form of an answer: equal answers have equal strings. ``None`` where it is empty.

    Numbers become integers or fractions in lowest terms; expressions are expanded, with roots and i in normal form;
    sets are sorted; ``x = 5`` is 5; units, percent, money and degree signs are dropped; what is no mathematics is
    compared as text without case. Brackets matter: (3,4] is not [3,4].

    Example:
        >>> canonical_math(r"\dfrac{1}{2}"), canonical_math("0.50"), canonical_math(r"\frac{1}{\sqrt2-1}")
        ('1/2', '1/2', '1+sqrt(2)')
        >>> canonical_math("(a+5)(b+2)"), canonical_math(r"x \in (3,4]"), canonical_math(r"\text{East}")
        ('a*b+2*a+5*b+10', '(3,4]', 'east')
    """
    return canonicalize(answer).text


def canonicalize(answer: str) -> Canonical:
    """Return the canonical form, and whether the answer ran past a limit of time, memory or size.

    Example:
        >>> canonicalize("0.50"), canonicalize("9**9**9**9")
        (Canonical(text='1/2', limited=False), Canonical(text='9**9**9**9', limited=True))
    """
    if len(answer) > MAX_CHARS:
        return Canonical(_long_text(answer), True)
    known = _limited.get(answer)
    if known and known.tries >= TRIES and time.monotonic() < known.until:
        return known.canonical
    try:
        canonical = _cached(answer)
    except _LimitReached as reached:
        if len(_limited) >= CACHE_SIZE:
            _limited.clear()
        tries = known.tries % TRIES + 1 if known else 1
        _limited[answer] = _Limited(reached.canonical, tries, time.monotonic() + LIMITED_SECONDS)
        return reached.canonical
    _limited.pop(answer, None)
    return canonical


def exact_form(answer: str) -> str:
    r"""Return an answer's canonical form by exact arithmetic alone, at no process's cost; else its text.

    Example:
        >>> exact_form(r"\frac12"), exact_form("0.5 cm"), exact_form("to be told")
        ('1/2', '1/2', 'to be told')
    """
    tidied = tidy(answer[:MAX_CHARS])
    try:
        return render(parse(tidied), exact_scalar)
    except (SyntaxTrouble, UndefinedError, NotExactError, TooLargeError, RecursionError):
        return _packed(plain_text(tidied))


def warm_up() -> None:
    """Start the processes that the hard answers are worked out in: the first one would wait seconds for them."""
    limits.default_pool().warm_up()


def _long_text(answer: str) -> str | None:
    """Return what a long answer is compared by: its beginning and a digest, so that no audit line holds a megabyte."""
    bare = " ".join(answer.split()) if len(answer) < 20_000 else answer
    digest = hashlib.sha256(bare.encode("utf-8", "replace")).hexdigest()[:16]
    return f"{plain_text(bare[:40])}... {digest}" if bare else None


@lru_cache(maxsize=CACHE_SIZE)
def _cached(answer: str) -> Canonical:
    value = rational(answer)
    if value is not None:
        return Canonical(str(value), False)
    bare = answer.strip()
    if len(bare) == 1 and bare.isascii() and bare.isalpha():
        return Canonical(bare, False)
    quoted = _QUOTED.fullmatch(bare)
    if quoted:
        return Canonical(_as_text(quoted[1]), False)
    tidied = tidy(answer)
    text = _TEXT.fullmatch(tidied) or (_TEXT_OF_FORMULA.fullmatch(tidied) if closes_at_end(tidied[5:]) else None)
    if text:
        tidied = tidy(text[1])
    tidied = _evaluated(tidied)
    left_out = _EXCEPT.fullmatch(tidied)
    if left_out:
        tidied = "ℝ∖\\{" + left_out[1] + "\\}"
    if not tidied:
        return Canonical(None, False)
    if len(tidied) > MAX_CHARS:  # one character of unicode may become many
        return Canonical(_long_text(answer), True)
    value = rational(tidied)
    if value is not None:
        return Canonical(str(value), False)
    told = as_written(tidied if "\\text" not in tidied else plain_text(tidied))
    if told is not None:
        return Canonical(told)
    found, too_large = _read(tidied)
    if found and found != answer and _CAPITALS.fullmatch(found):  # points and segments, whose product is a name again
        return _cached(found)
    return Canonical(_as_text(tidied) if found is None else found, too_large)


def _evaluated(tidied: str) -> str:
    r"""Return what an integral, a sum, a product or a limit is said to be: "\\int_0^1 x dx = 1/2" is 1/2."""
    left, equals, right = tidied.rpartition("=")
    is_outside = right.strip() and left.count("{") == left.count("}") and right.count("{") == right.count("}")
    return right.strip() if equals and is_outside and _TO_EVALUATE.match(left) else tidied


def _read(tidied: str) -> tuple[str | None, bool]:
    """Return an answer's canonical form as mathematics, or ``None``, and whether it is too large to be worked out.

    Raises:
        _LimitReached: it ran past a limit of time or memory.
    """
    try:
        text = render(parse(tidied), exact_scalar)
        # A phrase on its own is compared as any other text.
        if len(text) > MAX_CHARS:
            return None, True
        phrase = _QUOTED.fullmatch(text)
        if ":" in text and render(parse(text), exact_scalar) != text:  # a ratio of products such as "G Q:G Q"
            return None, False
        return (_as_text(phrase[1]) if phrase else text), False
    except (SyntaxTrouble, UndefinedError):
        return None, False
    except (TooLargeError, RecursionError):
        return None, True
    except NotExactError:
        outcome = limits.default_pool().call(limits.CANONICAL, tidied)
        if outcome.limited:
            raise _LimitReached(Canonical(_as_text(tidied), True)) from None
        text, too_large = outcome.value or (None, False)
        if text and _is_ratio(text):  # one that cannot be worked out exactly is text
            return None, too_large
        too_large = too_large or len(text or "") > MAX_CHARS
        return None if too_large else text, too_large


def _is_ratio(text: str) -> bool:
    """Say whether a colon stands outside of parentheses; within them it belongs to a function's values."""
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == ":" and depth == 0:
            return True
    return False


def _as_text(tidied: str) -> str | None:
    """Return an answer that is no mathematics as text, in quotes where the text would read as something else."""
    text = plain_text(tidied)
    for _ in range(5):
        again = plain_text(tidy(text))
        if again == text:
            break
        text = again
    else:
        text = plain_text(text.replace("\\", " "))
    text = text.replace('"', "'").strip("' ")
    if not text:
        return None
    if text in _PHRASES:
        return _PHRASES[text]
    number = spelled(text)
    if number is not None and number[1] == len(text):
        return str(number[0])
    fraction = spelled_fraction(text)
    if fraction is not None:
        return str(fraction)
    try:
        reads_as = render(parse(text), exact_scalar)
    except (SyntaxTrouble, UndefinedError, TooLargeError, RecursionError):
        return _packed(text)
    except NotExactError:
        return f'"{_packed_formula(text)}"'
    return text if reads_as == text else f'"{text}"'


def _packed_formula(text: str) -> str:
    """Return a formula that was not worked out without the blanks of its LaTeX, where it then reads as the same."""
    tight = packed(text)
    if packed(plain_text(tidy(tight))) != tight:
        return text
    try:
        render(parse(tight), exact_scalar)
    except NotExactError:
        return tight
    except (SyntaxTrouble, UndefinedError, TooLargeError, RecursionError):
        return text
    return text


def _packed(text: str) -> str:
    """Return text that is no mathematics without the blanks of its LaTeX, where it then reads as the same."""
    tight = packed(text)
    try:
        parse(tight)
    except SyntaxTrouble:
        return tight if packed(plain_text(tidy(tight))) == tight else text
    return text
