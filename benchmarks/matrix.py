"""``make matrix``: run the quick tests with the versions that the metadata promises.

Every Python from 3.10 that is on the PATH runs them with the pinned packages; the oldest one also with the
oldest releases that pyproject.toml allows, the newest with the newest. Each has an environment of its own,
one at a time, in a temporary folder: that takes about 6 GB and some minutes. ``uv`` installs where there is
one, else pip. ``--write`` puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.document import ROOT, replace_part, table

MINORS = range(10, 20)
SHOWN = ("torch", "transformers", "timm", "numpy")
_LEAST = re.compile(r'"([A-Za-z0-9_.-]+)>=([0-9.]+)')


_VERSIONS = """
import sys
from importlib.metadata import version
from platform import python_version

print(python_version(), *map(version, sys.argv[1:]))
"""


def pythons() -> dict[str, str]:
    """Return the interpreters on the PATH that run, by their version: ``3.12``."""
    found = {}
    for minor in MINORS:
        path = shutil.which(f"python3.{minor}")
        if (
            path
            and subprocess.run([path, "-c", "import venv"], capture_output=True, check=False).returncode == 0
        ):
            found[f"3.{minor}"] = path
    return found


def oldest() -> str:
    """Return the oldest releases that the metadata allows, as constraints."""
    found = _LEAST.findall((ROOT / "pyproject.toml").read_text("utf-8"))
    return "".join(f"{name}=={version}\n" for name, version in found)


def run(python: str, constraints: Path | None) -> tuple[list[str], str]:
    """Make an environment and run the quick tests in it; returns versions and what the tests ended with."""
    with TemporaryDirectory(prefix="shapeflow-matrix-") as folder:
        inside = Path(folder) / "bin" / "python"
        limits = [] if constraints is None else ["-c", str(constraints)]
        uv = shutil.which("uv")
        make = [uv, "venv", "--quiet", "--clear", "--python", python] if uv else [python, "-m", "venv"]
        install = [uv, "pip", "install", "--python", inside] if uv else [inside, "-m", "pip", "install"]
        for command in ([*make, folder], [*install, "--quiet", *limits, "--editable", ".[test]"]):
            done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
            if done.returncode:
                return ["", *SHOWN], f"not installed: {done.stderr.strip().splitlines()[-1]}"
        told = subprocess.run(
            [inside, "-c", _VERSIONS, *SHOWN], check=True, capture_output=True, text=True
        ).stdout.split()
        tests = [inside, "-m", "pytest", "-q", "-n", "1", "-m", "not slow", "-p", "no:cacheprovider"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(tests, cwd=ROOT, check=False, capture_output=True, text=True, env=environment)
        print(done.stdout[-6000:], file=sys.stderr)
        return told, re.sub(r", \d+ warnings?| in .*", "", done.stdout.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="rows to run, such as 3.12, oldest or newest (default: all)")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    args = parser.parse_args()
    there = pythons()
    if not there:
        sys.exit("no Python from 3.10 is on the PATH")
    found = list(there.values())
    first, last = found[0], found[-1]
    with TemporaryDirectory() as folder:
        least = Path(folder) / "oldest.txt"
        least.write_text(oldest(), "utf-8")
        pinned = ROOT / "constraints.txt"
        plan = {
            "oldest": (first, least),
            **{version: (path, pinned) for version, path in there.items()},
            "newest": (last, None),
        }
        rows = []
        for name, (python, constraints) in plan.items():
            if not args.only or name in args.only:
                print(f"{name}: {python}", file=sys.stderr)
                versions, result = run(python, constraints)
                packages = name if name in ("oldest", "newest") else "pinned"
                rows.append((packages, *versions, result))
    text = table(("packages", "Python", *SHOWN, "quick tests"), rows)
    print(replace_part("benchmarks.md", "matrix", text) if args.write else text)


if __name__ == "__main__":
    main()
