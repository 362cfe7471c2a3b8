"""Reading a walkthrough: Markdown into sections, prose and claims, each with its real line in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.common.files import read_bytes
from shapeflow.common.text import Span
from shapeflow.errors import InputError, WalkthroughError
from shapeflow.walkthrough.block import FENCE, Fence, Opening, Scope
from shapeflow.walkthrough.document import Block, Claim, Document, Section
from shapeflow.walkthrough.front_matter import read_front_matter
from shapeflow.walkthrough.grammar import broken_claim, read_claim
from shapeflow.walkthrough.parts import ClaimError

if TYPE_CHECKING:
    from markdown_it.token import Token

MAX_BYTES = 1 << 21
"""Of a walkthrough: twenty times that of the official SAM3."""


def read(path: str | Path, shown: str = "") -> Document:
    """Read a walkthrough from a file, which messages call ``shown``.

    Raises:
        InputError: it cannot be read, or is not text.
        WalkthroughError: its front matter cannot be used.
    """
    try:
        text = read_bytes(Path(path), "walkthrough", ".md", limit=MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            "not-text",
            f"'{path}' is not text in UTF-8",
            where=str(path),
            found=f"byte {error.object[error.start]:#04x} at position {error.start:,}",
        ) from None
    return parse(text, shown or str(path))


def parse(text: str, path: str = "walkthrough.md") -> Document:
    """Read a walkthrough from text; ``path`` is only used to name places.

    A line that cannot be read becomes an ``invalid`` claim, so that everything else is still judged.

    Raises:
        WalkthroughError: its front matter cannot be used.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    lines = text.split("\n")
    front = read_front_matter(lines, path)
    headings, fences = _scan([""] * front.lines + lines[front.lines :])
    reader = _Reader(path, lines, Opening(path, front.runs, front.dtype))
    reader.read(front.lines, headings, fences)
    return Document(
        path=path,
        text=text,
        title=front.title or next((heading.title for heading in headings), ""),
        model=front.model,
        run=front.run,
        runs=front.runs,
        dtype=front.dtype,
        dims=front.dims,
        sections=tuple(reader.sections),
        claims=tuple(reader.claims),
        dim_spans=front.dim_spans,
        statements=front.statements,
        map=front.map,
        fences=len(fences),
    )


def slug(title: str) -> str:
    """Return the stable name of a heading: ``3-2-self-attention`` for ``3.2 Self-attention``."""
    return re.sub(r"\W+", "-", title.lower()).strip("-") or "section"


@dataclass(frozen=True, slots=True)
class _Heading:
    title: str
    level: int
    start: int
    """First line, from 0."""
    end: int
    """The line after it; more than one further where the heading is underlined."""


def _scan(lines: list[str]) -> tuple[list[_Heading], list[Fence]]:
    """Return headings and fenced blocks, as a Markdown renderer sees them."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark").disable(["inline", "text_join"])  # prose is not ours to read
    tokens = markdown.parse("\n".join(lines))
    headings = [
        _Heading(_plain(tokens[i + 1].content), int(token.tag[1]), *_lines_of(token))
        for i, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0
    ]
    fences = [
        Fence(token.info.strip(), *_lines_of(token), tuple(token.content.split("\n")[:-1]), token.markup)
        for token in tokens
        if token.type == "fence"
    ]
    return headings, fences


def _lines_of(token: Token) -> tuple[int, int]:
    """Return the first line of a block token and the line after its last."""
    start, end = token.map or (0, 0)
    return start, end


def _plain(heading: str) -> str:
    """Return a heading's text without code and emphasis marks."""
    return re.sub(r"`+([^`]*)`+|\*+", lambda found: found[1] or "", heading).strip()


