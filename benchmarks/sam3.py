"""Measure shapeflow on the official SAM3: what recording and shapes-only running cost.

Each measurement runs in a process of its own, alternating with what it is compared with; the median counts.
``python -m benchmarks.sam3 --skip-real`` leaves out the real forwards, which take minutes and 6 GB.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.document import ROOT, replace_part, table, versions
from benchmarks.processes import Finished, python
from shapeflow.common.process import own_process

PICTURE = ROOT / "examples" / "school-bus.jpg"
PROMPT = "yellow school bus"
DOCUMENT = ROOT / "shapeflow" / "walkthrough" / "shipped" / "sam3.en.md"
CHANGES = 500
"""Changes to the trace of which the walkthrough should notice most."""
COMMAND = ("-m", "shapeflow", "trace", "--prompt", PROMPT, str(PICTURE))
ROUNDS = 5
BEFORE = "05e92f7"
"""A commit from before calls were tried on torch's kernels; `shapeflow trace` is compared with its."""

Row = tuple[str, str, str, str]
"""What was measured, the result, the goal, and whether it is met."""


# In the child process -------------------------------------------------------------------------------------


def bare(_: str) -> dict[str, float]:
    """Return the seconds of importing and building, and of two bare forwards on meta, without shapeflow."""
    started = time.perf_counter()
    import torch
    from PIL import Image
    from sam3.model.sam3_image_processor import Sam3Processor
    from sam3.model_builder import build_sam3_image_model

    from benchmarks.plain import plain
    from shapeflow.adapters.prompt import vocabulary_file

    imported = time.perf_counter()
    with plain(), torch.inference_mode():
        vocabulary = str(vocabulary_file())
        model = build_sam3_image_model(bpe_path=vocabulary, device="cpu", load_from_HF=False)
        processor = Sam3Processor(model, device="cpu")
        picture = Image.open(PICTURE).convert("RGB")
        built = time.perf_counter()

        def run() -> None:
            processor.set_text_prompt(PROMPT, processor.set_image(picture))

        cold, warm = _timed(run), _timed(run)
    return {"import": imported - started, "build": built - imported, "cold": cold, "warm": warm}


@own_process()
def traced(_: str) -> dict[str, float]:
    """Return the same of two shapes-only traces; the second forgets what the first one worked out."""
    started = time.perf_counter()
    import torch

    from shapeflow.adapters.base import load
    from shapeflow.recording.lazy_dynamo import compiler_not_loaded
    from shapeflow.recording.recorder import Recording
    from shapeflow.recording.shapes_only.lacking import Lacking
    from shapeflow.recording.shapes_only.memo import MetaMemo
    from shapeflow.recording.shapes_only.mode import ShapesOnly

    prepare = load("sam3")
    imported = time.perf_counter()
    with compiler_not_loaded(), ShapesOnly() as mode:
        prepared = prepare(request("meta"))
        assert torch._dynamo.config  # its settings, which the bare run imports with the package
        built = time.perf_counter()

        def run() -> None:
            with Recording(prepared.model, shapes_only=mode):
                prepared.run()

        cold = _timed(run)
        mode.memo, mode.concrete.lacking = MetaMemo(), Lacking()
        warm = _timed(run)
    return {"import": imported - started, "build": built - imported, "cold": cold, "warm": warm}


def real(turns: str) -> dict[str, Any]:
    """Return the seconds of real forwards, bare and traced in turn."""
    import torch

    from shapeflow.adapters.base import load
    from shapeflow.recording.recorder import Recording
    from shapeflow.recording.shapes_only.devices import CudaOnCpu

    found: dict[str, list[float]] = {"bare": [], "traced": [], "bare processor": [], "traced processor": []}
    with CudaOnCpu() if not torch.cuda.is_available() else torch.no_grad():
        prepared = load("sam3")(request("cpu"))
        prepared.run()  # the first run fills caches of torch and of the model
        for turn in range(2 * int(turns)):
            name = ("bare", "traced")[turn % 2]
            began, worked = time.perf_counter(), time.process_time()
            if name == "bare":
                prepared.run()
            else:
                with Recording(prepared.model):
                    prepared.run()
            found[name].append(time.perf_counter() - began)
            found[f"{name} processor"].append(time.process_time() - worked)
    return found


