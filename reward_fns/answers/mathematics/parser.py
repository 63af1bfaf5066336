r"""From tidied text to a tree, by recursive descent: nothing of what a model wrote is ever evaluated by Python.

One class in one file, longer than the others: a list holds relations, a relation expressions, an expression brackets
and brackets a list again, so that every part of a recursive descent needs every other. The order is that of the
grammar, from lists down to operands.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

from ttrl_verl.reward_fns.answers.mathematics.letters import is_scale, keeps_case, resolve
from ttrl_verl.reward_fns.answers.mathematics.nodes import (
    CONSTANTS,
    Apply,
    Based,
    Bracketed,
    Call,
    Degrees,
    Domain,
    Elements,
    Infinity,
    Inverse,
    Listing,
    Matrix,
    Name,
    Neg,
    Node,
    Num,
    Power,
    Product,
    Quantity,
    Relation,
    Sign,
    Sum,
    Unite,
    Without,
    Word,
    names_in,
)
from ttrl_verl.reward_fns.answers.mathematics.tokens import FUNCTIONS, GREEK, SyntaxTrouble, Token, tokenize
from ttrl_verl.reward_fns.answers.mathematics.units import SCALES, unit_of
from ttrl_verl.reward_fns.answers.rational import MAX_DIGITS

MAX_DEPTH = 100
"""Levels of the grammar, four a bracket; what is deeper is compared as text."""
OPAQUE = ("f", "g", "h")
"""Letters that are functions before brackets, whatever stands in them."""

_RELATIONS = ("=", "<", ">", "<=", ">=", "!=", "≈", "∈", ":")
_CONNECTIVES = {"∧": "and", "∨": "or"}
_IN_SUBSCRIPTS = dict.fromkeys(map(ord, "+-/"))
_SIGNS = ("+", "-", "±", "∓")
_DOMAINS = "ℝℤℕℚℂ"
_NAMED_BASES = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_PAIRS = {"lfloor": ("rfloor", "floor"), "lceil": ("rceil", "ceil")}
_MARKS = ("angle", "triangle", "measuredangle", "overline")
_ACCENTS = ("dot", "ddot", "hat", "tilde", "overline", "overrightarrow")
_TWO = Num(Fraction(2))


def parse(text: str) -> Node:
    r"""Return the tree of a tidied answer.

    Raises:
        SyntaxTrouble: this grammar does not read it; the answer is then compared as text.

    Example:
        >>> parse("x=5")
        Relation(signs=('=',), sides=(Name(text='x'), Num(value=Fraction(5, 1))))
        >>> parse("(3,4]")
        Bracketed(opening='(', closing=']', items=(Num(value=Fraction(3, 1)), Num(value=Fraction(4, 1))))
    """
    parser = Parser(resolve(tokenize(text)))
    node = parser.listing()
    if parser.peek() or node == Word("..."):
        raise SyntaxTrouble(f"{parser.peek()!r} is left over")
    return node


class Parser:
    """A position in the tokens of one answer, and the methods that read from there.

    Attributes:
        tokens: of one answer.
        position: of the next token.
    """

    def __init__(self, tokens: list[Token]):
        self.tokens = tokens
        self.position = 0
        self._depth = 0
        self._bars = 0

    # Tokens

    def peek(self, ahead: int = 0) -> str:
        """Return the text of the next token, or the one ``ahead`` of it; empty at the end."""
        index = self.position + ahead
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def kind(self, ahead: int = 0) -> str:
        """Return the kind of the next token; empty at the end."""
        index = self.position + ahead
        return self.tokens[index].kind if 0 <= index < len(self.tokens) else ""

    def _sign(self, *texts: str) -> bool:
        """Say whether the next token is one of these signs."""
        return self.kind() == "sign" and self.peek() in texts

    def _spaced(self) -> bool:
        return self.position < len(self.tokens) and self.tokens[self.position].spaced

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
    def _nested(self) -> Iterator[None]:
        """Count one more level of nesting."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise SyntaxTrouble("nested deeper than is read")
        yield
        self._depth -= 1

    # Lists, relations, sets

    def listing(self) -> Node:
        """Read items that are separated by commas, semicolons, "and" or "or"."""
        items, joiner, connective = [self.relation()], ",", False
        while self.peek() in (",", ";", "and", "or", "∧", "∨"):
            separator = self.take()
            if separator in _CONNECTIVES:
                separator, connective = _CONNECTIVES[separator], True
            if separator in (",", ";") and self.peek() in ("and", "or"):
                separator = self.take()
            joiner = separator if separator in ("and", "or") else joiner
            if not self.peek():
                break
            items.append(self.relation())
        if connective and not all(isinstance(item, Relation) for item in items):
            raise SyntaxTrouble("a formula of logic")
        return items[0] if len(items) == 1 else Listing(joiner, tuple(items))

    def relation(self) -> Node:
        """Read one side, or sides with relation signs between them."""
        sides, signs = [self._union()], []
        while self.peek() in _RELATIONS:
            signs.append(self.take())
            sides.append(self._union())
        if ":" in signs and any(token.kind == "word" and not keeps_case(token.text) for token in self.tokens):
            raise SyntaxTrouble("a time of day is no ratio")
        return sides[0] if not signs else Relation(tuple(signs), tuple(sides))

    def _union(self) -> Node:
        """Read sets with union signs or a set difference between them."""
        parts = [self.expression()]
        while self.peek() == "∪":
            self.take()
            parts.append(self.expression())
        node = parts[0] if len(parts) == 1 else Unite(tuple(parts))
        while self.peek() == "∖":
            self.take()
            node = Without(node, self.expression())
        return node

    def _bracketed(self) -> Node:
        """Read what stands in brackets: a group, a point, an interval, a list."""
        groups, opening = self._only_groups(), self.take()
        with self._nested():
            items = self._items(")", "]")
            closing = self.take()
        if len(items) == 1 and (groups or (opening == "(" and closing == ")")):
            return items[0]
        return Bracketed(opening, closing, tuple(items))

    def _only_groups(self) -> bool:
        """Say whether the square brackets that open next stand for round ones: they hold a sum, or have a power.

        On their own they do not, nor around a quotient: [n/2] may be the whole part.
        """
        if self.peek() != "[":
            return False
        depth, at = 1, self.position
        outer: list[str] = []  # what stands in no further brackets
        while depth and at + 1 < len(self.tokens):
            at += 1
            text = self.tokens[at].text
            if depth == 1:
                outer.append(text)
            depth += (text in ("(", "[", "{", "\\{")) - (text in (")", "]", "}", "\\}"))
        whole = self.position == 0 and at == len(self.tokens) - 1
        if depth or whole or {",", ";"} & set(outer):
            return False
        if at + 1 < len(self.tokens) and self.tokens[at + 1].text in ("^", "**"):
            return True
        held = self.tokens[self.position + 1 : at]
        adds = any(text in _SIGNS for text in outer[1:])
        divides = "frac" in outer or "/" in outer
        counts = {token.text for token in held if token.kind == "name"} <= set("nmk")
        return (adds and not (divides and counts)) or (not divides and any(token.text == "(" for token in held))

    def _braced_set(self) -> Node:
        r"""Read ``\{...\}``: elements, or the condition behind a bar."""
        self.expect("\\{")
        with self._nested():
            if self.peek(1) in ("|", ":") and self.kind() == "name":
                self.position += 2
                node = self.listing()
                self.expect("\\}")
                return node
            items = [] if self.peek() == "\\}" else self._items("\\}")
            self.expect("\\}")
        return Elements(tuple(items))

    def _items(self, *closers: str) -> list[Node]:
        items = [self.relation()]
        while self.peek() in (",", ";", "and"):
            self.take()
            items.append(self.relation())
        if self.peek() not in closers:
            raise SyntaxTrouble("a bracket that does not close")
        return items

    def _matrix(self) -> Node:
        r"""Read ``\begin{pmatrix} a & b \\ c & d \end{pmatrix}``; one between bars is its determinant."""
        name = self.take()
        if name == "Vmatrix" or (not name.rstrip("*").endswith("matrix") and name != "array"):
            raise SyntaxTrouble(f"an environment {name}")
        rows: list[list[Node]] = [[]]
        with self._nested():
            while self.kind() != "end":
                if self.peek() == "⏎":
                    self.take()
                    rows.append([])
                elif self.peek() == "&":
                    self.take()
                else:
                    rows[-1].append(self.relation())
            self.take()
        rows = [row for row in rows if row]
        if not rows or len({len(row) for row in rows}) != 1:
            raise SyntaxTrouble("a matrix with rows of different lengths")
        return _determinant(rows) if name == "vmatrix" else Matrix(tuple(tuple(row) for row in rows))

    # Sums and products

    def expression(self) -> Node:
        """Read a sum."""
        with self._nested():
            terms = [self._signed_term()]
            while self._sign(*_SIGNS):
                terms.append(self._signed_term())
        if len(terms) == 2 and isinstance(terms[0], Domain) and isinstance(terms[1], Neg):
            return Without(terms[0], terms[1].part)  # the real numbers less a set
        node = terms[0] if len(terms) == 1 else Sum(tuple(terms))
        if self.peek() == "choose" and self.kind() == "command":
            self.take()
            return Call("binomial", (node, self.expression()))
        return node

    def _signed_term(self) -> Node:
        negative, signs = False, []
        while self._sign(*_SIGNS):
            sign = self.take()
            negative ^= sign == "-"
            if sign in "±∓":
                signs.append(Sign(1 if sign == "±" else -1))
        term = self._term()
        if signs:
            term = Product((*signs, term))
        if negative and isinstance(term, Quantity):
            return Quantity(Neg(term.part), term.unit)
        return Neg(term) if negative else term

    def _term(self) -> Node:
        """Read a product, its signs written or not, and the words behind it."""
        start = self.position
        factors = [self._mixed_number() or self.factor()]
        while True:
            if self._sign("*", "/"):
                factors.append(self._signed_factor(factors))
            elif self._sign("⨯"):
                self.take()
                factors.append(Call("cross", (factors.pop(), self.factor())))
            elif self.kind() == "word":
                if not is_scale(self.peek()) or isinstance(factors[-1], Word):
                    return self._with_unit(factors)
                factors.append(Num(SCALES[self.take().casefold()]))
            elif self._starts_factor() and not self._is_stray_number(factors[-1]):
                factors.append(self.factor())
            else:
                break
            if len(factors) > 1 and any(isinstance(factor, Word) for factor in factors):
                raise SyntaxTrouble("a word in a product")
        beside = all(token.text != "*" for token in self.tokens[start : self.position])
        if beside and len(factors) > 1 and all(map(_is_matrix, factors)) and any(isinstance(f, Power) for f in factors):
            raise SyntaxTrouble("a product of matrices, whose order matters")
        return _product(factors)

    def _signed_factor(self, before: list[Node]) -> Node:
        """Read a factor behind a sign of multiplication or division."""
        divide, negative = self.take() == "/", False
        while self._sign("-", "+"):
            negative ^= self.take() == "-"
        factor = Inverse(self._divisor(before)) if divide else self.factor()
        return Neg(factor) if negative else factor

    def _divisor(self, dividend: list[Node]) -> Node:
        r"""Read what a slash divides by: ``t/RC`` is t by RC, and ``v^2/2g`` v**2 by 2g, but ``1/2x`` half of x."""
        first = self.kind()
        factors = [self.factor()]
        if first == "name" or (first == "number" and any(map(has_letters, dividend))):
            while self.kind() == "name" and not self._spaced():
                factors.append(self.factor())
        return _product(factors)

    def _with_unit(self, factors: list[Node]) -> Node:
        """Read the words behind a value: a unit or what was counted; all else makes another answer of it."""
        if isinstance(factors[-1], Word):
            raise SyntaxTrouble("words in a row")
        words, power = [], ""
        while self.kind() == "word" or (words and self._sign("/") and self.kind(1) == "word"):
            words.append(self.take())
            if self._sign("^", "**") and self.kind(1) in ("number", "sign"):
                self.take()
                power = self._plain().strip("+")
        if self._starts_factor() or self._sign("*", "/"):
            raise SyntaxTrouble("2 hours 30 minutes is no product")
        value = _product(factors)
        one = isinstance(value, Num) and value.value == 1
        unit = unit_of(" ".join(words), "none" if has_letters(value) else "one" if one else "many")
        if unit is None:
            raise SyntaxTrouble("words that are no unit")
        return Quantity(value, f"{unit}^{power}" if power else unit) if unit else value

    def _starts_factor(self) -> bool:
        text, kind = self.peek(), self.kind()
        if kind in ("number", "name", "function", "begin"):
            return True
        if kind == "command":
            return text not in ("rfloor", "rceil", "choose", "circ")
        if kind != "sign":
            return False
        return text in ("(", "{", "\\{", "∞") or (text == "|" and not self._bars) or self._only_groups()

    def _is_stray_number(self, before: Node) -> bool:
        """Say whether a number stands behind a number or a name; a power such as 2**(-t) may."""
        if self.kind() != "number" or self.kind(-1) not in ("number", "name"):
            return False
        return not isinstance(before, Name) or self.peek(1) not in ("^", "**")

    def _mixed_number(self) -> Node | None:
        r"""Read ``1\frac{3}{4}`` and ``1 3/4``."""
        if self.kind() != "number" or not self.peek().isdigit():
            return None
        if self.peek(1) == "frac" and self.kind(1) == "command":
            start = self.position
            whole = Fraction(self.take())
            self.take()
            match self._fraction_arguments():
                case Num(top), Num(bottom) if top < bottom and top.denominator == bottom.denominator == 1:
                    return Num(whole + top / bottom)
            self.position = start
        elif self.kind(1) == self.kind(3) == "number" and self.peek(2) == "/":
            whole, top, _, bottom = (self.take() for _ in range(4))
            if not (top + bottom).isdigit() or not int(bottom):
                raise SyntaxTrouble("numbers in a row")
            return Num(Fraction(whole) + Fraction(int(top), int(bottom)))
        return None

    # Factors

    def factor(self) -> Node:
        """Read a base and what is written behind it: powers, factorials, degrees."""
        with self._nested():
            node = self._primary()
            while self._sign("^", "**", "!"):
                if self.take() == "!":
                    node = Call("factorial", (node,))
                elif self.peek() == "circ" or (self.peek() == "{" and self.peek(1) == "circ"):
                    self.position += 3 if self.peek() == "{" else 1
                    node = Degrees(node)
                else:
                    node = Power(node, self._exponent())
        return node

    def _exponent(self) -> Node:
        """Read a power, its sign included."""
        negative = False
        while self._sign("-", "+"):
            negative ^= self.take() == "-"
        node = self._argument() if self.peek() == "{" else self._primary()
        if self.peek() == "**" or (self.peek() == "^" and self.peek(1) not in ("circ", "{")):
            self.take()
            node = Power(node, self._exponent())
        return Neg(node) if negative else node

    def _argument(self) -> Node:
        """Read what a command takes: a group in braces, or one token."""
        if self.peek() != "{":
            return self._primary()
        self.take()
        with self._nested():
            node = self.expression()
        self.expect("}")
        return node

    def _primary(self) -> Node:
        """Read one operand."""
        with self._nested():
            match self.kind():
                case "number":
                    return self._number()
                case "name":
                    return self._name()
                case "function":
                    return self._function()
                case "word":
                    word = self.take()
                    return Word(
                        word if keeps_case(word) or word.startswith(("value(", "function(")) else word.casefold()
                    )
                case "command":
                    return self._command()
                case "begin":
                    return self._matrix()
                case "sign":
                    return self._opened()
        raise SyntaxTrouble(f"{self.peek()!r} where an operand was expected")

    def _opened(self) -> Node:
        """Read an operand that begins with a sign."""
        match self.peek():
            case "(" | "[":
                return self._bracketed_number() or self._bracketed()
            case "\\{":
                return self._braced_set()
            case "{":
                return self._argument()
            case "|":
                return self._absolute()
        match self.take():
            case "∞":
                return Infinity()
            case "∅":
                return Elements(())
            case "...":
                return Word("...")
            case letter if letter in _DOMAINS:
                return Domain(letter)
            case sign:
                raise SyntaxTrouble(f"{sign!r} where an operand was expected")

    def _number(self) -> Node:
        r"""Read a number, with its base or its repeating decimals: ``12_{5}``, ``0.1\overline{6}``."""
        digits = self.take()
        if len(digits) > MAX_DIGITS:
            raise SyntaxTrouble("more digits than are compared by value")
        if self.peek() == "_":
            return self._based(digits)
        if self.peek() == "overline" and "." in digits:
            self.take()
            period = self._plain()
            if not period.isdigit() or len(period) > 50:
                raise SyntaxTrouble("a period that is no digits")
            places = len(digits) - digits.index(".") - 1
            return Num(Fraction(digits + "0") + Fraction(int(period), 10**places * (10 ** len(period) - 1)))
        return Num(Fraction(digits))

    def _based(self, digits: str) -> Node:
        """Read the base behind digits."""
        self.take()
        base = self._plain()
        number = _NAMED_BASES.get(base) or (int(base) if base.isdigit() and len(base) < 3 else 0)
        if not 2 <= number <= 36 or not digits.isdigit() or any(int(digit) >= number for digit in digits):
            raise SyntaxTrouble("a subscript that is no base")
        return Num(Fraction(digits)) if number == 10 else Based(digits.lstrip("0") or "0", number)

    def _bracketed_number(self) -> Node | None:
        """Read ``(1011)_2``."""
        if self.kind(1) != "number" or self.peek(2) != ")" or self.peek(3) != "_":
            return None
        self.take()
        digits = self.take()
        self.take()
        return self._based(digits)

    def _plain(self) -> str:
        """Read a token, or the tokens in braces, as they are written."""
        if self.peek() != "{":
            return self.take()
        self.take()
        parts = []
        while self.peek() != "}":
            parts.append(self.take())
        self.take()
        if not parts:
            raise SyntaxTrouble("empty braces")
        return "".join(parts)

    def _name(self) -> Node:
        """Read a variable with its subscript and primes, or a call of it."""
        part = self.tokens[self.position].part
        name = self.take()
        if name == "m" and self.peek() in ("angle", "measuredangle"):
            return self._command()  # the measure of an angle
        if self.peek() == "_":
            self.take()
            subscript = self._plain()
            if not subscript.isascii() or not subscript.translate(_IN_SUBSCRIPTS).isalnum():
                raise SyntaxTrouble("a subscript that is no name")
            if name == "C" and self._sign("^", "**") and (chosen := self._chosen(subscript)):
                return chosen
            one = len(subscript) == 1 or subscript.isdigit()
            name = f"{name}_{subscript}" if one else f"{name}_{{{subscript}}}"
        while self._sign("'"):
            name += self.take()
        if self.peek() == "(" and name not in CONSTANTS:
            return self._applied(name, part) or Name(name)
        return Name(name)

    def _chosen(self, upper: str) -> Node | None:
        """Read the power of ``C_n^2`` or ``C_5^3``, a binomial; of a constant C_1 it is a power."""
        start = self.position
        self.take()
        lower = self._plain()
        if upper == "n" and (lower.isdigit() or lower in "kmr"):
            return Call("binomial", (Name(upper), Num(Fraction(lower)) if lower.isdigit() else Name(lower)))
        if upper.isdigit() and lower.isdigit() and 3 <= int(upper) >= int(lower):
            return Call("binomial", (Num(Fraction(upper)), Num(Fraction(lower))))
        self.position = start
        return None

    def _applied(self, name: str, part: bool) -> Node | None:
        """Read the arguments of a letter that is a function: f, g and h of anything, others of a number or a name."""
        start, spaced = self.position, self._spaced()
        argument = self._bracketed()
        arguments = argument.items if isinstance(argument, Bracketed) else (argument,)
        simple = all(isinstance(a, Num) or (isinstance(a, Name) and a.text != name) for a in arguments)
        letter = name.rstrip("'").split("_")[0]
        if (
            letter == "E"
            and not spaced
            and arguments
            and all(names_in(a) and names_in(a) <= set("XYZ") for a in arguments)
        ):
            return Apply(name, arguments, True)  # an expectation: E(X^2) is not E(X)^2
        if letter in OPAQUE and (simple or not part):
            return Apply(name, arguments, True)
        if simple and not part and not spaced and not self._sign("^", "!"):  # S(B)**2 is how it is rendered
            return Apply(name, arguments, letter.isupper() or len(arguments) > 1)
        self.position = start
        return None

    def _absolute(self) -> Node:
        self.expect("|")
        self._bars += 1
        inner = self.expression()
        self.expect("|")
        self._bars -= 1
        if isinstance(inner, Matrix):
            return _determinant([list(row) for row in inner.rows])
        return Call("abs", (inner,))

    def _command(self) -> Node:
        name = self.take()
        if name == "frac":
            top, bottom = self._fraction_arguments()
            return Product((top, Inverse(bottom)))
        if name == "sqrt":
            return self._root()
        if name == "binom":
            top = self._argument()
            return Call("binomial", (top, self._argument()))
        if name in _PAIRS:
            closing, function = _PAIRS[name]
            inner = self.expression()
            self.expect(closing)
            return Call(function, (inner,))
        if name in _ACCENTS:
            start, marked = self.position, self._plain()
            if (len(marked) == 1 and marked.isalpha()) or marked in GREEK or name == "overrightarrow":
                return Name(f"\\{name}{{{marked}}}")
            self.position = start
        if name in _MARKS:
            marked = [self._plain()]
            while self.kind() == "name" and self.tokens[self.position].part and not self._spaced():
                marked.append(self.take())
            return Word(f"{name} {''.join(marked)}".casefold())
        raise SyntaxTrouble(f"a command {name}")

    def _fraction_arguments(self) -> tuple[Node, Node]:
        r"""Read the two arguments of a fraction; of bare digits, the first is the numerator: ``\frac43``."""
        if self.kind() == "number" and len(self.peek()) > 1 and self.peek().isdigit():
            digits = self.take()
            return Num(Fraction(digits[0])), Num(Fraction(digits[1:]))
        top = self._argument()
        return top, self._argument()

    def _root(self) -> Node:
        r"""Read what follows ``\sqrt``: ``{x}``, ``[3]{x}``, ``(x)``, ``5``."""
        order: Node = _TWO
        if self.peek() == "[":
            self.take()
            order = self.expression()
            self.expect("]")
        return Power(self._argument(), Inverse(order))

    def _function(self) -> Node:
        r"""Read a function, its power and its argument: ``\sin^2 2x``, ``\log_2 8``, ``\cot x``."""
        name = self.take()
        base, power = None, None
        while self.peek() in ("_", "^", "**"):
            if self.take() == "_":
                base = self._argument()
            else:
                power = self._exponent()
        if name == "log" and base is not None:
            name = "logbase"
        elif base is not None:
            raise SyntaxTrouble("a function with a subscript")
        arguments = self._function_arguments()
        match power:
            case Neg(Num(Fraction(numerator=1, denominator=1))) if f"arc{name}" in FUNCTIONS:
                name, power = f"arc{name}", None
        node = Call(name, ((base,) if base is not None else ()) + arguments)
        return node if power is None else Power(node, power)

    def _function_arguments(self) -> tuple[Node, ...]:
        """Read a function's arguments in brackets, or the factors behind it up to the next sign or function."""
        if self.peek() == "(":
            inner = self._bracketed()
            return inner.items if isinstance(inner, Bracketed) else (inner,)
        if self.peek() == "{":
            return (self._argument(),)
        if self.peek() == "\\{":
            inner = self._braced_set()
            return inner.items if isinstance(inner, Elements) else (inner,)
        factors = [self._function() if self.kind() == "function" else self.factor()]
        while self.kind() in ("number", "name") or (self.kind() == "command" and self.peek() in ("frac", "sqrt")):
            factors.append(self.factor())
        return (_product(factors),)


def _is_matrix(node: Node) -> bool:
    """Say whether a factor may be a matrix: a capital, its transpose or its inverse."""
    match node:
        case Power(base, Name("T") | Neg(Num(Fraction(numerator=1, denominator=1)))):
            return _is_matrix(base)
        case Name(name):
            return len(name) == 1 and name.isupper()
    return False


def has_letters(node: Node) -> bool:
    """Say whether a tree holds a variable."""
    return bool(names_in(node))


def _product(factors: list[Node]) -> Node:
    return factors[0] if len(factors) == 1 else Product(tuple(factors))


def _determinant(rows: list[list[Node]]) -> Node:
    """Return a determinant as a sum of products, by its first row."""
    size = len(rows)
    if size > 4 or any(len(row) != size for row in rows):
        raise SyntaxTrouble("a determinant that is not computed")
    if size == 1:
        return rows[0][0]
    terms = []
    for column, entry in enumerate(rows[0]):
        minor = _determinant([row[:column] + row[column + 1 :] for row in rows[1:]])
        term = Product((entry, minor))
        terms.append(Neg(term) if column % 2 else term)
    return Sum(tuple(terms))
