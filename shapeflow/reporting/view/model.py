"""The report as plain data: finished strings and numbers, the same for every renderer.

A renderer never looks into a trace or a verdict; what it needs stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shapeflow.reporting.poster.model import Poster
from shapeflow.reporting.view.cause_model import CauseView
from shapeflow.reporting.view.count_model import Count
from shapeflow.reporting.view.counterpart_model import MapView
from shapeflow.reporting.view.doc_model import DocView
from shapeflow.reporting.view.elsewhere_model import Elsewhere
from shapeflow.reporting.view.figure_model import Attention, Drawing, FeatureMap
from shapeflow.reporting.view.link_model import LinkView
from shapeflow.reporting.view.numbers_model import NumbersView
from shapeflow.reporting.view.pictures_model import PicturesView, PictureView, ValuePicture
from shapeflow.reporting.view.pieces import Piece
from shapeflow.reporting.view.statement_model import StatementPart


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named size, with the one colour it has everywhere."""

    name: str
    size: int
    colour: int
    """Position in the palette."""
    text: str
    """``N = 5184 = 72 * 72``."""
    meaning: str = ""
    """What the author wrote behind it: ``image tokens``."""
    bound: str = ""
    """Who gave it its size."""
    telling: bool = True
    """True if the size alone says that this symbol is meant, wherever it stands."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of what was run, on what, with what."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of source as coloured tokens: pairs of a Pygments class and text."""

    number: int
    tokens: tuple[tuple[str, str], ...]
    meant: bool = False


@dataclass(frozen=True, slots=True)
class SourceView:
    """Where something happens in the model's source."""

    position: int
    """In the trace's sources."""
    place: str
    """``sam3/model/encoder.py:120``."""
    function: str
    lines: tuple[CodeLine, ...]
    installed: bool
    """False if the file is not here (or is another version) and only the line in the trace is shown."""


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """What a verdict rests on: one call, op or value."""

    selector: str
    class_name: str
    shape: tuple[Piece, ...]
    made_by: LinkView | None
    used_by: tuple[LinkView, ...]
    unused: bool
    """A value that nobody reads."""
    source: SourceView | None


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A claim with its verdict."""

    anchor: str
    """Id in links, from what the claim says: ``claim-trunk-blocks-out``."""
    text: tuple[Piece, ...]
    statement: tuple[Piece, ...]
    """The text without who said it."""
    place: str
    """``sam3.en.md:120``."""
    path: str
    """The path in its first name: ``transformer.encoder.layers.*.norm1``."""
    kind: str
    status: str
    """The status as a stable word."""
    verdict: str
    """The status in the language of the report."""
    tone: str
    passed: bool
    said: str
    title: str
    """For a restated mistake: what is said, without where; else empty."""
    found: tuple[Piece, ...]
    adds: bool
    """True if what was found says more than the claim: the sizes of its own letters do not."""
    what: str
    expected: str
    because: str
    hint: str
    differs: str
    """For a restated mistake: what the model does otherwise, in the language of the report."""
    evidence: tuple[EvidenceView, ...]
    more_evidence: int
    """How many more calls or ops it rests on than are listed."""
    section: str
    """Id of its section."""

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """The fields that say more than ``what``, as far as they are filled: name and text."""
        fields = (("expected", self.expected), ("because", self.because), ("hint", self.hint))
        return [(name, text) for name, text in fields if text]


@dataclass(frozen=True, slots=True)
class BlockView:
    """Prose in Markdown, or claims."""

    markdown: str = ""
    claims: tuple[ClaimView, ...] = ()
    module: str = ""
    """The module that the names in its claims are relative to, if the block says one."""


@dataclass(frozen=True, slots=True)
class PortView:
    """A tensor that a call takes or gives."""

    selector: str
    name: str
    gives: bool
    shape: tuple[Piece, ...]
    unused: bool


@dataclass(frozen=True, slots=True)
class PartView:
    """A part of what a section is about, in a report without a walkthrough."""

    selector: str
    name: str
    class_name: str
    calls: int
    gives: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section of the walkthrough with the trace laid into it."""

    id: str
    title: str
    level: int
    blocks: tuple[BlockView, ...]
    mark: str
    """``good``, ``bad``, ``doubt`` or ``plain`` (nothing claimed)."""
    counts: Mapping[str, int]
    """Claims by tone, and ``said``."""
    calls: tuple[LinkView, ...]
    """What it is about."""
    more_calls: int
    drawing: Drawing | None = None
    attention: tuple[Attention, ...] = ()
    sheets: tuple[FeatureMap, ...] = ()
    ports: tuple[PortView, ...] = ()
    """What goes in and out, in a report without a walkthrough."""
    docs: tuple[DocView, ...] = ()
    """What the classes of the user's model say of themselves, there too."""
    parts: tuple[PartView, ...] = ()
    """And what is in it."""
    pictures: tuple[ValuePicture, ...] = ()
    """What the values that it speaks of look like."""
    guards: str = ""
    """What its claims constrain: ``12 calls, 8 ports, 20 sizes``; empty if nothing."""

    @property
    def claim_count(self) -> int:
        """Number of claims in it."""
        return sum(len(block.claims) for block in self.blocks)

    @property
    def own_count(self) -> int:
        """Number of its own claims, without the restated mistakes of another text."""
        return self.claim_count - len(self.refuted)

    @property
    def refuted(self) -> tuple[ClaimView, ...]:
        """The restated mistakes of another text in it."""
        return tuple(claim for block in self.blocks for claim in block.claims if claim.said)


