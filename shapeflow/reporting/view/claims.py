"""Claims with their verdicts and evidence, as finished texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.model.exact_names import ExactNames
from shapeflow.model.records import Op
from shapeflow.model.trace import Trace
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.blocks import path_of
from shapeflow.reporting.view.colours import Colours, positions
from shapeflow.reporting.view.link_model import LinkView
from shapeflow.reporting.view.model import ClaimView, EvidenceView
from shapeflow.reporting.view.sources import Sources

if TYPE_CHECKING:
    from shapeflow.walkthrough.verdict import CheckResult, Verdict

MOST_EVIDENCE = 2
"""Calls, values or ops shown with a claim."""
MOST_USERS = 4
TONES = {
    "holds": "good",
    "contradicted": "bad",
    "layout differs": "bad",
    "invalid": "bad",
    "undecided": "doubt",
    "not observed": "doubt",
}
SAID = re.compile(r'^said\s+"[^"]*"\s*:\s*')
"""The beginning of a restated mistake."""
PLACES = re.compile(r"^(?:[\w.]*\d*/[\w.]+(?: [\d.]+)?,?\s+)+")
"""Where another text says something, before what it says: ``4/7.1, 5/2.1 there are four inputs``."""
SAME = ("attribute", "class", "count", "none")
"""Kinds of claim that hold only where the very thing written was found."""
SLUG = re.compile(r"[^a-z0-9]+")


class ClaimViews:
    """Makes the views of claims of one check."""

    def __init__(
        self, trace: Trace, names: ExactNames, sources: Sources, colours: Colours, words: Translator
    ) -> None:
        self.trace = trace
        self.names = names
        self.sources = sources
        self.colours = colours
        self.words = words
        self.unused = {value.id for value in trace.unused()}
        self.anchors: set[str] = set()
        self.repeated: dict[str, int] = {}
        """How often a claim of the same words was met."""
        self.made: dict[int, ClaimView] = {}
        """The views so far, by the claim's position in the document."""

    def view(self, verdict: Verdict, section: str) -> ClaimView:
        """Return one claim with its verdict."""
        claim, words = verdict.claim, self.words
        places = _evidence(verdict)
        tone = TONES[verdict.status]
        shown = words(verdict.status)
        if verdict.skipped:
            elsewhere = verdict.code == "run-missing"
            tone = "idle"
            shown = words("needs-run", run=verdict.run) if elsewhere else words("needs-real")
        elif claim.said:
            tone = "said" if verdict.passed else "bad" if verdict.status == "holds" else tone
            if verdict.status == "holds":
                shown = words("said-fails")
        dims = getattr(_shape_of(claim.body), "dims", None)
        named = positions(dims) if dims is not None and verdict.status == "holds" else None
        differs = words.find(f"differs-{verdict.code}") or words.sentence(verdict.what)
        found = verdict.found if claim.kind == "text" else words.sentence(verdict.found)
        view = ClaimView(
            anchor=self._anchor(claim.text),
            text=self.colours.claim(claim.text),
            statement=self.colours.claim(SAID.sub("", claim.text)),
            place=_place(verdict),
            path=path_of(claim),
            kind=claim.kind,
            status=verdict.status,
            verdict=shown,
            tone=tone,
            passed=verdict.passed,
            said=claim.said,
            title=PLACES.sub("", claim.said) or claim.said,
            found=self.colours.shape(found, named),
            adds=_adds(verdict),
            what=words.sentence(verdict.what),
            expected=verdict.expected if claim.kind == "text" else words.sentence(verdict.expected),
            because=words.sentence(verdict.because),
            hint=words.sentence(verdict.hint),
            differs=differs if claim.said else "",
            evidence=tuple(self._evidence(kind, number, verdict) for kind, number in places[:MOST_EVIDENCE]),
            more_evidence=max(0, len(places) - MOST_EVIDENCE),
            section=section,
        )
        self.made[claim.id] = view
        return view

    def _anchor(self, text: str) -> str:
        """Return an id made from what the claim is about, so that links survive other claims."""
        about = SAID.sub("said ", text)
        slug = SLUG.sub("-", about.lower()).strip("-")[:80] or "claim"
        anchor = f"claim-{slug}"
        while anchor in self.anchors:
            self.repeated[slug] = self.repeated.get(slug, 1) + 1
            anchor = f"claim-{slug}-{self.repeated[slug]}"
        self.anchors.add(anchor)
        return anchor

    def _evidence(self, kind: str, number: int, verdict: Verdict) -> EvidenceView:
        if kind == "value":
            return self._value(number, verdict.evidence.calls)
        if kind == "op":
            op = self.trace.ops[number]
            shape = next((str(self.trace.values[p.value]) for p in op.outputs if p.value is not None), "")
            selector = self.names.op(number)
            return EvidenceView(
                selector, "", self.colours.shape(shape), None, (), False, self.sources.view(op.source)
            )
        call = self.trace.calls[number]
        source = self.sources.view(call.source)
        return EvidenceView(self.names.call(number), call.class_name, (), None, (), False, source)

    def _value(self, number: int, calls: Sequence[int]) -> EvidenceView:
        value = self.trace.values[number]
        made = self.trace.ops[value.producer] if value.producer is not None else None
        users = self.trace.users.get(number, ())
        links = [self.op_link(self.trace.ops[user]) for user in users[:MOST_USERS]]
        if len(users) > MOST_USERS:
            links.append(LinkView("", self.words("n-more", n=len(users) - MOST_USERS)))
        home = self.names.homes.get(number)
        class_name = self.trace.calls[home[1]].class_name if home and home[0] == "call" else ""
        return EvidenceView(
            selector=self._place(number, calls),
            class_name=class_name,
            shape=self.colours.shape(str(value)),
            made_by=self.op_link(made) if made else LinkView("", self._origin(value.origin, value.name)),
            used_by=tuple(links),
            unused=number in self.unused,
            source=self.sources.view(made.source) if made else None,
        )

    def _place(self, value: int, calls: Sequence[int]) -> str:
        """Return where a value is, in one of the calls that the claim names if it is there."""
        for call in calls:
            record = self.trace.calls[call]
            for port in (*record.outputs, *record.inputs):
                if port.value == value:
                    return f"{self.names.call(call)}:{port.name}"
        return self.names.value(value)

    def _origin(self, origin: str, name: str) -> str:
        return f"{self.words(f'origin-{origin}')} {name}".strip() if origin != "op" else ""

    def op_link(self, op: Op) -> LinkView:
        """Return a link to an op with its source place."""
        where = self.trace.line(op.source)
        return LinkView(self.names.op(op.id), self.names.op(op.id).rpartition("@")[0], where)


