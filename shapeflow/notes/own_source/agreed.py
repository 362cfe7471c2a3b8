"""The marks of a file of the model after they were compared with each other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shapeflow.notes.mention import Mention
from shapeflow.notes.own_source.comment_words import has_words_before
from shapeflow.notes.own_source.comments import OwnComments
from shapeflow.notes.own_source.habits import OwnHabits
from shapeflow.notes.own_source.judged import SURE, OwnJudge
from shapeflow.notes.own_source.letters import Conflict
from shapeflow.notes.own_source.meaning import Meaning
from shapeflow.notes.own_source.written import first_letter, has_sizes, is_of_one
from shapeflow.notes.verdicts.mark import TRUE, Mark, Verdict
from shapeflow.shapes.notation import parse_shape

LEAST_FIRST = 4
"""So many shapes that begin with a letter show that it is the first axis of tensors."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of an arrow right above a statement, with what it can mean and what was made of that."""

    mention: Mention
    meant: Meaning
    mark: Mark | None


class Agreement:
    """Compares the marks of one file."""

    def __init__(self, judge: OwnJudge, comments: OwnComments) -> None:
        self.judge = judge
        self.comments = comments
        self.chains: dict[tuple[int, int], list[End]] = defaultdict(list)
        """The ends of arrows right above a statement."""
        self.behind: dict[tuple[int, int], list[End]] = defaultdict(list)
        """The ends of arrows behind a statement."""
        self.noted: Counter[int] = Counter()
        """Line of nothing but a comment -> how many shapes are in it."""
        self.above: set[int] = set()
        """Mentions that stand alone right above a statement."""
        self.habits = OwnHabits(judge.fits)

    def agreed(self, marks: Mapping[int, Mark]) -> dict[int, Mark]:
        """Return marks after they were compared with each other.

        An arrow of which one end is what a statement took or gave is of this statement with the other end,
        too, and letters that do not agree with the other comments, or the code, are no longer confirmed.

        Args:
            marks: by the mention's position; all that this file says by itself are among them.
        """
        found = {number: self._settled(mark) for number, mark in marks.items()}
        conflicts = {
            number: [self.judge.letters.conflict(one.said) for one in choices]
            for number, choices in self.judge.said.items()
            if number in found and found[number].verdict in TRUE
        }
        self._compare_ends(found, conflicts)
        for ends in self.behind.values():
            found |= self._start(ends, conflicts)
        for number, verdicts in conflicts.items():
            found[number] = self._agreeing(found[number], verdicts)
        for number, mark in found.items():
            if mark.verdict == "cannot tell":
                found[number] = self._usual(mark)
        return self._with_batch(found)

    def _compare_ends(self, found: dict[int, Mark], conflicts: Mapping[int, Sequence[Conflict]]) -> None:
        """Judge the one end of arrows above statements by the other end."""
        for ends in self.chains.values():
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
                        verdict: Verdict = "confirmed" if has_sizes(other.mention) else found[number].verdict
                        found[number] = replace(found[number], verdict=verdict, confidence=SURE)
                    elif number not in found or found[number].verdict not in TRUE:
                        found |= self._surely(other)
            unsaid = not any(end.mark or end.mention.pattern.symbols for end in ends)
            ordered = self._surely(ends[0]) | self._surely(ends[1]) if unsaid else {}
            same = {"confirmed" if mark.verdict in TRUE else mark.verdict for mark in ordered.values()}
            if len(ordered) == 2 and len(same) == 1 and "contradicted" not in same:
                found |= ordered

    def _start(self, ends: Sequence[End], conflicts: Mapping[int, Sequence[Conflict]]) -> dict[int, Mark]:
        """Return the mark of what an arrow leads from, where it leads to what its statement gave.

        That can only be the one tensor that the statement takes, besides parameters.
        """
        if [end.mention.position for end in ends] != [0, 1] or ends[0].mark is not None:
            return {}
        first, last = ends
        sure = last.mark is not None and last.mark.verdict in TRUE
        if not sure or "" not in conflicts.get(last.mention.id, [""]):
            return {}
        values = self.judge.trace.values
        taken = tuple(one for one in first.meant.found if values[one.value].origin in ("op", "input"))
        if len({one.name for one in taken}) != 1:
            return {}
        mark = self.judge.judged(first.mention, replace(first.meant, found=taken, sure=True))
        return {} if mark is None else {first.mention.id: mark}

    def _with_batch(self, marks: Mapping[int, Mark]) -> dict[int, Mark]:
        """Return marks; a shape that begins with the letter of the batch has not left it out."""
        firsts = Counter(first_letter(marks[number].mention) for number in self.judge.said if number in marks)
        found = dict(marks)
        for number in self.judge.partly & marks.keys():
            if marks[number].verdict in TRUE and firsts[first_letter(marks[number].mention)] >= LEAST_FIRST:
                verdict: Verdict = "contradicted" if marks[number].confidence >= SURE else "cannot tell"
                why = "elsewhere its first letter is the first axis of what has one more"
                found[number] = replace(
                    marks[number], verdict=verdict, evidence=(*marks[number].evidence, why)
                )
        return found

    def _settled(self, mark: Mark) -> Mark:
        """Return the mark of letters in a comment of its own, of what such comments are of in this file."""
        meant = self.habits.usual(mark.mention) if mark.verdict == "symbolic, consistent" else None
        if meant is None or mark.confidence >= SURE or not self.judge.fits(mark.mention, meant):
            return mark
        judged = self.judge.judged(mark.mention, meant) or mark
        self.judge.remember_also(mark.mention, self.comments.below(meant.line))
        return judged

    def _usual(self, mark: Mark) -> Mark:
        """Return the mark of a comment of its own by where such comments stand, or by its own words."""
        meant = self.habits.usual(mark.mention) or self.comments.by_role(mark.mention)
        judged = self.judge.judged(mark.mention, meant) if meant is not None else None
        if meant is None or judged is None or judged.verdict in TRUE:
            return mark
        later = (one for one in self.comments.below(meant.line) if self.judge.fits(mark.mention, one))
        if next(later, None) is not None or not (self.habits.usual(mark.mention) or self._same_rank(judged)):
            return mark
        return judged

    def _same_rank(self, mark: Mark) -> bool:
        """Return whether a shape has as many dims as what it is compared with, or leaves the batch out."""
        rank = len(mark.mention.pattern.dims)
        return len(parse_shape(mark.found).dims) in (rank, rank + is_of_one(mark.mention))

    def _surely(self, end: End) -> dict[int, Mark]:
        """Return the mark of an end of an arrow, if it is of the statements below for sure.

        The first end is of the first one, and the last of one of them: a comment can be of a whole paragraph.
        """
        meant = [replace(end.meant, near=(), sure=True)]
        if end.mention.position > 0:
            made = self.comments.statements.made(end.meant.line)
            meant += [Meaning(made, line=end.meant.line), *self.comments.below(end.meant.line)]
        marks = [mark for one in meant if (mark := self.judge.judged(end.mention, one)) is not None]
        fits = next((mark for mark in marks if mark.verdict in TRUE), None)
        if fits is None and (not marks or self._is_of_later_step(end.mention, marks[-1])):
            return {}
        return {end.mention.id: fits or marks[-1]}

    def _is_of_later_step(self, mention: Mention, mark: Mark) -> bool:
        """Return whether words in front of a shape beside a layer say that more is done than by it."""
        there = sum(dim.text != "1" for dim in parse_shape(mark.found).dims)
        flat = there == len(mention.pattern.dims) < len(parse_shape(mark.found).dims)
        return self.comments.is_of_layer(mention) and (has_words_before(mention) or flat)

    def _is_alone(self, mention: Mention) -> bool:
        """Return whether no other shape stands in the comments above, on and below the line of a mention."""
        line = mention.span.line
        return sum(self.noted[number] for number in (line - 1, line, line + 1)) == 1

    def _agreeing(self, mark: Mark, verdicts: Sequence[Conflict]) -> Mark:
        """Return a mark at the first place where its letters agree with the others; else not confirmed."""
        if "" in verdicts:
            one = self.judge.said[mark.mention.id][verdicts.index("")]
            if verdicts[0] and one.aside:
                mark = replace(mark, verdict="symbolic, consistent")
            return self.judge.at(mark, one.found) if verdicts[0] else mark
        why = "its letters have other sizes in the code, or comments, around it"
        alone = mark.mention.id in self.above and self._is_alone(mark.mention)
        certain = mark.confidence >= SURE or (alone and len(set(verdicts)) == 1)
        verdict: Verdict = (verdicts[0] or "cannot tell") if certain else "cannot tell"
        return replace(mark, verdict=verdict, evidence=(*mark.evidence, why))
