"""The shapes that a text states, each with its place in the file and with what the text says around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from shapeflow.shapes.notation import ShapePattern

Kind = Literal["markdown", "notebook", "python"]
Region = Literal[
    "prose",
    "heading",
    "item",
    "cell",
    "fence",
    "code",
    "math",
    "diagram",
    "comment",
    "docstring",
    "annotation",
    "output",
]
"""What kind of text a mention stands in; ``code`` is inline code, ``cell`` one of a table."""
Role = Literal["", "in", "out"]
Scope = Literal["line", "block", "file"]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one line of the original text, both columns in characters and from 1."""

    line: int
    column: int
    end: int
    """The column after the last character."""
    cell: int | None = None
    """Position of the notebook's cell, from 0; its printed output goes on after the lines of its source."""


@dataclass(frozen=True, slots=True)
class Frame:
    """All that a text says around a mention."""

    region: Region = "prose"
    headings: tuple[str, ...] = ()
    """From the outermost to the innermost."""
    lead: tuple[str, ...] = ()
    """The lines that lead to this one, outermost first: items of lists above it, a line that ends in ':'."""
    line: str = ""
    """The whole line, full-width signs folded."""
    before: str = ""
    after: str = ""
    row: str = ""
    """Header of its row in a table: the first cell."""
    column: str = ""
    """Header of its column in a table."""
    definitions: tuple[str, ...] = ()
    """Classes and functions around it, outermost first."""
    assigned: str = ""
    """The variable that its statement assigns, or the parameter that its line of a docstring describes."""
    declared: str = ""
    """The type that this parameter is declared with, in the docstring or in the head of the function."""
    statement: str = ""
    """The code that a comment belongs to."""
    links: tuple[tuple[str, int, int], ...] = ()
    """Links near it to lines of source: ending of the file's path, first and last line."""
    selector: str = ""
    """Of an explicit ``<!-- shapeflow: SELECTOR -->``."""
    language: str = ""
    """Of the fence that it stands in."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A line of the text of which everything else is blanked, so that its columns are those of the line."""

    line: int
    """From 1."""
    text: str
    """Plain signs, see ``reading/folding``."""
    frame: Frame
    block: int
    """Equal for the lines of one paragraph, list, table or fence."""
    part: int = 0
    """Inside code: which docstring or run of comments."""
    cell: int | None = None
    directives: tuple[str, ...] = ()
    """What comments for us in its line say, see ``reading/directives``."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One shape that a text states."""

    id: int
    """Its position among the mentions of the note."""
    span: Span
    text: str
    """As written: what ``span`` covers."""
    pattern: ShapePattern
    """In our notation: sizes, symbols, arithmetic, wildcards."""
    frame: Frame
    dims: tuple[tuple[int, int], ...] = ()
    """First and last+1 column of each dim in the original line, as many as ``pattern.dims``; none where the
    shape ends in the next line."""
    names: tuple[str, ...] = ()
    """What the text calls each dim beside its size, as ``B`` in ``B, N = 2, 5``; empty where it does not."""
    chain: int | None = None
    """Which ``A -> B -> C`` it is part of, None: no such."""
    position: int = 0
    """Its place in the chain, from 0."""
    role: Role = ""
    """Whether words before it call it an input or an output; empty where they do not say."""
    subject: str = ""
    """The words directly before it that name it, such as ``query``."""
    score: float = 1.0
    """How sure it is that this states a shape, from 0 to 1."""
    alternative: bool = False
    """Whether it is one of several shapes that the text leaves open, as both in "of shape `A` or `B`"."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a text says that a symbol means: ``N = 5184``, ``B: batch size``."""

    symbol: str
    size: int | None
    """None: the text says what it is and not how large."""
    words: str
    span: Span


@dataclass(frozen=True, slots=True)
class Ignored:
    """Lines that an ``<!-- shapeflow: ignore -->`` takes out."""

    first: int
    last: int
    scope: Scope
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A text with the shapes that it states."""

    path: str
    kind: Kind
    lines: tuple[str, ...]
    """Of the original text; of a notebook empty, see ``cells``."""
    mentions: tuple[Mention, ...] = ()
    definitions: tuple[Definition, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    cells: tuple[tuple[str, ...], ...] = field(default=())
    """Lines of each cell of a notebook, its printed output after its source."""
    unread: tuple[str, ...] = ()
    """Sentences on what of it was not read, since there is too much of it."""
    passages: tuple[Passage, ...] = field(default=(), repr=False, compare=False)
    """The text cut into lines of one kind, for statements that are no shapes."""
