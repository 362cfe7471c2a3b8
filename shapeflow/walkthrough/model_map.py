"""Where another model has the same parts, from the table that the front matter of a walkthrough names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache

from shapeflow.common.text import listing
from shapeflow.errors import SelectorError
from shapeflow.model.selector import Selector, parse
from shapeflow.shapes.notation import ShapeTextError, parse_shape
from shapeflow.walkthrough.document import Document
from shapeflow.walkthrough.statements import number_of
from shapeflow.walkthrough.table import Table

COLUMNS = ("section", "shapes", "note")
"""What a table has besides the two models; ``note.zh`` and the like are the note in other languages."""
ARROW = " -> "
"""Stands in ``shapes`` between the shape in the first model and that in the second."""

_NOTE = re.compile(r"note(?:\.([a-z]{2}))?")
_EXPECTED = "'section', a column for each of two models under its name, 'shapes', 'note', with tabs between"


@dataclass(frozen=True, slots=True)
class Counterpart:
    """One place in the model of the walkthrough, and the same place in the other model."""

    line: int
    """Of the table."""
    section: str
    """The number of the section that tells of it, in both walkthroughs."""
    here: str
    """A selector in the model of the walkthrough; empty: it has no such place."""
    there: str
    """A selector in the other model; empty: it has no such place."""
    shapes: tuple[str, str] | None
    """The shape here and there, where they differ: ``("[N, B, D]", "[B, N, D]")``."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """How they differ, by language."""

    def note(self, language: str) -> str:
        """Return how they differ, in a language or else in English."""
        return self.notes.get(language) or self.notes.get("en", "")

    def partner(self, key: str) -> str | None:
        """Return the place of the other model that stands for a call's key, if this row is about that key.

        What a ``*`` here stands for, the ``*`` at the same place there stands for.
        """
        if not self.there or not self.here or not key.startswith(self.here.partition("*")[0]):
            return None
        found = _written(self.here).fullmatch(key)
        if found is None:
            return None
        first, *others = self.there.split("*")
        return first + "".join(name + part for name, part in zip(found.groups(), others, strict=True))


@dataclass(frozen=True, slots=True)
class ModelMap:
    """All places that a walkthrough's model shares with another."""

    model: str
    """The target of the other model."""
    rows: tuple[Counterpart, ...]

    def partners(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the places in the other model that stand for keys of calls, of those that rows are about."""
        below: dict[str, list[int]] = {}
        for number, row in enumerate(self.rows):
            below.setdefault(_fixed(row.here), []).append(number)
        found: dict[str, str] = {}
        for key in keys:
            numbers = sorted(number for place in _around(key) for number in below.get(place, ()))
            partners = (self.rows[number].partner(key) for number in numbers)
            partner = next((one for one in partners if one is not None), "")
            if partner:
                found[key] = partner
        return found


def _fixed(place: str) -> str:
    """Return the names at the beginning of a place that are written out; all of it where all are."""
    before, star, _ = place.partition("*")
    return before.rpartition(".")[0] if star else place


def _around(key: str) -> Iterator[str]:
    """Yield a key and what is written before each of its dots, and nothing."""
    yield ""
    at = key.find(".")
    while at >= 0:
        yield key[:at]
        at = key.find(".", at + 1)
    yield key


@lru_cache(maxsize=1 << 12)
def _written(place: str) -> re.Pattern[str]:
    """Return the keys of calls that a place of a map means, what each ``*`` stands for as a group."""
    return re.compile("([^.()]+)".join(re.escape(part) for part in place.split("*")))


def read_map(document: Document) -> ModelMap | None:
    """Return the map to another model that a document names; None where its front matter names none.

    Raises:
        InputError: the table is not there or cannot be read.
        WalkthroughError: it is not such a table, or a row cannot be used.
    """
    if not document.map:
        return None
    return _Reader(document, Table(document, "map", document.map, "map to another model")).read()


class _Reader:
    """Reads the rows of one table, in the direction of one document."""

    def __init__(self, document: Document, table: Table) -> None:
        self.document = document
        self.table = table
        self.columns = table.names()
        self.models = self._models()
        self.numbers = {number_of(section.title) for section in document.sections}

    def read(self) -> ModelMap:
        """Return the map."""
        other = self.models[1 - self.models.index(self.document.model)]
        return ModelMap(other, tuple(self._rows(other)))

    def _models(self) -> list[str]:
        """Return the two columns that are models, in the order of the table."""
        others = [name for name in self.columns if name not in COLUMNS and not _NOTE.fullmatch(name)]
        model = self.document.model
        if len(others) == 2 and model in others:
            known = [*others, *(name for name in self.columns if name not in others)]
            self.table.columns(known, _EXPECTED)
            if "section" not in self.columns:
                raise self.table.error("the column 'section' is missing", 1, expected=_EXPECTED)
            return others
        if len(others) > 2:
            odd = next((name for name in others if get_close_matches(name, COLUMNS, n=1)), others[-1])
            hint = "".join(get_close_matches(odd, COLUMNS, n=1))
            what = f"no column '{odd[:60]}', and there are two models already"
            raise self.table.error(what, 1, expected=_EXPECTED, hint=hint)
        found = listing([f"'{name[:60]}'" for name in others], 4)
        if len(others) < 2:
            what = "a map is between two models"
            raise self.table.error(what, 1, found=found or "no column of a model", expected=_EXPECTED)
        raise self.table.error(
            f"no column '{model}'" if model else "the document does not say which model it is about",
            1,
            found=found,
            expected=f"the target that '{self.document.path}' has under 'model:'",
            hint=model if get_close_matches(model, others, n=1) else "",
        )

    def _rows(self, other: str) -> Iterator[Counterpart]:
        seen: dict[tuple[str, str], int] = {}
        for number, row in self.table.rows(self.columns):
            here, there = row[self.document.model], row[other]
            first = seen.setdefault((here, there), number)
            if first != number:
                what = f"'{here or there}' is there twice"
                raise self.table.error(what, number, because=f"first in line {first}")
            notes = {
                found[1] or "en": row[name]
                for name in self.columns
                if (found := _NOTE.fullmatch(name)) and row[name]
            }
            self._check_places([here, there], notes, number)
            self._check_section(row["section"], number)
            shapes = self._shapes(row.get("shapes", ""), number)
            if shapes and self.models[0] == other:
                shapes = (shapes[1], shapes[0])
            yield Counterpart(number, row["section"], here, there, shapes, notes)

    def _check_places(self, places: Sequence[str], notes: Mapping[str, str], number: int) -> None:
        """Refuse selectors that cannot be read, or cannot be laid beside each other."""
        read = [self._selector(place, number) for place in places if place]
        if not read:
            expected = f"a selector under '{self.models[0]}', under '{self.models[1]}' or under both"
            raise self.table.error("a row without a place in either model", number, expected=expected)
        if len(read) == 1:
            if not notes:
                expected = "under 'note', why one of the models has no such place"
                raise self.table.error(f"'{read[0].text}' has no partner", number, expected=expected)
            return
        here, there = places
        if here.count("*") != there.count("*"):
            expected = "as many '*' on both sides: they stand for the same names"
            raise self.table.error(f"'{here}' and '{there}' are not alike", number, expected=expected)
        if bool(read[0].port) != bool(read[1].port):
            what = f"of '{here}' and '{there}' only one is a port"
            raise self.table.error(what, number, expected="two ports, or two calls")

    def _selector(self, place: str, number: int) -> Selector:
        try:
            selector = parse(place)
        except SelectorError as error:
            what = f"'{place[:60]}' is no selector"
            raise self.table.error(
                what, number, because=error.what, expected=error.expected, hint=error.hint
            ) from None
        if "**" in place or "{" in place or re.search(r"\[[^]:]*\]", place.partition(":")[0]):
            expected = "'*' for one name, and a row for each of several"
            raise self.table.error(f"'{place[:60]}' cannot be laid beside another", number, expected=expected)
        return selector

    def _check_section(self, section: str, number: int) -> None:
        if section not in self.numbers:
            close = get_close_matches(section, self.numbers, n=1)
            what = f"'{self.document.path}' has no section '{section[:60]}'"
            raise self.table.error(what, number, expected="the number of a heading", hint="".join(close))

    def _shapes(self, text: str, number: int) -> tuple[str, str] | None:
        """Return the two shapes of a cell; None for an empty one."""
        if not text:
            return None
        first, arrow, second = text.partition(ARROW)
        try:
            if not arrow:
                raise ShapeTextError("one shape alone", 0, 0)
            shapes = str(parse_shape(first.strip())), str(parse_shape(second.strip()))
        except ShapeTextError as error:
            expected = f"the shapes in {self.models[0]} and {self.models[1]}: '[N, B, D]{ARROW}[B, N, D]'"
            what = f"'{text[:60]}' are not two shapes"
            raise self.table.error(what, number, because=error.what, expected=expected) from None
        if shapes[0] == shapes[1]:
            expected = "an empty cell where both have the same shape"
            raise self.table.error(f"'{text[:60]}' is one shape twice", number, expected=expected)
        return shapes
