"""What a statement may do besides the steps that its source names: functions under other names."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from shapeflow.source.events import Event
from shapeflow.source.steps import ops_of

_CALLING = frozenset({"map", "filter", "reduce", "accumulate", "starmap", "checkpoint", "vmap"})
"""Functions that call what they are given: its ops are those of the line, whatever it is called."""
_REARRANGING = frozenset({"rearrange", "repeat", "pack", "unpack"})
"""Functions of einops, whose ops are those of the line that called them."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """What a statement calls of which the source does not tell what it is in a trace."""

    anything: bool
    """Whether it may run any op: it calls einops, or hands a function to another."""
    attributes: frozenset[str]
    """What it calls of ``self``: a function, such as ``self.act``, has another name in a trace."""
    is_open: bool
    """Whether it calls something through a local name."""
    names: frozenset[str]
    """What its steps may be called in a trace."""

    def is_told(self, events: Iterable[Event], *, by_call: bool) -> bool:
        """Return whether an op that is named as a step of the statement is that step, and no other.

        Args:
            events: what happened at the lines of the statement.
            by_call: whether the step is written as a call, not as an operator.
        """
        if self.anything or not by_call:
            return not self.anything
        direct = [event for event in events if event.is_direct]
        if not self.attributes.issubset(name for event in direct for name in event.names):
            return False
        return not self.is_open or any(
            event.is_call and event.names.isdisjoint(self.names) for event in direct
        )


def unclear_in(parts: Sequence[ast.AST], local: Collection[str]) -> Unclear:
    """Return what is unclear of a statement.

    Args:
        parts: all of its syntax.
        local: the names that its function gives values, and those of what was imported under another name.
    """
    called = [part.func for part in parts if isinstance(part, ast.Call)]
    names = {each.id for each in called if isinstance(each, ast.Name)}
    attributes = [each for each in called if isinstance(each, ast.Attribute)]
    anything = bool(names & (_CALLING | _REARRANGING)) or any(
        each.attr in _CALLING
        or (each.attr in _REARRANGING and isinstance(each.value, ast.Name) and each.value.id == "einops")
        for each in attributes
    )
    return Unclear(
        anything,
        frozenset(each.attr for each in attributes if _is_self(each.value)),
        not names.isdisjoint(local),
        frozenset(op for part in parts for op in ops_of(part)),
    )


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"
