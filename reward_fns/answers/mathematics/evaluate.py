"""From the tree of an expression to its exact value."""

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction

from ttrl_verl.reward_fns.answers.mathematics import nodes, terms
from ttrl_verl.reward_fns.answers.mathematics.exact import Exact, NotExactError, TooLargeError, UndefinedError
from ttrl_verl.reward_fns.answers.mathematics.nodes import (
    Apply,
    Call,
    Degrees,
    Inverse,
    Name,
    Neg,
    Node,
    Num,
    Power,
    Product,
    Sign,
    Sum,
)
from ttrl_verl.reward_fns.answers.mathematics.terms import Value

MAX_FACTORIAL = 300
MAX_CHOSEN = 8
"""A binomial of a polynomial over more than this is left as a function."""


def evaluate(node: Node, arithmetic: Exact) -> Value:
    """Return the exact value of an expression's tree.

    Raises:
        NotExactError: it has what exact arithmetic does not hold, such as a sine; ``symbolic`` may know it.
        TooLargeError: it would cost more than an answer may.
        UndefinedError: it has no value, or the tree is no expression.

    Example:
        >>> evaluate(Power(Num(Fraction(12)), Num(Fraction(1, 2))), Exact())
        {((3, Fraction(1, 2)),): Fraction(2, 1)}
    """
    match node:
        case Num(number):
            return terms.constant(number)
        case Name(name):
            return terms.atom(name)
        case Sum(parts):
            return arithmetic.add(*(evaluate(part, arithmetic) for part in parts))
        case Product(parts):
            value = terms.constant(1)
            for part in parts:
                value = arithmetic.multiply(value, evaluate(part, arithmetic))
            return value
        case Neg(part):
            return arithmetic.scale(evaluate(part, arithmetic), Fraction(-1))
        case Inverse(part):
            return arithmetic.invert(evaluate(part, arithmetic))
        case Power(base, power):
            exponent = terms.as_number(evaluate(power, arithmetic))
            if exponent is None:
                raise NotExactError("a power that is no number")
            return arithmetic.power(evaluate(base, arithmetic), exponent)
        case Degrees(part):
            return evaluate(part, arithmetic)
        case Call(function, arguments):
            return call(function, [evaluate(part, arithmetic) for part in arguments], arithmetic)
        case Apply():
            return _apply(node, arithmetic)
    raise UndefinedError(f"a {type(node).__name__} in an expression")


def _apply(node: Apply, arithmetic: Exact) -> Value:
    """Return a call as an atom; ``x(2)`` inside an expression is a product."""
    arguments = [evaluate(argument, arithmetic) for argument in node.arguments]
    if not node.sure:
        return arithmetic.multiply(terms.atom(node.name), arguments[0])
    if node.name == "C" and len(arguments) == 2:
        return call("binomial", arguments, arithmetic)
    return opaque(node.name, [terms.text(argument) for argument in arguments])


def opaque(function: str, arguments: list[str]) -> Value:
    """Return a call of a function that nothing is known of as an atom: two calls are equal where their arguments are.

    Example:
        >>> opaque("f", ["2"])
        {(('f(2)', Fraction(1, 1)),): Fraction(1, 1)}
    """
    return terms.atom(f"{function}({','.join(arguments)})")


def call(name: str, arguments: list[Value], arithmetic: Exact) -> Value:
    """Return the value of a function where it is exact, or an atom where it has variables and no other form.

    Floors, ceilings, maxima and their like of variables are atoms, whatever values they take here and there: only a
    whole number that is added comes out of a floor. ``abs`` gives its factors away.

    Example:
        >>> n = terms.atom("n")
        >>> terms.text(call("floor", [Exact().add(Exact().scale(n, Fraction(1, 2)), terms.constant(1))], Exact()))
        'floor(1/2*n)+1'
    """
    numbers = [terms.as_number(argument) for argument in arguments]
    if name == "cross":
        return opaque(name, [terms.text(argument) for argument in arguments])
    if name == "abs" and len(arguments) == 1:
        return absolute(arguments[0])
    if name == "binomial" and len(arguments) == 2 and None in numbers:
        return _chosen(*arguments, arithmetic)
    if name in ("floor", "ceil") and len(arguments) == 1:
        return _rounded(name, arguments[0], arithmetic)
    if name in ("max", "min", "gcd", "lcm") and any(terms.variables(argument) for argument in arguments):
        texts = sorted({terms.text(argument) for argument in arguments})
        return opaque(name, texts) if len(texts) > 1 else arguments[0]
    if any(number is None for number in numbers):
        raise NotExactError(f"{name} of what is no number")
    return _of_numbers(name, numbers)


