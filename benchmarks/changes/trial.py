"""One change tried: does the walkthrough notice it, and does it change the model at all?

Each try has a process of its own, since a process imports the package once.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from benchmarks.changes import small
from benchmarks.changes.copies import copied, use
from benchmarks.changes.edits import Change
from benchmarks.forked import ChildError, call
from shapeflow.errors import ShapeflowError
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.trace import Trace
from shapeflow.walkthrough.document import Document

LEADING_LINES = 3
"""The place has to be named in these lines of a message."""

Evidence = Literal["numbers", "boxes", "training", "graph", "attributes", "refused", ""]
"""Where a change shows: in the results, in those with boxes only, in training only, in the trace's ops only,
in the attributes of modules only, or in that the model does not run. Empty: nowhere."""
Fact = tuple[str, str]
"""What a trace says: of which place, and what."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What there is to compare with: the package as it is."""

    documents: tuple[Document, ...]
    facts: Sequence[Fact]
    numbers: small.Numbers


@dataclass(frozen=True, slots=True)
class Seen:
    """What the walkthrough says to one version of the package."""

    failed: tuple[str, ...] = ()
    """The claims that fail."""
    lines: tuple[str, ...] = ()
    """The first lines of the message."""
    refused: bool = False
    """The run fails, or asks for what a shapes-only run cannot do."""
    first: str = ""
    """The first thing that the trace says otherwise."""
    graph: bool = False
    """An op or a call is another, or at another place."""
    attributes: bool = False
    """A module has another attribute, class or size."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one change."""

    name: str
    kind: str
    caught: bool
    named: bool
    """The message names the place in its first lines."""
    evidence: Evidence
    apart: float
    """By how much the results differ, as a share of the largest number."""
    seen: Seen

    @property
    def data(self) -> dict[str, Any]:
        """The outcome as plain data."""
        return asdict(self)


def baseline(documents: Sequence[Document]) -> Baseline:
    """Run the package as it is; its walkthroughs have to hold."""
    with copied(None) as folder:
        facts, failed = call(_facts_and_failed, folder, tuple(documents))
    if failed:
        raise SystemExit(f"the walkthrough does not hold for the package as it is: {failed[0]}")
    with copied(None, small.SIZES) as folder:
        return Baseline(tuple(documents), facts, call(small.numbers, folder))


def attempt(change: Change, base: Baseline, numbers: bool = False) -> Outcome:
    """Try one change, in a process that does nothing else: from then on it uses the changed package.

    Args:
        change: what to try.
        base: the package as it is.
        numbers: compare the numbers, too, where the trace alone shows that the model is another.
    """
    with copied(change) as folder:
        try:
            seen = look(folder, base)
        except Exception as error:  # whatever a changed model does
            seen = Seen(lines=_leading(f"{type(error).__name__}: {error}"), refused=True)
    another = seen.refused or seen.graph or seen.attributes
    apart = _apart(change, base) if numbers or change.same or not another else {}
    caught = seen.refused or bool(seen.failed)
    named = caught and any(re.search(change.place, line) for line in seen.lines)
    most = max(apart.values(), default=0.0)
    return Outcome(change.name, change.kind, caught, named, _evidence(seen, apart), most, seen)


def _apart(change: Change, base: Baseline) -> dict[str, float]:
    """Return by how much the small model's results differ, by run."""
    with copied(change, small.SIZES) as folder:
        try:
            return dict(call(_differences, folder, base, change.same))
        except ChildError as error:
            return {f"refused: {error}": float("inf")}


def _evidence(seen: Seen, apart: Mapping[str, float]) -> Evidence:
    """Return where a change shows most."""
    if "no boxes" in apart:
        return "numbers"
    if "boxes" in apart:
        return "boxes"
    if "training" in apart:
        return "training"
    if seen.refused or apart:
        return "refused"
    return "graph" if seen.graph else "attributes" if seen.attributes else ""


def look(folder: Path, base: Baseline) -> Seen:
    """Run a version of the package, shapes only, and judge the walkthroughs."""
    from shapeflow.reporting.verdicts.text import render
    from shapeflow.walkthrough.check import check

    try:
        trace = _run(folder, base.documents)
    except ShapeflowError as error:
        return Seen(lines=_leading(error.render()), refused=True)
    results = [check(trace, document) for document in base.documents]
    failed = [verdict.claim.text for result in results for verdict in result.failed]
    text = next((render(result) for result in results if result.failed), "")
    ran, built = (_unlike(base.facts, trace, kinds) for kinds in (("op", "call"), ("module",)))
    return Seen(tuple(failed), _leading(text), first=ran or built, graph=bool(ran), attributes=bool(built))


def _unlike(expected: Sequence[Fact], trace: Trace, kinds: tuple[str, ...]) -> str:
    """Return the first thing that a trace says otherwise."""
    wanted, found = (
        [fact for fact in some if fact[0].startswith(kinds)] for some in (expected, facts(trace))
    )
    pairs = zip_longest(wanted, found)
    return next((f"{_said(one)} -> {_said(other)}" for one, other in pairs if one != other), "")


def _facts_and_failed(folder: Path, documents: tuple[Document, ...]) -> tuple[list[Fact], list[str]]:
    from shapeflow.walkthrough.check import check

    trace = _run(folder, documents)
    failed = [verdict.claim.text for document in documents for verdict in check(trace, document).failed]
    return list(facts(trace)), failed


def _run(folder: Path, documents: tuple[Document, ...]) -> Trace:
    from shapeflow.runs.documents import run_documents

    use(folder)
    gc.disable()  # the process ends soon
    return run_documents(documents)


def facts(trace: Trace) -> Iterator[Fact]:
    """Yield what a trace says of its ops, calls and modules; lines and times are left out."""
    names = trace.cached(ExactNames)
    for op in trace.ops:
        yield f"op {names.op(op.id)}", " ".join(_port(trace, port) for port in op.ports)
    for one in trace.calls:
        yield f"call {one.exact_name}", " ".join(_port(trace, port) for port in one.ports)
    for module in trace.modules:
        yield (
            f"module {module.path or '.'}",
            f"{module.class_path} {module.own_parameters} {dict(module.attributes)}",
        )


def _port(trace: Trace, port: Any) -> str:
    if port.value is None:
        return f"{port.name}={port.text}"
    value = trace.values[port.value]
    return f"{port.name}={value}#{value.name or value.id}"


def _said(fact: Fact | None) -> str:
    return "nothing" if fact is None else f"{fact[0]}: {fact[1]}"[:400]


def _differences(folder: Path, base: Baseline, thorough: bool) -> dict[str, float]:
    return small.differences(folder, base.numbers, thorough=thorough)


def _leading(text: str) -> tuple[str, ...]:
    return tuple([line for line in text.splitlines() if line.strip()][:LEADING_LINES])
