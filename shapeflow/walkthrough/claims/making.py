"""``layers.*:out = layers.*:in[0] + layers.*.mlp:out``: how a value is made, judged on the graph of ops."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from shapeflow.common.text import listing
from shapeflow.errors import Diagnostic, SelectorError
from shapeflow.model.doubts import SHARING
from shapeflow.model.links import Links
from shapeflow.model.making_text import making_text
from shapeflow.model.match import Match
from shapeflow.model.records import Records
from shapeflow.walkthrough.alignment import aligned
from shapeflow.walkthrough.constraint import (
    PLACES,
    Constraint,
    Ground,
    Item,
    given_at,
    made_from,
    named,
    parameters,
)
from shapeflow.walkthrough.context import SelectionError, Subject
from shapeflow.walkthrough.finding import Evidence, Finding, evidence_of
from shapeflow.walkthrough.making.compare import Comparison, Feed
from shapeflow.walkthrough.making.formula import EXAMPLE, Node, Tensor, parse_making, plains_in, tensors_in
from shapeflow.walkthrough.messages import failing_name, missing_port
from shapeflow.walkthrough.parts import ClaimError, Part, SelectorPart, first_word

FUSED = {
    "_transformer_encoder_layer_fwd": "a whole encoder layer",
    "_native_multi_head_attention": "attention",
    "_flash_attention_forward": "attention",
}
"""Kernels that compute many steps at once, so that these are not in the trace."""


Compared = tuple[Match, Comparison, bool]
"""A match, what compared it with a formula, and whether it was made so."""


def _comparisons(trace: Records) -> dict[tuple[Making, tuple[int | None, ...]], list[Compared]]:
    """Return what was compared in a trace so far, by claim and the sizes of what the formula names.

    A claim is compared when it is judged, and again for what it constrains.
    """
    return {}


@dataclass(frozen=True, slots=True)
class Making:
    """A place, and what the tensor there is made of."""

    selector: SelectorPart
    formula: Node
    place: Part
    """Where the formula is written."""

    @classmethod
    def parse(cls, text: str) -> Making:
        """Read the line; see ``BodyType``."""
        selector, rest = first_word(text)
        equals, formula = first_word(rest.padded)
        if equals.text != "=" or not formula.text:
            raise ClaimError(
                "claim-syntax",
                "a claim on how a tensor is made has '=' between its place and a formula",
                columns=selector.to(rest),
                expected=EXAMPLE,
            )
        return cls(SelectorPart.of(selector), parse_making(formula), formula)

    def judge(self, subject: Subject) -> Finding:
        """Hold if every tensor that is named was made as the formula says."""
        matches = subject.select(self.selector)
        if any(match.port is None for match in matches):
            return missing_port(self.selector, matches, f" = {self.place.text}")
        compared = self.compared(subject, matches)
        wrong = [match for match, _, fits in compared if not fits]
        ops = {op: None for _, comparison, _ in compared for op in comparison.used}
        unknown = {end: None for _, comparison, fits in compared if not fits for end in comparison.ends}
        rests = evidence_of(matches)
        finding = Finding(
            "holds", Diagnostic(expected=self.place.text), replace(rests, ops=(*rests.ops, *ops))
        )
        if wrong:
            return self._contradicted(finding, subject, matches, wrong, tuple(unknown))
        shared = _memory_given(subject.trace, matches, ops)
        return (
            _unproven(finding, shared, "Python got its memory and may have written there")
            if shared
            else finding
        )

    def constrains(self, subject: Subject, finding: Finding) -> Iterator[Constraint]:
        """Yield the places, and the inputs of ops that the formula names; see ``Constrains``."""
        matches = subject.select(self.selector)
        yield from named(matches)
        yield from given_at(matches)
        known = {tensor: subject.select(tensor.selector) for tensor in tensors_in(self.formula)}
        feeds: dict[Feed, None] = {}
        for match, comparison, _ in self.compared(subject, matches):
            feeds.update(dict.fromkeys(comparison.feeds))
            for tensor, found in known.items():
                meant = aligned(subject.trace, match, self.selector.text, tensor.selector.text, found)
                yield from named(meant)
                yield from parameters(meant)
        for feed in feeds:
            yield Constraint(Item("op", feed.op))
            yield Constraint(Item("feed", feed.op, feed.port))

    def rests_on(self, subject: Subject, finding: Finding) -> Ground:
        """Return that it rests on the places, and on how all that was looked at was made; see ``Rests``."""
        try:
            matches = subject.select(self.selector)
            compared = self.compared(subject, matches)
        except SelectionError:
            return PLACES
        return made_from(subject.trace, [value for _, one, _ in compared for value in one.seen])

    def compared(
        self, subject: Subject, matches: list[Match], granted: Collection[int] = ()
    ) -> list[Compared]:
        """Return for each match what compared it with the formula, and whether it was made so.

        Args:
            subject: the trace.
            matches: what the claim is about.
            granted: values that are taken to be made as the formula says.

        Raises:
            SelectionError: a selector of the formula names nothing.
        """
        known = {tensor: subject.select(tensor.selector) for tensor in tensors_in(self.formula)}
        if granted or subject.brief:
            return self._compared(subject, matches, known, granted)
        done = subject.trace.cached(_comparisons)
        bound = (subject.bindings.get(plain.text) for plain in plains_in(self.formula))
        asked = (self, tuple(binding.size if binding else None for binding in bound))
        if asked not in done:
            done[asked] = self._compared(subject, matches, known, granted)
        return done[asked]

    def _compared(
        self,
        subject: Subject,
        matches: list[Match],
        known: dict[Tensor, list[Match]],
        granted: Collection[int],
    ) -> list[Compared]:
        """Return the same, worked out, with what each tensor of the formula may be."""
        found = []
        for match in matches:
            comparison = self._comparison(subject, match, known, granted)
            fits = match.value is not None and comparison.fits(self.formula, match.value.id)
            found.append((match, comparison, fits))
        return found

    def _comparison(
        self,
        subject: Subject,
        match: Match,
        known: dict[Tensor, list[Match]],
        granted: Collection[int],
    ) -> Comparison:
        """Return what compares the formula with the making of one match."""

        def values_of(tensor: Tensor) -> frozenset[int]:
            """Return the one value that a tensor of the formula is for this match."""
            text = tensor.selector.text
            found = aligned(subject.trace, match, self.selector.text, text, known[tensor])
            values = {one.value.id: one for one in found if one.value}
            if len(values) > 1:
                raise _ambiguous(tensor.selector, list(values.values()))
            return frozenset(values)

        return Comparison(subject.trace, values_of, subject.bindings, granted)

    def _contradicted(
        self,
        finding: Finding,
        subject: Subject,
        matches: list[Match],
        wrong: list[Match],
        unknown: tuple[int, ...],
    ) -> Finding:
        """Return the finding for tensors that were made otherwise, or whose making was not seen."""
        name = failing_name(self.selector, matches, wrong)
        first = wrong[0]
        if first.value is None:
            what = f"'{name}' holds no tensor"
            return finding.amended("contradicted", code="making", what=what, found=first.content)
        if unknown:
            return _unproven(finding, unknown, "the making of a tensor was not seen")
        found = (
            "" if subject.brief else making_text(subject.trace, first) or "nothing that was recorded made it"
        )
        fused = _fused(subject.trace, first)
        others = listing([match.short_name for match in wrong[1:]], 4)
        because = [subject.origin(first.value), *([f"the same in {others}"] if others else [])]
        if fused:
            because.insert(0, fused)
        return finding.amended(
            "undecided" if fused else "contradicted",
            code="making-fused" if fused else "making",
            what=f"'{name}' is computed in one piece" if fused else f"'{name}' is made otherwise",
            columns=self.place.columns,
            found=found,
            because="\n".join(because),
        )


def _fused(trace: Records, match: Match) -> str:
    """Return the sentence on the fused kernel that made a tensor; empty if an ordinary op did."""
    makers = trace.cached(Links).makers[match.value.id] if match.value else ()
    for op in makers:
        target = trace.ops[op].target
        if target in FUSED:
            return (
                f"the kernel {target} computes {FUSED[target]} at once; what happens inside is not recorded"
            )
    return ""


def _unproven(finding: Finding, values: tuple[int, ...], cause: str) -> Finding:
    finding = replace(finding, evidence=Evidence(values=values))
    what = f"{cause}, so how it is made is not proven"
    return finding.amended("undecided", code="flow-unknown-origin", what=what)


def _memory_given(trace: Records, matches: Iterable[Match], ops: Iterable[int]) -> tuple[int, ...]:
    """Return the values at some places, and at the ops that made them, whose memory Python got."""
    given = {trace.values[escape.value].storage for escape in trace.escapes if escape.how in SHARING} - {None}
    if not given:
        return ()
    met = [match.value.id for match in matches if match.value]
    met += [port.value for op in ops for port in trace.ops[op].ports if port.value is not None]
    return tuple(value for value in dict.fromkeys(met) if trace.values[value].storage in given)


def _ambiguous(part: Part, matches: list[Match]) -> SelectionError:
    what = f"'{part.text}' names {len(matches)} tensors, a formula needs one"
    found = listing([match.short_name for match in matches], 4)
    error = SelectorError("ambiguous-path", what, found=found, hint=matches[-1].short_name)
    return SelectionError("invalid", part, error)
