"""Arrows between names of modules: ```conv1` -> `bn1` -> `relu```, ``stem → stages → head``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from shapeflow.notes.mention import Span
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.names import NAME
from shapeflow.notes.statements.plainness import is_plain
from shapeflow.notes.statements.statement import Failing, Statement
from shapeflow.notes.statements.steps import Pair, candidates, claims_of, goes, leaps, pairs
from shapeflow.notes.statements.subjects import Subjects
from shapeflow.notes.statements.wording import is_against, sentence

_ARROW = re.compile(r"\s*(?:→|-{1,3}>|={1,3}>|—>)\s*")
_ITEM = re.compile(
    r"(?:`(?P<ticked>[A-Za-z_][\w.]*)`|\[(?P<linked>[A-Za-z_][\w.]*)\]\(\s*\)|(?P<bare>[A-Za-z_][\w.]*\w))"
)
_FIRST = re.compile(rf"(?<![\w.`/-]){_ITEM.pattern}(?=\s*(?:→|-+>|=+>|—>))")
_ACTIVATION = re.compile(
    r"`?(?:GELU|ReLU|SiLU|Swish|Tanh|Sigmoid|Softmax|Dropout|dropout|softmax|gelu|relu|silu)`?(?![\w(])"
)
_OTHERWISE = re.compile(
    r"output|input|sizes?\b|width|dim|Ausgabe|Größe|sortie|taille|salida|tamaño|uscita|saída|ыход|размер|"
    r"输出|输入|大小|维|出力|入力|サイズ|출력|입력|크기",
    re.IGNORECASE,
)
"""Words with which arrows may lead from the end to the beginning, or from one size to another."""
_BACK = re.compile(r"<-|←|↔")
_DEFINITE = re.compile(r"[._\d]")
"""What a name has that is no word of a text."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A name in a chain of arrows, with its columns."""

    name: str
    start: int
    end: int
    ticked: bool


def arrows(line: Line, subjects: Subjects) -> Iterator[Statement]:
    """Yield what a line says by arrows of where the data of modules goes."""
    if _BACK.search(line.text):
        return
    at = 0
    while found := _FIRST.search(line.text, at):
        chain, at = _chain(line.text, found)
        if len(chain) > 1 and not is_against(line.sentence(chain[0].start, chain[-1].end)):
            yield from _stated(line, chain, subjects)


def _chain(text: str, first: re.Match[str]) -> tuple[list[_Step], int]:
    """Return the names that arrows lead through, up to something else, and where they end."""
    chain = [_step(first)]
    at = first.end()
    while arrow := _ARROW.match(text, at):
        item = _ITEM.match(text, arrow.end())
        passed = _ACTIVATION.match(text, arrow.end())
        if passed and _ARROW.match(text, passed.end()):
            at = passed.end()  # a function between two modules, `fc1 → GELU → fc2`
        elif item and not text.startswith("(", item.end()):
            chain.append(_step(item))
            at = item.end()
        else:
            break
    return chain, max(at, first.end() + 1)


def _step(found: re.Match[str]) -> _Step:
    name = found["ticked"] or found["linked"] or found["bare"]
    return _Step(name, found.start(), found.end(), found["bare"] is None)


def _stated(line: Line, chain: list[_Step], subjects: Subjects) -> Iterator[Statement]:
    """Yield one statement for all that is so, or one for each arrow that is wrong."""
    chain = _full_names(line, chain, subjects)
    meant = [candidates(step.name, subjects) for step in chain]
    links = [
        pairs(meant[number], meant[number + 1], (one.name, other.name))
        for number, (one, other) in enumerate(pairwise(chain))
    ]
    begin = 0
    for number in range(len(links) + 1):
        if number == len(links) or not links[number]:
            yield from _run(line, chain[begin : number + 1], links[begin:number], subjects)
            begin = number + 1


def _run(line: Line, chain: list[_Step], links: list[list[Pair]], subjects: Subjects) -> Iterator[Statement]:
    """Yield what names say that arrows join without a gap."""
    ticked = all(step.ticked or _DEFINITE.search(step.name) for step in chain)
    if not links or not (ticked or len(chain) > 2):
        return
    wrong = [number for number, link in enumerate(links) if not any(goes(pair, subjects) for pair in link)]
    for number in wrong:
        yield _statement(line, chain[number], chain[number + 1], links[number : number + 1], subjects)
    if not wrong and not any(leaps(pair, subjects) for link in links for pair in link):
        yield _statement(line, chain[0], chain[-1], links, subjects)


def _full_names(line: Line, chain: list[_Step], subjects: Subjects) -> list[_Step]:
    """Return the names with that of the module before them, where they are inside it."""
    first = sentence(line.text, chain[0].start, chain[-1].end)[0]
    before = list(NAME.finditer(line.text, first, chain[0].start))
    owner = subjects.named(before[-1]["name"]) if before else []
    if len(owner) != 1:
        return chain
    inside = [replace(step, name=f"{owner[0].path}.{step.name}") for step in chain]
    return inside if all(step.name in subjects.trace.module_by_path for step in inside) else chain


def _statement(
    line: Line, first: _Step, last: _Step, links: list[list[Pair]], subjects: Subjects
) -> Statement:
    clear = line.clear(first.start, last.end) is not None
    clear = clear and not _OTHERWISE.search(line.sentence(first.start, last.end))
    clear = clear and is_plain(line, first.start, last.end, subjects)
    failing: Failing = "contradicts" if clear else "says nothing"
    span = Span(line.passage.line, first.start + 1, last.end + 1, line.passage.cell)
    claims = tuple(dict.fromkeys(claim for link in links for claim in claims_of(link)))
    place = links[0][0][0].path
    headings = line.passage.frame.headings
    return Statement(span, line.text[first.start : last.end], "flow", claims, place, failing, headings)
