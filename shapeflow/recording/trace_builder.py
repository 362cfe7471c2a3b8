"""The trace while it is being recorded: calls and ops, open and closed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from torch import Tensor
from torch.nn import Parameter

from shapeflow.model.records import Escape, Origin, Port
from shapeflow.recording.builders import CallBuilder, OpBuilder, Pass, close
from shapeflow.recording.capture import Capturer
from shapeflow.recording.containers import Containers
from shapeflow.recording.error_path import ErrorPath
from shapeflow.recording.identity import Identity
from shapeflow.recording.made_ports import (
    CACHED,
    LISTS,
    WHOLE,
    number_port,
    sizes_port,
    tensor_port,
    text_port,
)
from shapeflow.recording.pictures.taker import PictureTaker
from shapeflow.recording.ports import PLAIN_TYPES, arguments, plain, tensors_of, walk
from shapeflow.recording.run_mode import RunMode
from shapeflow.recording.source import SourceLines
from shapeflow.recording.storages import ADOPTING

_TENSORS = frozenset({Tensor, Parameter})
"""What most arguments are."""


class TraceBuilder:
    """Collects the records of one run.

    Args:
        identity: which tensor is which value.
        progress: told the FLOPs done so far, now and then.
    """

    def __init__(self, identity: Identity, progress: Callable[[float], None] | None = None) -> None:
        self.identity = identity
        self.containers = Containers(identity)
        self.sources = SourceLines()
        self.mode = RunMode()
        self.freed: dict[int, int] = {}
        """Number of a storage that an op made -> the op at whose end it was free again."""
        self.ops: list[OpBuilder] = []
        self.calls: list[CallBuilder] = []
        self.escapes: list[Escape] = []
        self.open_calls: list[CallBuilder] = []
        self.open_ops: list[OpBuilder] = []
        self.passes: list[Pass] = []
        self.peak_op: int | None = None
        self.capturer: Capturer | None = None
        self.pictures: PictureTaker | None = None
        self.failing_ops = ErrorPath()
        self.failing_calls = ErrorPath()
        self._peak = 0
        self._progress = progress
        self._flops_done = 0

    @property
    def open_op(self) -> OpBuilder | None:
        """The innermost op that is running."""
        return self.open_ops[-1] if self.open_ops else None

    @property
    def open_call(self) -> CallBuilder | None:
        """The innermost call that is running."""
        return self.open_calls[-1] if self.open_calls else None

    @property
    def _path(self) -> str:
        """Of the module that is running."""
        return self.open_calls[-1].path if self.open_calls else ""

    # Values -----------------------------------------------------------------------------------------------

    def read(self, tensor: Tensor, name: str = "", origin: Origin = "unknown") -> int:
        """Return the value that ``tensor`` is now; one not seen before is of this name and origin."""
        value, writer = self.identity.value_of(tensor, origin, name)
        if writer is not None:
            outputs = self.ops[writer].outputs
            outputs.append(Port(f"out.written[{len(outputs)}]", value))
        if self.passes and self.identity.is_new(value, "unknown"):
            self.passes[-1].met(value)
        return value

    def _keep(self, call: CallBuilder | None, target: str, ports: list[Port], leaves: Iterable[Any]) -> None:
        """Let the capturer copy numbers of the tensors at ``ports`` of a call, or of an op that ran in it."""
        assert self.capturer is not None
        self.capturer.look(None if call is None else call.key, target, ports, leaves)

    def _given(self, rows: Iterable[tuple[str, str, Any]], origin: Origin) -> list[Port]:
        """Return the ports of arguments ``(name, alias, value)``."""
        ports, current = [], self.identity.current
        for name, alias, value in rows:
            kind = type(value)
            if kind in _TENSORS:
                known = current(value)
                ports.append(
                    tensor_port(name, self.read(value, name, origin) if known is None else known, "", alias)
                )
            elif kind in CACHED:
                ports.append(number_port(name, value, alias))
            elif kind in PLAIN_TYPES:
                ports.append(text_port(name, plain(value), alias))
            elif kind in LISTS and value and WHOLE.issuperset(map(type, value)):
                ports.append(sizes_port(name, tuple(value), kind is list, alias))
            else:
                start = len(name)
                for place, leaf in walk(name, value):
                    ports.append(self._port(place, alias and alias + place[start:], leaf, origin))
        return ports

    def _handed(self, rows: Iterable[tuple[str, str, Any]], origin: Origin) -> list[Port]:
        """Return the ports of what a call is given or gives; a large container is one of them."""

        def read(tensor: Tensor, name: str) -> int:
            return self.read(tensor, name, origin)

        ports: list[Port] = []
        for name, alias, value in rows:
            kind = type(value)
            if kind in _TENSORS:
                known = self.identity.current(value)
                ports.append(tensor_port(name, read(value, name) if known is None else known, "", alias))
            elif kind in PLAIN_TYPES:
                ports.append(text_port(name, plain(value), alias))
            else:
                ports += self.containers.ports(name, alias, value, read)
        return ports

    def added(self, call: CallBuilder, name: str, value: object) -> list[Port]:
        """Return the ports of the tensors in a container that the call was not given."""
        ports = self.containers.added(name, value, call.inputs, self.read)
        if self.capturer is not None and ports:
            there = tensors_of(value)
            self._keep(call, "", ports, [there.get(port.name.removeprefix(name)) for port in ports])
        return ports

    def _port(self, name: str, alias: str, leaf: Any, origin: Origin) -> Port:
        """Return the port of a leaf that is read: a tensor, or the text of something else."""
        if type(leaf) is str:
            return text_port(name, leaf, alias)
        return tensor_port(name, self.read(leaf, name, origin), "", alias)

    def escape(self, op: OpBuilder, how: str) -> None:
        """Note that an op reads its inputs into Python."""
        values = dict.fromkeys(port.value for port in op.inputs if port.value is not None)
        self.escapes += [Escape(value, how, op.call, op.source) for value in values]

    # Ops --------------------------------------------------------------------------------------------------

    def begin_op(self, target: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> OpBuilder:
        """Open an op, with its inputs as they are now."""
        rows, calls, ops = arguments(args, kwargs), self.open_calls, self.open_ops
        op = OpBuilder(
            len(self.ops),
            target,
            calls[-1].id if calls else None,
            ops[-1].id if ops else None,
            self.sources.current(3),
            self._given(rows, "unknown" if self.calls or self.passes else "input"),
            len(self.identity.values),
        )
        self.ops.append(op)
        self.open_ops.append(op)
        if self.capturer is not None:
            self._keep(self.open_call, target, op.inputs, _leaves(rows))
        if self.pictures is not None:
            self.pictures.op_began(op, self._path, args, kwargs)
        return op

    def end_op(self, op: OpBuilder, leaves: list[tuple[str, Any]]) -> None:
        """Close an op with its results; one that returned none is forgotten unless it wrote to one."""
        close(self.open_ops, op)
        identity, ports, gave_none = self.identity, [], not op.outputs
        for name, leaf in leaves:
            if type(leaf) is str:
                ports.append(text_port(name, leaf))
            else:
                if op.target in ADOPTING:
                    identity.adopted(leaf)
                ports.append(tensor_port(name, identity.produced(leaf, op.id), "", ""))
                gave_none = False
        op.outputs[:0] = ports
        if self.capturer is not None:
            self._keep(self.open_call, op.target, op.outputs, (leaf for _, leaf in leaves))
        if self.pictures is not None:
            self.pictures.op_ended(op, self._path, leaves)
        if gave_none and not op.wrote:
            if op.read_number:
                self.escape(op, op.target)
            if op is self.ops[-1]:
                self.ops.pop()
                return
        self._note_memory(op)
        if op.call is not None and op.parent is None:
            self.mode.ended(leaves)
        if op.parent is not None:
            self.ops[op.parent].flops += op.flops
        elif self._progress is not None and op.flops:
            self._flops_done += op.flops
            self._progress(self._flops_done)

    def _note_memory(self, op: OpBuilder) -> None:
        """Note what is alive at the end of an op, what is not any more, and whether it was more than ever."""
        memory = self.identity.memory
        self.identity.let_go()
        op.live_bytes = memory.live_bytes
        self.freed.update(dict.fromkeys(memory.freed, op.id))
        memory.freed.clear()
        if memory.peak_bytes > self._peak:
            self._peak, self.peak_op = memory.peak_bytes, op.id

    def drop_op(self, op: OpBuilder) -> None:
        """Forget an op that only read into Python."""
        close(self.open_ops, op)
        if op is self.ops[-1]:
            self.ops.pop()

    def fail_op(self, op: OpBuilder, error: BaseException) -> None:
        """Close an op that raised; it stays, with its inputs and without outputs."""
        close(self.open_ops, op)
        op.outputs.clear()
        self.failing_ops.note(error, op.id)

    def derive(self, op: OpBuilder, port: str, dtype: str, shape: tuple[int, ...]) -> None:
        """Add to an op a tensor that its kernel never builds."""
        op.outputs.append(Port(port, self.identity.derived(dtype, shape, op.id)))

    # Calls ------------------------------------------------------------------------------------------------

    def begin_call(
        self, path: str, method: str, class_name: str, rows: list[tuple[str, str, Any]], depth: int = 3
    ) -> CallBuilder:
        """Open a call, with its inputs ``(name, alias, value)`` as they are now."""
        origin: Origin = "unknown" if self.open_calls or self.passes else "input"
        call = CallBuilder(
            len(self.calls),
            path,
            method,
            class_name,
            self.open_calls[-1].id if self.open_calls else None,
            self.sources.current(depth),
            self._handed(rows, origin),
            len(self.ops),
            self.open_ops[-1].id if self.open_ops else None,
        )
        self.calls.append(call)
        self.open_calls.append(call)
        if self.capturer is not None:
            self._keep(call, "", self._given(rows, origin), _leaves(rows))
        if self.pictures is not None:
            self.pictures.call_began(call, rows)
        return call

    def end_call(
        self,
        call: CallBuilder,
        results: Sequence[tuple[str, Any]],
        raised: bool = False,
        added: Sequence[Port] = (),
    ) -> None:
        """Close a call with what it gave; whatever is still open inside it was left by an exception."""
        rows = [(name, "", value) for name, value in results]
        call.outputs = [*self._handed(rows, "unknown"), *added]
        if self.capturer is not None:
            self._keep(call, "", self._given(rows, "unknown"), _leaves(rows))
        if self.pictures is not None and not raised:
            self.pictures.call_ended(call, rows)
        call.last_op = len(self.ops)
        call.raised = raised
        for left in close(self.open_calls, call):
            left.last_op, left.raised = len(self.ops), True
        if call.method != "forward" and not raised:
            call.dropped = not any(map(self.containers.holds_tensor, (*call.inputs, *call.outputs)))

    def end(self) -> None:
        """Close what an exception left open, also one that came while something was closed."""
        for call in self.calls:
            if call.last_op < 0:
                call.last_op, call.raised = len(self.ops), True
        self.open_calls.clear()
        self.open_ops.clear()

    def forget(self, op: int) -> None:
        """Take back the op of this number if it is the last, for a run that ended there in good order."""
        if op == len(self.ops) - 1:
            self.ops.pop()


def _leaves(rows: Iterable[tuple[str, str, Any]]) -> Iterator[Any]:
    """Yield what is at the ports of arguments, in their order."""
    return (leaf for name, _, value in rows for _, leaf in walk(name, value))
