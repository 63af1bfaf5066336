"""The slow part, for the killable workers alone: what exact arithmetic does not hold, by sympy and by value.

An expression that sympy can bring back to exact arithmetic gets that form, a quotient of polynomials the quotient in
lowest terms. All else (sines, logarithms, powers with variables) is identified by its value to 18 digits, for variables
at two fixed points: equal expressions have equal values however they are written. Variables are taken to be positive.
"""

from fractions import Fraction

import mpmath
import sympy

from ttrl_verl.reward_fns.answers.mathematics import terms
from ttrl_verl.reward_fns.answers.mathematics.by_value import DIGITS, digits, identify, known_function, point, value_of
from ttrl_verl.reward_fns.answers.mathematics.evaluate import call
from ttrl_verl.reward_fns.answers.mathematics.exact import MAX_BITS, Exact, NotExactError, TooLargeError, UndefinedError
from ttrl_verl.reward_fns.answers.mathematics.nodes import (
    TRIGONOMETRIC,
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
    Sum,
)
from ttrl_verl.reward_fns.answers.mathematics.parser import parse
from ttrl_verl.reward_fns.answers.mathematics.scalar import Scalar, exact_scalar
from ttrl_verl.reward_fns.answers.mathematics.structure import render
from ttrl_verl.reward_fns.answers.mathematics.tokens import SyntaxTrouble

_SYMPY = {
    **{name: getattr(sympy, name) for name in (*TRIGONOMETRIC, "sinh", "cosh", "tanh", "exp", "floor", "factorial")},
    **{f"arc{name}": getattr(sympy, f"a{name}") for name in ("sin", "cos", "tan")},
    "ceil": sympy.ceiling,
    "gcd": sympy.gcd,
    "lcm": sympy.lcm,
    "ln": sympy.log,
    "max": sympy.Max,
    "min": sympy.Min,
    "binomial": sympy.binomial,
    "logbase": lambda base, value: sympy.log(value) / sympy.log(base),
    "log": lambda value: sympy.log(value) / sympy.log(10),
    "lg": lambda value: sympy.log(value) / sympy.log(10),
}
_CONSTANTS = {"pi": sympy.pi, "e": sympy.E, "i": sympy.I}
_STEPS = ("abs", "floor", "ceil", "max", "min", "gcd", "lcm")
_MAX_ARGUMENT = 300


def canonical(tidied: str) -> tuple[str | None, bool]:
    """Return the canonical text of a tidied answer, or ``None``, and whether it was too large to be computed.

    Example:
        >>> canonical(r"\\log_2 8"), canonical("(x^2-1)/(x-1)"), canonical("x/(x+1)")
        (('3', False), ('x+1', False), ('(x)/(x+1)', False))
    """
    try:
        return render(parse(tidied), symbolic_scalar), False
    except (SyntaxTrouble, UndefinedError, NotExactError, ZeroDivisionError, TypeError, ValueError) as error:
        return None, isinstance(error, TooLargeError)
    except (RecursionError, OverflowError):
        return None, True


def warm_up() -> None:
    """Let sympy build what it builds once, so that the workers that are forked from here need not."""
    for text in (
        r"\log_2 3",
        r"\sin^2 x + \cos^2 x",
        "x/(x+1)",
        r"\sqrt{3+2\sqrt2}",
        r"\cot x",
        r"\sin 20^\circ",
        "n!",
    ):
        canonical(text)


def symbolic_scalar(node: Node) -> Scalar:
    """Return an expression's canonical text, by whatever means."""
    try:
        return exact_scalar(node)
    except NotExactError:
        expression = to_sympy(node)
    if not expression.free_symbols:
        return _constant(expression)
    return _rational_function(expression) or _function(expression)


def to_sympy(node: Node, in_angle: bool = False) -> sympy.Expr:
    """Build sympy's expression of a tree, node by node; sizes are checked before sympy computes.

    Raises:
        TooLargeError: a power or a factorial beyond what is computed.
        UndefinedError: the tree is no expression.
    """
    match node:
        case Num(number):
            return sympy.Rational(number.numerator, number.denominator)
        case Name(name):
            return _symbol(name)
        case Sum(parts):
            return sympy.Add(*(to_sympy(part, in_angle) for part in parts))
        case Product(parts):
            return sympy.Mul(*(to_sympy(part, in_angle) for part in parts))
        case Neg(part):
            return -to_sympy(part, in_angle)
        case Inverse(part):
            return _power(to_sympy(part, in_angle), sympy.Integer(-1))
        case Power(base, exponent):
            return _power(to_sympy(base, in_angle), to_sympy(exponent, in_angle))
        case Degrees(part):
            return to_sympy(part) * (sympy.pi / 180 if in_angle else 1)
        case Call(function, arguments):
            return _call(function, arguments)
        case Apply(name, (argument,), False):
            return _symbol(name) * to_sympy(argument)
        case Apply(name, arguments):
            return _symbol(_opaque_name(name, arguments))
    raise UndefinedError(f"a {type(node).__name__} in an expression")


