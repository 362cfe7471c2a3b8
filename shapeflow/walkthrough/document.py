"""What a walkthrough is made of: sections of prose and claims, each with its place in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shapeflow.common.text import Span
from shapeflow.walkthrough.block import NO_SCOPE, Scope
from shapeflow.walkthrough.context import Body
from shapeflow.walkthrough.parts import ClaimError


@dataclass(frozen=True, slots=True)
class Claim:
    """One checkable line of a ``shapes`` block."""

    id: int
    """Position in ``Document.claims``."""
    kind: str
    """``shape``, ``none``, ``count``, ``attribute``, ``class``, ``flow``, ``op``, ``value``; ``invalid``."""
    span: Span
    """The whole line, without its indent and comment."""
    section: int
    """Position in ``Document.sections``."""
    body: Body | ClaimError
    """What the kind's own parser made of it; for ``invalid`` the error."""
    said: str = ""
    """For a restated mistake of a third-party text: where it says so, as in ``6.1 one score per channel``."""
    real: bool = False
    """True for a claim marked ``real``: only a run that really computes can decide it."""
    scope: Scope = NO_SCOPE
    """What its block says: the module that names are relative to, and the runs that it speaks of."""

    @property
    def text(self) -> str:
        """The claim as written."""
        return self.span.text[self.span.start : self.span.end]


@dataclass(frozen=True, slots=True)
class Block:
    """A run of Markdown (``text``) or the claims of one ``shapes`` block (``claims``: ids)."""

    line: int
    text: str = ""
    claims: tuple[int, ...] = ()
    module: str = ""
    """The module that the names in its claims are relative to; empty: the model itself."""
    runs: tuple[str, ...] = ()
    """The runs that its claims speak of."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what follows it up to the next heading of any level."""

    id: str
    """Stable name made from the heading, used in links: ``3-2-self-attention``."""
    title: str
    level: int
    """1 for ``#``; 0 for what stands before the first heading."""
    line: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A walkthrough, read."""

    path: str
    text: str
    title: str
    model: str
    """The trace's target that it is about; empty: any."""
    run: Mapping[str, Any]
    """How to make the trace, as the front matter says."""
    dims: Mapping[str, str]
    """Sizes by symbol, in the order of the front matter, as written: ``{"G": "S / P"}``."""
    sections: tuple[Section, ...]
    claims: tuple[Claim, ...]
    runs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Several such, by name; the first is what a block without a name speaks of."""
    dtype: str = ""
    """What a shape without a dtype means; empty: any."""
    dim_spans: Mapping[str, Span] = field(default_factory=dict)
    """Where each of ``dims`` is written."""
    statements: str = ""
    """The table of what another text says, a file seen from its folder; see ``statements``."""
    map: str = ""
    """The table of where another model has the same parts, a file seen from its folder; see ``model_map``."""
    fences: int = 0
    """Number of fenced blocks of any kind, to explain a document without claims."""

    @property
    def run_names(self) -> tuple[str, ...]:
        """The names of its runs; one without a name where it names none."""
        return tuple(self.runs) or ("",)
