"""``shapeflow annotate``: any text on a model, with what a trace says of the shapes in it."""

from __future__ import annotations

import argparse
from pathlib import Path

from shapeflow.commands.console import print_json
from shapeflow.common.collector import collection_paused
from shapeflow.common.control_characters import visible_line
from shapeflow.common.printing import put
from shapeflow.errors import ExitCode

EXAMPLES = """\
examples:
  shapeflow annotate resnet50.trace.json notes.md          what is wrong in it
  shapeflow annotate resnet50.trace.json notes.md --all    all shapes that it states
  shapeflow annotate net.trace.json net.py                 comments and docstrings of the model's own code
  shapeflow annotate net.trace.json notes.ipynb --json     for a program

Nothing of the text has to be written for it. A comment <!-- shapeflow: SELECTOR --> says which tensor is
meant, <!-- shapeflow: ignore --> leaves out a line. The exit code is 1 if anything is contradicted."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("trace", type=Path, metavar="TRACE", help="NAME.trace.json or NAME.trace.json.gz")
    add("note", type=Path, metavar="NOTE", help="Markdown, a notebook or a Python file")
    add("--all", action="store_true", help="all shapes that are stated, not only those that are wrong")
    add("--json", action="store_true", help="print one JSON object (docs/annotate.schema.json)")


@collection_paused()
def run(args: argparse.Namespace) -> int:
    """Annotate the text."""
    from shapeflow.annotate.annotate import annotate
    from shapeflow.annotate.data import to_data, to_lines
    from shapeflow.annotate.note import read_note
    from shapeflow.model.trace import Trace

    note = read_note(args.note)
    annotation = annotate(Trace.load(args.trace), note)
    if args.json:
        print_json(to_data(annotation))
    else:
        for line in to_lines(annotation, whole=args.all):
            put(visible_line(line))
    wrong = any(mark.verdict == "contradicted" for mark in annotation.marks)
    return int(ExitCode.DIFFERENT if wrong else ExitCode.FINE)
