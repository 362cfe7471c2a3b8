"""The sizes of a model that has no walkthrough: letters for dims of inputs, and the sizes met most often.

The letters are those that ``shapeflow init`` begins with. Whether a dim elsewhere moves with one of them only
other runs can tell, so a letter stands at the inputs and nowhere else.
"""

from __future__ import annotations

from collections import Counter

from shapeflow.model.exact_names import ExactNames
from shapeflow.model.input_letters import letters
from shapeflow.model.trace import Trace
from shapeflow.reporting.run_facts import parameter_name
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.model import Symbol
from shapeflow.reporting.view.size_origins import size_origins

ANONYMOUS = 8
"""Sizes that get a colour."""


def letters_at(trace: Trace, port: str) -> dict[int, str]:
    """Return the letters of an input of the whole model, by the position of the dim."""
    return {dim: letter for letter, _, _, places in letters(trace) for place, dim in places if place == port}


def sizes_of(trace: Trace, words: Translator) -> list[Symbol]:
    """Return the letters, and then the sizes that are met most often, each with where it comes from."""
    names = {port.name: parameter_name(port) for port in trace.calls[0].inputs} if trace.calls else {}
    found: list[Symbol] = []
    for letter, role, size, places in letters(trace):
        where = words("comma").join(names[port] for port, _ in places)
        meaning = words(f"axis-{role}", dim=places[0][1], where=where)
        found.append(Symbol(letter, size, len(found), f"{letter} = {size}", meaning, telling=False))
    origins = size_origins(trace, trace.cached(ExactNames))
    counts = Counter(size for value in trace.values for size in set(value.shape) if size > 2)
    for size, _ in counts.most_common(ANONYMOUS):
        selector, reason = origins.get(size, ("", ""))
        found.append(Symbol(str(size), size, len(found), f"{size}", reason, selector))
    return found
