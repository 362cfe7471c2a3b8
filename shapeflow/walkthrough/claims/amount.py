"""``parameters encoder = 9.5M``, ``flops encoder = 12.3 %``, ``memory . = 1.2 GB``: what parts cost.

A number holds if the true one rounds to it at the precision with which it is written. A bound such as
``flops encoder > 85 %`` is for prose that says "most of the arithmetic" and no more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from shapeflow.common.text import listing
from shapeflow.errors import Diagnostic, SelectorError
from shapeflow.model.amounts import flops_of, ops_of, peak_of
from shapeflow.model.costs import total_flops, total_parameters
from shapeflow.model.match import Match
from shapeflow.model.owned import Owned
from shapeflow.model.records import Module, Op
from shapeflow.walkthrough.constraint import PLACES, Ground
from shapeflow.walkthrough.context import SelectionError, Subject
from shapeflow.walkthrough.finding import Evidence, Finding, Repair, evidence_of
from shapeflow.walkthrough.parts import ClaimError, Part, SelectorPart, around, first_word

Kind = Literal["parameters", "trainable", "flops", "multiply-adds", "memory"]

_COUNTS = {"": 1, "K": 10**3, "k": 10**3, "M": 10**6, "G": 10**9, "B": 10**9, "T": 10**12, "P": 10**15}
_BYTES = {
    **{f"{sign}B": 1000**power for power, sign in enumerate(("", "k", "M", "G", "T"))},
    **{f"{sign}iB": 1024**power for power, sign in enumerate(("K", "M", "G", "T"), 1)},
    "KB": 1000,
}
_WORDS = {"flops": ("FLOPs", "FLOP", "FLOPS", "flops"), "multiply-adds": ("MACs", "MAC", "macs")}
"""What may stand behind the unit."""
_SHARE = "%"
_NUMBER = re.compile(
    r"(?P<number>(?:\d{1,3}(?:,\d{3})+|\d{1,30})(?:\.\d{1,20})?(?:[eE][+-]?\d{1,2})?)(?P<gap>\s*)(?P<unit>[A-Za-z]*|%)"
)
_EXPECTED = {
    "parameters": "a number such as 446,012,345 or 446.0M, or a share such as 12.5 %",
    "trainable": "a number such as 446,012,345 or 446.0M, or a share such as 12.5 %",
    "flops": "a number such as 12.3G or 12.3 GFLOPs, or a share of the run such as 89.1 %",
    "multiply-adds": "a number such as 6.2G or 6.2 GMACs, or a share of the run such as 89.1 %",
    "memory": "a size such as 1.2 GB or 850 MiB, or a share of the peak such as 50 %",
}
_NOUNS = {
    "parameters": "number of parameters",
    "trainable": "number of trainable parameters",
    "flops": "number of FLOPs",
    "multiply-adds": "number of multiply-adds",
    "memory": "peak of memory",
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written, with its unit."""

    digits: Decimal
    unit: str
    """With the blank before it, if there is one."""
    factor: int
    """What one of the unit is; 0 for a share."""

    def is_about(self, true: int, whole: int) -> bool:
        """Return whether a number, or its share of the whole, rounds to this one as it is written."""
        half = Decimal(1).scaleb(int(self.digits.as_tuple().exponent)) / 2
        return abs(self._scaled(true, whole) - self.digits) <= half

    def bounds(self, sign: str, true: int, whole: int) -> bool:
        """Return whether a number, or its share, is more (``>``) or less (``<``) than this one."""
        scaled = self._scaled(true, whole)
        return scaled > self.digits if sign == ">" else scaled < self.digits

    def like(self, true: int, whole: int) -> str:
        """Return another number in the same unit, as precisely."""
        exponent = int(self.digits.as_tuple().exponent)
        rounded = round(self._scaled(true, whole), max(0, -exponent))
        if not rounded and true and self.factor > 1:  # far from what was written
            return Number(Decimal(1), " B" if self.unit.strip() in _BYTES else "", 1).like(true, whole)
        return f"{rounded:,}{self.unit}"

    def _scaled(self, true: int, whole: int) -> Decimal:
        return Decimal(100 * true) / whole if not self.factor else Decimal(true) / self.factor


