"""Build a model once more, with real weights: when that may help, and that it begins as the first time.

What is built shapes-only has no numbers. A factory that reads its weights, or draws the inputs that its model
reads, is called again outside the mode, and its numbers are those that a real run has.
"""

from __future__ import annotations

import gc
import random
import sys

from shapeflow.model.links import Links
from shapeflow.model.trace import Trace
from shapeflow.recording.shapes_only.mode import ShapesOnly

MOST_WEIGHTS = 2**28
"""Elements of weights up to which a model is built for real if it cannot be built without."""


class RandomNumbers:
    """The states of Python's and NumPy's random numbers; those of torch are put back by a shapes-only run."""

    def __init__(self) -> None:
        self._python = random.getstate()
        numpy = sys.modules.get("numpy")  # not loaded for this
        self._numpy = None if numpy is None else numpy.random.get_state()

    def put_back(self) -> None:
        """Let both draw again what they drew since."""
        random.setstate(self._python)
        if self._numpy is not None:
            sys.modules["numpy"].random.set_state(self._numpy)


def lacks_inputs_alone(trace: Trace) -> bool:
    """Return True if a run ended for lack of numbers that follow from inputs and from no weight."""
    failure = trace.run.failure
    if failure is None or failure.type != "NeedsValues" or failure.op is None:
        return False
    links = trace.cached(Links)
    return any(_is_given(trace, links, value) for value in links.read[failure.op])


def _is_given(trace: Trace, links: Links, value: int) -> bool:
    """Return True if a value is made of what there was before the run, weights left out."""
    origins = {trace.values[source].origin for source in links.up([value])} - {"op"}
    return bool(origins) and "parameter" not in origins


def left_nothing(mode: ShapesOnly) -> bool:
    """Return True if no tensor without numbers is alive that a shapes-only run has made, in a global say.

    Outside its mode nobody could tell that what such a tensor holds means nothing.
    """
    gc.collect()
    return mode.concrete.all_gone


def without_frames(error: Exception) -> Exception:
    """Return an exception that keeps no tensor of the run alive that it ended."""
    chained: BaseException | None = error
    while chained is not None:
        chained.__traceback__ = None
        chained = chained.__cause__ or chained.__context__
    return error
