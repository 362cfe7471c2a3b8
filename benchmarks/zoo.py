"""Run every model of the zoo for real and shapes-only, and compare the records.

``python -m benchmarks.zoo [NAME ...]`` prints the table; ``--write`` puts it into docs/limits.md.
Each run has a process of its own, since models keep tables in caches that would shorten the next run;
it is forked from this one, which has imported the packages.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import torch

from benchmarks.document import replace_part, table, versions
from benchmarks.equality import differences
from benchmarks.forked import ChildError, call, call_each
from benchmarks.models import LISTS, Entry, warm_up, zoo
from shapeflow.adapters.base import Prepared
from shapeflow.model.trace import Trace
from shapeflow.recording import run, trace
from shapeflow.recording.shapes_only.mode import ShapesOnly

SHOWN = ("torch", "torchvision", "timm", "transformers", "diffusers", "open_clip_torch")
CALLER = "benchmarks/zoo.py"
WAYS = ("real", "rebuilt", "existing")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the runs of one model gave."""

    entry: Entry
    calls: int
    ops: int
    problems: tuple[str, ...]
    """Why a run failed, or what is different; empty if all records are the same."""

    @property
    def verdict(self) -> str:
        """``equal``, ``different``, ``no real run``, ``data-dependent`` (it ends early, and why is known)."""
        if not self.problems:
            return "equal"
        if self.problems[0].startswith("real: "):
            return "no real run"
        known = bool(self.entry.limit) and ": NeedsValues" in self.problems[0]
        return "data-dependent" if known else "different"


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


def measure(entry: Entry) -> tuple[int, int, list[str]]:
    """Run one model three times, each in a process of its own; return calls, operations and problems."""
    traces: dict[str, Trace] = {}
    problems = []
    ways = WAYS if entry.may_exist else WAYS[:2]
    for how in ways:
        try:
            traces[how] = call(record, entry, how)
        except ChildError as error:
            problems = [f"{how}: {error}"]
            break
    real = traces.get("real")
    if real is None:
        return 0, 0, problems
    others = [(how, traces[how]) for how in WAYS[1:] if how in traces]
    return len(real.calls), len(real.ops), problems or compare(real, others)


def report(outcomes: Sequence[Outcome]) -> str:
    """Return the table and what it was made with, as Markdown."""
    groups: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.entry.package, outcome.entry.kind].append(outcome)
    head = ("package", "kind", "models", "ops", "equal", "data-dependent", "different")
    rows = []
    for (package, kind), group in groups.items():
        counts = [_count(group, verdict) for verdict in ("equal", "data-dependent", "different")]
        rows.append((package, kind, len(group), sum(outcome.ops for outcome in group), *counts))
    modules = [outcome for outcome in outcomes if outcome.entry.kind.startswith("module")]
    models = [outcome for outcome in outcomes if outcome not in modules]
    lines = [_summary("models", models), _summary("modules of `torch.nn`", modules), f"{versions(*SHOWN)}."]
    reasons: dict[str, list[str]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.problems:
            reasons[_reason(outcome)].append(f"{outcome.entry.name} ({outcome.entry.package})")
    lines += ["", table(head, rows), "", "Those that are not equal:", ""]
    lines += [f"- {', '.join(names)}: {reason}" for reason, names in reasons.items()]
    return "\n".join(lines)


def _count(outcomes: Iterable[Outcome], verdict: str) -> int:
    return sum(outcome.verdict == verdict for outcome in outcomes)


def _summary(what: str, outcomes: Sequence[Outcome]) -> str:
    counted = len(outcomes) - _count(outcomes, "data-dependent")
    equal = _count(outcomes, "equal")
    share = f" ({equal / counted:.1%})" if counted else ""
    return (
        f"{equal} of the {counted} {what} whose sizes do not depend on data give the same records{share}; "
        f"{len(outcomes) - counted} more end where a size depends on data."
    )


def _reason(outcome: Outcome) -> str:
    known = outcome.verdict == "data-dependent"
    return outcome.entry.limit if known else outcome.problems[0].replace("\n", " ")


def wanted(names: Sequence[str]) -> Iterator[Entry]:
    """Yield the models with one of ``names`` in package and name, all without names; tell what is missing."""
    for name, package in LISTS.items():
        if find_spec(package) is None:
            print(f"the list of {name} is left out, {package} is not installed", file=sys.stderr)
    for entry in zoo():
        missing = [name for name in (entry.package, entry.needs) if name and find_spec(name) is None]
        full = f"{entry.package}/{entry.name}".lower()
        if names and not any(name in full for name in names):
            continue
        if missing:
            print(f"{entry.name}: left out, {missing[0]} is not installed", file=sys.stderr)
        else:
            yield entry


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of PACKAGE/NAME; all without it")
    parser.add_argument("--write", action="store_true", help="put the table into docs/limits.md")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    entries = list(wanted([name.lower() for name in args.names]))
    warm_up(entries)
    with ShapesOnly():  # its formulas are loaded once, here
        torch.ones(2)
    found = {}
    for entry, outcome in call_each(measure, entries):
        calls, ops, problems = (0, 0, [f"{outcome}"]) if isinstance(outcome, ChildError) else outcome
        found[entry.package, entry.name] = Outcome(entry, calls, ops, tuple(problems))
        print(f"{entry.package}/{entry.name}: {', '.join(problems[:3]) or 'equal'}", file=sys.stderr)
    outcomes = [found[entry.package, entry.name] for entry in entries]
    text = report(outcomes)
    print(replace_part("limits.md", "zoo", text) if args.write else text)
    return 0 if all(outcome.verdict in ("equal", "data-dependent") for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
