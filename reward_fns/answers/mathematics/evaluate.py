"""From the tree of an expression to its exact value."""

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction

from ttrl_verl.reward_fns.answers.mathematics import exact
from ttrl_verl.reward_fns.answers.mathematics.exact import Exact, NotExactError, TooLargeError, UndefinedError, Value
from ttrl_verl.reward_fns.answers.mathematics.expression import Node

MAX_FACTORIAL = 300
_OPAQUE = ("f", "g", "h")


def evaluate(node: Node, arithmetic: Exact) -> Value:
    """Return the exact value of an expression's tree.

    Raises:
        NotExactError: it has what exact arithmetic does not hold, such as a sine; ``symbolic`` may know it.
        TooLargeError: it would cost more than an answer may.
        UndefinedError: it has no value, or the tree is no expression.

    Example:
        >>> evaluate(("pow", ("num", Fraction(12)), ("num", Fraction(1, 2))), Exact())
        {((3, Fraction(1, 2)),): Fraction(2, 1)}
    """
    kind, *parts = node
    match kind:
        case "num":
            return exact.constant(parts[0])
        case "name":
            return exact.atom(parts[0])
        case "sum":
            return arithmetic.add(*(evaluate(part, arithmetic) for part in parts))
        case "product":
            value = exact.constant(1)
            for part in parts:
                value = arithmetic.multiply(value, evaluate(part, arithmetic))
            return value
        case "neg":
            return arithmetic.scale(evaluate(parts[0], arithmetic), Fraction(-1))
        case "inv":
            return arithmetic.invert(evaluate(parts[0], arithmetic))
        case "pow":
            exponent = exact.as_number(evaluate(parts[1], arithmetic))
            if exponent is None:
                raise NotExactError("a power that is no number")
            return arithmetic.power(evaluate(parts[0], arithmetic), exponent)
        case "degree":
            return evaluate(parts[0], arithmetic)
        case "call":
            return _call(parts[0], [evaluate(part, arithmetic) for part in parts[1:]])
    raise UndefinedError(f"a {kind} in an expression")


def _call(name: str, arguments: list[Value]) -> Value:
    """Return the value of a function where it is exact."""
    numbers = [exact.as_number(argument) for argument in arguments]
    if name in _OPAQUE:
        return exact.atom(f"{name}({','.join(exact.text(argument) for argument in arguments)})")
    if name == "abs" and len(arguments) == 1:
        return _absolute(arguments[0])
    if any(number is None for number in numbers):
        raise NotExactError(f"{name} of what is no number")
    if name in ("floor", "ceil") and len(numbers) == 1:
        return exact.constant(math.floor(numbers[0]) if name == "floor" else math.ceil(numbers[0]))
    if name in ("gcd", "lcm", "binomial", "factorial") and all(n.denominator == 1 and n >= 0 for n in numbers):
        whole = [int(number) for number in numbers]
        if name == "gcd":
            return exact.constant(math.gcd(*whole))
        if max(whole) > MAX_FACTORIAL:
            raise TooLargeError(f"{name} of a large number")
        if name == "lcm" and len(whole) <= 9:
            return exact.constant(math.lcm(*whole))
        if name == "binomial" and len(whole) == 2:
            return exact.constant(math.comb(*whole))
        if name == "factorial" and len(whole) == 1:
            return exact.constant(math.factorial(whole[0]))
    if name in ("max", "min"):
        return exact.constant(max(numbers) if name == "max" else min(numbers))
    raise NotExactError(f"{name} is not exact")


def _absolute(value: Value) -> Value:
    """Return the absolute value: of a real constant by its sign, of what has variables as an atom without its sign."""
    if exact.variables(value):
        sign = -1 if exact.leading(value) < 0 else 1
        return exact.atom(f"abs({exact.text(Exact().scale(value, Fraction(sign)))})")
    size = exact.as_float(value)
    if size is None:
        raise NotExactError("the absolute value of a complex number")
    return Exact().scale(value, Fraction(-1 if size < 0 else 1))


def sign_choices(node: Node) -> Iterator[Node]:
    """Yield the tree once for each choice of its plus-minus signs; the signs are gone.

    Plus-minus with minus-plus is one choice, two plus-minus are two.

    Raises:
        TooLargeError: more than three signs to choose.
    """
    signs = [part[1] for part in _walk(node) if part[0] == "sign"]
    if not signs:
        yield node
        return
    linked = -1 in signs
    if len(signs) > 3 and not linked:
        raise TooLargeError("more plus-minus signs than are tried")
    for choice in itertools.product((1, -1), repeat=1 if linked else len(signs)):
        picks = iter(choice * len(signs) if linked else choice)
        yield _with_signs(node, picks)


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for part in node[1:]:
        if isinstance(part, tuple) and part and isinstance(part[0], str):
            yield from _walk(part)


def _with_signs(node: Node, picks: Iterator[int]) -> Node:
    if node[0] == "sign":
        return ("num", Fraction(node[1] * next(picks)))
    return tuple(
        _with_signs(part, picks) if isinstance(part, tuple) and part and isinstance(part[0], str) else part
        for part in node
    )
