"""Trace models by name, as a user would, and tell how many are traced at the first try.

``python -m benchmarks.names`` draws 200 names, 50 each of torchvision, timm, the configurations of
transformers, and diffusers together with open_clip, and runs ``shapeflow trace --model PREFIX:NAME`` on each,
in a child of a process that has imported torch and the library. Seconds are processor time of the command;
what importing takes is added, measured in a process of its own. ``--seed N`` draws others, and
``--each 0 timm diffusers`` takes all of two.
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
from pathlib import Path

from benchmarks import forked
from shapeflow.adapters.libraries.library import library
from shapeflow.adapters.specs import spec_of
from shapeflow.errors import ShapeflowError

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

    @property
    def outcome(self) -> str:
        """``traced``, ``refused``: named before the run, or where values decide; else ``wrong``."""
        if self.code == 0:
            return "traced"
        refused = self.code == 2 or self.said.startswith("error[needs-values]")
        return "refused" if refused else "wrong"


GROUPS = ("torchvision", "timm", "transformers", "diffusers+open_clip")
"""What is drawn from by itself: the prefixes of libraries, joined by a plus."""


def main() -> None:
    """Draw, trace and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("groups", nargs="*", default=GROUPS, help="PREFIX or PREFIX+PREFIX")
    parser.add_argument("--each", type=int, default=50, help="names of each group; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", help="these names, as PREFIX:NAME, instead of drawn ones")
    parser.add_argument("--json", type=Path, help="append each result to this file, a line each")
    parser.add_argument("--at-once", type=int, default=1)
    options = parser.parse_args()
    found: list[tuple[Try, float]] = []
    for group in [""] if options.only else options.groups:
        targets = options.only or draw(group, options.each, options.seed)
        prefixes = {target.partition(":")[0] for target in targets}
        imports = {prefix: import_seconds(prefix) for prefix in prefixes}
        tries = list(traced(targets, options.json, options.at_once))
        timed = [(each, each.seconds + imports[each.target.partition(":")[0]]) for each in tries]
        taken = ", ".join(f"{prefix} {seconds:.1f} s" for prefix, seconds in sorted(imports.items()))
        tell(group or "these", timed)
        print(f"  of which importing takes: {taken}", flush=True)
        found += timed
    tell("in all", found)


def draw(group: str, number: int, seed: int) -> Sequence[str]:
    """Return that many names of a group, as targets, or all for 0; of transformers the configurations."""
    known = [
        f"{prefix}:{name}"
        for prefix in group.split("+")
        for name in library(spec_of(f"{prefix}:").library).names()
        if prefix != "transformers" or name.endswith("Config")
    ]
    return known if not number else random.Random(seed).sample(known, min(number, len(known)))


def traced(targets: Sequence[str], kept: Path | None, at_once: int) -> Iterable[Try]:
    """Yield what comes of each name, tried in a child of this process, which imports what all need first."""
    from shapeflow import recording  # noqa: F401 - the children have it then
    from shapeflow.adapters.base import load

    for prefix in {target.partition(":")[0] for target in targets}:
        with contextlib.suppress(ShapeflowError):  # the first name may be one that is refused
            load(next(target for target in targets if target.startswith(f"{prefix}:")))
    for target, answer in forked.call_each(trace, targets, at_once):
        result = answer if isinstance(answer, Try) else Try(target, -1, 0.0, 0.0, str(answer))
        print(f"{result.outcome:7} {result.seconds:6.1f} s  {result.target}", flush=True)
        if result.code:
            print("      " + "\n      ".join(result.said.splitlines()[:12]), flush=True)
        if kept:
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(result)) + "\n")
        yield result


def trace(target: str) -> Try:
    """Run the command in this process."""
    from shapeflow.cli import main as command

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


def tell(called: str, tries: Sequence[tuple[Try, float]]) -> None:
    """Print how many were traced, in what time, and why the others were not; seconds with the imports."""
    by = {kind: [one for one in tries if one[0].outcome == kind] for kind in ("traced", "refused", "wrong")}
    quick = [seconds for _, seconds in by["traced"] if seconds < GOAL]
    slow = sorted(by["traced"], key=lambda one: -one[1])[:3]
    print(
        f"{called}: {len(by['traced'])} of {len(tries)} traced at the first try "
        f"({100 * len(by['traced']) / len(tries):.1f} %), {len(quick)} of them in under {GOAL:g} s; "
        f"{len(by['refused'])} refused with the reason, {len(by['wrong'])} wrong"
    )
    print("  slowest: " + ", ".join(f"{each.target} {seconds:.1f} s" for each, seconds in slow))
    for kind in ("refused", "wrong"):
        for each, _ in by[kind]:
            first = each.said.splitlines()[0] if each.said else f"exit {each.code}"
            print(f"  {kind}: {each.target}: {first}")


if __name__ == "__main__":
    main()
