"""What a run amounts to: parameters, costs, what went in and came out, and in which mode it ran."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from math import prod

from shapeflow.model.containers import told
from shapeflow.model.costs import total_flops, total_parameters
from shapeflow.model.path_index import selector_of
from shapeflow.model.records import Call, Port, Records
from shapeflow.model.summary_rows import Named, Totals
from shapeflow.model.unused import unused
from shapeflow.reporting.run_facts import (
    asked_text,
    gradients_text,
    made_text,
    parameter_name,
    training_text,
)
from shapeflow.reporting.summary.groups import made_by, made_in
from shapeflow.reporting.translator import Translator
from shapeflow.shapes.notation import element_bytes

_INDEX = re.compile(r"\[\d+\]")
_FLOATS = ("f", "bf", "c")


def totals(trace: Records) -> Totals:
    """Return what a run amounts to."""
    run = trace.run
    words = Translator("en")
    number, trainable, shared, size = _parameters(trace)
    inputs, outputs, outputs_of = _ends(trace)
    flops = total_flops(trace)
    inside = sum(call.flops for call in trace.calls if call.parent is None)
    return Totals(
        parameters=number,
        trainable=trainable,
        shared=shared,
        parameter_bytes=size,
        flops=flops,
        flops_outside=max(flops - inside, 0),
        peak_bytes=run.peak_bytes,
        peak_place=_place(trace, run.peak_op),
        peak_line="" if run.peak_op is None else trace.line(trace.ops[run.peak_op].source),
        inputs=inputs,
        outputs=outputs,
        outputs_of=outputs_of,
        dtype=main_dtype(trace),
        device=run.device,
        mode=training_text(trace, words) if run.training else "",
        gradients=gradients_text(trace, words) if run.training or any(run.gradients.values()) else "",
        made=made_text(trace, words),
        asked=asked_text(trace, words),
        calls=len(trace.calls),
        ops=len(trace.ops),
        shapes=len({value.shape for value in trace.values}),
        unused=len(unused(trace)),
        notes=_notes(trace),
    )


def main_dtype(trace: Records) -> str:
    """Return the dtype of most floating point tensors that the run made, or of most if it made none."""
    counts = Counter(value.dtype for value in trace.values if value.producer is not None)
    floats = [dtype for dtype in counts if dtype.startswith(_FLOATS)]
    return max(floats or counts, key=lambda dtype: counts[dtype], default="")


def _parameters(trace: Records) -> tuple[int, int | None, int, int | None]:
    """Return all parameters, the trained ones, those that several modules hold, and the bytes of all."""
    if not trace.modules or any(module.tensors is None for module in trace.modules):
        return total_parameters(trace), None, 0, None
    sizes: dict[str, int] = {}
    trained: dict[str, int] = {}
    memory: dict[str, int] = {}
    shared: dict[str, int] = {}
    for module in trace.modules:
        for tensor in module.tensors or ():
            if tensor.kind == "buffer":
                continue
            own = f"{module.path}.{tensor.name}" if module.path else tensor.name
            name, number = tensor.same or own, prod(tensor.shape)
            if tensor.same:
                shared[name] = number
            sizes[name] = number
            memory[name] = number * element_bytes(tensor.dtype)
            if tensor.kind == "parameter":
                trained[name] = number
    return sum(sizes.values()), sum(trained.values()), sum(shared.values()), sum(memory.values())


def _ends(trace: Records) -> tuple[tuple[Named, ...], tuple[Named, ...], str]:
    """Return what went into the run and what came out, and of which call if the model was not called."""
    roots = [call for call in trace.calls if call.parent is None]
    if not roots:
        return (), (), ""
    last = roots[-1]
    alone = len({call.key for call in roots}) == 1
    given = told(roots[0].inputs)
    tensors = [port for port in given if port.value is not None or port.container is not None]
    inputs = tensors_at(trace, tensors or given, parameter_name)
    return inputs, _outputs(trace, last), "" if alone else selector_of(last.key)


def _outputs(trace: Records, call: Call) -> tuple[Named, ...]:
    """Return what a call made and gave; what it gave if it made nothing."""
    ports = told(call.outputs)
    if made_by(trace, call).dtype:
        made = [port for port in ports if port.value is not None and made_in(trace, call, port.value)]
        ports = tuple(
            port for port in (made or ports) if port.value is not None or port.container is not None
        )
    return tensors_at(trace, ports, lambda port: port.name.removeprefix("out").removeprefix("."))


def tensors_at(trace: Records, ports: Sequence[Port], name_of: Callable[[Port], str]) -> tuple[Named, ...]:
    """Return what is at ports; those that differ in a number of their name only are one."""
    groups: dict[tuple[str, str], list[Port]] = {}
    for port in ports:
        content = trace.content(port)
        if port.value is None and port.container is None and content in ("", "None"):
            continue
        groups.setdefault((_INDEX.sub("[*]", port.name), content), []).append(port)
    found = []
    for (pattern, content), group in groups.items():
        port = group[0] if len(group) == 1 else Port(pattern, None, "", _INDEX.sub("[*]", group[0].alias))
        found.append(Named(name_of(port), content, len(group)))
    return tuple(found)


def _place(trace: Records, op: int | None) -> str:
    """Return an op and the call that it ran in."""
    if op is None:
        return ""
    record = trace.ops[op]
    call = "" if record.call is None else trace.calls[record.call].name
    return f"{call}/{record.target}"


def _notes(trace: Records) -> tuple[str, ...]:
    """Return what the run did not observe or did differently, a sentence each."""
    run = trace.run
    notes = []
    if not run.complete:
        notes.append(f"incomplete: {run.failure.type if run.failure else 'something'} ended it early")
    return (*notes, *run.notes)
