"""Whether a value was made as a formula says: the formula is followed back through the graph of ops."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import combinations
from math import isclose
from typing import NamedTuple

from shapeflow.model.handed_on import handed_on, tensors
from shapeflow.model.items import index_text, item_of, narrowed_text, same_index, stages
from shapeflow.model.making import operands, operator_of, same_numbers, step_back
from shapeflow.model.orders import ORDERINGS, order_of, plain_texts
from shapeflow.model.records import Op, Port, Records
from shapeflow.shapes.matching import Bindings
from shapeflow.walkthrough.making.alike import family, named_inputs, not_given, same_argument
from shapeflow.walkthrough.making.formula import (
    MAX_TERMS,
    Anything,
    Made,
    Node,
    Plain,
    Taken,
    Tensor,
    terms_of,
    writes_an_order,
)
from shapeflow.walkthrough.making.outside import came_from_outside

_COMMUTES = ("+", "*")


class Feed(NamedTuple):
    """An input of an op."""

    op: int
    port: str


class Comparison:
    """Compares formulas with the making of values.

    Args:
        trace: the run.
        values_of: the values that a tensor of the formula stands for.
        bindings: the sizes of symbols.
        granted: values that are taken to be made as whatever part of a formula says.
    """

    def __init__(
        self,
        trace: Records,
        values_of: Callable[[Tensor], frozenset[int]],
        bindings: Bindings,
        granted: Collection[int] = (),
    ) -> None:
        self.trace = trace
        self.values_of = values_of
        self.bindings = bindings
        self.granted = granted
        self.ends: dict[int, None] = {}
        """Values of unknown making at which a comparison failed."""
        self.used: dict[int, None] = {}
        """Ops that a comparison went through."""
        self.seen: dict[int, None] = {}
        """Values whose making a comparison looked at, whether they fitted or not."""
        self.feeds: list[Feed] = []
        """The inputs of ops that the formula names, of all that fitted."""
        self._known: dict[tuple[int, int, bool, bool], tuple[Feed, ...] | None] = {}

    def fits(self, node: Node, value: int, arranged: bool = False, ordered: bool = False) -> bool:
        """Return whether a value was made as a part of a formula says.

        Args:
            node: the part of the formula.
            value: id of the value.
            arranged: only with the same axes.
            ordered: only with the axes in the same order: an order that is written is all there is.
        """
        ordered = ordered or writes_an_order(node)
        key = (id(node), value, arranged, ordered)
        if key not in self._known:
            before = len(self.feeds)
            near = self._same(value, arranged) if arranged or not ordered else self._noted(self._near(value))
            found = self._tried(lambda: any(self._at(node, same, ordered) for same in near))
            self._known[key] = tuple(self.feeds[before:]) if found else None
            return found
        known = self._known[key]
        self.feeds += known or ()
        return known is not None

    def _same(self, value: int, arranged: bool = False) -> Iterator[int]:
        """Yield a value and those that it has its numbers from."""
        return self._noted(same_numbers(self.trace, value, arranged))

    def _noted(self, values: Iterator[int]) -> Iterator[int]:
        """Yield values, and note that they were looked at."""
        for value in values:
            self.seen[value] = None
            yield value

    def _tried(self, attempt: Callable[[], bool]) -> bool:
        """Return what an attempt gives; one that fails leaves no feeds behind."""
        before = len(self.feeds)
        found = attempt()
        if not found:
            del self.feeds[before:]
        return found

    def _near(self, value: int) -> Iterator[int]:
        """Yield a value and those that it has its numbers from, up to where its axes were reordered."""
        queue = [value]
        for number in queue:  # it grows while it is walked
            yield number
            step = step_back(self.trace, number)
            if not any(op.target in ORDERINGS for op in step.moves):
                queue += [source for source in step.same if source not in queue]

    def _at(self, node: Node, value: int, ordered: bool = False) -> bool:
        """Return the same for a value by itself, not for those that hand it on."""
        if isinstance(node, Anything) or (value in self.granted and not isinstance(node, Plain)):
            return True
        if isinstance(node, Tensor):
            found = value in self.values_of(node)
        elif isinstance(node, Plain):
            return False
        else:
            step = step_back(self.trace, value)
            found = any(self._op(node, op, value, ordered) for op in (*step.ops, *step.moves))
        if not found and came_from_outside(self.trace, value):
            self.ends[value] = None
        return found

    def _op(self, node: Made | Taken, op: Op, value: int, ordered: bool) -> bool:
        if isinstance(node, Taken):
            fits = self._tried(lambda: self._takes(node, op, value))
        else:
            written = ordered and handed_on(self.trace, op, value) is not None
            fits = self._tried(lambda: self._made(node, op, written))
        if fits:
            self.used[op.id] = None
        return fits

    def _takes(self, node: Taken, op: Op, value: int) -> bool:
        given = tensors(op)
        if not given or given[0].value is None:
            return False
        if isinstance(node.whole, Made) and node.index.isdecimal():  # `(chunk(x))[1]`
            place = f"out[{int(node.index)}]"
            here = any(port.name == place and port.value == value for port in op.outputs)
            whole = node.whole
            if here and self._tried(lambda: self._made(whole, op)):
                return True
        self.feeds.append(Feed(op.id, given[0].name))
        item = item_of(self.trace, op, value)
        if item is not None:
            return any(self._is_part(node, one.value, one.text) for one in stages(self.trace, item))
        rank = len(self.trace.values[given[0].value].shape)
        text = index_text(op) if op.target == "getitem" else narrowed_text(op, rank)
        return text is not None and self._is_part(node, given[0].value, text)

    def _is_part(self, node: Taken, whole: int, index: str) -> bool:
        shape = self.trace.values[whole].shape
        return same_index(node.index, index, shape) and self.fits(node.whole, whole, arranged=True)

    def _made(self, node: Made, op: Op, ordered: bool = False) -> bool:
        sign = operator_of(op)
        if node.name == "*" and sign == "/" and self._tried(lambda: self._divides(node, op)):
            return True
        if node.name in _COMMUTES:
            return sign == node.name and self._terms(tuple(terms_of(node, node.name)), op)
        if node.name == "neg":
            return op.target.rstrip("_") in ("neg", "negative") and self._arguments(node, op)
        if not node.name[0].isalpha() and node.name[0] != "_":
            pairs = zip(node.arguments, operands(op), strict=True) if sign == node.name else ()
            return sign == node.name and all(self._operand(inner, port, op) for inner, port in pairs)
        if node.name in ORDERINGS:
            return self._ordered(node, op)
        return family(node.name) == family(op.target) and self._arguments(node, op, ordered)

    def _divides(self, node: Made, op: Op) -> bool:
        """Return whether an op divides where the formula multiplies by the inverse."""
        over, under = operands(op)
        for number, other in (node.arguments, node.arguments[::-1]):
            if isinstance(number, Plain) and under.value is None and self._operand(other, over, op):
                try:
                    return isclose(float(number.text) * float(under.text), 1.0, rel_tol=1e-9)
                except ValueError:
                    return False
        return False

    def _ordered(self, node: Made, op: Op) -> bool:
        """Return whether an op orders the axes as ``permute(x, 2, 0, 1)`` says, in any words."""
        given = tensors(op)
        if len(given) != 1 or given[0].value is None or not node.arguments:
            return False
        rank = len(self.trace.values[given[0].value].shape)
        written = tuple(item.text for item in node.arguments[1:] if isinstance(item, Plain))
        wanted = order_of(node.name, written, rank)
        found = order_of(op.target, plain_texts(op), rank)
        source = node.arguments[0]
        return wanted is not None and wanted == found and self._operand(source, given[0], op, ordered=True)

    def _terms(self, terms: Sequence[Node], op: Op) -> bool:
        """Return whether an op adds, or multiplies, what the terms say, in any order."""
        first, second = operands(op)
        places = range(min(len(terms), MAX_TERMS))
        for count in range(1, len(terms)):
            for chosen in combinations(places, count):
                here = [terms[place] for place in chosen]
                there = [term for place, term in enumerate(terms) if place not in chosen]
                if self._tried(partial(self._both, (here, first), (there, second), op)):
                    return True
        return False

    def _both(self, one: tuple[Sequence[Node], Port], other: tuple[Sequence[Node], Port], op: Op) -> bool:
        return self._several(*one, op) and self._several(*other, op)

    def _several(self, terms: Sequence[Node], port: Port, op: Op) -> bool:
        """Return whether one operand of a sum is a term, or itself a sum of several."""
        if len(terms) == 1:
            return self._operand(terms[0], port, op)
        if port.value is None:
            return False
        sign = operator_of(op)
        for same in self._same(port.value):
            if same in self.granted:
                return True
            for inner in step_back(self.trace, same).ops:
                if operator_of(inner) == sign and self._terms(terms, inner):
                    self.used[inner.id] = None
                    self.feeds.append(Feed(op.id, port.name))
                    return True
        return False

    def _operand(self, node: Node, port: Port, op: Op, ordered: bool = False) -> bool:
        if port.value is not None:
            fits = self.fits(node, port.value, ordered=ordered)
            if fits and not isinstance(node, Anything):
                self.feeds.append(Feed(op.id, port.name))
            return fits
        if isinstance(node, Plain):
            return same_argument(self.trace, op, port, node.text, self.bindings)
        return isinstance(node, Anything)

    def _arguments(self, node: Made, op: Op, ordered: bool = False) -> bool:
        """Return whether an op was given what a function of the formula is given."""
        named = named_inputs(op)
        left = [port for port in op.inputs if port.name != "in.out"]
        for name, inner in node.keywords:
            port = named.get(name)
            if port is None and isinstance(inner, Plain) and inner.text == not_given(op, name):
                continue
            if port is None or not self._operand(inner, port, op):
                return False
            left.remove(port)
        return self._in_order(node.arguments, left, node, op, ordered)

    def _in_order(
        self, arguments: Sequence[Node], left: Sequence[Port], node: Made, op: Op, ordered: bool
    ) -> bool:
        """Return whether arguments stand for inputs of an op that come in this order."""
        if not arguments:
            return node.more or all(self._goes_without_saying(port, op) for port in left)
        for place in self._places(arguments[0], left, op, ordered):
            passed_over = left[:place]
            if not node.more and not all(self._goes_without_saying(port, op) for port in passed_over):
                return False
            rest = partial(self._in_order, arguments[1:], left[place + 1 :], node, op, ordered)
            if self._tried(rest):
                return True
        return False

    def _places(self, argument: Node, left: Sequence[Port], op: Op, ordered: bool) -> Iterator[int]:
        """Yield which of the inputs that are left an argument may stand for; weights may be passed over."""
        if isinstance(argument, Anything):
            tensor = next((place for place, port in enumerate(left) if port.value is not None), None)
            yield from dict.fromkeys(place for place in (tensor, 0) if place is not None and left)
            return
        for place, port in enumerate(left):
            if isinstance(argument, Plain):
                if port.value is None and self._operand(argument, port, op):
                    yield place
                    return
            elif port.value is not None:
                if self._operand(argument, port, op, ordered):
                    yield place
                    return
                if not self._goes_without_saying(port, op):
                    return

    def _goes_without_saying(self, port: Port, op: Op) -> bool:
        """Return whether an input of an op need not be written: plain arguments, weights, running means."""
        if port.value is None:
            return True
        origins = {self.trace.values[same].origin for same in self._same(port.value)}
        return "parameter" in origins or ("buffer" in origins and op.target.endswith("_norm"))
