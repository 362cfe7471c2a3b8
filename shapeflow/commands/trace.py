"""``shapeflow trace``: run a model under observation and keep everything that was seen."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.commands.console import print_json, say, tell_interruption
from shapeflow.commands.pages import BOTH, files_of, views_of
from shapeflow.commands.summary_table import add_options, check_forms, is_plain, put_table
from shapeflow.common.collector import collection_paused
from shapeflow.common.files import is_standard_output, is_stream
from shapeflow.common.places import display_target
from shapeflow.common.printing import put
from shapeflow.errors import ExitCode

if TYPE_CHECKING:
    from shapeflow.adapters.request import Request
    from shapeflow.model.trace import Trace
    from shapeflow.walkthrough.verdict import CheckResult

EXAMPLES = """\
examples:
  shapeflow trace --prompt "yellow school bus" photo.jpg            the official SAM3, shapes only, in seconds
  shapeflow trace --prompt "yellow school bus" photo.jpg --device cpu          the same, really computed
  shapeflow trace --model torchvision:resnet50                                 a model of an installed library
  shapeflow trace --model exported.pt2                                         a model in a file
  shapeflow trace --model my_package.models:build_tiny                         any model of your own
  shapeflow trace --model path/to/model.py:build --report tiny.html

A factory is a function without arguments that returns a torch.nn.Module, (model, args) or
(model, args, kwargs). Without a checkpoint nothing large is computed: shapes do not depend on weights."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    parser.epilog = EXAMPLES
    add("image", nargs="*", metavar="IMAGE", help="a picture; several are one batch")
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
    model = (
        "sam3 (default); LIBRARY:NAME, see 'shapeflow models'; a model file, such as NAME.pt2; "
        "package.module:function or file.py:function"
    )
    add("--model", default="sam3", metavar="MODEL", help=model)
    value = "f32[1,3,224,224], i64[2,16]<30522, a number, true, none, a picture, x.npy, x.pt, or text"
    add(
        "--input",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"what the model gets by that name: {value}; repeatable",
    )
    add("--call", metavar="METHOD", help="run this method, of the model or of a part, not its forward")
    add("--train", action="store_true", default=None, help="in training mode")
    add("--backward", action="store_true", default=None, help="also backward, from the sum of the outputs")
    devices = ("auto", "meta", "cpu", "cuda")
    device = "meta: shapes only; auto (default): the best real device if there is a checkpoint, else meta"
    add("--device", choices=devices, default="auto", help=device)
    add("--checkpoint", metavar="FILE", help="weights, .pt or .safetensors")
    trust = "let a model file execute code of its own while it is read"
    add("--trust", action="store_true", help=trust)
    add("--seed", type=int, default=0, metavar="N", help="of random weights (default 0)")
    kept = "pictures: small pictures of features, attention, boxes and masks (at most 600 kB), for the report"
    add("--keep", choices=("pictures",), help=kept)
    add("-o", "--output", type=Path, metavar="FILE", help="NAME.trace.json or NAME.trace.json.gz")
    name = "which of the runs of a document it is; 'check' then knows its trace among several"
    add("--name", default="", metavar="RUN", help=name)
    add("--report", type=Path, metavar="FILE", help="also write a report, NAME.html")
    add("--lang", choices=("en", "zh", BOTH), help="language of the report; both: also NAME.zh.html")
    add_options(parser)
    add("--summary", action="store_true", help="also print the table that torchinfo gives, to compare")
    add("-q", "--quiet", action="store_true", help="no summary and no progress")
    add("--json", action="store_true", help="print the summary as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Check everything that can be checked without torch, run the model, write and sum up."""
    from shapeflow.adapters.specs import require, require_package, spec_of
    from shapeflow.commands.options import check_outputs, default_output, request_of
    from shapeflow.runs.execute import depends_on_values, on_device

    check_forms(args)
    request = replace(request_of(args), trust=args.trust)
    wanted = args.output or default_output(request)
    for page in files_of(args.report, args.lang) if args.report else [None]:
        check_outputs(wanted, page)
    require(spec_of(request.target), request.target)
    if args.summary:
        require_package("torchinfo", "the layer table", "option --summary")
    quiet = args.quiet or not is_plain(args)
    shown = (args.json or not args.quiet) and not is_standard_output(wanted)
    if args.device == "auto" and request.checkpoint is None:
        say("no checkpoint: shapes only, nothing large is computed (--device cpu computes)", quiet)
    trace = _record(on_device(request, args.device), quiet, pictures=args.keep == "pictures")
    if args.device == "auto" and depends_on_values(trace, request):
        say("its shapes depend on values: really computed now, on random weights", quiet)
        real = replace(request, device="cpu")
        trace = _record(real, quiet, pictures=args.keep == "pictures")
    trace = replace(trace, run=replace(trace.run, name=args.name))
    with collection_paused():  # torch and the trace are many objects, and what is made of them stays
        return _show_all(args, trace, wanted, quiet=quiet, shown=shown)


def _show_all(args: argparse.Namespace, trace: Trace, wanted: Path, *, quiet: bool, shown: bool) -> int:
    """Write a trace, judge it, and say what is in it."""
    from shapeflow.commands.options import place_of

    output = place_of(trace, wanted)
    trace.save(output)
    size = "" if is_stream(output) else f" ({output.stat().st_size / 1e6:.1f} MB)"
    say(f"{output}{size}", quiet)
    result = _check(trace)
    report = args.report
    if report:
        report = report if output == wanted else report.with_name(f"{report.stem}.failed.html")
        for page in _report(trace, result, report, args.lang):
            say(str(page), quiet)
    try:
        if args.json and shown:
            print_json(_summary(trace, args, output, report, result))
        elif shown:
            _show(trace, result, args, output)
            _point_at(trace, output)
        if args.summary and shown:
            _show_layers(trace, args.depth)
    except OSError:
        if trace.run.complete:  # else it matters more that the run failed than that nobody listens
            raise
    return _outcome(trace, output, args.verbose, kept=wanted)


def _record(request: Request, quiet: bool, *, pictures: bool) -> Trace:
    """Run, and show how far it is."""
    from shapeflow.adapters.request import to_arguments
    from shapeflow.runs.execute import execute
    from shapeflow.runs.numbers import numbers_of
    from shapeflow.runs.progress import FlopCount, Progress

    real = request.device != "meta"
    # Weights do not matter for FLOPs.
    count = FlopCount(to_arguments(replace(request, checkpoint=None))) if real and not quiet else None
    label = f"{display_target(request.target)}, {f'on {request.device}' if real else 'shapes only'}"
    with Progress(label, None if quiet else sys.stderr, count) as progress:
        captured = numbers_of(request)
        return execute(request, progress=progress.update, capture=captured, pictures=pictures)


def _check(trace: Trace) -> CheckResult | None:
    """Judge the walkthrough that is shipped for the model, if there is one."""
    from shapeflow.walkthrough.check import check
    from shapeflow.walkthrough.shipped import find_shipped

    document = find_shipped(trace.run.target)
    return check(trace, document, partial=True) if document and trace.run.complete else None


def _report(trace: Trace, result: CheckResult | None, path: Path, language: str | None) -> Iterator[Path]:
    """Write the report as a page, or as one in each language, and yield where they are."""
    from shapeflow.reporting import renderer
    from shapeflow.reporting.output import save

    for file, view in views_of(trace, path, language, alone=result is None):
        save(file, renderer("html")(view).encode("utf-8", errors="replace"))
        yield file


def _show(trace: Trace, result: CheckResult | None, args: argparse.Namespace, output: Path) -> None:
    """Print the table of the run, and what the shipped walkthrough says of it."""
    facts = []
    if result is not None:
        from shapeflow.reporting.verdicts.text import sentence

        name = Path(result.document.path).name
        facts.append(("walkthrough", f"{name}: {sentence(result)}; shapeflow check {output} lists them"))
    put_table(trace, args, output, facts)


def _point_at(trace: Trace, output: Path) -> None:
    """Print the short list of what is probably wrong in a run that came to its end."""
    from shapeflow.commands.lint import WIDTH, short_list
    from shapeflow.reporting.summary.text import width_of

    width = min(width_of(sys.stdout) or WIDTH, WIDTH)
    lines = short_list(trace, output, width) if trace.run.complete else []
    if lines:
        put("\n" + "\n".join(lines))


def _show_layers(trace: Trace, depth: int | None) -> None:
    """Print the layer table of torchinfo."""
    from shapeflow.runs.layer_table import DEPTH, layer_table

    put(f"\n{layer_table(trace, depth or DEPTH)}")


def _summary(
    trace: Trace, args: argparse.Namespace, output: Path, report: Path | None, result: CheckResult | None
) -> dict[str, object]:
    """Return the summary as plain data."""
    from shapeflow.model.costs import total_flops, total_parameters

    failure = trace.run.failure
    table = trace.summary(args.depth, unfold=args.unfold)
    return {
        "schema": "shapeflow.summary/1",
        "trace": str(output),
        "report": str(report) if report else None,
        "target": trace.run.target,
        "device": trace.run.device,
        "complete": trace.run.complete,
        "failure": {"type": failure.type, "message": failure.message} if failure else None,
        "parameters": total_parameters(trace),
        "flops": total_flops(trace),
        "peak_bytes": trace.run.peak_bytes,
        "gradients": dict(trace.run.gradients),
        "training": dict(trace.run.training),
        "calls": len(trace.calls),
        "ops": len(trace.ops),
        "values": len(trace.values),
        "seconds": dict(trace.run.seconds),
        "notes": list(trace.run.notes),
        "claims": {**result.counts, "failed": len(result.failed)} if result else None,
        **table.to_dict(),
    }


def _outcome(trace: Trace, output: Path, verbose: bool, kept: Path) -> int:
    """Return the exit code; a failed run is raised as an error with its place and inputs."""
    failure = trace.run.failure
    if failure is None:
        return ExitCode.FINE
    if output != kept:
        say(f"{kept} is of another run and was left as it is; this run, up to its end, is in {output}")
    if failure.type == "KeyboardInterrupt":
        return tell_interruption(f"; {output} holds the run up to there and is marked incomplete")
    from shapeflow.runs.failure import failure_error

    raise failure_error(trace, output, verbose=verbose)
