"""``make bench``: measure everything and write it into the pages of docs/ that have figures."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from benchmarks.document import ROOT, machine, replace_part

PARTS = (
    *("refusals", "zoo", "interventions", "interrupts", "changes", "drafts", "annotate", "sam3", "peers"),
    "growth",
)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return what to measure: ``parts``, all of them if none is named, and ``skip_real``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--skip-real", action="store_true", help="leave out the real forwards of SAM3")
    args = parser.parse_args(arguments)
    args.parts = args.parts or list(PARTS)
    unknown = [part for part in args.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    return args


def main() -> int:
    args = parse()
    for part in args.parts:
        options = ["--skip-real"] if part == "sam3" and args.skip_real else []
        command = [sys.executable, "-m", f"benchmarks.{part}", "--write", *options]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code:
            return code
    replace_part("benchmarks.md", "machine", f"{machine()}. {time.strftime('%Y-%m-%d')}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