def _place(verdict: Verdict) -> str:
    """Return where a claim is written, with the module and the runs that its block is about."""
    claim = verdict.claim
    runs = ", ".join(run for run in claim.scope.runs if run)
    block = [f"module={claim.scope.module}"] if claim.scope.module else []
    block += [f"run={runs}"] if runs else []
    return " · ".join([f"{Path(claim.span.path).name}:{claim.span.line}", *block])


def _adds(verdict: Verdict) -> bool:
    """Return whether what was found says more than the claim and the sizes of its letters."""
    if verdict.status != "holds":
        return True
    if verdict.claim.kind == "shape":
        dims = getattr(_shape_of(verdict.claim.body), "dims", ())
        return not all(hasattr(getattr(dim, "meaning", None), "symbols") for dim in dims)
    return verdict.claim.kind not in SAME and verdict.found != verdict.expected


def _shape_of(body: object) -> object:
    """Return the written shape inside what a claim's parser made, if there is one."""
    from shapeflow.shapes.notation import ShapePattern

    if isinstance(body, ShapePattern):
        return body
    for name in getattr(type(body), "__slots__", ()) or getattr(body, "__dict__", {}):
        if isinstance(getattr(body, name, None), ShapePattern):
            return getattr(body, name)
    return None


def _evidence(verdict: Verdict) -> list[tuple[str, int]]:
    """Return what a verdict rests on, the most telling kind first."""
    found = verdict.evidence
    if found.values:
        return [("value", number) for number in found.values]
    if found.ops:
        return [("op", number) for number in found.ops]
    return [("call", number) for number in found.calls]


def calls_of(trace: Trace, names: ExactNames, verdicts: Sequence[Verdict]) -> list[int]:
    """Return the calls that claims speak of, in the order of the run.

    A flow claim rests on every op of a long path; only its ends say what a section is about.
    """
    found: set[int] = set()
    for verdict in verdicts:
        evidence = verdict.evidence
        if evidence.calls and verdict.claim.kind != "flow":
            found.update(evidence.calls)
            continue
        ends = evidence.values[:1] + evidence.values[-1:] if verdict.claim.kind == "flow" else evidence.values
        for value in ends:
            home = names.homes.get(value)
            if home is not None:
                call = home[1] if home[0] == "call" else trace.ops[home[1]].call
                if call is not None:
                    found.add(call)
        if not ends:
            found.update(call for op in evidence.ops if (call := trace.ops[op].call) is not None)
    return sorted(found)


def checked(result: CheckResult) -> dict[int, Verdict]:
    """Return the verdicts by the id of their claim."""
    return {verdict.claim.id: verdict for verdict in result.verdicts}
