"""Reads expressions: sums, products, powers, roots, functions, mixed numbers, units."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

from ttrl_verl.reward_fns.answers.mathematics.tokens import SCALES, SyntaxTrouble, Token

Node = tuple
MAX_DEPTH = 100
"""Levels of the grammar, four a bracket; what is deeper is compared as text."""


class Reader:
    """A position in a list of tokens, and the methods that read expressions from there.

    Attributes:
        tokens: of one answer.
        position: of the next token.
    """

    def __init__(self, tokens: list[Token]):
        self.tokens = tokens
        self.position = 0
        self.depth = 0
        self.bars = 0

    def peek(self, ahead: int = 0) -> str:
        """Return the text of the next token, or the one ``ahead`` of it; empty at the end."""
        index = self.position + ahead
        return self.tokens[index].text if index < len(self.tokens) else ""

    def kind(self, ahead: int = 0) -> str:
        """Return the kind of the next token; empty at the end."""
        index = self.position + ahead
        return self.tokens[index].kind if index < len(self.tokens) else ""

    def take(self) -> str:
        """Return the next token's text and go on."""
        if self.position >= len(self.tokens):
            raise SyntaxTrouble("the answer ends too early")
        self.position += 1
        return self.tokens[self.position - 1].text

    def expect(self, text: str) -> None:
        """Take that token."""
        found = self.take()
        if found != text:
            raise SyntaxTrouble(f"got {found!r}, expected {text!r}")

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Count one more level of nesting."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise SyntaxTrouble("nested deeper than is read")
        yield
        self.depth -= 1

    def expression(self) -> Node:
        """Read a sum."""
        with self.nested():
            terms = [self._signed_term()]
            while self.peek() in ("+", "-", "±", "∓") and self.kind() == "sign":
                terms.append(self._signed_term())
        node = terms[0] if len(terms) == 1 else ("sum", *terms)
        if self.peek() == "choose" and self.kind() == "command":
            self.take()
            return ("call", "binomial", node, self.expression())
        return node

    def _signed_term(self) -> Node:
        negative, signs = False, []
        while self.peek() in ("+", "-", "±", "∓") and self.kind() == "sign":
            sign = self.take()
            negative ^= sign == "-"
            if sign in "±∓":
                signs.append(("sign", 1 if sign == "±" else -1))
        term = self.term()
        if signs:
            term = ("product", *signs, term)
        return ("neg", term) if negative else term

    def term(self) -> Node:
        """Read a product, its signs written or not; a unit behind it is dropped."""
        factors = [self._mixed_number() or self.factor()]
        unit = False
        while True:
            if self.peek() in ("*", "/") and self.kind() == "sign":
                divide = self.take() == "/"
                if divide and self.kind() == "word" and self.kind(-2) == "word":
                    self.take()  # miles / hour
                    continue
                negative = False
                while self.peek() in ("-", "+"):
                    negative ^= self.take() == "-"
                factor = self.factor()
                factor = ("inv", factor) if divide else factor
                factors.append(("neg", factor) if negative else factor)
            elif self.kind() == "word":
                factors.extend(self._unit(factors))
                unit = True
            elif self._starts_factor() and not (self.kind() == "number" and self.kind(-1) == "number"):
                if unit:
                    raise SyntaxTrouble("2 hours 30 minutes is no product")
                factors.append(self.factor())
            else:
                return factors[0] if len(factors) == 1 else ("product", *factors)

    def _starts_factor(self) -> bool:
        text, kind = self.peek(), self.kind()
        if kind in ("number", "name", "function", "begin"):
            return True
        if kind == "command":
            return text not in ("rfloor", "rceil", "choose", "circ")
        return kind == "sign" and (text in ("(", "{", "\\{") or (text == "|" and not self.bars) or text == "∞")

    def _unit(self, factors: list[Node]) -> list[Node]:
        """Drop a unit and its power; a word such as "million" is a factor."""
        if factors[-1][0] == "word":
            raise SyntaxTrouble("words in a row")
        word = self.take()
        if self.peek() == "^" and self.kind(1) in ("number", "sign"):
            self.take()
            self.argument()
        if word in SCALES and self.kind() != "word":
            return [("num", Fraction(SCALES[word]))]
        while self.kind() == "word":
            self.take()
        return []

    def _mixed_number(self) -> Node | None:
        r"""Read ``1\frac{3}{4}`` and ``1 3/4``."""
        if self.kind() != "number" or "." in self.peek():
            return None
        if self.peek(1) == "frac" and self.kind(1) == "command":
            start = self.position
            whole = Fraction(self.take())
            self.take()
            top, bottom = self.fraction_arguments()
            if top[0] == bottom[0] == "num" and top[1] < bottom[1] and top[1].denominator == bottom[1].denominator == 1:
                return ("num", whole + top[1] / bottom[1])
            self.position = start
        elif self.kind(1) == self.kind(3) == "number" and self.peek(2) == "/":
            whole, top, _, bottom = (self.take() for _ in range(4))
            if not (top + bottom).isdigit() or not int(bottom):
                raise SyntaxTrouble("numbers in a row")
            return ("num", Fraction(whole) + Fraction(int(top), int(bottom)))
        return None

    def factor(self) -> Node:
        """Read a base and what is written behind it: powers, factorials, degrees."""
        with self.nested():
            node = self._primary()
            while self.peek() in ("^", "**", "!", "'") and self.kind() == "sign":
                sign = self.take()
                if sign == "!":
                    node = ("call", "factorial", node)
                elif sign == "'":
                    if node[0] != "name":
                        raise SyntaxTrouble("a prime behind no name")
                    node = ("name", node[1] + "'")
                elif self.peek() == "circ" or (self.peek() == "{" and self.peek(1) == "circ"):
                    self.position += 3 if self.peek() == "{" else 1
                    node = ("degree", node)
                else:
                    node = ("pow", node, self.exponent())
        return node

    def exponent(self) -> Node:
        """Read a power, its sign included."""
        negative = False
        while self.peek() in ("-", "+"):
            negative ^= self.take() == "-"
        node = self.argument() if self.peek() == "{" else self._primary()
        if self.peek() == "**" or (self.peek() == "^" and self.peek(1) not in ("circ", "{")):
            self.take()
            node = ("pow", node, self.exponent())
        return ("neg", node) if negative else node

    def argument(self) -> Node:
        """Read what a command takes: a group in braces, or one token."""
        if self.peek() != "{":
            return self._primary()
        self.take()
        with self.nested():
            node = self.expression()
        self.expect("}")
        return node

    def _primary(self) -> Node:
        from ttrl_verl.reward_fns.answers.mathematics.primary import (
            primary,  # the two read each other: a factor stands in brackets
        )

        with self.nested():
            return primary(self)

    def fraction_arguments(self) -> tuple[Node, Node]:
        """Read the two arguments of a fraction; of bare digits, the first is the numerator: \\frac43."""
        if self.kind() == "number" and len(self.peek()) > 1 and self.peek().isdigit():
            digits = self.take()
            top = ("num", Fraction(digits[0]))
            return top, ("num", Fraction(digits[1:]))
        top = self.argument()
        return top, self.argument()
