"""Reading what a value is made of: ``in.x + mlp:out``, ``sigmoid(_)``, ``cat(a:out, ..., dim=-1)``.

The notation is that of value claims, judged on the graph and not on numbers: functions are the names of ops,
tensors may be patterns and parameters, ``_`` is anything and ``...`` any further arguments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shapeflow.model.orders import ORDERINGS
from shapeflow.walkthrough.formula.tokens import PRECEDENCE, Reader, Token
from shapeflow.walkthrough.parts import ClaimError, Part, SelectorPart

MAX_TOKENS = 200
MAX_DEPTH = 30
MAX_TERMS = 10
EXAMPLE = "encoder:out = encoder:in[0] + encoder.mlp:out"

_NUMBER = r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+"
_STEP = r"(?:[\w*]|\\.|\{[^{}\s]*\}|\[[\d,\-]+\])+"
_NAMES = rf"\.?{_STEP}(?:\.{_STEP})*"
_PATH = rf"(?:{_NAMES}(?:\(\))?|\.)"
_OP = r"/[\w.*]+(?:@-?\d+(?:--?\d+)?)?"
_PORT = r":(?:in|out|score)\b(?:\.\w+|\[\d+\])*"
_TOKEN = re.compile(
    rf"(?P<selector>(?:{_PATH}(?:@-?\d+(?:--?\d+)?)?(?:{_OP})?|{_OP}|@-?\d+(?:--?\d+)?)?{_PORT})"
    rf"|(?P<number>(?:{_NUMBER})(?![\w.:]))"
    r"|(?P<rest>\.\.\.)"
    r"|(?P<function>[^\W\d][\w.]*(?=\())"
    rf"|(?P<tensor>\.{_STEP}(?:\.{_STEP})*|{_STEP}(?:\.{_STEP})+)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<mark>\S)"
)
_VIEWS = frozenset({"flatten", "reshape", "squeeze", "unflatten", "unsqueeze", "view"})
"""Ops that leave the numbers in the order that they have."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of the run: a port, or a parameter or buffer by its name."""

    selector: SelectorPart


@dataclass(frozen=True, slots=True)
class Plain:
    """A number or text; a name stands for the size of a symbol."""

    text: str
    place: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Anything:
    """``_``: whatever stands there."""


@dataclass(frozen=True, slots=True)
class Made:
    """An operator or op, and what it was applied to."""

    name: str
    """``+ - * / @ neg``, or the name of an op."""
    arguments: tuple[Node, ...]
    place: tuple[int, int]
    keywords: tuple[tuple[str, Node], ...] = ()
    more: bool = False
    """True with ``...``: the op may have been given more."""


@dataclass(frozen=True, slots=True)
class Taken:
    """``(x)[-1]``: a part of a tensor."""

    whole: Node
    index: str


Node = Tensor | Plain | Anything | Made | Taken


def parse_making(given: Part) -> Node:
    """Read what a value is made of.

    Raises:
        ClaimError: it cannot be read, or is larger than a claim should be.
    """
    parser = _Parser(given)
    node = parser.expression()
    if parser.token:
        raise parser.unexpected("an operator or the end")
    if isinstance(node, Plain):
        raise ClaimError(
            "claim-syntax", "a number is not made of anything", columns=node.place, expected=EXAMPLE
        )
    return node


def tensors_in(node: Node) -> Iterator[Tensor]:
    """Yield the tensors that a making names, in order."""
    return (leaf for leaf in _leaves(node) if isinstance(leaf, Tensor))


def plains_in(node: Node) -> Iterator[Plain]:
    """Yield the numbers, texts and symbols that a making names, in order."""
    return (leaf for leaf in _leaves(node) if isinstance(leaf, Plain))


def _leaves(node: Node) -> Iterator[Node]:
    """Yield what a making is written with, but for functions and signs, in order."""
    if isinstance(node, Taken):
        yield from _leaves(node.whole)
    elif isinstance(node, Made):
        for argument in (*node.arguments, *(inner for _, inner in node.keywords)):
            yield from _leaves(argument)
    else:
        yield node


def writes_an_order(node: Node) -> bool:
    """Return whether a part of a formula is an order of axes, or a view of one: ``view(permute(…), -1)``."""
    if not isinstance(node, Made) or not node.arguments:
        return False
    return node.name in ORDERINGS or (node.name in _VIEWS and writes_an_order(node.arguments[0]))


def terms_of(node: Node, sign: str) -> Iterator[Node]:
    """Yield what a sum adds up, or a product multiplies, the innermost first."""
    if isinstance(node, Made) and node.name == sign:
        for argument in node.arguments:
            yield from terms_of(argument, sign)
    else:
        yield node


def _tokens(given: Part) -> Iterator[Token]:
    text = given.padded
    for found in _TOKEN.finditer(text, given.start):
        kind = str(found.lastgroup)
        yield Token(kind, found[kind], found.span(kind))


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
        while self.kind == "mark" and PRECEDENCE.get(self.token, 0) >= weakest:
            place, operator = self.place, self.take()
            left = Made(operator, (left, self.expression(PRECEDENCE[operator] + 1)), place)
        self.depth -= 1
        return left

    def operand(self) -> Node:
        """Read a tensor, number, function or bracket, or the negative of one, with its index."""
        place, kind = self.place, self.kind
        node: Node
        if self.takes("-"):
            if self.kind == "number":
                return Plain(f"-{self.take()}", place)
            return Made("neg", (self.operand(),), place)  # as in Python: `-x * y` negates x
        if self.takes("("):
            node = self.expression()
            self.need(")")
            while self.takes("["):
                node = Taken(node, self.index())
        elif kind == "function":
            node = self.function()
        elif kind in ("selector", "tensor"):
            node = Tensor(SelectorPart(self.take(), place[0]))
        elif kind in ("number", "name", "text"):
            text = self.take()
            node = Anything() if text == "_" else Plain(text, place)
        else:
            raise self.unexpected("a tensor such as head:out, an op such as sigmoid(…), a number or '_'")
        return node

    def function(self) -> Made:
        """Read an op and what it is given."""
        place, name = self.place, self.take()
        self.need("(")
        arguments: list[Node] = []
        keywords: list[tuple[str, Node]] = []
        more = False
        while not self.takes(")"):
            if arguments or keywords or more:
                self.need(",")
            if self.kind == "rest":
                self.take()
                more = True
            elif self.kind == "name" and self.tokens[self.position + 1].text == "=":
                keyword = self.take()
                self.take()
                keywords.append((keyword, self.expression()))
            else:
                arguments.append(self.expression())
        return Made(name, tuple(arguments), place, tuple(keywords), more)

    def index(self) -> str:
        """Return the index of ``(x)[:, -1]`` as it is written."""
        start = self.place
        parts: list[str] = []
        while not self.takes("]"):
            if self.kind not in ("number", "mark", "rest", "name") or (
                self.kind == "name" and self.token != "None"
            ):
                raise self.unexpected("a number, ':', '...', None or ']'")
            parts.append(self.take())
        if not parts:
            raise ClaimError("claim-syntax", "an index is missing here", columns=start)
        return "".join(parts).replace(",", ", ")
