"""Whether a value was made as a formula says: the formula is followed back through the graph of ops."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import combinations
from math import isclose

from shapeflow.model.handed_on import handed_on, tensors
from shapeflow.model.items import index_text, item_of, narrowed_text, same_index, stages
from shapeflow.model.making import operands, operator_of, same_numbers, step_back
from shapeflow.model.orders import ORDERINGS, order_of, plain_texts
from shapeflow.model.records import Op, Port, Records
from shapeflow.shapes.matching import Bindings
from shapeflow.walkthrough.making.formula import MAX_TERMS, Anything, Made, Node, Plain, Taken, Tensor

_COMMUTES = ("+", "*")
_FAMILIES = (
    ("cat", "concat", "concatenate"),
    ("zeros", "zeros_like", "new_zeros"),
    ("ones", "ones_like", "new_ones"),
)
"""Ops that do the same, whatever they take their size from."""
_VIEWS = frozenset({"flatten", "reshape", "squeeze", "unflatten", "unsqueeze", "view"})
"""Ops that leave the numbers in the order that they have."""
_NUMPY = re.compile(r"^np\.\w+\((.*)\)$")
"""A number of numpy, as Python prints it: ``np.float64(3.0)``."""
_NOT_GIVEN = {
    "attn_mask": "None",
    "dropout_p": "0.0",
    "is_causal": "False",
    "keepdim": "False",
    "scale": "None",
}
"""What some plain arguments are if they are not given."""
FROM_OUTSIDE = frozenset(
    {"as_tensor", "asarray", "from_dlpack", "from_file", "from_numpy", "frombuffer", "tensor"}
)
"""Ops that make a tensor of something else, such as an array with the numbers of another tensor."""


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
        self._known: dict[tuple[int, int, bool, bool], bool] = {}

    def fits(self, node: Node, value: int, arranged: bool = False, ordered: bool = False) -> bool:
        """Return whether a value was made as a part of a formula says.

        Args:
            node: the part of the formula.
            value: id of the value.
            arranged: only with the same axes.
            ordered: only with the axes in the same order: an order that is written is all there is.
        """
        ordered = ordered or _writes_an_order(node)
        key = (id(node), value, arranged, ordered)
        if key not in self._known:
            near = same_numbers(self.trace, value, arranged) if arranged or not ordered else self._near(value)
            self._known[key] = any(self._at(node, same, ordered) for same in near)
        return self._known[key]

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
        if not found and self._came_from_outside(value):
            self.ends[value] = None
        return found

    def _came_from_outside(self, value: int) -> bool:
        """Return whether the making of a value was not seen.

        It has none, or came from something that is no tensor, or was written through a view of its memory.
        """
        record, step = self.trace.values[value], step_back(self.trace, value)
        outside = bool(step.ops) and all(op.target in FROM_OUTSIDE and not tensors(op) for op in step.ops)
        unseen = record.origin == "op" and not step.ops and not step.same
        return outside or unseen or record.origin == "unknown"

    def _op(self, node: Made | Taken, op: Op, value: int, ordered: bool) -> bool:
        if isinstance(node, Taken):
            fits = self._takes(node, op, value)
        else:
            fits = self._made(node, op, ordered and handed_on(self.trace, op, value) is not None)
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
            if here and self._made(node.whole, op):
                return True
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
        if node.name == "*" and sign == "/" and self._divides(node, op):
            return True
        if node.name in _COMMUTES:
            return sign == node.name and self._terms(tuple(_terms(node, node.name)), op)
        if node.name == "neg":
            return op.target.rstrip("_") in ("neg", "negative") and self._arguments(node, op)
        if not node.name[0].isalpha() and node.name[0] != "_":
            return sign == node.name and all(map(self._operand, node.arguments, operands(op)))
        if node.name in ORDERINGS:
            return self._ordered(node, op)
        return _family(node.name) == _family(op.target) and self._arguments(node, op, ordered)

    def _divides(self, node: Made, op: Op) -> bool:
        """Return whether an op divides where the formula multiplies by the inverse."""
        over, under = operands(op)
        for number, other in (node.arguments, node.arguments[::-1]):
            if isinstance(number, Plain) and under.value is None and self._operand(other, over):
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
        return (
            wanted is not None
            and wanted == found
            and self.fits(node.arguments[0], given[0].value, ordered=True)
        )

    def _terms(self, terms: Sequence[Node], op: Op) -> bool:
        """Return whether an op adds, or multiplies, what the terms say, in any order."""
        first, second = operands(op)
        places = range(min(len(terms), MAX_TERMS))
        for count in range(1, len(terms)):
            for chosen in combinations(places, count):
                here = [terms[place] for place in chosen]
                there = [term for place, term in enumerate(terms) if place not in chosen]
                if self._several(here, first, op) and self._several(there, second, op):
                    return True
        return False

    def _several(self, terms: Sequence[Node], port: Port, op: Op) -> bool:
        """Return whether one operand of a sum is a term, or itself a sum of several."""
        if len(terms) == 1:
            return self._operand(terms[0], port)
        if port.value is None:
            return False
        sign = operator_of(op)
        for same in same_numbers(self.trace, port.value):
            if same in self.granted:
                return True
            for inner in step_back(self.trace, same).ops:
                if operator_of(inner) == sign and self._terms(terms, inner):
                    self.used[inner.id] = None
                    return True
        return False

    def _operand(self, node: Node, port: Port) -> bool:
        if port.value is not None:
            return self.fits(node, port.value)
        return isinstance(node, Anything) or (isinstance(node, Plain) and self._same_plain(node, port.text))

    def _same_plain(self, node: Plain, text: str) -> bool:
        """Return whether a plain argument is what the formula writes."""
        written = node.text
        binding = self.bindings.get(written)
        if binding is not None:
            written = str(binding.size)
        if written == text or written.strip("\"'").replace(" ", "") == text.strip("\"'").replace(" ", ""):
            return True
        try:
            return isclose(float(written), float(_NUMPY.sub(r"\1", text)), rel_tol=1e-9)
        except ValueError:
            return False

    def _arguments(self, node: Made, op: Op, ordered: bool = False) -> bool:
        """Return whether an op was given what a function of the formula is given."""
        named = {port.name.removeprefix("in."): port for port in op.inputs} | {
            port.alias.removeprefix("in."): port for port in op.inputs if port.alias
        }
        left = [port for port in op.inputs if port.name != "in.out"]
        for name, inner in node.keywords:
            port = named.get(name)
            if port is None and isinstance(inner, Plain) and inner.text == _NOT_GIVEN.get(name):
                continue
            if port is None or not self._operand(inner, port):
                return False
            left.remove(port)
        for argument in node.arguments:
            taken = self._next(argument, left, op, ordered)
            if taken is None:
                return False
            del left[taken]
            if isinstance(argument, Plain):  # what is written comes in this order
                left = left[taken:]
        return node.more or all(self._goes_without_saying(port, op) for port in left)

    def _next(self, argument: Node, left: Sequence[Port], op: Op, ordered: bool) -> int | None:
        """Return which of the inputs that are left an argument stands for; weights may be passed over."""
        for place, port in enumerate(left):
            if isinstance(argument, Plain):
                if port.value is None and self._same_plain(argument, port.text):
                    return place
            elif port.value is not None:
                if self.fits(argument, port.value, ordered=ordered):
                    return place
                if not self._goes_without_saying(port, op):
                    return None
        return None

    def _goes_without_saying(self, port: Port, op: Op) -> bool:
        """Return whether an input of an op need not be written: plain arguments, weights, running means."""
        if port.value is None:
            return True
        origins = {self.trace.values[same].origin for same in same_numbers(self.trace, port.value)}
        return "parameter" in origins or ("buffer" in origins and op.target.endswith("_norm"))


def _writes_an_order(node: Node) -> bool:
    """Return whether a part of a formula is an order of axes, or a view of one: ``view(permute(…), -1)``."""
    if not isinstance(node, Made) or not node.arguments:
        return False
    return node.name in ORDERINGS or (node.name in _VIEWS and _writes_an_order(node.arguments[0]))


def _family(name: str) -> str:
    """Return the name that several ops share which do the same."""
    plain = name.rstrip("_")
    return next((family[0] for family in _FAMILIES if plain in family), plain)


def _terms(node: Node, sign: str) -> Iterator[Node]:
    """Yield what a sum adds up, or a product multiplies, the innermost first."""
    if isinstance(node, Made) and node.name == sign:
        for argument in node.arguments:
            yield from _terms(argument, sign)
    else:
        yield node
