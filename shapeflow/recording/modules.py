"""The modules of a model as plain data: class, parameters, and the attributes that configure it."""

from __future__ import annotations

import inspect
import linecache
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from types import FunctionType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from shapeflow.recording.ports import tensors_of
from shapeflow.recording.source import SourceLines
from shapeflow.trace import Module, Origin

_HIDDEN = frozenset({"training", "call_super_init", "dump_patches"})
_REGISTERED = frozenset({"_parameters", "_buffers", "_modules"})
_NO_TENSORS: frozenset[type] = frozenset({bool, int, float, str, type(None), set, FunctionType, torch.dtype})
"""Types of attributes that are passed over at once, since there are many and none holds a tensor."""


def tensor_names(model: nn.Module) -> Iterator[tuple[Tensor, Origin, str]]:
    """Yield parameters and buffers with their names, also tables that are kept without being registered."""
    for name, parameter in model.named_parameters(remove_duplicate=False):
        yield parameter, "parameter", name
    for name, buffer in model.named_buffers(remove_duplicate=False):
        yield buffer, "buffer", name
    for path, module in model.named_modules():
        for name, value in vars(module).items():
            if (
                name not in _REGISTERED
                and type(value) not in _NO_TENSORS
                and not isinstance(value, nn.Module)
            ):
                for place, tensor in tensors_of(value).items():
                    yield tensor, "buffer", f"{path}.{name}{place}".lstrip(".")


def table(model: nn.Module, sources: SourceLines, gone: Mapping[str, nn.Module]) -> tuple[Module, ...]:
    """Return every module of the tree, called or not, in the order of ``named_modules``.

    Args:
        model: the root.
        sources: where the lines of the classes go.
        gone: modules that were part of the tree before, by their paths; those that are no more come last.
    """
    lines: dict[type, int | None] = {}
    below = _parameters_below(model)
    rows = []
    for path, module in {**dict(model.named_modules()), **_missing(gone, model)}.items():
        kind = type(module)
        if kind not in lines:
            lines[kind] = _class_line(kind, sources)
        rows.append(
            Module(
                path,
                kind.__name__,
                f"{kind.__module__}.{kind.__qualname__}",
                sum(below.get(path, {}).values()),
                sum(_count(parameter) for parameter in module.parameters(recurse=False)),
                attributes(module),
                lines[kind],
            )
        )
    return tuple(rows)


def _missing(gone: Mapping[str, nn.Module], model: nn.Module) -> dict[str, nn.Module]:
    there = {path for path, _ in model.named_modules(remove_duplicate=False)}
    return {path: module for path, module in gone.items() if path not in there}


def _parameters_below(model: nn.Module) -> dict[str, dict[int, int]]:
    """Return, for each path, the sizes of the different parameters in the module and below, by ``id()``."""
    below: dict[str, dict[int, int]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        size, path = _count(parameter), name
        while path:
            path = path.rpartition(".")[0]
            below.setdefault(path, {})[id(parameter)] = size
    return below


def _count(parameter: Tensor) -> int:
    """Return the number of elements; 0 for a parameter whose shape the first run decides."""
    return 0 if is_lazy(parameter) else parameter.numel()


def attributes(module: nn.Module) -> dict[str, Any]:
    """Return the plain attributes of a module: numbers, text, None, short lists, names of functions."""
    found: dict[str, Any] = {}
    own = vars(module)
    for name, value in own.items():
        if not name.startswith("_") and name not in _HIDDEN:
            plain = _plain(value)
            if plain is not ...:
                found[name] = plain
    for registry in ("_parameters", "_buffers", "_modules"):
        for name, value in own.get(registry, {}).items():
            if value is None:
                found[name] = None
    return dict(sorted(found.items()))


def _plain(value: object, depth: int = 4) -> Any:
    """Return a value that JSON can hold, or ``...`` for one that has no short form."""
    if value is None or isinstance(value, bool | int | float | str):
        return value if not isinstance(value, Enum) else value.name
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
    # Not inspect.getsourcelines: it compiles the whole file for every class.
    try:
        filename = inspect.getsourcefile(kind)
    except (OSError, TypeError):
        return None
    begins = re.compile(rf"\s*class\s+{re.escape(kind.__name__)}\b")
    for number, text in enumerate(linecache.getlines(filename or ""), 1):
        if begins.match(text):
            return sources.line(str(filename), number, kind.__name__)
    return None
