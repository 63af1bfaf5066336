r"""From tidied text to a tree, by recursive descent: nothing of what a model wrote is ever evaluated by Python.

A node is a tuple that starts with its kind:

``("num", Fraction)``, ``("name", "x")``, ``("word", "east")``, ``("sum", a, b, ...)``, ``("product", a, b, ...)``,
``("neg", a)``, ``("inv", a)``, ``("pow", a, b)``, ``("call", name, a, ...)``, ``("sign", 1 or -1)`` for plus-minus and
minus-plus, ``("base", digits, base)``, ``("infinity",)``, ``("degree", a)``; and the structures ``("list", joiner, a,
...)``, ``("seq", open, close, a, ...)``, ``("set", a, ...)``, ``("matrix", row, ...)``, ``("relation", ops, a, ...)``,
``("union", a, ...)``, ``("without", a, b)``, ``("domain", "ℝ")``.
"""

from ttrl_verl.reward_fns.answers.mathematics.expression import Node, Reader
from ttrl_verl.reward_fns.answers.mathematics.tokens import SyntaxTrouble, tokenize

_RELATIONS = ("=", "<", ">", "<=", ">=", "!=", "≈", "∈", ":")


def parse(text: str) -> Node:
    r"""Return the tree of a tidied answer.

    Raises:
        SyntaxTrouble: this grammar does not read it; the answer is then compared as text.

    Example:
        >>> parse("x=5")
        ('relation', ('=',), ('name', 'x'), ('num', Fraction(5, 1)))
        >>> parse("(3,4]")
        ('seq', '(', ']', ('num', Fraction(3, 1)), ('num', Fraction(4, 1)))
    """
    reader = StructureReader(tokenize(text))
    node = reader.listing()
    if reader.peek():
        raise SyntaxTrouble(f"{reader.peek()!r} is left over")
    return node


class StructureReader(Reader):
    """Reads lists, relations, unions and what stands in brackets; ``Reader`` reads the expressions in them."""

    def listing(self) -> Node:
        """Read items that are separated by commas, semicolons, "and" or "or"."""
        items, joiner = [self.relation()], ","
        while self.peek() in (",", ";", "and", "or"):
            separator = self.take()
            if separator in (",", ";") and self.peek() in ("and", "or"):
                separator = self.take()
            joiner = separator if separator in ("and", "or") else joiner
            if not self.peek():
                break
            items.append(self.relation())
        return items[0] if len(items) == 1 else ("list", joiner, *items)

    def relation(self) -> Node:
        """Read one side, or sides with relation signs between them."""
        sides, signs = [self.union()], []
        while self.peek() in _RELATIONS:
            signs.append(self.take())
            sides.append(self.union())
        if ":" in signs and any(token.kind == "word" for token in self.tokens):
            raise SyntaxTrouble("a time of day is no ratio")
        return sides[0] if not signs else ("relation", tuple(signs), *sides)

    def union(self) -> Node:
        """Read sets with union signs or a set difference between them."""
        parts = [self.expression()]
        while self.peek() == "∪":
            self.take()
            parts.append(self.expression())
        node = parts[0] if len(parts) == 1 else ("union", *parts)
        while self.peek() == "∖":
            self.take()
            node = ("without", node, self.expression())
        return node

    def bracketed(self) -> Node:
        """Read what stands in brackets: a group, a point, an interval, a list."""
        opening = self.take()
        with self.nested():
            items = self._items(")", "]")
            closing = self.take()
        if len(items) == 1 and opening == "(" and closing == ")":
            return items[0]
        return ("seq", opening, closing, *items)

    def braced_set(self) -> Node:
        r"""Read ``\{...\}``: elements, or the condition behind a bar."""
        self.expect("\\{")
        with self.nested():
            if self.peek(1) in ("|", ":") and self.tokens[self.position].kind == "name":
                self.position += 2
                node = self.listing()
                self.expect("\\}")
                return node
            items = [] if self.peek() == "\\}" else self._items("\\}")
            self.expect("\\}")
        return ("set", *items)

    def _items(self, *closers: str) -> list[Node]:
        items = [self.relation()]
        while self.peek() in (",", ";", "and"):
            self.take()
            items.append(self.relation())
        if self.peek() not in closers:
            raise SyntaxTrouble("a bracket that does not close")
        return items

    def matrix(self) -> Node:
        r"""Read ``\begin{pmatrix} a & b \\ c & d \end{pmatrix}``, of whatever kind of brackets."""
        name = self.take()
        if not name.rstrip("*").endswith("matrix") and name != "array":
            raise SyntaxTrouble(f"an environment {name}")
        rows: list[list[Node]] = [[]]
        with self.nested():
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
        return ("matrix", *(("row", *row) for row in rows))
