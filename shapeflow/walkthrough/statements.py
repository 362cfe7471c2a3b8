"""The statements of a text that a walkthrough answers, from the table that its front matter names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from shapeflow.common.files import read_bytes
from shapeflow.common.text import listing
from shapeflow.errors import InputError, WalkthroughError
from shapeflow.walkthrough.document import Claim, Document

COLUMNS = ("id", "part", "line", "says", "verdict", "section", "claim", "reason")
NEEDED = ("id", "says", "verdict")
VERDICTS = ("holds", "contradicted", "layout differs", "imprecise", "not observable")
"""Right, wrong, wrong in the order of axes alone, partly right, or not to be seen in a run."""

MAX_BYTES = 1 << 21
_HEAD = f"{listing(COLUMNS, len(COLUMNS))}, with tabs between"
_SAID = re.compile(r'^said\s+"[^"]*"\s*:\s*')
_NUMBER = re.compile(r"\d+(?:\.\d+)*(?=\.?(?:\s|$))")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of the text, in the words of the table."""

    id: str
    part: str
    """Where the text makes it; `` > `` stands between a part and a part of that."""
    line: str
    """The line of the text, or several: ``12`` or ``12-14``."""
    says: str
    verdict: str
    """One of ``VERDICTS``."""
    claim: int | None
    """The claim of the walkthrough that answers it: position in ``Document.claims``."""
    reason: str
    """Why no claim does."""


def read_statements(document: Document) -> tuple[Statement, ...]:
    """Return the statements that a document answers; none where its front matter names no table.

    Raises:
        InputError: the table is not there or cannot be read.
        WalkthroughError: it is not such a table, or a row is not answered as it says.
    """
    if not document.statements:
        return ()
    return tuple(_Reader(document, _lines(document)).read())


def number_of(title: str) -> str:
    """Return the number that a heading begins with, or the whole heading: ``7.3`` of ``7.3 Heads``."""
    found = _NUMBER.match(title)
    return found[0] if found else title


