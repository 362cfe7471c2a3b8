"""What was found in a text: by ``shapeflow annotate``, and by two simple ways to compare it with."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import shapeflow
from benchmarks.annotate.labels import lines_of
from benchmarks.annotate.traces import run

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One shape that was found in a text, and what was said of it."""

    line: str
    """As in the tables of labels."""
    column: int
    end: int
    text: str
    verdict: str
    confidence: float = 1.0
    place: str = ""
    shape: str = ""
    """What is there."""


def by_annotate(paths: Sequence[Path], trace: Path) -> list[list[Found]]:
    """Return what ``shapeflow annotate --json`` says of each text."""
    told = json.loads(run("annotate", *map(str, paths), str(trace), "--json", accept=(0, 1)))
    return [
        [
            Found(
                line_name(path, mark),
                mark["column"],
                mark["end"],
                mark["text"],
                mark["verdict"],
                mark["confidence"],
                mark["place"],
                mark["found"],
            )
            for mark in text["marks"]
        ]
        for path, text in zip(paths, told["texts"], strict=True)
    ]


def line_name(path: Path, mark: Mapping[str, object]) -> str:
    """Return the line of a mark as the tables name it; what a cell printed follows its source there."""
    cell, line = mark.get("cell"), int(str(mark["line"]))
    if cell is None:
        return str(line)
    source = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][cell]["source"])
    own = source.count("\n") + 1
    return f"{cell}:{line}" if line <= own else f"{cell}:out{line - own}"


def tensors(selector: str, trace: shapeflow.Trace) -> set[int]:
    """Return the ids of the tensors at a selector; those that come out where it names no port."""
    for name in (selector, f"{selector}:out"):
        try:
            ids = {match.value.id for match in trace.select(name) if match.value is not None}
        except shapeflow.ShapeflowError:
            continue
        if ids:
            return ids
    return set()


LIST = re.compile(r"[\[(（]\s*\d+(?:\s*[,，]\s*\d+)+\s*[\])）]")


def lists(path: Path) -> Iterable[tuple[str, str, re.Match[str]]]:
    """Yield each bracketed list of numbers in a text with its line."""
    for name, line in lines_of(path).items():
        for match in LIST.finditer(line):
            yield name, line, match


def sizes(text: str) -> Shape:
    """Return the numbers of a bracketed list."""
    return tuple(int(number) for number in re.findall(r"\d+", text))


def anywhere(path: Path, trace: shapeflow.Trace) -> list[Found]:
    """Say that a bracketed list is confirmed if any tensor of the run has this shape, else contradicted."""
    known = {tuple(value.shape) for value in trace.values}
    return [
        Found(
            name,
            match.start() + 1,
            match.end() + 1,
            match[0],
            "confirmed" if sizes(match[0]) in known else "contradicted",
        )
        for name, _, match in lists(path)
    ]


def nearest_name(path: Path, trace: shapeflow.Trace) -> list[Found]:
    """Compare a bracketed list with what goes into and out of the module whose name stands last before it."""
    known = shapes_of_names(trace)
    found = []
    for name, line, match in lists(path):
        words = re.findall(r"[A-Za-z_][\w.]*\w", line[: match.start()])
        word = next((word for word in reversed(words) if word in known), None)
        claimed = sizes(match[0])
        verdict = "cannot tell"
        if word:
            holds = any(claimed in (shape, shape[1:]) for shape in known[word])
            verdict = "confirmed" if holds else "contradicted"
        found.append(Found(name, match.start() + 1, match.end() + 1, match[0], verdict))
    return found


def shapes_of_names(trace: shapeflow.Trace) -> dict[str, set[Shape]]:
    """Return the shapes at the ports of modules, by path and by the last part of it."""
    known: dict[str, set[Shape]] = defaultdict(set)
    for call in trace.calls:
        shapes = {
            tuple(trace.values[port.value].shape)
            for port in (*call.inputs, *call.outputs)
            if isinstance(port.value, int)
        }
        for name in {call.path, call.path.rpartition(".")[2]}:
            known[name] |= shapes
    return known
