"""The kinds of node that an answer's tree is made of.

Two nodes of different kinds with equal parts are equal as tuples: ask for a node's kind by ``match`` or ``isinstance``.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from ttrl_verl.reward_fns.answers.mathematics.terms import CONSTANTS as _REAL_CONSTANTS

CONSTANTS = (*_REAL_CONSTANTS, "i")
"""The names that are no variables."""

TRIGONOMETRIC = ("sin", "cos", "tan", "cot", "sec", "csc")
"""The functions of an angle."""


class Num(NamedTuple):
    """A rational number."""

    value: Fraction


class Name(NamedTuple):
    """A variable, with its subscript, or a constant: ``x_1``, ``pi``, ``dy/dx``."""

    text: str


class Word(NamedTuple):
    """A word, or several, in one text command or in quotes."""

    text: str


class Sum(NamedTuple):
    """A sum."""

    parts: tuple["Node", ...]


class Product(NamedTuple):
    """A product."""

    parts: tuple["Node", ...]


class Neg(NamedTuple):
    """A negative."""

    part: "Node"


class Inverse(NamedTuple):
    """One by a part."""

    part: "Node"


class Power(NamedTuple):
    """A power."""

    base: "Node"
    exponent: "Node"


class Call(NamedTuple):
    """A known function of its arguments: ``sin``, ``floor``, ``binomial``, ``logbase``."""

    function: str
    arguments: tuple["Node", ...]


class Apply(NamedTuple):
    """A letter before brackets: ``P(2)``, ``x(t)``.

    Attributes:
        name: the letter.
        arguments: what stands in the brackets.
        sure: whether it can only be a function; else it is a product inside an expression.
    """

    name: str
    arguments: tuple["Node", ...]
    sure: bool


class Sign(NamedTuple):
    """A sign that stands for both: 1 for plus-minus, -1 for minus-plus."""

    direction: int


class Based(NamedTuple):
    """Digits in a base other than ten."""

    digits: str
    base: int


class Infinity(NamedTuple):
    """Infinity.

    Attributes:
        sign: 1 or -1.
    """

    sign: int = 1


class Degrees(NamedTuple):
    """An angle in degrees."""

    part: "Node"


class Quantity(NamedTuple):
    """A value in a unit that is a part of the answer."""

    part: "Node"
    unit: str


class Listing(NamedTuple):
    """Answers with a comma, "and" or "or" between them.

    Attributes:
        joiner: ``,``, ``and`` or ``or``; the words prevail.
    """

    joiner: str
    items: tuple["Node", ...]


class Bracketed(NamedTuple):
    """What stands in brackets: a point, an interval, a list."""

    opening: str
    closing: str
    items: tuple["Node", ...]


class Elements(NamedTuple):
    """A set that is written out."""

    items: tuple["Node", ...]


class Matrix(NamedTuple):
    """A matrix, by rows."""

    rows: tuple[tuple["Node", ...], ...]


class Relation(NamedTuple):
    """Sides with relation signs between them, one sign fewer than sides."""

    signs: tuple[str, ...]
    sides: tuple["Node", ...]


class Unite(NamedTuple):
    """A union of sets."""

    parts: tuple["Node", ...]


class Without(NamedTuple):
    """A set without another."""

    whole: "Node"
    removed: "Node"


class Domain(NamedTuple):
    """A set of numbers by its letter, such as ``ℝ``."""

    letter: str


Node = (
    Num | Name | Word | Sum | Product | Neg | Inverse | Power | Call | Apply | Sign | Based | Infinity | Degrees
    | Quantity | Listing | Bracketed | Elements | Matrix | Relation | Unite | Without | Domain
)  # fmt: skip


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, from left to right."""
    yield node
    for field in node:
        yield from _walk_field(field)


def _walk_field(field: object) -> Iterator[Node]:
    if hasattr(field, "_fields"):
        yield from walk(field)
    elif isinstance(field, tuple):
        for item in field:
            yield from _walk_field(item)


def names_in(node: Node) -> set[str]:
    """Return the variables in a tree; a word is one."""
    found = set()
    for part in walk(node):
        if isinstance(part, Name | Word) and part.text not in CONSTANTS:
            found.add(part.text)
        elif isinstance(part, Apply):
            found.add(part.name)
    return found
