"""``PATH:PORT  f32[B, 256, H/14, _]``: what every named port holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from shapeflow.common.text import counted, nearest
from shapeflow.errors import Diagnostic, SelectorError
from shapeflow.model.match import Match
from shapeflow.shapes.corrections import looks_like_shape, suggest_shape
from shapeflow.shapes.matching import (
    Bindings,
    DimsDiffer,
    DtypeDiffers,
    Mismatch,
    NotEvaluable,
    RankDiffers,
    difference_text,
    match,
    sizes_of,
    with_sizes_text,
)
from shapeflow.shapes.naming import named_dims
from shapeflow.shapes.notation import EXAMPLE, Expression, ShapePattern, ShapeTextError, parse_shape
from shapeflow.walkthrough.claims import accepted_syntax, keywords
from shapeflow.walkthrough.constraint import PLACES, Constraint, Ground, Item, named
from shapeflow.walkthrough.context import SelectionError, Subject, is_pattern
from shapeflow.walkthrough.finding import Finding, Repair, evidence_of
from shapeflow.walkthrough.messages import failing_name, missing_port, places_text
from shapeflow.walkthrough.parts import ClaimError, Part, SelectorPart, first_word


@dataclass(frozen=True, slots=True)
class Absent:
    """No tensor where one was expected."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One named port and why it does not match; no reason if it does."""

    match: Match
    reason: Mismatch | Absent | None

    @property
    def found(self) -> str:
        """What the port holds and what is different about it."""
        held = self.match.tensor or self.match.value
        if held is None or self.reason is None or isinstance(self.reason, Absent):
            return self.match.content
        return difference_text(self.reason, held.dtype, held.shape)


