"""Why a run crashed: how the operand that does not fit was made, and what a block beside got."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shapeflow.common.text import listing
from shapeflow.lint.axis_ops import axes_of
from shapeflow.lint.axis_products import PRODUCTS
from shapeflow.lint.op_names import CONVOLUTIONS
from shapeflow.lint.operands import Misfit, misfits
from shapeflow.model.call_tree import pattern
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.links import Links
from shapeflow.model.records import Call, Op, Port, Records, Value

STEPS = 5
"""Steps of a chain that a message shows; ``show --failure`` shows more."""
MOST = 200
_MAKING = frozenset({*PRODUCTS, *CONVOLUTIONS, "cat", "stack"})
"""Ops that are told in a chain even where they keep the shape."""
_SIZES = re.compile(r"[\[(](\d+(?:, ?\d+)*),?[\])]")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of how a tensor was made."""

    shape: str
    what: str
    """The op, and the call that it ran in."""
    line: str
    begins: bool = False
    """The size that does not fit is there from this step on."""
    op: int | None = None
    """The op that made it; None for an input."""


@dataclass(frozen=True, slots=True)
class Chain:
    """How an operand was made, the last step first."""

    name: str
    """What the operand is called, with its shape."""
    needed: str
    size: str
    """What does not fit: ``1024 = 16 x 8 x 8``, or a dtype; empty if that is not known."""
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Crash:
    """What a trace knows of a crash, besides the words of torch."""

    chains: tuple[Chain, ...]
    siblings: str
    """What calls of blocks beside, or earlier calls of the same, got or gave in this place, a line each."""
    none: str
    """The call that gave None, where something was wanted of None."""


def crash_of(trace: Records) -> Crash:
    """Return what a trace knows of why its run failed."""
    failure = trace.run.failure
    if failure is None:
        return Crash((), "", "")
    op = None if failure.op is None else trace.ops[failure.op]
    call = None if failure.call is None else trace.calls[failure.call]
    found: list[Misfit] = []
    if op is not None:
        found = [] if op.target == "backward" else misfits(trace, op, failure.message)
    if op is None or not any(misfit.needed for misfit in found):
        found = [Misfit(Port("", value.id)) for value in _mentioned(trace, failure.message, call)][
            :2
        ] or found
    chains = tuple(_chain(trace, misfit) for misfit in found if misfit.port.value is not None)
    none = _gave_none(trace, call) if "NoneType" in failure.message else ""
    unlike = ["" if call is None else _got_another(trace, call, op)]
    unlike += [_gave_another(trace, step) for chain in chains for step in chain.steps if step.begins]
    return Crash(chains, "\n".join(dict.fromkeys(filter(None, unlike))), none)


def _mentioned(trace: Records, message: str, call: Call | None) -> Iterator[Value]:
    """Yield the newest tensors that have the sizes that a message of the model's own speaks of."""
    first = 0 if call is None else call.first_op
    for text in dict.fromkeys(_SIZES.findall(message)):
        sizes = tuple(int(number) for number in text.split(","))
        near = [value for value in trace.values if value.shape == sizes and value.origin != "parameter"]
        here = [value for value in near if value.producer is not None and value.producer >= first]
        yield from (here or near)[-1:]


def _chain(trace: Records, misfit: Misfit) -> Chain:
    """Return how an operand was made, back to where the size that does not fit came about and one step on."""
    assert misfit.port.value is not None
    value = trace.values[misfit.port.value]
    names = [name for name in (misfit.port.name, misfit.port.alias) if name.startswith("in.")]
    name = (names or [misfit.port.name])[0].removeprefix("in.")
    steps = tuple(_steps(trace, value.id, misfit))
    return Chain(f"{name} {value}".strip(), misfit.needed, _sizes(trace, value, misfit), steps)


def _sizes(trace: Records, value: Value, misfit: Misfit) -> str:
    """Return what does not fit: a dtype, or a size, with the sizes that make it: ``1024 = 16 x 8 x 8``."""
    if misfit.dtype or misfit.axis is None or misfit.axis >= len(value.shape):
        return value.dtype if misfit.dtype else ""
    axes = trace.cached(axes_of)
    parts = [axes.atoms.all[atom].size for atom in axes[value.id][misfit.axis]]
    parts = [size for size in parts if size != 1]
    size = str(value.shape[misfit.axis])
    return f"{size} = {' x '.join(map(str, parts))}" if len(parts) > 1 else size


def _steps(trace: Records, number: int, misfit: Misfit) -> Iterator[Step]:
    """Yield the steps back from a value that changed its type, up to an input of the run, and the last."""
    axes, makers = trace.cached(axes_of), trace.cached(Links).makers
    wanted = () if misfit.axis is None or misfit.axis >= len(axes[number]) else axes[number][misfit.axis]
    marks = bool(wanted) or misfit.dtype
    for place in range(MOST):
        value = trace.values[number]
        makers_here = [trace.ops[op] for op in makers[number]]
        if not makers_here:
            kind = {"input": "an input of the model", "unknown": "made unseen"}.get(
                value.origin, value.origin
            )
            yield Step(str(value), f"{kind}, '{value.name}'" if value.name else kind, "", begins=marks)
            return
        op = max(makers_here, key=lambda op: op.parent is not None)
        before = _source_of(trace, op, set(wanted))
        begins = marks and (
            before is None
            or (trace.values[before].dtype != value.dtype if misfit.dtype else wanted not in axes[before])
        )
        marks = marks and not begins
        told = begins or place == 0 or op.target in _MAKING
        if told or before is None or str(trace.values[before]) != str(value):
            yield Step(str(value), _done(trace, op), trace.line(op.source), begins, op.id)
        if before is None:
            return
        number = before


