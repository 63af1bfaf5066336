"""Exact arithmetic on a budget: polynomials with roots, in a normal form that is the same for equal values.

Two equal expressions of this kind, see ``terms``, have one and the same normal form. What does not fit (a quotient of
polynomials, a sine) raises ``NotExactError`` and is left to ``symbolic``. A variable under an odd root, and a letter
that names no plain real number, is taken to be positive.

Every product is paid from a budget, so that no input takes long: past it, ``TooLargeError``.
"""

import math
from fractions import Fraction

from ttrl_verl.reward_fns.answers.mathematics.primes import (
    NotExactError,
    TooLargeError,
    UndefinedError,
    prime_factors,
)
from ttrl_verl.reward_fns.answers.mathematics.terms import HALF, Monomial, Value, atom, constant, is_positive

MAX_TERMS = 250
MAX_BITS = 4096


class Exact:
    """Arithmetic on values that pays each product of two terms from one budget.

    Attributes:
        budget: how many products of terms are left.
    """

    def __init__(self, budget: int = 6_000):
        self.budget = budget

    def add(self, *values: Value) -> Value:
        """Return the sum."""
        total: Value = {}
        for value in values:
            for term, coefficient in value.items():
                new = total.get(term, 0) + coefficient
                if new:
                    total[term] = new
                else:
                    total.pop(term, None)
        if len(total) > MAX_TERMS:
            raise TooLargeError("too many terms")
        return total

    def multiply(self, left: Value, right: Value) -> Value:
        """Return the product."""
        self.budget -= len(left) * len(right) + 1
        if self.budget < 0:
            raise TooLargeError("too many products")
        total: Value = {}
        for term, coefficient in left.items():
            for other, factor in right.items():
                monomial, scale = _merge(term, other)
                new = total.get(monomial, 0) + coefficient * factor * scale
                if new:
                    total[monomial] = new
                else:
                    total.pop(monomial, None)
        if len(total) > MAX_TERMS:
            raise TooLargeError("too many terms")
        for coefficient in total.values():
            _check_bits(coefficient)
        return total

    def scale(self, value: Value, factor: Fraction) -> Value:
        """Return the value times a number."""
        return self.multiply(value, constant(factor))

    def power(self, base: Value, exponent: Fraction) -> Value:
        """Return ``base ** exponent``."""
        if not base:
            if exponent <= 0:
                raise UndefinedError("zero to a power that is not positive")
            return {}
        if abs(exponent.numerator) > MAX_BITS or exponent.denominator > (10**6 if _is_of_names(base) else 60):
            raise TooLargeError("an exponent beyond what is computed")
        if len(base) == 1:
            return self._monomial_power(base, exponent)
        if exponent.denominator != 1:
            raise NotExactError("a root of a sum")
        if exponent < 0:
            return self.power(self.invert(base), -exponent)
        result = constant(1)
        for _ in range(exponent.numerator):
            result = self.multiply(result, base)
        return result

    def _monomial_power(self, base: Value, exponent: Fraction) -> Value:
        """Return a power of one term: of its number, its roots and its variables."""
        ((term, coefficient),) = base.items()
        result = _number_power(coefficient, exponent)
        for name, inner in term:
            if name == "i":
                if exponent.denominator != 1:
                    raise NotExactError("a root of i")
                factor, sign = _merge((("i", inner * exponent % 4),), ())
                result = self.multiply(result, {factor: Fraction(sign)})
            elif isinstance(name, int):
                result = self.multiply(result, _number_power(Fraction(name), inner * exponent))
            elif exponent.denominator % 2 == 0 and _is_even(inner) and not is_positive(name):
                result = self.multiply(result, _size_power(name, inner * exponent))  # the root of x**2 is |x|
            elif name.startswith("abs(") and exponent.denominator == 1 and name[4:-1].isidentifier():
                result = self.multiply(result, _size_power(name[4:-1], inner * exponent))
            else:
                result = self.multiply(result, atom(name, inner * exponent))
        return result

    def invert(self, value: Value) -> Value:
        """Return 1 / value; a denominator with square roots and i is made rational."""
        if not value:
            raise UndefinedError("division by zero")
        if len(value) == 1:
            return self._monomial_power(value, Fraction(-1))
        top, bottom = constant(1), value
        for _ in range(8):
            if len(bottom) == 1:
                return self.multiply(top, self._monomial_power(bottom, Fraction(-1)))
            conjugate = _conjugate(bottom)
            top, bottom = self.multiply(top, conjugate), self.multiply(bottom, conjugate)
        raise NotExactError("a denominator with many roots")


