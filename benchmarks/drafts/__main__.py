"""Draft ten models, change each in four ways, and count the changes that its draft notices.

``python -m benchmarks.drafts [NAME ...]`` prints the table; ``--write`` puts it into docs/init.md;
``--keep FOLDER`` keeps the drafts. Each model has a process of its own.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import nn

from benchmarks.document import replace_part, table, versions
from benchmarks.drafts.changes import CHANGES, UnchangeableError
from benchmarks.drafts.models import MODELS
from benchmarks.forked import call
from shapeflow.adapters.base import Prepared, load
from shapeflow.adapters.request import Request
from shapeflow.drafting.draft import draft
from shapeflow.model.trace import Trace
from shapeflow.recording import run
from shapeflow.runs.variants import vary
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse

SHOWN = ("torch", "torchvision", "timm", "transformers", "diffusers")


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft and what it was made from."""

    text: str
    claims: int
    runs: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Tried:
    """One change of one model."""

    what: str
    failed: tuple[str, ...]
    """The claims that it contradicts."""


def make(name: str) -> Drafted:
    """Trace a model, vary it and draft it."""
    trace = _trace(name)
    start = time.perf_counter()
    variation = vary(trace, lambda text: None)
    made = draft(trace, variation)
    return Drafted(made.text, made.claims, len(variation.runs) + 1, time.perf_counter() - start)


def attempt(name: str, kind: str, text: str) -> Tried | None:
    """Change a model, trace it and judge its draft; None if it cannot be changed so."""
    trace = _trace(name)
    torch.manual_seed(0)
    model, inputs = MODELS[name]()
    kept: list[Trace] = []

    def runs(changed: nn.Module) -> bool:
        try:
            prepared = Prepared(changed, partial(changed, **inputs), {}, {})
            with torch.no_grad():
                kept[:] = [run(lambda: prepared, device="cpu", adapter="factory", target=trace.run.target)]
        except Exception:
            return False
        return kept[0].run.complete

    try:
        what = CHANGES[kind](model, trace, runs)
    except UnchangeableError:
        return None
    return Tried(what, tuple(verdict.claim.text for verdict in check(kept[0], parse(text)).failed))


def _trace(name: str) -> Trace:
    target = f"benchmarks.drafts.models:{MODELS[name].__name__}"
    return run(
        partial(load(target), Request(target, "meta")), device="meta", adapter="factory", target=target
    )


def report(drafts: dict[str, Drafted], tried: dict[tuple[str, str], Tried | None]) -> str:
    """Return the table and its sums, as Markdown."""
    rows = []
    for name, one in drafts.items():
        cells = [_cell(tried[name, kind]) for kind in CHANGES]
        rows.append((name, one.claims, one.runs, f"{one.seconds:.1f} s", *cells))
    caught = [sum(_noticed(tried[name, kind]) for name in drafts) for kind in CHANGES]
    rows.append(("**noticed**", "", "", "", *(f"**{number} of {len(drafts)}**" for number in caught)))
    return f"{table(('model', 'claims', 'runs', 'time', *CHANGES), rows)}\n\n{versions(*SHOWN)}."


def _noticed(one: Tried | None) -> bool:
    return one is not None and bool(one.failed)


def _cell(one: Tried | None) -> str:
    if one is None:
        return "not possible"
    return f"{len(one.failed)} claims" if one.failed else "unnoticed"


def main(arguments: Sequence[str] | None = None) -> int:
    """Draft, change, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="part of a model's name (default: all)")
    parser.add_argument("--write", action="store_true", help="put the table into docs/init.md")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the drafts")
    args = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    wanted = [name for name in MODELS if not args.names or any(n.lower() in name.lower() for n in args.names)]
    drafts: dict[str, Drafted] = {}
    tried: dict[tuple[str, str], Tried | None] = {}
    for name in wanted:
        drafts[name] = call(make, name)
        if args.keep:
            args.keep.mkdir(parents=True, exist_ok=True)
            (args.keep / f"{MODELS[name].__name__}.md").write_text(drafts[name].text, encoding="utf-8")
        print(f"{name}: {drafts[name].claims} claims, {drafts[name].seconds:.1f} s", file=sys.stderr)
        for kind in CHANGES:
            tried[name, kind] = one = call(attempt, name, kind, drafts[name].text)
            shown = (
                "not possible" if one is None else f"{one.what}: {len(one.failed)} claims {one.failed[:3]}"
            )
            print(f"  {kind}: {shown}", file=sys.stderr, flush=True)
    text = report(drafts, tried)
    print(replace_part("init.md", "drafts", text) if args.write else text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
