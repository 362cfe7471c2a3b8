"""The model's own source as the text that is read: each line of it is known by what it made in the run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from shapeflow.model.exact_names import ExactNames
from shapeflow.model.ports import Port
from shapeflow.model.trace import Trace
from shapeflow.notes.mention import Mention, Note
from shapeflow.notes.placing.mark import Mark, Verdict
from shapeflow.notes.placing.own_docstrings import Found, OwnDocstrings
from shapeflow.notes.placing.own_lines import places_of, spans_of
from shapeflow.notes.placing.relations import FITS, Relation, relation
from shapeflow.notes.reading.python_code import parsed
from shapeflow.shapes.notation import shape_text
from shapeflow.source.events import Event, events_of
from shapeflow.source.lines import Line
from shapeflow.source.places_now import code_of
from shapeflow.source.results import annotated

LEAST_DIMS = 3
"""A shape without any size is called wrong only if it has so many dims: ``H x W`` may be a part of one."""
WHOLE = frozenset({"exact", "symbolic"})
"""How a shape has to fit what is not surely meant: with all of its dims."""
_BUILDS = re.compile(r"\s*def __(?:init|new|post_init)__\b")
SURE, LIKELY = 0.95, 0.8
Shape = tuple[int, ...]


class OwnCode:
    """A Python file that is a part of the traced model, with what its lines made."""

    def __init__(self, trace: Trace, note: Note, name: str, places: Mapping[int, int], batch: int) -> None:
        self.trace = trace
        self.batch = batch
        self.name = name
        happened = events_of(trace).get(name, {})
        self.events: dict[int, list[Event]] = {
            places[line]: list(events) for line, events in happened.items() if line in places
        }
        text = "\n".join(note.lines)
        self.lines: tuple[Line, ...] = annotated(trace, name, text, self.events).lines
        self.spans, self.blocks = spans_of(text)
        self.docstrings = OwnDocstrings(trace, self.lines, self.events, parsed(note.lines))
        self.there = {there: was for was, there in places.items()}

    def mark(self, mention: Mention) -> Mark | None:
        """Return what the code around a mention says of it; None: it is in prose on no code that ran."""
        found = self._by_place(mention)
        if found is not None:
            return found
        if mention.frame.region == "docstring" and self._ran(mention):
            return None
        if self._ran(mention):
            return Mark(mention, "cannot tell", "", "")
        if _BUILDS.match(self.lines[self._around(mention)[0] - 1].text):
            return Mark(mention, "cannot tell", "", "", ("a model is built before the run that is recorded",))
        return Mark(mention, "not in this run", "", "", ("the run has nothing of the code around it",))

    def _around(self, mention: Mention) -> tuple[int, int]:
        """Return the first and the last line of the function, or class, around a mention."""
        line = mention.span.line
        around = [(first, last) for first, last in self.blocks if first <= line <= last]
        return max(around, default=(1, len(self.lines)))

    def _ran(self, mention: Mention) -> bool:
        """Return whether anything is known to have run in the function, or class, around a mention."""
        first, last = self._around(mention)
        return any(first <= number <= last for number in self.events)

    def _by_place(self, mention: Mention) -> Mark | None:
        """Return what the line of a mention says of it; None if it says nothing certain."""
        region = mention.frame.region
        if region == "output":
            return None
        if region not in ("comment", "annotation"):
            return self._port_mark(mention)
        line = mention.span.line
        code = code_of(self.lines[line - 1].text) if line <= len(self.lines) else ""
        if code:
            return self._line_mark(mention, line, sure=True)
        after = next((number for number in range(line + 1, line + 5) if self._code_at(number)), 0)
        mark = self._line_mark(mention, after, sure=False) if after else None
        if mark is None:
            before = next((number for number in range(line - 1, line - 5, -1) if self._code_at(number)), 0)
            mark = self._line_mark(mention, before, sure=False) if before else None
        return mark

    def _code_at(self, number: int) -> str:
        return code_of(self.lines[number - 1].text) if 0 < number <= len(self.lines) else ""

    def _line_mark(self, mention: Mention, line: int, *, sure: bool) -> Mark | None:
        """Return what a statement made beside a mention; only what fits, if it is not surely meant."""
        first, last = self.spans.get(line, (line, line))
        numbers = range(first, last + 1)
        named = [
            Found(value, made.name)
            for number in numbers
            for made in self.lines[number - 1].made
            if made.name
            for value in made.values
        ]
        events = [event for number in numbers for event in self.events.get(number, ())]
        made = [Found(port.value, "") for event in events for port in event.outputs if port.value is not None]
        taken = [
            Found(port.value, "") for event in events for port in _given(event) if port.value is not None
        ]
        if mention.frame.assigned and len({one.name for one in named}) > 1:
            wanted = mention.frame.assigned.replace(" ", "").split(",")
            if len(wanted) == 1:
                named = [one for one in named if one.name == wanted[0]] or named
        if mention.chain is not None and mention.position == 0 and mention.role != "out":
            return self._judged(mention, taken, [*made, *named], line, sure=False)
        called = [one for one in named if one.name == _name_before(mention)]
        if not sure and called:
            return self._judged(mention, called, (), line, sure=True)
        near = () if first == last and (called or _is_bare(mention)) else (*made, *taken)
        return self._judged(mention, called or named or made, near, line, sure=sure and bool(named))

    def _port_mark(self, mention: Mention) -> Mark | None:
        """Return what the parameter, or result, was that a docstring describes."""
        described = self.docstrings.described(mention)
        if described is None:
            return None
        if described.why:
            return Mark(
                mention, "not in this run" if described.absent else "cannot tell", "", "", (described.why,)
            )
        return self._judged(mention, described.found, [], 0, sure=described.sure)

    def _judged(
        self, mention: Mention, meant: Sequence[Found], near: Sequence[Found], line: int, *, sure: bool
    ) -> Mark | None:
        """Return the mark of a mention that means one of some tensors.

        Args:
            mention: the mention.
            meant: the tensors that it means.
            near: others of the same statement: what fits one of them is not called wrong.
            line: where the statement stands; 0 for a port.
            sure: whether the first are surely meant.
        """
        hows = {one: self._relation(mention, one) for one in meant}
        wanted = FITS if sure else WHOLE
        fit = next((one for one, how in hows.items() if how in wanted), None)
        if fit is not None:
            symbols = all(not text.isdecimal() or text == "1" for text in _dims(mention))
            verdict: Verdict = "symbolic, consistent" if symbols and mention.pattern.symbols else "confirmed"
            return self._mark(mention, fit, verdict, line, SURE if sure else LIKELY)
        if not sure or any(self._relation(mention, one) in FITS for one in near):
            return None
        shapes = {self.trace.values[one.value].shape for one in meant}
        first = meant[0] if meant else None
        if first is None:
            return None
        if "layout" in hows.values():
            ordered = next(one for one, how in hows.items() if how == "layout")
            return self._mark(mention, ordered, "layout differs", line, SURE)
        numbers = sum(text.isdecimal() and text != "1" for text in _dims(mention))
        if (len(shapes) > 1 and mention.pattern.symbols) or (
            not numbers and len(mention.pattern.dims) < LEAST_DIMS
        ):
            return None
        return self._mark(mention, first, "contradicted", line, SURE)

    def _relation(self, mention: Mention, one: Found) -> Relation:
        return relation(mention.pattern, self.trace.values[one.value].shape, {}, self.batch)

    def _mark(self, mention: Mention, one: Found, verdict: Verdict, line: int, confidence: float) -> Mark:
        value = self.trace.values[one.value]
        evidence: tuple[str, ...] = ()
        place = self._selector(one.value)
        if line:
            was = self.there.get(line, line)
            what = f"'{one.name}'" if one.name else "what it made"
            evidence = (
                f"{self.name}:{was}: {self.lines[line - 1].text.strip()}",
                f"the line gave {what} this shape",
            )
        elif one.name:
            evidence = (f"the docstring is that of the function whose '{one.name}' this is",)
        return Mark(mention, verdict, place, shape_text(value.dtype, value.shape), evidence, (), confidence)

    def _selector(self, value: int) -> str:
        return self.trace.cached(ExactNames).value(value)


def own_code(trace: Trace, note: Note, batch: int) -> OwnCode | None:
    """Return a Python file as a part of the traced model; None if it is none."""
    if note.kind != "python":
        return None
    ending = note.path.replace("\\", "/").rpartition("/")[2]
    for name in dict.fromkeys(source.file for source in trace.sources):
        if name.rpartition("/")[2] == ending or not ending:
            places = places_of(trace, name, note.lines)
            if places:
                return OwnCode(trace, note, name, places, batch)
    return None


def _is_bare(mention: Mention) -> bool:
    """Return whether a comment says nothing but one shape: then it is of what its line made in the end."""
    return mention.chain is None and not _LETTERS.search(
        f"{mention.frame.before.rpartition('#')[2]} {mention.frame.after}"
    )


_LETTERS = re.compile(r"[^\W\d_]{2}|->|→|=>")


def _name_before(mention: Mention) -> str:
    """Return the name that a comment has right before a shape: ``states`` of ``states: [2, 9, 48]``."""
    found = _NAME.search(mention.frame.before.rpartition("#")[2])
    return found[1] if found else ""


_NAME = re.compile(r"(?:^|[\s,;`(])([A-Za-z_]\w*)`?(?:\.shape)?\s*(?:[:=]|==|is)?\s*$")


def _given(event: Event) -> Sequence[Port]:
    return event.record.inputs


def _dims(mention: Mention) -> list[str]:
    return [dim.text.strip() for dim in mention.pattern.dims]
