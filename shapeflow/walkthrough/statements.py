"""The statements of a text that a walkthrough answers, from the table that its front matter names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from shapeflow.common.text import listing
from shapeflow.walkthrough.document import Claim, Document
from shapeflow.walkthrough.table import Table

COLUMNS = ("id", "part", "line", "says", "verdict", "section", "claim", "reason")
NEEDED = ("id", "says", "verdict")
VERDICTS = ("holds", "contradicted", "layout differs", "imprecise", "not observable")
"""Right, wrong, wrong in the order of axes alone, partly right, or not to be seen in a run."""

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
    table = Table(document, "statements", document.statements, "table of statements")
    return tuple(_Reader(document, table).read())


def number_of(title: str) -> str:
    """Return the number that a heading begins with, or the whole heading: ``7.3`` of ``7.3 Heads``."""
    found = _NUMBER.match(title)
    return found[0] if found else title


class _Reader:
    """Reads the rows of one table; every complaint knows its line."""

    def __init__(self, document: Document, table: Table) -> None:
        self.document = document
        self.table = table
        self.claims: dict[str, list[Claim]] = {}
        for claim in document.claims:
            self.claims.setdefault(_SAID.sub("", claim.text), []).append(claim)

    def read(self) -> Iterator[Statement]:
        """Yield the statements in order."""
        columns = self._columns()
        seen: dict[str, int] = {}
        for number, row in self.table.rows(columns):
            first = seen.setdefault(row["id"], number)
            if first != number:
                raise self.table.error(
                    f"'{row['id']}' is there twice", number, because=f"first in line {first}"
                )
            yield self._statement(row, number)

    def _columns(self) -> list[str]:
        """Return the names in the first line."""
        columns = self.table.columns(COLUMNS, _HEAD)
        missing = [name for name in NEEDED if name not in columns]
        if missing or not {"claim", "reason"} & set(columns):
            what = f"the column '{missing[0]}' is missing" if missing else "no column 'claim'"
            raise self.table.error(what, 1, expected=_HEAD)
        return columns

    def _statement(self, row: Mapping[str, str], number: int) -> Statement:
        for name in NEEDED:
            if not row[name]:
                raise self.table.error(f"a statement without '{name}'", number)
        if row["verdict"] not in VERDICTS:
            close = get_close_matches(row["verdict"], VERDICTS, n=1)
            what = f"'{row['verdict'][:60]}' is no verdict on a statement"
            raise self.table.error(what, number, expected=listing(VERDICTS, 5), hint="".join(close))
        claim = self._claim(row, number)
        reason = row.get("reason", "")
        if claim is None and not reason:
            expected = "the line of the claim that answers it under 'claim', or why none does under 'reason'"
            raise self.table.error(f"nothing answers the statement '{row['id']}'", number, expected=expected)
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
            raise self.table.error(
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
            raise self.table.error(
                f"more than one claim: '{text[:80]}'", number, found=modules, expected=expected
            )
        if claim.said and row["verdict"] == "holds":
            what = f"the statement '{row['id']}' is said to hold, and its claim is a 'said' line"
            because = f"line {claim.span.line} restates it as a mistake"
            raise self.table.error(what, number, because=because, hint="contradicted")
        return claim

    def _is_in(self, claim: Claim, section: str) -> bool:
        title = self._section(claim)
        return not section or section in (title, number_of(title), self.document.sections[claim.section].id)

    def _section(self, claim: Claim) -> str:
        return self.document.sections[claim.section].title
