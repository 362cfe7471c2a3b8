"""How tall a section of the page will be, roughly: the scroll bar tells the truth before it is laid out.

A browser lays a section out when it comes near the window; until then it takes the page's word. The numbers
are those of the page's styles: sizes of letters, heights of lines, paddings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from unicodedata import east_asian_width

from shapeflow.graph.svg import SCALE
from shapeflow.reporting.view.blocks import stretches_of
from shapeflow.reporting.view.figure_model import Drawing
from shapeflow.reporting.view.model import BlockView, ClaimView, SectionView
from shapeflow.reporting.view.pieces import Piece

FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$|^\$\$.*?\$\$$", re.MULTILINE | re.DOTALL)
"""Code and formulas that stand by themselves."""
MARKUP = re.compile(r"\]\([^)]*\)|[`*_$\\]|\[(?=[^\]]*\]\()")
SVG_SIZE = re.compile(r'<svg[^>]*?viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"')
TITLES = {1: 34.0, 2: 27.0, 3: 22.5}
"""Height of a line of a heading by its level."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A kind of window."""

    width: float
    """Of the text."""
    letter: float
    """Mean width of a letter of prose; a Chinese one takes two."""
    line: float
    claim: float
    """Width of the line of a claim."""
    apart: bool
    """Whether what was found stands below a claim, and not beside it."""


DESK = Screen(width=860, letter=7.5, line=26.4, claim=808, apart=False)
PHONE = Screen(width=358, letter=7.7, line=25.6, claim=314, apart=True)
BESIDE = {"s": 440, "m": 560, "l": 9999}
"""How wide the places beside the text are."""
FRAME = 14
"""What a figure has around it on both sides."""
MONO = 7.6
"""Width of a letter of code in a claim."""


def height_estimate(section: SectionView, screen: Screen = DESK) -> int:
    """Return how tall a section is on a screen, in pixels."""
    height = 56.0 if section.level == 1 else 34.0
    if section.title:
        letter = TITLES.get(section.level, 20.0) * 0.44
        height += TITLES.get(section.level, 20.0) * _lines(section.title, letter, screen.width - 40)
    if section.calls:
        names = "    ".join(link.text for link in section.calls)
        height += 10 + 25 * _lines(f"Here in the model {names}", MONO, screen.width)
    for block in section.blocks:
        height += claims_height(block, screen) if block.claims else prose_height(block.markdown, screen)
    height += 44 if section.refuted else 0
    height += 16 + 32 * len(section.ports) if section.ports else 0
    height += 84 + 180 * ceil(len(section.sheets) / (4 if screen is DESK else 2)) if section.sheets else 0
    height += 262 * len(section.attention)
    height += _drawing_height(section.drawing, screen) if section.drawing else 0
    return round(height + (62 if section.calls else 0))


def figure_width(section: SectionView) -> float:
    """Return how wide the figures of a section are, with what is around them."""
    widths = [480.0 * bool(section.attention), 420.0 * bool(section.sheets)]
    size = SVG_SIZE.search(section.drawing.svg) if section.drawing else None
    return max(*widths, float(size[1]) * SCALE + FRAME if size else 0.0)


def claims_height(block: BlockView, screen: Screen) -> float:
    """Return how tall a block of claims is, all of them closed and ticks folded."""
    stretches = stretches_of(block)
    height = 22.0 if stretches else 0.0
    for stretch in stretches:
        if stretch.folded:
            height += 27
            continue
        for group in stretch.groups:
            height += 10 + 28 * bool(group.module)
            height += sum(_claim_height(claim, group.module, screen) for claim in group.claims)
    return height


def _claim_height(claim: ClaimView, module: str, screen: Screen) -> float:
    text, found = _text(claim.text), _text(claim.found) if claim.adds else ""
    text = text.replace(f"{module}.", "") if module else text
    verdict = "" if claim.tone == "good" else claim.verdict
    beside = f"{text}   {found}   {verdict}".strip()
    if not screen.apart and _wide(beside) * MONO <= screen.claim:
        rows = 1
    else:
        rows = _lines(text, MONO, screen.claim) + _lines(f"{found} {verdict}".strip(), MONO, screen.claim)
    return 9 + max(20.2, 20.2 * rows)


def prose_height(markdown: str, screen: Screen) -> float:
    """Return how tall a piece of Markdown is."""
    height = 0.0
    for alone in FENCE.finditer(markdown):
        lines = alone.group().count("\n") - 1
        height += 72 if alone.group().startswith("$$") else 54 + 21 * max(1, lines)
    for piece in re.split(r"\n\s*\n", FENCE.sub("\n\n", markdown)):
        height += _piece_height(piece.strip(), screen)
    return height


def _piece_height(piece: str, screen: Screen) -> float:
    if not piece:
        return 0
    rows = [row for row in piece.split("\n") if row.strip()]
    if rows[0].lstrip().startswith("|"):
        return 28 + sum(_row_height(row, screen) for row in rows if not re.fullmatch(r"[\s|:-]+", row))
    items = re.split(r"\n(?=\s*(?:[-*+]|\d+[.)])\s)", piece)
    if re.match(r"\s*(?:[-*+]|\d+[.)])\s", piece):
        inner = screen.width - 40
        return 24 + sum(6 + screen.line * _lines(item, screen.letter, inner) for item in items)
    if piece.startswith("#"):
        return 24 + screen.line
    return 12 + screen.line * _lines(piece, screen.letter, screen.width)


def _row_height(row: str, screen: Screen) -> float:
    """Return the height of a row of a table, whose columns take room by what is in them."""
    cells = [cell for cell in row.strip().strip("|").split("|") if cell.strip()]
    letters = sum(_wide(MARKUP.sub("", cell)) for cell in cells)
    return 13 + 21.75 * max(1, ceil(1.15 * letters * 7.1 / max(screen.width, 520)))


def _drawing_height(drawing: Drawing, screen: Screen) -> float:
    if not drawing.svg:
        return 66
    size = SVG_SIZE.search(drawing.svg)
    if size is None:
        return 500
    width, height = float(size[1]), float(size[2])
    if screen.apart:
        return 92 + min(height * (860 / width if width > 860 else 1), 690)
    return 92 + min(height * min(1, (screen.width - 26) / width), 738)


def _text(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def _lines(text: str, letter: float, width: float) -> int:
    shown = MARKUP.sub("", text)
    return ceil(_wide(shown) * letter / width)


def _wide(text: str) -> int:
    """Return how many Latin letters a text is as wide as."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
