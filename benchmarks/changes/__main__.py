"""Try small changes to the source of SAM3 against its walkthrough, and count those that it notices.

``python -m benchmarks.changes`` tries all of ``changes.yaml``; names choose some. ``--write`` puts the table
into docs/sam3-changes.md. ``--list FILE`` keeps every outcome, a line of JSON each, as it comes; outcomes
that are in the file already are taken from there.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.changes.edits import Change, read
from benchmarks.changes.table import text
from benchmarks.changes.trial import Baseline, Outcome, Seen, attempt, baseline
from benchmarks.document import ROOT, replace_part
from benchmarks.forked import ChildError, call_each

DOCUMENT = ROOT / "shapeflow" / "walkthrough" / "shipped" / "sam3.en.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Try, print, and write if asked to."""
    args = _parser().parse_args(arguments)
    listed = read()
    changes = _chosen(listed, args.names)
    known = _known(args.list) if args.list else {}
    outcomes = [known[change.name] for change in changes if change.name in known]
    waiting = [change for change in changes if change.name not in known]
    if waiting:
        base = _prepared()
        for change, outcome in call_each(
            partial(attempt, base=base, numbers=args.numbers), waiting, args.jobs
        ):
            if isinstance(outcome, ChildError):
                raise SystemExit(f"{change.name}: {outcome}")
            outcomes.append(outcome)
            print(_line(outcome, len(outcomes), len(changes)), file=sys.stderr, flush=True)
            if args.list:
                with args.list.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(outcome.data) + "\n")
    result = text(changes, outcomes, len(listed) if len(changes) < len(listed) else None)
    print(result)
    if args.write:
        print(replace_part("sam3-changes.md", "changes", result))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="changes to try (default: all)")
    parser.add_argument("--jobs", type=int, default=0, help="how many at once (default: one a core)")
    parser.add_argument("--list", type=Path, metavar="FILE", help="keep the outcomes here, as JSON lines")
    parser.add_argument(
        "--numbers", action="store_true", help="compare the numbers also where the trace shows a difference"
    )
    parser.add_argument("--write", action="store_true", help="put the table into docs/sam3-changes.md")
    return parser


def _chosen(changes: list[Change], names: Sequence[str]) -> list[Change]:
    by_name = {change.name: change for change in changes}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise SystemExit(f"no change {unknown[0]!r}; they are in benchmarks/changes/changes.yaml")
    return [by_name[name] for name in names] or changes


def _known(path: Path) -> dict[str, Outcome]:
    """Return the outcomes that a file has."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    outcomes = (_outcome(json.loads(line)) for line in lines)
    return {outcome.name: outcome for outcome in outcomes}


def _outcome(data: dict[str, Any]) -> Outcome:
    seen: dict[str, Any] = data["seen"]
    lists = {name: tuple(seen[name]) for name in ("failed", "lines")}
    return Outcome(**{**data, "seen": Seen(**{**seen, **lists})})


def _prepared() -> Baseline:
    """Import what every child needs, so that each is quick, and run the package as it is."""
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    import shapeflow.adapters.sam3
    import shapeflow.reporting.verdicts.text
    import shapeflow.runs.documents
    import shapeflow.walkthrough.check
    from shapeflow.walkthrough.reader import read as read_document

    assert shapeflow.adapters.sam3
    torch.set_num_threads(1)
    base = baseline([read_document(DOCUMENT)])
    gc.collect()
    gc.freeze()  # children share what is there, as long as nobody touches it
    return base


def _line(outcome: Outcome, number: int, total: int) -> str:
    if outcome.kind == "none":
        verdict = "FALSE ALARM" if outcome.caught else "quiet"
    else:
        verdict = "caught" if outcome.caught else "UNSEEN"
    return f"{number}/{total} {verdict}: {outcome.name} ({outcome.evidence or 'no change'})"


if __name__ == "__main__":
    sys.exit(main())
