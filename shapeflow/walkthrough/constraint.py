"""What a claim that holds constrains: the things in a trace that could not be otherwise unseen.

A kind of claim says it in a method of its body, ``constrains(subject, finding)``, which yields constraints;
one without it constrains the calls and ops of its evidence. A claim constrains only what would contradict it:
``[_, _, C]`` the number of axes and the last size, and no dtype.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, runtime_checkable

from shapeflow.model.items import item_of, origin_of, stages
from shapeflow.model.links import Links
from shapeflow.model.match import Match
from shapeflow.model.moments import is_input
from shapeflow.model.records import Module, Records

if TYPE_CHECKING:
    from shapeflow.walkthrough.context import Subject
    from shapeflow.walkthrough.finding import Finding

Kind = Literal[
    "call", "op", "port", "dim", "dtype", "feed", "given", "parameter", "attribute", "class", "number"
]


class Item(NamedTuple):
    """Something in a trace that a claim can constrain.

    =========== ======== ============= =====================================================
    kind        record   part          what cannot be otherwise
    =========== ======== ============= =====================================================
    call        call                   that it runs
    op          op                     that it runs
    port        call     port's name   what is there, or where that comes from or goes
    dim         value    axis          this size
    dtype       value                  this dtype
    feed        op       port's name   where this input of an op comes from
    given       call     port's name   where this input of a call comes from
    parameter   value                  which parameter or buffer it is
    attribute   module   its name      its value
    class       module                 the class of the module
    number      0        a text        a count; nothing that is measured, but it fixes symbols
    =========== ======== ============= =====================================================
    """

    kind: Kind
    record: int
    """Id of a call, op or value; of a module, its position in ``Trace.modules``."""
    part: int | str = ""


class Constraint(NamedTuple):
    """One thing that a claim constrains."""

    item: Item
    symbols: tuple[str, ...] = ()
    """The sizes by name that say it. A name that is used for nothing else says nothing: it takes any size."""


@runtime_checkable
class Constrains(Protocol):
    """A body of a claim that says itself what it constrains."""

    def constrains(self, subject: Subject, finding: Finding) -> Iterable[Constraint]:
        """Yield what it constrains where it holds."""
        ...


@runtime_checkable
class Rests(Protocol):
    """A body of a claim that says what its verdict rests on besides the places that its selectors name.

    The verdict of a claim is asked for again and again on traces with small changes; it need not be where
    nothing changed that it rests on. One without this method is judged every time.
    """

    def rests_on(self, subject: Subject, finding: Finding) -> Ground | None:
        """Return what the verdict rests on; None where that may be anything."""
        ...


class Ground(NamedTuple):
    """What a verdict rests on besides the places that selectors name."""

    ops: frozenset[int] = frozenset()
    """It stays as long as these ops are as they were."""
    reached: frozenset[int] = frozenset()
    """It stays as long as the data of these values gets to no others."""
    untaken: bool = False
    """True if also no other op or call may take one of them."""
    values: frozenset[int] = frozenset()
    """It stays as long as these values are as they were, and no other op makes one of them."""


PLACES = Ground()
"""The verdict depends on nothing but what is at the places that the selectors name."""


def named(matches: Iterable[Match], *, ports: bool = True) -> Iterator[Constraint]:
    """Yield what naming something constrains: that its call or op runs, and with ``ports`` its port."""
    for match in matches:
        if match.op is not None:
            yield Constraint(Item("op", match.op.id))
        if match.call is None:
            continue
        yield Constraint(Item("call", match.call.id))
        if ports and match.port is not None and match.op is None:
            yield Constraint(Item("port", match.call.id, match.port.name))


def parameters(matches: Iterable[Match]) -> Iterator[Constraint]:
    """Yield which parameters and buffers are meant, of those that are named."""
    for match in matches:
        if match.tensor is not None and match.value is not None:
            yield Constraint(Item("parameter", match.value.id))


def given_at(matches: Iterable[Match]) -> Iterator[Constraint]:
    """Yield where inputs of calls and ops come from, of the ports that are named."""
    for match in matches:
        if match.tensor is None and match.port is not None and is_input(match, match.port):
            kind: Kind = "given" if match.op is None else "feed"
            yield Constraint(Item(kind, match.owner.id, match.port.name))


def made_from(trace: Records, values: Iterable[int]) -> Ground:
    """Return the ground of a verdict that depends on how some values were made."""
    seen = dict.fromkeys(values)
    makers = trace.cached(Links).makers
    for value in list(seen):
        for number in makers[value]:
            item = item_of(trace, trace.ops[number], value)
            if item is not None:
                seen.update(dict.fromkeys(stage.value for stage in stages(trace, item)))
                origin = origin_of(trace, item)
                seen.update({} if origin is None else {origin: None})
    ops = frozenset(op for value in seen for op in makers[value])
    given = {port.value for op in ops for port in trace.ops[op].ports if port.value is not None}
    return Ground(ops, values=frozenset(seen.keys() | given))


def positions(trace: Records, modules: Iterable[Module]) -> Iterator[int]:
    """Yield the positions of modules in ``Trace.modules``."""
    places = trace.cached(_positions)
    return (places[module.path] for module in modules)


def _positions(trace: Records) -> dict[str, int]:
    return {module.path: position for position, module in enumerate(trace.modules)}


def constraints_of(body: object, subject: Subject, finding: Finding) -> Iterable[Constraint]:
    """Return what a claim that holds constrains: what its body says, else its evidence."""
    if isinstance(body, Constrains):
        return body.constrains(subject, finding)
    evidence = finding.evidence
    return [
        *(Constraint(Item("call", call)) for call in evidence.calls),
        *(Constraint(Item("op", op)) for op in evidence.ops),
    ]
