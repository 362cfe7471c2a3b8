"""The lines that build layers: which module, or parameter, each makes, and what that took and gave."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shapeflow.model.ports import Port
from shapeflow.model.records import Call, Module
from shapeflow.model.trace import Trace
from shapeflow.notes.own_source.arguments import arguments_of, kind_of
from shapeflow.notes.own_source.found import Found, found_of

_CONTAINERS = frozenset({"Sequential", "ModuleList", "ModuleDict"})
_ABOVE = 2
"""A comment above a statement is at most so many lines away from it."""
_FAR = 4
"""A comment of its own is of a layer at most so many lines below, or above."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The expression that makes a layer, or parameter, of a class."""

    first: int
    last: int
    owner: str
    """The class."""
    path: str
    """In a module of this class: ``main.3``."""
    container: str
    """Path of the container that it is listed in; empty: none."""
    scope: tuple[int, int]
    """First and last line of the method."""
    made: ast.expr


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
        layers = self._built(list(_layers(tree)) if tree else [])
        written = Counter((layer.owner, layer.path) for layer in layers)
        once = (one for one in layers if written[one.owner, one.path] == 1 and self._is_there(one))
        self.layers = sorted(once, key=lambda one: (one.first, -one.last))

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


def _layers(tree: ast.Module) -> Iterator[Layer]:
    """Yield the layers that the methods of classes give attributes of ``self``."""
    for owner in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        for method in (part for part in owner.body if isinstance(part, ast.FunctionDef)):
            scope = (method.lineno, method.end_lineno or method.lineno)
            local = _locals(method)
            for node in ast.walk(method):
                if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("__init__"):
                    yield from _listed_by(node, owner, scope, local)
                if isinstance(node, ast.Call) and (name := _registered(node)):
                    yield Layer(
                        node.lineno, node.end_lineno or node.lineno, owner.name, name, "", scope, node
                    )
                if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    for target in targets:
                        if _is_own(target):
                            path = ast.unparse(target).removeprefix("self.")
                            last = node.end_lineno or node.lineno
                            yield Layer(node.lineno, last, owner.name, path, "", scope, node.value)
                            yield from _inner(node.value, owner.name, path, scope, local)


def _registered(call: ast.Call) -> str:
    """Return the name of the buffer, or parameter, that a call registers; empty for another call."""
    known = ("self.register_buffer", "self.register_parameter")
    name = call.args[0] if call.args and ast.unparse(call.func) in known else None
    return name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else ""


def _listed_by(
    call: ast.Call, owner: ast.ClassDef, scope: tuple[int, int], local: Mapping[str, ast.expr]
) -> Iterator[Layer]:
    """Yield the layers that a class of the kind of a container hands to what it is derived from."""
    kinds = {ast.unparse(base).rpartition(".")[2] for base in owner.bases}
    if ast.unparse(call.func).startswith("super(") and "Sequential" in kinds:
        yield from _of_parts(_listed(call), owner.name, "", scope, local)


def _is_own(target: ast.expr) -> bool:
    return (
        isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self"
    )


def _locals(method: ast.FunctionDef) -> dict[str, ast.expr]:
    """Return what the names of a method stand for that get something built, once."""
    found: dict[str, list[ast.expr]] = defaultdict(list)
    for node in ast.walk(method):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id].append(node.value)
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _inner(
    made: ast.expr, owner: str, path: str, scope: tuple[int, int], local: Mapping[str, ast.expr]
) -> Iterator[Layer]:
    """Yield the layers that a container lists, and those inside of them."""
    if not isinstance(made, ast.Call) or ast.unparse(made.func).rpartition(".")[2] not in _CONTAINERS:
        return
    yield from _of_parts(_listed(made), owner, path, scope, local)


def _of_parts(
    parts: Iterable[tuple[str, ast.expr]],
    owner: str,
    path: str,
    scope: tuple[int, int],
    local: Mapping[str, ast.expr],
) -> Iterator[Layer]:
    """Yield the layers that are listed by their names, and those inside of them."""
    for name, listed in parts:
        full = f"{path}.{name}" if path else name
        part = local.get(listed.id, listed) if isinstance(listed, ast.Name) else listed
        if isinstance(part, ast.Call):
            last = part.end_lineno or part.lineno
            inside = path if part is listed else ""
            yield Layer(part.lineno, last, owner, full, inside, scope, part)
            yield from _inner(part, owner, full, scope, local)


def _listed(made: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names and layers of a container, as far as they are written out."""
    parts: Sequence[ast.expr] = made.args
    if len(parts) == 1 and isinstance(parts[0], ast.List | ast.Tuple):
        parts = parts[0].elts
    elif len(parts) == 1 and isinstance(parts[0], ast.Dict):
        for key, value in zip(parts[0].keys, parts[0].values, strict=True):
            if isinstance(key, ast.Constant):
                yield str(key.value), value
        return
    elif len(parts) == 1 and ast.unparse(parts[0]).startswith("OrderedDict("):
        pairs = [pair for pair in ast.walk(parts[0]) if isinstance(pair, ast.Tuple) and len(pair.elts) == 2]
        for pair in pairs:
            if isinstance(pair.elts[0], ast.Constant) and isinstance(pair.elts[0].value, str):
                yield pair.elts[0].value, pair.elts[1]
        return
    for number, part in enumerate(parts):
        if isinstance(part, ast.Starred):
            return
        yield str(number), part
