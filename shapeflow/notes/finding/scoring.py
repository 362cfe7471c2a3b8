"""How sure it is that a candidate states a shape: a linear score over what it holds and what is around it.

The weights are logarithms of odds, set by hand: first by the reason that each line gives, then changed where
texts of our own in several languages, and lines of public libraries, showed one too strong or too weak.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from shapeflow.notes.finding import content, signs, wording
from shapeflow.notes.finding.candidate import Candidate

WEIGHTS = {
    "always": -1.2,
    # Notations that are used for shapes and hardly for anything else.
    "above ℝ": 4.5,
    "axes of einops or jaxtyping": 6.0,
    "names = sizes": 3.0,
    "tensor type before": 4.0,
    # Most shapes have three to five axes.
    "rank 1": -3.0,
    "rank 2": -0.4,
    "rank 3": 1.2,
    "rank 4 or 5": 2.2,
    "rank above 5": 0.8,
    # What the dims are.
    "capitals": 1.9,
    "small letters": 0.6,
    "names of axes": 1.6,
    "sizes and names": 0.8,
    "other words": -2.9,
    "a remark": -3.0,
    "types": -5.0,
    "a sentence": -5.0,
    "arguments": -4.0,
    "settings": -6.0,
    "lone in parentheses": -3.5,
    "lone behind a shape word": -1.0,
    "a number in parentheses": -5.0,
    "height and width": -1.8,
    "arithmetic": 0.9,
    "wildcard": 0.3,
    "an axis of size 1": 0.8,
    "large size": 0.9,
    "only sizes": -0.2,
    "a zero": -4.0,
    "only small sizes": -1.6,
    "many small sizes": -2.6,
    "all equal": -1.5,
    "permutation": -3.0,
    "list of layers": -6.0,
    "product of something else": -6.0,
    "merged axes": -7.0,
    "progression": -2.6,
    "widths of levels": -7.0,
    "interval": -2.2,
    "element of an interval": -5.0,
    "coordinates": -7.0,
    "elements": -7.0,
    "numbered": -5.0,
    "a call inside": -2.0,
    "many sizes": -2.5,
    "years": -3.0,
    # What stands around them.
    "shape word directly before": 4.8,
    "shape word before": 3.0,
    "shape word directly behind": 3.0,
    "tensor word directly behind": 4.5,
    "matrix word directly behind": 2.0,
    "shape word in line": 0.9,
    "tensor named directly before": 3.0,
    "tensor named before": 1.5,
    "shape word in header": 2.4,
    "shape word leads": 0.8,
    "input or output word": 0.7,
    "colon before": 0.7,
    "arrow beside": 1.5,
    "name of code before": 1.8,
    "equals before": 1.0,
    "a shape is asked for": 3.5,
    "batch first": 1.8,
    "element of": 1.0,
    "in a matrix product": 3.5,
    "alone": 1.3,
    "comma at end": 2.4,
    "comma behind a word": 1.0,
    "first behind an assignment": 0.8,
    "first behind a call": 1.8,
    "a tensor is declared": 3.0,
    "function before": -7.0,
    "item of": -3.2,
    "keyword before": -4.5,
    "kernel word beside": -4.0,
    "kernel word beside a large list": -1.5,
    "picture word beside": -2.0,
    "unit behind": -5.0,
    "configuration word before": -1.6,
    "configuration word directly before": -4.0,
    "default": -3.5,
    "numbers are declared": -6.0,
    "a setting": -2.0,
    "letters after": -2.0,
    "tuple of": -1.5,
    "nested": -4.0,
    "rows of values": -4.0,
    "printed values": -9.0,
    "a value is printed": -3.0,
    "slice": -4.0,
    "printed figure": -6.0,
    "formula": -4.0,
    "sum": -7.0,
    "operator beside": -2.0,
    "cost": -2.5,
    "bytes": -8.0,
    "product with *": -1.4,
    "product of names": -4.0,
    # Where it stands.
    "comment": 0.6,
    "docstring": 0.4,
    "output": 1.5,
    "code": 0.3,
    "cell": 0.4,
    "diagram": 0.6,
    "math": 0.3,
    "heading": -0.6,
    "fence": 0.3,
    "bare": -0.9,
    "bare in math": -2.0,
    "two bare letters": -3.0,
    "counted": -6.0,
    "like its neighbours": 1.8,
    "one of a column": 4.0,
    "as other comments are": 6.5,
    "in a printed object": 7.5,
    "as many elements as another": 3.0,
    "like others of its line": 1.0,
    "blanks in brackets": -0.8,
}


def features(candidate: Candidate) -> Iterator[str]:
    """Yield the names of the features that hold, each a key of ``WEIGHTS``."""
    yield "always"
    if candidate.frame.region in WEIGHTS:
        yield candidate.frame.region
    yield from content.features(candidate)
    yield from wording.features(candidate)
    yield from signs.features(candidate)


def evidence(candidate: Candidate) -> float:
    """Return the logarithm of the odds that a candidate states a shape."""
    return round(math.fsum(WEIGHTS[name] for name in set(features(candidate))), 6)


def probability(odds: float) -> float:
    """Return the probability, from 0 to 1, for the logarithm of odds."""
    return 1 / (1 + math.exp(-odds)) if odds > -30 else 0.0
