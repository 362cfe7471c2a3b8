"""The model's own source as a note quotes it, in fences or in cells of a notebook."""

from __future__ import annotations

import ast
import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from shapeflow.model.trace import Trace
from shapeflow.notes.mention import Mention, Note
from shapeflow.notes.own_source.code import OwnCode
from shapeflow.notes.reading.markdown import code_blocks
from shapeflow.notes.reading.python_code import parsed
from shapeflow.notes.verdicts.doubts import COMMITTED
from shapeflow.notes.verdicts.mark import Mark
from shapeflow.source.comments import LONGEST_TEXT
from shapeflow.source.places_left import functions_of_run
from shapeflow.source.places_now import code_of, lines_of_run

_HEAD = "quoted"
_DEFINES = re.compile(r"(?:class|def|async def|@)\b")
LEAST_LINES, LEAST_SHARE = 2, 0.1
"""So many lines, and such a part of a piece of code, show that it quotes the model's source."""
LONG = 12
"""A line of so many characters that stands once in a file, and once in the piece, is the same one."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Code in a note."""

    lines: tuple[str, ...]
    """As many as the note, or the cell, has; those outside of the piece are empty."""
    cell: int | None


def quoted_marks(trace: Trace, note: Note, batch: int, mentions: Sequence[Mention]) -> dict[int, Mark]:
    """Return what the lines beside them say of the mentions in quoted code of the model, by their ids.

    Only what is certain: other mentions are placed by their words.

    Args:
        trace: the run.
        note: a text that is no file of the model.
        batch: how many inputs the run had at once.
        mentions: those that nothing else decides.
    """
    found: dict[int, Mark] = {}
    pieces = [(piece, [one for one in mentions if _is_in(piece, one)]) for piece in _pieces(note)]
    pieces = [(piece, here) for piece, here in pieces if here]
    runs = _lines_of(trace) if pieces else {}
    for piece, here in pieces:
        name, places = _source_of(runs, piece.lines)
        if not places:
            continue
        text = replace(note, kind="python", lines=piece.lines, mentions=tuple(here))
        code = OwnCode(trace, text, name, places, batch)
        marks = {one.id: mark for one in here if (mark := code.mark(one)) is not None}
        agreed = code.agreed(marks)
        found |= {number: mark for number, mark in agreed.items() if mark.verdict in COMMITTED}
        ran = set(functions_of_run(trace, name).values())
        found |= {one.id: _never_run(one) for one in here if one.id not in found and _is_idle(code, one, ran)}
    return found


def _is_idle(code: OwnCode, mention: Mention, ran: Collection[str]) -> bool:
    """Return whether a mention is in a function beside those of the run that did not run itself."""
    node = code.comments.names.around(mention.span.line)
    if node is None or isinstance(node, ast.ClassDef) or node.name.startswith("__"):
        return False
    return node.name not in {*ran, _HEAD}


def _never_run(mention: Mention) -> Mark:
    return Mark(mention, "not in this run", "", "", ("the run has nothing of the code around it",))


def constants(note: Note) -> dict[str, int]:
    """Return the sizes that code in a note gives names, ``n_embd = 32``; none where it gives several."""
    sizes: dict[str, set[int]] = defaultdict(set)
    for piece in _pieces(note):
        tree = parsed(piece.lines)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                given = [(target.id, node.value) for target in node.targets if isinstance(target, ast.Name)]
            elif isinstance(node, ast.keyword) and isinstance(node.value, ast.Constant):
                given = [(node.arg or "", node.value)]
            else:
                continue
            for name, value in given:
                if type(value.value) is int:
                    sizes[name].add(value.value)
    return {name: next(iter(found)) for name, found in sizes.items() if len(found) == 1}


def _is_in(piece: _Piece, mention: Mention) -> bool:
    """Return whether a mention is in the comments of a piece of code."""
    line, frame = mention.span.line, mention.frame
    inside = (
        mention.span.cell == piece.cell and line <= len(piece.lines) and bool(piece.lines[line - 1].strip())
    )
    return inside and frame.region in ("comment", "docstring", "annotation")


def _pieces(note: Note) -> Iterator[_Piece]:
    """Yield the fences of Markdown and the cells of a notebook."""
    printed: dict[int | None, int] = {}
    for passage in note.passages:
        if passage.frame.region == "output":
            printed[passage.cell] = min(passage.line, printed.get(passage.cell, passage.line))
    for number, cell in enumerate(note.cells):
        yield _Piece(tuple(cell[: printed.get(number, len(cell) + 1) - 1]), number)
    if note.kind == "markdown":
        yield from _fences(note.lines)


def _fences(lines: Sequence[str]) -> Iterator[_Piece]:
    """Yield the blocks of code of a Markdown text."""
    try:
        blocks = list(code_blocks(lines))
    except RecursionError:
        return
    for block in blocks:
        inside = textwrap.dedent("\n".join(lines[number] for number in block)).split("\n")
        above = [""] * block.start
        if above and not any(_DEFINES.match(line) for line in inside):
            # Statements of a function alone: names are only followed inside of one.
            above[-1] = f"def {_HEAD}():"
            inside = [f"    {line}" if line.strip() else line for line in inside]
        yield _Piece((*above, *inside, *("",) * (len(lines) - block.stop)), None)


def _lines_of(trace: Trace) -> dict[str, list[tuple[int, str]]]:
    """Return the lines of code of each file of a run, with their numbers."""
    found = {}
    for name in dict.fromkeys(source.file for source in trace.sources):
        known = sorted(lines_of_run(trace, name).items())
        found[name] = [(number, code) for number, line in known if (code := _code(line))]
    return found


def _code(line: str) -> str:
    return code_of(line)[:LONGEST_TEXT]


def _source_of(
    runs: Mapping[str, Sequence[tuple[int, str]]], lines: Sequence[str]
) -> tuple[str, dict[int, int]]:
    """Return the file of a run that a piece of code quotes, and where its lines stand in the piece."""
    text = [(number, code) for number, line in enumerate(lines, 1) if (code := _code(line))]
    there = {code for _, code in text}
    best: tuple[str, dict[int, int]] = ("", {})
    for name, run in runs.items():
        if sum(code in there for _, code in run) <= max(len(best[1]), LEAST_LINES - 1):
            continue
        places = _common(run, text)
        if len(places) > len(best[1]):
            best = name, places
    enough = len(best[1]) >= max(LEAST_LINES, LEAST_SHARE * len(text))
    return best if enough else ("", {})


def _common(run: Sequence[tuple[int, str]], text: Sequence[tuple[int, str]]) -> dict[int, int]:
    """Return where lines of a run stand in a piece: those that can be no others."""
    before, after = [code for _, code in run], [code for _, code in text]
    counts, there = Counter(before), Counter(after)
    found: dict[int, int] = {}
    for start, place, size in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        block = before[start : start + size]
        several = size > 1 and sum(before[at : at + size] == block for at in range(len(before))) == 1
        for step, code in enumerate(block):
            alone = len(code) >= LONG and counts[code] == there[code] == 1
            if alone or several:
                found[run[start + step][0]] = text[place + step][0]
    return found
