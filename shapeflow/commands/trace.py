"""``shapeflow trace``: run a model under observation and keep everything that was seen."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.common.collector import collection_paused
from shapeflow.errors import ExitCode

if TYPE_CHECKING:
    from shapeflow.adapters.base import Request
    from shapeflow.model.trace import Trace
    from shapeflow.recording.capture import Wanted
    from shapeflow.walkthrough.verdict import CheckResult

HELP = "run a model under observation and write its trace"
EXAMPLES = """\
examples:
  shapeflow trace --prompt "yellow school bus" photo.jpg            the official SAM3, shapes only, in seconds
  shapeflow trace --prompt "yellow school bus" photo.jpg --device cpu          the same, really computed
  shapeflow trace --model my_package.models:build_tiny                         any model of your own
  shapeflow trace --model path/to/model.py:build --report tiny.html

A factory is a function without arguments that returns a torch.nn.Module, (model, args) or
(model, args, kwargs). Without a checkpoint nothing large is computed: shapes do not depend on weights."""

INTERRUPTED = 130


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    parser.epilog = EXAMPLES
    add("images", nargs="*", type=Path, metavar="IMAGE", help="a picture; several are one batch")
    add("--prompt", metavar="TEXT", help="what to look for, a short noun phrase")
    box = "CX,CY,W,H"
    add(
        "--box",
        action="append",
        default=[],
        metavar=box,
        help="what is meant, as parts of the image; repeatable",
    )
    add("--negative-box", action="append", default=[], metavar=box, help="what is not meant; repeatable")
    model = "sam3 (default), sam3-transformers, package.module:function or file.py:function"
    add("--model", default="sam3", metavar="MODEL", help=model)
    devices = ("auto", "meta", "cpu", "cuda")
    device = "meta: shapes only; auto (default): the best real device if there is a checkpoint, else meta"
    add("--device", choices=devices, default="auto", help=device)
    add("--checkpoint", type=Path, metavar="FILE", help="weights, .pt or .safetensors")
    add("--seed", type=int, default=0, metavar="N", help="of random weights (default 0)")
    add("-o", "--output", type=Path, metavar="FILE", help="NAME.trace.json or NAME.trace.json.gz")
    add("--report", type=Path, metavar="FILE", help="also write a report, NAME.html")
    add(
        "--depth",
        type=int,
        metavar="N",
        help="levels of calls in the summary (default: as deep as is readable)",
    )
    add("-q", "--quiet", action="store_true", help="no summary and no progress")
    add("--json", action="store_true", help="print the summary as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Check everything that can be checked without torch, run the model, write and sum up."""
    from shapeflow.adapters import name_of, require
    from shapeflow.commands.options import check_outputs, default_output, request_of

    adapter = name_of(args.model)
    request = request_of(args, adapter)
    output = args.output or default_output(request)
    check_outputs(output, args.report)
    require(args.model)
    quiet = args.quiet or args.json
    device = _device(args, quiet)
    trace = _record(args, adapter, _on_device(request, device), quiet)
    trace.save(output)
    _say(f"{output} ({output.stat().st_size / 1e6:.1f} MB)", quiet)
    result = _check(trace)
    if args.report:
        _report(trace, result, args.report)
        _say(str(args.report), quiet)
    if args.json:
        print(json.dumps(_summary(trace, output, args.report, result), ensure_ascii=False))
    elif not args.quiet:
        _show(trace, result, args.depth)
    return _outcome(trace, output, args.verbose)


def _device(args: argparse.Namespace, quiet: bool) -> str:
    """Return ``meta``, ``cpu`` or ``cuda``."""
    if args.device == "meta":
        return "meta"
    if args.device == "auto" and args.checkpoint is None:
        _say("no checkpoint: shapes only, nothing large is computed (--device cpu computes)", quiet)
        return "meta"
    from shapeflow.adapters.device import real_device

    return real_device(args.device)


def _on_device(request: Request, device: str) -> Request:
    """Return the request with its device."""
    from dataclasses import replace

    return replace(request, device=device)


