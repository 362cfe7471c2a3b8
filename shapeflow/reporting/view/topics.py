"""Known mistakes of another text by what is wrong with them: one sentence in words for the same mistake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.model import ClaimView, Symbol, Topic
from shapeflow.shapes.matching import Binding, Bindings, evaluate
from shapeflow.shapes.notation import Expression, ShapePattern

if TYPE_CHECKING:
    from shapeflow.walkthrough.verdict import CheckResult, Verdict

LEAST = 3
"""Fewer mistakes of one kind have no sentence of their own."""

Said = tuple[str, tuple[tuple[str, str], ...]]
"""A sentence as a key of the words and what is filled in."""


def topics_of(
    result: CheckResult, views: Mapping[int, ClaimView], symbols: Iterable[Symbol], words: Translator
) -> tuple[Topic, ...]:
    """Return the refuted mistakes of a document by topic, that of most first.

    Args:
        result: the verdicts.
        views: of the claims, by their position in the document.
        symbols: the sizes with a name, with what the document says of them.
        words: of the report's language.
    """
    meanings = {symbol.name: symbol.meaning for symbol in symbols}
    bindings = Bindings()
    for symbol, (size, _) in result.bindings.items():
        bindings.bind(symbol, Binding(size, 0))
    refuted = [verdict for verdict in result.verdicts if verdict.claim.said and verdict.passed]
    close = [(verdict, _closely(verdict, result, bindings)) for verdict in refuted]
    often = Counter(said for _, said in close)
    topics: dict[Said, list[ClaimView]] = {}
    for verdict, said in close:
        topic = said if often[said] >= LEAST else _broadly(verdict)
        topics.setdefault(topic, []).append(views[verdict.claim.id])
    ordered = sorted(topics.items(), key=lambda item: -len(item[1]))
    return tuple(Topic(_sentence(said, meanings, words), tuple(claims)) for said, claims in ordered)


def _sentence(said: Said, meanings: Mapping[str, str], words: Translator) -> str:
    """Return the sentence of a topic; a size that the document has words for is told with them."""
    key, values = said[0], dict(said[1])
    meaning = meanings.get(values.pop("letter", ""), "")
    return words(f"{key}-meant" if meaning else key, **values, **({"meaning": meaning} if meaning else {}))


def _broadly(verdict: Verdict) -> Said:
    """Return the kind of mistake."""
    verb = getattr(verdict.claim.body, "verb", "")
    if verdict.code == "flow":
        return ("topic-flow" if verb == "reaches" else "topic-no-flow", ())
    known = ("shape", "layout", "count", "making", "unknown-port", "none", "dtype", "class")
    return (f"topic-{verdict.code}" if verdict.code in known else "topic-other", ())


def _closely(verdict: Verdict, result: CheckResult, bindings: Bindings) -> Said:
    """Return what exactly is wrong, where sizes tell: ``not 32 but 33``."""
    pattern = getattr(verdict.claim.body, "pattern", None)
    if verdict.code != "shape" or not isinstance(pattern, ShapePattern):
        return _broadly(verdict)
    trace = result.traces.get(verdict.run, result.trace)
    sizes = [
        evaluate(dim.meaning, bindings) if isinstance(dim.meaning, Expression) else None
        for dim in pattern.dims
    ]
    for value in verdict.evidence.values:
        shape = trace.values[value].shape
        if len(shape) != len(sizes):
            return (
                "topic-axes",
                (("expected", str(len(sizes))), ("found", str(len(shape)))),
            )
        written = Counter(size for size in sizes if isinstance(size, int))
        more, less = written - Counter(shape), Counter(shape) - written
        if len(more) == len(less) == 1:
            (expected,), (found,) = more, less
            letters = {
                dim.text
                for dim, size in zip(pattern.dims, sizes, strict=True)
                if size == expected and dim.text in result.bindings
            }
            letter = letters.pop() if len(letters) == 1 else ""
            return (
                "topic-size",
                (("expected", f"{expected:,}"), ("found", f"{found:,}"), ("letter", letter)),
            )
        if more:
            break
    return _broadly(verdict)