def _size_power(name: str, exponent: Fraction) -> Value:
    """Return ``abs(name) ** exponent``, of an even power ``name ** exponent``."""
    even = exponent // 2 * 2
    factors = ((f"abs({name})", exponent - even), (name, Fraction(even)))
    return {tuple((base, power) for base, power in factors if power): Fraction(1)}


def _is_even(exponent: Fraction) -> bool:
    return exponent.denominator == 1 and exponent.numerator % 2 == 0


def _conjugate(value: Value) -> Value:
    """Return the value with the sign of one of its square roots, or of i, turned."""
    names = {name for term in value for name, _ in term}
    if any(isinstance(name, str) and name != "i" for name in names):
        raise NotExactError("a quotient of polynomials")
    exponents = {exponent for term in value for name, exponent in term if name != "i"}
    if exponents - {HALF}:
        raise NotExactError("a denominator with other than square roots")
    turned = max(names, key=str)
    return {term: -c if any(name == turned for name, _ in term) else c for term, c in value.items()}


def _merge(left: Monomial, right: Monomial) -> tuple[Monomial, Fraction]:
    """Return the product of two monomials, and the number that its roots and i leave behind."""
    if not left or not right:
        single = left or right
        if not any(name == "i" for name, _ in single):
            return single, Fraction(1)
    exponents = dict(left)
    for name, exponent in right:
        exponents[name] = exponents.get(name, Fraction(0)) + exponent
    for name, exponent in list(exponents.items()):
        if isinstance(name, str) and name.startswith("abs(") and name[4:-1].isidentifier() and abs(exponent) >= 2:
            even = exponent // 2 * 2  # |x||x| is x**2
            exponents[name] = exponent - even
            exponents[name[4:-1]] = exponents.get(name[4:-1], Fraction(0)) + even
    scale = Fraction(1)
    kept = []
    for name, exponent in exponents.items():
        if isinstance(name, int):
            whole = math.floor(exponent)
            scale *= Fraction(name) ** whole
            exponent -= whole
        elif name == "i":
            exponent %= 4
            if exponent >= 2:
                scale, exponent = -scale, exponent - 2
        if exponent:
            kept.append((name, exponent))
    return tuple(sorted(kept, key=lambda pair: (isinstance(pair[0], str), pair[0]))), scale


def _check_bits(number: Fraction) -> None:
    if max(number.numerator.bit_length(), number.denominator.bit_length()) > MAX_BITS:
        raise TooLargeError("a number beyond what is compared by value")


def _is_of_names(value: Value) -> bool:
    """Say whether a value is a product of names alone, any root of which costs nothing: e**(3/400)."""
    return len(value) == 1 and all(
        c == 1 and all(n != "i" and isinstance(n, str) for n, _ in t) for t, c in value.items()
    )


def _number_power(number: Fraction, exponent: Fraction) -> Value:
    """Return a rational to a rational power; odd roots of negative numbers are the real ones."""
    bits = max(number.numerator.bit_length(), number.denominator.bit_length())
    if number not in (1, -1) and bits * abs(exponent) > MAX_BITS:
        raise TooLargeError("a power beyond what is computed")
    if exponent.denominator == 1:
        return constant(number**exponent.numerator)
    exact = Exact()
    result = constant(1)
    if number < 0:
        if exponent.denominator == 2:
            result = {(("i", Fraction(1)),): Fraction(-1 if exponent.numerator % 4 == 3 else 1)}
        elif exponent.denominator % 2:
            result = constant((-1) ** exponent.numerator)
        else:
            raise NotExactError("an even root of a negative number")
    for factors, sign in ((prime_factors(abs(number.numerator)), 1), (prime_factors(number.denominator), -1)):
        for prime, times in factors.items():
            total = times * sign * exponent
            whole = math.floor(total)
            result = exact.scale(result, Fraction(prime) ** whole)
            if total != whole:
                result = exact.multiply(result, atom(prime, total - whole))
    return result
