"""The modules of a model as plain data: class, parameters, and the attributes that configure it."""

from __future__ import annotations

import inspect
import linecache
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from types import FunctionType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from shapeflow.common.quick import maker
from shapeflow.model.records import Module, Origin
from shapeflow.model.tensors import Kind, ModuleTensor
from shapeflow.recording.identity import Identity
from shapeflow.recording.notation import short_dtype, sizes
from shapeflow.recording.ports import tensors_of
from shapeflow.recording.source import SourceLines
from shapeflow.recording.torch_internals import buffers_of, children_of, parameters_of

_OF_EVERY_MODULE = frozenset(vars(nn.Module())) | {"call_super_init", "dump_patches"}
"""What torch itself keeps on each module: the registered parameters, buffers and modules, the hooks."""
_NO_TENSORS: frozenset[type] = frozenset({bool, int, float, str, type(None), set, FunctionType, torch.dtype})
"""Types of attributes that are passed over at once, since there are many and none holds a tensor."""
_SCRIPTED = frozenset({"RecursiveScriptModule", "TopLevelTracedModule", "TracedModule"})
"""Classes of torch that stand for those of the user."""
_SCALARS: frozenset[type] = frozenset({bool, int, float, str, type(None)})


def named_modules(model: nn.Module, *, remove_duplicate: bool = True) -> Iterator[tuple[str, nn.Module]]:
    """Yield the modules of a tree with their paths, as ``model.named_modules()`` does.

    A model may use the names of torch's methods for attributes of its own, ``self.modules = [...]``; so none
    of these methods is called, neither here nor anywhere else in the package.
    """
    seen: set[int] = set()
    waiting = [("", model)]
    while waiting:
        path, module = waiting.pop()
        if remove_duplicate:
            if id(module) in seen:
                continue
            seen.add(id(module))
        yield path, module
        children = children_of(module)
        if children:
            below = [(name, child) for name, child in children.items() if child is not None]
            waiting += [(_joined(path, name), child) for name, child in reversed(below)]


