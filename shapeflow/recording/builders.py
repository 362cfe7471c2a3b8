"""An op and a call while they are being recorded, and what a running backward pass is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from torch import Tensor

from shapeflow.model.records import Port, call_key, call_name

Opened = TypeVar("Opened")


@dataclass(slots=True)
class OpBuilder:
    """An op being recorded."""

    id: int
    target: str
    call: int | None
    parent: int | None
    source: int | None
    inputs: list[Port]
    first_value: int
    """The number of values there were when it began."""
    outputs: list[Port] = field(default_factory=list)
    flops: int = 0
    live_bytes: int = 0
    wrote: bool = False
    """True if it wrote into a tensor that was there before."""
    read_number: bool = False
    """True if something below it read a number into Python."""
    _given: set[int] | None = None
    _looked_at: int = 0
    """How many of the inputs ``_given`` has the values of."""

    @property
    def given(self) -> set[int]:
        """The values among its inputs, to which some may be added and of which none is taken away."""
        given = self._given
        if given is None:
            given = self._given = set()
        if self._looked_at < len(self.inputs):
            new = self.inputs[self._looked_at :]
            given.update([port.value for port in new if port.value is not None])
            self._looked_at = len(self.inputs)
        return given


@dataclass(slots=True)
class CallBuilder:
    """A call being recorded."""

    id: int
    path: str
    method: str
    class_name: str
    parent: int | None
    source: int | None
    inputs: list[Port]
    first_op: int
    within: int | None
    """The op in which it runs: a backward pass."""
    outputs: list[Port] = field(default_factory=list)
    last_op: int = -1
    raised: bool = False
    dropped: bool = False
    """A helper that neither took nor gave a tensor: what ran in it belongs to its caller."""

    @property
    def key(self) -> str:
        """Its path in a selector; empty for the root."""
        return call_key(self.path, self.method)

    @property
    def name(self) -> str:
        """The selector of all calls like this one, as in the finished trace."""
        return call_name(self.path, self.method)


class Pass(Protocol):
    """A backward pass that is running."""

    op: OpBuilder

    def reads(self, tensors: Iterable[Tensor]) -> None:
        """Note what an operator inside is given."""

    def met(self, value: int) -> None:
        """Note a tensor that was first seen inside."""


def close(opened: list[Opened], item: Opened) -> list[Opened]:
    """Take ``item``, and what was opened after it, off a stack; return what was opened after it."""
    if opened and opened[-1] is item:
        opened.pop()
        return []
    for position in range(len(opened) - 1, -1, -1):
        if opened[position] is item:
            left = opened[position + 1 :]
            del opened[position:]
            return left
    return []
