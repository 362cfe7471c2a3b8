"""Record what autograd computes: a backward pass is an op, ``backward`` or ``grad``, at the line that asked.

Its inputs are what the pass starts from and what it reads besides, its outputs the gradients: the results of
``grad``, and for ``backward`` what was written to ``.grad``. A gradient depends on all that the loss was made
of, and of that the flow tells already; only what no path leads from to the loss is an input of its own: what
an operator gave besides (the places of a maximum), and numbers that were changed after the forward or that a
hook brings in. What hooks, functions of one's own and checkpoints call in Python are ops and calls inside.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Container, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from shapeflow.common.shared import Changes
from shapeflow.model.records import Port, item_name
from shapeflow.recording.builders import OpBuilder
from shapeflow.recording.identity import Identity
from shapeflow.recording.notation import short_dtype
from shapeflow.recording.ops import Functions
from shapeflow.recording.ports import walk
from shapeflow.recording.torch_internals import (
    edge_metadata,
    engine_replaced,
    function_modes,
    in_function_transform,
    no_torch_function,
    version_of,
)
from shapeflow.recording.trace_builder import TraceBuilder

TARGETS = frozenset({"backward", "grad"})
"""What the op of a backward pass is called."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """A tensor whose ``.grad`` a pass may write, and what is there before."""

    name: str
    tensor: Tensor
    gradient: Tensor | None
    writes: int
    """How often the gradient was written to."""

    @property
    def written(self) -> Tensor | None:
        """The gradient, if it is another one by now."""
        gradient, writes = _state(self.tensor)
        return None if gradient is self.gradient and writes == self.writes else gradient


def _state(tensor: Tensor) -> tuple[Tensor | None, int]:
    """Return the gradient that a tensor has, and how often it was written to."""
    with warnings.catch_warnings():  # torch warns where somebody asks a tensor that is no leaf
        warnings.simplefilter("ignore")
        gradient = tensor.grad
    return gradient, 0 if gradient is None or gradient.is_inference() else version_of(gradient)


class Pass:
    """A backward pass that is running.

    Args:
        builder: where the records go.
        op: its op.
        starts: the tensors that it starts from, or edges of the graph.
        receivers: what it may write to.
    """

    def __init__(
        self, builder: TraceBuilder, op: OpBuilder, starts: Iterable[Any], receivers: Sequence[Receiver]
    ) -> None:
        self.op = op
        self._builder = builder
        self._receivers = receivers
        self._inside: set[int] = set()
        for number, edge in enumerate(starts):
            if not isinstance(edge, Tensor):  # nobody tells which tensor it belongs to
                told = edge_metadata(edge.node)[edge.output_nr]
                unseen = builder.identity.unseen(short_dtype(told.dtype), tuple(told.shape))
                op.inputs.append(Port(f"in.edge[{number}]", unseen))
        given = [port.value for port in op.inputs if port.value is not None]
        stops = {builder.identity.current(receiver.tensor) for receiver in receivers}
        self._known, besides = _upstream(builder, given, stops)
        for receiver in receivers:
            if receiver.gradient is not None:
                self._read(builder.read(receiver.gradient), f"in.{receiver.name}.grad")
        for value in besides:
            self._read(value)

    def _read(self, value: int, name: str = "") -> None:
        """Add an input, unless the flow tells already that it goes in."""
        if value not in self._known and value not in self._inside:
            self._known.add(value)
            self.op.inputs.append(Port(name or f"in.saved[{self._saved}]", value))
            self._saved += not name

    _saved = 0

    def reads(self, tensors: Iterable[Tensor]) -> None:
        """Note what an operator inside is given, as far as it was there before."""
        identity = self._builder.identity
        for tensor in tensors:
            for value in identity.values_on(tensor):
                producer = identity.values[value].producer
                if producer is None or producer < self.op.id:
                    self._read(value)

    def met(self, value: int) -> None:
        """Note a tensor that Python code inside was given and that is new: a gradient, mostly."""
        if value not in self._inside:
            self._inside.add(value)
            self.op.outputs.append(Port(f"out.inside[{len(self._inside) - 1}]", value))

    def end(self) -> None:
        """Add what the ops inside read, and the gradients that were written."""
        builder, number = self._builder, self.op.id
        for op in builder.ops[number + 1 :]:
            for port in op.inputs:
                if port.value is not None:
                    producer = builder.identity.values[port.value].producer
                    if producer is None or producer < number:
                        self._read(port.value)
        for receiver in self._receivers:
            gradient = receiver.written
            if gradient is not None:
                value = builder.identity.produced(gradient, number)
                self.op.outputs.append(Port(f"out.{receiver.name}.grad", value))
        self.op.wrote = True  # so that it stays, also if it gave nothing


def _upstream(
    builder: TraceBuilder, starts: Iterable[int], stops: Container[int | None]
) -> tuple[set[int], list[int]]:
    """Return all that went into some values, and what the ops on the way gave besides.

    Args:
        builder: has the ops.
        starts: the values.
        stops: values whose making does not matter.
    """
    queue = list(dict.fromkeys(starts))
    seen, besides, ops = set(queue), [], set()
    for value in queue:  # it grows while it is walked
        producer = builder.identity.values[value].producer
        if producer is None or producer in ops or value in stops:
            continue
        ops.add(producer)
        op = builder.ops[producer]
        besides += [port.value for port in op.outputs if port.value is not None]
        for port in op.inputs:
            if port.value is not None and port.value not in seen:
                seen.add(port.value)
                queue.append(port.value)
    return seen, [value for value in besides if value not in seen]


class BackwardRecorder:
    """Makes an op of each backward pass of this thread.

    Args:
        builder: where the records go.
        functions: the function mode that records; it sees what Python code calls inside a pass, too.
        is_here: tells whether the recording is at work in the context that asks.
    """

    def __init__(self, builder: TraceBuilder, functions: Functions, is_here: Callable[[], bool]) -> None:
        self._builder = builder
        self._functions = functions
        self._is_here = is_here

    def begin(self, changes: Changes) -> None:
        """Record the backward passes until the changes end."""
        engine = engine_replaced.current

        def run(outputs: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
            if not self._is_here() or in_function_transform():
                return engine(outputs, *args, **kwargs)
            return self._run(engine, outputs, *args, **kwargs)

        engine_replaced.begin(run, changes)

    def _run(self, engine: Callable[..., Any], outputs: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
        """Run a backward pass as an op: the one of the function that asked for it, or one of its own."""
        builder = self._builder
        keeps = bool(kwargs.get("accumulate_grad"))
        with no_torch_function():
            asked = builder.open_op
            if asked is None or asked.target not in TARGETS or any(asked is run.op for run in builder.passes):
                asked = None
            op = asked or builder.begin_op("backward" if keeps else "grad", (tuple(outputs), args[0]), {})
            receivers = self._receivers(outputs, args[3]) if keeps else []
            this = Pass(builder, op, outputs, receivers)
        builder.passes.append(this)
        try:
            with self._seen():
                result = engine(outputs, *args, **kwargs)
        except BaseException as error:
            if asked is None:
                builder.fail_op(op, error)
            raise
        finally:
            builder.passes.remove(this)
        with no_torch_function():
            this.end()
            if asked is None:
                builder.end_op(op, [] if keeps else walk("out", result))
        return result

    def _receivers(self, outputs: Sequence[Any], inputs: Sequence[Any]) -> list[Receiver]:
        """Return the tensors whose ``.grad`` a pass may write."""
        identity = self._builder.identity
        leaves = [tensor for tensor in inputs if isinstance(tensor, Tensor)] if inputs else _leaves(outputs)
        tensors = {id(tensor): tensor for tensor in (*leaves, *_retaining(identity))}
        receivers: dict[str, Receiver] = {}
        for tensor in tensors.values():
            name = identity.name_of(tensor)
            if not name or name in receivers:
                name = item_name("leaf", len(receivers))
            receivers[name] = Receiver(name, tensor, *_state(tensor))
        return list(receivers.values())

    def _seen(self) -> AbstractContextManager[None]:
        """Return the context in which the function mode sees what Python code calls inside a pass."""
        return nullcontext() if self._functions in function_modes() else self._functions.again()


def _leaves(outputs: Iterable[Any]) -> list[Tensor]:
    """Return the leaves of the graph above some tensors, in the order in which they are met."""
    nodes = [tensor.grad_fn if isinstance(tensor, Tensor) else tensor.node for tensor in outputs]
    found = [tensor for tensor in outputs if isinstance(tensor, Tensor) and tensor.is_leaf]
    seen = set(nodes)
    for node in nodes:  # it grows while it is walked
        if node is None:
            continue
        variable = getattr(node, "variable", None)
        if isinstance(variable, Tensor):
            found.append(variable)
        for after, _ in node.next_functions:
            if after is not None and after not in seen:
                seen.add(after)
                nodes.append(after)
    return found


def _retaining(identity: Identity) -> list[Tensor]:
    """Return the tensors alive that keep their gradient though they are no leaves."""
    return [tensor for tensor, _, _ in identity.alive() if tensor.retains_grad]
