"""Keep the numbers of a few named tensors of a real run, for the value claims of a walkthrough."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from shapeflow.errors import SelectorError
from shapeflow.model.records import Port
from shapeflow.model.selector import Selector, parse, port_fits, select
from shapeflow.model.trace import Trace
from shapeflow.recording.notation import short_dtype
from shapeflow.recording.torch_internals import no_dispatch_modes, no_torch_function

MOST_ELEMENTS = 2**22
"""A tensor, or the part of it that is asked for, with more elements is not kept."""

Index = tuple[int | slice, ...]


@dataclass(frozen=True, slots=True)
class Capture:
    """A tensor whose numbers are needed: what names it, and which part of it."""

    selector: str
    index: Index = ()


class Capturer:
    """Copies the numbers of the tensors to capture when they are seen, and gives them by name at the end.

    Args:
        wanted: what to capture, by the name under which the trace holds it.
    """

    def __init__(self, wanted: Mapping[str, Capture]) -> None:
        self._wanted = wanted
        self._parsed: dict[str, Selector] = {}
        for name, item in wanted.items():
            with suppress(SelectorError):  # the claim is judged all the same, and says what is wrong with it
                self._parsed[name] = parse(item.selector)
        self._meant: dict[tuple[str | None, str], list[str]] = {}
        self._kept: dict[tuple[str, int], dict[str, Any]] = {}
        self._own: dict[str, dict[str, Any]] = {}
        """What parameters and buffers held before the run."""

    def look_at_model(self, tensors: Iterable[tuple[Tensor, str, str]]) -> None:
        """Copy what is wanted of parameters and buffers, given with their origins and names."""
        meant: dict[str, list[str]] = {}
        for name, selector in self._parsed.items():
            if not selector.port and selector.target is None and selector.path:
                path = ".".join(segment.literal or "*" for segment in selector.path)
                meant.setdefault(path, []).append(name)
        for tensor, _, path in tensors if meant else ():
            for name in meant.get(path, ()):
                numbers = _numbers(tensor, self._wanted[name].index)
                if numbers is not None:
                    self._own[name] = numbers

    def look(self, path: str | None, target: str, ports: Iterable[Port], leaves: Iterable[Any]) -> None:
        """Copy what is wanted of a call (``target`` empty), or of an op in it; ``path`` None: outside all."""
        names = self._meant.get((path, target))
        if names is None:
            names = [name for name, selector in self._parsed.items() if _means(selector, path, target)]
            self._meant[path, target] = names
        pairs = list(zip(ports, leaves, strict=False)) if names else []
        for name in names:
            wanted = self._parsed[name].port
            for port, leaf in pairs:
                if (
                    isinstance(leaf, Tensor)
                    and port.value is not None
                    and port_fits(port, wanted)
                    and (name, port.value) not in self._kept
                ):
                    numbers = _numbers(leaf, self._wanted[name].index)
                    if numbers is not None:
                        self._kept[name, port.value] = numbers

    def found(self, trace: Trace) -> dict[str, Any]:
        """Return the numbers by name, for each name whose selector means one tensor of the finished trace."""
        kept = {}
        for name, item in self._wanted.items():
            try:
                matches = select(trace, item.selector)
            except SelectorError:
                continue
            if matches[0].tensor is not None and name in self._own:
                kept[name] = self._own[name]
                continue
            values = {match.port.value for match in matches if match.port is not None}
            value = values.pop() if len(values) == 1 else None
            if value is not None and (name, value) in self._kept:
                kept[name] = self._kept[name, value]
        return kept


def _means(selector: Selector, path: str | None, target: str) -> bool:
    """Return whether a selector without patterns may mean this call or op; which one, shows at the end."""
    if bool(target) != (selector.target is not None) or (path is None) != (selector.path is None):
        return False
    if selector.target is not None and not selector.target.accepts(target):
        return False
    return selector.path is None or ".".join(segment.literal or "*" for segment in selector.path) == path


def _numbers(tensor: Tensor, index: Index) -> dict[str, Any] | None:
    with no_torch_function(), no_dispatch_modes():
        if tensor.is_meta:
            return None
        try:
            part = tensor.detach()[index] if index else tensor.detach()
        except IndexError:  # of several calls or ops that may be meant, this one is not
            return None
        if part.numel() > MOST_ELEMENTS:
            return None
        if part.dtype is torch.bfloat16:
            part = part.float()
        array = part.cpu().contiguous().numpy()
        data = b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes()).decode("ascii")
        return {"dtype": short_dtype(part.dtype), "shape": list(part.shape), "data": data}
