"""Answers about a trace as rows of plain data: what ``show --json`` prints, for programs and notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from shapeflow.common.data_frames import data_frame
from shapeflow.model.alike import Alike, fold_alike
from shapeflow.model.containers import told
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.flow import Reach, Use, fold
from shapeflow.model.making_text import making_text
from shapeflow.model.match import Match
from shapeflow.model.records import Records
from shapeflow.model.selector import op_matches, select
from shapeflow.model.size_origin import SizeOrigin, describe

if TYPE_CHECKING:
    import pandas as pd


def port_matches(trace: Records, matches: Iterable[Match]) -> list[Match]:
    """Return the matches with each call and op replaced by its ports; one without ports stays."""
    found = []
    for match in matches:
        ports = match.owner.ports if match.port is None else ()
        found += [match.at(port, trace.value_at(port)) for port in ports] or [match]
    return found


def output_matches(trace: Records, matches: Iterable[Match]) -> list[Match]:
    """Return the output ports of calls and ops; one without outputs stays."""
    found = []
    for match in matches:
        found += [match.at(port, trace.value_at(port)) for port in match.owner.outputs] or [match]
    return found


def source_line(trace: Records, match: Match) -> str:
    """Return the line of the model that made what is meant: the value, or else the call or op."""
    if match.value is None:
        return "" if match.tensor else trace.line(match.owner.source)
    producer = match.value.producer
    return "" if producer is None else trace.line(trace.ops[producer].source)


def port_rows(trace: Records, matches: Iterable[Match], made: bool = False) -> Iterator[dict[str, Any]]:
    """Yield a row a port: path, call, port, dtype, shape, source line, and on request how it was made."""
    for match in port_matches(trace, matches):
        row: dict[str, Any] = {
            "path": match.path,
            "call": None if match.tensor else match.index,
            "port": match.port.name if match.port and not match.tensor else None,
            "dtype": None,
            "shape": None,
            "source": source_line(trace, match) or None,
        }
        if match.tensor is not None:
            tensor = match.tensor
            row |= {"dtype": tensor.dtype, "shape": list(tensor.shape), "kind": tensor.kind}
            row["read"] = match.value is not None
        elif match.value is not None:
            row |= {"dtype": match.value.dtype, "shape": list(match.value.shape)}
            if not match.value.materialized:
                row["materialized"] = False
            if made:
                row["made"] = making_text(trace, match) or None
        elif match.port is not None:
            row["text"] = match.port.text
        yield row


def line_rows(trace: Records, matches: Iterable[Match]) -> list[dict[str, Any]]:
    """Return a row a line of source, with the calls and ops that it made; those that are alike are one."""
    by_line: dict[int | None, list[Match]] = {}
    for match in matches:
        by_line.setdefault(match.owner.source, []).append(match)
    rows = []
    for number, made in by_line.items():
        source = trace.sources[number or 0]
        row = {"line": str(source), "function": source.function, "code": source.text}
        rows.append({**row, "made": [_alike_row(trace, alike) for alike in fold_alike(trace, made)]})
    return rows


def _alike_row(trace: Records, alike: Alike) -> dict[str, Any]:
    outputs = told(alike.matches[0].owner.outputs)
    return {
        "selector": alike.selector,
        "times": len(alike.matches),
        "kind": "op" if alike.matches[0].op else "call",
        "what": alike.what,
        "outputs": [{"port": port.name, "content": trace.content(port)} for port in outputs],
    }


def size_row(trace: Records, origin: SizeOrigin) -> dict[str, Any]:
    """Return where a size comes from, and the ops that handed it on, from the tensor back to there."""
    names = trace.cached(ExactNames)
    place = trace.values[origin.place.value]
    return {
        "size": origin.size,
        "dim": origin.dim,
        "text": describe(trace, origin),
        "origin": {
            "kind": origin.kind,
            "selector": names.op(origin.op) if origin.op is not None else names.value(place.id) or None,
            "tensor": str(place),
            "dim": origin.place.dim,
            "made": origin.why or None,
            "source": (trace.line(trace.ops[origin.op].source) if origin.op is not None else "") or None,
        },
        "through": [names.op(op) for op in origin.steps],
    }


def ports_frame(trace: Records, selector: str) -> pd.DataFrame:
    """Return the rows of what a selector names as a data frame."""
    return data_frame(list(port_rows(trace, select(trace, selector))), "Trace.to_pandas()")


def path_rows(trace: Records, path: Reach | Use) -> list[dict[str, Any]]:
    """Return a row a call that a path runs through: the call, its ops, and the tensor that leaves it."""
    names = trace.cached(ExactNames)
    return [
        {
            "call": None if step.call is None else names.call(step.call),
            "ops": [names.op(op) for op in step.ops],
            "dtype": trace.values[step.value].dtype,
            "shape": list(trace.values[step.value].shape),
        }
        for step in fold(trace, path)
    ]


def reach_row(trace: Records, reach: Reach) -> dict[str, Any]:
    """Return the answer to "does it reach", with the path or the doubts."""
    doubts = [doubt.text for doubt in reach.doubts]
    return {"answer": reach.answer, "path": path_rows(trace, reach) if reach else [], "doubts": doubts}


def use_row(trace: Records, use: Use | None) -> dict[str, Any]:
    """Return whether something is unused (None: nobody can tell), else its nearest use."""
    path = path_rows(trace, use) if use else []
    unused = None if use is not None and not use.certain else use is None
    return {"unused": unused, "use": use.text if use else None, "path": path}


def overview_row(trace: Records, unused: int) -> dict[str, Any]:
    """Return what was recorded, in numbers."""
    run = trace.run
    counts = {name: len(getattr(trace, name)) for name in ("modules", "calls", "ops", "values", "escapes")}
    return {
        "target": run.target,
        "device": run.device,
        "complete": run.complete,
        **counts,
        "unused": unused,
        "peak_bytes": run.peak_bytes,
        "gradients": dict(run.gradients),
        "training": dict(run.training),
        "inputs": run.told_inputs,
    }


def unused_matches(trace: Records, values: Iterable[int]) -> list[Match]:
    """Return the outputs of ops, details of composite ops left out, that are among some values."""
    wanted = set(values)
    makers = [op for op in trace.ops if op.parent is None and any(p.value in wanted for p in op.outputs)]
    found = output_matches(trace, op_matches(trace, makers))
    return [match for match in found if match.value is not None and match.value.id in wanted]
