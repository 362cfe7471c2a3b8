"""Fit how sure ``shapeflow annotate`` is of a mention, and choose how sure it has to be.

The weights come from the texts, as they are and with mistakes planted in them, and from texts in words made
of the traces (``spoken``). How well they do on a text is measured with weights that were fitted without it.
``--write`` writes weights and thresholds into the package.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import shapeflow
from benchmarks.annotate.found import Found, line_name
from benchmarks.annotate.labels import Text, texts
from benchmarks.annotate.planting import Verdicts, planted
from benchmarks.annotate.scores import ERRORS, compare
from benchmarks.annotate.spoken import spoken
from benchmarks.annotate.traces import CACHE, trace_of
from benchmarks.document import ROOT, table
from shapeflow.model.trace import Trace
from shapeflow.notes.annotate import batch_of, judge_of, left_to_place
from shapeflow.notes.mention import Note
from shapeflow.notes.own_source.quoted import constants
from shapeflow.notes.places.sites import Sites
from shapeflow.notes.placing.symbols import defined
from shapeflow.notes.reading.note import read_note
from shapeflow.notes.verdicts.chances import may_be_confirmed, may_be_contradicted
from shapeflow.notes.verdicts.doubts import COMMITTED, doubted
from shapeflow.notes.verdicts.mark import Mark, Verdict

Array = NDArray[np.float64]
REPEATS, SPOKEN = 5, 3
"""So many times mistakes are planted in a text, and so many texts in words are made of a trace."""
SHARE_SPOKEN = 0.4
"""How much of the weight of all texts those in words have."""
RIDGE = 20.0
SAMPLES = 800.0
"""As if there were so many mentions: what the pull of the weights towards nothing is measured by."""
STEPS = (0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93)
PARTS = 10
"""So many times a part of the texts is left out of what weights are fitted to."""
PRICE = 4.0
"""One wrong statement outweighs so many that are left open."""
SUREST = 0.8
"""So sure it has to be that a mention is wrong: too few are to choose a number by them."""
WEIGHTS = ROOT / "shapeflow" / "notes" / "verdicts" / "weights.py"


@dataclass(frozen=True, slots=True)
class Sample:
    """One mention of a text, with the truth on it."""

    text: str
    made: bool
    """Whether the text is one in words, made of a trace."""
    repeat: int
    """0: the text as it was written."""
    truth: tuple[str, ...]
    numbers: dict[str, float]
    named: str
    """The verdict that an exact name decides; empty: none."""
    doubts: frozenset[str]
    """Verdicts that the words around it do not allow."""

    @property
    def true(self) -> bool:
        """Whether it may be confirmed."""
        return bool({"confirmed", "symbolic"} & set(self.truth))

    @property
    def false(self) -> bool:
        """Whether it may be called wrong."""
        return bool(ERRORS & set(self.truth))


def samples() -> list[Sample]:
    """Return the mentions of all texts that weights may be fitted to."""
    found: list[Sample] = []
    by_trace: dict[str, list[Text]] = defaultdict(list)
    for text in texts():
        by_trace[text.trace].append(text)
    for name, group in by_trace.items():
        trace = shapeflow.load(trace_of(name))
        sites = Sites(trace)
        for text in group:
            found += _of_text(trace, sites, text)
        for number in range(SPOKEN):
            found += _of_spoken(trace, sites, name, number)
    return found


def _of_text(trace: Trace, sites: Sites, text: Text) -> Iterator[Sample]:
    note = read_note(text.path)
    truth = _truth(text, note)
    yield from _of_note(trace, sites, note, truth, text.name, False, 0)
    for repeat in range(1, REPEATS + 1):
        changed, now = planted(note, truth, random.Random(f"{text.name}{repeat}"), shapes=sites.by_shape)
        yield from _of_note(trace, sites, changed, now, text.name, False, repeat)


def _of_spoken(trace: Trace, sites: Sites, name: str, number: int) -> Iterator[Sample]:
    draw = random.Random(f"{name}{number}")
    words, stated = spoken(sites, draw)
    path = CACHE / f"{name}-{number}.spoken.md"
    path.write_text(words, encoding="utf-8")
    note = read_note(path)
    truth = {m.id: ("confirmed",) for m in note.mentions if stated.get(m.span.line) == m.text}
    changed, now = planted(note, truth, draw, shapes=sites.by_shape)
    yield from _of_note(trace, sites, changed, now, name, True, 1)


def _truth(text: Text, note: Note) -> Verdicts:
    """Return the labels of the mentions that were found in a text."""
    found = {}
    for mention in note.mentions:
        span = mention.span
        line = line_name(text.path, {"cell": span.cell, "line": span.line})
        found[mention.id] = Found(line, span.column, span.end, mention.text, "cannot tell")
    ids = {id(one): number for number, one in found.items()}
    pairs = compare(text.name, text.labels, list(found.values())).pairs
    return {ids[id(one)]: label.verdicts for label, one in pairs}


def _of_note(
    trace: Trace, sites: Sites, note: Note, truth: Verdicts, name: str, made: bool, repeat: int
) -> Iterator[Sample]:
    """Yield the mentions of a text that are placed by words and order."""
    mentions = left_to_place(trace, note)
    if not mentions:
        return
    judge = judge_of(sites, mentions, defined(note.definitions), batch_of(trace), constants(note))
    for placed in judge.placing.placed:
        mention = placed.mention
        if mention.id not in truth:
            continue
        named = judge.named(placed)
        clause = judge.clauses[mention.id]
        probes: tuple[Verdict, ...] = ("confirmed", "contradicted")
        doubts = frozenset(
            verdict
            for verdict in probes
            if doubted(Mark(mention, verdict, "", ""), clause).verdict != verdict
        )
        yield Sample(
            name,
            made,
            repeat,
            truth[mention.id],
            dict(judge.evidence(placed).numbers),
            named.verdict if named else "",
            doubts,
        )


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights of both scores for numbers as they are, the constant last."""

    names: tuple[str, ...]
    true: Array
    false: Array

    def chances(self, numbers: Array) -> tuple[Array, Array]:
        """Return the chances that mentions are right, and that they are wrong."""
        whole = np.hstack([numbers, np.ones((len(numbers), 1))])
        return _chance(whole @ self.true), _chance(whole @ self.false)


