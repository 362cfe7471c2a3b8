"""The model's own source as the text that is read: each line of it is known by what it made in the run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import chain

from shapeflow.model.trace import Trace
from shapeflow.notes.mention import Mention, Note
from shapeflow.notes.own_source.agreed import Agreement, End
from shapeflow.notes.own_source.branches import OwnBranches
from shapeflow.notes.own_source.comments import OwnComments
from shapeflow.notes.own_source.docstrings import OwnDocstrings
from shapeflow.notes.own_source.found import Found
from shapeflow.notes.own_source.heads import OwnHeads
from shapeflow.notes.own_source.judged import LIKELY, OwnJudge
from shapeflow.notes.own_source.layers import OwnLayers
from shapeflow.notes.own_source.letters import OwnLetters
from shapeflow.notes.own_source.lines import places_of, spans_of
from shapeflow.notes.own_source.meaning import Meaning
from shapeflow.notes.own_source.names import OwnNames
from shapeflow.notes.own_source.sizes import OwnSizes
from shapeflow.notes.own_source.statements import OwnStatements
from shapeflow.notes.own_source.written import has_sizes
from shapeflow.notes.placing.conventions import is_channels_last, is_turned
from shapeflow.notes.placing.relations import FITS
from shapeflow.notes.reading.python_code import parsed
from shapeflow.notes.verdicts.mark import Mark, Verdict
from shapeflow.source.events import events_of
from shapeflow.source.lines import Line
from shapeflow.source.results import annotated

_BUILDS = re.compile(r"\s*def __(?:init|new|post_init)__\b")

_NEVER = "the line beside it never ran"


class OwnCode:
    """A Python file that is a part of the traced model, with what its lines made."""

    def __init__(self, trace: Trace, note: Note, name: str, places: Mapping[int, int], batch: int) -> None:
        self.trace = trace
        happened = events_of(trace).get(name, {})
        self.events = {places[line]: list(events) for line, events in happened.items() if line in places}
        text = "\n".join(note.lines)
        self.lines: tuple[Line, ...] = annotated(trace, name, text, self.events).lines
        spans, self.blocks = spans_of(text)
        tree = parsed(note.lines)
        layers = OwnLayers(trace, tree)
        names = OwnNames(self.lines, tree, layers.attribute)
        self.docstrings = OwnDocstrings(trace, self.lines, self.events, names, layers)
        self.heads = OwnHeads(self.docstrings)
        statements = OwnStatements(self.lines, spans, self.events)
        self.comments = OwnComments(statements, names, layers)
        self.branches = OwnBranches(names, statements)
        letters = OwnLetters(names, OwnSizes(names, layers))
        letters.read_code({value.id: value.shape for value in trace.values})
        turned = is_channels_last(note.mentions, {value.shape for value in trace.values})
        there = {there: was for was, there in places.items()}
        self.judge = OwnJudge(trace, name, self.lines, there, batch, turned, letters)
        self._agreement = Agreement(self.judge, self.comments)

    def mark(self, mention: Mention) -> Mark | None:
        """Return what the code around a mention says of it; None: it is in prose on no code that ran."""
        if mention.frame.region == "comment" and self.branches.is_idle(mention.span.line):
            return Mark(mention, "not in this run", "", "", (_NEVER,))
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
            why = _NEVER
        elif self.comments.layers.is_left(mention.span.line):
            why = "the model was built by another branch"
        elif self._ran(mention) or self.comments.is_of_layer(mention):
            verdict, why = "cannot tell", ""
        elif _BUILDS.match(self.lines[self._around(mention)[0] - 1].text):
            why = "a model is built before its run is recorded"
        return Mark(mention, verdict, "", "", (why,) if why else ())

    def _turned(self, mention: Mention) -> Mark | None:
        """Return the mark of a shape with channels last, as all are in a file; the run has them first."""
        if not self.judge.channels_last:
            return None
        values = self.trace.values
        if any(self.judge.relation(mention, Found(value.id, "")) in FITS for value in values):
            return None
        value = next((value for value in values if is_turned(mention, value.shape)), None)
        return (
            None
            if value is None
            else self.judge.mark(mention, Found(value.id, ""), "layout differs", 0, LIKELY)
        )

    def agreed(self, marks: Mapping[int, Mark]) -> dict[int, Mark]:
        """Return marks after they were compared with each other.

        Args:
            marks: by the mention's position; all that this file says by itself are among them.
        """
        return self._agreement.agreed(marks)

    def _around(self, mention: Mention) -> tuple[int, int]:
        """Return the first and the last line of the function, or class, around a mention, or of all."""
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
        if region == "annotation" and (given := self.docstrings.annotated(mention)) is not None:
            return self.judge.judged(mention, Meaning(given.found, sure=given.sure))
        if region == "comment" and not self.comments.statements.code(mention.span.line):
            self._agreement.noted[mention.span.line] += 1
        if region == "comment" and (sides := self.comments.sides(mention)):
            self._agreement.habits.add(mention, sides)
        above = self.heads.described(mention, self.comments.statement(mention))
        if above is not None and above.found:
            return self.judge.judged(mention, Meaning(above.found, sure=above.sure))
        opened = self.heads.opened(mention)
        meanings = chain([Meaning(opened.found)] if opened else [], self.comments.meant(mention))
        for number, meant in enumerate(meanings):
            mark = self.judge.judged(mention, meant)
            if mention.chain is not None and meant.above:
                self._agreement.chains[mention.chain, meant.line].append(End(mention, meant, mark))
            elif mention.chain is not None and number == 0 and self.comments.is_behind(mention):
                self._agreement.behind[mention.chain, meant.line].append(End(mention, meant, mark))
            if mark is not None:
                if meant.above and mention.chain is None:
                    self._agreement.above.add(mention.id)
                self.judge.remember_also(mention, [Meaning(meant.also)])
                if not meant.sure:
                    others = meanings if mention.chain is None else ()
                    self.judge.remember_also(mention, (*self.comments.below(meant.line), *others))
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
        mark = self.judge.judged(mention, Meaning(described.found, sure=described.sure))
        of_class = not described.why and self.docstrings.is_of_class(mention)
        of_sentence = mention.chain is not None and not described.sure
        if mark is None and (of_sentence or (of_class and has_sizes(mention))):
            return None  # words and sizes may tell more
        return mark or Mark(mention, "cannot tell", "", "", (described.why,) if described.why else ())


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