def _source_of(trace: Records, op: Op, wanted: set[int]) -> int | None:
    """Return the value from which an op has an axis, else the first that was computed."""
    axes = trace.cached(axes_of)
    given = [port.value for port in op.inputs if port.value is not None and port.name != "in.out"]
    computed = [one for one in given if trace.values[one].origin not in ("parameter", "buffer")]
    having = [one for one in computed if wanted.intersection(atom for axis in axes[one] for atom in axis)]
    return next(iter([*having, *computed, *given]), None)


def _done(trace: Records, op: Op) -> str:
    """Return an op with the call that it ran in, and for a reshape its arguments."""
    where = "" if op.call is None else trace.cached(ExactNames).call(op.call)
    return f"{op.target} in {where}" if where else op.target


def _gave_none(trace: Records, call: Call | None) -> str:
    """Return the last call that ended and gave None, as far as it was near."""
    for other in reversed(trace.calls):
        near = call is None or other.parent in (call.id, call.parent)
        if near and not other.raised and [port.text for port in other.outputs] == ["None"]:
            line = trace.line(other.source)
            return f"{other.exact_name} ({other.class_name}) gave None{f', called in {line}' if line else ''}"
    return ""


def _beside(trace: Records, call: Call) -> list[Call]:
    """Return the calls of other blocks at this place, and the other calls of the same one."""
    return [
        other
        for other in trace.calls
        if other.id != call.id
        and not other.raised
        and other.method == call.method
        and pattern(other.path) == pattern(call.path)
        and other.class_name == call.class_name
    ]


def _got_another(trace: Records, call: Call, op: Op | None) -> str:
    """Return what the calls beside got where this one got something else, if they all got the same there."""
    twins = [(other, None if op is None else _twin(trace, call, op, other)) for other in _beside(trace, call)]
    twins = [(other, twin) for other, twin in twins if op is None or twin is not None]
    theirs = [_got(trace, other, twin) for other, twin in twins]
    names = _listed(call, [other for other, _ in twins])
    for place, mine in enumerate(_got(trace, call, op)):
        got = {one[place] if place < len(one) else "" for one in theirs}
        if len(got) == 1 and mine not in got and (usual := got.pop()):
            return f"{names} got {usual} here, and {call.exact_name} gets {mine}"
    return ""


def _gave_another(trace: Records, step: Step) -> str:
    """Return what the calls beside gave, where the call in which a wrong size begins is the only odd one."""
    op = None if step.op is None else trace.ops[step.op]
    call = None if op is None or op.call is None else trace.calls[op.call]
    others = [] if call is None else _beside(trace, call)
    if call is None or len(others) < 2:
        return ""
    gave = {tuple(trace.content(port) for port in other.outputs) for other in others}
    mine = tuple(trace.content(port) for port in call.outputs)
    if len(gave) != 1 or mine in gave or len(usual := gave.pop()) != len(mine):
        return ""
    one, two = next((one, two) for one, two in zip(usual, mine, strict=True) if one != two)
    return f"{_listed(call, others)} gave {one}, and {call.exact_name} gave {two}"


def _listed(call: Call, others: Sequence[Call]) -> str:
    return listing([other.path if other.path != call.path else other.exact_name for other in others])


def _twin(trace: Records, call: Call, op: Op, other: Call) -> Op | None:
    """Return the op of another call that stands where an op stands in its own."""
    own = [one for one in trace.ops[call.first_op : call.last_op] if one.call == op.call]
    target = [one.id for one in own if one.target == op.target].index(op.id) if op in own else -1
    twins = [one for one in trace.ops[other.first_op : other.last_op] if one.target == op.target]
    return twins[target] if 0 <= target < len(twins) else None


def _got(trace: Records, call: Call, op: Op | None) -> tuple[str, ...]:
    ports = call.inputs if op is None else op.inputs
    return tuple(
        f"{(port.name if not port.alias.startswith('in.') else port.alias).removeprefix('in.')} "
        f"{trace.content(port)}"
        for port in ports
        if port.value is not None
    )


def chain_lines(chain: Chain, most: int = STEPS) -> list[str]:
    """Return a chain as lines of text, the last step first.

    Args:
        chain: how an operand was made.
        most: steps that are told; the one where the wrong size begins is always told.
    """
    shown: Sequence[Step | None] = chain.steps
    if len(chain.steps) > most:
        begins = next((place for place, step in enumerate(chain.steps) if step.begins), most - 1)
        end = max(begins + 2, most) if begins < most else most - 2
        head: list[Step | None] = list(chain.steps[: min(end, most)])
        rest = [] if begins < most else [None, *chain.steps[begins : begins + 2]]
        shown = [*head, *rest]
    width = max((len(step.shape) for step in shown if step), default=0)
    lines = [f"{chain.name} was made like this, the last step first:"]
    for step in shown:
        if step is None:
            lines.append("  …")
            continue
        mark = f"   <- {chain.size} begins here" if step.begins and chain.size else ""
        line = f", {step.line}" if step.line else ""
        lines.append(f"  {step.shape:<{width}}  {step.what}{line}{mark}")
    if shown and shown[-1] is not chain.steps[-1]:
        lines.append(f"  … {len(chain.steps) - sum(step is not None for step in shown)} earlier steps")
    return lines
