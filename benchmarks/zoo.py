"""Run every model of the zoo for real and shapes-only, and compare the records.

``python -m benchmarks.zoo [NAME ...]`` prints the table; ``--write`` puts it into docs/limits.md.
Each run has a process of its own, since models keep tables in caches that would shorten the next run.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec

import torch

from benchmarks.document import replace_part, table, versions
from benchmarks.equality import differences
from benchmarks.models import ZOO, Entry
from shapeflow.adapters.base import Prepared
from shapeflow.model.trace import Trace
from shapeflow.recording import run, trace

PACKAGES = ("torch", "torchvision", "timm", "transformers", "diffusers")
SECONDS = 300
CALLER = "benchmarks/zoo.py"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the runs of one model gave."""

    entry: Entry
    real: Trace
    problems: tuple[str, ...]
    """Why a run failed, or what is different; empty if all records are the same."""

    @property
    def is_explained(self) -> bool:
        """True if all is equal, or if the shapes-only run stopped at a shape that depends on data."""
        return not self.problems or (bool(self.entry.limit) and "NeedsValues" in self.problems[0])


def record(entry: Entry, how: str) -> Trace:
    """Return one trace of a model; a failed run gives the trace up to there.

    Args:
        entry: the model.
        how: ``real``; ``rebuilt``: shapes-only, building included; ``existing``: shapes-only on a real model.
    """
    torch.manual_seed(0)
    with torch.no_grad():
        if how == "existing":
            model, inputs = entry.build()
            runner: Callable[[], Trace] = partial(trace, model, device="meta", **inputs)
        else:
            device = "cpu" if how == "real" else "meta"
            runner = partial(
                run, partial(_prepare, entry), device=device, adapter="factory", target=entry.name
            )
        try:
            return runner()
        except Exception as error:
            if not hasattr(error, "shapeflow_trace"):
                raise
            return error.shapeflow_trace


def _prepare(entry: Entry) -> Prepared:
    model, inputs = entry.build()
    return Prepared(model, partial(model, **inputs), {}, {})


def compare(real: Trace, others: Iterable[tuple[str, Trace]]) -> list[str]:
    """Return what is wrong with a real run, or what is different in the others."""
    for name, other in (("real", real), *others):
        failure = other.run.failure
        if failure is not None:
            line = "" if failure.source is None else f" at {other.sources[failure.source]}"
            return [f"{name}: {failure.type}{line}: {failure.message}"]
    return [f"{name}: {line}" for name, other in others for line in differences(real, other, CALLER)]


def measure(entry: Entry) -> Outcome:
    """Run one model three times, each in a process of its own."""
    traces = {}
    for how in ("real", "rebuilt", "existing"):
        with multiprocessing.get_context("fork").Pool(1) as pool:
            traces[how] = pool.apply_async(_record_named, (entry.name, how)).get(SECONDS)
    problems = compare(traces["real"], [(how, traces[how]) for how in ("rebuilt", "existing")])
    return Outcome(entry, traces["real"], tuple(problems))


def _record_named(name: str, how: str) -> Trace:
    return record(next(entry for entry in ZOO if entry.name == name), how)


def distinct_shapes(recorded: Trace) -> int:
    """Return how many different shapes the results of ops have."""
    return len({value.shape for value in recorded.values if value.origin == "op"})


def report(outcomes: list[Outcome]) -> str:
    """Return the table and what it was made with, as Markdown."""
    rows = []
    for outcome in outcomes:
        entry, real = outcome.entry, outcome.real
        verdict = "equal" if not outcome.problems else "no: " + (entry.limit or outcome.problems[0])
        cells = (entry.name, entry.kind, entry.package, len(real.calls), len(real.ops), distinct_shapes(real))
        rows.append((*cells, verdict))
    head = ("model", "kind", "package", "calls", "ops", "distinct shapes", "equal?")
    equal = sum(not outcome.problems for outcome in outcomes)
    summary = f"{equal} of {len(outcomes)} models give the same records. {versions(*PACKAGES)}."
    return f"{summary}\n\n{table(head, rows)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of a model's name; all without it")
    parser.add_argument("--write", action="store_true", help="put the table into docs/limits.md")
    args = parser.parse_args()
    for package in PACKAGES:
        if find_spec(package):
            import_module(package)
    outcomes = []
    for entry in ZOO:
        missing = [name for name in (entry.package, entry.needs) if name and find_spec(name) is None]
        if missing:
            print(f"{entry.name}: left out, {missing[0]} is not installed", file=sys.stderr)
        elif not args.names or any(name.lower() in entry.name.lower() for name in args.names):
            outcomes.append(measure(entry))
            print(f"{entry.name}: {', '.join(outcomes[-1].problems[:3]) or 'equal'}", file=sys.stderr)
    text = report(outcomes)
    print(replace_part("limits.md", "zoo", text) if args.write else text)
    return 0 if all(outcome.is_explained for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
