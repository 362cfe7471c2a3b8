"""Run ``shapeflow annotate`` on the labelled texts and tell how much of what it says is so.

``--errors`` lists each shape that was missed, found where there is none, or judged wrongly. Texts of the
held-out half are not listed unless ``--held-out`` is given: they are for measuring, not for tuning.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections import defaultdict
from collections.abc import Sequence

import shapeflow
from benchmarks.annotate.fitting import chosen, least_chances, left_out, samples
from benchmarks.annotate.found import anywhere, by_annotate, nearest_name, tensors
from benchmarks.annotate.generated import MODELS, NOTATIONS, generated
from benchmarks.annotate.labels import Text, texts
from benchmarks.annotate.scores import Measure, Score, average, compare, curve, right, share, wrong
from benchmarks.annotate.traces import trace_of
from benchmarks.document import replace_part, table

COLUMNS: dict[str, Measure] = {
    "recall": lambda score: score.recall,
    "precision": lambda score: score.precision,
    "right": lambda score: score.right,
    "wrong": lambda score: score.wrong,
    "open": lambda score: score.left_open,
    "placed": lambda score: score.placed,
    "caught": lambda score: score.caught,
}
STEPS = (0.0, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="TEXT", help="these texts (default: all)")
    parser.add_argument("--errors", action="store_true", help="list what went wrong")
    parser.add_argument("--held-out", action="store_true", help="with --errors: of the held-out texts, too")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/benchmarks.md")
    options = parser.parse_args()
    corpus = [text for text in texts() if not options.names or text.name in options.names]
    scores = judged(corpus)
    parts = {"annotate": by_text(corpus, scores)}
    if not options.names:
        parts["annotate-baselines"] = baselines(corpus, scores)
        parts["annotate-curve"] = risks(scores)
        parts["annotate-fitting"] = thresholds()
        parts["annotate-generated"] = notations()
    print("\n\n".join(parts.values()))
    if options.errors:
        for text, score in zip(corpus, scores, strict=True):
            if options.held_out or not text.held_out:
                tell_errors(text, score)
    if options.write and not options.names:
        for part, written in parts.items():
            replace_part("benchmarks.md", part, written)


def judged(corpus: Sequence[Text]) -> list[Score]:
    """Return what ``shapeflow annotate`` makes of each text; texts on one trace are given together."""
    together: dict[str, list[Text]] = defaultdict(list)
    for text in corpus:
        together[text.trace].append(text)
    scores = {}
    for name, group in together.items():
        found = by_annotate([text.path for text in group], trace_of(name))
        trace = shapeflow.load(trace_of(name))
        for text, each in zip(group, found, strict=True):
            score = compare(text.name, text.labels, each)
            scores[text.name] = dataclasses.replace(score, placed=placed(score, trace))
    return [scores[text.name] for text in corpus]


def placed(score: Score, trace: shapeflow.Trace) -> float | None:
    """Return of how many shapes that were found the tensor that is meant was found, too."""
    same = [
        bool(tensors(label.place, trace) & tensors(found.place, trace))
        for label, found in score.pairs
        if label.place and tensors(label.place, trace)
    ]
    return share(sum(same), len(same)) if same else None


def percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def mean(scores: Sequence[Score], what: Measure) -> str:
    """Return a mean over texts."""
    averaged = average(scores, what)
    return percent(averaged[0] if averaged else None)


def interval(scores: Sequence[Score], what: Measure) -> str:
    """Return a mean over texts and its bounds."""
    averaged = average(scores, what)
    if averaged is None:
        return "–"
    middle, low, high = averaged
    return f"**{100 * middle:.1f} %** ({100 * low:.0f} to {100 * high:.0f})"


def by_text(corpus: Sequence[Text], scores: Sequence[Score]) -> str:
    """Return the table of texts, with the averages of the halves and of all."""
    rows = [
        [
            text.name,
            text.language,
            text.style,
            score.labels,
            *(percent(what(score)) for what in COLUMNS.values()),
        ]
        for text, score in zip(corpus, scores, strict=True)
    ]
    halves = {
        "open half": [score for text, score in zip(corpus, scores, strict=True) if not text.held_out],
        "held-out half": [score for text, score in zip(corpus, scores, strict=True) if text.held_out],
        "all": list(scores),
    }
    for name, half in halves.items():
        if half:
            shapes = sum(score.labels for score in half)
            rows.append([f"**{name}**", "", "", shapes, *(interval(half, what) for what in COLUMNS.values())])
    return table(["text", "language", "style", "shapes", *COLUMNS], rows)


def baselines(corpus: Sequence[Text], scores: Sequence[Score]) -> str:
    """Return the averages of ``shapeflow annotate`` and of the two simple ways."""
    ways = {"`shapeflow annotate`": list(scores)}
    traces = {name: shapeflow.load(trace_of(name)) for name in {text.trace for text in corpus}}
    for name, way in (("any list that occurs anywhere", anywhere), ("nearest name only", nearest_name)):
        ways[name] = [compare(text.name, text.labels, way(text.path, traces[text.trace])) for text in corpus]
    rows = [[name, *(interval(each, what) for what in COLUMNS.values())] for name, each in ways.items()]
    return table(["all texts", *COLUMNS], rows)


def risks(scores: Sequence[Score]) -> str:
    """Return the table of risk against coverage."""
    rows = [[f"{step:.2f}", percent(kept), f"{100 * bad:.1f} %"] for step, kept, bad in curve(scores, STEPS)]
    return table(["least confidence", "of all shapes, committed to", "of these, wrong"], rows)


def thresholds() -> str:
    """Return the table of how sure it has to be, by weights fitted without the text that is measured."""
    chances = left_out(samples())
    return least_chances(chances, chosen(chances))


def notations() -> str:
    """Return the table of generated texts, a row for each notation."""
    scores: dict[str, list[Score]] = {notation: [] for notation in NOTATIONS}
    for name in MODELS:
        made = generated(name)
        for (notation, path, labels), found in zip(
            made, by_annotate([path for _, path, _ in made], trace_of(name)), strict=True
        ):
            scores[notation].append(compare(path.name, labels, found))
    rows = [
        [notation, sum(score.labels for score in each), *(mean(each, what) for what in COLUMNS.values())]
        for notation, each in scores.items()
    ]
    return table(["notation", "shapes", *COLUMNS], rows)


def tell_errors(text: Text, score: Score) -> None:
    """Print what went wrong in a text, in its order by kind."""
    print(f"\n{text.name}")
    for label in score.missed:
        print(f"  {label.line}: missed       {label.text}")
    for found in score.extra:
        print(f"  {found.line}: not a shape  {found.text}  {found.verdict}")
    for label, found in score.pairs:
        if not right(label, found):
            kind = "WRONG" if wrong(label, found) else "not right"
            truth = " or ".join(label.verdicts)
            print(
                f"  {label.line}: {kind:11s}  {label.text}  said {found.verdict} ({found.confidence:.2f})"
                f" at {found.place} {found.shape}; is {truth} at {label.place}  {label.note}"
            )


if __name__ == "__main__":
    main()
