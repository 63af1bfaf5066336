"""From a tree to its canonical text: numbers, points, intervals, sets, unions, matrices, equations, inequalities."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from ttrl_verl.reward_fns.answers.mathematics import exact, relation
from ttrl_verl.reward_fns.answers.mathematics.evaluate import evaluate, sign_choices
from ttrl_verl.reward_fns.answers.mathematics.exact import Exact, UndefinedError, Value
from ttrl_verl.reward_fns.answers.mathematics.expression import Node
from ttrl_verl.reward_fns.answers.mathematics.tokens import SyntaxTrouble, tokenize

_NAMED_FUNCTIONS = ("sin", "cos", "tan", "cot", "sec", "csc", "ln")
EVERYTHING = "(-∞,∞)"
_TO_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_NUMBER_WORDS = _TO_TWENTY.split()


class Scalar(NamedTuple):
    """A canonical expression.

    Attributes:
        text: its canonical text.
        value: its exact value; ``None`` where it has none.
    """

    text: str
    value: Value | None


ScalarFn = Callable[[Node], Scalar]


def exact_scalar(node: Node) -> Scalar:
    """Return an expression's canonical text by exact arithmetic alone.

    Raises:
        NotExactError, TooLargeError, UndefinedError: as ``evaluate``.
    """
    match node:
        case ("infinity",):
            return Scalar("∞", None)
        case ("neg", ("infinity",)):
            return Scalar("-∞", None)
        case ("base", digits, base):
            return Scalar(f"{digits}_{base}", None)
        case ("word", word):
            return Scalar(word_text(word), None)
        case ("call", function, ("name", name)) if function in _NAMED_FUNCTIONS and name not in ("pi", "e", "i"):
            return Scalar(f"{function}({name})", None)  # as symbolic names it, without asking there
    value = evaluate(node, Exact())
    return Scalar(exact.text(value), value)


def word_text(word: str) -> str:
    """Return a word's canonical text: the number it names, or itself, in quotes where it would read as something else.

    Example:
        >>> word_text("east"), word_text("seven"), word_text("ty")
        ('east', '7', '"ty"')
    """
    if word in _NUMBER_WORDS:
        return str(_NUMBER_WORDS.index(word))
    try:
        tokens = tokenize(word)
    except SyntaxTrouble:
        tokens = []
    return word if len(tokens) == 1 and tokens[0].kind == "word" else '"' + word.replace('"', "") + '"'


def render(node: Node, scalar: ScalarFn) -> str:
    r"""Return the canonical text of an answer's tree.

    Args:
        node: of a whole answer, or of a part of it.
        scalar: what brings an expression to its canonical form.

    Raises:
        UndefinedError: the tree has no meaning here, such as a point inside a sum. And whatever ``scalar`` raises.

    Example:
        >>> from ttrl_verl.reward_fns.answers.mathematics.grammar import parse
        >>> render(parse(r"\{2, 1/2\}"), exact_scalar), render(parse("0<=x<1"), exact_scalar)
        ('\\{1/2,2\\}', '[0,1)')
    """
    texts = elements(node, scalar)
    return texts[0] if len(texts) == 1 else set_text(texts)


def elements(node: Node, scalar: ScalarFn) -> list[str]:
    """Return the canonical texts of the answers that a tree stands for: several for a list, a set or plus-minus."""
    if node[0] == "list":
        return _listing(node[1], list(node[2:]), scalar)
    if relation.names_set(node):
        return elements(node[3], scalar)
    choices = list(sign_choices(node))
    if len(choices) > 1:
        return _distinct([text for choice in choices for text in elements(choice, scalar)])
    (node,) = choices
    if node[0] == "set":
        return _distinct([text for part in node[1:] for text in elements(part, scalar)])
    return [_single(node, scalar)]


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


def _listing(joiner: str, items: list[Node], scalar: ScalarFn) -> list[str]:
    """Return the elements of a list: of assignments to several variables, the one point that they give."""
    names = [item[2][1] for item in items if item[0] == "relation" and item[1] == ("=",) and item[2][0] == "name"]
    if len(names) == len(items) == len(set(names)):
        ordered = sorted(zip(names, items, strict=True))
        return ["(" + ",".join(render(item, scalar) for _, item in ordered) + ")"]
    if all(relation.is_inequality(item) for item in items):
        texts = [_single(item, scalar) for item in items]
        joined = relation.join(texts, joiner)
        if joined:
            return [joined]
    return _distinct([text for item in items for text in elements(item, scalar)])


def _single(node: Node, scalar: ScalarFn) -> str:
    """Return the canonical text of what is one answer."""
    kind, *parts = node
    match kind:
        case "seq":
            return _sequence(*parts[:2], parts[2:], scalar)
        case "matrix":
            return _matrix([row[1:] for row in parts], scalar)
        case "neg" if parts[0][0] == "matrix":
            return _scaled_matrix([("num", Fraction(-1)), parts[0]], scalar)
        case "neg" if parts[0][0] == "product" and any(part[0] == "matrix" for part in parts[0]):
            return _single(("product", ("num", Fraction(-1)), *parts[0][1:]), scalar)
        case "product" if sum(part[0] == "matrix" for part in parts) == 1:
            return _scaled_matrix(parts, scalar)
        case "relation":
            return relation.relation_text(parts[0], parts[1:], scalar, render)
        case "union":
            return _union(parts, scalar)
        case "without":
            return _without(*parts, scalar)
        case "domain":
            return EVERYTHING if parts[0] == "ℝ" else parts[0]
    return scalar(node).text


def _sequence(opening: str, closing: str, items: list[Node], scalar: ScalarFn) -> str:
    """Return a point, an interval or a list in brackets; a list of lists is a matrix."""
    square = opening == "[" and closing == "]"
    if square and all(item[0] == "seq" and item[1:3] == ("[", "]") for item in items):
        return _matrix([item[3:] for item in items], scalar)
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


def _matrix(rows: list[tuple[Node, ...]], scalar: ScalarFn) -> str:
    if len({len(row) for row in rows}) != 1:
        raise UndefinedError("a matrix with rows of different lengths")
    return "[" + ",".join("[" + ",".join(render(cell, scalar) for cell in row) + "]" for row in rows) + "]"


def _scaled_matrix(factors: list[Node], scalar: ScalarFn) -> str:
    others = tuple(factor for factor in factors if factor[0] != "matrix")
    matrix = next(factor for factor in factors if factor[0] == "matrix")
    return _matrix([tuple(("product", *others, cell) for cell in row[1:]) for row in matrix[1:]], scalar)


def _union(parts: list[Node], scalar: ScalarFn) -> str:
    """Return a union: one finite set, or intervals and sets in the order of their texts."""
    finite = [text for part in parts if part[0] == "set" for text in elements(part, scalar)]
    intervals = [_single(part, scalar) for part in parts if part[0] != "set"]
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