@dataclass(frozen=True, slots=True)
class Topic:
    """Mistakes of another text that are the same one, in a sentence."""

    sentence: str
    claims: tuple[ClaimView, ...]

    @property
    def size(self) -> int:
        """Number of mistakes."""
        return len(self.claims)


@dataclass(frozen=True, slots=True)
class FailureView:
    """Why the run ended early."""

    what: str
    call: LinkView | None
    op: LinkView | None
    inputs: tuple[str, ...]
    source: SourceView | None
    traceback: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything a report says."""

    title: str
    language: str
    target: str
    walkthrough: str
    """The document's file name; empty if there is none."""
    sentence: str
    """What the document begins with, in Markdown; empty without one."""
    lead: str
    """What the headline counts: ``Every line below was checked against one recorded run``."""
    headline: tuple[Count, ...]
    facts: tuple[Fact, ...]
    unobserved: tuple[str, ...]
    failure: FailureView | None
    causes: tuple[CauseView, ...]
    """Why many claims fail at once."""
    picture: PictureView | None
    symbols: tuple[Symbol, ...]
    pictures: PicturesView
    poster: Poster
    """The whole run in one picture."""
    overview: Drawing | None
    sections: tuple[SectionView, ...]
    corrections: tuple[ClaimView, ...]
    topics: tuple[Topic, ...]
    """The corrections by what is wrong."""
    statements: tuple[StatementPart, ...]
    map: MapView | None
    uncovered: tuple[LinkView, ...]
    """Calls that no section speaks of."""
    numbers: NumbersView
    explorer: Mapping[str, Any]
    """The whole trace in columns, see ``explorer``."""
    elsewhere: Elsewhere | None = None
    """The same page in another language, if there is one."""

    @property
    def claims(self) -> tuple[ClaimView, ...]:
        """All claims in the order of the document."""
        return tuple(claim for section in self.sections for block in section.blocks for claim in block.claims)

    @property
    def failing(self) -> tuple[ClaimView, ...]:
        """The claims whose check is not satisfied, those that the run contradicts first."""
        return tuple(sorted((c for c in self.claims if not c.passed), key=lambda claim: claim.tone != "bad"))

    def tally(self, tone: str) -> int:
        """Return how many claims a filter shows: ``all``, ``said`` or a tone."""
        if tone == "said":
            return sum(1 for claim in self.claims if claim.said)
        return sum(1 for claim in self.claims if tone in ("all", claim.tone))
