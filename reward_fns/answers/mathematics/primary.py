"""Reads what an expression is made of: numbers, names, brackets, fractions, roots and functions."""

from fractions import Fraction

from ttrl_verl.reward_fns.answers.mathematics.expression import Node, Reader
from ttrl_verl.reward_fns.answers.mathematics.tokens import FUNCTIONS, SyntaxTrouble
from ttrl_verl.reward_fns.answers.rational import MAX_DIGITS

_DOMAINS = "ℝℤℕℚℂ∅"
_NAMED_BASES = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_PAIRS = {"lfloor": ("rfloor", "floor"), "lceil": ("rceil", "ceil")}
_OPAQUE = ("f", "g", "h")
_MARKS = ("angle", "triangle", "measuredangle", "overline")


def primary(reader: Reader) -> Node:
    """Read one operand."""
    kind, text = reader.kind(), reader.peek()
    if kind == "number":
        return _number(reader)
    if kind == "name":
        return _name(reader)
    if kind == "function":
        return _function(reader)
    if kind == "word":
        reader.take()
        return ("word", text)
    if kind == "command":
        return _command(reader)
    if kind == "begin":
        return reader.matrix()
    if kind == "sign":
        if text in ("(", "["):
            return reader.bracketed()
        if text == "\\{":
            return reader.braced_set()
        if text == "{":
            return reader.argument()
        if text == "|":
            return _absolute(reader)
        if text == "∞":
            reader.take()
            return ("infinity",)
        if text in _DOMAINS:
            reader.take()
            return ("set",) if text == "∅" else ("domain", text)
    raise SyntaxTrouble(f"{text!r} where an operand was expected")


def _number(reader: Reader) -> Node:
    r"""Read a number, with its base or its repeating decimals: ``12_{5}``, ``0.1\overline{6}``."""
    digits = reader.take()
    if len(digits) > MAX_DIGITS:
        raise SyntaxTrouble("more digits than are compared by value")
    if reader.peek() == "_":
        reader.take()
        base = _plain(reader)
        number = _NAMED_BASES.get(base) or (int(base) if base.isdigit() and len(base) < 3 else 0)
        if not 2 <= number <= 36 or not digits.isdigit() or any(int(digit) >= number for digit in digits):
            raise SyntaxTrouble("a subscript that is no base")
        return ("num", Fraction(digits)) if number == 10 else ("base", digits.lstrip("0") or "0", number)
    if reader.peek() == "overline" and "." in digits:
        reader.take()
        period = _plain(reader)
        if not period.isdigit() or len(period) > 50:
            raise SyntaxTrouble("a period that is no digits")
        places = len(digits) - digits.index(".") - 1
        return ("num", Fraction(digits + "0") + Fraction(int(period), 10**places * (10 ** len(period) - 1)))
    return ("num", Fraction(digits))


def _plain(reader: Reader) -> str:
    """Read a token, or the tokens in braces, as they are written."""
    if reader.peek() != "{":
        return reader.take()
    reader.take()
    parts = []
    while reader.peek() != "}":
        parts.append(reader.take())
    reader.take()
    if not parts:
        raise SyntaxTrouble("empty braces")
    return "".join(parts)


def _name(reader: Reader) -> Node:
    """Read a variable with its subscript, or a call of f, g or h."""
    name = reader.take()
    if reader.peek() == "_":
        reader.take()
        subscript = _plain(reader)
        if not subscript.isalnum() or not subscript.isascii():
            raise SyntaxTrouble("a subscript that is no name")
        name = f"{name}_{subscript}"
    if name in _OPAQUE and reader.peek() == "(":
        argument = reader.bracketed()
        return ("call", name, *argument[3:]) if argument[0] == "seq" else ("call", name, argument)
    return ("name", name)


def _absolute(reader: Reader) -> Node:
    reader.expect("|")
    reader.bars += 1
    inner = reader.expression()
    reader.expect("|")
    reader.bars -= 1
    return ("call", "abs", inner)


def _command(reader: Reader) -> Node:
    name = reader.take()
    if name == "frac":
        top, bottom = reader.fraction_arguments()
        return ("product", top, ("inv", bottom))
    if name == "sqrt":
        return _root(reader)
    if name == "binom":
        top = reader.argument()
        return ("call", "binomial", top, reader.argument())
    if name in _PAIRS:
        closing, function = _PAIRS[name]
        inner = reader.expression()
        reader.expect(closing)
        return ("call", function, inner)
    if name in _MARKS:
        return ("word", f"{name} {_plain(reader)}".casefold())
    raise SyntaxTrouble(f"a command {name}")


def _root(reader: Reader) -> Node:
    r"""Read what follows ``\sqrt``: ``{x}``, ``[3]{x}``, ``(x)``, ``5``."""
    order: Node = ("num", Fraction(2))
    if reader.peek() == "[":
        reader.take()
        order = reader.expression()
        reader.expect("]")
    return ("pow", reader.argument(), ("inv", order))


def _function(reader: Reader) -> Node:
    r"""Read a function, its power and its argument: ``\sin^2 2x``, ``\log_2 8``, ``\cot x``."""
    name = reader.take()
    base, power = None, None
    while reader.peek() in ("_", "^", "**"):
        if reader.take() == "_":
            base = reader.argument()
        else:
            power = reader.exponent()
    if name == "log" and base is not None:
        name = "logbase"
    elif base is not None:
        raise SyntaxTrouble("a function with a subscript")
    arguments = _arguments(reader)
    if power == ("neg", ("num", Fraction(1))) and f"arc{name}" in FUNCTIONS:
        name, power = f"arc{name}", None
    node = ("call", name, *([base] if base else []), *arguments)
    return node if power is None else ("pow", node, power)


def _arguments(reader: Reader) -> list[Node]:
    """Read a function's arguments in brackets, or the factors behind it up to the next sign or function."""
    if reader.peek() == "(":
        inner = reader.bracketed()
        return list(inner[3:]) if inner[0] == "seq" else [inner]
    if reader.peek() == "{":
        return [reader.argument()]
    factors = [_function(reader) if reader.kind() == "function" else reader.factor()]
    while reader.kind() in ("number", "name") or (reader.kind() == "command" and reader.peek() in ("frac", "sqrt")):
        factors.append(reader.factor())
    return [factors[0] if len(factors) == 1 else ("product", *factors)]
