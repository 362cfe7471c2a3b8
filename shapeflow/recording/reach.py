"""The modules that a callable can reach: its own, its closure's, those it is given and the names it uses."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, cast

from torch import Tensor, nn

from shapeflow.recording.excerpts import is_installed
from shapeflow.recording.modules import named_modules
from shapeflow.recording.ports import PLAIN_TYPES
from shapeflow.recording.source import is_hidden
from shapeflow.recording.torch_internals import children_of

MOST = 2000
"""Objects that are looked at; a callable that reaches more hands something over that is no model."""
DEPTH = 5
"""How many objects are entered to come to a module: ``self.trainer.models[0]`` are three."""


class Together(nn.Module):
    """Stands for several modules that one run uses; it never runs itself."""

    def __init__(self, modules: Mapping[str, nn.Module]) -> None:
        super().__init__()
        # Not add_module: a name may be that of one of torch's methods.
        cast("dict[str, nn.Module]", children_of(self)).update(modules)


def root_of(function: Callable[..., Any], *values: Any) -> nn.Module | None:
    """Return the module whose parts a recording of ``function(*values)`` has to watch.

    Of a module, or a method of one, that is the module. Of a function that uses several it is a module that
    has them as children, by the names under which they were found. None: no module is in reach.

    Args:
        function: whatever can be called; it is not called.
        *values: what it will be given, in which modules may be, too.
    """
    found = modules_in_reach(function, *values)
    if len(found) == 1:
        return next(iter(found.values()))
    return Together(found) if found else None


def modules_in_reach(function: Callable[..., Any], *values: Any) -> dict[str, nn.Module]:
    """Return the outermost modules that a callable can reach, by the names under which they were found."""
    found: list[tuple[str, nn.Module]] = []
    starts: list[tuple[str, Any]] = [("model", function), *(("model", value) for value in values)]
    seen: dict[int, Any] = {}
    waiting = deque((name, value, 0) for name, value in starts)
    while waiting and len(seen) < MOST:
        name, value, depth = waiting.popleft()
        if type(value) in PLAIN_TYPES or isinstance(value, Tensor) or id(value) in seen:
            continue
        seen[id(value)] = value  # kept, so that no other object takes its place in memory
        if isinstance(value, nn.Module):
            found.append((name, value))
        elif depth < DEPTH:
            waiting.extend((inner, item, depth + 1) for inner, item in _within(name, value))
    return _named(_outermost(found))


def _within(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what an object holds or uses, by name; nothing is computed for it, so properties stay alone."""
    if isinstance(value, MethodType):
        yield name, value.__self__
        value = value.__func__
    if isinstance(value, FunctionType):
        yield from _used_by(name, value)
    elif isinstance(value, functools.partial):
        yield from ((name, item) for item in (value.func, *value.args))
        yield from value.keywords.items()
    elif type(value) in (list, tuple, deque):
        yield from ((f"{name}_{number}", item) for number, item in enumerate(value))
    elif type(value) is dict:
        yield from ((str(key), item) for key, item in value.items())
    elif not isinstance(value, type | ModuleType):
        yield from _attributes(value)
        called = getattr(type(value), "__call__", None)  # noqa: B004 - its code is wanted
        if isinstance(called, FunctionType):
            yield name, called


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes that an object itself keeps."""
    with suppress(Exception):  # it has no `__dict__`, or another idea of attributes
        yield from list(vars(value).items())
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            descriptor = vars(kind).get(slot)
            if hasattr(descriptor, "__objclass__") and hasattr(value, slot):
                yield slot, getattr(value, slot)


def _used_by(name: str, function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield what a function was closed over, its defaults, and the globals that its code names."""
    code = function.__code__
    for free, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name if free == "self" else free, cell.cell_contents
        except ValueError:  # the variable has no value yet
            continue
    yield from _defaults(function)
    file = code.co_filename
    typed = file.startswith("<") and not file.startswith("<frozen")  # at a prompt, or for exec()
    if not typed and (is_hidden(file) or is_installed(Path(file))):
        return  # a library's functions use no models of the user's by a global name
    names = list(_names(code))
    for used in names:
        item = function.__globals__.get(used)
        if isinstance(item, ModuleType | type):  # `networks.encoder(x)`: of a file only what the code names
            held = vars(item)
            yield from ((inner, held[inner]) for inner in names if inner in held)
        elif item is not None:
            yield used, item


def _defaults(function: FunctionType) -> Iterator[tuple[str, Any]]:
    defaults = function.__defaults__ or ()
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    yield from zip(positional[len(positional) - len(defaults) :], defaults, strict=True)
    yield from (function.__kwdefaults__ or {}).items()


def _names(code: CodeType) -> Iterator[str]:
    """Yield the global and attribute names in code, those of functions within it too, each once."""
    yield from dict.fromkeys(
        [*code.co_names, *(n for c in code.co_consts if isinstance(c, CodeType) for n in _names(c))]
    )


def _outermost(found: Sequence[tuple[str, nn.Module]]) -> list[tuple[str, nn.Module]]:
    """Leave out the modules that are part of another one."""
    inner = {
        id(part) for _, module in found for path, part in named_modules(module) if path and part is not module
    }
    return [(name, module) for name, module in found if id(module) not in inner]


def _named(found: Sequence[tuple[str, nn.Module]]) -> dict[str, nn.Module]:
    """Return modules by names that can stand in a path, each another one."""
    named: dict[str, nn.Module] = {}
    for name, module in found:
        plain = "".join(letter if letter.isalnum() else "_" for letter in name).strip("_") or "model"
        free = plain
        number = 2
        while free in named:
            free, number = f"{plain}_{number}", number + 1
        named[free] = module
    return named
