"""Find the calls and ops of a trace by path: an index that is made once a trace."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from shapeflow.model.pattern import Segment, escape
from shapeflow.model.records import Records

ROOT = ""
OUTSIDE = "/"
"""Stands for no call at all: ops that ran before, between or after the calls."""


@lru_cache(maxsize=65_536)
def selector_of(key: str) -> str:
    """Return a key as a selector writes it."""
    if key == OUTSIDE:
        return ""
    if key.endswith("()"):
        path, _, method = key.rpartition(".")
        return f"{escape(path)}.{method}"
    return escape(key) or "."


class PathIndex:
    """The tree of modules and helper methods of one trace, with their calls and ops."""

    def __init__(self, trace: Records) -> None:
        self.children: dict[str, dict[str, str]] = {ROOT: {}}
        """Key -> name of each thing one step below -> its key."""
        self.modules = trace.module_by_path
        self.calls: dict[str, list[int]] = {}
        """Key -> ids of its calls, in order."""
        self.ops: dict[str, dict[str, list[int]]] = {}
        """Key -> target -> ids of the ops whose innermost call it is, in order."""
        self._found: dict[tuple[str, bool], list[str]] = {}
        """What patterns were found to fit so far."""
        for module in trace.modules:
            self._add(module.path)
        keys = []
        for call in trace.calls:
            keys.append(call.key)
            self._add(keys[-1])
            self.calls.setdefault(keys[-1], []).append(call.id)
        for op in trace.ops:
            key = OUTSIDE if op.call is None else keys[op.call]
            self.ops.setdefault(key, {}).setdefault(op.target, []).append(op.id)

    def _add(self, key: str) -> None:
        """Add a key and what leads to it."""
        if key not in self.children:
            self.children[key] = {}
            parent, _, name = key.rpartition(".")
            self._add(parent)
            self.children[parent][name] = key

    def find(self, segments: Sequence[Segment], helpers: bool = False) -> list[str]:
        """Return the keys that fit, each once; none if nothing does.

        Args:
            segments: the path.
            helpers: let ``**`` also stand for helper methods: it does where ops are asked for.
        """
        if all(segment.literal is not None for segment in segments):
            key = ".".join(segment.literal or "" for segment in segments)
            return [key] if key in self.children else []
        asked = ".".join(segment.text for segment in segments), helpers
        if asked not in self._found:
            found: dict[str, None] = {ROOT: None}
            for segment in segments:
                found = {key: None for start in found for key in self._step(start, segment, helpers)}
            self._found[asked] = list(found)
        return self._found[asked]

    def ops_at(self, key: str, target: Segment) -> dict[str, list[int]]:
        """Return target -> ids of the ops of a key whose target fits."""
        ops = self.ops.get(key, {})
        if target.literal is not None:
            return {target.literal: ops[target.literal]} if target.literal in ops else {}
        return ops if target.deep else {name: ids for name, ids in ops.items() if target.accepts(name)}

    def _step(self, start: str, segment: Segment, helpers: bool) -> list[str]:
        """Return the keys that a segment leads to."""
        children = self.children[start]
        if segment.literal is not None:
            return [children[segment.literal]] if segment.literal in children else []
        if not segment.deep:
            return [key for name, key in children.items() if segment.accepts(name)]
        keys = [start]
        for key in keys:
            below = self.children[key].items()
            keys += [found for name, found in below if helpers or not name.endswith("()")]
        return keys
