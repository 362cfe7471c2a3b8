"""What is wrong with texts as SARIF 2.1.0, which code scanning services read."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from shapeflow import __version__
from shapeflow.common.control_characters import visible
from shapeflow.notes.annotate import Annotation
from shapeflow.notes.findings import Finding, FindingKind, findings

RULES: dict[FindingKind, tuple[str, str]] = {
    "contradicted": ("shape-contradicted", "The text states a shape that the run contradicts."),
    "statement contradicted": (
        "statement-contradicted",
        "The text states a count, an attribute or a flow that the run contradicts.",
    ),
    "layout differs": ("shape-layout", "The text states the sizes of the run in another arrangement."),
    "self-contradiction": ("text-contradicts-itself", "The text states two things that cannot both be so."),
}


def to_sarif(annotations: Sequence[Annotation], known: Collection[str] = ()) -> str:
    """Return the findings of texts.

    Args:
        annotations: the texts.
        known: fingerprints of findings that a baseline has: they are told as unchanged.
    """
    rules = [{"id": name, "shortDescription": {"text": text}} for name, text in RULES.values()]
    driver = {"name": "shapeflow", "version": __version__, "rules": rules}
    results = [
        _result(annotation.note.path, finding, known)
        for annotation in annotations
        for finding in findings(annotation)
    ]
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1)


def _result(path: str, finding: Finding, known: Collection[str]) -> dict[str, Any]:
    span = finding.span
    inside = "" if span.cell is None else f"Cell {span.cell + 1}, line {span.line}: "
    message = visible("\n".join([f"{inside}{finding.what}", *finding.because]))
    region = {"startLine": span.line, "startColumn": span.column, "endColumn": span.end}
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(PurePath(path).as_posix())}}
    if span.cell is None:  # the lines of a notebook's file are not those of its cells
        place["region"] = region
    return {
        "ruleId": RULES[finding.kind][0],
        "level": "error" if finding.fails else "warning",
        "message": {"text": message},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"shapeflow/1": finding.fingerprint},
        "baselineState": "unchanged" if finding.fingerprint in known else "new",
    }
