"""A value in its normal form, a sum of terms: made of numbers and names, told apart, and written.

A term is q * a1**e1 * a2**e2 ..., with a rational q, rational exponents, and as atoms the primes (with exponents in
(0, 1): roots), i, pi, e, variables and opaque calls such as ``abs(x)`` or ``f(2)``. ``exact`` calculates with them.
"""

import math
from fractions import Fraction

from ttrl_verl.reward_fns.answers.mathematics.primes import TooLargeError

Monomial = tuple[tuple[int | str, Fraction], ...]
Value = dict[Monomial, Fraction]

HALF = Fraction(1, 2)
CONSTANTS = {"pi": math.pi, "e": math.e}
_REAL = frozenset("xyzabctuvwpqs")


def is_positive(name: str) -> bool:
    """Say whether a name stands for what is never negative: a physical quantity, an absolute value; x is any number.

    Example:
        >>> is_positive("x"), is_positive("R"), is_positive("v_0"), is_positive("abs(x)")
        (False, True, True, True)
    """
    return name not in _REAL and not name.startswith(("floor(", "ceil("))


def constant(number: Fraction | int) -> Value:
    """Return a number as a value; zero is the empty sum."""
    return {(): Fraction(number)} if number else {}


def atom(name: int | str, exponent: Fraction = Fraction(1)) -> Value:
    """Return ``name ** exponent`` as a value."""
    return {((name, exponent),): Fraction(1)}


def as_number(value: Value) -> Fraction | None:
    """Return the rational number that a value is, or ``None``."""
    if not value:
        return Fraction(0)
    return value.get(()) if len(value) == 1 else None


def variables(value: Value) -> set[str]:
    """Return the names in a value that are no constants; an opaque call is one."""
    return {name for term in value for name, _ in term if isinstance(name, str) and name not in ("i", *CONSTANTS)}


def as_float(value: Value) -> float | None:
    """Return a real constant's approximate value; ``None`` for what has variables or i."""
    total = 0.0
    for term, coefficient in value.items():
        product = _float(coefficient)
        for name, exponent in term:
            base = float(name) if isinstance(name, int) else CONSTANTS.get(name)
            if base is None:
                return None
            product *= base ** float(exponent)
        total += product
    return total


def _float(number: Fraction) -> float:
    try:
        return float(number)
    except OverflowError:
        raise TooLargeError("a number beyond what is compared by value") from None


def text(value: Value) -> str:
    """Return the normal form as a string, which reads back to the same value.

    Example:
        >>> text(constant(Fraction(1, 2)) | atom("x", Fraction(2))), text(atom(2, HALF)), text({})
        ('x**2+1/2', 'sqrt(2)', '0')
    """
    terms = sorted((_order(term), _monomial_text(term), c) for term, c in value.items())
    parts = []
    for _, name, coefficient in terms:
        size = abs(coefficient)
        body = name if name and size == 1 else f"{size}*{name}" if name else str(size)
        parts.append(("-" if coefficient < 0 else "+") + body)
    return "".join(parts).removeprefix("+") or "0"


def leading(value: Value) -> Fraction:
    """Return the coefficient of the term that ``text`` writes first."""
    return min((_order(term), _monomial_text(term), c) for term, c in value.items())[2] if value else Fraction(0)


def _order(term: Monomial) -> Fraction:
    """Return the sorting key of a term: the highest degree in the variables comes first."""
    return -sum((e for name, e in term if isinstance(name, str) and name not in ("i", *CONSTANTS)), Fraction(0))


def _monomial_text(term: Monomial) -> str:
    radicand = math.prod(name for name, exponent in term if isinstance(name, int) and exponent == HALF)
    parts = [f"sqrt({radicand})"] if radicand > 1 else []
    for name, exponent in term:
        if isinstance(name, int) and exponent == HALF:
            continue
        whole = exponent.denominator == 1 and exponent > 0
        parts.append(f"{name}" if exponent == 1 else f"{name}**{exponent}" if whole else f"{name}**({exponent})")
    return "*".join(parts)
