"""Other tools, and this one, on one model: what each records, counted in the same way.

A tool is a function of a model and its positional arguments that runs the model once and returns ``Counts``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from torch import Tensor, nn


class Counts(NamedTuple):
    """What a tool recorded of one run."""

    calls: int
    """Calls of modules and methods."""
    ops: int
    """Functions or operators."""
    shapes: int
    """Different shapes among the results of both."""


def _counts(calls: int, ops: int, shapes: Iterable[Any]) -> Counts:
    return Counts(calls, ops, len({tuple(shape) for shape in shapes if shape is not None}))


def shapeflow(model: nn.Module, inputs: tuple[Tensor, ...]) -> Counts:
    from shapeflow.recording import trace

    return _of_trace(trace(model, *inputs))


def shapeflow_shapes_only(model: nn.Module, inputs: tuple[Tensor, ...]) -> Counts:
    from shapeflow.recording import trace

    return _of_trace(trace(model, *inputs, device="meta"))


def _of_trace(trace: Any) -> Counts:
    results = {port.value for record in (*trace.calls, *trace.ops) for port in record.outputs}
    shapes = (trace.values[value].shape for value in results if value is not None)
    return _counts(len(trace.calls), len(trace.ops), shapes)


def torchinfo(model: nn.Module, inputs: tuple[Tensor, ...]) -> Counts:
    from torchinfo import summary

    rows = summary(model, input_data=list(inputs), depth=100, verbose=0).summary_list
    return _counts(len(rows), 0, (row.output_size for row in rows if row.executed))


def torchscan(model: nn.Module, inputs: tuple[Tensor, ...]) -> Counts:
    from torchscan import crawl_module

    layers = crawl_module(model, args=inputs, mode="structure")["layers"]
    return _counts(len(layers), 0, (shape for layer in layers for shape in _shapes(layer["output"])))


def _shapes(described: Any) -> list[Any]:
    """Return the shapes in torchscan's nested description of a value."""
    if isinstance(described, dict):
        own = [described["shape"]] if "shape" in described else []
        return own + [shape for item in described.values() for shape in _shapes(item)]
    return [shape for item in described for shape in _shapes(item)] if isinstance(described, list) else []


def torchview(model: nn.Module, inputs: tuple[Tensor, ...]) -> Counts:
    from torchview import draw_graph

    graph = draw_graph(
        model, input_data=list(inputs), depth=100, expand_nested=True, hide_inner_tensors=False
    )
    nodes = {id(node): node for edge in graph.edge_list for node in edge}.values()
    kinds = [type(node).__name__ for node in nodes]
    outputs = [shape for node in nodes for shape in getattr(node, "output_shape", None) or ()]
    tensors = [node.tensor_shape for node in nodes if hasattr(node, "tensor_shape")]
    return _counts(len(graph.subgraph_dict), kinds.count("FunctionNode"), outputs + tensors)


def torchlens(model: nn.Module, inputs: tuple[Tensor, ...]) -> Counts:
    from torchlens import trace

    log = trace(model, list(inputs))
    return _counts(log.num_module_calls, log.num_ops, (op.shape for op in log.ops))


def torchvista(model: nn.Module, inputs: tuple[Tensor, ...]) -> Counts:
    from torchvista import tracer

    seen: list[Any] = []
    tracer.plot_graph = lambda *graph, **_: seen.extend(graph)  # it would open a notebook cell
    tracer.trace_model(model, inputs)
    nodes, modules = seen[0], seen[1]
    dims = (edge["dims"] for node in nodes.values() for edge in node["edges"])
    operations = sum(node["node_type"] == "Operation" for node in nodes.values())
    return _counts(len(modules), operations, (re.findall(r"\d+", text) for text in dims))


def debug_mode(model: nn.Module, inputs: tuple[Tensor, ...]) -> Counts:
    from torch.utils._debug_mode import DebugMode

    with DebugMode(record_nn_module=True) as mode:
        model(*inputs)
    operators = [call for call in mode.operators if hasattr(call, "op")]
    results = (call.output_str or "" for call in operators)
    shapes = (found.split(",") for text in results for found in re.findall(r"[a-z]\d+\[([\d, ]*)\]", text))
    return _counts(len(mode.operators) - len(operators), len(operators), shapes)


def nothing(model: nn.Module, inputs: tuple[Tensor, ...]) -> Counts:
    model(*inputs)
    return Counts(0, 0, 0)


TOOLS: dict[str, Callable[[nn.Module, tuple[Tensor, ...]], Counts]] = {
    "shapeflow, shapes only": shapeflow_shapes_only,
    "shapeflow, real run": shapeflow,
    "torchinfo": torchinfo,
    "torchscan": torchscan,
    "torchview": torchview,
    "torchvista": torchvista,
    "torchlens": torchlens,
    "torch's DebugMode": debug_mode,
}
OURS = ("shapeflow, shapes only", "shapeflow, real run")
