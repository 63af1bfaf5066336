"""From a tree to its canonical text: numbers, points, intervals, sets, unions, matrices, equations, inequalities."""

from fractions import Fraction
from itertools import pairwise

from ttrl_verl.reward_fns.answers.mathematics import relation
from ttrl_verl.reward_fns.answers.mathematics.evaluate import sign_choices
from ttrl_verl.reward_fns.answers.mathematics.exact import UndefinedError
from ttrl_verl.reward_fns.answers.mathematics.named import point_text
from ttrl_verl.reward_fns.answers.mathematics.nodes import (
    Bracketed,
    Call,
    Domain,
    Elements,
    Inverse,
    Listing,
    Matrix,
    Name,
    Neg,
    Node,
    Num,
    Product,
    Quantity,
    Relation,
    Unite,
    Without,
    Word,
    names_in,
    walk,
)
from ttrl_verl.reward_fns.answers.mathematics.scalar import ScalarFn

EVERYTHING = "(-∞,∞)"


def render(node: Node, scalar: ScalarFn) -> str:
    r"""Return the canonical text of an answer's tree.

    Args:
        node: of a whole answer, or of a part of it.
        scalar: what brings an expression to its canonical form.

    Raises:
        UndefinedError: the tree has no meaning here, such as a point inside a sum. And whatever ``scalar`` raises.

    Example:
        >>> from ttrl_verl.reward_fns.answers.mathematics.parser import parse
        >>> from ttrl_verl.reward_fns.answers.mathematics.scalar import exact_scalar
        >>> render(parse(r"\{2, 1/2\}"), exact_scalar), render(parse("0<=x<1"), exact_scalar)
        ('\\{1/2,2\\}', '[0,1)')
    """
    texts = elements(node, scalar)
    return texts[0] if len(texts) == 1 else set_text(texts)


def elements(node: Node, scalar: ScalarFn) -> list[str]:
    """Return the canonical texts of the answers that a tree stands for: several for a list, a set or plus-minus."""
    if isinstance(node, Listing):
        return _listing(node, scalar)
    if relation.names_set(node):
        return elements(node.sides[1], scalar)
    choices = list(sign_choices(node))
    if len(choices) > 1 and relation.is_left_out(node):
        return _listing(Listing("and", tuple(choices)), scalar)
    if len(choices) > 1:
        return _distinct([text for choice in choices for text in elements(choice, scalar)])
    (node,) = choices
    if isinstance(node, Elements):
        texts = [text for part in node.items for text in elements(part, scalar)]
        if any(map(_is_ellipsis, node.items)) or _is_fraction_part(node.items):
            return ["\\{" + ",".join(texts) + "\\}"]
        return _distinct(texts)
    return [_single(node, scalar)]


def _is_fraction_part(items: tuple[Node, ...]) -> bool:
    r"""Say whether braces hold one expression with variables: ``\{x\}`` may be what is behind the whole part of x."""
    return len(items) == 1 and not isinstance(items[0], Word | Relation | Bracketed) and bool(names_in(items[0]))


def _is_ellipsis(node: Node) -> bool:
    return isinstance(node, Word) and node.text == "..."


def set_text(texts: list[str]) -> str:
    r"""Return a set's canonical text; that of one element is the element.

    Example:
        >>> set_text(["3", "1", "3"]), set_text(["5"]), set_text([])
        ('\\{1,3\\}', '5', '\\{\\}')
    """
    texts = _distinct(texts)
    return texts[0] if len(texts) == 1 else "\\{" + ",".join(texts) + "\\}"


def _distinct(texts: list[str]) -> list[str]:
    return sorted(set(texts))


def _listing(listing: Listing, scalar: ScalarFn) -> list[str]:
    """Return the elements of a list: of values with names, the one point that they give.

    A list in which an element stands twice, such as roots or sides, is told by how often.
    """
    items = listing.items
    named = _named_values(items)
    if named and len(named) == len(items) == len(dict(named)):
        return [point_text([(name, render(side, scalar)) for name, side in named])]
    if relation.is_left_out(items[0]) and all(relation.is_left_out(i) or isinstance(i, Num | Neg) for i in items[1:]):
        values = tuple(item.sides[1] if isinstance(item, Relation) else item for item in items)
        return [_without(Domain("ℝ"), Elements(values), scalar)]
    if all(relation.is_inequality(item) for item in items):
        if len({name for item in items for name in names_in(item)}) > 1:
            raise UndefinedError("bounds on several variables are no interval")
        texts = [_single(item, scalar) for item in items]
        joined = relation.join(texts, listing.joiner)
        if joined:
            return [joined]
    if any(map(_is_ellipsis, items)):
        return elements(Elements(items), scalar)
    texts = [text for item in items for text in elements(item, scalar)]
    distinct = _distinct(texts)
    repeated = (
        len(distinct) < len(texts) and listing.joiner != "or" and not any(isinstance(i, Relation) for i in items[1:])
    )
    return [",".join(sorted(texts))] if repeated else distinct


def _named_values(items: tuple[Node, ...]) -> list[tuple[str, Node]]:
    """Return the names and what they equal, of the items that say so."""
    found = []
    for item in items:
        match item:
            case Relation(("=",), (Name(name), side)):
                found.append((name, side))
    return found


