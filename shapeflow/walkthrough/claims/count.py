"""``count encoder.layers.* = 6``: how many modules, calls, ops or items there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shapeflow.common.text import counted, listing
from shapeflow.errors import Diagnostic, SelectorError
from shapeflow.model.call_tree import pattern
from shapeflow.model.match import Match
from shapeflow.model.selector import modules, parse, select
from shapeflow.shapes.matching import Binding, NotEvaluable, evaluate, sizes_of, with_sizes_text
from shapeflow.shapes.notation import Expression
from shapeflow.walkthrough.constraint import PLACES, Constraint, Ground, Item, named
from shapeflow.walkthrough.context import SelectionError, Subject
from shapeflow.walkthrough.finding import Evidence, Finding, Repair, evidence_of
from shapeflow.walkthrough.parts import ClaimError, Part, SelectorPart, around, first_word, size_of

_PLURALS = {"items": "ports", "tensors": "parameters or buffers"}
UNITS = ("modules", "calls", "ops", "items", "tensors")


@dataclass(frozen=True, slots=True)
class Count:
    """What is counted, and how many there are."""

    unit: str
    selector: SelectorPart
    number: Expression
    place: Part
    """Where the number is written."""

    @classmethod
    def parse(cls, text: str) -> Count:
        """Read the line; see ``BodyType``."""
        keyword, rest = first_word(text)
        sides = around(rest.padded, "=")
        if sides is None or not sides[0].text:
            raise ClaimError(
                "claim-syntax",
                "a count names what is counted, '=' and a number",
                columns=keyword.to(rest),
                expected="count encoder.layers.* = 6, or 'count calls', 'count ops', 'count items'",
            )
        unit, selector = first_word(sides[0].padded)
        if not selector.text:
            unit, selector = Part("modules", unit.start), unit
        if unit.text not in UNITS:
            raise unit.error("claim-syntax", f"cannot count '{unit.text[:60]}'", expected=", ".join(UNITS))
        if " " in selector.text:
            raise selector.error("claim-syntax", "one selector is counted", expected="no blanks in it")
        return cls(unit.text, SelectorPart.of(selector), size_of(sides[1]), sides[1])

    def judge(self, subject: Subject) -> Finding:
        """Hold if that many are there; a plain symbol without a size is bound."""
        found, names, evidence = self._found(subject)
        symbol = self.number.symbol
        if symbol and not subject.bindings.get(symbol):
            subject.bindings.bind(symbol, Binding(found, *subject.binder))
        expected = evaluate(self.number, subject.bindings)
        if isinstance(expected, NotEvaluable):
            return Finding("invalid", replace(expected.diagnostic, columns=self.place.columns))
        sizes = with_sizes_text(self.number.symbols, subject.bindings)
        wanted = f"{self.number.text} = {expected}   {sizes}" if sizes else str(expected)
        symbols = sizes_of(self.number.symbols, subject.bindings)
        finding = Finding("holds", Diagnostic(expected=wanted, found=str(found)), evidence, symbols)
        if found == expected:
            return finding
        unit = "" if self.unit == "modules" else f"{self.unit} "
        there = counted(found, self.unit.removesuffix("s")) if found else f"no {self.unit}"
        return replace(finding, repairs=(Repair(self.place.columns, str(found)),)).amended(
            "contradicted",
            code="count",
            what=f"'{self.selector.text}' has {there}, not {expected:,}{_places(self.selector, names)}",
            columns=self.place.columns,
            because=f"{'it is' if found == 1 else 'they are'} {listing(names, 6)}" if names else "",
            hint=f"count {unit}{self.selector.text} = {found}",
        )

    def constrains(self, subject: Subject, finding: Finding) -> Iterator[Constraint]:
        """Yield what is counted, if it takes part in the run; see ``Constrains``."""
        symbols = self.number.symbols
        yield Constraint(Item("number", 0, f"{self.unit} {self.selector.text}"), symbols)
        if self.unit == "modules" or not (finding.evidence.calls or finding.evidence.ops):
            return
        for item, _ in named(subject.select(self.selector)):
            yield Constraint(item, symbols)

    def rests_on(self, subject: Subject, finding: Finding) -> Ground:
        """Return that it rests on the named places alone; see ``Rests``."""
        return PLACES

    def _found(self, subject: Subject) -> tuple[int, list[str], Evidence]:
        """Return how many there are, their names, and the evidence."""
        subject.asked.add(self.selector.text)
        try:
            if self.unit == "modules":
                paths = [module.path or "." for module in modules(subject.trace, self.selector.text)]
                return len(paths), paths, Evidence()
            matches = subject.select(self.selector)
        except SelectorError as error:
            return self._none(error, subject)
        except SelectionError as error:
            if self._is_incomplete(error.cause):
                matches = self._without_some(error, subject)
            elif error.status == "invalid" or self.unit == "items":
                return self._none(error.cause, subject)
            else:
                return 0, [], Evidence()
        if self.unit == "items" and not matches[0].tensor:
            names = self._items(matches)
            return len(names), names, evidence_of(matches)
        self._refuse_other_things(matches)
        return len(matches), [match.short_name for match in matches], evidence_of(matches)

    def _is_incomplete(self, error: SelectorError) -> bool:
        """Return whether a pattern names something that did not take part, beside what did."""
        if error.code == "selector-syntax":
            return False
        path = parse(self.selector.text).path or ()
        is_pattern = any(segment.literal is None for segment in path)
        return error.code in ("not-all-called", "not-all-there") or (error.code == "bad-index" and is_pattern)

    def _without_some(self, error: SelectionError, subject: Subject) -> list[Match]:
        """Return those that took part, if they are not as many as is claimed.

        Raises:
            SelectionError: they are: some make up for those that are missing.
        """
        try:
            matches = select(subject.trace, self.selector.text)
        except SelectorError:
            raise error from None
        expected = evaluate(self.number, subject.bindings)
        if self.unit == "items" or isinstance(expected, NotEvaluable) or expected == len(matches):
            raise error
        return matches

    def _none(self, error: SelectorError, subject: Subject) -> tuple[int, list[str], Evidence]:
        """Return that there are none, if the name is a known place and a new name, not a typo.

        Raises:
            SelectionError: it cannot be read, or is most likely a typo.
        """
        if error.code == "unknown-path" and self.unit != "items" and not subject.said:
            known = [segment.literal for segment in parse(self.selector.text).path or ()]
            typo = bool(error.hint) and None not in known
            parents = known[: known.index(None)] if None in known else known[:-1]
            if not typo and ".".join(name or "" for name in parents) in subject.trace.module_by_path:
                return 0, [], Evidence()
        raise SelectionError("invalid", self.selector, error)

    def _items(self, matches: Sequence[Match]) -> list[str]:
        """Return the names directly below a port that holds a list, tuple or mapping."""
        wanted = self.selector.text.partition(":")[2]
        items: dict[str, dict[str, None]] = {}
        for match in matches:
            port = match.port
            if port is None:
                self._refuse_other_things(matches)
                continue
            name = port.name if port.name.startswith(wanted) else port.alias
            step = _first_step(name[len(wanted) :])
            items.setdefault(f"{match.path}@{match.index}", {})[step] = None
        different = {len(steps) for steps in items.values()}
        if len(different) > 1:
            raise SelectionError(
                "invalid",
                self.selector,
                SelectorError(
                    "ambiguous-path",
                    f"'{self.selector.text}' was called {len(items)} times and the calls differ",
                    found=listing([f"{name}: {len(steps)}" for name, steps in items.items()]),
                    hint=f"count items {next(iter(items))}:{wanted} = {self.number.text}",
                ),
            )
        return [step for step in next(iter(items.values())) if step]

    def _refuse_other_things(self, matches: Sequence[Match]) -> None:
        """Refuse to count calls where ops or ports are named, and the like."""
        match = matches[0]
        named = "items" if match.port else "ops" if match.op else "calls"
        named = "tensors" if match.tensor else named
        if named != self.unit:
            error = SelectorError(
                "claim-syntax",
                f"'{self.selector.text}' names {_PLURALS.get(named, named)}, not {self.unit}",
                hint=f"count {named} {self.selector.text} = {self.number.text}",
            )
            raise SelectionError("invalid", self.selector, error)


def _places(selector: Part, names: Sequence[str]) -> str:
    """Return where the things are that a pattern counts, the rarest first: ``: 1 in encoder, 6 in head``."""
    counts = Counter(pattern(name.partition("/")[0].partition("@")[0]) or "." for name in names)
    path = selector.text.partition("/")[0].partition("@")[0]
    if "*" not in path or not counts or set(counts) == {path}:
        return ""
    rarest = sorted(counts.items(), key=lambda item: item[1])
    return f": {listing([f'{number} in {place}' for place, number in rarest], 3)}"


def _first_step(below: str) -> str:
    """Return the first step of the rest of a port's name: ``.a`` of ``.a[0]``; empty for the port itself."""
    for i, sign in enumerate(below):
        if i and sign in ".[":
            return below[:i]
    return below