@dataclass(frozen=True, slots=True)
class Shape:
    """A selector and the shape that every port it names has."""

    selector: SelectorPart
    pattern: ShapePattern
    place: Part
    """Where the shape is written."""

    @classmethod
    def parse(cls, text: str) -> Shape:
        """Read the line; see ``BodyType``."""
        selector, rest = first_word(text)
        if not looks_like_shape(rest.text):
            raise _unreadable(selector, rest)
        try:
            return cls(SelectorPart.of(selector), parse_shape(rest.padded), rest)
        except ShapeTextError as error:
            repaired = suggest_shape(rest.text)
            raise ClaimError(
                "claim-syntax",
                error.what,
                columns=error.columns,
                expected=error.expected or EXAMPLE,
                hint=f"{selector.text}  {repaired}" if repaired else "",
            ) from None

    def judge(self, subject: Subject) -> Finding:
        """Hold if all that is named matches; symbols are bound only then."""
        matches = subject.select(self.selector)
        if any(found.port is None for found in matches):
            return missing_port(self.selector, matches, f"  {self.pattern}")
        trial = subject.bindings.scope()
        compared = [self.compare(found, subject.binder, trial) for found in matches]
        failed = [comparison for comparison in compared if comparison.reason]
        bindings = subject.bindings if failed else trial
        things = [comparison.found for comparison in compared]
        finding = Finding(
            "holds",
            Diagnostic(expected=self._expected(bindings), found=places_text(matches, things)),
            evidence_of(matches),
            sizes_of(self.pattern.symbols, bindings),
        )
        if not failed:
            trial.commit()
            return finding
        if subject.said:
            self._refuse_new_names(subject.bindings)
        finding = finding.amended("contradicted", because=subject.origin(failed[0].match.value))
        if len(failed) < len(compared) and self._is_unclear(matches):
            return self._ambiguous(finding, compared)
        name = failing_name(self.selector, matches, [comparison.match for comparison in failed])
        return self._failed(finding, failed[0].reason, name, failed[0].match, subject)

    def constrains(self, subject: Subject, finding: Finding) -> Iterator[Constraint]:
        """Yield the sizes that are written, the dtype if it is, and the ports; see ``Constrains``."""
        matches = subject.select(self.selector)
        sized = [dim for dim in self.pattern.dims if isinstance(dim.meaning, Expression)]
        says = bool(sized or self.pattern.wanted_dtype or self.pattern.rest is None)
        yield from named(matches, ports=says)
        for found in matches:
            if found.value is None:
                continue
            if self.pattern.wanted_dtype:
                yield Constraint(Item("dtype", found.value.id))
            for axis, meaning in self._sizes(len(found.value.shape)):
                yield Constraint(Item("dim", found.value.id, axis), meaning.symbols)

    def _sizes(self, axes: int) -> Iterator[tuple[int, Expression]]:
        """Yield the axes of a tensor whose size is written, with it."""
        rest = self.pattern.rest
        behind = axes - len(self.pattern.dims)
        for position, dim in enumerate(self.pattern.dims):
            if isinstance(dim.meaning, Expression):
                yield position + (behind if rest is not None and position > rest else 0), dim.meaning

    def rests_on(self, subject: Subject, finding: Finding) -> Ground:
        """Return that it rests on the named places alone; see ``Rests``."""
        return PLACES

    def _refuse_new_names(self, bindings: Bindings) -> None:
        """Refuse names of sizes in what others say that nobody gave a size: they say nothing.

        Raises:
            SelectionError: there is one.
        """
        known = {symbol: None for symbol, _ in bindings}
        for dim in self.pattern.dims:
            names = dim.meaning.symbols if isinstance(dim.meaning, Expression) else ()
            for name in names:
                if name not in known:
                    raise SelectionError("invalid", Part(dim.text, dim.start), _without_size(name, known))

    def _is_unclear(self, matches: Sequence[Match]) -> bool:
        """Return whether the selector names several calls or ports without saying that all are meant."""
        ports = {found.port.name for found in matches if found.port}
        return not is_pattern(self.selector.text) and (len(ports) > 1 or "@" not in self.selector.text)

    def compare(self, found: Match, binder: tuple[int, str], trial: Bindings) -> Comparison:
        """Compare one port; what it binds counts for the next."""
        held = found.tensor or found.value
        if held is None:
            return Comparison(found, Absent())
        return Comparison(found, match(self.pattern, held.dtype, held.shape, trial, binder))

    def _expected(self, bindings: Bindings) -> str:
        """Return the shape as written and the sizes of its symbols."""
        pattern = self.pattern
        sizes = with_sizes_text(pattern.symbols, bindings)
        implied = "" if pattern.dtype else pattern.implied
        dtype = f"{implied}, as the front matter says" if implied else ""
        return "   ".join(text for text in (str(pattern), dtype, sizes) if text)

    def _failed(
        self,
        finding: Finding,
        reason: Mismatch | Absent | None,
        name: str,
        found: Match,
        subject: Subject,
    ) -> Finding:
        """Add to a contradiction why the first port that fails does."""
        if isinstance(reason, NotEvaluable):
            return self._not_evaluable(finding, reason)
        if isinstance(reason, DimsDiffer):
            return self._dims_differ(finding, reason, name, found, subject)
        if isinstance(reason, DtypeDiffers):
            repair = self._dtype_repair(reason.found)
            finding = replace(finding, repairs=(repair,))
            return finding.amended(
                "contradicted",
                code="dtype",
                what=f"'{name}' has another dtype",
                columns=repair.columns if self.pattern.dtype else self.place.columns,
                hint=f"{self.selector.text}  {self.pattern.with_sizes({}, reason.found)}",
            )
        what = f"'{name}' holds no tensor"
        if isinstance(reason, RankDiffers):
            what = f"'{name}' has {counted(reason.found, 'dim')}, not {reason.expected}"
        return finding.amended("contradicted", code="shape", what=what, columns=self.place.columns)

    def _dims_differ(
        self, finding: Finding, reason: DimsDiffer, name: str, found: Match, subject: Subject
    ) -> Finding:
        """Add which sizes differ, and the claim with the sizes found."""
        first = reason.differences[0]
        held = found.tensor or found.value
        dtype = held.dtype if held else ""
        dim = self.pattern.dims[first.dim]
        right = named_dims(self.pattern, held.shape, subject.bindings) if held else {}
        dims = ((self.pattern.dims[difference.dim], difference.found) for difference in reason.differences)
        repairs = tuple(Repair((written.start, written.end), str(found)) for written, found in dims)
        if self.pattern.wanted_dtype not in ("", dtype):
            repairs = (self._dtype_repair(dtype), *repairs)
        finding = replace(finding, repairs=repairs).amended(
            "contradicted",
            code="shape",
            what=f"'{name}' {_sizes_text(reason)}",
            columns=(dim.start, dim.end),
            hint=f"{self.selector.text}  {self.pattern.with_sizes(right, dtype)}",
        )
        if reason.reordered:
            what = f"'{name}' has these sizes in another order"
            return finding.amended("layout differs", code="layout", what=what)
        binder = first.binding
        if subject.run and binder is not None and not binder.by:
            shared = f"'{dim.text}' in line {binder.line} is for every run; without it each run binds its own"
            because = f"{finding.because}\n{shared}" if finding.because else shared
            return finding.amended("contradicted", because=because)
        if binder is None or not all(one.binding and one.binding.by for one in reason.differences):
            return finding
        return replace(finding, repairs=()).amended(
            "contradicted",
            code="symbol-conflict",
            what=f"'{dim.text}' is {first.found} here but was bound to {first.expected}",
            expected=f"{dim.text} = {first.expected}   bound in line {binder.line} by {binder.by}",
            hint=f"another name for one of them, or a size for '{dim.text}' in the front matter",
        )

    def _dtype_repair(self, dtype: str) -> Repair:
        """Return what puts the dtype right, in place of the written one or before the bracket."""
        start = self.place.start
        return Repair((start, start + len(self.pattern.dtype)), dtype)

    def _not_evaluable(self, finding: Finding, reason: NotEvaluable) -> Finding:
        """Return the finding for an expression that has no size."""
        dim, cause = self.pattern.dims[reason.dim], reason.diagnostic
        given = f"{reason.symbol} bound by an earlier claim, or given in the front matter"
        return finding.amended(
            "invalid",
            code=cause.code,
            what=cause.what,
            columns=(dim.start, dim.end),
            expected=given if reason.symbol else "",
            because=cause.because,
        )

    def _ambiguous(self, finding: Finding, compared: Sequence[Comparison]) -> Finding:
        """Return the finding for a selector that may mean what matches or what does not."""
        name = self.selector.text
        right = next(comparison.match for comparison in compared if not comparison.reason)
        calls = len({(comparison.match.path, comparison.match.index) for comparison in compared})
        return finding.amended(
            "invalid",
            code="ambiguous-path",
            what=f"'{name}' was called {calls} times and the calls differ"
            if calls > 1
            else f"'{name}' names {len(compared)} ports, which differ",
            columns=self.selector.columns,
            hint=f"{right.short_name}  {self.pattern}",
        )


