"""The model's own source as the text that is read: each line of it is known by what it made in the run."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shapeflow.model.exact_names import ExactNames
from shapeflow.model.trace import Trace
from shapeflow.notes.mention import Mention, Note
from shapeflow.notes.own_source.choices import without_choices
from shapeflow.notes.own_source.comments import Meaning, OwnComments
from shapeflow.notes.own_source.docstrings import Found, OwnDocstrings
from shapeflow.notes.own_source.layers import OwnLayers
from shapeflow.notes.own_source.letters import Conflict, OwnLetters, Said
from shapeflow.notes.own_source.lines import places_of, spans_of
from shapeflow.notes.own_source.names import OwnNames
from shapeflow.notes.own_source.written import first_letter, has_sizes, has_two_sizes, is_whole
from shapeflow.notes.placing.conventions import is_channels_last, is_turned
from shapeflow.notes.placing.relations import FITS, WHOLE, relation
from shapeflow.notes.reading.python_code import parsed
from shapeflow.notes.verdicts.doubts import is_qualified, left_open
from shapeflow.notes.verdicts.mark import TRUE, Mark, Verdict
from shapeflow.shapes.matching import pairs_of
from shapeflow.shapes.notation import shape_text
from shapeflow.source.events import events_of
from shapeflow.source.lines import Line
from shapeflow.source.results import annotated

LEAST_FIRST = 4
"""So many shapes that begin with a letter show that it is the first axis of tensors."""
_BUILDS = re.compile(r"\s*def __(?:init|new|post_init)__\b")
SURE, LIKELY = 0.95, 0.8


@dataclass(frozen=True, slots=True)
class _End:
    """One end of an arrow right above a statement, with what it can mean and what was made of that."""

    mention: Mention
    meant: Meaning
    mark: Mark | None


class OwnCode:
    """A Python file that is a part of the traced model, with what its lines made."""

    def __init__(self, trace: Trace, note: Note, name: str, places: Mapping[int, int], batch: int) -> None:
        self.trace = trace
        self.batch = batch
        self.name = name
        happened = events_of(trace).get(name, {})
        self.events = {places[line]: list(events) for line, events in happened.items() if line in places}
        text = "\n".join(note.lines)
        self.lines: tuple[Line, ...] = annotated(trace, name, text, self.events).lines
        spans, self.blocks = spans_of(text)
        tree = parsed(note.lines)
        names = OwnNames(self.lines, tree)
        self.docstrings = OwnDocstrings(trace, self.lines, self.events, names)
        self.comments = OwnComments(self.lines, spans, self.events, names, OwnLayers(trace, tree))
        self.letters = OwnLetters(names)
        self.letters.read_code({value.id: value.shape for value in trace.values})
        self.there = {there: was for was, there in places.items()}
        self._channels_last = is_channels_last(note.mentions, {value.shape for value in trace.values})
        self._said: dict[int, list[tuple[Found, Said]]] = {}
        """What each mention with letters can mean, the likeliest first."""
        self._partly: set[int] = set()
        """Mentions with letters that fit what is meant without its first axis."""
        self._chains: dict[tuple[int, int], list[_End]] = defaultdict(list)

    def mark(self, mention: Mention) -> Mark | None:
        """Return what the code around a mention says of it; None: it is in prose on no code that ran."""
        found = self._by_place(mention)
        prose = mention.frame.region == "docstring" and self._ran(mention)
        if found is not None or prose or self.comments.is_of_class(mention):
            return found
        turned = self._turned(mention)
        if turned is not None:
            return turned
        verdict: Verdict = "not in this run"
        why = "the run has nothing of the code around it"
        statement = self.comments.statement(mention)
        if statement and self.lines[statement - 1].state == "never":
            why = "the line beside it never ran"
        elif self._ran(mention) or self.comments.is_of_layer(mention):
            verdict, why = "cannot tell", ""
        elif _BUILDS.match(self.lines[self._around(mention)[0] - 1].text):
            why = "a model is built before its run is recorded"
        return Mark(mention, verdict, "", "", (why,) if why else ())

    def _turned(self, mention: Mention) -> Mark | None:
        """Return the mark of a shape with channels last, as all are in a file; the run has them first."""
        if not self._channels_last:
            return None
        values = self.trace.values
        if any(self._relation(mention, Found(value.id, "")) in FITS for value in values):
            return None
        value = next((value for value in values if is_turned(mention, value.shape)), None)
        return (
            None if value is None else self._mark(mention, Found(value.id, ""), "layout differs", 0, LIKELY)
        )

    def agreed(self, marks: Mapping[int, Mark]) -> dict[int, Mark]:
        """Return marks after they were compared with each other.

        An arrow of which one end is what a statement took or gave is of this statement with the other end,
        too, and letters that do not agree with the other comments, or the code, are no longer confirmed.

        Args:
            marks: by the mention's position; all that this file says by itself are among them.
        """
        found = dict(marks)
        conflicts = {
            number: [self.letters.conflict(said) for _, said in choices]
            for number, choices in self._said.items()
            if number in found and found[number].verdict in TRUE
        }
        for ends in self._chains.values():
            if sorted(end.mention.position for end in ends) != [0, 1]:
                continue
            for end, other in (ends, ends[::-1]):
                if (
                    end.mark is not None
                    and end.mark.verdict in TRUE
                    and "" in conflicts.get(end.mention.id, [""])
                ):
                    number = other.mention.id
                    if number in conflicts:
                        found[number] = replace(found[number], confidence=SURE)
                    elif number not in found or found[number].verdict not in TRUE:
                        found |= self._surely(other)
            unsaid = not any(end.mark or end.mention.pattern.symbols for end in ends)
            ordered = self._surely(ends[0]) | self._surely(ends[1]) if unsaid else {}
            same = {"confirmed" if mark.verdict in TRUE else mark.verdict for mark in ordered.values()}
            if len(ordered) == 2 and len(same) == 1 and "contradicted" not in same:
                found |= ordered
        for number, verdicts in conflicts.items():
            found[number] = self._agreeing(found[number], verdicts)
        return without_choices(self._with_batch(found))

    def _with_batch(self, marks: Mapping[int, Mark]) -> dict[int, Mark]:
        """Return marks; a shape that begins with the letter of the batch has not left it out."""
        firsts = Counter(first_letter(marks[number].mention) for number in self._said if number in marks)
        found = dict(marks)
        for number in self._partly & marks.keys():
            if marks[number].verdict in TRUE and firsts[first_letter(marks[number].mention)] >= LEAST_FIRST:
                verdict: Verdict = "contradicted" if marks[number].confidence >= SURE else "cannot tell"
                why = "elsewhere its first letter is the first axis of what has one more"
                found[number] = replace(
                    marks[number], verdict=verdict, evidence=(*marks[number].evidence, why)
                )
        return found

    def _surely(self, end: _End) -> dict[int, Mark]:
        """Return the mark of an end of an arrow, if it is of the statement below for sure."""
        mark = self._judged(end.mention, replace(end.meant, near=(), sure=True))
        return {end.mention.id: mark} if mark is not None else {}

    def _agreeing(self, mark: Mark, verdicts: Sequence[Conflict]) -> Mark:
        """Return a mark at the first place where its letters agree with the others; else not confirmed."""
        if "" in verdicts:
            one = self._said[mark.mention.id][verdicts.index("")][0]
            return self._at(mark, one) if verdicts[0] else mark
        why = "its letters have other sizes in the code, or comments, around it"
        verdict: Verdict = (verdicts[0] or "cannot tell") if mark.confidence >= SURE else "cannot tell"
        return replace(mark, verdict=verdict, evidence=(*mark.evidence, why))

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
            return self._described(mention)
        for meant in self.comments.meant(mention):
            mark = self._judged(mention, meant)
            if mention.chain is not None and meant.above:
                self._chains[mention.chain, meant.line].append(_End(mention, meant, mark))
            if mark is not None:
                return mark
        return None

    def _described(self, mention: Mention) -> Mark | None:
        """Return what the parameter, or result, was that a docstring describes."""
        described = self.docstrings.described(mention)
        if described is None:
            return None
        if described.absent:
            return Mark(mention, "not in this run", "", "", (described.why,))
        if not self._ran(mention) and not described.found:
            return None
        mark = self._judged(mention, Meaning(described.found, sure=described.sure))
        return mark or Mark(mention, "cannot tell", "", "", (described.why,) if described.why else ())

    def _judged(self, mention: Mention, meant: Meaning) -> Mark | None:
        """Return the mark of a mention that means one of some tensors; None: nothing certain is said of it.

        What is not surely meant is only confirmed.
        """
        hows = {one: self._relation(mention, one) for one in meant.found}
        wanted = FITS if meant.sure else WHOLE | {"nobatch"} if has_two_sizes(mention) else WHOLE
        fit = next((one for one, how in hows.items() if how in wanted), None)
        if fit is not None:
            self._remember(mention, [one for one, how in hows.items() if how in WHOLE], meant.sure)
            if hows[fit] == "nobatch" and first_letter(mention):
                self._partly.add(mention.id)
            verdict: Verdict = "confirmed" if has_sizes(mention) else "symbolic, consistent"
            return self._mark(mention, fit, verdict, meant.line, SURE if meant.sure else LIKELY)
        if self._channels_last and not meant.sure:
            turned = (one for one in meant.found if is_turned(mention, self.trace.values[one.value].shape))
            last = next(turned, None)
            return (
                self._mark(mention, last, "layout differs", meant.line, LIKELY) if last is not None else None
            )
        if (
            not meant.sure
            or not meant.found
            or any(self._relation(mention, one) in FITS for one in meant.near)
        ):
            return None
        ordered = next((one for one, how in hows.items() if how == "layout"), None)
        if ordered is not None:
            return self._mark(mention, ordered, "layout differs", meant.line, SURE)
        shapes = {self.trace.values[one.value].shape for one in meant.found}
        ranks = {pairs_of(mention.pattern, shape) is None for shape in shapes}
        if (len(shapes) > 1 and mention.pattern.symbols and ranks != {True}) or not is_whole(mention):
            return None
        mark = self._mark(mention, meant.found[0], "contradicted", meant.line, SURE)
        doubtful = is_qualified(mention) or mention.alternative
        return left_open(mark, "the words around it qualify it") if doubtful else mark

    def _remember(self, mention: Mention, meant: Sequence[Found], sure: bool) -> None:
        """Keep what tensors the letters of a mention can be of; those of one name are one."""
        groups: dict[object, list[Found]] = defaultdict(list)
        for one in meant:
            groups[one.name if sure else (one.name, self.trace.values[one.value].shape)].append(one)
        choices = []
        for group in groups.values():
            said = self.letters.said_by(mention, (self.trace.values[one.value].shape for one in group))
            if said is not None:
                choices.append((group[0], said))
        if len(choices) == 1 and mention.frame.region != "annotation":
            self.letters.add(choices[0][1])
        if choices and mention.pattern.symbols and mention.frame.region != "annotation":
            self._said[mention.id] = choices

    def _relation(self, mention: Mention, one: Found) -> str:
        return relation(mention.pattern, self.trace.values[one.value].shape, {}, self.batch)

    def _mark(self, mention: Mention, one: Found, verdict: Verdict, line: int, confidence: float) -> Mark:
        evidence: tuple[str, ...] = ()
        if line:
            was = self.there.get(line, line)
            what = f"'{one.name}'" if one.name else "what it made"
            evidence = (
                f"{self.name}:{was}: {self.lines[line - 1].text.strip()}",
                f"the line gave {what} this shape",
            )
        elif one.name:
            evidence = (f"the docstring is that of the function whose '{one.name}' this is",)
        return self._at(Mark(mention, verdict, "", "", evidence, (), confidence), one)

    def _at(self, mark: Mark, one: Found) -> Mark:
        """Return a mark with the place and shape of a tensor."""
        value = self.trace.values[one.value]
        place = self.trace.cached(ExactNames).value(one.value)
        return replace(mark, place=place, found=shape_text(value.dtype, value.shape))


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