def load(path: str) -> dict[str, Any]:
    """Return the seconds of reading a trace and of judging its walkthrough, without torch."""
    from shapeflow.model.trace import Trace

    started = time.perf_counter()
    trace = Trace.load(path)
    loaded = time.perf_counter()
    from shapeflow.walkthrough.check import check

    imported = time.perf_counter()
    claims = len(check(trace, DOCUMENT).verdicts)
    checked = time.perf_counter()
    assert "torch" not in sys.modules
    return {"load": loaded - started, "check": checked - imported, "claims": claims, "ops": len(trace.ops)}


def guarded(path: str) -> dict[str, float]:
    """Return what the walkthrough constrains, and which share of changes it notices, in percent."""
    from shapeflow.coverage.measure import measure
    from shapeflow.coverage.mutation.mutate import mutate
    from shapeflow.model.trace import Trace
    from shapeflow.walkthrough.reader import read

    trace, document = Trace.load(path), read(DOCUMENT)
    shares = measure(trace, document).shares
    started = time.process_time()
    mutation = mutate(trace, document, changes=CHANGES)
    seconds = time.process_time() - started
    return {
        "calls": shares["calls"].percent,
        "joins": shares["joins"].percent,
        "caught": mutation.score.percent,
        "seconds": seconds,
    }


def request(device: str) -> Any:
    """Return the run that is measured."""
    from shapeflow.adapters.request import Request

    return Request("sam3", device, images=(PICTURE,), prompt=PROMPT)


def _timed(run: Callable[[], None]) -> float:
    """Return the seconds until post-processing, which needs data."""
    from shapeflow.errors import EndOfRun

    started = time.perf_counter()
    with suppress(EndOfRun, NotImplementedError):
        run()
    return time.perf_counter() - started


# In the measuring process ---------------------------------------------------------------------------------


def child(function: Callable[[str], Any], argument: str = "-", limit: float = 600) -> Finished:
    """Run one of the functions above in a process of its own."""
    finished = python(["-m", "benchmarks.sam3", "--child", function.__name__, argument], limit)
    if finished.error:
        raise SystemExit(f"{function.__name__} {argument}: {finished.error}")
    return finished


def shapes_only_rows(folder: Path) -> list[Row]:
    """Measure shapes-only forwards and the whole command."""
    output = str(folder / "bus.trace.json.gz")
    runs: dict[str, list[Finished]] = {"bare": [], "traced": [], "command": []}
    for _ in range(ROUNDS):
        runs["bare"].append(child(bare))
        runs["traced"].append(child(traced))
        runs["command"].append(python([*COMMAND, "-o", output]))

    def middle(kind: str, part: str) -> float:
        return statistics.median(run.result[part] for run in runs[kind])

    command = statistics.median(run.seconds for run in runs["command"])
    reference = statistics.median(run.seconds - run.result["warm"] for run in runs["bare"])
    peak = max(run.peak_bytes for run in runs["command"]) / 1e9
    trace = "shapes-only trace over bare forward on meta"
    whole = "`shapeflow trace` over importing, building and one bare forward on meta"
    return [
        over(f"{trace}, the first of its process", middle("traced", "cold"), middle("bare", "cold"), 0.5),
        over(f"{trace}, the second", middle("traced", "warm"), middle("bare", "warm"), 0.5),
        over(whole, command, reference, 1.3),
        single("peak memory of `shapeflow trace`", peak, "GB", 1.2),
    ]


