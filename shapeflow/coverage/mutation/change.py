"""What a change is: a kind, a sentence, how to make it, and claims that may notice it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from shapeflow.coverage.makings import Names
from shapeflow.coverage.mutation.edit import Edit
from shapeflow.coverage.units import hands_on
from shapeflow.model.call_tree import CallTree, pattern
from shapeflow.model.containers import Ports, ids_at, told
from shapeflow.model.records import Call, Op, Port, Value
from shapeflow.model.trace import Trace


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


CREATING = words(
    """
    zeros ones full empty arange linspace zeros_like ones_like full_like empty_like rand_like
    randn_like new_zeros new_ones new_full new_empty
    """
)
"""Targets of ops that read no numbers: of a tensor that they are given they take the shape."""

TRANSPARENT = words(
    """
    alias clone contiguous cpu cuda detach dropout dropout1d dropout2d dropout3d expand_as
    float half bfloat16 double long int bool to type type_as requires_grad_ alpha_dropout
    feature_alpha_dropout
    """
)
"""Targets of ops that compute nothing: to leave one out, or to put two in another order, changes nothing."""

ARRANGING = words(
    """
    view reshape permute transpose t mT T flatten unflatten unsqueeze squeeze expand view_as
    reshape_as movedim swapaxes swapdims view_as_real view_as_complex getitem unbind chunk
    split narrow select repeat tile
    """
)
"""Targets of ops that arrange what is there: their arguments are told by the shape that comes out."""


@dataclass(frozen=True)
class Change:
    """One change that can be made to a trace."""

    kind: str
    """What happens, in a word or two: ``layer``, ``residual``."""
    place: str
    """Where, with ``*`` for each number in a path: changes in the same place are alike."""
    sentence: str
    """What happens: ``encoder.layers.3`` may never run``, without what comes of it."""
    make: Callable[[], Edit]
    """Raises ``Unfit`` where it cannot be made."""
    notice: tuple[str, ...] = ()
    """Claims that may notice it, the best first."""


class Base:
    """A trace that is to be changed, with what the kinds of change ask about it."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    @cached_property
    def tree(self) -> CallTree:
        """The call tree, with which calls are alike."""
        return self.trace.cached(CallTree)

    @cached_property
    def names(self) -> Names:
        """Selectors of everything."""
        return Names(self.trace)

    def inside(self, call: Call) -> range:
        """Return a call and all that ran in it."""
        last = call.id
        while self.tree.children[last]:
            last = self.tree.children[last][-1]
        return range(call.id, last + 1)

    @cached_property
    def last_uses(self) -> dict[int, int]:
        """Value -> the last op that reads it, or in which a call begins or ends that has it at a port."""
        uses: dict[int, int] = {value: ops[-1] for value, ops in self.trace.users.items()}
        for call in self.trace.calls:
            for ports, when in ((call.inputs, call.first_op), (call.outputs, call.last_op - 1)):
                for value in ids_at(ports):
                    uses[value] = max(when, uses.get(value, -1))
        return uses

    @cached_property
    def opened(self) -> frozenset[int]:
        """The composite ops, which the ops in them explain."""
        return frozenset(op.parent for op in self.trace.ops if op.parent is not None)

    @cached_property
    def working(self) -> tuple[Call, ...]:
        """The calls of modules that do not only hand on what they were given."""
        return tuple(
            call
            for call in self.trace.calls
            if call.method == "forward" and not hands_on(call) and not _has_containers(call)
        )

    @cached_property
    def plain_ops(self) -> tuple[Op, ...]:
        """The ops that compute something that somebody takes, as the author wrote them.

        Those inside composite ones do not belong here.
        """
        return tuple(
            op
            for op in self.trace.ops
            if op.id not in self.opened
            and op.parent is None
            and op.target not in TRANSPARENT
            and self._is_taken(op)
        )

    def _is_taken(self, op: Op) -> bool:
        """Return whether anything takes, gives or keeps what an op makes."""
        return any(value in self.last_uses or self.trace.values[value].kept for value in ids_at(op.outputs))

    @cached_property
    def module_numbers(self) -> dict[str, int]:
        """Path of a module -> its place in the table."""
        return {module.path: number for number, module in enumerate(self.trace.modules)}

    def name(self, call: Call) -> str:
        """Return the selector of a call; without a number where it is the only one."""
        return self.names.call(call)

    @property
    def times(self) -> dict[str, int]:
        """Key -> how often it was called."""
        return self.names.calls

    def op_name(self, op: Op) -> str:
        """Return the selector of an op; without a number where it is the only one."""
        return self.names.op(op)

    @property
    def alike(self) -> dict[str, int]:
        """Selector of ops -> how many there are."""
        return self.names.ops

    def value_name(self, value: int) -> str:
        """Return a selector of a value."""
        return self.names.value(value)

    def place(self, thing: Call | Op) -> str:
        """Return where a call or op is: the same for alike ones, such as those of one line of the source."""
        if isinstance(thing, Call):
            return pattern(thing.name)
        line = self.trace.line(thing.source)
        name = self.op_name(thing)
        return f"{pattern(name.partition('@')[0])} ({line})" if line else pattern(name)

    def tensor(self, port: Port) -> Value | None:
        """Return the tensor at a port if an op made it or it is an input: not a parameter."""
        value = self.trace.value_at(port)
        return value if value is not None and value.origin in ("op", "input") else None

    def activations(self, ports: tuple[Port, ...]) -> list[tuple[Port, Value]]:
        """Return the ports that hold tensors other than parameters, with these."""
        return [(port, value) for port in ports if (value := self.tensor(port)) is not None]

    def through(self, call: Call) -> tuple[Value, Value] | None:
        """Return the tensor that a call was given first and the one that it made of it, if they are alike."""
        given = [value for port in told(call.inputs) if (value := self.tensor(port)) is not None]
        gives = [value for port in told(call.outputs) if (value := self.trace.value_at(port)) is not None]
        if not given or len(gives) != 1 or not same_type(given[0], gives[0]) or given[0].id == gives[0].id:
            return None
        return given[0], gives[0]

    def numbered(self) -> Iterator[list[Call]]:
        """Yield the calls of numbered modules beside each other that are alike, each once, in their order."""
        groups: dict[object, list[Call]] = {}
        for call in self.working:
            steps = call.path.rpartition(".")
            if steps[2].isdigit() and self.times[call.key] == 1:
                groups.setdefault((call.parent, steps[0], self.tree.signature[call.id]), []).append(call)
        yield from (group for group in groups.values() if len(group) > 1)


def same_type(one: Value, other: Value) -> bool:
    """Return whether two tensors have the same shape and dtype."""
    return (one.dtype, one.shape) == (other.dtype, other.shape)


def _has_containers(call: Call) -> bool:
    return isinstance(call.inputs, Ports) or isinstance(call.outputs, Ports)
