"""The data of one recorded run. Plain values only: reading a trace never needs torch.

Ids are positions: ``records.values[7].id == 7``. Everything is immutable. ``Trace`` answers questions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod
from typing import Any, Literal, TypeVar

from shapeflow.common.control_characters import visible_line
from shapeflow.model.call_names import call_key, call_name
from shapeflow.model.containers import Container
from shapeflow.model.pictures import Picture
from shapeflow.model.ports import Port, item_name
from shapeflow.model.run_record import Failure, Run
from shapeflow.model.tensors import ModuleTensor
from shapeflow.shapes.notation import element_bytes, shape_text

__all__ = [
    "RECORDS",
    "SCHEMA",
    "Call",
    "Container",
    "Escape",
    "Excerpt",
    "Failure",
    "Module",
    "Op",
    "Origin",
    "Port",
    "Records",
    "Run",
    "Source",
    "Value",
    "call_key",
    "call_name",
    "item_name",
]

Answer = TypeVar("Answer")
_shape_text = lru_cache(maxsize=1 << 12)(shape_text)
SCHEMA = "shapeflow.trace/1"
Origin = Literal["op", "input", "parameter", "buffer", "unknown"]


@dataclass(frozen=True, slots=True)
class Value:
    """One tensor at one moment. An in-place op makes a new value on the same storage."""

    id: int
    dtype: str
    """Short name: ``f32``, ``bf16``, ``i64``, ``u8``, ``bool``, ``c64`` …"""
    shape: tuple[int, ...]
    origin: Origin
    producer: int | None = None
    """Id of the op that made it, for origin ``op``."""
    name: str = ""
    """Qualified name of a parameter or buffer, or the port of an input."""
    storage: int | None = None
    """Values with the same number share memory (views and in-place writes); None: not materialized."""
    materialized: bool = True
    """False for a tensor that a fused kernel never builds, such as an attention score matrix."""
    kept: str = ""
    """What still holds it after the run, where nothing seen uses it: an attribute of a module, or ``?``."""
    freed: int | None = None
    """Of the first value on memory that an op made: the id of the op at whose end that was free again."""

    def __str__(self) -> str:
        return _shape_text(self.dtype, self.shape)

    def __repr__(self) -> str:
        return f"<Value {self.id}: {self}{f' {self.name}' if self.name else ''}>"

    @property
    def bytes(self) -> int:
        """Size in bytes, if every element is stored."""
        return prod(self.shape) * element_bytes(self.dtype)


@dataclass(frozen=True, slots=True)
class Source:
    """A line of the model's own source."""

    file: str
    """Relative to the import root: ``sam3/model/encoder.py``."""
    line: int
    function: str
    text: str
    """The line itself, without the indent."""

    def __str__(self) -> str:
        return f"{visible_line(self.file)}:{self.line}"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of one of the user's own files, around those that ``sources`` name: as they were in the run."""

    file: str
    """As in ``Source.file``."""
    first: int
    """Number of the first line."""
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Op:
    """One torch function call, at the level at which the model's author wrote it."""

    id: int
    target: str
    """The function's name: ``einsum``, ``interpolate``, ``getitem``, ``scaled_dot_product_attention``."""
    call: int | None
    """Id of the innermost call it ran in; None outside all calls."""
    inputs: tuple[Port, ...]
    """All arguments, also the ones that are not tensors (``text``)."""
    outputs: tuple[Port, ...]
    source: int | None = None
    """Position in ``Trace.sources``."""
    parent: int | None = None
    """Id of the composite op (such as ``multi_head_attention_forward``) that was opened to show this one."""
    flops: int = 0
    """By torch's own formulas; an op with a parent is counted in the parent too."""
    live_bytes: int = 0
    """Bytes of activations alive when it ended."""

    def __repr__(self) -> str:
        return f"<Op {self.id}: {visible_line(self.target)}>"

    @property
    def ports(self) -> tuple[Port, ...]:
        """Its inputs and outputs."""
        return (*self.inputs, *self.outputs)


