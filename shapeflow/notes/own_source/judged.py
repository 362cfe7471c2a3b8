"""What a shape in the model's own source says of the tensors that it can mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shapeflow.model.exact_names import ExactNames
from shapeflow.model.trace import Trace
from shapeflow.notes.mention import Mention
from shapeflow.notes.own_source.found import Found
from shapeflow.notes.own_source.letters import OwnLetters, Said
from shapeflow.notes.own_source.meaning import Meaning
from shapeflow.notes.own_source.written import (
    first_letter,
    has_sizes,
    is_merged,
    is_of_one,
    is_reordered,
    is_whole,
    tells,
)
from shapeflow.notes.placing.conventions import is_turned
from shapeflow.notes.placing.relations import FITS, WHOLE, relation
from shapeflow.notes.verdicts.doubts import is_qualified, left_open
from shapeflow.notes.verdicts.mark import Mark, Verdict
from shapeflow.shapes.matching import pairs_of
from shapeflow.shapes.notation import shape_text
from shapeflow.source.lines import Line

SURE, LIKELY = 0.95, 0.8


@dataclass(frozen=True, slots=True)
class Choice:
    """A tensor that a mention with letters can be of."""

    found: Found
    said: Said
    aside: bool
    """Whether it is not what the nearest statement gives."""


@dataclass(slots=True)
class OwnJudge:
    """Judges the shapes of one file by the tensors that they can mean, and keeps what their letters say."""

    trace: Trace
    name: str
    """Of the file, as the trace has it."""
    lines: Sequence[Line]
    there: Mapping[int, int]
    """Line of the text -> that of the file when it was traced."""
    batch: int
    channels_last: bool
    """Whether all of its shapes have the channels last."""
    letters: OwnLetters
    said: dict[int, list[Choice]] = field(default_factory=dict)
    """What each mention with letters can mean, the likeliest first."""
    partly: set[int] = field(default_factory=set)
    """Mentions with letters that fit what is meant without its first axis."""

    def judged(self, mention: Mention, meant: Meaning) -> Mark | None:
        """Return the mark of a mention that means one of some tensors; None: nothing certain is said of it.

        What is not surely meant is only confirmed.
        """
        hows = {one: self.relation(mention, one) for one in meant.found}
        wanted = FITS if meant.sure else WHOLE | {"nobatch"} if is_of_one(mention) else WHOLE
        fit = next((one for one, how in hows.items() if how in wanted), None)
        if fit is not None:
            self.remember(mention, meant)
            if hows[fit] == "nobatch" and first_letter(mention):
                self.partly.add(mention.id)
            on_the_way = not meant.sure and self._shape(fit) != self._shape(meant.found[-1])
            says = tells(mention) if meant.aside or on_the_way else has_sizes(mention)
            verdict: Verdict = "confirmed" if says else "symbolic, consistent"
            return self.mark(mention, fit, verdict, meant.line, SURE if meant.sure else LIKELY)
        turned = [one for one in meant.found if self._is_turned(mention, one)]
        if turned:
            return self.mark(mention, turned[0], "layout differs", meant.line, LIKELY)
        if not meant.sure or not meant.found or any(self._may_be(mention, one) for one in meant.near):
            return None
        ordered = next((one for one, how in hows.items() if how == "layout"), None)
        if ordered is not None:
            return self.mark(mention, ordered, "layout differs", meant.line, SURE)
        shapes = {self._shape(one) for one in meant.found}
        ranks = {pairs_of(mention.pattern, shape) is None for shape in shapes}
        several = len(shapes) > 1 and mention.pattern.symbols and ranks != {True}
        merged = any(is_merged(mention, shape, self.batch) for shape in shapes)
        if several or merged or not is_whole(mention):
            return None
        verdict = "layout differs" if all(is_reordered(mention, one) for one in shapes) else "contradicted"
        mark = self.mark(mention, meant.found[0], verdict, meant.line, SURE)
        doubtful = is_qualified(mention) or mention.alternative
        return left_open(mark, "the words around it qualify it") if doubtful else mark

    def _is_turned(self, mention: Mention, one: Found) -> bool:
        return self.channels_last and is_turned(mention, self._shape(one))

    def _may_be(self, mention: Mention, one: Found) -> bool:
        """Return whether a shape as written may be that of a tensor nearby."""
        return self.relation(mention, one) in FITS or self._is_turned(mention, one)

    def _shape(self, one: Found) -> tuple[int, ...]:
        return self.trace.values[one.value].shape

    def fits(self, mention: Mention, meant: Meaning) -> bool:
        """Return whether a mention fits one of the tensors that it can mean, as a whole."""
        return any(self.relation(mention, one) in WHOLE for one in meant.found)

    def remember(self, mention: Mention, meant: Meaning) -> None:
        """Keep what tensors the letters of a mention can be of; those of one name are one."""
        choices = self._choices(mention, meant, sure=meant.sure)
        if len(choices) == 1 and not meant.aside:
            self.letters.add(choices[0].said)
        if choices and mention.pattern.symbols:
            self.said[mention.id] = choices

    def remember_also(self, mention: Mention, others: Iterable[Meaning]) -> None:
        """Keep what else the letters of a mention can be of, if they do not agree where they fit first."""
        if mention.id in self.said:
            for meant in others:
                self.said[mention.id] += self._choices(mention, meant, sure=False)

    def _choices(self, mention: Mention, meant: Meaning, *, sure: bool) -> list[Choice]:
        groups: dict[object, list[Found]] = defaultdict(list)
        for one in meant.found:
            if self.relation(mention, one) in WHOLE:
                groups[one.name if sure else (one.name, self._shape(one))].append(one)
        choices = []
        for group in groups.values():
            said = self.letters.said_by(mention, (self._shape(one) for one in group))
            if said is not None:
                choices.append(Choice(group[0], said, meant.aside))
        return choices

    def relation(self, mention: Mention, one: Found) -> str:
        """Return how a shape as written is related to that of a tensor."""
        return relation(mention.pattern, self._shape(one), {}, self.batch)

    def mark(self, mention: Mention, one: Found, verdict: Verdict, line: int, confidence: float) -> Mark:
        """Return the mark of a mention that means a tensor, with the line that tells it; 0: a docstring."""
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
        return self.at(Mark(mention, verdict, "", "", evidence, (), confidence), one)

    def at(self, mark: Mark, one: Found) -> Mark:
        """Return a mark with the place and shape of a tensor."""
        value = self.trace.values[one.value]
        place = self.trace.cached(ExactNames).value(one.value)
        return replace(mark, place=place, found=shape_text(value.dtype, value.shape))
