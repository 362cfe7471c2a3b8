"""What is wrong with texts as workflow commands of GitHub Actions: annotations on their lines."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from shapeflow.common.control_characters import printed
from shapeflow.notes.annotate import Annotation
from shapeflow.notes.findings import findings
from shapeflow.reporting.annotated.text import summary
from shapeflow.reporting.verdicts.github import MOST, workflow_command


def to_github(annotations: Sequence[Annotation], known: Collection[str] = ()) -> str:
    """Return annotations, ten of a level at most as GitHub shows them, and what was found of each text.

    Args:
        annotations: the texts.
        known: fingerprints of findings that a baseline has: they are not told.
    """
    commands: dict[str, list[str]] = {"error": [], "warning": []}
    for annotation in annotations:
        for one in findings(annotation):
            if one.fingerprint in known:
                continue
            level = "error" if one.fails else "warning"
            span = one.span
            cell = [] if span.cell is None else [f"cell {span.cell + 1}, line {span.line}"]
            line, columns = (
                (span.line, (span.column, max(span.end - 1, span.column))) if not cell else (1, (1, 1))
            )
            text = "\n".join([*cell, one.what, *one.because])
            path = annotation.note.path
            commands[level].append(workflow_command(level, path, line, columns, one.kind, text))
    shown = [command for level in commands.values() for command in level[:MOST]]
    return "\n".join([*shown, *(printed(summary(annotation)) for annotation in annotations)])
