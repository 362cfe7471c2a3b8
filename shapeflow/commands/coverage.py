"""``shapeflow coverage``: how much of a model the claims of a walkthrough constrain."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.commands.console import say
from shapeflow.commands.meant import load_trace
from shapeflow.common.control_characters import json_text, printed
from shapeflow.common.printing import put
from shapeflow.common.text import counted, nearest
from shapeflow.errors import ExitCode, InputError

if TYPE_CHECKING:
    from shapeflow.coverage.measure import Share
    from shapeflow.model.trace import Trace
    from shapeflow.walkthrough.document import Document
    from shapeflow.walkthrough.verdict import CheckResult

CHANGES = 500
SHOWN = 20
FEW_COLLECTIONS = 300_000
"""New objects after which garbage is collected."""

EXAMPLES = """\
examples:
  shapeflow coverage bus.trace.json                     by what is shipped for the trace's model
  shapeflow coverage bus.trace.json docs/model.md       by your own
  shapeflow coverage bus.trace.json docs/model.md --show 100       100 claims to paste, the most useful first
  shapeflow coverage bus.trace.json docs/model.md --fail-under 80 --fail-under joins=90
  shapeflow coverage bus.trace.json docs/model.md --mutate         change the trace; what goes unseen?

A claim covers what it constrains: [_, _, C] the number of dims and the last size, and no dtype."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("trace", type=Path, metavar="TRACE", help="NAME.trace.json or NAME.trace.json.gz")
    add("walkthrough", nargs="?", type=Path, metavar="WALKTHROUGH", help="Markdown with claims")
    add("--mutate", action="store_true", help="change the trace as a careless change to the model would")
    add("--changes", type=int, metavar="N", help=f"with --mutate: make N changes (default: {CHANGES})")
    add("--seed", type=int, metavar="N", help="with --mutate: which changes are made (default: 0)")
    add(
        "--fail-under",
        action="append",
        default=[],
        metavar="[KIND=]N",
        help="exit 1 if less than N %% is covered, in all or of a kind; with --mutate, caught",
    )
    add("--levels", type=int, default=3, metavar="N", help="show the modules N levels deep (default: 3)")
    add("--show", type=int, default=SHOWN, metavar="N", help=f"N claims to paste (default: {SHOWN})")
    form = parser.add_mutually_exclusive_group().add_argument
    form("--json", action="store_true", help="one JSON object; docs/coverage.schema.json describes it")
    form("--markdown", action="store_true", help="Markdown, for the summary of a job")


def run(args: argparse.Namespace) -> int:
    """Measure and show."""
    limits = _limits(args)
    _check_numbers(args)
    document, trace = _read(args)
    with _few_collections():
        shares, total = (_mutate if args.mutate else _measure)(args, trace, document)
    return int(_verdict(limits, shares, total))


@contextmanager
def _few_collections() -> Iterator[None]:
    """Collect garbage seldom, and not in what is there already: half of the time would be spent on it."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(FEW_COLLECTIONS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _measure(args: argparse.Namespace, trace: Trace, document: Document) -> tuple[Mapping[str, Share], float]:
    """Show what is constrained."""
    from shapeflow.coverage.measure import measure
    from shapeflow.coverage.proposals import propose
    from shapeflow.reporting.coverage import json_data, markdown, text

    coverage = measure(trace, document)
    _tell_failures(coverage.result)
    proposals = propose(coverage, args.show)
    if args.json:
        put(json_text(json_data.data_of(coverage, proposals, levels=args.levels), indent=1))
    else:
        form = markdown if args.markdown else text
        put(printed(form.render(coverage, proposals, levels=args.levels)))
    return coverage.shares, coverage.total


def _mutate(args: argparse.Namespace, trace: Trace, document: Document) -> tuple[Mapping[str, Share], float]:
    """Show which changes are caught."""
    from shapeflow.coverage.mutation.mutate import mutate
    from shapeflow.reporting.coverage import json_data, markdown, text

    mutation = mutate(trace, document, changes=args.changes or CHANGES, seed=args.seed or 0)
    _tell_failures(mutation.result)
    if args.json:
        put(json_text(json_data.data_of(mutation=mutation), indent=1))
    else:
        form = markdown if args.markdown else text
        put(printed(form.mutation(mutation, most=args.show)))
    return mutation.kinds, mutation.score.percent


def _read(args: argparse.Namespace) -> tuple[Document, Trace]:
    """Read the walkthrough and the trace."""
    from shapeflow.walkthrough.reader import read
    from shapeflow.walkthrough.shipped import shipped

    if args.walkthrough is not None:
        document = read(args.walkthrough)  # first: it is read sooner than a large trace
        return document, load_trace(args.trace)
    trace = load_trace(args.trace)
    try:
        return read(shipped(trace.run.target)), trace
    except InputError as error:
        if error.code != "walkthrough-missing":
            raise
        hint = "shapeflow coverage TRACE YOUR.md   (shapeflow init drafts one)"
        raise error.amend(hint=hint) from None


def _tell_failures(result: CheckResult) -> None:
    """Say that claims fail: they constrain nothing."""
    failed = len(result.failed)
    if failed:
        number = counted(failed, "claim fails and covers", "claims fail and cover")
        say(f"{number} nothing: shapeflow check tells why")


def _limits(args: argparse.Namespace) -> dict[str, float]:
    """Return the least percentages that are asked for: by kind, and of the whole under the empty name."""
    from shapeflow.coverage import units
    from shapeflow.coverage.mutation import kinds as changes

    kinds = tuple(changes.KINDS) if args.mutate else units.KINDS
    limits: dict[str, float] = {}
    for text in args.fail_under:
        kind, _, number = text.rpartition("=")
        if kind and kind not in kinds:
            close = nearest(kind, kinds, 1)
            raise InputError(
                "usage",
                f"nothing of the kind '{kind}' is measured",
                where="option --fail-under",
                expected=", ".join(kinds),
                hint=f"--fail-under '{close[0]}={number}'" if close else "",
            )
        limits[kind] = _percentage(number)
    return limits


def _percentage(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise InputError(
            "usage", f"'{text}' is no percentage", where="option --fail-under", expected="0 to 100"
        )
    return number


def _check_numbers(args: argparse.Namespace) -> None:
    """Refuse numbers that ask for nothing, and options without the one that they belong to."""
    for option, least in (("changes", 1), ("seed", 0), ("levels", 0), ("show", 0)):
        number = getattr(args, option)
        if number is not None and number < least:
            raise InputError(
                "usage",
                f"--{option} {number} is too small",
                where=f"option --{option}",
                expected=f"{least} or more",
            )
        if option in ("changes", "seed") and number is not None and not args.mutate:
            what, hint = f"--{option} only means something with --mutate", "--mutate"
            raise InputError("usage", what, where=f"option --{option}", hint=hint)


def _verdict(limits: Mapping[str, float], shares: Mapping[str, Share], total: float) -> ExitCode:
    """Say which limits are not reached, and return the exit code."""
    missed = False
    for kind, least in limits.items():
        percent = shares[kind].percent if kind in shares else 100.0
        found = percent if kind else total
        if found < least:
            missed = True
            say(f"{kind or 'in all'}: {found:.1f} % is less than {least:g} %")
    return ExitCode.DIFFERENT if missed else ExitCode.FINE
