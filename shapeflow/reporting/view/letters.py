"""The sizes of a model that has no walkthrough: letters for dims of inputs, and the sizes met most often.

The letters are those that ``shapeflow init`` begins with. Whether a dim elsewhere moves with one of them only
other runs can tell, so a letter stands at the inputs and nowhere else.
"""

from __future__ import annotations

from collections import Counter

from shapeflow.model.axis_names import Place, roles_and_symbols
from shapeflow.model.containers import told
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.trace import Trace
from shapeflow.reporting.run_facts import parameter_name
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.model import Symbol
from shapeflow.reporting.view.size_origins import size_origins

ANONYMOUS = 8
"""Sizes that get a colour."""
MOST_INPUTS = 6
"""A model with more inputs, such as one with a cache, gets no letters."""


def letters(trace: Trace) -> list[tuple[str, str, int, list[Place]]]:
    """Return letters, what the dims most likely are, their size, and where they are."""
    if not trace.calls:
        return []
    inputs = [port for port in told(trace.calls[0].inputs) if port.value is not None]
    if len(inputs) > MOST_INPUTS:
        return []
    units: dict[tuple[int, int], list[Place]] = {}
    for port in inputs:
        for dim, size in enumerate(trace.values[port.value or 0].shape):
            units.setdefault((dim, size), []).append((port.name, dim))
    named = roles_and_symbols(trace, list(units.values()))
    return [
        (symbol, role, size, places)
        for (role, symbol), ((_, size), places) in zip(named, units.items(), strict=True)
        if role != "other"
    ]


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
