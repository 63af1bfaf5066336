"""Equations and inequalities: solved where they are linear in one variable, else brought to one side and scaled."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from ttrl_verl.reward_fns.answers.mathematics import exact
from ttrl_verl.reward_fns.answers.mathematics.exact import Exact, UndefinedError, Value
from ttrl_verl.reward_fns.answers.mathematics.nodes import (
    CONSTANTS,
    Apply,
    Bracketed,
    Call,
    Elements,
    Infinity,
    Inverse,
    Matrix,
    Name,
    Neg,
    Node,
    Num,
    Power,
    Product,
    Relation,
    Sum,
    Word,
    names_in,
    walk,
)

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def is_inequality(node: Node) -> bool:
    """Say whether a tree is a relation with only signs of order."""
    return isinstance(node, Relation) and all(sign in _FLIPPED for sign in node.signs)


def is_left_out(node: Node) -> bool:
    """Say whether a tree is "x is not a"."""
    match node:
        case Relation(("!=",), (Name(name), right)):
            return name not in CONSTANTS and not names_in(right)
    return False


def names_set(node: Node) -> bool:
    """Say whether a tree is "x in S" or "x = S" for a set S that is written out."""
    match node:
        case Relation(("∈",), (_, Elements())):
            return True
        case Relation(("=",), (left, Elements())):
            return _is_name(left)
    return False


def join(intervals: Sequence[str], joiner: str) -> str | None:
    """Return the union, for "or", or the intersection of two half-lines, else; ``None`` where it is neither.

    Example:
        >>> join(["(3,∞)", "(-∞,2)"], "or"), join(["(2,∞)", "(-∞,3]"], "and")
        ('(-∞,2)∪(3,∞)', '(2,3]')
    """
    if not all(text[0] in "([" for text in intervals):
        return None
    if joiner == "or":
        return "∪".join(sorted(set(intervals)))
    above = [text for text in intervals if text.endswith(",∞)")]
    below = [text for text in intervals if text.startswith("(-∞,")]
    if len(intervals) == 2 and len(above) == len(below) == 1:
        return above[0].removesuffix("∞)") + below[0].removeprefix("(-∞,")
    return None


def relation_text(signs: Sequence[str], sides: Sequence[Node], scalar: Callable, render: Callable) -> str:
    """Return the canonical text of a relation.

    ``x = 5`` is 5 and ``x ∈ S`` is S: the variable's name is no part of the answer. What stands before an
    approximation is the answer, and behind it where it is a name.

    Args:
        signs: the relation signs.
        sides: one more than signs.
        scalar: what brings an expression to its canonical form.
        render: what brings any tree to its canonical text.
    """
    if "≈" in signs:
        cut = signs.index("≈")
        if cut == 0 and _is_name(sides[0]):
            return render(sides[1], scalar)
        signs, sides = signs[:cut], sides[: cut + 1]
        if not signs:
            return render(sides[0], scalar)
    match sides:
        case (Word(word), Num(Fraction(numerator=0))) if not _is_name(sides[0]):
            return f"{word}{signs[0]}0"  # what this function returned: an expression known by its value
    if signs.count("=") == 1 and set(signs) == {"=", ":"}:  # AB:BC = 2:3
        cut = signs.index("=")
        if all(map(_is_name, sides[: cut + 1])) and len(sides) > cut + 2:
            signs, sides = signs[cut + 1 :], sides[cut + 1 :]
    if all(sign == ":" for sign in signs):
        return ":".join(render(side, scalar) for side in sides)
    if tuple(signs) == ("∈",):
        return render(sides[1], scalar)
    if all(sign == "=" for sign in signs):
        return _chain(sides, scalar, render)
    if tuple(signs) == ("!=",):
        return _unequal(sides[0], sides[1], scalar)
    if all(sign in ("<", "<=") for sign in signs):
        return _ordered(signs, sides, scalar)
    if all(sign in (">", ">=") for sign in signs):
        return _ordered([_FLIPPED[sign] for sign in reversed(signs)], sides[::-1], scalar)
    raise UndefinedError("relation signs of several kinds")


def _is_name(node: Node) -> bool:
    """Say whether a side only names the answer: x, f(x), P(2), a word, (x, y), the length |AB|."""
    match node:
        case Name(name):
            return name not in CONSTANTS
        case Word(word):
            return not word.startswith(("value(", "function("))
        case Apply() | Call("abs", (Word(),)):
            return True
        case Call("abs", (Name(name),)):  # the size of a set, the modulus of a complex number
            return name.isupper() or name == "z"
        case Bracketed("[", "]", (Product(points),)):  # an area: [ABC]
            return all(isinstance(point, Name) and point.text.isupper() for point in points)
        case Bracketed(_, _, items):
            return all(_is_name(item) for item in items)
        case Product((Power(Name(), Neg(Num(Fraction(numerator=1, denominator=1)))), argument)):  # f^{-1}(x)
            return _is_name(argument)
        case Product((Name("Delta" | "\\Delta" | "\\nabla"), Name())):  # a change, a gradient
            return True
        case Product((Name(name), _)):  # the derivative of what stands behind it
            return name.startswith(("d/d", "∂/∂"))
    return False


def _adds_names(node: Node) -> bool:
    """Say whether a side is a sum of names, as in "find m + n" or "find 100m + n"; x + y = 3 is a line."""
    match node:
        case Sum(parts):
            names = [_summand(part) for part in parts]
            return None not in names and len(names) == len(set(names)) and not set(names) & set("xyz")
    return False


def _summand(node: Node) -> str | None:
    """Return the name that a summand is, or a power of ten times it; ``None`` for all else."""
    match node:
        case Name(name):
            return name
        case Product((Num(factor), Name(name))) if factor in (10, 100, 1000):
            return name
    return None


def _names_what_is_left(name: Node, variables: set[str]) -> bool:
    """Say whether a name on the right names the left side: 5 = x and 2x+1 = y, but not x+y = z."""
    return not isinstance(name, Name) or not variables or (name.text == "y" and "y" not in variables)


def _names_its_right(left: Node, right: Node) -> bool:
    """Say whether a left side names the right one; an eccentricity e and a current i do, where they equal something."""
    if isinstance(left, Name) and left.text in ("e", "i"):
        return not any(isinstance(part, Name) and part.text == left.text for part in walk(right))
    if isinstance(left, Name) and left.text.endswith("'") and names_in(right) == {left.text.rstrip("'")}:
        return False  # y' = y is an equation
    if not names_in(right) and _is_ratio_of_lengths(left):
        return True
    return _is_name(left) and not (isinstance(left, Name) and left.text in names_in(right))


def _is_ratio_of_lengths(node: Node) -> bool:
    """Say whether a side is a quotient of segments or areas, by their points: AD/DB."""
    parts = list(walk(node))
    points = all(part.text.isupper() and len(part.text) == 1 for part in parts if isinstance(part, Name))
    return (
        isinstance(node, Product)
        and points
        and any(isinstance(part, Inverse) for part in parts)
        and all(isinstance(part, Name | Product | Inverse) for part in parts)
    )


def _chain(sides: Sequence[Node], scalar: Callable, render: Callable) -> str:
    """Return what sides with equality signs between them come to: the last side, where the first one names it."""
    left, right = sides[0], sides[-1]
    if _names_its_right(left, right):
        return render(right, scalar)
    if isinstance(right, Matrix) and isinstance(left, Power) and isinstance(left.base, Name):  # an inverse, a square
        return render(right, scalar)
    if (len(sides) > 2 or _adds_names(left)) and not names_in(right):
        return render(right, scalar)  # m + n = 100 + 13 = 113
    if _is_name(right) and _names_what_is_left(right, names_in(left)):
        return render(left, scalar)
    text, value = scalar(Sum((left, Neg(right))))
    if value is None:
        return f"{text}=0"
    if not value:
        return render(right, scalar)
    if not exact.variables(value):
        raise UndefinedError("an equation of constants")
    linear = _linear(value)
    if linear:
        return exact.text(linear[1])
    scaled = Exact().scale(value, 1 / exact.leading(value))
    return f"{exact.text(scaled)}=0"


def _linear(value: Value) -> tuple[Fraction, Value] | None:
    """Return c and s where the value is c * (x - s), x its one variable, or y where the other is x; else ``None``."""
    names = exact.variables(value)
    if len(names) == 1 and not any("(" in name for name in names):  # |x| is bounded, not solved
        (name,) = names
    elif names == {"x", "y"}:
        name = "y"
    else:
        return None
    monomial = ((name, Fraction(1)),)
    coefficient = value.get(monomial)
    rest = {term: c for term, c in value.items() if term != monomial}
    if coefficient is None or any(atom == name for term in rest for atom, _ in term):
        return None
    return coefficient, Exact().scale(rest, -1 / coefficient)


def _unequal(left: Node, right: Node, scalar: Callable) -> str:
    text, value = scalar(Sum((left, Neg(right))))
    if not value:
        return f"{text}!=0"
    linear = _linear(value) if len(exact.variables(value)) == 1 else None
    if linear:
        end = exact.text(linear[1])
        return "∪".join(sorted((f"(-∞,{end})", f"({end},∞)")))
    return f"{exact.text(Exact().scale(value, 1 / exact.leading(value)))}!=0"


def _ordered(signs: Sequence[str], sides: Sequence[Node], scalar: Callable) -> str:
    """Return a chain of "less than": an interval where it bounds one variable."""
    if len(sides) == 2:
        return _less(signs[0], sides[0], sides[1], scalar)
    if len(sides) != 3:
        raise UndefinedError("a chain of more than three sides")
    _, value = scalar(sides[1])
    linear = _linear(value) if value and len(exact.variables(value)) == 1 else None
    if not linear:
        raise UndefinedError("bounds on what is no variable")
    factor, root = linear
    low, high = (_bound(side, factor, root, scalar) for side in (sides[0], sides[2]))
    opening, closing = ("(" if signs[0] == "<" else "["), (")" if signs[1] == "<" else "]")
    if factor < 0:
        low, high = high, low
        opening, closing = ("(" if closing == ")" else "["), (")" if opening == "(" else "]")
    return f"{'(' if low == '-∞' else opening}{low},{high}{')' if high == '∞' else closing}"


def _bound(side: Node, factor: Fraction, root: Value, scalar: Callable) -> str:
    """Return the bound on x that ``side`` is on factor * (x - root)."""
    text, value = scalar(side)
    if factor == 1 and not root:
        return text
    if value is None:
        raise UndefinedError("a bound that is not exact")
    return exact.text(Exact().add(Exact().scale(value, 1 / factor), root))


def _less(sign: str, left: Node, right: Node, scalar: Callable) -> str:
    """Return ``left < right`` or ``left <= right``: a half-line where it bounds one variable."""
    strict = sign == "<"
    for side, other, above in ((left, right, False), (right, left, True)):
        match other:
            case Infinity() | Neg(Infinity()):
                raise UndefinedError("a bound that is infinite")
        if isinstance(side, Name) and side.text not in CONSTANTS and not names_in(other):
            return _half_line(scalar(other).text, above, strict)
    bounded = _bounded(sign, left, right, scalar)
    if bounded:
        return bounded
    text, value = scalar(Sum((right, Neg(left))))
    if not value:
        return f"{text}{'>' if strict else '>='}0"
    linear = _linear(value) if len(exact.variables(value)) == 1 else None
    if linear:
        return _half_line(exact.text(linear[1]), linear[0] > 0, strict)
    scaled = Exact().scale(value, 1 / abs(exact.leading(value)))
    return f"{exact.text(scaled)}{'>' if strict else '>='}0"


def _bounded(sign: str, left: Node, right: Node, scalar: Callable) -> str | None:
    """Return what an absolute value and a positive number say: |x| < 2 is an interval, |x| > 2 its outside."""
    match left, right:
        case Call("abs", (inner,)), Num(bound) if bound > 0:
            return _ordered([sign, sign], (Neg(right), inner, right), scalar) if _is_linear(inner, scalar) else None
        case Num(bound), Call("abs", (inner,)) if bound > 0 and _is_linear(inner, scalar):
            halves = (_less(sign, inner, Neg(left), scalar), _less(sign, left, inner, scalar))
            return "∪".join(sorted(halves))
    return None


def _is_linear(node: Node, scalar: Callable) -> bool:
    """Say whether a tree is a linear expression of one variable."""
    _, value = scalar(node)
    return bool(value) and len(exact.variables(value)) == 1 and _linear(value) is not None


def _half_line(end: str, above: bool, strict: bool) -> str:
    if above:
        return f"{'(' if strict else '['}{end},∞)"
    return f"(-∞,{end}{')' if strict else ']'}"