def _of_numbers(name: str, numbers: list[Fraction]) -> Value:
    """Return the value of a function of rational numbers."""
    if name in ("gcd", "lcm", "binomial", "factorial") and all(n.denominator == 1 and n >= 0 for n in numbers):
        whole = [int(number) for number in numbers]
        if name == "gcd":
            return terms.constant(math.gcd(*whole))
        if max(whole) > MAX_FACTORIAL:
            raise TooLargeError(f"{name} of a large number")
        if name == "lcm" and len(whole) <= 9:
            return terms.constant(math.lcm(*whole))
        if name == "binomial" and len(whole) == 2:
            return terms.constant(math.comb(*whole))
        if name == "factorial" and len(whole) == 1:
            return terms.constant(math.factorial(whole[0]))
    if name in ("max", "min"):
        return terms.constant(max(numbers) if name == "max" else min(numbers))
    raise NotExactError(f"{name} is not exact")


def _rounded(name: str, value: Value, arithmetic: Exact) -> Value:
    """Return a floor or a ceiling: of a number its value, of what has variables an atom beside its whole number."""
    number = terms.as_number(value)
    if number is not None:
        return terms.constant(math.floor(number) if name == "floor" else math.ceil(number))
    if not terms.variables(value):
        raise NotExactError(f"{name} of a constant that is no number")
    whole = math.floor(value.get((), Fraction(0)))
    rest = arithmetic.add(value, terms.constant(-whole))
    if terms.leading(rest) < 0:  # the ceiling of -x is the floor of x, negative
        turned = _rounded("ceil" if name == "floor" else "floor", arithmetic.scale(rest, Fraction(-1)), arithmetic)
        return arithmetic.add(arithmetic.scale(turned, Fraction(-1)), terms.constant(whole))
    return arithmetic.add(opaque(name, [terms.text(rest)]), terms.constant(whole))


def _chosen(upper: Value, lower: Value, arithmetic: Exact) -> Value:
    """Return a binomial with variables: a polynomial where the lower number is small, counted from either side."""
    for count in (lower, arithmetic.add(upper, arithmetic.scale(lower, Fraction(-1)))):
        number = terms.as_number(count)
        if number is not None and number.denominator == 1 and 0 <= number <= MAX_CHOSEN:
            product = terms.constant(Fraction(1, math.factorial(int(number))))
            for less in range(int(number)):
                product = arithmetic.multiply(product, arithmetic.add(upper, terms.constant(-less)))
            return product
    raise NotExactError("a binomial that is no polynomial")


def absolute(value: Value) -> Value:
    """Return the absolute value: of a real constant by its sign, of what has variables as an atom without its factor.

    Example:
        >>> terms.text(absolute(Exact().add(Exact().scale(terms.atom("x"), Fraction(-2)), terms.constant(6))))
        '2*abs(x-3)'
    """
    if not terms.variables(value):
        size = terms.as_float(value)
        if size is None:
            raise NotExactError("the absolute value of a complex number")
        return Exact().scale(value, Fraction(-1 if size < 0 else 1))
    if len(value) == 1:
        ((term, coefficient),) = value.items()
        if all(
            name in terms.CONSTANTS or exponent.denominator == 1 for name, exponent in term if isinstance(name, str)
        ):
            return _absolute_monomial(term, abs(coefficient))
    factor = terms.leading(value)
    return Exact().scale(opaque("abs", [terms.text(Exact().scale(value, 1 / factor))]), abs(factor))


def _absolute_monomial(term: terms.Monomial, coefficient: Fraction) -> Value:
    """Return the absolute value of a product of powers: factor by factor, even powers as they are."""
    arithmetic = Exact()
    result = terms.constant(coefficient)
    for name, exponent in term:
        if name == "i":
            continue
        signed = isinstance(name, str) and name not in terms.CONSTANTS and exponent % 2
        if not signed:
            result = arithmetic.multiply(result, terms.atom(name, exponent))
        else:
            result = arithmetic.multiply(result, arithmetic.power(opaque("abs", [name]), exponent))
    return result


def sign_choices(node: Node) -> Iterator[Node]:
    """Yield the tree once for each choice of its plus-minus signs; the signs are gone.

    Plus-minus with minus-plus is one choice, two plus-minus are two.

    Raises:
        TooLargeError: more than three signs to choose.
    """
    signs = [part.direction for part in nodes.walk(node) if isinstance(part, Sign)]
    if not signs:
        yield node
        return
    linked = -1 in signs
    if len(signs) > 3 and not linked:
        raise TooLargeError("more plus-minus signs than are tried")
    for choice in itertools.product((1, -1), repeat=1 if linked else len(signs)):
        picks = iter(choice * len(signs) if linked else choice)
        yield _with_signs(node, picks)


def _with_signs(node: Node, picks: Iterator[int]) -> Node:
    if isinstance(node, Sign):
        return Num(Fraction(node.direction * next(picks)))
    return type(node)(*(_field_with_signs(field, picks) for field in node))


def _field_with_signs(field: object, picks: Iterator[int]) -> object:
    if hasattr(field, "_fields"):
        return _with_signs(field, picks)
    if isinstance(field, tuple):
        return tuple(_field_with_signs(item, picks) for item in field)
    return field
