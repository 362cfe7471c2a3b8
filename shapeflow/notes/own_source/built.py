"""The expressions that build layers, and parameters, in the methods of classes."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from shapeflow.notes.own_source.arguments import kind_of, layer_of

_CONTAINERS = frozenset({"Sequential", "ModuleList", "ModuleDict"})
_REGISTERS = ("register_buffer", "register_parameter")


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


def layers_in(tree: ast.Module) -> Iterator[Layer]:
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
                            yield Layer(node.lineno, last, owner.name, path, "", scope, layer_of(node.value))
                            yield from _inner(layer_of(node.value), owner.name, path, scope, local)


def kept_later(layers: Sequence[Layer], tree: ast.Module) -> Iterator[Layer]:
    """Yield the statements that give a name what is then kept as a parameter, or buffer: the last of each."""
    for layer in layers:
        kept = layer.made.args if isinstance(layer.made, ast.Call) else []
        names = {one.id for one in kept if isinstance(one, ast.Name)}
        if not names or kind_of(layer.made) not in ("Parameter", "Buffer", *_REGISTERS):
            continue
        given = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            and layer.scope[0] < node.lineno < layer.first
            and any(isinstance(one, ast.Name) and one.id in names for one in node.targets)
        ]
        last = max(given, key=lambda node: node.lineno, default=None)
        always = [part for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for part in node.body]
        if last is not None and last in always:
            yield replace(layer, first=last.lineno, last=last.end_lineno or last.lineno)


def _registered(call: ast.Call) -> str:
    """Return the name of the buffer, or parameter, that a call registers; empty for another call."""
    known = call.args and ast.unparse(call.func).removeprefix("self.") in _REGISTERS
    name = call.args[0] if known else None
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
            yield Layer(part.lineno, last, owner, full, inside, scope, layer_of(part))
            yield from _inner(layer_of(part), owner, full, scope, local)


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