@dataclass(frozen=True, slots=True)
class Call:
    """One execution of a module's forward or of a helper method of a module."""

    id: int
    path: str
    """Fully qualified module name; empty for the root."""
    method: str
    """``forward`` or the helper method's name."""
    index: int
    """K in ``path@K``: counts the calls of this path and method from 0."""
    class_name: str
    parent: int | None
    """Id of the call that was running, whatever its path."""
    inputs: Sequence[Port]
    """As they were when the call began."""
    outputs: Sequence[Port]
    """When it ended; what a method adds to a dict or list that it was given is ``out.PARAMETER.KEY``."""
    first_op: int
    last_op: int
    """The ops that ran in it, nested calls included, are ``first_op <= id < last_op``."""
    flops: int = 0
    source: int | None = None
    """The line that made the call."""
    raised: bool = False

    def __repr__(self) -> str:
        return f"<Call {self.id}: {visible_line(self.exact_name)} {visible_line(self.class_name)}>"

    @property
    def ports(self) -> tuple[Port, ...]:
        """Its inputs and outputs."""
        return (*self.inputs, *self.outputs)

    @property
    def key(self) -> str:
        """The path of its module, or of its helper method: ``backbone.forward_image()``."""
        return call_key(self.path, self.method)

    @property
    def name(self) -> str:
        """The selector of all calls like this one: ``encoder`` or ``backbone.forward_image()``."""
        return call_name(self.path, self.method)

    @property
    def exact_name(self) -> str:
        """The selector of exactly this call: ``backbone.forward_image()@0``."""
        return f"{self.name}@{self.index}"


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the model, called or not."""

    path: str
    class_name: str
    """As written: ``Linear``."""
    class_path: str
    """Where the class lives: ``torch.nn.modules.linear.Linear``."""
    parameters: int
    """Number of parameter elements in it and below, shared ones counted once."""
    own_parameters: int
    attributes: Mapping[str, Any]
    """Plain attributes (numbers, text, None, short lists); functions and classes by their name."""
    source: int | None = None
    """Where its class is defined."""
    callable: bool = True
    """False for a container that has no ``forward``, such as a ``ModuleList``: it never runs by itself."""
    tensors: tuple[ModuleTensor, ...] | None = None
    """Its own parameters and buffers; None: this trace does not list them."""

    def __repr__(self) -> str:
        return f"<Module {visible_line(self.path) or '.'}: {visible_line(self.class_name)}>"


@dataclass(frozen=True, slots=True)
class Escape:
    """A value read into Python, which may have chosen a branch."""

    value: int
    how: str
    """``item``, ``bool``, ``int``, ``tolist``, ``numpy`` …"""
    call: int | None
    source: int | None


@dataclass(frozen=True)
class Records:
    """The lists of one recorded run, on which everything else of this layer is built."""

    run: Run
    modules: tuple[Module, ...] = ()
    calls: tuple[Call, ...] = ()
    ops: tuple[Op, ...] = ()
    values: tuple[Value, ...] = ()
    escapes: tuple[Escape, ...] = ()
    sources: tuple[Source, ...] = ()
    containers: tuple[Container, ...] = ()
    """What large containers held that calls were handed or gave; the ports of calls refer to it."""
    excerpts: tuple[Excerpt, ...] = ()
    """Lines of the user's own files; those of installed packages are read where a report is made."""
    pictures: tuple[Picture, ...] = ()

    @cached_property
    def module_by_path(self) -> dict[str, Module]:
        """The modules by their path."""
        return {module.path: module for module in self.modules}

    @cached_property
    def users(self) -> dict[int, tuple[int, ...]]:
        """Ids of the ops that read a value, by the value's id."""
        users: dict[int, list[int]] = {}
        for op in self.ops:
            for value in dict.fromkeys(port.value for port in op.inputs if port.value is not None):
                users.setdefault(value, []).append(op.id)
        return {value: tuple(ops) for value, ops in users.items()}

    def value_at(self, port: Port) -> Value | None:
        """Return the tensor at a port, if there is one."""
        return None if port.value is None else self.values[port.value]

    def content(self, port: Port) -> str:
        """Return what is at a port, as text: ``f32[1, 256]``, ``None``, ``'nearest'``."""
        return port.text if port.value is None else str(self.values[port.value])

    def line(self, source: int | None) -> str:
        """Return a line of the model's source as ``FILE:LINE``; empty if it is not known."""
        return "" if source is None else str(self.sources[source])

    def cached(self, make: Callable[[Records], Answer]) -> Answer:
        """Return ``make(self)``, made once a trace: for the tables behind questions that come many times."""
        answers: dict[Any, Answer] = self.__dict__.setdefault("_answers", {})
        if make not in answers:
            answers[make] = make(self)
        return answers[make]

    def adopt(self, make: Callable[[Records], Answer], answer: Answer) -> None:
        """Take an answer as what ``make(self)`` would give, which was found at less cost."""
        self.__dict__.setdefault("_answers", {})[make] = answer


RECORDS: dict[str, type[Any]] = {
    "sources": Source,
    "modules": Module,
    "calls": Call,
    "ops": Op,
    "values": Value,
    "escapes": Escape,
    "containers": Container,
    "excerpts": Excerpt,
    "pictures": Picture,
}
"""The lists of a trace file, in their order."""
