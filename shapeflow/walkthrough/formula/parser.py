"""Reading the formulas of value claims: ``softmax(a:out @ transpose(b:out, 1, 2) / sqrt(32), -1)``.

Nothing is evaluated as Python, and the tree is bounded in size and depth. Operators have blanks around
them: ``a/b:out`` is the output of op ``b`` in call ``a``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapeflow.common.text import counted, listing, nearest
from shapeflow.walkthrough.formula.ast import (
    CONSTANTS,
    FUNCTIONS,
    Apply,
    Captured,
    Index,
    Node,
    Number,
    Symbol,
    Text,
)
from shapeflow.walkthrough.formula.tokens import PRECEDENCE, Reader, Token
from shapeflow.walkthrough.parts import ClaimError, Part, SelectorPart

MAX_TOKENS = 400
MAX_DEPTH = 40

_RUN = re.compile(r"(?:[\w./]|\\.)+")
"""What a selector begins with: a path, or a number or name that is not one."""
_TAIL = re.compile(r"(?:\(\))?(?:@-?\d+)?(?:/[\w.]+(?:@-?\d+)?)?:(?:in|out|score)\b(?:\.\w+|\[\d+\])*")
"""What makes a run of these signs a selector, or is one in a block about a module: it names a port."""
_TENSOR = re.compile(r"\.?(?:[^\W\d]\w*\.)+\w+|\.[^\W\d]\w*")
"""A run that names a parameter or buffer: ``embed.weight``, or ``.scale`` of the model itself."""
_OTHER = re.compile(
    r"""(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[^\W\d]\w*)|(?P<text>"[^"]*")|(?P<mark>\S)"""
)


def parse_formula(given: Part) -> Node:
    """Read a formula.

    Raises:
        ClaimError: it is not one, uses an unknown function, or is larger than a claim should be.
    """
    parser = _Parser(given)
    node = parser.expression()
    if parser.token:
        raise parser.unexpected("an operator or the end")
    return node


def _tokens(given: Part) -> Iterator[Token]:
    """Yield the tokens of a formula; each sign is looked at a bounded number of times."""
    text, position, no_selector_before = given.padded, given.start, 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        kind, end = "", position
        run = _RUN.match(text, position) if position >= no_selector_before else None
        tail = _TAIL.match(text, run.end() if run else position)
        tensor = _TENSOR.fullmatch(run[0]) if run else None
        if tail and (run or text[position] in ":@"):
            kind, end = "selector", tail.end()
        elif run and tensor:
            kind, end = "selector", run.end()
        if run:
            no_selector_before = run.end()
        other = _OTHER.match(text, position)
        if not kind and other:
            kind, end = str(other.lastgroup), other.end()
        yield Token(kind, text[position:end], (position, end))
        position = end


class _Parser(Reader):
    """Recursive descent over the tokens of one formula."""

    def __init__(self, given: Part) -> None:
        super().__init__(given, _tokens(given), MAX_TOKENS)
        self.depth = 0

    def expression(self, weakest: int = 1) -> Node:
        """Read operands and the operators between them that bind at least so strongly."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ClaimError("claim-syntax", "this formula is nested too deeply", columns=self.place)
        left = self.operand()
        while PRECEDENCE.get(self.token, 0) >= weakest and self.kind == "mark":
            place, operator = self.place, self.take()
            left = Apply(operator, (left, self.expression(PRECEDENCE[operator] + 1)), place)
        self.depth -= 1
        return left

    def operand(self) -> Node:
        """Read a number, tensor, function call, bracket, or the negative of one, with its index."""
        place, kind = self.place, self.kind
        if kind == "mark" and self.token == "-":
            self.take()
            return Apply("neg", (self.expression(2),), place)
        node: Node
        if kind == "selector":
            node = Captured(SelectorPart(self.take(), place[0]))
        elif kind == "number":
            return Number(float(self.take()))
        elif kind == "name":
            node = self.named()
        elif kind == "mark" and self.token == "(":
            self.take()
            node = self.expression()
            self.need(")")
        else:
            raise self.unexpected("a number, a tensor such as head:out, a function or '('")
        while self.token == "[" and self.kind == "mark":
            node = self.index(node)
        return node

    def named(self) -> Node:
        """Read what begins with a name: a function call, a constant or a symbol."""
        place, name = self.place, self.take()
        if self.token != "(":
            return Number(CONSTANTS[name]) if name in CONSTANTS else Symbol(name, place)
        if name not in FUNCTIONS:
            close = nearest(name, FUNCTIONS, 1)
            raise ClaimError(
                "claim-syntax",
                f"no function '{name}'",
                columns=place,
                expected=f"{listing(list(FUNCTIONS), 8)}",
                hint=close[0] if close else "",
            )
        self.take()
        arguments: list[Node] = []
        while self.token != ")":
            if arguments:
                self.need(",")
            arguments.append(Text(self.take()[1:-1]) if self.kind == "text" else self.expression())
        self.take()
        fewest, most = FUNCTIONS[name]
        if not fewest <= len(arguments) <= most:
            wanted = counted(fewest, "argument") if fewest == most else f"{fewest} to {most} arguments"
            what = f"{name} takes {wanted}, found {len(arguments)}"
            raise ClaimError("claim-syntax", what, columns=place)
        if isinstance(arguments[0], Text) != (name == "einsum") or any(
            isinstance(argument, Text) for argument in arguments[1:]
        ):
            raise ClaimError(
                "claim-syntax", "the equation of einsum, and nothing else, is text", columns=place
            )
        return Apply(name, tuple(arguments), place)

    def index(self, array: Node) -> Node:
        """Read ``[0, :, 1:3]``."""
        start = self.place[0]
        self.need("[")
        items: list[int | slice] = []
        while self.token != "]":
            if items:
                self.need(",")
            items.append(self.index_item())
        end = self.place[1]
        self.take()
        if not items:
            raise ClaimError("claim-syntax", "an index is missing here", columns=(start, end))
        if isinstance(array, Captured) and not array.items:
            return Captured(array.selector, tuple(items))
        return Index(array, tuple(items), (start, end))

    def index_item(self) -> int | slice:
        """Read one number or slice."""
        first = self.whole_number()
        if self.token == ":":
            self.take()
            return slice(first, self.whole_number())
        if first is None:
            raise self.unexpected("a number or ':'")
        return first

    def whole_number(self) -> int | None:
        """Read a number of an index, if there is one."""
        negative = self.token == "-"
        if negative:
            self.take()
        if self.kind == "number" and self.token.isdecimal() and len(self.token) < 10:
            return -int(self.take()) if negative else int(self.take())
        if negative:
            raise self.unexpected("a number")
        return None
