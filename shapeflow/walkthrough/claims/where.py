"""``where S % 14 == 0``, ``where 1 <= M <= 10``: what is true of sizes that the document has names for."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from shapeflow.errors import Diagnostic
from shapeflow.shapes.matching import NotEvaluable, evaluate, sizes_of, with_sizes_text
from shapeflow.shapes.notation import Expression
from shapeflow.walkthrough.constraint import Constraint, Item
from shapeflow.walkthrough.context import Subject
from shapeflow.walkthrough.finding import Finding
from shapeflow.walkthrough.parts import ClaimError, Part, first_word, part, size_of

_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_SIGN = re.compile(r"<=|>=|==|!=|<|>|=")
MAX_COMPARISONS = 8
_EXAMPLE = "where S % 14 == 0, or where 1 <= M <= 10"


@dataclass(frozen=True, slots=True)
class Where:
    """Sizes with a comparison between each and the next."""

    sizes: tuple[Expression, ...]
    signs: tuple[str, ...]
    places: tuple[Part, ...]
    """Where each size is written."""

    @classmethod
    def parse(cls, text: str) -> Where:
        """Read the line; see ``BodyType``."""
        keyword, rest = first_word(text)
        found = list(_SIGN.finditer(text, rest.start)) if rest.text else []
        single = next((sign for sign in found if sign[0] == "="), None)
        if single:
            right = f"{text[: single.start()].strip()} == {text[single.end() :].strip()}"
            raise ClaimError(
                "claim-syntax", "two sizes are compared with '=='", columns=single.span(), hint=right
            )
        if not found or len(found) > MAX_COMPARISONS:
            what = (
                "a range compares sizes" if not found else f"at most {MAX_COMPARISONS} comparisons in a line"
            )
            raise ClaimError("claim-syntax", what, columns=keyword.to(rest), expected=_EXAMPLE)
        edges = [rest.start, *(edge for sign in found for edge in sign.span()), len(text)]
        places = tuple(part(text, edges[i], edges[i + 1]) for i in range(0, len(edges), 2))
        empty = next((number for number, place in enumerate(places) if not place.text), None)
        if empty is not None:
            beside = found[min(empty, len(found) - 1)].span()
            raise ClaimError("claim-syntax", "a size is missing here", columns=beside, expected=_EXAMPLE)
        return cls(tuple(map(size_of, places)), tuple(sign[0] for sign in found), places)

    def judge(self, subject: Subject) -> Finding:
        """Hold if every comparison does; a name without a size has no range."""
        numbers: list[int] = []
        for size, place in zip(self.sizes, self.places, strict=True):
            number = evaluate(size, subject.bindings)
            if isinstance(number, NotEvaluable):
                return self._without_size(number, place)
            numbers.append(number)
        symbols = tuple(dict.fromkeys(name for size in self.sizes for name in size.symbols))
        written = " ".join(_alternating([size.text for size in self.sizes], self.signs))
        found = " ".join(_alternating(list(map(str, numbers)), self.signs))
        expected = "   ".join(text for text in (written, with_sizes_text(symbols, subject.bindings)) if text)
        finding = Finding(
            "holds", Diagnostic(expected=expected, found=found), sizes=sizes_of(symbols, subject.bindings)
        )
        for i, sign in enumerate(self.signs):
            if not _COMPARISONS[sign](numbers[i], numbers[i + 1]):
                what = f"{numbers[i]} {sign} {numbers[i + 1]} is not so"
                columns = self.places[i].to(self.places[i + 1])
                return finding.amended("contradicted", code="range", what=what, columns=columns)
        return finding

    def constrains(self, subject: Subject, finding: Finding) -> Iterator[Constraint]:
        """Yield a use of each name that is equal to something; a range fixes no size. See ``Constrains``."""
        for number, sign in enumerate(self.signs):
            sides = self.sizes[number : number + 2]
            if sign == "==" and any(side.symbol for side in sides):
                symbols = tuple(name for side in sides for name in side.symbols)
                yield Constraint(Item("number", 0, f"{sides[0].text} == {sides[1].text}"), symbols)

    def _without_size(self, reason: NotEvaluable, place: Part) -> Finding:
        """Return the finding for a size that nobody knows."""
        cause, name = reason.diagnostic, reason.symbol
        given = f"{name} bound by a claim above this line, or given in the front matter" if name else ""
        what = f"'{name}' has no size yet, so it has no range" if name else cause.what
        return Finding("invalid", replace(cause, what=what, columns=place.columns, expected=given))


def _alternating(sizes: list[str], signs: tuple[str, ...]) -> list[str]:
    """Return sizes with the comparisons between them."""
    return [text for pair in zip(sizes, [*signs, ""], strict=True) for text in pair if text]
