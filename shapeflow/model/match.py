"""What a selector names: a call, an op or one of their ports, with the records themselves."""

from __future__ import annotations

from dataclasses import dataclass

from shapeflow.common.control_characters import visible_line
from shapeflow.model.records import Call, Op, Port, Records, Value
from shapeflow.model.tensors import ModuleTensor


@dataclass(frozen=True, slots=True)
class Match:
    """One call, op or port that a selector names."""

    path: str
    """``transformer.encoder``, ``backbone.forward_image()`` or ``mask_head/einsum``."""
    index: int
    """K in ``path@K``."""
    siblings: int
    """How many calls or ops of this path there are, this one included."""
    call: Call | None
    """The call; for an op the innermost call it ran in (None: outside all calls)."""
    op: Op | None = None
    """The op, if the selector names an op."""
    port: Port | None = None
    """The port, if the selector names ports."""
    value: Value | None = None
    """The tensor at the port; None if there is none, or no port is named."""
    tensor: ModuleTensor | None = None
    """The parameter or buffer that is named; its port has no name, and its value is what was read of it."""

    def __repr__(self) -> str:
        return f"<Match {visible_line(self.name)}{f': {visible_line(self.content)}' if self.content else ''}>"

    @property
    def name(self) -> str:
        """A selector of exactly this: ``transformer.encoder.layers.0.self_attn@0:out[0]``."""
        return self.path if self.tensor else f"{self.path}@{self.index}{self._port}"

    @property
    def short_name(self) -> str:
        """The same without ``@K`` where there is but one such call or op."""
        return f"{self.path}{self._port}" if self.siblings == 1 else self.name

    @property
    def _port(self) -> str:
        return f":{self.port.name}" if self.port and not self.tensor else ""

    @property
    def owner(self) -> Call | Op:
        """The call or op that is named, or whose port is."""
        owner = self.call if self.op is None else self.op
        assert owner is not None, "a match without an op or tensor is a call"
        return owner

    @property
    def content(self) -> str:
        """What is at the port, as text: ``f32[1, 256]``, ``None``, ``'nearest'``; empty without a port."""
        held = self.tensor or self.value
        if held is not None:
            return str(held)
        return self.port.text if self.port else ""

    def at(self, port: Port, value: Value | None) -> Match:
        """Return the match of a port of the same call or op, and of the tensor that is there."""
        return Match(self.path, self.index, self.siblings, self.call, self.op, port, value, self.tensor)


def op_match(trace: Records, path: str, index: int, siblings: int, op: Op) -> Match:
    """Return the match of one op."""
    return Match(path, index, siblings, None if op.call is None else trace.calls[op.call], op)
