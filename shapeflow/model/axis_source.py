"""Which dim of which input of an op a dim of its result is, where the op and the shapes tell."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shapeflow.model.axis_links import indexed, regrouped
from shapeflow.model.records import Op, Port, Records, Value

_SAME = re.compile(
    r"(log_?)?softmax|softmin|(layer|rms|group|batch|instance|local_response)_norm|normalize|(\w+_)?dropout\w*|"
    r"relu6?|r?relu|leaky_relu|prelu|[csg]?elu|silu|mish|hard(tanh|swish|sigmoid)|softplus|softsign|tanhshrink|"
    r"log_?sigmoid|sigmoid|tanh|exp|expm1|log|log2|log10|log1p|sqrt|rsqrt|square|reciprocal|neg|abs|sign|erf|erfc|"
    r"sin|cos|tan|a(sin|cos|tan)h?|sinh|cosh|ceil|floor|round|trunc|frac|clamp\w*|clip|nan_to_num|logical_not|"
    r"bitwise_not|invert|isnan|isinf|isfinite|cum(sum|prod|max|min)|tri[ul]|contiguous|clone|detach|to|type|type_as|"
    r"float|double|half|bfloat16|int|long|short|bool|cpu|cuda|requires_grad|alias|positive|zero|fill|copy|setitem|"
    r"(zeros|ones|full|empty|rand|randn)_like"
)
_BROADCAST = re.compile(
    r"r?(add|sub|mul|div|truediv|floordiv|floor_divide|pow|fmod|remainder|mod|atan2|where|maximum|minimum|and|or|"
    r"xor|lt|le|gt|ge|eq|ne|logical_\w+|bitwise_\w+|masked_fill|lerp|addcmul|addcdiv|expand|expand_as|broadcast_to)"
)
_RESHAPE = re.compile(
    r"_?unsafe_view|view|reshape|flatten|unflatten|ravel|squeeze|unsqueeze|view_as|reshape_as|atleast_\dd"
)
_REDUCE = re.compile(
    r"sum|mean|prod|max|min|amax|amin|argmax|argmin|any|all|std|var|logsumexp|median|nansum|nanmean|count_nonzero"
)
_ONLY_SIZES = re.compile(
    r"split|chunk|tensor_split|split_with_sizes|narrow|index_select|topk|repeat_interleave|tile|repeat|pad|"
    r"interpolate|upsample\w*|(adaptive_)?(max|avg|lp)_pool[123]d(_with_indices)?|cat|concat|concatenate|roll|flip"
)
"""Ops that leave each axis where it is, and change the sizes of some."""
_FACTORS = {"matmul": (0, 1), "bmm": (0, 1), "mm": (0, 1), "baddbmm": (1, 2), "addmm": (1, 2)}


@dataclass(frozen=True, slots=True)
class Axis:
    """A dim of a tensor."""

    value: int
    dim: int


def source_of(trace: Records, op: Op, made: Value, dim: int) -> Axis | None:
    """Return the dim of an input that a dim of a result is, with the same size; None: it is made there.

    None also where nobody can tell: a size is never followed for being equal alone.
    """
    given = [port for port in op.inputs if port.value is not None]
    name = op.target.rstrip("_") or op.target
    found = _Sources(trace, op, given, made, dim).find(name) if given else None
    if found is None or trace.values[found.value].shape[found.dim] != made.shape[dim]:
        return None
    return found


class _Sources:
    """The rules for one dim of one result."""

    def __init__(self, trace: Records, op: Op, given: Sequence[Port], made: Value, dim: int) -> None:
        self.trace, self.op, self.given, self.made, self.dim = trace, op, given, made, dim
        self.rank, self.size = len(made.shape), made.shape[dim]

    def find(self, name: str) -> Axis | None:
        """Return the dim that it is, by the rule for ops of this name."""
        rule = next((rule for names, rule in _RULES if names.fullmatch(name)), None)
        return None if rule is None else rule(self, name)

    def _value(self, place: int) -> Value | None:
        """Return the tensor that is the argument at a place, or the first of the list that is."""
        names = (f"in[{place}]", f"in[{place}][0]")
        port = next((one for one in self.given if one.name in names), None)
        if port is None and place < len(self.given):
            port = self.given[place] if not any(one.name.startswith("in[") for one in self.given) else None
        return None if port is None or port.value is None else self.trace.values[port.value]

    def _shape(self, place: int) -> tuple[int, ...] | None:
        value = self._value(place)
        return None if value is None else value.shape

    def _at(self, place: int, dim: int) -> Axis | None:
        value = self._value(place)
        return None if value is None or not -1 < dim < len(value.shape) else Axis(value.id, dim)

    def convolved(self, name: str) -> Axis | None:
        """The channels are those of the weight; the batch and, where they keep their sizes, the rest stay."""
        if self.dim == self.rank - int(name[-2]) - 1:
            return self._at(1, 1 if "transpose" in name else 0)
        return self._at(0, self.dim)

    def linear(self, name: str) -> Axis | None:
        """The last dim is that of the weight."""
        return self._at(1, 0) if self.dim == self.rank - 1 else self._at(0, self.dim)

    def attended(self, name: str) -> Axis | None:
        """The result has the places of queries and the channels of values, the scores the places of keys."""
        scores = any(port.value == self.made.id and port.name != "out" for port in self.op.outputs)
        if scores and self.dim == self.rank - 1:
            return self._at(1, self.rank - 2)
        return self._at(2, self.dim) if self.dim == self.rank - 1 else self._at(0, self.dim)

    def same(self, name: str) -> Axis | None:
        """Each dim stays where it is."""
        shape = self._shape(0)
        return self._at(0, self.dim) if shape is not None and len(shape) == self.rank else None

    def last_comes_or_goes(self, name: str) -> Axis | None:
        """All stay but one that is added to the end, or taken from it."""
        return self._at(0, self.dim) if self.dim < self.rank - (name == "view_as_real") else None

    def reshaped(self, name: str) -> Axis | None:
        """A dim is the same if it is neither merged nor split."""
        shape = self._shape(0)
        kept = None if shape is None else regrouped(shape, self.made.shape).get(self.dim)
        return None if kept is None else self._at(0, kept)

    def stacked(self, name: str) -> Axis | None:
        """One dim is new."""
        new = (self._numbers(1, "dim") or [0])[0] % self.rank
        return None if self.dim == new else self._at(0, self.dim - (self.dim > new))

    def embedded(self, name: str) -> Axis | None:
        """The last dim is that of the table, the others are those of the indices."""
        tables = [port for port in self.given if self._dtype(port).startswith(("f", "bf"))]
        rows = [port for port in self.given if port not in tables]
        if len(tables) != 1 or len(rows) != 1:
            return None
        table, index = tables[0].value, rows[0].value
        assert table is not None and index is not None, "what is given are tensors"
        return Axis(table, 1) if self.dim == self.rank - 1 else Axis(index, self.dim)

    def _dtype(self, port: Port) -> str:
        return self.trace.values[port.value or 0].dtype

    def product(self, name: str) -> Axis | None:
        """The last dim is that of the right factor, the one before that of the left one."""
        left, right = _FACTORS[name]
        first, second = self._shape(left), self._shape(right)
        if first is None or second is None or min(len(first), len(second)) < 2:
            return None
        if self.dim == self.rank - 1:
            return self._at(right, len(second) - 1)
        if self.dim == self.rank - 2:
            return self._at(left, len(first) - 2)
        for place, shape in ((left, first), (right, second)):
            dim = self.dim - (self.rank - len(shape))
            if dim >= 0 and shape[dim] == self.size:
                return self._at(place, dim)
        return None

    def broadcast(self, name: str) -> Axis | None:
        """A dim is that of the first tensor that has it; one that a run computed comes before a parameter."""
        found: list[Axis] = []
        for port in self.given:
            value = self.trace.values[port.value or 0]
            dim = self.dim - (self.rank - len(value.shape))
            if dim >= 0 and value.shape[dim] == self.size:
                found.append(Axis(value.id, dim))
        own = ("parameter", "buffer")
        return min(found, key=lambda axis: self.trace.values[axis.value].origin in own, default=None)

    def einsum(self, name: str) -> Axis | None:
        """Letters tell."""
        text = next((port.text for port in self.op.inputs if port.value is None and "->" in port.text), "")
        given, arrow, made = text.strip("'\"").replace(" ", "").partition("->")
        if not arrow or len(made) != self.rank or "." in text:
            return None
        for letters, port in zip(given.split(","), self.given, strict=False):
            if made[self.dim] in letters:
                return Axis(port.value or 0, letters.index(made[self.dim]))
        return None

    def _numbers(self, place: int, *names: str) -> list[int] | None:
        """Return the whole numbers that an argument is, and those that follow it."""
        wanted = {f"in[{place}]", *(f"in.{name}" for name in names)}
        texts: list[str] = []
        for port in self.op.inputs:
            follows = bool(texts) and re.fullmatch(r"in\[\d+\]", port.name)
            inside = re.sub(r"\[\d+\]$", "", port.name) in wanted and port.name not in wanted
            if port.value is None and (port.name in wanted or port.alias in wanted or follows or inside):
                texts.append(port.text)
        numbers = [int(number) for text in texts for number in re.findall(r"-?\d+", text)]
        return numbers or None

    def permuted(self, name: str) -> Axis | None:
        """The arguments tell the order."""
        rank = len(self._shape(0) or ())
        order = list(range(rank))
        numbers = self._numbers(1, "dims", "dim0", "dim1", "axis0", "axis1") or []
        if name == "permute" and rank:
            order = [number % rank for number in numbers]
        elif name in ("t", "T", "mT") and rank >= 2:
            order[-2:] = order[:-3:-1]
        elif len(numbers) == 2 and rank:
            first, second = (number % rank for number in numbers)
            order[first], order[second] = order[second], order[first]
        else:
            return None
        return self._at(0, order[self.dim]) if sorted(order) == list(range(rank)) else None

    def reduced(self, name: str) -> Axis | None:
        """The dims that are not reduced keep their order."""
        rank = len(self._shape(0) or ())
        if rank == self.rank:
            return self._at(0, self.dim)
        gone = {number % rank for number in self._numbers(1, "dim", "axis") or []} if rank else set()
        kept = [dim for dim in range(rank) if dim not in gone]
        return self._at(0, kept[self.dim]) if len(kept) == self.rank else None

    def indexed(self, name: str) -> Axis | None:
        """Slices, numbers, ``None`` and ``...`` tell; so does one tensor of whole numbers."""
        shape = self._shape(0) or ()
        if name != "getitem":
            gone = (self._numbers(1, "dim") or [0])[0] % max(1, len(shape))
            return self._at(0, self.dim + (self.dim >= gone)) if self.rank == len(shape) - 1 else None
        ports = [port for port in self.op.inputs if re.fullmatch(r"in\[1\](\[\d+\])?", port.name)]
        if len(ports) == 1 and ports[0].value is not None:
            rows = self.trace.values[ports[0].value]
            if rows.dtype in ("bool", "u8"):
                return None
            more = self.dim - len(rows.shape)
            return Axis(rows.id, self.dim) if more < 0 else self._at(0, more + 1)
        if any(port.value is not None for port in ports):
            return None
        kept = indexed([port.text for port in ports], len(shape))
        return self._at(0, kept[self.dim]) if len(kept) == self.rank and kept[self.dim] >= 0 else None


_RULES: list[tuple[re.Pattern[str], Callable[[_Sources, str], Axis | None]]] = [
    (re.compile(r"conv(_transpose)?[123]d"), _Sources.convolved),
    (re.compile("linear"), _Sources.linear),
    (re.compile("embedding"), _Sources.embedded),
    (re.compile("einsum"), _Sources.einsum),
    (re.compile("|".join(_FACTORS)), _Sources.product),
    (re.compile("scaled_dot_product_attention"), _Sources.attended),
    (_BROADCAST, _Sources.broadcast),
    (_RESHAPE, _Sources.reshaped),
    (re.compile("permute|transpose|swapaxes|swapdims|t|T|mT"), _Sources.permuted),
    (re.compile("view_as_real|view_as_complex|one_hot"), _Sources.last_comes_or_goes),
    (re.compile("stack"), _Sources.stacked),
    (re.compile("getitem|select|unbind"), _Sources.indexed),
    (_SAME, _Sources.same),
    (_ONLY_SIZES, _Sources.same),
    (_REDUCE, _Sources.reduced),
]
"""Names of ops -> the rule for them."""