@dataclass(frozen=True, slots=True)
class Amount:
    """What is measured, of what, and how much it is."""

    kind: Kind
    selector: SelectorPart
    number: Number
    place: Part
    """Where the number is written."""
    sign: str = "="
    """``=``, ``>`` or ``<``."""

    @classmethod
    def parse(cls, text: str) -> Amount:
        """Read the line; see ``BodyType``."""
        keyword, rest = first_word(text)
        kind: Kind = keyword.text  # type: ignore[assignment] # one of them, or the line would be of another kind
        sign = next((sign for sign in rest.padded if sign in "=<>"), "=")
        sides = around(rest.padded, sign)
        if sides is None or not sides[0].text or " " in sides[0].text:
            raise ClaimError(
                "claim-syntax",
                "an amount names what it is of, '=', '>' or '<', and a number",
                columns=keyword.to(rest),
                expected=f"{kind} encoder = …, with {_EXPECTED[kind]}",
            )
        return cls(kind, SelectorPart.of(sides[0]), _number(kind, sides[1]), sides[1], sign)

    def judge(self, subject: Subject) -> Finding:
        """Hold if the true amount rounds to what is written, or is on the right side of it."""
        trace = subject.trace
        if self.kind in ("parameters", "trainable"):
            true, evidence = self._parameters(subject), Evidence()
            whole = total_parameters(trace)
        else:
            if not trace.run.complete:
                what = f"the run ended early, so '{self.selector.text}' may have cost more"
                return Finding("undecided", Diagnostic("amount", what))
            true, evidence = self._of_run(subject)
            whole = trace.run.peak_bytes if self.kind == "memory" else total_flops(trace)
            whole = whole // 2 if self.kind == "multiply-adds" else whole
        number = self.number
        if not number.factor and not whole:
            what = f"there is no share: the whole run has no {self.kind}"
            return Finding("undecided", Diagnostic("amount", what, columns=self.place.columns), evidence)
        share = f", {Decimal(100 * true) / whole:.2f} % of {whole:,}" if whole and not number.factor else ""
        found = f"{true:,}{' B' if self.kind == 'memory' else ''}{share}"
        expected = self.place.text if self.sign == "=" else f"{self.sign} {self.place.text}"
        finding = Finding("holds", Diagnostic(expected=expected, found=found), evidence)
        if self.sign != "=":
            if number.bounds(self.sign, true, whole):
                return finding
            word = "more" if self.sign == ">" else "less"
            what = f"the {_NOUNS[self.kind]} of '{self.selector.text}' is not {word} than that"
            return finding.amended("contradicted", code="amount", what=what, columns=self.place.columns)
        if number.is_about(true, whole):
            return finding
        right = number.like(true, whole)
        return replace(finding, repairs=(Repair(self.place.columns, right),)).amended(
            "contradicted",
            code="amount",
            what=f"'{self.selector.text}' has another {_NOUNS[self.kind]}",
            columns=self.place.columns,
            because=self._because(true, whole),
            hint=f"{self.kind} {self.selector.text} = {right}",
        )

    def rests_on(self, subject: Subject, finding: Finding) -> Ground | None:
        """Return that it rests on the modules, or the ops that are counted; a share on all. See ``Rests``."""
        if self.sign != "=":  # much may change before a bound is passed
            return None
        if not self.number.factor or self.selector.text == "." or self.kind == "memory":
            return None
        if self.kind in ("parameters", "trainable"):
            return PLACES
        try:
            return Ground(frozenset(op.id for op in self._ops(subject)[0]))
        except SelectionError:
            return PLACES

    def _because(self, true: int, whole: int) -> str:
        """Return which other amount the number as written would be right for."""
        number = self.number
        if not number.factor:
            return ""
        if self.kind == "flops" and number.is_about(true // 2, whole):
            return "it is the number of multiply-adds, and a multiply-add is two FLOPs"
        if self.kind == "multiply-adds" and number.is_about(true * 2, whole):
            return "it is the number of FLOPs, and a multiply-add is two of them"
        if self.kind == "memory" and number.unit.strip()[:1] in ("k", "K", "M", "G", "T"):
            binary = "i" not in number.unit
            sign = number.unit.strip()[0]
            other = f"{sign.upper()}iB" if binary else f"{sign}B"
            if Number(number.digits, other, _BYTES.get(other, 1000)).is_about(true, whole):
                return f"it is that many {other}: {'1024' if binary else '1000'} to the step"
        return ""

    def _parameters(self, subject: Subject) -> int:
        """Return how many parameters there are in modules and below, or in the tensors that are named."""
        trace = subject.trace
        owned = trace.cached(Owned)
        modules = self._modules(subject)
        if modules is None:
            matches = [match for match in subject.select(self.selector) if match.tensor]
            named = {match.tensor.same or match.path: match for match in matches if match.tensor}
            return sum(_elements(match, self.kind) for match in named.values())
        if self.kind == "parameters" and len(modules) == 1:
            return modules[0].parameters
        # A module in two places is listed in one of them, so that what is below the other is not known.
        if all(owned.elements(trace, [module.path])[0] == module.parameters for module in modules):
            return owned.elements(trace, [module.path for module in modules])[self.kind == "trainable"]
        error = SelectorError(
            "not-in-trace",
            "which parameters these modules have is not in this trace: some are shared, or none are listed",
            expected="'parameters' of one module",
            because="" if owned.listed else "an older version made the trace",
        )
        raise SelectionError("not observed", self.selector, error)

    def _modules(self, subject: Subject) -> list[Module] | None:
        """Return the modules that are named; None if it is no module but a parameter."""
        try:
            return subject.modules(self.selector)
        except SelectionError as error:
            if error.cause.code != "unknown-path":
                raise
            try:
                matches = subject.select(self.selector)
            except SelectionError:
                raise error from None
            if all(match.tensor for match in matches):
                return None
            raise

    def _of_run(self, subject: Subject) -> tuple[int, Evidence]:
        """Return what calls or ops cost; ``.`` is the whole run."""
        trace = subject.trace
        if self.selector.text == ".":
            total = trace.run.peak_bytes if self.kind == "memory" else total_flops(trace)
            return total // 2 if self.kind == "multiply-adds" else total, Evidence()
        ops, evidence = self._ops(subject)
        cost = peak_of(ops) if self.kind == "memory" else flops_of(ops)
        return cost // 2 if self.kind == "multiply-adds" else cost, evidence

    def _ops(self, subject: Subject) -> tuple[list[Op], Evidence]:
        """Return the ops of what is named; of a list of modules, which never runs, those in its members."""
        trace = subject.trace
        try:
            matches = subject.select(self.selector)
        except SelectionError as error:
            if error.cause.code != "never-called":
                raise
            lists = [f"{module.path}." for module in subject.modules(self.selector) if not module.callable]
            inside = [call for call in trace.calls if call.path.startswith(tuple(lists))] if lists else []
            if self.kind == "memory" and not inside:
                raise
            numbers = dict.fromkeys(op for call in inside for op in range(call.first_op, call.last_op))
            return [trace.ops[op] for op in numbers], Evidence(calls=tuple(call.id for call in inside))
        if matches[0].port is not None:
            names = listing([match.short_name for match in matches])
            wrong = SelectorError("claim-syntax", "a call or op costs something, no port does", found=names)
            raise SelectionError("invalid", self.selector, wrong)
        return ops_of(trace, matches), evidence_of(matches)


def _elements(match: Match, kind: Kind) -> int:
    """Return how many parameters a parameter or buffer is."""
    tensor = match.tensor
    counts = tensor is not None and (
        tensor.kind == "parameter" or (tensor.kind, kind) == ("frozen", "parameters")
    )
    number = 1
    for size in tensor.shape if tensor is not None and counts else (0,):
        number *= size
    return number


def _number(kind: Kind, given: Part) -> Number:
    """Read a number with its unit."""
    found = _NUMBER.fullmatch(given.text)
    if not found:
        what = f"'{given.text[:60]}' is not an amount" if given.text else "a number is missing here"
        raise given.error("claim-syntax", what, expected=_EXPECTED[kind])
    unit, digits = found["unit"], Decimal(found["number"].replace(",", ""))
    if unit == _SHARE:
        return Number(digits, found["gap"] + unit, 0)
    units = _BYTES if kind == "memory" else _COUNTS
    words = _WORDS.get(kind, ())
    plain = next((unit.removesuffix(word) for word in words if unit.endswith(word)), unit)
    if plain in units:
        return Number(digits, found["gap"] + unit, units[plain])
    place = Part(unit, given.start + found.start("unit"))
    other = next((name for name, words in _WORDS.items() if unit.endswith(words) and name != kind), "")
    meant = f"'{unit}' counts {other}" if other and kind != "memory" else f"no unit '{unit}' for {kind}"
    hint = f"{given.text}B" if kind == "memory" and f"{unit}B" in _BYTES else ""
    raise place.error("claim-syntax", meant, expected=_EXPECTED[kind], hint=hint)
