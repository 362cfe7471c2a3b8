"""The map between the official SAM3 and that of transformers, each row of it verified on both traces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from places import ROOT

from shapeflow.model.match import Match
from shapeflow.model.records import Value
from shapeflow.model.tensors import ModuleTensor
from shapeflow.model.trace import Trace
from shapeflow.runs.documents import run_documents
from shapeflow.shapes.matching import Bindings, match
from shapeflow.shapes.notation import parse_shape
from shapeflow.walkthrough.model_map import Counterpart, ModelMap, read_map
from shapeflow.walkthrough.reader import read

FOLDER = ROOT / "shapeflow" / "walkthrough" / "shipped"


def map_of(target: str) -> ModelMap:
    """Return the map as the shipped walkthrough of a model reads it."""
    found = read_map(read(FOLDER / f"{target}.en.md"))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def official() -> Trace:
    """A shapes-only trace of the official SAM3."""
    pytest.importorskip("sam3")
    return run_documents([read(FOLDER / "sam3.en.md")])


@pytest.fixture(scope="module")
def transformers() -> dict[str, Trace]:
    """Shapes-only traces of the SAM3 of transformers, by the run of its walkthrough."""
    pytest.importorskip("transformers")
    document = read(FOLDER / "sam3-transformers.en.md")
    return {run: run_documents([document], run=run) for run in document.run_names}


def test_one_table_serves_both_walkthroughs():
    here, there = map_of("sam3"), map_of("sam3-transformers")
    assert (here.model, there.model) == ("sam3-transformers", "sam3")
    assert [(row.here, row.there) for row in here.rows] == [(row.there, row.here) for row in there.rows]
    turned = [row.shapes and (row.shapes[1], row.shapes[0]) for row in there.rows]
    assert [row.shapes for row in here.rows] == turned
    assert read_map(read(FOLDER / "sam3.zh.md")) == here
    assert read_map(read(FOLDER / "sam3-transformers.zh.md")) == there


def test_what_differs_has_a_note_in_both_languages():
    for row in map_of("sam3").rows:
        assert not row.shapes or row.note("en"), row.here
        assert bool(row.note("en")) == bool(row.notes.get("zh")), row.here


@pytest.mark.slow
def test_every_row_is_true_of_both_traces(official: Trace, transformers: dict[str, Trace]) -> None:
    assert [told for row in map_of("sam3").rows if (told := wrong(row, official, transformers))] == []


def wrong(row: Counterpart, official: Trace, transformers: Mapping[str, Trace]) -> str:
    """Return what is not so in a row; empty if all is."""
    run = "box" if "geometry_encoder" in row.there else "phrase"
    here = official.select(row.here) if row.here else []
    there = transformers[run].select(row.there) if row.there else []
    if not here or not there:
        return ""  # only one of the models has it, as its note says
    if here[0].port is None and here[0].tensor is None:
        return unlike_modules(row, (official, transformers[run]), (here, there))
    if len(here) != len(there):
        return f"{row.here}: {len(here)} places here, {len(there)} there"
    return next(filter(None, (unlike(row, *pair) for pair in zip(here, there, strict=True))), "")


def unlike_modules(row: Counterpart, traces: Sequence[Trace], found: Sequence[Sequence[Match]]) -> str:
    """Return how modules differ otherwise than their row says: in number, or without a note in parameters."""
    paths = [list(dict.fromkeys(match.path for match in matches)) for matches in found]
    if "*" in row.here and len(paths[0]) != len(paths[1]):
        return f"{row.here}: {len(paths[0])} modules here, {len(paths[1])} there"
    sizes = [
        [trace.module_by_path[path].parameters for path in each if path in trace.module_by_path]
        for trace, each in zip(traces, paths, strict=True)
    ]
    differ = all(sizes) and sizes[0] != sizes[1] and not row.note("en")
    return f"{row.here}: {sizes[0]} parameters here, {sizes[1]} there" if differ else ""


def unlike(row: Counterpart, here: Match, there: Match) -> str:
    """Return how two tensors differ otherwise than their row says."""
    ours, theirs = (found.tensor or found.value for found in (here, there))
    assert ours is not None, here.name
    assert theirs is not None, there.name
    told = f"{here.name} {ours} and {there.name} {theirs}: "
    if row.shapes is None:
        return "" if (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape) else f"{told}not the same"
    pairs = list(zip(row.shapes, (ours, theirs), strict=True))
    if not any(fit(row, order) for order in (pairs, pairs[::-1])):  # 'N' may be bound by either
        return f"{told}not {' and '.join(row.shapes)}"
    return ""


def fit(row: Counterpart, pairs: Sequence[tuple[str, ModuleTensor | Value]]) -> bool:
    """Return whether tensors have their shapes, if the same names of sizes mean the same in both."""
    sizes = Bindings()
    same = len({tensor.dtype for _, tensor in pairs}) == 1
    patterns = [(parse_shape(text), tensor) for text, tensor in pairs]
    return all(
        (same or pattern.dtype) and match(pattern, tensor.dtype, tensor.shape, sizes, (row.line, "")) is None
        for pattern, tensor in patterns
    )
