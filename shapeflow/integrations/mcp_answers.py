"""What the tools of the MCP server answer: rows about a stored trace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from shapeflow import query
from shapeflow.errors import InputError
from shapeflow.integrations.trace_folder import TRACES, WALKTHROUGHS, Folder
from shapeflow.model.flow import all_reach, producers, use_of, users
from shapeflow.model.selector import op_matches
from shapeflow.model.size_origin import size_origin
from shapeflow.model.source_lines import source_place

INLINE = "claims.md"
"""What claims without a document are called."""
ASK = "ask: show, line, or overview with a selector; '…' continues the selector above"
"""How to ask for what an overview leaves out."""
SHIPPED = "the one that is shipped for the model"

Arguments = Mapping[str, Any]
Answer = dict[str, Any]


def _limited(rows: Iterable[Any], limit: int) -> tuple[list[Any], int]:
    """Return the first rows, and how many more there are."""
    rest = iter(rows)
    first = list(islice(rest, limit))
    return first, sum(1 for _ in rest)


def list_traces(folder: Folder, given: Arguments) -> Answer:
    """Return the traces and walkthroughs that there are."""
    rows = [{"trace": name, "bytes": (folder.root / name).stat().st_size} for name in folder.names(TRACES)]
    return {"traces": rows, "walkthroughs": folder.names(WALKTHROUGHS)}


def overview(folder: Folder, given: Arguments) -> Answer:
    """Return the model, or what is in some calls, at a glance."""
    from shapeflow.reporting.overview import calls_at, overview_row

    trace = folder.trace(given["trace"])
    calls = calls_at(trace, given["selector"]) if given["selector"] else None
    return overview_row(trace, given["trace"], given["max_chars"], calls, ask=ASK)


def show(folder: Folder, given: Arguments) -> Answer:
    """Return the tensors that a selector names, or the ops beside them."""
    trace, selector = folder.trace(given["trace"]), given["selector"]
    if given["what"] == "ports":
        matches = trace.select(selector)
    else:
        ops = (users if given["what"] == "users" else producers)(trace, selector)
        matches = query.output_matches(trace, op_matches(trace, ops))
    rows, more = _limited(query.port_rows(trace, matches, made=given["what"] == "ports"), given["limit"])
    return {"rows": rows, "left_out": more}


def made_by_line(folder: Folder, given: Arguments) -> Answer:
    """Return what lines of source made."""
    trace, place = folder.trace(given["trace"]), source_place(given["place"])
    if place is None or place.port:
        raise InputError(
            "tool-argument",
            f"'{given['place']}' is not a line of source",
            where="tool line",
            expected="FILE:LINE such as decoder.py:77, or FILE:NAME such as decoder.py:boxes",
        )
    rows, more = _limited(query.line_rows(trace, trace.select(given["place"])), given["limit"])
    return {"lines": rows, "left_out": more}


def reaches(folder: Folder, given: Arguments) -> Answer:
    """Return whether data flows from one place to another."""
    trace = folder.trace(given["trace"])
    reach = trace.reaches(given["source"], given["destination"])
    if reach:  # a pattern means all that it names
        reach = all_reach(trace, given["source"], given["destination"])[2]
    return query.reach_row(trace, reach)


def is_unused(folder: Folder, given: Arguments) -> Answer:
    """Return whether nothing that is returned depends on a tensor."""
    trace = folder.trace(given["trace"])
    return query.use_row(trace, use_of(trace, given["selector"]))


def never_read(folder: Folder, given: Arguments) -> Answer:
    """Return what was produced and never read."""
    trace = folder.trace(given["trace"])
    matches = query.unused_matches(trace, [value.id for value in trace.unused()])
    rows, more = _limited(query.port_rows(trace, matches), given["limit"])
    return {"rows": rows, "left_out": more}


def lint(folder: Folder, given: Arguments) -> Answer:
    """Return what runs without an error and is probably wrong."""
    from shapeflow.commands.lint import data_of
    from shapeflow.lint.check import ignored_of
    from shapeflow.lint.check import lint as look

    trace = folder.trace(given["trace"])
    silenced = [ignored_of(entry, "argument ignore") for entry in (given["ignore"] or "").split()]
    data = data_of(look(trace, silenced), Path(given["trace"]), complete=trace.run.complete)
    rows = data["findings"]
    assert isinstance(rows, list), "findings are a list"
    findings, more = _limited(rows, given["limit"])
    return {"complete": data["complete"], "findings": findings, "left_out": more}


def size_of(folder: Folder, given: Arguments) -> Answer:
    """Return where a size comes from."""
    trace = folder.trace(given["trace"])
    return query.size_row(trace, size_origin(trace, given["selector"], given["dim"]))


def check(folder: Folder, given: Arguments) -> Answer:
    """Return the verdicts on claims."""
    from shapeflow.reporting.verdicts.json_data import data_of
    from shapeflow.walkthrough.check import check as judge
    from shapeflow.walkthrough.reader import parse, read
    from shapeflow.walkthrough.shipped import shipped

    trace, claims, name = folder.trace(given["trace"]), given["claims"], given["walkthrough"]
    if claims and name:
        what = "'claims' and 'walkthrough' exclude each other"
        raise InputError("tool-argument", what, where="tool check", hint="two calls")
    if claims:
        document = parse(claims if "```" in claims else f"```shapes\n{claims}\n```\n", INLINE)
    elif name:
        document = read(folder.path(name, "walkthrough", WALKTHROUGHS), name)
    else:
        document = read(shipped(trace.run.target))
    data = data_of(judge(trace, document, partial=True))
    shown = [verdict for verdict in data["verdicts"] if claims or not verdict["passed"]]
    verdicts, more = _limited(shown, given["limit"])
    kept = {key: data[key] for key in ("passed", "counts", "causes")}
    return {"document": name or (INLINE if claims else SHIPPED), **kept} | {
        "verdicts": verdicts,
        "left_out": more,
    }
