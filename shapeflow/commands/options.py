"""The options of ``shapeflow trace``, checked as far as that goes without torch."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.errors import InputError

if TYPE_CHECKING:
    from shapeflow.adapters.base import Request

SUFFIXES = (".trace.json", ".trace.json.gz")


def request_of(args: argparse.Namespace, adapter: str) -> Request:
    """Return the request, every part of it checked."""
    from shapeflow.adapters.base import Request
    from shapeflow.adapters.inputs import check_prompt, open_image, parse_box

    boxes = [*map(parse_box, args.box), *(parse_box(text, positive=False) for text in args.negative_box)]
    for path in args.images:
        if ":" in str(path) and not path.exists():
            raise InputError(
                "usage", f"'{path}' is not an image", where="argument IMAGE", hint=f"--model {path}"
            )
    if adapter == "factory":
        _refuse_inputs(args)
    elif adapter.startswith("sam3") and not args.images:
        raise InputError(
            "image-missing",
            f"'{args.model}' looks at an image, and none is given",
            where="argument IMAGE",
            hint='shapeflow trace --prompt "yellow school bus" photo.jpg',
        )
    for path in args.images:
        open_image(path)
    if args.checkpoint is not None:
        _check_checkpoint(args.checkpoint)
    return Request(
        target=args.model,
        device="",
        images=tuple(args.images),
        prompt=None if args.prompt is None else check_prompt(args.prompt),
        boxes=tuple(boxes),
        checkpoint=args.checkpoint,
        seed=args.seed,
    )


def _refuse_inputs(args: argparse.Namespace) -> None:
    """Say that a factory brings its own inputs, instead of silently dropping what is given."""
    given = {
        "an image": args.images,
        "--prompt": args.prompt is not None,
        "--box": args.box or args.negative_box,
        "--checkpoint": args.checkpoint,
    }
    for option, value in given.items():
        if value:
            raise InputError(
                "option-unused",
                f"a factory brings its own inputs; {option} would not be used",
                where="option --model",
                expected="a function that returns (model, args, kwargs)",
                hint="for the official SAM3 leave out --model",
            )


def _check_checkpoint(path: Path) -> None:
    """Check that a checkpoint is there, before anything slow begins."""
    from shapeflow.common.text import listing, nearest

    if path.is_file():
        return
    folder = path.parent
    names = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    close = nearest(path.name, names, 1) or [name for name in names if name.endswith((".pt", ".safetensors"))]
    raise InputError(
        "checkpoint-missing",
        f"no checkpoint file '{path}'",
        where="option --checkpoint",
        expected=f"a file; looked in {folder.resolve()}" + (f" (it holds {listing(close)})" if close else ""),
        because="shapes do not depend on weights, only values do",
        hint=str(folder / close[0]) if close else "the same command without --checkpoint",
    )


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
    from shapeflow.reporting.output import LOOKED_AT, MARK

    if not report.is_file():
        return
    with report.open("rb") as file:
        head = file.read(LOOKED_AT)
    if head and MARK not in head:
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
