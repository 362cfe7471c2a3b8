"""The lines that build layers: which module, or parameter, each makes, and what that took and gave."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from shapeflow.model.ports import Port
from shapeflow.model.records import Call, Module
from shapeflow.model.trace import Trace
from shapeflow.notes.own_source.arguments import arguments_of, kind_of
from shapeflow.notes.own_source.built import Layer, kept_later, layers_in
from shapeflow.notes.own_source.found import Found, found_of

_ABOVE = 2
"""A comment above a statement is at most so many lines away from it."""
_FAR = 4
"""A comment of its own is of a layer at most so many lines below, or above."""


class OwnLayers:
    """Finds what is known of the layers that the lines of one file build."""

    def __init__(self, trace: Trace, tree: ast.Module | None) -> None:
        self.trace = trace
        owned = ("parameter", "buffer")
        self._held = {value.name: value.id for value in trace.values if value.origin in owned}
        self._modules: dict[str, set[str]] = defaultdict(set)
        self._by_path = {module.path: module for module in trace.modules}
        for module in trace.modules:
            self._modules[module.class_name].add(module.path)
        self._left: list[tuple[int, int]] = []
        layers = self._built(list(layers_in(tree)) if tree else [])
        written = Counter((layer.owner, layer.path) for layer in layers)
        once = (one for one in layers if written[one.owner, one.path] == 1 and self._is_there(one))
        self.layers = sorted(once, key=lambda one: (one.first, -one.last))
        self._sources = list(kept_later(self.layers, tree)) if tree else []

    def _built(self, layers: Sequence[Layer]) -> list[Layer]:
        """Return layers; where branches give one attribute different ones, those that the model has."""
        branches: dict[tuple[str, str], dict[tuple[int, int], list[Layer]]] = defaultdict(dict)
        start = (0, 0)
        for layer in layers:
            root = layer.path.partition(".")[0]
            if root == layer.path:
                start = (layer.first, layer.last)
            branches[layer.owner, root].setdefault(start, []).append(layer)
        built = []
        for held in branches.values():
            there = [span for span, branch in held.items() if len(held) == 1 or self._is_built(branch)]
            if len(there) == 1:
                built += held.pop(there[0])
                self._left += held
        return built

    def listed_at(self, line: int) -> list[Layer]:
        """Return the layer that begins on a line, and those below it in its container, or its method."""
        here = next((one for one in self.layers if one.first == line), None)
        if here is None:
            return []
        beside = (one for one in self.layers if (one.scope, one.container) == (here.scope, here.container))
        return [one for one in beside if one.first >= line and (one.container or "." not in one.path)]

    def is_left(self, line: int) -> bool:
        """Return whether a line is in, or right above, layers of a branch that the model was not built by."""
        return any(first - _ABOVE <= line <= last for first, last in self._left)

    def _is_built(self, branch: Sequence[Layer]) -> bool:
        """Return whether the model has all layers of a branch, of these classes and with these arguments."""
        for layer in branch:
            modules = self.modules_of(layer)
            if not modules or any(module.class_name != kind_of(layer.made) for module in modules):
                return False
            for word, value in arguments_of(layer.made):
                if isinstance(value, ast.Constant) and type(value.value) is int:
                    held = [module.attributes.get(word, value.value) for module in modules]
                    if any(value.value not in (one, *(one if isinstance(one, list) else ())) for one in held):
                        return False
        return True

    def at(self, line: int, *, alone: bool) -> list[Layer]:
        """Return the layers that a comment can be of: that of its line, or the next and the one before.

        Args:
            line: where the comment stands.
            alone: whether there is no code on the line.
        """
        layers = [layer for layer in self.layers if layer.scope[0] <= line <= layer.scope[1]]
        source = next((one for one in self._sources if one.first - alone <= line <= one.last), None)
        if source is not None:
            return [source]
        if not alone:
            there = [layer for layer in layers if layer.first <= line <= layer.last]
            return [min(there, key=lambda one: (one.last - one.first, -one.first))] if there else []
        if self.is_left(line):
            return []
        around = [one for one in layers if one.first < line < one.last]
        inside = around[-1].path if around else ""
        beside = [one for one in layers if one.container == inside or not around]
        after = next((one for one in beside if line < one.first <= line + _FAR), None)
        before = next((one for one in reversed(beside) if line - _FAR <= one.last < line), None)
        return [one for one in (after, before) if one is not None]

    def _is_there(self, layer: Layer) -> bool:
        """Return whether the model has a module, or a parameter, of this name."""
        paths = self._paths(layer)
        return any(module in paths for held in self._modules.values() for module in held) or bool(
            paths & self._held.keys()
        )

    def attribute(self, owner: str, name: str) -> tuple[int, ...]:
        """Return the parameters, or buffers, that the modules of a class have as an attribute."""
        full = (f"{path}.{name}" if path else name for path in sorted(self._modules.get(owner, ())))
        return tuple(self._held[one] for one in full if one in self._held)

    def has(self, owner: str) -> bool:
        """Return whether the model has a module of a class."""
        return bool(self._modules.get(owner))

    def modules(self, owner: str) -> list[Module]:
        """Return the modules of a class."""
        return [self._by_path[path] for path in sorted(self._modules.get(owner, ()))]

    def modules_of(self, layer: Layer) -> list[Module]:
        """Return the modules that a line builds."""
        return [self._by_path[path] for path in sorted(self._paths(layer)) if path in self._by_path]

    def given(self, layer: Layer) -> tuple[Found, ...]:
        """Return what a layer gave in the run; of a parameter it is the parameter itself."""
        paths = self._paths(layer)
        ports = self._ports(paths, out=True)
        return ports or tuple(
            Found(self._held[path], layer.path) for path in sorted(paths & self._held.keys())
        )

    def weights(self, layer: Layer) -> tuple[Found, ...]:
        """Return the parameters and buffers of a layer, and of those inside of it."""
        heads = tuple(f"{path}." for path in self._paths(layer))
        return tuple(Found(value, name) for name, value in self._held.items() if name.startswith(heads))

    def inside(self, layer: Layer) -> tuple[Found, ...]:
        """Return all that was made inside of a layer."""
        calls = [call for call in self.trace.calls if call.path in self._paths(layer)]
        return tuple(found for call in calls for found in made_inside(self.trace, call))

    def taken(self, layer: Layer, *, several: bool = False) -> tuple[Found, ...]:
        """Return what a layer took in the run: first, or all of it."""
        return self._ports(self._paths(layer), out=False, most=None if several else 1)

    def taken_above(self, layer: Layer) -> tuple[Found, ...]:
        """Return what the layers before one took that make a block with it: back to the last of its class."""
        if not layer.container:
            return ()
        beside = [one for one in self.layers if (one.scope, one.container) == (layer.scope, layer.container)]
        found: list[Found] = []
        for one in reversed(beside[: beside.index(layer)]):
            if kind_of(one.made) == kind_of(layer.made):
                break
            found += self.taken(one)
        return tuple(found)

    def called(self, owner: str, name: str) -> tuple[tuple[Found, ...], tuple[Found, ...]]:
        """Return what the modules gave, and took, that the modules of a class have as an attribute."""
        paths = frozenset(f"{path}.{name}" if path else name for path in self._modules.get(owner, ()))
        return self._ports(paths, out=True), self._ports(paths, out=False)

    def _paths(self, layer: Layer) -> frozenset[str]:
        owners = self._modules[layer.owner]
        return frozenset(f"{path}.{layer.path}" if path else layer.path for path in owners)

    def _ports(self, paths: frozenset[str], *, out: bool, most: int | None = 1) -> tuple[Found, ...]:
        calls = [call for call in self.trace.calls if call.method == "forward" and call.path in paths]
        sides: Iterator[Sequence[Port]] = (call.outputs if out else call.inputs for call in calls)
        return tuple(found for ports in sides for found in found_of(ports[:most]))


def made_inside(trace: Trace, call: Call) -> tuple[Found, ...]:
    """Return all that was made inside of a call."""
    return found_of(port for op in trace.ops[call.first_op : call.last_op] for port in op.outputs)
