"""How tall a section of the page will be, roughly: the scroll bar tells the truth before it is laid out.

A browser lays a section out when it comes near the window; until then it takes the page's word. The numbers
are those of the page's styles: sizes of letters, heights of lines, paddings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    """Of the text with what stands beside it."""
    letter: float
    """Mean width of a letter of prose; a Chinese one takes two."""
    line: float
    beside: bool = False
    """Whether figures stand beside the text, and not below it."""
    apart: bool = False
    """Whether what was found stands below a claim, and not beside it."""
    widest: float = 760
    """A line of prose gets no wider."""


DESK = Screen(width=1130, letter=7.7, line=25.6, beside=True)
TABLET = Screen(width=705, letter=7.7, line=25.6)
PHONE = Screen(width=358, letter=7.7, line=24.8, apart=True)
BESIDE = {"s": 440, "m": 560, "l": 9999}
"""How wide the places beside the text are."""
FRAME = 14
"""What a figure has around it on both sides."""
GAP = 28
"""Between the text and what stands beside it."""
LOW, ALONE = 420, 738
"""A figure is shown to this height even where the text beside it is lower, or where there is none."""
COLUMN = 460
"""Least width of a column of claims."""
CODE = 8.2
"""Width of a letter of code in a block of its own."""
MONO = 7.6
"""Width of a letter of code in a claim."""


def height_estimate(section: SectionView, screen: Screen = DESK) -> int:
    """Return how tall a section is on a screen, in pixels."""
    figures = _figures_height(section, screen)
    if not screen.beside:
        return round(_head_height(section, screen) + _text_height(section, screen) + figures + _foot(section))
    beside = figure_width(section) + GAP if figures else 0.0
    text = _text_height(section, screen, beside, figures)
    return round(_head_height(section, screen) + max(text, figures) + _foot(section))


def figure_width(section: SectionView) -> float:
    """Return how wide the figures of a section are, with what is around them."""
    widths = [480.0 * bool(section.attention), 420.0 * bool(section.sheets)]
    size = _size_of(section.drawing)
    return max(*widths, size[0] + FRAME if size else 0.0)


def figures_start(section: SectionView) -> int:
    """Return which block of a section its figures stand beside first: none with code that needs more room."""
    room = DESK.width - figure_width(section) - GAP
    wide = (at for at, block in enumerate(section.blocks, 1) if _code_width(block.markdown) > room)
    return max(wide, default=0)


def _code_width(markdown: str) -> float:
    code = [alone.group() for alone in FENCE.finditer(markdown) if not alone.group().startswith("$$")]
    lines = [line for one in code for line in one.split("\n")]
    return max((CODE * _wide(line) + 36 for line in lines), default=0.0)


def figure_height(section: SectionView, screen: Screen = DESK) -> int:
    """Return to what height a figure is shown beside the text: it ends where that ends, if not too low."""
    text = _text_height(section, screen, figure_width(section) + GAP, float("inf"))
    return round(max(LOW if section.blocks else ALONE, text - _other_figures(section) - 50))


def _head_height(section: SectionView, screen: Screen) -> float:
    height = 42.0 if section.level == 1 else 26.0
    if section.title:
        letter = TITLES.get(section.level, 20.0) * 0.44
        height += TITLES.get(section.level, 20.0) * _lines(section.title, letter, screen.width - 40)
    if section.calls:
        names = "    ".join(link.text for link in section.calls)
        height += 10 + 25 * _lines(f"Here in the model {names}", MONO, screen.width)
    return height


def _foot(section: SectionView) -> float:
    return 42.0 if section.calls or section.refuted else 0.0


def _text_height(section: SectionView, screen: Screen, beside: float = 0.0, until: float = 0.0) -> float:
    """Return how tall prose and claims are; down to ``until`` something stands beside them."""
    height, start = 0.0, figures_start(section)
    for number, block in enumerate(section.blocks):
        until += height if number == start else 0.0
        width = screen.width - (beside if number >= start and height < until else 0.0)
        if block.claims:
            height += claims_height(block, screen, width)
        else:
            height += prose_height(block.markdown, replace(screen, width=min(width, screen.widest)))
    return height + (16 + 32 * len(section.ports) if section.ports else 0)


def _figures_height(section: SectionView, screen: Screen) -> float:
    height = _other_figures(section)
    if section.drawing is None:
        return height
    size = _size_of(section.drawing)
    if size is None:
        return height + 66
    if not screen.beside:
        return height + 66 + min(size[1], 738)
    return height + 66 + min(size[1], figure_height(section, screen))


def _other_figures(section: SectionView) -> float:
    sheets = 62 + 104 * ceil(len(section.sheets) / 4) if section.sheets else 0
    return 176.0 * len(section.attention) + sheets


def _size_of(drawing: Drawing | None) -> tuple[float, float] | None:
    size = SVG_SIZE.search(drawing.svg) if drawing else None
    return (float(size[1]) * SCALE, float(size[2]) * SCALE) if size else None


def claims_height(block: BlockView, screen: Screen, width: float) -> float:
    """Return how tall a block of claims is, all of them closed and ticks folded."""
    stretches = stretches_of(block)
    height = 22.0 if stretches else 0.0
    for stretch in stretches:
        if stretch.folded:
            height += 27
            continue
        for group in stretch.groups:
            columns = 2 if width >= 2 * COLUMN and len(group.claims) > 1 else 1
            inner = width / columns - 52
            rows = [_claim_height(claim, group.module, screen, inner) for claim in group.claims]
            height += 10 + 28 * bool(group.module)
            height += sum(max(rows[at : at + columns]) for at in range(0, len(rows), columns))
    return height


def _claim_height(claim: ClaimView, module: str, screen: Screen, width: float) -> float:
    text, found = _text(claim.text), _text(claim.found) if claim.adds else ""
    text = text.replace(f"{module}.", "") if module else text
    verdict = "" if claim.tone == "good" else claim.verdict
    beside = f"{text}   {found}   {verdict}".strip()
    if not screen.apart and _wide(beside) * MONO <= width:
        rows = 1
    else:
        rows = _lines(text, MONO, width) + _lines(f"{found} {verdict}".strip(), MONO, width)
    return 7 + 20.2 * (min(rows, 3) if claim.tone == "good" else rows)


def prose_height(markdown: str, screen: Screen) -> float:
    """Return how tall a piece of Markdown is."""
    height = 0.0
    for alone in FENCE.finditer(markdown):
        lines = alone.group().count("\n") - 1
        height += 62 if alone.group().startswith("$$") else 54 + 21 * max(1, lines)
    for piece in re.split(r"\n\s*\n", FENCE.sub("\n\n", markdown)):
        height += _piece_height(piece.strip(), screen)
    return height


def _piece_height(piece: str, screen: Screen) -> float:
    if not piece:
        return 0
    rows = [row for row in piece.split("\n") if row.strip()]
    if rows[0].lstrip().startswith("|"):
        return 22 + sum(_row_height(row, screen) for row in rows if not re.fullmatch(r"[\s|:-]+", row))
    items = re.split(r"\n(?=\s*(?:[-*+]|\d+[.)])\s)", piece)
    if re.match(r"\s*(?:[-*+]|\d+[.)])\s", piece):
        inner = screen.width - 40
        return 24 + sum(6 + screen.line * _lines(item, screen.letter, inner) for item in items)
    if piece.startswith("#"):
        return 24 + screen.line
    return 10 + screen.line * _lines(piece, screen.letter, screen.width)


def _row_height(row: str, screen: Screen) -> float:
    """Return the height of a row of a table, whose columns take room by what is in them."""
    cells = [cell for cell in row.strip().strip("|").split("|") if cell.strip()]
    letters = sum(_wide(MARKUP.sub("", cell)) for cell in cells)
    return 11 + 21.75 * max(1, ceil(1.3 * letters * 7.1 / max(screen.width, 340)))


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
