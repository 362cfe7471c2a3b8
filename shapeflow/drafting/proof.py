"""Which lines hold in every run: what a draft proposes is asked before it is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from shapeflow.model.trace import Trace
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse


def holding(traces: Sequence[Trace], lines: Iterable[str]) -> Collection[str]:
    """Return those of some claims, without names of sizes, that hold in all runs."""
    left = dict.fromkeys(line for line in lines if "\n" not in line)
    for trace in traces:
        if not left:
            break
        document = parse("\n".join(["```shapes", *left, "```", ""]))
        results = zip(left, check(trace, document).verdicts, strict=False)
        left = dict.fromkeys(line for line, verdict in results if verdict.status == "holds")
    return left
