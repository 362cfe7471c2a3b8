"""The result of checks as a badge: a small SVG of our own, or the JSON of an endpoint of shields.io."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from shapeflow.common.text import counted, display_width
from shapeflow.errors import InputError
from shapeflow.walkthrough.verdict import CheckResult

LABEL = "shapeflow"
ENDINGS = (".svg", ".json")
COLOURS = {"brightgreen": "#3c8a2e", "red": "#c0392b", "lightgrey": "#6b6b6b"}
"""Name that shields.io knows -> what our own picture takes: white text on it can be read."""
LETTER = 6.6
"""Width of a letter at 11 pixels."""
PAD = 6


def check_badge_name(path: Path) -> None:
    """Refuse a name that does not say what the badge is to be.

    Raises:
        InputError: ``output-name``.
    """
    if path.suffix.lower() not in ENDINGS:
        raise InputError(
            "output-name",
            f"a badge is a picture or data, and '{path.name}' says neither",
            where="option --badge",
            expected="NAME.svg, or NAME.json for an endpoint of shields.io",
            hint=f"--badge {path.with_suffix('.svg') if path.stem.strip('.') else 'shapes.svg'}",
        )


def render(
    results: Sequence[CheckResult], path: Path, *, allow_undecided: bool = False, errors: int = 0
) -> str:
    """Return the badge in the format that the name of its file asks for."""
    message, colour = _message(results, allow_undecided, errors)
    if path.suffix.lower() == ".json":
        data = {"schemaVersion": 1, "label": LABEL, "message": message, "color": colour}
        return json.dumps(data, indent=1) + "\n"
    return _svg(message, COLOURS[colour])


def _message(results: Sequence[CheckResult], allow_undecided: bool, errors: int) -> tuple[str, str]:
    """Return what the badge says, and its colour."""
    if errors:
        return f"{counted(errors, 'document')} cannot be judged", "red"
    claims = sum(len(result.verdicts) for result in results)
    failed = sum(len(result.failures(allow_undecided=allow_undecided)) for result in results)
    if failed:
        return f"{failed:,} of {counted(claims, 'claim')} fail", "red"
    judged = claims - sum(len(result.skipped) for result in results)
    if not judged:
        return "nothing judged", "lightgrey"
    return f"{counted(judged, 'claim')} hold{'s' if judged == 1 else ''}", "brightgreen"


def _svg(message: str, colour: str) -> str:
    """Return the picture; it needs no font or file from elsewhere."""
    left, right = (round(display_width(text) * LETTER + 2 * PAD) for text in (LABEL, message))
    width = left + right
    title = f"{LABEL}: {message}"
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label={quoteattr(title)}>
<title>{escape(title)}</title>
<clipPath id="round"><rect width="{width}" height="20" rx="3"/></clipPath>
<g clip-path="url(#round)">
<rect width="{left}" height="20" fill="#444"/>
<rect x="{left}" width="{right}" height="20" fill="{colour}"/>
</g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{left / 2}" y="14" textLength="{left - 2 * PAD}">{escape(LABEL)}</text>
<text x="{left + right / 2}" y="14" textLength="{right - 2 * PAD}">{escape(message)}</text>
</g>
</svg>
"""
