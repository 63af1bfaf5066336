"""What a number or a function is, told by its value to many digits: for ``symbolic``, in the killable workers alone.

No function that jumps or bends comes here: of those, values at two points say nothing (see ``symbolic``).
"""

import hashlib
from fractions import Fraction
from functools import lru_cache

import mpmath
import sympy

from ttrl_verl.reward_fns.answers.mathematics import terms
from ttrl_verl.reward_fns.answers.mathematics.exact import UndefinedError
from ttrl_verl.reward_fns.answers.mathematics.nodes import TRIGONOMETRIC, Name, Node, Num, Power, Product, Sum
from ttrl_verl.reward_fns.answers.mathematics.scalar import Scalar, exact_scalar

DIGITS = 50
SHOWN = 18


def identify(value: mpmath.mpf) -> Node | None:
    """Return a rational, a rational times pi, or a root of a quadratic, where the value is one to all its digits."""
    for scale, factor in ((mpmath.mpf(1), Num(Fraction(1))), (mpmath.pi, Name("pi"))):
        ratio = value / scale
        if abs(ratio) < mpmath.mpf(10) ** 15:
            found = Fraction(int(mpmath.nint(ratio * 10**40)), 10**40).limit_denominator(100_000)
            if abs(ratio - mpmath.mpf(found.numerator) / found.denominator) < mpmath.mpf(10) ** -38:
                return Product((Num(found), factor))
    if not mpmath.mpf(10) ** -6 < abs(value) < 10**6:
        return None
    quadratic = mpmath.findpoly(value, 2, maxcoeff=10**6, tol=mpmath.mpf(10) ** -32)
    if not quadratic or len(quadratic) != 3:
        return None
    a, b, c = (int(coefficient) for coefficient in quadratic)
    root = Power(Num(Fraction(b * b - 4 * a * c)), Num(Fraction(1, 2)))
    for sign in (1, -1):
        near = (-b + sign * mpmath.sqrt(b * b - 4 * a * c)) / (2 * a)
        if abs(near - value) < mpmath.mpf(10) ** -30:
            return Product((Sum((Num(Fraction(-b)), Product((Num(Fraction(sign)), root)))), Num(Fraction(1, 2 * a))))
    return None


def known_function(names: list[sympy.Symbol], values: list[mpmath.mpc]) -> Scalar | None:
    """Return a rational times one function of one variable, by name: a label is easier to read than its values."""
    if len(names) != 1 or "(" in names[0].name:
        return None
    for text, known in _catalogue(names[0].name):
        ratios = [value / other for value, other in zip(values, known, strict=True)]
        if abs(ratios[0] - ratios[1]) < mpmath.mpf(10) ** -35:
            factor = identify(ratios[0].real) if abs(ratios[0].imag) < mpmath.mpf(10) ** -35 else None
            scalar = exact_scalar(factor) if factor else None
            if scalar and terms.as_number(scalar.value):
                return Scalar({"1": "", "-1": "-"}.get(scalar.text, f"{scalar.text}*") + text, None)
    return None


@lru_cache(maxsize=256)
def _catalogue(name: str) -> list[tuple[str, list[mpmath.mpf]]]:
    """Return functions of a variable with their values at its two points."""
    points = [mpmath.mpf(point.p) / point.q for point in (point(name, salt) for salt in "ab")]
    known = []
    for times, inner in ((1, name), (2, f"2*{name}"), (3, f"3*{name}"), (mpmath.mpf(1) / 2, f"1/2*{name}")):
        for function in (*TRIGONOMETRIC, "ln"):
            known.append((f"{function}({inner})", [getattr(mpmath, function)(times * point) for point in points]))
        known.append((f"e**({inner})", [mpmath.exp(times * point) for point in points]))
    for base in (2, 3, 5, 10):
        known.append((f"{base}**{name}", [mpmath.mpf(base) ** point for point in points]))
    known.append((f"{name}!", [mpmath.factorial(point) for point in points]))
    return known


def point(name: str, salt: str) -> sympy.Rational:
    """Return the point between 0.5 and 1.5 at which a variable is evaluated, the same in every process."""
    digest = hashlib.sha256(f"{salt}{name}".encode()).digest()
    return sympy.Rational(int.from_bytes(digest[:5], "big"), 2**40) + sympy.Rational(1, 2)


def value_of(expression: sympy.Expr) -> mpmath.mpc:
    """Return a constant's value to ``DIGITS`` digits.

    Raises:
        UndefinedError: it has none, such as 1/0.
    """
    mpmath.mp.dps = DIGITS
    value = expression.evalf(DIGITS)
    if not value.is_number or value.has(sympy.nan, sympy.zoo, sympy.oo) or value.atoms(sympy.Function):
        raise UndefinedError("an expression without a value")
    return mpmath.mpmathify(value._to_mpmath(mpmath.mp.prec))


def digits(value: mpmath.mpc) -> str:
    """Return a value's digits; a part that is 0 to all digits is left out."""
    tiny = mpmath.mpf(10) ** -35 * (1 + abs(value))
    real, imaginary = (mpmath.nstr(part, SHOWN, strip_zeros=False) for part in (value.real, value.imag))
    if abs(value.imag) < tiny:
        return real
    return f"{imaginary}i" if abs(value.real) < tiny else f"{real},{imaginary}i"
