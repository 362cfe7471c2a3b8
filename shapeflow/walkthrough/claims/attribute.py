"""``attr backbone.scalp = 1``: a plain attribute of every module that is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shapeflow.common.text import listing, nearest
from shapeflow.errors import Diagnostic
from shapeflow.model.records import Module
from shapeflow.walkthrough.claims.literal import Bare, literal_text, read_literal, same
from shapeflow.walkthrough.constraint import PLACES, Constraint, Ground, Item, positions
from shapeflow.walkthrough.context import Subject
from shapeflow.walkthrough.finding import Finding
from shapeflow.walkthrough.messages import modules_text
from shapeflow.walkthrough.parts import ClaimError, Part, SelectorPart, around, first_word


@dataclass(frozen=True, slots=True)
class Attribute:
    """A module, the name of an attribute and its value."""

    path: SelectorPart
    name: Part
    literal: Any
    place: Part
    """Where the value is written."""

    @classmethod
    def parse(cls, text: str) -> Attribute:
        """Read the line; see ``BodyType``."""
        keyword, rest = first_word(text)
        sides = around(rest.padded, "=")
        path, dot, name = sides[0].text.rpartition(".") if sides else ("", "", "")
        if not sides or not name.isidentifier():
            raise ClaimError(
                "claim-syntax",
                "an attribute is named by its module, a dot and its name, then '=' and the value",
                columns=keyword.to(rest),
                expected="attr encoder.num_layers = 6, or attr .name = 1 for the model itself",
            )
        column = sides[0].start
        where = SelectorPart(path or dot, column)
        return cls(where, Part(name, column + len(path) + len(dot)), read_literal(sides[1]), sides[1])

    def judge(self, subject: Subject) -> Finding:
        """Hold if all named modules have the attribute with this value."""
        found = subject.modules(self.path)
        expected = self.literal.sized(subject.bindings) if isinstance(self.literal, Bare) else self.literal
        without = next((module for module in found if self.name.text not in module.attributes), None)
        if without:
            return self._missing(without)
        values = [module.attributes[self.name.text] for module in found]
        shown = modules_text(found, [literal_text(value) for value in values])
        finding = Finding("holds", Diagnostic(expected=self.place.text, found=shown))
        if all(same(expected, value) for value in values):
            return finding
        what = f"'{'' if self.path.text == '.' else self.path.text}.{self.name.text}' has another value"
        return finding.amended("contradicted", code="attribute", what=what, columns=self.place.columns)

    def constrains(self, subject: Subject, finding: Finding) -> Iterator[Constraint]:
        """Yield the attribute of each module; see ``Constrains``."""
        known = {symbol for symbol, _ in subject.bindings}
        symbols = self.literal.names if isinstance(self.literal, Bare) else ()
        for position in positions(subject.trace, subject.modules(self.path)):
            item = Item("attribute", position, self.name.text)
            yield Constraint(item, tuple(symbol for symbol in symbols if symbol in known))

    def rests_on(self, subject: Subject, finding: Finding) -> Ground:
        """Return that it rests on the modules alone; see ``Rests``."""
        return PLACES

    def _missing(self, module: Module) -> Finding:
        """Return the finding for a module without such an attribute."""
        close = nearest(self.name.text, module.attributes, 1)
        known = listing(list(module.attributes), 6)
        reason = Diagnostic(
            "unknown-attribute",
            f"'{module.path or '.'}' has no plain attribute '{self.name.text}'",
            columns=self.name.columns,
            expected="a number, text, None or short list that the module holds",
            found=f"it has {known}" if known else "it has none",
            hint=f"attr {module.path}.{close[0]} = {self.place.text}" if close else "",
        )
        return Finding("invalid", reason)
