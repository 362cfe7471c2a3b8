"""How long a report takes, how large it is and how soon a browser has it: SAM3's, and one ten times as large.

    python benchmarks/report_render.py sam3.trace.json.gz [--repeats N]

Prints a Markdown table. The larger trace is the given one laid end to end ten times. "Render" is the building
and rendering as the command does it, without reading the trace and judging. "Readable" is the first paint of
text, "interactive" when the script has started and answers; the explorer draws its tree when it is opened.
Both are medians.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from shapeflow.model.records import Call, Op, Port, Value
from shapeflow.model.trace import Trace
from shapeflow.reporting.formats import html
from shapeflow.reporting.view.build import build
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.shipped import find_shipped
from shapeflow.walkthrough.verdict import CheckResult

PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
READY = "performance.getEntriesByName('ready')[0].startTime"


def enlarged(trace: Trace, times: int) -> Trace:
    """Return a trace that holds ``trace`` ``times`` over, one run after another."""
    values: list[Value] = []
    ops: list[Op] = []
    calls: list[Call] = []
    counts: dict[str, int] = {}
    for _ in range(times):
        v, o, c = len(values), len(ops), len(calls)

        def ports(items: tuple[Port, ...], shift: int = v) -> tuple[Port, ...]:
            return tuple(p if p.value is None else replace(p, value=p.value + shift) for p in items)

        for value in trace.values:
            producer = None if value.producer is None else value.producer + o
            storage = None if value.storage is None else value.storage + v
            values.append(replace(value, id=value.id + v, producer=producer, storage=storage))
        for op in trace.ops:
            call = None if op.call is None else op.call + c
            parent = None if op.parent is None else op.parent + o
            ins, outs = ports(op.inputs), ports(op.outputs)
            ops.append(replace(op, id=op.id + o, call=call, parent=parent, inputs=ins, outputs=outs))
        for call_record in trace.calls:
            name = call_record.name
            index, counts[name] = counts.get(name, 0), counts.get(name, 0) + 1
            parent = None if call_record.parent is None else call_record.parent + c
            first, last = call_record.first_op + o, call_record.last_op + o
            ins, outs = ports(call_record.inputs), ports(call_record.outputs)
            moved = replace(call_record, id=call_record.id + c, index=index, parent=parent, first_op=first)
            calls.append(replace(moved, last_op=last, inputs=ins, outputs=outs))
    return replace(trace, values=tuple(values), ops=tuple(ops), calls=tuple(calls), escapes=())


def browser_times(file: Path, repeats: int) -> tuple[float, float] | None:
    """Return the medians of first paint and of being interactive, in milliseconds; None without a browser."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if chromium is None:
        return None
    painted, ready = [], []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(repeats):
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(file.as_uri(), wait_until="commit")
            page.wait_for_selector("html[data-ready=true]", state="attached")
            ready.append(page.evaluate(READY))
            painted.append(page.evaluate(PAINTED))
            page.close()
        browser.close()
    return statistics.median(painted), statistics.median(ready)


def row(name: str, trace: Trace, result: CheckResult | None, repeats: int) -> str:
    """Return one line of the table."""
    start = time.perf_counter()
    text = html.render(build(trace, result, copy=True))
    seconds = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.html"
        file.write_bytes(text.encode("utf-8", errors="replace"))
        size = file.stat().st_size / 1e6
        times = browser_times(file, repeats)
    shown = [f"{number:.0f} ms" for number in times] if times else ["no browser", "no browser"]
    amounts = f"{len(trace.calls):,} | {len(trace.ops):,}"
    return f"| {name} | {amounts} | {seconds:.1f} s | {size:.2f} MB | {' | '.join(shown)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the report.")
    parser.add_argument("trace", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    trace = Trace.load(args.trace)
    path = find_shipped(trace.run.target)
    result = check(trace, path) if path else None
    large = enlarged(trace, 10)
    print("| report | calls | ops | render | file | readable | interactive |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    print(row("with its walkthrough", trace, result, args.repeats), flush=True)
    print(row("the trace alone", trace, None, args.repeats), flush=True)
    print(row("ten times the trace", large, None, args.repeats), flush=True)


if __name__ == "__main__":
    main()
