"""How a value was made, in words: ``in.x + self_attn:out + mlp:out``, the notation of claims."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from shapeflow.model.exact_names import ExactNames
from shapeflow.model.handed_on import handed_on, keeps_arrangement, tensors
from shapeflow.model.items import Item, index_text, item_of, same_index, stages
from shapeflow.model.making import OPERATORS, operands, operator_of, step_back
from shapeflow.model.match import Match
from shapeflow.model.moments import is_input
from shapeflow.model.records import Call, Op, Port, Records

_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "@": 2}
_AXES = frozenset(
    {
        "softmax",
        "log_softmax",
        "cat",
        "stack",
        "sum",
        "mean",
        "max",
        "min",
        "amax",
        "amin",
        "argmax",
        "cumsum",
        "einsum",
        "interpolate",
        "clamp",
        "pow",
        "topk",
    }
)
"""Ops whose plain arguments say so much that they are written."""
_WRITTEN = re.compile(r'-?\d{1,9}(?:\.\d*)?(?:e-?\d+)?|"[^"]*"')
"""Plain arguments that are written: numbers and texts."""
_MOST_NODES = 24
"""Parts of a making that are written; what is behind them becomes ``_``."""


def making_text(trace: Records, match: Match) -> str:
    """Return how what is at a port was made, in the notation of claims; empty if nothing is known.

    It goes back to what the surrounding call was given, to what the calls in it gave, and to parameters.
    """
    if match.value is None or match.port is None or match.tensor is not None:
        return ""  # also for a parameter or buffer, which no run makes
    return _Writer(trace, match).text(match.value.id)


class _Writer:
    """Writes the making of one value, as it is seen from the call that surrounds its place."""

    def __init__(self, trace: Records, match: Match) -> None:
        self.trace = trace
        self.names = trace.cached(ExactNames)
        self.left = _MOST_NODES
        call = match.call
        if match.op is None and match.port is not None and is_input(match, match.port):
            call = None if call is None or call.parent is None else trace.calls[call.parent]
        self.asked = match.value
        self.around_place = set(_callers(trace, match.call)) if match.op is None else set()
        if call is not None:
            self.around_place |= set(_callers(trace, call))
        self.around = call
        while call is not None and call.parent is not None and trace.calls[call.parent].path == call.path:
            call = trace.calls[call.parent]
        if call is not None and self.around is not None and call.path == self.around.path:
            self.around = call
        self.leaves: dict[int, str] = {}
        for value, name in self._leaves():
            self.leaves.setdefault(value, name)

    def text(self, value: int) -> str:
        """Return the making of a value; empty if it is where it began."""
        step = step_back(self.trace, value)
        begins_here = not step.ops and not step.same and value not in self.leaves
        written = "" if begins_here else self.written(value, 0)
        return "" if written == "_" else written

    def _leaves(self) -> Iterator[tuple[int, str]]:
        """Yield the values at which a making ends, each with its name."""
        around = self.around
        if around is None:
            return
        for call in self.trace.calls[around.id + 1 :]:
            if call.first_op >= around.last_op and call.last_op > around.last_op:
                break
            if call.id in self.around_place or self._hands_back(call) or not self._is_below(call, around):
                continue
            given = {port.value for port in call.inputs}  # what it only hands on it has not made
            for port in call.outputs:
                if port.value is None or port.value in given:
                    continue
                if self._made_in(port.value, around):
                    yield port.value, self._called_name(call, port.name)
        for port in around.inputs:
            if port.value is not None:
                yield port.value, self._called_name(around, port.name)

    def _hands_back(self, call: Call) -> bool:
        """Return whether a helper of the same module only gives what is asked for: that would say nothing."""
        same = self.around is not None and call.path == self.around.path
        return same and any(port.value == self.asked.id for port in call.outputs if self.asked)

    def _is_below(self, call: Call, around: Call) -> bool:
        """Return whether a call is in another one, directly or in a helper of the same module."""
        parent = call.parent
        while parent is not None and parent != around.id:
            if self.trace.calls[parent].path != around.path:
                return False
            parent = self.trace.calls[parent].parent
        return parent is not None

    def _made_in(self, value: int, around: Call) -> bool:
        producer = self.trace.values[value].producer
        return producer is not None and around.first_op <= producer < around.last_op

    def _called_name(self, call: Call, port: str) -> str:
        only = self.trace.cached(_calls_of)[call.key] == 1
        return f"{call.name if only else call.exact_name}:{port}"

    def written(self, value: int, strength: int, arranged: bool = False) -> str:
        """Return a value as part of a formula.

        Args:
            value: id of the value.
            strength: how strongly the sign before it binds.
            arranged: also write the ops that only move axes.
        """
        if value in self.leaves:
            return self.leaves[value]
        record = self.trace.values[value]
        self.left -= 1
        if record.origin in ("parameter", "buffer"):
            return _tensor_name(record.name)
        step = step_back(self.trace, value)
        outside = self.around is not None and not self._made_in(value, self.around)
        if self.left < 0 or outside or not (step.ops or step.same):
            return self._named(value)
        if step.moves and (not step.ops or step.ops[0].parent is not None):
            if arranged and not keeps_arrangement(step.moves[0]):
                return self._part(step.moves[0]) or self._function(step.moves[0], value)
            return self.written(step.same[0], strength, arranged)
        return self._applied(step.ops[0], value, strength)

    def _named(self, value: int) -> str:
        name = self.names.value(value)
        if ":" not in name:
            return "_"
        if value in self.names.homes and self.names.homes[value][0] == "call":
            _, call, port = self.names.homes[value]
            return self._called_name(self.trace.calls[call], port)
        return name

    def _applied(self, op: Op, value: int, strength: int) -> str:
        sign = operator_of(op)
        if sign:
            first, second = operands(op)
            own = _STRENGTH[sign]
            text = f"{self._operand(first, own)} {sign} {self._operand(second, own + 1)}"
            return f"({text})" if own < strength else text
        item = item_of(self.trace, op, value)
        if item is not None:
            known = list(stages(self.trace, item))
            item = next((one for one in known if one.value in self.leaves), known[-1])
            return f"({self.written(item.value, 0, arranged=True)})[{self._index(op, item)}]"
        return self._part(op) or self._function(op, value)

    def _part(self, op: Op) -> str:
        """Return ``(x)[index]``; empty for another op, and for an index with a tensor in it."""
        index, given = index_text(op) if op.target == "getitem" else None, tensors(op)
        if index is None or given[0].value is None:
            return ""
        return f"({self.written(given[0].value, 0, arranged=True)})[{index}]"

    def _index(self, op: Op, item: Item) -> str:
        """Return the index of an item, as the author wrote it where it is that of the op."""
        text = index_text(op) if op.target == "getitem" else None
        shape = self.trace.values[item.value].shape
        return text if text is not None and same_index(text, item.text, shape) else item.text

    def _function(self, op: Op, value: int) -> str:
        """Return an op and what it was given."""
        given = tensors(op)
        weights = [port.name for port in given if self._is_weight(port, op)]
        if len(weights) == len(given):
            weights = []
        last = max((place for place, port in enumerate(op.inputs) if port in given), default=len(op.inputs))
        says_much = (
            op.target.rstrip("_") in (_AXES | OPERATORS.keys())
            or handed_on(self.trace, op, value) is not None
        )
        arguments = []
        for place, port in enumerate(op.inputs):
            if port in given:
                arguments += [self._operand(port, 0)] if port.name not in weights else []
            elif says_much or place < last:
                arguments += self._plain(port)
        text = f"{op.target.rstrip('_')}({', '.join(arguments)})"
        places = [port.name for port in op.outputs if port.value == value]
        return f"({text})[{places[0][4:-1]}]" if places and places[0].startswith("out[") else text

    def _operand(self, port: Port, strength: int) -> str:
        return port.text if port.value is None else self.written(port.value, strength)

    def _is_weight(self, port: Port, op: Op) -> bool:
        origin = "" if port.value is None else self.trace.values[port.value].origin
        return origin == "parameter" or (origin == "buffer" and op.target.endswith("_norm"))

    def _plain(self, port: Port) -> list[str]:
        """Return an argument that is no tensor as a formula writes it; none if that would be long."""
        text = port.text.replace("'", '"')
        keyword = port.name[3:] if port.name.startswith("in.") else ""
        if keyword == "device" or not _WRITTEN.fullmatch(text):
            return []  # where it is computed does not say how
        return [f"{keyword}={text}" if keyword else text]


def _tensor_name(name: str) -> str:
    """Return a parameter or buffer as a formula writes it: a name alone would be that of a size."""
    if "[" in name:  # in a container: no name of a tensor
        return "_"
    return name if "." in name else f".{name}"


def _callers(trace: Records, call: Call | None) -> Iterator[int]:
    """Yield a call and the calls that it runs in."""
    while call is not None:
        yield call.id
        call = None if call.parent is None else trace.calls[call.parent]


def _calls_of(trace: Records) -> Counter[str]:
    """Return how often each module or helper is called."""
    return Counter(call.key for call in trace.calls)