def _record(args: argparse.Namespace, adapter: str, request: Request, quiet: bool) -> Trace:
    """Load the model's code and torch, and run."""
    from shapeflow.runs.progress import FlopCount, Progress

    real = request.device != "meta"
    count = FlopCount(_same_inputs(args)) if real and not quiet else None
    how = f"on {request.device}" if real else "shapes only"
    with Progress(f"{request.target}, {how}", None if quiet else sys.stderr, count) as progress:
        with collection_paused():
            from shapeflow import recording
            from shapeflow.adapters import find

            prepare = partial(find(request.target), request)
        return recording.run(
            prepare,
            device=request.device,
            adapter=adapter,
            target=request.target,
            progress=progress.update,
            keep=_numbers(request.target) if real else {},
        )


def _numbers(target: str) -> dict[str, Wanted]:
    """Return what a real run keeps the numbers of: the tensors that the shipped walkthrough compares."""
    from shapeflow.runs.execute import numbers_for
    from shapeflow.walkthrough.reader import read
    from shapeflow.walkthrough.shipped import find_shipped

    walkthrough = find_shipped(target)
    return numbers_for([read(walkthrough)]) if walkthrough else {}


def _same_inputs(args: argparse.Namespace) -> list[str]:
    """Return the arguments that decide on the shapes, to run the same inputs in another process."""
    words = [f"--model={args.model}", f"--seed={args.seed}"]
    words += [f"--prompt={args.prompt}"] if args.prompt is not None else []
    words += [f"--box={box}" for box in args.box] + [f"--negative-box={box}" for box in args.negative_box]
    return [*words, "--", *map(str, args.images)] if args.images else words


def _check(trace: Trace) -> CheckResult | None:
    """Judge the walkthrough that is shipped for the model, if there is one."""
    from shapeflow.walkthrough.check import check
    from shapeflow.walkthrough.shipped import find_shipped

    document = find_shipped(trace.run.target)
    return check(trace, document) if document and trace.run.complete else None


def _report(trace: Trace, result: CheckResult | None, path: Path) -> None:
    """Write the report as a page."""
    from shapeflow.reporting import renderer
    from shapeflow.reporting.output import save
    from shapeflow.reporting.view.build import build

    page = renderer("html")(build(trace, result))
    save(path, page.encode("utf-8", errors="replace"))


def _show(trace: Trace, result: CheckResult | None, depth: int | None) -> None:
    """Print the stages of the run, and what the shipped walkthrough says of it."""
    from shapeflow.reporting.run_summary import write

    write(trace, sys.stdout, depth)
    if result is not None:
        from shapeflow.reporting.verdicts.text import summary

        print(f"\nwalkthrough {Path(result.document.path).name}\n\n{summary(result)}")


def _summary(
    trace: Trace, output: Path, report: Path | None, result: CheckResult | None
) -> dict[str, object]:
    """Return the summary as plain data."""
    from shapeflow.model.costs import total_flops, total_parameters

    failure = trace.run.failure
    return {
        "trace": str(output),
        "report": str(report) if report else None,
        "target": trace.run.target,
        "device": trace.run.device,
        "complete": trace.run.complete,
        "failure": {"type": failure.type, "message": failure.message} if failure else None,
        "parameters": total_parameters(trace),
        "flops": total_flops(trace),
        "peak_bytes": trace.run.peak_bytes,
        "calls": len(trace.calls),
        "ops": len(trace.ops),
        "values": len(trace.values),
        "seconds": dict(trace.run.seconds),
        "notes": list(trace.run.notes),
        "claims": {**result.counts, "failed": len(result.failed)} if result else None,
    }


def _outcome(trace: Trace, output: Path, verbose: bool) -> int:
    """Return the exit code; a failed run is raised as an error with its place and inputs."""
    failure = trace.run.failure
    if failure is None:
        return ExitCode.FINE
    if failure.type == "KeyboardInterrupt":
        _say(f"interrupted; {output} holds the run up to there and is marked incomplete")
        return INTERRUPTED
    from shapeflow.reporting.failure import failure_error

    raise failure_error(trace, output, verbose=verbose)


def _say(text: str, quiet: bool = False) -> None:
    """Tell the person something that is not the result."""
    if not quiet:
        print(text, file=sys.stderr, flush=True)
