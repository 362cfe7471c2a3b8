"""Letters for the dims of a model's inputs, and for what is handed on of them: ``f32[B, 48, 64]``."""

from __future__ import annotations

import re

from shapeflow.model.axis_names import Place, roles_and_symbols
from shapeflow.model.axis_source import source_of
from shapeflow.model.containers import told
from shapeflow.model.ports import Port
from shapeflow.model.records import Op, Value
from shapeflow.model.trace import Trace

_JOINING = re.compile(r"cat|concat|concatenate|[ir]?(?:add|sub|mul|div)_?|where|maximum|minimum")
"""Ops whose inputs have a dim in common wherever the result has it from one of them."""
MOST_INPUTS = 6
"""A model with more inputs, such as one with a cache, gets no letters."""


def letters(trace: Trace) -> list[tuple[str, str, int, list[Place]]]:
    """Return letters, what the dims most likely are, their size, and where they are."""
    if not trace.calls:
        return []
    inputs = [port for port in told(trace.calls[0].inputs) if port.value is not None]
    if len(inputs) > MOST_INPUTS:
        return []
    units: dict[tuple[int, int], list[Place]] = {}
    for port in inputs:
        for dim, size in enumerate(trace.values[port.value or 0].shape):
            units.setdefault((dim, size), []).append((port.name, dim))
    named = roles_and_symbols(trace, list(units.values()))
    return [
        (symbol, role, size, places)
        for (role, symbol), ((_, size), places) in zip(named, units.items(), strict=True)
        if role != "other"
    ]


class Letters:
    """Shapes of a run with a letter for each dim that is, axis for axis, one of an input.

    An axis is followed where the ops tell for sure; a size is never followed for being equal alone.
    """

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.sizes: dict[str, int] = {}
        """Letter -> its size in this run."""
        self._rows: dict[int, list[str]] = {}
        """Tensor -> the letter of each of its dims, empty for none; only those that have one."""
        inputs = {port.name: port.value for port in told(trace.calls[0].inputs)} if trace.calls else {}
        for letter, _, size, places in letters(trace):
            self.sizes[letter] = size
            for port, dim in places:
                value = inputs.get(port)
                if value is not None:
                    self._row(trace.values[value])[dim] = letter
        for op in trace.ops:
            if any(port.value in self._rows for port in op.inputs):
                self._hand_on(op)

    def text(self, value: Value) -> str:
        """Return a tensor as text: ``f32[B, 48, 64]``."""
        letters_of = self._rows.get(value.id, [""] * len(value.shape))
        dims = (letter or str(size) for letter, size in zip(letters_of, value.shape, strict=True))
        return f"{value.dtype}[{', '.join(dims)}]"

    def _row(self, value: Value) -> list[str]:
        return self._rows.setdefault(value.id, [""] * len(value.shape))

    def _hand_on(self, op: Op) -> None:
        """Give the results of an op the letters of what they are made of."""
        for port in op.outputs:
            if port.value is None:
                continue
            made = self._trace.values[port.value]
            for dim in range(len(made.shape)):
                letter = self._letter(op, port, made, dim)
                if letter and not self._row(made)[dim]:
                    self._row(made)[dim] = letter

    def _letter(self, op: Op, port: Port, made: Value, dim: int) -> str:
        axis = source_of(self._trace, op, made, dim)
        if axis is not None:
            letter = self._at(axis.value, axis.dim)
            if letter or not _JOINING.fullmatch(op.target):
                return letter
        elif op.target != "multi_head_attention_forward" or port.name not in ("out", "out[0]") or dim > 1:
            return ""
        # What is joined has this dim in common; an attention gives one result for each query.
        for given in op.inputs[:1] if axis is None else op.inputs:
            if given.value is None:
                continue
            shape = self._trace.values[given.value].shape
            place = dim - len(made.shape) + len(shape)
            if place >= 0 and shape[place] == made.shape[dim] and (letter := self._at(given.value, place)):
                return letter
        return ""

    def _at(self, value: int, dim: int) -> str:
        row = self._rows.get(value)
        return row[dim] if row else ""
