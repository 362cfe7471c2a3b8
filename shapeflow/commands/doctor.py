"""``shapeflow doctor``: what this machine has, what is missing, and what to do about it."""

from __future__ import annotations

import argparse
import json
import sys

from shapeflow.errors import ExitCode

HELP = "say what this machine has for tracing, and what to do about what is missing"
MARKS = {"ok": "ok", "missing": "MISSING", "optional": "not there"}
COLOURS = {"ok": "32", "missing": "1;31", "optional": "33"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = "exit code: 0 if the official SAM3 can be traced here, else 1"
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Look and tell."""
    from dataclasses import asdict

    from shapeflow.cli import wants_colour
    from shapeflow.doctor import examine

    colour = wants_colour(sys.stdout)
    missing = 0
    for finding in examine():
        missing += finding.status == "missing"
        if args.json:
            print(json.dumps(asdict(finding), ensure_ascii=False))
            continue
        mark = MARKS[finding.status].ljust(9)
        if colour:
            mark = f"\033[{COLOURS[finding.status]}m{mark}\033[0m"
        print(f"{mark}  {finding.name:<12}  {finding.found}")
        if finding.hint and (finding.status != "ok" or finding.name == "checkpoint"):
            print(f"{'':25}{finding.hint}")
    if not args.json:
        print(
            "\nSAM3 cannot be traced here yet" if missing else "\neverything that tracing SAM3 needs is here"
        )
    return ExitCode.DIFFERENT if missing else ExitCode.FINE
