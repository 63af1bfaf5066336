"""The canonical text of one expression by exact arithmetic alone, and of a word."""

from collections.abc import Callable
from typing import NamedTuple

from ttrl_verl.reward_fns.answers.mathematics import terms
from ttrl_verl.reward_fns.answers.mathematics.evaluate import evaluate
from ttrl_verl.reward_fns.answers.mathematics.exact import Exact
from ttrl_verl.reward_fns.answers.mathematics.letters import resolve
from ttrl_verl.reward_fns.answers.mathematics.nodes import (
    CONSTANTS,
    TRIGONOMETRIC,
    Apply,
    Based,
    Call,
    Infinity,
    Name,
    Neg,
    Node,
    Product,
    Word,
)
from ttrl_verl.reward_fns.answers.mathematics.terms import Value
from ttrl_verl.reward_fns.answers.mathematics.tokens import SyntaxTrouble, tokenize
from ttrl_verl.reward_fns.answers.number.words import spelled

_NAMED_FUNCTIONS = (*TRIGONOMETRIC, "ln")


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
        case Infinity(sign):
            return Scalar("∞" if sign > 0 else "-∞", None)
        case Neg(Infinity(sign)):
            return Scalar("-∞" if sign > 0 else "∞", None)
        case Based(digits, base):
            return Scalar(f"{digits}_{base}", None)
        case Word(word):
            return Scalar(word_text(word), None)
        case Call(function, (Name(name),)) if function in _NAMED_FUNCTIONS and name not in CONSTANTS:
            return Scalar(f"{function}({name})", None)  # as symbolic names it, without asking there
        case Apply(name, arguments, False):  # on its own, x(2) is a function's value
            return exact_scalar(Apply(name, arguments, True))
        case Product(parts) if all(isinstance(p, Name) and len(p.text) == 1 and p.text.isupper() for p in parts):
            # A B on its own is the name AB, and not BA; a longer row would read back as a word.
            return Scalar(("" if len(parts) < 5 else "*").join(part.text for part in parts), None)
    value = evaluate(node, Exact())
    return Scalar(terms.text(value), value)


def word_text(word: str) -> str:
    """Return a word's canonical text: the number it names, or itself, in quotes where it would read as something else.

    Example:
        >>> word_text("east"), word_text("seven"), word_text("ty")
        ('east', '7', '"ty"')
    """
    number = spelled(word)
    if number is not None and number[1] == len(word):
        return str(number[0])
    if word == "...":
        return word
    try:
        tokens = resolve(tokenize(word))
    except SyntaxTrouble:
        tokens = []
    return word if len(tokens) == 1 and tokens[0].kind == "word" else '"' + word.replace('"', "") + '"'
