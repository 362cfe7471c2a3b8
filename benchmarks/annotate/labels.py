"""The texts and what is true of them, written by hand from the traces.

``texts/NAME.tsv`` has a row for each shape that ``texts/NAME`` states, in the order of the text: the line,
the shape as it is written there, what should be said of it, where it is meant, and why. Lines of a notebook
are ``CELL:LINE``, of what a cell printed ``CELL:outLINE``. A verdict may be two, joined by *or*, where both
can be defended. ``optional`` is what one reader would call a statement on a shape and another would not: it
counts neither when it is found nor when it is missed.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.annotate.traces import TEXTS

CORPUS = Path(__file__).parent / "corpus.tsv"
VERDICTS = ("confirmed", "contradicted", "layout differs", "not in this run", "symbolic", "optional")


@dataclass(frozen=True, slots=True)
class Label:
    """One shape that a text states, and the truth on it."""

    line: str
    text: str
    verdicts: tuple[str, ...]
    place: str
    note: str
    column: int
    """1-based column of its first character in the line."""

    @property
    def optional(self) -> bool:
        """Whether it counts neither when it is found nor when it is missed."""
        return "optional" in self.verdicts


@dataclass(frozen=True, slots=True)
class Text:
    """A labelled text."""

    path: Path
    trace: str
    """A name in ``traces.MODELS``."""
    held_out: bool
    language: str
    style: str
    labels: tuple[Label, ...]

    @property
    def name(self) -> str:
        """Return the name of the file."""
        return self.path.name


def texts() -> list[Text]:
    """Return every text of the corpus with its labels."""
    return [
        Text(path, row["trace"], row["split"] == "held-out", row["language"], row["style"], labels_of(path))
        for row in rows(CORPUS)
        for path in [TEXTS / row["text"]]
    ]


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table with tabs; nothing in it is quoted."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def labels_of(path: Path) -> tuple[Label, ...]:
    """Return the labels of a text; a shape that its line does not have is an error."""
    written = lines_of(path)
    behind: dict[str, int] = {}
    found = []
    for row in rows(path.with_name(path.name + ".tsv")):
        line = row["line"]
        start = written.get(line, "").find(row["text"], behind.get(line, 0))
        if start < 0:
            raise ValueError(f"{path.name}:{line} has no {row['text']!r} behind what was labelled before it")
        behind[line] = start + len(row["text"])
        verdicts = tuple(row["verdict"].split(" or "))
        found.append(Label(line, row["text"], verdicts, row["place"], row["note"], start + 1))
    return tuple(found)


def lines_of(path: Path) -> dict[str, str]:
    """Return the lines of a text by their names in the tables."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return {str(number): line for number, line in enumerate(text.splitlines(), 1)}
    lines = {}
    for index, cell in enumerate(json.loads(text)["cells"]):
        lines |= {f"{index}:{n}": line for n, line in enumerate("".join(cell["source"]).splitlines(), 1)}
        printed = "".join("".join(each.get("text", ())) for each in cell.get("outputs", ()))
        lines |= {f"{index}:out{n}": line for n, line in enumerate(printed.splitlines(), 1)}
    return lines
