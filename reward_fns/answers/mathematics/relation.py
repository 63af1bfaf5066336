"""Equations and inequalities: solved where they are linear in one variable, else brought to one side and scaled."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from ttrl_verl.reward_fns.answers.mathematics import terms
from ttrl_verl.reward_fns.answers.mathematics.exact import Exact, UndefinedError
from ttrl_verl.reward_fns.answers.mathematics.naming import (
    adds_names,
    each_equals,
    is_name,
    names_its_right,
    names_what_is_left,
)
from ttrl_verl.reward_fns.answers.mathematics.nodes import (
    CONSTANTS,
    Call,
    Elements,
    Infinity,
    Matrix,
    Name,
    Neg,
    Node,
    Num,
    Power,
    Relation,
    Sum,
    Word,
    names_in,
)
from ttrl_verl.reward_fns.answers.mathematics.terms import Value

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
            return is_name(left)
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
        if cut == 0 and is_name(sides[0]):
            return render(sides[1], scalar)
        signs, sides = signs[:cut], sides[: cut + 1]
        if not signs:
            return render(sides[0], scalar)
    match sides:
        case (Word(word), Num(Fraction(numerator=0))) if not is_name(sides[0]):
            return f"{word}{signs[0]}0"  # what this function returned: an expression known by its value
    if signs.count("=") == 1 and set(signs) == {"=", ":"}:  # AB:BC = 2:3
        cut = signs.index("=")
        if all(map(is_name, sides[: cut + 1])) and len(sides) > cut + 2:
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


def _chain(sides: Sequence[Node], scalar: Callable, render: Callable) -> str:
    """Return what sides with equality signs between them come to: the last side, where the first one names it."""
    left, right = sides[0], sides[-1]
    if len(sides) > 2 and all(isinstance(side, Name) for side in sides[:-1]) and not names_in(right):
        return each_equals([side.text for side in sides[:-1] if isinstance(side, Name)], render(right, scalar))
    if names_its_right(left, right):
        return render(right, scalar)
    if isinstance(right, Matrix) and isinstance(left, Power) and isinstance(left.base, Name):  # an inverse, a square
        return render(right, scalar)
    zero = isinstance(right, Num) and not right.value  # a + b + c = 0 is asked for by nobody
    if (len(sides) > 2 or (adds_names(left) and not zero)) and not names_in(right):
        return render(right, scalar)  # m + n = 100 + 13 = 113
    if is_name(right) and names_what_is_left(right, names_in(left)):
        return render(left, scalar)
    text, value = scalar(Sum((left, Neg(right))))
    if value is None:
        return f"{text}=0"
    if not value:
        return render(right, scalar)
    if not terms.variables(value):
        raise UndefinedError("an equation of constants")
    linear = _linear(value)
    if linear:
        return terms.text(linear[1])
    scaled = Exact().scale(value, 1 / terms.leading(value))
    return f"{terms.text(scaled)}=0"


def _linear(value: Value) -> tuple[Fraction, Value] | None:
    """Return c and s where the value is c * (x - s), x its one variable, or y where the other is x; else ``None``."""
    names = terms.variables(value)
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
    linear = _linear(value) if len(terms.variables(value)) == 1 else None
    if linear:
        end = terms.text(linear[1])
        return "∪".join(sorted((f"(-∞,{end})", f"({end},∞)")))
    return f"{terms.text(Exact().scale(value, 1 / terms.leading(value)))}!=0"


def _ordered(signs: Sequence[str], sides: Sequence[Node], scalar: Callable) -> str:
    """Return a chain of "less than": an interval where it bounds one variable."""
    if len(sides) == 2:
        return _less(signs[0], sides[0], sides[1], scalar)
    if len(sides) != 3:
        raise UndefinedError("a chain of more than three sides")
    _, value = scalar(sides[1])
    linear = _linear(value) if value and len(terms.variables(value)) == 1 else None
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
    return terms.text(Exact().add(Exact().scale(value, 1 / factor), root))


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
    linear = _linear(value) if len(terms.variables(value)) == 1 else None
    if linear:
        return _half_line(terms.text(linear[1]), linear[0] > 0, strict)
    scaled = Exact().scale(value, 1 / abs(terms.leading(value)))
    return f"{terms.text(scaled)}{'>' if strict else '>='}0"


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
    return bool(value) and len(terms.variables(value)) == 1 and _linear(value) is not None


def _half_line(end: str, above: bool, strict: bool) -> str:
    if above:
        return f"{'(' if strict else '['}{end},∞)"
    return f"(-∞,{end}{')' if strict else ']'}"