def _symbol(name: str) -> sympy.Expr:
    return _CONSTANTS[name] if name in _CONSTANTS else sympy.Symbol(name, positive=True)


def _power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    if base.is_zero and (exponent.is_nonpositive or not exponent.is_number):
        raise UndefinedError("zero to a power that is not positive")
    if base.is_Rational and exponent.is_Rational:
        bits = max(abs(base.p).bit_length(), base.q.bit_length())
        if base not in (0, 1, -1) and bits * abs(Fraction(exponent.p, exponent.q)) > MAX_BITS:
            raise TooLargeError("a power beyond what is computed")
    if exponent.is_Rational and exponent.q % 2 == 1 and exponent.q > 1 and base.is_negative:
        return (-1) ** exponent.p * (-base) ** exponent  # the real root
    if exponent.is_Rational and exponent.q % 2 == 0 and base.free_symbols and base.has(sympy.Add):
        return _root_of_squares(base, exponent)
    return base**exponent


def _root_of_squares(base: sympy.Expr, exponent: sympy.Rational) -> sympy.Expr:
    """Return an even root of a sum: what stands in it squared comes out as an absolute value."""
    if not base.is_polynomial(*base.free_symbols):
        return base**exponent
    factor, factors = sympy.factor_list(base)
    result = 1
    for part, times in factors:
        if times % 2 == 0:
            result *= _symbol(_absolute_name(part)) ** (times * exponent)
        else:
            factor *= part**times
    return base**exponent if result == 1 else result * sympy.expand(factor) ** exponent


def _absolute_name(part: sympy.Expr) -> str:
    """Return the name of the absolute value of a polynomial, such as ``abs(x-1)``."""
    value = exact_scalar(from_sympy(sympy.expand(part))).value
    return f"abs({terms.text(Exact().scale(value, 1 / terms.leading(value)))})"


def _opaque_name(function: str, parts: tuple[Node, ...]) -> str:
    return f"{function}({','.join(symbolic_scalar(part).text for part in parts)})"


def _call(name: str, parts: tuple[Node, ...]) -> sympy.Expr:
    arguments = [to_sympy(part, in_angle=name in TRIGONOMETRIC) for part in parts]
    if name in _STEPS and any(argument.free_symbols for argument in arguments):
        return _step(name, parts)
    if name == "cross":
        return _symbol(_opaque_name(name, parts))
    if name == "abs":
        return sympy.Abs(arguments[0])
    if name in ("factorial", "binomial") and any(a.is_number and abs(a) > _MAX_ARGUMENT for a in arguments):
        raise TooLargeError(f"{name} of a large number")
    if name not in _SYMPY:
        raise UndefinedError(f"no function {name}")
    return _SYMPY[name](*arguments)


def _step(name: str, parts: tuple[Node, ...]) -> sympy.Expr:
    """Return a function that jumps or bends as a symbol of its own: no two points tell what it is in between."""
    scalars = [symbolic_scalar(part) for part in parts]
    if all(scalar.value is not None for scalar in scalars):
        return _from_value(call(name, [scalar.value for scalar in scalars], Exact()))
    texts = [scalar.text for scalar in scalars]
    return _symbol(f"{name}({','.join(texts if name in ('floor', 'ceil', 'abs') else sorted(set(texts)))})")


def _from_value(value: terms.Value) -> sympy.Expr:
    """Return an exact value as sympy's expression."""
    summands = []
    for term, coefficient in value.items():
        factors = [
            (sympy.Integer(name) if isinstance(name, int) else _symbol(name))
            ** sympy.Rational(e.numerator, e.denominator)
            for name, e in term
        ]
        summands.append(sympy.Mul(sympy.Rational(coefficient.numerator, coefficient.denominator), *factors))
    return sympy.Add(*summands)