def _sizes_text(reason: DimsDiffer) -> str:
    """Return what is there and what is not: ``has 33 in dim 1, not 32``."""
    told = [f"{one.found} in dim {one.axis + 1}, not {one.expected}" for one in reason.differences]
    return f"has {told[0]}" if len(told) == 1 else "has another shape"


def _without_size(name: str, known: Iterable[str]) -> SelectorError:
    close = nearest(name, known, 1)
    return SelectorError(
        "symbol-unbound",
        f"'{name}' has no size yet, so what is said of it cannot be judged",
        expected=f"{name} bound by an earlier claim, or given in the front matter",
        hint=close[0] if close else "'_' for any size",
    )


def _unreadable(selector: Part, rest: Part) -> ClaimError:
    """Return the error for a line that is not a claim of any kind."""
    syntax, known = accepted_syntax(), keywords()
    if not rest.text:
        what = f"nothing is claimed of '{selector.text[:60]}'"
        return Part(selector.text[-1:], selector.end - 1).error("claim-syntax", what, expected=syntax)
    for word in (selector, first_word(rest.padded)[0]):
        close = nearest(word.text, known, 1)
        if close and word.text not in known:
            return word.error(
                "claim-syntax", f"cannot read '{word.text[:60]}'", expected=syntax, hint=close[0]
            )
    return rest.error("claim-syntax", f"'{rest.text[:60]}' is not a claim", expected=syntax)
