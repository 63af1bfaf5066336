"""What only names an answer: x in x = 5, f(x), P(2), the length AB, the sum m + n that is asked for."""

from collections.abc import Sequence
from fractions import Fraction

from ttrl_verl.reward_fns.answers.mathematics.named import point_text
from ttrl_verl.reward_fns.answers.mathematics.nodes import (
    CONSTANTS,
    TRIGONOMETRIC,
    Apply,
    Bracketed,
    Call,
    Inverse,
    Name,
    Neg,
    Node,
    Num,
    Power,
    Product,
    Sum,
    Word,
    names_in,
    walk,
)


def is_name(node: Node) -> bool:
    """Say whether a side only names the answer: x, f(x), P(2), a word, (x, y), the length |AB|."""
    match node:
        case Name(name):
            return name not in CONSTANTS
        case Word(word):
            return not word.startswith(("value(", "function("))
        case Apply(_, arguments):  # f(f(n)) = n is an equation
            return not any(isinstance(part, Apply) for argument in arguments for part in walk(argument))
        case Call("abs", (Word(),)):
            return True
        case Call("abs", (Name(name),)):  # the size of a set, the modulus of a complex number
            return name.isupper() or name == "z"
        case Bracketed("[", "]", (Product(points),)):  # an area: [ABC]
            return all(isinstance(point, Name) and point.text.isupper() for point in points)
        case Bracketed(_, _, items):
            return all(is_name(item) for item in items)
        case Product((Power(Name(), Neg(Num(Fraction(numerator=1, denominator=1)))), argument)):  # f^{-1}(x)
            return is_name(argument)
        case Product((Name("Delta" | "\\Delta" | "\\nabla"), Name())):  # a change, a gradient
            return True
        case Product((Name(name), _)):  # the derivative of what stands behind it
            return name.startswith(("d/d", "∂/∂"))
    return False


def adds_names(node: Node) -> bool:
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


def names_what_is_left(name: Node, variables: set[str]) -> bool:
    """Say whether a name on the right names the left side: 5 = x and 2x+1 = y, but not x+y = z."""
    return not isinstance(name, Name) or not variables or (name.text == "y" and "y" not in variables)


def names_its_right(left: Node, right: Node) -> bool:
    """Say whether a left side names the right one; an eccentricity e and a current i do, where they equal something."""
    if isinstance(left, Name) and left.text in ("e", "i"):
        return not any(isinstance(part, Name) and part.text == left.text for part in walk(right))
    if isinstance(left, Name) and left.text.endswith("'") and names_in(right) == {left.text.rstrip("'")}:
        return False  # y' = y is an equation
    if not names_in(right) and _is_ratio_of_lengths(left):
        return True
    if _is_row_of_capitals(left) or _is_of_angle(left, right):
        return True
    return is_name(left) and not (isinstance(left, Name) and left.text in names_in(right))


def _is_of_angle(left: Node, right: Node) -> bool:
    """Say whether a side is the sine of an angle or its like: of a triangle's, or of any that is a number."""
    match left:
        case Call(function, (Name(angle),)) if function in TRIGONOMETRIC:
            names = names_in(right)
            return not names or (angle not in names and (angle.isupper() or len(angle) > 1))
    return False


def _is_row_of_capitals(node: Node) -> bool:
    """Say whether a side is two or three different capitals: P V names what PV does."""
    if not isinstance(node, Product) or len(node.parts) != len(names_in(node)) or len(node.parts) > 3:
        return False
    return all(isinstance(part, Name) and len(part.text) == 1 and part.text.isupper() for part in node.parts)


def _is_ratio_of_lengths(node: Node) -> bool:
    """Say whether a side is a quotient of segments or areas, by their points: AD/DB; or of two of a kind: v_1/v_2."""
    parts = list(walk(node))
    names = [part.text for part in parts if isinstance(part, Name)]
    of_a_kind = (
        len(names) == 2 and len({name.split("_")[0] for name in names}) == 1 and all("_" in name for name in names)
    )
    points = of_a_kind or all(name.isupper() and len(name) == 1 for name in names)
    return (
        isinstance(node, Product)
        and points
        and any(isinstance(part, Inverse) for part in parts)
        and all(isinstance(part, Name | Product | Inverse) for part in parts)
    )


def each_equals(names: Sequence[str], value: str) -> str:
    """Return the point that "x = y = z = 1" gives: x, y, z and a, b, c have an order; of other names, the value."""
    ordered = "".join(names) in ("xy", "xyz", "ab", "abc", "abcd")
    return point_text([(name, value) for name in names]) if ordered else value
