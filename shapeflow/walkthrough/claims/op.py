"""``mask_head/einsum  "bqc,bchw->bqhw"``: a plain argument of an op, or the plain value in a port."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shapeflow.common.text import listing
from shapeflow.errors import Diagnostic
from shapeflow.model.match import Match
from shapeflow.model.trace import Trace
from shapeflow.walkthrough.constraint import PLACES, Constraint, Ground, named
from shapeflow.walkthrough.context import Subject
from shapeflow.walkthrough.finding import Finding, evidence_of
from shapeflow.walkthrough.messages import failing_name, places_text
from shapeflow.walkthrough.parts import Part, SelectorPart, first_word


@dataclass(frozen=True, slots=True)
class OpText:
    """A selector, and a text that each op or call it names was given, or each port holds."""

    selector: SelectorPart
    wanted: str
    place: Part
    """Where the text is written, quotes included."""

    @classmethod
    def parse(cls, text: str) -> OpText:
        """Read the line; see ``BodyType``."""
        selector, quoted = first_word(text)
        quote = quoted.text[0]
        if len(quoted.text) < 2 or quoted.text.find(quote, 1) != len(quoted.text) - 1:
            raise quoted.error(
                "claim-syntax", "a text ends with its quote, and nothing follows", expected=quote
            )
        return cls(SelectorPart.of(selector), quoted.text[1:-1], quoted)

    def judge(self, subject: Subject) -> Finding:
        """Hold if all that is named was given this text, blanks aside."""
        matches = subject.select(self.selector)
        texts = [self._texts(match) for match in matches]
        wanted = _plain(self.wanted)
        wrong = [m for m, held in zip(matches, texts, strict=True) if wanted not in map(_plain, held)]
        shown = [self.wanted if wanted in map(_plain, held) else listing(held, 6) for held in texts]
        reason = Diagnostic(expected=self.wanted, found=places_text(matches, shown) or "no plain text")
        finding = Finding("holds", reason, evidence_of(matches))
        if not wrong:
            return finding
        verb = "holds" if matches[0].port else "was given"
        return finding.amended(
            "contradicted",
            code="text",
            what=f"'{failing_name(self.selector, matches, wrong)}' {verb} another text",
            columns=self.place.columns,
            because=_place(wrong[0], subject.trace),
        )

    def constrains(self, subject: Subject, finding: Finding) -> Iterator[Constraint]:
        """Yield the ops, calls or ports that are named; see ``Constrains``."""
        return named(subject.select(self.selector))

    def rests_on(self, subject: Subject, finding: Finding) -> Ground:
        """Return that it rests on these places alone; see ``Rests``."""
        return PLACES

    @staticmethod
    def _texts(match: Match) -> Sequence[str]:
        """Return the plain values that a match is about."""
        if match.port:
            return [match.content if match.value or match.tensor else _unquoted(match.port.text)]
        return [_unquoted(port.text) for port in match.owner.inputs if port.value is None]


def _unquoted(text: str) -> str:
    """Return a recorded text without the quotes of Python."""
    if text[:1] not in ("'", '"'):
        return text
    try:
        return str(ast.literal_eval(text))
    except (ValueError, SyntaxError):  # a long text was shortened in the record
        return text.strip("'\"")


def _plain(text: str) -> str:
    """Return a text without blanks, which mean nothing in an equation."""
    return "".join(text.split())


def _place(match: Match, trace: Trace) -> str:
    """Return the source line of an op or call."""
    source = None if match.tensor else match.owner.source
    return "" if source is None else f"{trace.sources[source]}: {trace.sources[source].text}"
