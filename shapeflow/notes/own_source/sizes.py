"""Sizes that code gives its names: attributes of the modules of a class, arguments of the layers in it."""

from __future__ import annotations

import ast
import operator
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from shapeflow.notes.own_source.arguments import arguments_of, kind_of
from shapeflow.notes.own_source.built import Layer
from shapeflow.notes.own_source.layers import OwnLayers
from shapeflow.notes.own_source.names import Function, OwnNames

_ROUNDS = 3
"""So often is what one class tells handed on to the classes that build it."""
_SIGNS: Final[Mapping[type[ast.operator], Callable[[int, int], int]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}


class OwnSizes:
    """Knows what size a name has in all modules of a class."""

    def __init__(self, names: OwnNames, layers: OwnLayers) -> None:
        self.names = names
        self._layers = layers
        self._inits = {
            names.owner(node): tuple(one.arg for one in node.args.args[1:])
            for node in names.functions
            if node.name == "__init__"
        }
        self._of: dict[str, dict[str, int]] = {}
        owners = {names.owner(node) for node in names.functions} - {""}
        for _ in range(_ROUNDS):
            self._of = {owner: self._read(owner) for owner in owners}

    def of(self, owner: str, node: Function | None = None) -> Mapping[str, int]:
        """Return the sizes of the names of a class, and of those that a method gives such a size."""
        held = dict(self._of.get(owner, {}))
        given: dict[str, set[int | None]] = defaultdict(set)
        for part in self.names.parts(node) if node is not None else ():
            if isinstance(part, ast.Assign):
                for target in part.targets:
                    for one in ast.walk(target):
                        if isinstance(one, ast.Name):
                            given[one.id].add(_value(part.value, held) if one is target else None)
            elif isinstance(part, ast.AugAssign | ast.For | ast.NamedExpr):
                for one in ast.walk(part.target):
                    if isinstance(one, ast.Name):
                        given[one.id].add(None)
        if node is not None and node.name != "__init__":
            # What is handed over may have another size than an attribute of this name.
            for given_by_caller in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
                given[given_by_caller.arg].add(None)
        for name, sizes in given.items():
            size = next(iter(sizes)) if len(sizes) == 1 else None
            held.pop(name, None)
            if size is not None:
                held[name] = size
        return held

    def _read(self, owner: str) -> dict[str, int]:
        """Return the sizes that all modules of a class agree on; a name with several has none."""
        found: dict[str, set[int]] = defaultdict(set)
        for module in self._layers.modules(owner):
            for name, value in module.attributes.items():
                if type(value) is int:
                    found[name].add(value)
        for layer in self._layers.layers:
            if layer.owner == owner:
                for name, size in self._arguments(layer):
                    found[name].add(size)
        for node in self.names.functions:
            if node.name == "__init__" and self.names.owner(node) == owner:
                for name, size in self._handed_on(node):
                    found[name].add(size)
        return {name: next(iter(sizes)) for name, sizes in found.items() if len(sizes) == 1}

    def _handed_on(self, node: Function) -> Iterator[tuple[str, int]]:
        """Yield the names that a class hands on to others of the file, with their sizes there."""
        for made in (part for part in ast.walk(node) if isinstance(part, ast.Call)):
            known = self._of.get(kind_of(made), {})
            for word, value in arguments_of(made, self._inits):
                name, times = _multiple(value)
                if name and word in known and known[word] % times == 0:
                    yield name, known[word] // times

    def _arguments(self, layer: Layer) -> Iterator[tuple[str, int]]:
        """Yield the names that a layer is built with, and the sizes that its module shows them to have."""
        known = self._of.get(kind_of(layer.made), {})
        for module in self._layers.modules_of(layer):
            for word, value in arguments_of(layer.made, self._inits):
                size = module.attributes.get(word, known.get(word))
                name, times = _multiple(value)
                if name and type(size) is int and size % times == 0:
                    yield name, size // times


def _multiple(value: ast.expr) -> tuple[str, int]:
    """Return the name in ``2 * args.width`` and its factor; an empty name for anything else."""
    if isinstance(value, ast.Name):
        return value.id, 1
    if isinstance(value, ast.Attribute):
        return value.attr, 1
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult):
        for one, other in ((value.left, value.right), (value.right, value.left)):
            if isinstance(other, ast.Constant) and type(other.value) is int and other.value > 0:
                name, times = _multiple(one)
                return name, times * other.value
    return "", 1


def _value(value: ast.expr, held: Mapping[str, int]) -> int | None:
    """Return the size of an expression of known names; None if it has another part."""
    if isinstance(value, ast.Constant):
        return value.value if type(value.value) is int else None
    if isinstance(value, ast.Name | ast.Attribute):
        return held.get(_multiple(value)[0])
    if isinstance(value, ast.BinOp) and type(value.op) in _SIGNS:
        left, right = _value(value.left, held), _value(value.right, held)
        return None if left is None or right is None else _SIGNS[type(value.op)](left, right)
    return None
