"""``shapeflow init``: draft a walkthrough of any model from a trace, with symbols where sizes can vary."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeflow.commands.console import print_json, say, written
from shapeflow.commands.meant import load_trace
from shapeflow.common.files import with_ending
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from shapeflow.drafting.draft import Draft
    from shapeflow.model.trace import Trace
    from shapeflow.model.variation import Variation

EPILOG = """\
examples:
  shapeflow init tiny.trace.json -o docs/tiny.md
  shapeflow init tiny.trace.json -o docs/tiny.md --depth 2 --title "How Tiny works"
  shapeflow init tiny.trace.json --numbers            without running the model again

The model is run again, shapes only, with other sizes of its inputs: what moves with them gets a symbol.
That runs the code that the trace names.
The draft is checked before it is written. It is yours from then on: add prose, claims, and take out what
you don't want to promise."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add("trace", type=Path, metavar="TRACE", help="NAME.trace.json or NAME.trace.json.gz")
    add("-o", "--output", type=Path, metavar="NEW.md", help="the walkthrough (default: NAME.md)")
    add("--title", metavar="TEXT", help="its heading (default: the class of the model)")
    add(
        "--depth",
        type=_depth,
        metavar="N",
        help="levels of modules that get a section (default: as many as are readable)",
    )
    add("--numbers", action="store_true", help="don't run the model again: all sizes stay numbers")
    add("--force", action="store_true", help="replace the file if it is there")
    add("--trust", action="store_true", help="run code outside the trace's and this folder's repository, too")
    add("-q", "--quiet", action="store_true", help="no progress and no summary")
    add("--json", action="store_true", help="print what was drafted as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Read the trace, run its model with other sizes, write and check the draft."""
    from shapeflow.common.files import write_bytes
    from shapeflow.drafting.draft import draft

    output = args.output or Path(re.sub(r"\.trace\.json(\.gz)?$", "", args.trace.name) + ".md")
    _check_output(output, args.force)
    quiet = args.quiet or args.json
    trace = load_trace(args.trace)
    _refuse_half_a_run(trace, args.trace)
    variation = _vary(trace, args)
    made = draft(
        trace,
        variation,
        title=" ".join((args.title or "").split()),
        run=_run_again(trace, output, quiet),
        depth=args.depth,
    )
    write_bytes(output, made.text.encode())
    if args.json:
        print_json(written([output], **_facts(made, variation)))
    elif not args.quiet:
        _report(made, variation, output)
    return 0


def _depth(text: str) -> int:
    """Read a number of levels."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of levels, such as 2")
    return int(text)


def _check_output(output: Path, force: bool) -> None:
    """Check before the runs that the file can be written, and that nothing is lost."""
    where = "option -o"
    if output.suffix != ".md":
        raise InputError(
            "output-name",
            f"'{output}' is not a name for a walkthrough",
            where=where,
            expected="NAME.md",
            hint=f"-o {with_ending(output, '.md')}",
        )
    if not output.parent.is_dir():
        raise InputError(
            "not-writable", f"no folder '{output.parent}'", where=where, hint=f"mkdir -p '{output.parent}'"
        )
    if output.exists() and not force:
        raise InputError(
            "output-exists",
            f"'{output}' exists, and may hold your own words",
            where=where,
            hint="another name, or --force to replace it",
        )


def _refuse_half_a_run(trace: Trace, path: Path) -> None:
    if not trace.run.complete:
        raise InputError(
            "trace-failed-run",
            f"the run in '{path}' did not end, so a draft would describe half a model",
            where="argument TRACE",
            because=trace.run.failure.first_line if trace.run.failure else "",
            hint="trace it again once it runs",
        )


def _vary(trace: Trace, args: argparse.Namespace) -> Variation:
    """Run the model with other sizes, unless there is nothing to run or it is not wanted."""
    from shapeflow.model.variation import Variation

    if args.numbers:
        return Variation()
    if trace.run.adapter == "python":
        note = "The trace was made in Python, which leaves nothing to run again: every claim has numbers."
        hint = "Traced with --model PKG.MOD:FACTORY, sizes would become symbols."
        return Variation(notes=(note, hint))
    from shapeflow.adapters.specs import require, spec_of

    try:
        require(spec_of(trace.run.target), trace.run.target)
        if not args.trust:
            _refuse_foreign_code(trace, args.trace)
        return _run_others(trace, args)
    except InputError as error:
        if error.code == "target-outside":
            raise
        again = error.hint if error.code == "trace-outdated" else f"shapeflow init {args.trace} --numbers"
        raise error.amend(where=f"running '{trace.run.target}' again, for {args.trace}", hint=again) from None


def _refuse_foreign_code(trace: Trace, path: Path) -> None:
    """Check that the code that is run again is in the repository of the trace, or of this folder."""
    from shapeflow.adapters.recorded import from_recorded
    from shapeflow.runs.trust import check_inside, repository_of

    roots = dict.fromkeys([repository_of(path.parent), repository_of(Path.cwd())])
    request = from_recorded(trace.run.target, trace.run.inputs)
    check_inside(request, list(roots), named_by=str(path))


def _run_others(trace: Trace, args: argparse.Namespace) -> Variation:
    """Load torch and the model's code, and run."""
    from shapeflow.runs.progress import Progress

    with Progress(
        f"running {trace.run.target} with other sizes", None if args.quiet or args.json else sys.stderr
    ):
        from shapeflow.runs.variants import vary

        return vary(trace, lambda text: say(f"  {text}", not args.verbose))


def _run_again(trace: Trace, output: Path, quiet: bool) -> dict[str, Any]:
    """Return what the front matter says on how to run the model, with paths as seen from the new file."""
    from shapeflow.adapters.front_matter import to_front_matter
    from shapeflow.adapters.recorded import from_recorded

    if trace.run.adapter == "python":
        return {}
    request = from_recorded(trace.run.target, trace.run.inputs)
    for path in request.files:
        if not path.is_file():
            say(f"{path} is not in this folder: put its place into the front matter of {output}", quiet)
    return to_front_matter(replace(request, checkpoint=None), output.parent)


def _facts(made: Draft, variation: Variation) -> dict[str, object]:
    """Return what was written, what was checked, and what is not in it, as plain data."""
    return {
        "claims": made.claims,
        "sections": made.sections,
        "runs": len(variation.runs) + 1,
        "symbols": [
            {
                "symbol": axis.symbol,
                "what": axis.what,
                "sizes": sorted({axis.size, *(run.sizes[axis.symbol] for run in variation.runs)}),
            }
            for axis in variation.axes
        ],
        "notes": list(variation.notes),
        "false_elsewhere": list(made.false_elsewhere),
        "left_out": made.left_out,
    }


def _report(made: Draft, variation: Variation, output: Path) -> None:
    """Say what was written, what was checked, and what is not in it."""
    from shapeflow.common.text import counted, listing

    for note in variation.notes:
        say(note)
    for axis in variation.axes:
        sizes = sorted({axis.size, *(run.sizes[axis.symbol] for run in variation.runs)})
        say(f"{axis.symbol}: {axis.what}, seen with {', '.join(map(str, sizes))}")
    runs = counted(len(variation.runs) + 1, "run")
    say(f"{output}: {counted(made.claims, 'claim')} in {counted(made.sections, 'section')}")
    say(f"checked: {made.claims} of {made.claims} hold, in {runs}")
    if made.false_elsewhere:
        number = counted(len(made.false_elsewhere), "claim")
        say(f"left out: {number} that another run contradicts: {listing(made.false_elsewhere)}")
    if made.left_out:
        why = "nested too deeply, too many to list, or not the same in every run"
        say(f"left out: {counted(made.left_out, 'place')} {why}; shapeflow show lists them")
