"""``shapeflow report --format csv``: a row a claim, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from shapeflow.reporting.view.model import Piece, ReportView


def render(view: ReportView) -> str:
    """Return section, claim, verdict and what was found, a claim a row."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(["section", "claim", "verdict", "found"])
    for section in view.sections:
        for block in section.blocks:
            for claim in block.claims:
                title = section.title or view.title
                rows.writerow([title, _text(claim.text), claim.verdict, _text(claim.found)])
    return file.getvalue()


def _text(pieces: Iterable[Piece]) -> str:
    """Return a text that the view holds in pieces, so that formats can colour some."""
    return "".join(piece.text for piece in pieces)
