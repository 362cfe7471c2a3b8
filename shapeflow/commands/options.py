"""The options of ``shapeflow trace``, checked as far as that goes without torch."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.errors import InputError

if TYPE_CHECKING:
    from shapeflow.adapters.request import Request

SUFFIXES = (".trace.json", ".trace.json.gz")


def request_of(args: argparse.Namespace) -> Request:
    """Return the request that the options stand for, checked; its device is decided later."""
    from shapeflow.adapters.request import INPUTS, from_texts

    given = {row.name: getattr(args, row.name.replace("-", "_")) for row in INPUTS}
    texts = {
        name: value if isinstance(value, list) else [value]
        for name, value in given.items()
        if value is not None
    }
    return from_texts(args.model, texts, seed=args.seed)


def default_output(request: Request) -> Path:
    """Return a name made from the image, or from the model."""
    name = request.images[0].stem if request.images else request.target.rpartition(":")[2]
    return Path(f"{name}.trace.json")


def check_outputs(output: Path, report: Path | None) -> None:
    """Check before the run that what it gives can be written, and that nothing else is overwritten."""
    if not output.name.endswith(SUFFIXES):
        raise InputError(
            "output-name",
            f"'{output}' is not a name for a trace",
            where="option -o",
            expected="NAME.trace.json or NAME.trace.json.gz",
            hint=f"-o {output.with_suffix('')}.trace.json",
        )
    if report is not None and report.suffix != ".html":
        raise InputError(
            "output-name",
            f"'{report}' is not a name for a report",
            where="option --report",
            expected="NAME.html",
            hint=f"--report {report.with_suffix('.html')}",
        )
    for option, path in (("-o", output), ("--report", report)):
        if path is not None:
            _check_writable(path, f"option {option}")
    if report is not None:
        _check_ours(report)


def _check_ours(report: Path) -> None:
    """Check before the run what saving the report will check: that no foreign file is written over."""
    from shapeflow.reporting.output import is_ours

    if report.is_file() and not is_ours(report):
        raise InputError(
            "output-exists",
            f"'{report}' exists and was not made by shapeflow",
            where="option --report",
            hint="another name",
        )


def _check_writable(path: Path, where: str) -> None:
    """Make the folder of a file if it is not there, and try to write in it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        with tempfile.TemporaryFile(dir=path.parent):
            pass
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(None, "the file is read-only")
    except OSError as error:
        raise InputError(
            "not-writable",
            f"'{path}' cannot be written",
            where=where,
            because=error.strerror or str(error),
            hint="another folder" if not path.is_dir() else "a file name",
        ) from None
