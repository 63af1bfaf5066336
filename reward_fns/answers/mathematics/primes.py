"""Prime factors, and what stops exact arithmetic."""

import math


class NotExactError(ValueError):
    """The expression is outside what exact arithmetic holds."""


class TooLargeError(ValueError):
    """The expression would cost more than an answer may."""


class UndefinedError(ValueError):
    """The expression has no value, such as 1/0."""


def prime_factors(number: int) -> dict[int, int]:
    """Return the prime factors of a number below 10**15, where trial division finds them.

    Raises:
        NotExactError: it does not.

    Example:
        >>> prime_factors(360)
        {2: 3, 3: 2, 5: 1}
    """
    if number > 10**15:
        raise NotExactError("a root of a large number")
    factors: dict[int, int] = {}
    prime = 2
    while prime * prime <= number and prime < 10_000:
        while number % prime == 0:
            factors[prime] = factors.get(prime, 0) + 1
            number //= prime
        prime += 1 if prime == 2 else 2
    if number > 1:
        root = math.isqrt(number)
        if root * root == number:
            return {**factors, root: 2}
        if number > 10**8:
            raise NotExactError("a root of a number with large factors")
        factors[number] = factors.get(number, 0) + 1
    return factors