def _chance(odds: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def fitted(group: Sequence[Sample]) -> Fit:
    """Return the weights that fit some mentions best; each text counts the same."""
    names = tuple(group[0].numbers)
    numbers = np.array([list(one.numbers.values()) for one in group])
    middle, spread = numbers.mean(axis=0), numbers.std(axis=0) + 1e-6
    scaled = np.hstack([(numbers - middle) / spread, np.ones((len(group), 1))])
    mentions = Counter((one.text, one.made) for one in group)
    texts_of = Counter(made for _, made in mentions)
    weight = np.array(
        [
            SAMPLES
            * (SHARE_SPOKEN if one.made else 1 - SHARE_SPOKEN)
            / texts_of[one.made]
            / mentions[one.text, one.made]
            for one in group
        ]
    )
    found = []
    for truth in ([one.true for one in group], [one.false for one in group]):
        scores = _logistic(scaled, np.array(truth, dtype=float), weight)
        plain = scores[:-1] / spread
        found.append(np.append(plain, scores[-1] - plain @ middle))
    return Fit(names, found[0], found[1])


def _logistic(numbers: Array, truth: Array, weight: Array) -> Array:
    """Return the weights of a logistic regression with a ridge, by Newton's steps."""
    scores = np.zeros(numbers.shape[1])
    ridge = np.full(len(scores), RIDGE)
    ridge[-1] = 1e-6
    for _ in range(40):
        chance = _chance(numbers @ scores)
        slope = numbers.T @ (weight * (chance - truth)) + ridge * scores
        curve = (numbers * (weight * chance * (1 - chance))[:, None]).T @ numbers + np.diag(ridge)
        step = np.linalg.solve(curve, slope)
        scores = scores - step
        if np.abs(step).max() < 1e-6:
            break
    return scores


def left_out(group: Sequence[Sample]) -> list[tuple[Sample, float, float]]:
    """Return the mentions of real texts with their chances by weights fitted without their text."""
    found = []
    names = list(dict.fromkeys(one.text for one in group if not one.made))
    for part in range(min(PARTS, len(names))):
        left = set(names[part :: min(PARTS, len(names))])
        here = [one for one in group if one.text in left and not one.made]
        fit = fitted([one for one in group if one.text not in left or one.made])
        true, false = fit.chances(np.array([list(one.numbers.values()) for one in here]))
        found += list(zip(here, true.tolist(), false.tolist(), strict=True))
    return found


def outcome(sample: Sample, true: float, false: float, least: tuple[float, float]) -> str:
    """Return what would be said of a mention if so much were enough; empty: nothing."""
    if sample.named:
        said = sample.named if sample.named in COMMITTED else ""
    elif true >= least[0] and may_be_confirmed(sample.numbers):
        said = "confirmed"
    else:
        wrong = false >= least[1] and may_be_contradicted(sample.numbers)
        said = "contradicted" if wrong else ""
    probe = "contradicted" if said in ERRORS else "confirmed"
    return "" if probe in sample.doubts else said


@dataclass(frozen=True, slots=True)
class Point:
    """What comes of two least chances: means over texts."""

    least: tuple[float, float]
    right: float
    wrong: float
    caught: float
    planted: float
    """What of it is wrong in texts with planted mistakes."""


def point(chances: Sequence[tuple[Sample, float, float]], least: tuple[float, float]) -> Point:
    """Return how much would be said of texts as they were written, and how much of that wrongly."""
    right, wrong, caught = _means([one for one in chances if not one[0].repeat], least).tolist()
    copies = [one for one in chances if one[0].repeat]
    return Point(least, right, wrong, caught, float(_means(copies, least)[1]) if copies else 0.0)


def _means(chances: Sequence[tuple[Sample, float, float]], least: tuple[float, float]) -> Array:
    """Return the shares said rightly, wrong of what is said, and of mistakes caught: means over texts."""
    right, wrong, caught = [], [], []
    for name in dict.fromkeys(sample.text for sample, _, _ in chances):
        here = [one for one in chances if one[0].text == name]
        said = [(sample, outcome(sample, true, false, least)) for sample, true, false in here]
        good = sum(one.false if what in ERRORS else one.true for one, what in said if what)
        count = sum(bool(what) for _, what in said)
        right.append(good / len(said))
        wrong.append((count - good) / max(count, 1))
        mistakes = [what in ERRORS for one, what in said if one.false and not one.true]
        caught += [sum(mistakes) / len(mistakes)] if mistakes else []
    return np.array([np.mean(right), np.mean(wrong), np.mean(caught) if caught else 1.0])


def chosen(chances: Sequence[tuple[Sample, float, float]]) -> Point:
    """Return the point at which what is said rightly most outweighs what is said wrongly."""
    points = [point(chances, (true, SUREST)) for true in STEPS]
    return max(points, key=lambda one: one.right - PRICE * one.wrong)


def least_chances(chances: Sequence[tuple[Sample, float, float]], best: Point) -> str:
    """Return the table of what each least chance brings, the chosen ones marked."""
    rows = []
    for one in [*(point(chances, (step, step)) for step in STEPS), best]:
        name = f"{one.least[0]:.2f}, {one.least[1]:.2f}"
        rows.append(
            [
                f"**{name}**" if one is best else name,
                *(f"{100 * x:.1f} %" for x in (one.right, one.wrong, one.planted, one.caught)),
            ]
        )
    return table(
        [
            "least chance of right, of wrong",
            "said rightly",
            "of what is said, wrong",
            "with planted mistakes",
            "caught",
        ],
        rows,
    )


def written(fit: Fit, best: Point) -> str:
    """Return the module with the weights."""
    rows = zip((*fit.names, "always"), fit.true, fit.false, strict=True)
    lines = [f'    "{name}": ({true:.3f}, {false:.3f}),' for name, true, false in rows]
    return "\n".join(
        [
            '"""Fitted by `python -m benchmarks.annotate.fitting --write`; not to be changed by hand."""',
            "",
            "from __future__ import annotations",
            "",
            f"SURE_TRUE, SURE_FALSE = {best.least[0]}, {best.least[1]}",
            '"""So much the chances have to be before a mention is confirmed, or called wrong."""',
            "",
            "WEIGHTS: dict[str, tuple[float, float]] = {",
            *lines,
            "}",
            '"""What speaks for or against a mention -> its weight for being right, and for being wrong."""',
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write the weights into the package")
    options = parser.parse_args()
    group = samples()
    chances = left_out(group)
    best = chosen(chances)
    print(least_chances(chances, best))
    if options.write:
        Path(WEIGHTS).write_text(written(fitted(group), best), encoding="utf-8")


if __name__ == "__main__":
    main()