def from_sympy(expression: sympy.Expr) -> Node:
    """Return the tree of a sympy expression that exact arithmetic may hold.

    Raises:
        NotExactError: it does not.
    """
    if expression.is_Rational:
        return Num(Fraction(int(expression.p), int(expression.q)))
    for name, value in _CONSTANTS.items():
        if expression == value:
            return Name(name)
    if expression.is_Symbol:
        return Name(expression.name)
    if expression.is_Add or expression.is_Mul:
        return (Sum if expression.is_Add else Product)(tuple(from_sympy(part) for part in expression.args))
    if expression.is_Pow:
        return Power(from_sympy(expression.base), from_sympy(expression.exp))
    if isinstance(expression, sympy.exp):
        return Power(Name("e"), from_sympy(expression.args[0]))
    raise NotExactError(f"a {type(expression).__name__}")


def _exactly(expression: sympy.Expr) -> Scalar | None:
    try:
        return exact_scalar(from_sympy(expression))
    except (NotExactError, UndefinedError):
        return None


def _constant(expression: sympy.Expr) -> Scalar:
    """Return a constant: exact where its value is a known number, or sympy finds its roots; else by value."""
    value = value_of(expression)
    parts = [identify(part) for part in (value.real, value.imag)]
    if None not in parts:
        return exact_scalar(Sum((parts[0], Product((parts[1], Name("i"))))))
    found = _exactly(sympy.expand(sympy.radsimp(sympy.sqrtdenest(expression))))
    return found or _square_root(expression, value) or Scalar(f"value({digits(value)})", None)


def _square_root(expression: sympy.Expr, value: mpmath.mpc) -> Scalar | None:
    """Return a root of an exact sum, such as sqrt(x**2+1); ``None`` for all else."""
    square = _exactly(sympy.expand(sympy.cancel(sympy.expand(expression**2))))
    if square is None or abs(value.imag) > 0:
        return None
    return Scalar(f"{'-' if value.real < 0 else ''}sqrt({square.text})", None)


def _rational_function(expression: sympy.Expr) -> Scalar | None:
    """Return a quotient of polynomials with rational coefficients in lowest terms; ``None`` for all else."""
    if not expression.is_rational_function(*expression.free_symbols):
        return None
    top, bottom = (_exactly(part) for part in sympy.fraction(sympy.cancel(sympy.together(expression))))
    if top is None or bottom is None or top.value is None or bottom.value is None:
        return None
    atoms = {name for value in (top.value, bottom.value) for term in value for name, _ in term}
    if any(isinstance(name, int) or name == "i" for name in atoms):
        return None
    number = terms.as_number(bottom.value)
    scale = 1 / (terms.leading(bottom.value) if number is None else number)
    top, bottom = (Exact().scale(value, scale) for value in (top.value, bottom.value))
    if terms.as_number(bottom) == 1:
        return Scalar(terms.text(top), top)
    return Scalar(f"({terms.text(top)})/({terms.text(bottom)})", None)


def _function(expression: sympy.Expr) -> Scalar:
    """Return what has functions of variables: exact where it is constant or simplifies so far, else by its values."""
    names = sorted(expression.free_symbols, key=lambda symbol: symbol.name)
    values = []
    for salt in "ab":
        # A float: powers of a fraction with powers of a fraction would be computed exactly, digit by digit.
        point_ = {symbol: sympy.Float(point(symbol.name, salt), DIGITS + 30) for symbol in names}
        values.append(value_of(expression.subs(point_)))
    if abs(values[0] - values[1]) < mpmath.mpf(10) ** -35:
        parts = [identify(part) for part in (values[0].real, values[0].imag)]
        if None not in parts:
            return exact_scalar(Sum((parts[0], Product((parts[1], Name("i"))))))
    for simplify in (sympy.expand, sympy.trigsimp, sympy.powdenest, _of_factorials):
        found = _exactly(simplify(expression))
        if found:
            return found
    known = _square_root(expression, values[0]) or known_function(names, values)
    if known:
        return known
    shown = ";".join(digits(value) for value in values)
    return Scalar(f"function({','.join(symbol.name for symbol in names)}:{shown})", None)


def _of_factorials(expression: sympy.Expr) -> sympy.Expr:
    """Return a quotient of factorials in lowest terms: n!/(n-2)! is n(n-1)."""
    return sympy.expand(sympy.combsimp(expression)) if expression.has(sympy.factorial, sympy.binomial) else expression
