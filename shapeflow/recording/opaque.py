"""What may be inside things that are not entered: iterators, closures, sets, objects of any class.

Python's garbage collector knows what an object refers to, whatever its class is, and looking so changes
nothing: no iterator moves on, no code of the object runs.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable
from enum import Enum
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn

MOST = 400
"""Objects that are looked at; one that refers to more may hold anything."""

_NEVER = (
    int,
    float,
    str,
    bytes,
    bool,
    complex,
    type(None),
    type(Ellipsis),
    Enum,
    slice,
    range,
    type,
    ModuleType,
    CodeType,
    torch.dtype,
    torch.device,
    torch.Size,
    torch.Generator,
)
_PASSED_OVER = (*_NEVER, nn.Module)


def may_hold_tensors(value: object) -> bool:
    """Return whether there may be a tensor somewhere inside ``value``, whatever it is.

    A function holds what it closes over and its defaults; what it finds in its module is not its own. A
    module of the model counts as holding none: its calls and attributes are seen by themselves.
    """
    if isinstance(value, _NEVER):
        return False
    seen: dict[int, object] = {}
    queue = [value]
    while queue:
        item = queue.pop()
        if isinstance(item, Tensor | GeneratorType):
            return True
        if isinstance(item, _PASSED_OVER) or id(item) in seen:
            continue
        if len(seen) >= MOST:
            return True
        seen[id(item)] = item
        queue += _referents(item)
    return False


def _referents(item: Any) -> Iterable[object]:
    if isinstance(item, FunctionType):
        closed = [cell.cell_contents for cell in item.__closure__ or () if _is_filled(cell)]
        return [*closed, *(item.__defaults__ or ()), *(item.__kwdefaults__ or {}).values()]
    if isinstance(item, MethodType):
        return [item.__self__, item.__func__]
    if isinstance(item, BuiltinFunctionType):
        return [item.__self__]
    if isinstance(item, partial):
        return [item.func, item.args, item.keywords, vars(item)]
    things = gc.get_referents(item)
    kinds = {kind for kind in set(map(type, things)) if not issubclass(kind, _PASSED_OVER)}
    found: dict[int, object] = {}
    for thing in things if kinds else ():
        if type(thing) in kinds:
            found[id(thing)] = thing
            if len(found) > MOST:  # enough to know that it may hold anything
                break
    return found.values()


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not ...
    except ValueError:  # a name that has no value yet
        return False