def _lines(document: Document) -> list[str]:
    """Return the lines of the table that a document names."""
    named = Path(document.statements)
    if named.is_absolute() or ".." in named.parts:
        raise WalkthroughError(
            "statements",
            f"the table of statements is not beside the document: '{document.statements}'",
            where=document.path,
            expected="a file in the document's folder or below it, such as 'statements: note.tsv'",
        )
    path = Path(document.path).parent / named
    try:
        text = read_bytes(path, "table of statements", ".tsv", limit=MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("not-text", f"'{path}' is not text in UTF-8", where=str(path)) from None
    except InputError as error:
        named_by = f"'{document.path}' names it: 'statements: {named}'"
        error.amend(because="\n".join(filter(None, [named_by, error.because])))
        raise
    return text.splitlines()


class _Reader:
    """Reads the rows of one table; every complaint knows its line."""

    def __init__(self, document: Document, lines: list[str]) -> None:
        self.document = document
        self.path = str(Path(document.path).parent / document.statements)
        self.lines = lines
        self.claims: dict[str, list[Claim]] = {}
        for claim in document.claims:
            self.claims.setdefault(_SAID.sub("", claim.text), []).append(claim)

    def read(self) -> Iterator[Statement]:
        """Yield the statements in order."""
        columns = self._columns()
        seen: dict[str, int] = {}
        for number, line in enumerate(self.lines[1:], 2):
            if not line.strip():
                continue
            cells = line.split("\t")
            if len(cells) != len(columns):
                what = f"a row of {len(cells)} cells, but the table has {len(columns)} columns"
                raise self._error(what, number, expected="a tab between two cells, also beside an empty one")
            row = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
            first = seen.setdefault(row["id"], number)
            if first != number:
                raise self._error(f"'{row['id']}' is there twice", number, because=f"first in line {first}")
            yield self._statement(row, number)

    def _columns(self) -> list[str]:
        """Return the names in the first line."""
        columns = self.lines[0].split("\t") if self.lines else []
        for name in columns:
            if name not in COLUMNS or columns.count(name) > 1:
                close = get_close_matches(name, COLUMNS, n=1)
                what = f"no column '{name[:60]}'" if name not in COLUMNS else f"two columns '{name}'"
                raise self._error(what, 1, expected=_HEAD, hint="".join(close))
        missing = [name for name in NEEDED if name not in columns]
        if missing or not {"claim", "reason"} & set(columns):
            what = f"the column '{missing[0]}' is missing" if missing else "no column 'claim'"
            raise self._error(what, 1, expected=_HEAD)
        return columns

    def _statement(self, row: Mapping[str, str], number: int) -> Statement:
        for name in NEEDED:
            if not row[name]:
                raise self._error(f"a statement without '{name}'", number)
        if row["verdict"] not in VERDICTS:
            close = get_close_matches(row["verdict"], VERDICTS, n=1)
            what = f"'{row['verdict'][:60]}' is no verdict on a statement"
            raise self._error(what, number, expected=listing(VERDICTS, 5), hint="".join(close))
        claim = self._claim(row, number)
        reason = row.get("reason", "")
        if claim is None and not reason:
            expected = "the line of the claim that answers it under 'claim', or why none does under 'reason'"
            raise self._error(f"nothing answers the statement '{row['id']}'", number, expected=expected)
        return Statement(
            id=row["id"],
            part=row.get("part", ""),
            line=row.get("line", ""),
            says=row["says"],
            verdict=row["verdict"],
            claim=None if claim is None else claim.id,
            reason=reason,
        )

    def _claim(self, row: Mapping[str, str], number: int) -> Claim | None:
        """Return the claim that answers a row."""
        text, section = _SAID.sub("", row.get("claim", "")), row.get("section", "")
        if not text:
            return None
        found = [claim for claim in self.claims.get(text, ()) if self._is_in(claim, section)]
        if not found:
            elsewhere = [self._section(claim) for claim in self.claims.get(text, ())]
            near = [
                name for name, made in self.claims.items() if any(self._is_in(one, section) for one in made)
            ]
            close = get_close_matches(text, near or list(self.claims), n=1, cutoff=0.5)
            place = f" in section '{section}'" if section else ""
            raise self._error(
                f"'{self.document.path}' makes no such claim{place}: '{text[:80]}'",
                number,
                found=f"it stands in '{elsewhere[0]}'" if elsewhere else "",
                expected="a claim as it stands in the document, without what is before it in a 'said' line",
                hint="" if elsewhere or not close else close[0],
            )
        claim = found[0]
        if any(other.scope.module != claim.scope.module for other in found):
            modules = listing([f"module={other.scope.module}" for other in found], 4)
            expected = "a claim whose text is said once in its section; the number of another under 'section'"
            raise self._error(f"more than one claim: '{text[:80]}'", number, found=modules, expected=expected)
        if claim.said and row["verdict"] == "holds":
            what = f"the statement '{row['id']}' is said to hold, and its claim is a 'said' line"
            because = f"line {claim.span.line} restates it as a mistake"
            raise self._error(what, number, because=because, hint="contradicted")
        return claim

    def _is_in(self, claim: Claim, section: str) -> bool:
        title = self._section(claim)
        return not section or section in (title, number_of(title), self.document.sections[claim.section].id)

    def _section(self, claim: Claim) -> str:
        return self.document.sections[claim.section].title

    def _error(
        self,
        what: str,
        number: int,
        *,
        expected: str = "",
        found: str = "",
        because: str = "",
        hint: str = "",
    ) -> WalkthroughError:
        """Return the error for a row that cannot be used."""
        return WalkthroughError(
            "statements",
            what,
            where=f"{self.path}:{number}",
            expected=expected,
            found=found,
            because=because,
            hint=hint,
        )
