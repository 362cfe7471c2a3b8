"""Change a tensor in a real run and see what changes: the independent answer to a question about data flow.

Nothing of shapeflow is used here. Each module gets a ``forward`` that copies what its calls were given and
gave, and replaces a tensor of one of them.
"""

from __future__ import annotations

import copy
import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

Build = Callable[[], tuple[nn.Module, tuple[Any, ...], dict[str, Any]]]
Place = tuple[str, int, str]
"""Path of a module, which of its calls, and the port."""
Change = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Seen:
    """What one run showed."""

    tensors: Mapping[Place, Any]
    """What was at each port of each call."""
    results: tuple[Any, ...]
    """All that the caller can have afterwards: what was returned, taken out of whatever it was in, and what
    the model holds."""
    calls: Counter[str]


def ports_of(name: str, thing: Any, depth: int = 6) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors in lists, tuples, mappings and data classes by the name of their port."""
    if isinstance(thing, Tensor):
        yield name, thing
    elif depth:
        for step, item in _items(thing):
            yield from ports_of(f"{name}{step}", item, depth - 1)


def _items(thing: Any) -> list[tuple[str, Any]]:
    if isinstance(thing, Mapping):
        return [(_step(key), item) for key, item in thing.items()]
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return [(_step(field.name), getattr(thing, field.name)) for field in dataclasses.fields(thing)]
    if isinstance(thing, tuple) and hasattr(thing, "_fields"):
        return [(_step(key), item) for key, item in zip(thing._fields, thing, strict=True)]
    return [(_step(key), item) for key, item in enumerate(thing)] if isinstance(thing, list | tuple) else []


def _step(key: object) -> str:
    return f"[{key}]" if isinstance(key, int) else f".{key}"


def _with(thing: Any, port: str, wanted: str, change: Change) -> Any:
    """Return a thing with the tensor at the wanted port replaced."""
    if isinstance(thing, Tensor):
        return change(thing) if port == wanted else thing
    steps = [(step, item) for step, item in _items(thing) if wanted.startswith(port + step)]
    if not steps:
        return thing
    new = copy.copy(thing)
    changed = {step: _with(item, port + step, wanted, change) for step, item in steps}
    if isinstance(thing, Mapping):
        for key in list(thing):
            if _step(key) in changed:
                new[key] = changed[_step(key)]
    elif isinstance(thing, list):
        for number in range(len(thing)):
            new[number] = changed.get(_step(number), thing[number])
    elif isinstance(thing, tuple) and hasattr(thing, "_fields"):
        new = type(thing)(*(changed.get(_step(key), item) for key, item in thing._asdict().items()))
    elif isinstance(thing, tuple):
        new = tuple(changed.get(_step(number), item) for number, item in enumerate(thing))
    else:
        new = dataclasses.replace(thing, **{step[1:]: item for step, item in changed.items()})
    return new


def observe(build: Build, place: Place | None = None, change: Change | None = None) -> Seen:
    """Run a model that is made anew, with the tensor at one place replaced by what ``change`` makes of it."""
    model, args, kwargs = build()
    calls: Counter[str] = Counter()
    tensors: dict[Place, Any] = {}
    for path, module in model.named_modules():
        module.forward = _watched(module.forward, path, calls, tensors, place, change)
    with torch.no_grad():
        result = model(*args, **kwargs)
        results = (*_taken_out(result), *_held_by(model))
    return Seen(tensors, results, calls)


def _watched(
    forward: Callable[..., Any],
    path: str,
    calls: Counter[str],
    tensors: dict[Place, Any],
    place: Place | None,
    change: Change | None,
) -> Callable[..., Any]:
    """Return a ``forward`` that counts its calls, notes what is at its ports, and makes the change in one."""

    def watched(*args: Any, **kwargs: Any) -> Any:
        number = calls[path]
        calls[path] += 1
        here = change if place is not None and place[:2] == (path, number) else None
        if place is not None and here is not None:
            args = _with(args, "in", place[2], here)
            kwargs = {key: _with(item, f"in.{key}", place[2], here) for key, item in kwargs.items()}
        for key, item in enumerate(args):
            _note(tensors, path, number, f"in[{key}]", item)
        for name, item in kwargs.items():
            _note(tensors, path, number, f"in.{name}", item)
        result = forward(*args, **kwargs)
        if place is not None and here is not None:
            result = _with(result, "out", place[2], here)
        _note(tensors, path, number, "out", result)
        return result

    return watched


def _note(tensors: dict[Place, Any], path: str, number: int, name: str, thing: Any) -> None:
    for port, tensor in ports_of(name, thing):
        tensors[path, number, port] = tensor.detach().clone()


def _taken_out(thing: Any, depth: int = 16) -> Iterator[Any]:
    """Yield all tensors, numbers and texts in a result: iterators are run, functions called."""
    if isinstance(thing, Tensor):
        yield thing.detach().clone()
    elif thing is None or isinstance(thing, int | float | str):
        yield thing
    elif depth:
        if isinstance(thing, Mapping):
            items = list(thing.values())
        elif (
            isinstance(thing, list | tuple | set | frozenset)
            or hasattr(thing, "__next__")
            or hasattr(thing, "__iter__")
        ):
            items = list(thing)
        elif callable(thing):
            items = [thing()]
        else:
            items = list(vars(thing).values())
        for item in items:
            yield from _taken_out(item, depth - 1)


def _held_by(model: nn.Module) -> Iterator[Any]:
    """Yield the tensors that the modules hold: buffers and plain attributes."""
    for module in model.modules():
        for buffer in module._buffers.values():
            if buffer is not None:
                yield buffer.detach().clone()
        for name, thing in vars(module).items():
            if not name.startswith("_") and name != "forward":
                yield from (tensor.detach().clone() for _, tensor in ports_of("", thing))


def same(first: Any, second: Any) -> bool:
    """Return whether two things that were seen are the same, bit by bit."""
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return (
            first.shape == second.shape
            and first.dtype == second.dtype
            and torch.equal(
                torch.nan_to_num(first, 1e30) if first.is_floating_point() else first,
                torch.nan_to_num(second, 1e30) if second.is_floating_point() else second,
            )
        )
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(map(same, first, second))
    return type(first) is type(second) and first == second


def moved(tensor: Tensor, seed: int) -> Tensor:
    """Return a tensor with other numbers of the same kind."""
    maker = torch.Generator().manual_seed(seed)
    if tensor.is_floating_point():
        noise = torch.randn(tensor.shape, generator=maker, dtype=torch.float32)
        return tensor + noise.to(tensor.dtype) * (1 if seed % 2 else 3)
    if tensor.dtype is torch.bool:
        return torch.rand(tensor.shape, generator=maker) > 0.5
    return tensor.flatten()[torch.randperm(tensor.numel(), generator=maker)].view(tensor.shape)


def written(tensor: Tensor, seed: int) -> Tensor:
    """Return the same tensor, with other numbers in its memory; a new one if it cannot be written to."""
    try:
        return tensor.copy_(moved(tensor, seed))
    except RuntimeError:
        return moved(tensor, seed)


def spoiled(tensor: Tensor) -> Tensor:
    """Return a tensor whose numbers are none, as if it had never been made."""
    return torch.full_like(tensor, torch.nan) if tensor.is_floating_point() else torch.zeros_like(tensor)
