"""``class encoder.layers.* = EncoderLayer``: the class of every module that is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapeflow.common.control_characters import visible_line
from shapeflow.errors import Diagnostic
from shapeflow.walkthrough.constraint import PLACES, Constraint, Ground, Item, positions
from shapeflow.walkthrough.context import Subject
from shapeflow.walkthrough.finding import Finding
from shapeflow.walkthrough.messages import modules_text
from shapeflow.walkthrough.parts import ClaimError, Part, SelectorPart, around, first_word


@dataclass(frozen=True, slots=True)
class ClassName:
    """A module and the name of its class, alone or with the package it comes from."""

    path: SelectorPart
    name: Part

    @classmethod
    def parse(cls, text: str) -> ClassName:
        """Read the line; see ``BodyType``."""
        keyword, rest = first_word(text)
        sides = around(rest.padded, "=")
        if not sides or not sides[0].text or not all(w.isidentifier() for w in sides[1].text.split(".")):
            raise ClaimError(
                "claim-syntax",
                "a class claim names a module, '=' and the class",
                columns=keyword.to(rest),
                expected="class encoder.layers.0 = EncoderLayer",
            )
        return cls(SelectorPart.of(sides[0]), sides[1])

    def judge(self, subject: Subject) -> Finding:
        """Hold if all named modules are of this class itself; a base class is not enough."""
        found = subject.modules(self.path)
        wanted = self.name.text
        full = "." in wanted
        names = [module.class_path if full else module.class_name for module in found]
        finding = Finding(
            "holds", Diagnostic(expected=wanted, found=modules_text(found, [*map(visible_line, names)]))
        )
        if all(name == wanted or (full and name.endswith(f".{wanted}")) for name in names):
            return finding
        what = f"'{self.path.text}' is of another class"
        return finding.amended("contradicted", code="class", what=what, columns=self.name.columns)

    def constrains(self, subject: Subject, finding: Finding) -> Iterator[Constraint]:
        """Yield the class of each module; see ``Constrains``."""
        for position in positions(subject.trace, subject.modules(self.path)):
            yield Constraint(Item("class", position))

    def rests_on(self, subject: Subject, finding: Finding) -> Ground:
        """Return that it rests on the modules alone; see ``Rests``."""
        return PLACES
