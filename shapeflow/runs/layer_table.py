"""The layer table of ``torchinfo``, with its multiply-adds, for a recorded run.

torchinfo runs a model under hooks of its own, for which it needs the model and inputs that a ``forward``
takes. A trace has neither, but knows every call. So here empty modules with the recorded classes and
parameters call each other as the recorded ones did, and return empty tensors of the recorded shapes. Those
are what torchinfo summarises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import torch
import torchinfo
from torch import nn

from shapeflow.common.units import format_count
from shapeflow.model.records import Call, Port, Records, Value
from shapeflow.recording.notation import SHORT_DTYPES

DEPTH = 3
"""Levels of modules that get a row, as torchinfo has it."""
COLUMNS = ("output_size", "num_params", "mult_adds")
TOTAL = "multiply-adds by torchinfo, which counts the weights of layers and no products of activations"

_DTYPES = {format_count: dtype for dtype, format_count in SHORT_DTYPES.items()}
_STEP = re.compile(r"\[(\d+)\]|\.?([^.\[]+)")


def layer_table(trace: Records, depth: int = DEPTH) -> str:
    """Return torchinfo's table of the layers of a run.

    Args:
        trace: the run.
        depth: levels of modules that get a row.
    """
    root = _Replay(trace).root
    statistics = torchinfo.summary(
        root,
        input_data=[_tensor(value) for value in _inputs(trace)] or [torch.empty(0, device="meta")],
        col_names=COLUMNS,
        row_settings=("depth", "var_names"),
        depth=depth,
        device="meta",
        verbose=0,
    )
    # Its own totals are left out: they count a module again that is called from two places, and say which
    # parameters are trained, which a trace does not know.
    table, _, _ = str(statistics).partition("\nTotal params")
    return f"{table}\n{TOTAL}: {format_count(statistics.total_mult_adds)}"


def _inputs(trace: Records) -> Iterator[Value]:
    """Yield the tensors that the run was given, each once."""
    given = (port.value for call in trace.calls if call.parent is None for port in call.inputs)
    for number in dict.fromkeys(value for value in given if value is not None):
        if trace.values[number].origin == "input":
            yield trace.values[number]


class _Replay:
    """The modules of a trace as empty ones that call each other as the recorded ones did."""

    def __init__(self, trace: Records) -> None:
        self._trace = trace
        self._calls: dict[str, list[Call]] = {}
        """Path -> its calls that were not replayed yet, in order."""
        self._inner: dict[int | None, list[Call]] = {}
        """Call of a forward (None: the caller) -> the forward calls that it made, through helpers too."""
        self._look_at_calls()
        self._modules: dict[str, nn.Module] = {}
        for record in trace.modules:
            self._modules[record.path] = self._empty(record.path, record.class_name)
        self.root = self._modules.setdefault("", self._empty("", trace.run.target))
        for path, module in self._modules.items():
            parent, _, name = path.rpartition(".")
            if path and parent in self._modules:
                self._modules[parent].add_module(name, module)
        self._add_parameters()

    def _look_at_calls(self) -> None:
        around: list[int | None] = []
        for call in self._trace.calls:
            outer = None if call.parent is None else around[call.parent]
            if call.method == "forward":
                self._calls.setdefault(call.path, []).append(call)
                self._inner.setdefault(outer, []).append(call)
                around.append(call.id)
            else:
                around.append(outer)

    def _empty(self, path: str, class_name: str) -> nn.Module:
        def forward(*_: object) -> object:
            calls = self._calls.get(path)
            call = calls.pop(0) if calls else None
            if path == "" and call is None:  # only helper methods of the model were called
                self._run(self._inner.get(None, ()))
                return None
            assert call is not None, "a module is called as often as it was"
            self._run(self._inner.get(call.id, ()))
            return _result(self._trace, call.outputs)

        module: nn.Module = type(class_name, (nn.Module,), {})()
        module.forward = forward
        return module

    def _run(self, calls: Iterable[Call]) -> None:
        for call in calls:
            self._modules[call.path](torch.empty(0, device="meta"))

    def _add_parameters(self) -> None:
        """Give each module its parameters under their names, as far as the run read them."""
        shared = self._shared()
        for value in self._trace.values:
            if value.origin == "parameter":
                path, _, name = value.name.rpartition(".")
                self._add(path, name, _tensor(value))
        for module in self._trace.modules:
            for name, value in shared.get(module.path, {}).items():
                self._add(module.path, name, _tensor(value))
            own = sum(parameter.numel() for parameter in self._modules[module.path].parameters(recurse=False))
            if module.own_parameters > own:
                self._add(module.path, "unread", torch.empty(module.own_parameters - own, device="meta"))

    def _shared(self) -> dict[str, dict[str, Value]]:
        """Return for modules that read another module's parameters these, by the names they go by there."""
        found: dict[str, dict[str, Value]] = {}
        for op in self._trace.ops:
            path = "" if op.call is None else self._trace.calls[op.call].path
            for port in op.inputs:
                value = self._trace.value_at(port)
                if (
                    value is not None
                    and value.origin == "parameter"
                    and value.name.rpartition(".")[0] != path
                ):
                    found.setdefault(path, {}).setdefault(_name_of(port), value)
        return found

    def _add(self, path: str, name: str, tensor: torch.Tensor) -> None:
        module = self._modules.get(path)
        if module is None or tensor.numel() > self._room(path, module):
            return
        if name not in dict(module.named_parameters(recurse=False)):
            # What is not trained would be shown in brackets; whether it is, is not recorded.
            trained = tensor.is_floating_point() or tensor.is_complex()
            module.register_parameter(name, nn.Parameter(tensor, requires_grad=trained))

    def _room(self, path: str, module: nn.Module) -> int:
        """Return how many of a module's own parameters are not there yet."""
        own = self._trace.module_by_path[path].own_parameters if path in self._trace.module_by_path else 0
        return own - sum(parameter.numel() for parameter in module.parameters(recurse=False))


def _name_of(port: Port) -> str:
    """Return the name that a shared parameter goes by: that of the argument, else what most are called."""
    name = next((name for name in (port.name, port.alias) if name.startswith("in.")), "in.weight")
    return re.sub(r"\W", "_", name.removeprefix("in."))


def _tensor(value: Value) -> torch.Tensor:
    """Return an empty tensor of a value's shape and dtype."""
    return torch.empty(value.shape, dtype=_DTYPES.get(value.dtype, torch.float32), device="meta")


def _result(trace: Records, ports: Iterable[Port]) -> Any:
    """Return what a call returned: empty tensors, nested as its ports say."""
    tree: dict[Any, Any] = {}
    for port in ports:
        steps = [
            int(index) if index else name for index, name in _STEP.findall(port.name.removeprefix("out"))
        ]
        leaf = None if port.value is None else _tensor(trace.values[port.value])
        if not steps:
            return leaf
        node = tree
        for step in steps[:-1]:
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                break
        else:
            node[steps[-1]] = leaf
    return _nested(tree)


def _nested(tree: Any, depth: int = 0) -> Any:
    if not isinstance(tree, dict):
        return tree
    if all(isinstance(key, int) for key in tree):
        return tuple(_nested(tree[key], depth + 1) for key in sorted(tree)) if tree else None
    # A mapping inside of a result is most often an object, such as a cache: torchinfo tells no size of it.
    return object() if depth else {key: _nested(item, 1) for key, item in tree.items()}
