"""Compare what was found with the labels, and average over texts."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from benchmarks.annotate.found import Found
from benchmarks.annotate.labels import Label

ERRORS = frozenset({"contradicted", "layout differs"})
SAID = ERRORS | {"confirmed"}
"""Verdicts that commit themselves; all others leave it open."""


@dataclass(frozen=True, slots=True)
class Score:
    """One text, counted."""

    name: str
    pairs: tuple[tuple[Label, Found], ...]
    missed: tuple[Label, ...]
    extra: tuple[Found, ...]
    """Found where no shape is stated."""
    placed: float | None = None
    """Of the shapes whose place is labelled, those that were found at the same tensor."""

    @property
    def labels(self) -> int:
        """How many shapes the text states."""
        return len(self.pairs) + len(self.missed)

    @property
    def recall(self) -> float:
        """Of the shapes that the text states, those that were found."""
        return share(len(self.pairs), self.labels)

    @property
    def precision(self) -> float:
        """Of what was found, what is a shape that the text states."""
        return share(len(self.pairs), len(self.pairs) + len(self.extra))

    @property
    def right(self) -> float | None:
        """Of the shapes that were found, those of which the truth was said."""
        return share(sum(right(*pair) for pair in self.pairs), len(self.pairs)) if self.pairs else None

    @property
    def said(self) -> list[Found]:
        """What was committed to, also where no shape is stated."""
        return [found for found in (*(pair[1] for pair in self.pairs), *self.extra) if found.verdict in SAID]

    @property
    def mistaken(self) -> list[Found]:
        """Of these, what is not so."""
        return [
            *(found for label, found in self.pairs if wrong(label, found)),
            *(found for found in self.extra if found.verdict in SAID),
        ]

    @property
    def wrong(self) -> float | None:
        """Of what was committed to, what is not so."""
        return share(len(self.mistaken), len(self.said)) if self.said else None

    @property
    def left_open(self) -> float | None:
        """Of the shapes that were found, those of which nothing was committed to."""
        open_ = sum(found.verdict not in SAID for _, found in self.pairs)
        return share(open_, len(self.pairs)) if self.pairs else None

    @property
    def caught(self) -> float | None:
        """Of the mistakes that the text has, those that were called a mistake."""
        planted = [label for label in self.missed if set(label.verdicts) <= ERRORS]
        met = [found.verdict in ERRORS for label, found in self.pairs if set(label.verdicts) <= ERRORS]
        return share(sum(met), len(met) + len(planted)) if met or planted else None


Measure = Callable[[Score], "float | None"]
"""Something that is counted in a text; None where there is nothing to count."""


def share(part: int, whole: int) -> float:
    """Return a part of a whole; of nothing all is there."""
    return part / whole if whole else 1.0


def right(label: Label, found: Found) -> bool:
    """Whether the verdict is the one that the label has, or one of its two.

    Letters may also be confirmed, since a text can say what they stand for.
    """
    said = {"confirmed": {"confirmed", "symbolic"}, "symbolic, consistent": {"symbolic"}}
    return bool(said.get(found.verdict, {found.verdict}) & set(label.verdicts))


def wrong(label: Label, found: Found) -> bool:
    """Whether something was committed to that is not so; which of two mistakes it is does not count here."""
    if found.verdict == "confirmed":
        return not {"confirmed", "symbolic"} & set(label.verdicts)
    return found.verdict in ERRORS and not ERRORS & set(label.verdicts)


def compare(name: str, labels: Sequence[Label], found: Sequence[Found]) -> Score:
    """Match what was found with the labels: on one line, and much in common."""
    free = list(found)
    pairs, missed = [], []
    for label in labels:
        best = max(free, key=lambda each: common(label, each), default=None)
        if best is None or common(label, best) <= 0.5:
            if not label.optional:
                missed.append(label)
            continue
        free.remove(best)
        if not label.optional:
            pairs.append((label, best))
    return Score(name, tuple(pairs), tuple(missed), tuple(free))


def common(label: Label, found: Found) -> float:
    """Return how much two stretches of text have in common, as part of the longer one.

    That is all of it where only what is around the sizes differs: ``[2, 64]`` of ``torch.Size([2, 64])``.
    """
    if label.line != found.line:
        return 0.0
    end = label.column + len(label.text)
    shared = min(end, found.end) - max(label.column, found.column)
    if shared > 0 and re.findall(r"\d+", label.text) == re.findall(r"\d+", found.text) != []:
        return 1.0
    return shared / max(len(label.text), found.end - found.column, 1)


def average(scores: Sequence[Score], what: Measure) -> tuple[float, float, float] | None:
    """Return the mean over texts that have it, and the bounds of 95 % of the means of texts drawn anew."""
    values = [value for score in scores if (value := what(score)) is not None]
    if not values:
        return None
    draw = random.Random(0)
    means = sorted(fmean(draw.choices(values, k=len(values))) for _ in range(2000))
    return fmean(values), means[50], means[1949]


def curve(scores: Iterable[Score], steps: Sequence[float]) -> list[tuple[float, float, float]]:
    """Return for each least confidence what part of all shapes is committed to, and how much is wrong."""
    scores = list(scores)
    labels = sum(score.labels for score in scores)
    said = [found for score in scores for found in score.said]
    mistaken = [found for score in scores for found in score.mistaken]
    points = []
    for step in steps:
        kept = sum(found.confidence >= step for found in said)
        bad = sum(found.confidence >= step for found in mistaken)
        points.append((step, share(kept, labels), bad / kept if kept else 0.0))
    return points
