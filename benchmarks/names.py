"""Trace models by name, as a user would, and tell how many are traced at the first try.

``python -m benchmarks.names --each 50 --seed 0 torchvision timm open_clip`` draws names of each library
and runs ``shapeflow trace --model PREFIX:NAME`` on each, in a child of a process that has imported torch and
the library. Seconds are processor time of the command; what importing takes is added, measured in a process
of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmarks import forked
from shapeflow.adapters.libraries.library import library
from shapeflow.adapters.specs import spec_of

GOAL = 10.0
"""Seconds in which a model should be traced."""


@dataclass(frozen=True, slots=True)
class Try:
    """What came of one name."""

    target: str
    code: int
    """The exit code of the command, or -1 if the child was killed."""
    seconds: float
    """Of processor time."""
    wall: float
    said: str
    """The error, if there is one."""


def main() -> None:
    """Draw, trace and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "prefixes", nargs="*", default=["torchvision", "timm", "open_clip", "transformers", "diffusers"]
    )
    parser.add_argument("--each", type=int, default=50, help="names of each library; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", help="these names instead of drawn ones")
    parser.add_argument("--json", type=Path, help="append each result to this file, a line each")
    parser.add_argument("--at-once", type=int, default=1)
    options = parser.parse_args()
    for prefix in options.prefixes:
        drawn = options.only or draw(prefix, options.each, options.seed)
        tries = list(traced(prefix, drawn, options.json, options.at_once))
        tell(prefix, tries, import_seconds(prefix))


def draw(prefix: str, number: int, seed: int) -> Sequence[str]:
    """Return that many names of a library, or all for 0."""
    known = list(library(spec_of(f"{prefix}:").library).names())
    return known if not number else random.Random(seed).sample(known, min(number, len(known)))


def traced(prefix: str, names: Sequence[str], kept: Path | None, at_once: int) -> Iterable[Try]:
    """Yield what comes of each name, tried in a child of this process, which imports what all need first."""
    from shapeflow import recording  # noqa: F401 - the children have it then
    from shapeflow.adapters.base import load

    load(f"{prefix}:{names[0]}")
    for name, answer in forked.call_each(partial(trace, prefix), names, at_once):
        result = answer if isinstance(answer, Try) else Try(f"{prefix}:{name}", -1, 0.0, 0.0, str(answer))
        print(f"{result.code:3} {result.seconds:6.1f} s  {result.target}", flush=True)
        if result.code:
            print("      " + "\n      ".join(result.said.splitlines()[:12]), flush=True)
        if kept:
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(result)) + "\n")
        yield result


def trace(prefix: str, name: str) -> Try:
    """Run the command in this process."""
    from shapeflow.cli import main as command

    target = f"{prefix}:{name}"
    said = io.StringIO()
    started, wall = time.process_time(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(said):
        output = Path(folder) / "model.trace.json.gz"
        with contextlib.redirect_stdout(io.StringIO()):
            code = command(["trace", "--model", target, "-o", str(output)])
        size = output.stat().st_size if output.is_file() else 0
    error = said.getvalue()
    error = error[error.find("error[") :] if "error[" in error else error
    if code == 0 and not size:
        code, error = -1, "no trace was written"
    return Try(target, code, time.process_time() - started, time.perf_counter() - wall, error if code else "")


def import_seconds(prefix: str) -> float:
    """Return the processor time of a process that imports what a trace of this library needs."""
    code = f"from shapeflow import recording; from shapeflow.adapters.base import load; import {prefix}"
    before = os.times()
    subprocess.run([sys.executable, "-c", code], check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def tell(prefix: str, tries: Sequence[Try], imports: float) -> None:
    """Print how many were traced, and in what time."""
    fine = [each for each in tries if each.code == 0]
    quick = [each for each in fine if each.seconds + imports < GOAL]
    slow = sorted(fine, key=lambda each: -each.seconds)[:3]
    print(
        f"{prefix}: {len(fine)} of {len(tries)} traced ({100 * len(fine) / len(tries):.1f} %), "
        f"{len(quick)} of them in under {GOAL:g} s; importing takes {imports:.1f} s"
    )
    print("  slowest: " + ", ".join(f"{each.target} {each.seconds + imports:.1f} s" for each in slow))
    for each in tries:
        if each.code:
            first = each.said.splitlines()[0] if each.said else ""
            print(f"  {each.target}: exit {each.code}, {first}")


if __name__ == "__main__":
    main()
