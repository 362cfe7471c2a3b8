"""The options of ``shapeflow trace``, checked as far as that goes without torch."""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.common.files import is_stream, with_ending
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from shapeflow.adapters.request import Request
    from shapeflow.model.trace import Trace

SUFFIXES = (".trace.json", ".trace.json.gz")
DEFAULT_MODEL = "sam3"
LONGEST = 150
"""Characters of a name that is made up."""


def request_of(args: argparse.Namespace) -> Request:
    """Return the request that the options stand for, checked; its device is decided later."""
    from shapeflow.adapters.request import INPUTS, from_texts

    given = {row.name: getattr(args, row.name.replace("-", "_")) for row in INPUTS}
    texts = {
        name: value if isinstance(value, list) else ["true" if value is True else value]
        for name, value in given.items()
        if value is not None
    }
    return from_texts(args.model, texts, seed=args.seed)


def default_output(request: Request) -> Path:
    """Return a name made from the image and the model, or from all that tells what is run from others.

    ``models/tiny.py:build`` and ``models.tiny:build`` are ``models.tiny.build``; of a file that is not below
    the current folder only its own folder is named.
    """
    if request.images:
        name = request.images[0].stem
        name += "" if request.target == DEFAULT_MODEL else f".{request.target}"
    elif request.file:
        file, function = request.file
        parts = file.with_suffix("").parts
        below = not file.is_absolute() and ".." not in parts
        name = ".".join([*(parts if below else parts[-2:]), function])
    else:
        name = request.target
    name += f".{request.call}" if request.call else ""
    plain = re.sub(r"[^\w.+-]+", ".", name).strip(".")[-LONGEST:]
    return Path(f"{plain or 'model'}.trace.json")


def check_outputs(output: Path, report: Path | None) -> None:
    """Check before the run that what it gives can be written, and that nothing else is overwritten."""
    check_trace_name(output)
    if report is not None and report.suffix != ".html":
        raise InputError(
            "output-name",
            f"'{report}' is not a name for a report",
            where="option --report",
            expected="NAME.html",
            hint=f"--report {with_ending(report, '.html')}",
        )
    if report is not None:
        _check_writable(report, "option --report")
        _check_ours(report)


def check_trace_name(output: Path) -> None:
    """Check before a run that its trace can be written under a name."""
    if not output.name.endswith(SUFFIXES) and not is_stream(output):
        raise InputError(
            "output-name",
            f"'{output}' is not a name for a trace",
            where="option -o",
            expected="NAME.trace.json or NAME.trace.json.gz",
            hint=f"-o {with_ending(output, '.trace.json')}",
        )
    _check_writable(output, "option -o")


def place_of(trace: Trace, output: Path) -> Path:
    """Return where a trace is written: beside the file that was asked for if a good run's would be lost."""
    if trace.run.complete:
        return output
    while output.is_file() and not _is_failed_run(output):
        ending = next((end for end in reversed(SUFFIXES) if output.name.endswith(end)), "")
        output = output.with_name(f"{output.name.removesuffix(ending)}.failed{ending}")
    return output


def _is_failed_run(path: Path) -> bool:
    """Return whether a file is the trace of a run that did not end."""
    from shapeflow.model.trace import Trace

    try:
        return not Trace.load(path).run.complete
    except InputError:  # whatever it is, it is not ours to replace for half a run
        return False


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
    if is_stream(path):
        return
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
