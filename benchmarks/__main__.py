"""``make bench``: measure everything and write it into docs/benchmarks.md and docs/limits.md."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

from benchmarks.document import ROOT, machine, replace_part

PARTS = ("zoo", "sam3", "peers", "growth")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "parts", nargs="*", default=PARTS, choices=PARTS, help="what to measure (default: all)"
    )
    parser.add_argument("--skip-real", action="store_true", help="leave out the real forwards of SAM3")
    args = parser.parse_args()
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