def _single(node: Node, scalar: ScalarFn) -> str:
    """Return the canonical text of what is one answer."""
    match node:
        case Bracketed(opening, closing, items):
            return _bracketed(opening, closing, items, scalar)
        case Matrix(rows):
            return _matrix(rows, scalar)
        case Neg(Matrix() as matrix):
            return _scaled_matrix((Num(Fraction(-1)), matrix), scalar)
        case Neg(Product(parts)) if any(isinstance(part, Matrix) for part in parts):
            return _scaled_matrix((Num(Fraction(-1)), *parts), scalar)
        case Product(parts) if sum(isinstance(part, Matrix) for part in parts) == 1:
            return _scaled_matrix(parts, scalar)
        case Relation(signs, (Bracketed("(", ")", names), Bracketed("(", ")", values))) if signs == ("=",) and len(
            names
        ) == len(values):
            return _named_point(names, values, scalar)
        case Relation(signs, sides):
            return relation.relation_text(signs, sides, scalar, render)
        case Unite(parts):
            return _union(parts, scalar)
        case Without(whole, removed):
            return _without(whole, removed, scalar)
        case Domain(letter):
            return EVERYTHING if letter == "ℝ" else letter
        case Quantity(part, unit):
            text = scalar(part).text
            return f"{text} {unit}" if text.replace("/", "").isalnum() else f"({text}) {unit}"
    return scalar(node).text


def _named_point(names: tuple[Node, ...], values: tuple[Node, ...], scalar: ScalarFn) -> str:
    """Return what ``(x, y) = (1, 2)`` says: the values by their names."""
    if not all(isinstance(name, Name) for name in names):
        return relation.relation_text(("=",), (Bracketed("(", ")", names), Bracketed("(", ")", values)), scalar, render)
    return point_text([(name.text, render(value, scalar)) for name, value in zip(names, values, strict=True)])


def _bracketed(opening: str, closing: str, items: tuple[Node, ...], scalar: ScalarFn) -> str:
    """Return a point, an interval or a list in brackets; a list of lists is a matrix."""
    square = opening == "[" and closing == "]"
    if square and all(isinstance(item, Bracketed) and item[:2] == ("[", "]") for item in items):
        return _matrix(tuple(item.items for item in items), scalar)
    if square and len(items) == 1 and names_in(items[0]) and _is_rounded(items[0]):
        return scalar(Call("floor", items)).text  # [n/2], [x]: the whole part
    texts = [render(item, scalar) for item in items]
    if len(texts) == 1:
        if square:
            return texts[0]
        raise UndefinedError("one element in different brackets")
    if len(texts) == 2:
        opening = "(" if texts[0] == "-∞" else opening
        closing = ")" if texts[1] == "∞" else closing
    elif opening + closing not in ("()", "[]"):
        raise UndefinedError("an interval with other than two ends")
    return f"{opening}{','.join(texts)}{closing}"


def _is_rounded(node: Node) -> bool:
    """Say whether what stands in square brackets need not be whole: a quotient, a root, a variable of the reals."""
    return any(isinstance(part, Inverse) for part in walk(node)) or (isinstance(node, Name) and node.text in "xyz")


def _matrix(rows: tuple[tuple[Node, ...], ...], scalar: ScalarFn) -> str:
    if len({len(row) for row in rows}) != 1:
        raise UndefinedError("a matrix with rows of different lengths")
    return "[" + ",".join("[" + ",".join(render(cell, scalar) for cell in row) + "]" for row in rows) + "]"


def _scaled_matrix(factors: tuple[Node, ...], scalar: ScalarFn) -> str:
    others = tuple(factor for factor in factors if not isinstance(factor, Matrix))
    (matrix,) = (factor for factor in factors if isinstance(factor, Matrix))
    return _matrix(tuple(tuple(Product((*others, cell)) for cell in row) for row in matrix.rows), scalar)


def _union(parts: tuple[Node, ...], scalar: ScalarFn) -> str:
    """Return a union: one finite set, or intervals and sets in the order of their texts."""
    finite = [text for part in parts if isinstance(part, Elements) for text in elements(part, scalar)]
    intervals = [_single(part, scalar) for part in parts if not isinstance(part, Elements)]
    if not intervals:
        return set_text(finite)
    if any(text[0] not in "([" for text in intervals):
        raise UndefinedError("a union of what are no sets")
    texts = intervals + (["\\{" + ",".join(_distinct(finite)) + "\\}"] if finite else [])
    return "∪".join(_distinct([piece for text in texts for piece in text.split("∪")]))


def _without(whole: Node, removed: Node, scalar: ScalarFn) -> str:
    """Return a set difference; the real numbers without some numbers are the intervals between them."""
    texts = elements(removed, scalar)
    base = _single(whole, scalar)
    try:
        ends = [str(number) for number in sorted(Fraction(text) for text in texts)]
    except ValueError:
        ends = []
    if base != EVERYTHING or not ends:
        return f"{base}∖{set_text(texts)}"
    bounds = ["-∞", *ends, "∞"]
    return "∪".join(sorted(f"({low},{high})" for low, high in pairwise(bounds)))