def named_tensors(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield the parameters of a tree with their names, then its buffers."""
    for registry in (parameters_of, buffers_of):
        for path, module in named_modules(model):
            for name, tensor in registry(module).items():
                if tensor is not None:
                    yield _joined(path, name), tensor


def tensor_names(model: nn.Module) -> Iterator[tuple[Tensor, Origin, str]]:
    """Yield parameters and buffers with their names, also tables that are kept without being registered."""
    modules = list(named_modules(model, remove_duplicate=False))
    for path, module in modules:
        for name, parameter in parameters_of(module).items():
            if parameter is not None:
                yield parameter, "parameter", _joined(path, name)
    for path, module in modules:
        for name, buffer in buffers_of(module).items():
            if buffer is not None:
                yield buffer, "buffer", _joined(path, name)
    looked_into: Places = {}
    for path, module in modules:
        for name, tensor in _in_attributes(path, module, looked_into):
            yield tensor, "buffer", name


def tensors_kept(modules: Mapping[str, nn.Module]) -> Iterator[tuple[str, Tensor]]:
    """Yield what the modules hold now, by name: parameters, buffers and tensors in plain attributes."""
    looked_into: Places = {}
    for path, module in modules.items():
        for registry in (parameters_of(module), buffers_of(module)):
            for name, tensor in registry.items():
                if tensor is not None:
                    yield _joined(path, name), tensor
        yield from _in_attributes(path, module, looked_into)


Places = dict[int, tuple[object, dict[str, Tensor]]]
"""By ``id()``: what was looked into, such as a configuration that many modules have; its tensors by place."""


def _in_attributes(path: str, module: nn.Module, looked_into: Places) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors in the attributes of a module that are not registered."""
    for name, value in vars(module).items():
        if name in _OF_EVERY_MODULE or type(value) in _NO_TENSORS or isinstance(value, nn.Module):
            continue
        known = looked_into.get(id(value))
        if known is None:
            known = looked_into[id(value)] = value, tensors_of(value)
        for place, tensor in known[1].items():
            yield _joined(path, name) + place, tensor


_module, _tensor = maker(Module), maker(ModuleTensor)


def class_name(module: nn.Module) -> str:
    """Return the name of a module's class; of a scripted one that of the class it was made from."""
    name = type(module).__name__
    return str(getattr(module, "original_name", name)) if name in _SCRIPTED else name


def table(
    model: nn.Module,
    sources: SourceLines,
    gone: Mapping[str, nn.Module],
    identity: Identity,
) -> tuple[Module, ...]:
    """Return every module of the tree, called or not, in the order of ``named_modules``.

    Args:
        model: the root.
        sources: where the lines of the classes go.
        gone: modules that were part of the tree before, by their paths; those that are gone come last.
        identity: which tensor is which value.
    """
    lines: dict[type, int | None] = {}
    runs: dict[type, bool] = {}
    everywhere = list(named_modules(model, remove_duplicate=False))
    below = _parameters_below(everywhere)
    there: dict[int, tuple[str, nn.Module]] = {}
    for path, module in everywhere:  # a module that is in two places has the first one's name
        there.setdefault(id(module), (path, module))
    paths = {path for path, _ in everywhere}
    missing = [(path, module) for path, module in gone.items() if path not in paths]
    rows = []
    for path, module in (*there.values(), *missing):
        kind = type(module)
        if kind not in lines:
            lines[kind], runs[kind] = _class_line(kind, sources), _has_forward(kind)
        rows.append(
            _module(
                path,
                class_name(module),
                f"{kind.__module__}.{kind.__qualname__}",
                sum(below.get(path, {}).values()),
                sum(_own_parameters(module).values()),
                attributes(module),
                lines[kind],
                runs[kind] or "forward" in vars(module),
                _tensors(path, module, identity),
            )
        )
    return tuple(rows)


def _tensors(path: str, module: nn.Module, identity: Identity) -> tuple[ModuleTensor, ...]:
    """Return the parameters and buffers of a module itself; one without a shape yet is none."""
    found = []
    for registry, kind in ((parameters_of(module), "parameter"), (buffers_of(module), "buffer")):
        for name, tensor in registry.items():
            if tensor is not None and not is_lazy(tensor):
                known = identity.name_of(tensor)
                same = "" if known == _joined(path, name) else known
                beside = identity.read_beside(tensor)
                trained: Kind = "parameter" if tensor.requires_grad else "frozen"
                row = (name, short_dtype(tensor.dtype), sizes(tensor))
                found.append(_tensor(*row, "buffer" if kind == "buffer" else trained, same, beside))
    return tuple(found)


def _has_forward(kind: type[nn.Module]) -> bool:
    """Return whether modules of a class can run; a list of modules, for instance, cannot."""
    # Not `kind.forward`: that of a scripted module is nothing that a class may be asked for.
    written = next(vars(owner)["forward"] for owner in kind.__mro__ if "forward" in vars(owner))
    return written is not nn.Module.forward


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _parameters_below(modules: Sequence[tuple[str, nn.Module]]) -> dict[str, dict[int, int]]:
    """Return, for each path, the sizes of the different parameters in the module and below, by ``id()``.

    Args:
        modules: by path; each one before those below it.
    """
    below: dict[str, dict[int, int]] = {}
    for path, module in reversed(modules):
        mine = below.setdefault(path, {})
        mine.update(_own_parameters(module))
        if path:
            below.setdefault(path.rpartition(".")[0], {}).update(mine)
    return below


def _own_parameters(module: nn.Module) -> dict[int, int]:
    return {id(own): _count(own) for own in parameters_of(module).values() if own is not None}


def _count(parameter: Tensor) -> int:
    """Return the number of elements; 0 for a parameter whose shape the first run decides."""
    return 0 if is_lazy(parameter) else parameter.numel()


def attributes(module: nn.Module) -> dict[str, Any]:
    """Return the plain attributes of a module: numbers, text, None, short lists, names of functions."""
    found: dict[str, Any] = {}
    own = vars(module)
    for name, value in own.items():
        if name not in _OF_EVERY_MODULE and not name.startswith("_"):
            plain = value if type(value) in _SCALARS else _plain(value)
            if plain is not ...:
                found[name] = plain
    for registry in (parameters_of(module), buffers_of(module), children_of(module)):
        for name, value in registry.items():
            if value is None:
                found[name] = None
    return dict(sorted(found.items()))


def _plain(value: object, depth: int = 4) -> Any:
    """Return a value that JSON can hold, or ``...`` for one that has no short form."""
    if type(value) in _SCALARS or isinstance(value, int | float | str):
        return value.name if isinstance(value, Enum) else value
    if isinstance(value, torch.dtype | torch.device):
        return str(value).removeprefix("torch.")
    if isinstance(value, list | tuple | set | frozenset) and len(value) <= 16 and depth:
        ordered = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        items = [_plain(item, depth - 1) for item in ordered]
        return ... if any(item is ... for item in items) else items
    if isinstance(value, Mapping) and len(value) <= 16 and depth:
        pairs = {str(key): _plain(item, depth - 1) for key, item in value.items()}
        return ... if any(item is ... for item in pairs.values()) else pairs
    if inspect.isfunction(value) or inspect.isbuiltin(value) or inspect.isclass(value):
        return value.__name__
    return ...


def _class_line(kind: type, sources: SourceLines) -> int | None:
    # Not inspect: it compiles the whole file for every class.
    filename = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if not isinstance(filename, str):
        return None
    name = kind.__name__
    begins = re.compile(rf"\s*class\s+{re.escape(name)}\b")
    for number, text in enumerate(linecache.getlines(filename), 1):
        if name in text and begins.match(text):
            return sources.line(filename, number, name)
    return None
