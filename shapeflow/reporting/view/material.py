"""What the sections of a report are made from, and the links to calls that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapeflow.model.call_tree import CallTree, Repeat
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.trace import Trace
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.claims import ClaimViews
from shapeflow.reporting.view.colours import Colours
from shapeflow.reporting.view.link_model import LinkView

MOST_CALLS = 3
"""Most links to calls that a section shows."""


@dataclass(frozen=True)
class SectionMaterial:
    """What the sections are made from."""

    trace: Trace
    tree: CallTree
    names: ExactNames
    colours: Colours
    words: Translator
    claims: ClaimViews

    @property
    def palette(self) -> dict[int, int]:
        """Position in the palette by size."""
        return {size: symbol.colour for size, symbol in self.colours.by_size.items()}

    @property
    def unused(self) -> frozenset[int]:
        """Ids of the values that nobody reads."""
        return frozenset(self.claims.unused)


def call_links(parts: SectionMaterial, calls: Sequence[int]) -> tuple[LinkView, ...]:
    """Return links to calls, with where their class is defined; repeats as one."""
    items = parts.tree.fold(calls)
    links: dict[str, LinkView] = {}
    for item in items:
        first = parts.trace.calls[item.calls[0] if isinstance(item, Repeat) else item]
        name = item.selector if isinstance(item, Repeat) else first.name
        selector = name if isinstance(item, Repeat) else parts.names.call(first.id)
        module = parts.trace.module_by_path.get(first.path)
        place = parts.trace.line(module.source) if module else ""
        if place.startswith("torch/"):  # says nothing about this model
            place = ""
        links.setdefault(name, LinkView(selector, name, f"{first.class_name} {place}".strip()))
    return tuple(links.values())