@dataclass
class _Reader:
    """Collects sections and claims while it walks down the lines."""

    path: str
    lines: list[str]
    opening: Opening
    sections: list[Section] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    _seen: dict[str, int] = field(default_factory=dict)

    def read(self, start: int, headings: list[_Heading], fences: list[Fence]) -> None:
        """Read all lines from ``start`` on."""
        marked = iter([fence for fence in fences if fence.ours or fence.nearly_ours])
        fence = next(marked, None)
        opening = _Heading("", 0, start, start)
        for heading, following in zip([opening, *headings], [*headings, None], strict=True):
            end = following.start if following else len(self.lines)
            inside: list[Fence] = []
            while fence and fence.start < end:
                inside.append(fence)
                fence = next(marked, None)
            blocks = tuple(self._blocks(heading, end, inside))
            if heading.level or blocks:
                name = slug(heading.title) if heading.level else "top"
                self.sections.append(Section(name, heading.title, heading.level, heading.start + 1, blocks))

    def _blocks(self, heading: _Heading, end: int, fences: list[Fence]) -> Iterator[Block]:
        """Yield what stands in a section, in order."""
        if heading.level:
            yield from self._repeated(heading)
        start = heading.end
        for fence in fences:
            yield from self._prose(start, fence.start)
            yield self._claims_of(fence)
            start = fence.end
        yield from self._prose(start, end)

    def _prose(self, start: int, end: int) -> Iterator[Block]:
        """Yield the lines between two claim blocks, unless they are blank."""
        text = "\n".join(self.lines[start:end])
        if text.strip():
            yield Block(start + 1, text=text)

    def _repeated(self, heading: _Heading) -> Iterator[Block]:
        """Yield an invalid claim for a heading that another section has already: links would be ambiguous."""
        first = self._seen.setdefault(slug(heading.title), heading.start + 1)
        if first != heading.start + 1:
            error = ClaimError(
                "duplicate-section",
                f"another section is called '{heading.title[:60]}'",
                because=f"the first is in line {first}; links and reports name a section by its heading",
                hint="a heading that says which, such as a number in front",
            )
            yield Block(heading.start + 1, claims=(self._broken(heading.start, error),))

    def _claims_of(self, fence: Fence) -> Block:
        """Return the block with the claims of a fenced one."""
        try:
            fence.check(self.lines)
            scope = self.opening.read(self.lines[fence.start], fence.start + 1, fence)
        except ClaimError as error:
            return Block(fence.start + 1, claims=(self._broken(fence.start, error),))
        claims = tuple(self._claims(fence, scope))
        return Block(fence.start + 1, claims=claims, module=scope.module, runs=scope.runs)

    def _claims(self, fence: Fence, scope: Scope) -> Iterator[int]:
        """Yield the ids of the claims of a block."""
        for number, content in enumerate(fence.content, fence.start + 1):
            written = _without_comment(content)
            if written:
                raw = self.lines[number]
                start = raw.rfind(content.strip())
                span = Span(self.path, number + 1, raw, start, start + len(written))
                self.claims.append(read_claim(span, len(self.claims), len(self.sections), scope))
                yield len(self.claims) - 1

    def _broken(self, line: int, error: ClaimError) -> int:
        """Add an invalid claim for a whole line; returns its id."""
        raw = self.lines[line]
        written = raw.strip()
        start = raw.find(written)
        span = Span(self.path, line + 1, raw, start, start + len(written))
        self.claims.append(broken_claim(span, len(self.claims), len(self.sections), error))
        return len(self.claims) - 1


def _without_comment(line: str) -> str:
    """Return a line without its indent and without a ``#`` comment; a ``#`` in quotes or a word stays."""
    text = line.strip()
    quoted = False
    for i, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character == "#" and not quoted and (i == 0 or text[i - 1].isspace()):
            return text[:i].rstrip()
    return text


def no_claims(document: Document) -> WalkthroughError:
    """Return the error for a document in which nothing can be checked."""
    blocks = "1 fenced block" if document.fences == 1 else f"{document.fences:,} fenced blocks"
    marked = sum(1 for section in document.sections for block in section.blocks if not block.text)
    ours = f"{marked:,} marked '{FENCE}', but empty" if marked else f"none marked '{FENCE}'"
    return WalkthroughError(
        "no-claims",
        f"no claims in '{document.path}': {blocks}, {ours}",
        where=document.path,
        expected="lines such as 'encoder:out  [B, N, 256]' in a block that opens with ```shapes",
    )