def rows_over(commit: str, folder: Path) -> list[Row]:
    """Compare the whole command with that of an earlier commit, in turn; no rows if git has none of it."""
    files = subprocess.run(
        ["git", "archive", commit, "shapeflow"], cwd=ROOT, capture_output=True, check=False
    )
    if files.returncode:
        print(f"commit {commit} is not here, so nothing is compared with it", file=sys.stderr)
        return []
    (folder / commit).mkdir()
    subprocess.run(["tar", "-x", "-C", folder / commit], input=files.stdout, check=True)
    output = str(folder / "compared.trace.json.gz")
    now, before = [], []
    for _ in range(ROUNDS):
        for seconds, place in ((now, ROOT), (before, folder / commit)):
            finished = python([*COMMAND, "-o", output], folder=place)
            if finished.error:
                raise SystemExit(f"{place}: {finished.error}")
            seconds.append(finished.processor_seconds)
    what = f"`shapeflow trace` over that of commit {commit}, by processor time, the least of {ROUNDS}"
    return [over(what, min(now), min(before), 1.15)]


def real_rows(turns: int, traced: float) -> list[Row]:
    """Measure real forwards; ``traced`` is the seconds of a shapes-only trace."""
    found = child(real, str(turns), 7200).result
    middle = {name: statistics.median(values) for name, values in found.items()}
    processor = middle["traced processor"], middle["bare processor"]
    return [
        over("real trace over real forward, by the clock", middle["traced"], middle["bare"], 1.03),
        over("real trace over real forward, by processor time", *processor, 1.03),
        over("shapes-only trace over real forward", traced, middle["bare"], 0.05),
    ]


def file_rows(folder: Path) -> list[Row]:
    """Measure the trace file: its size, and the time to read it and to judge the walkthrough."""
    path = folder / "bus.trace.json.gz"
    results = [child(load, str(path)).result for _ in range(ROUNDS)]
    seconds, check = (statistics.median(result[part] for result in results) for part in ("load", "check"))
    rows = [
        single("size of the trace file", path.stat().st_size / 1e6, "MB", 3),
        single(f"reading it, {results[0]['ops']:,} ops, without torch", seconds, "s", 0.5),
    ]
    claims = f"judging the {results[0]['claims']:,} claims of the walkthrough"
    rows.append(single(claims, check, "s", 0.5))
    found = child(guarded, str(path)).result
    for kind in ("calls", "joins"):
        rows.append(at_least(f"{kind} that the walkthrough constrains", found[kind], 90))
    rows.append(at_least(f"of {CHANGES} changes to the trace, those that it notices", found["caught"], 95))
    rows.append(single("finding that out, by processor time", found["seconds"], "s", 30))
    return rows


def over(what: str, value: float, reference: float, goal: float) -> Row:
    """Return a row for a ratio."""
    ratio = value / reference
    return (what, f"{value:.2f} s / {reference:.2f} s = **{ratio:.3g}**", *_goal(ratio, goal))


def single(what: str, value: float, unit: str, goal: float) -> Row:
    """Return a row for one quantity."""
    return (what, f"**{value:.2f} {unit}**", *_goal(value, goal, f" {unit}"))


def at_least(what: str, percent: float, goal: float) -> Row:
    """Return a row for a share that should be large."""
    return (what, f"**{percent:.1f} %**", f"at least {goal:g} %", "yes" if percent >= goal else "**no**")


def _goal(value: float, goal: float, unit: str = "") -> tuple[str, str]:
    return f"at most {goal:g}{unit}", "yes" if value <= goal else "**no**"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skip-real", action="store_true", help="leave out the real forwards")
    parser.add_argument("--before", metavar="COMMIT", default=BEFORE, help=f"compare with it ({BEFORE})")
    parser.add_argument("--turns", type=int, default=3, help="real forwards of each kind (default 3)")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    parser.add_argument("--child", nargs=2, metavar=("FUNCTION", "ARGUMENT"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(globals()[args.child[0]](args.child[1])))
        return
    with tempfile.TemporaryDirectory() as name:
        rows = shapes_only_rows(Path(name))
        rows += file_rows(Path(name))
        rows += rows_over(args.before, Path(name))
    if not args.skip_real:
        rows += real_rows(args.turns, float(rows[0][1].split()[0]))
    head = ("what", "measured", "goal", "met")
    packages = versions("torch", "torchvision", "sam3")
    text = f"{table(head, rows)}\n\n{packages}; median of {ROUNDS} processes each, taken in turn."
    print(replace_part("benchmarks.md", "sam3", text) if args.write else text)


if __name__ == "__main__":
    main()
