"""Traces made by hand, a line a record, so that tests need no model and no torch.

    build = TraceBuilder()
    image = build.input("f32[1, 3, 8, 8]", "in.image")
    with build.call("encoder", image) as encoder:
        features = build.op("relu", [image], "f32[1, 3, 8, 8]")
        encoder.returns({"features": features, "mask": None})
    trace = build.trace()

Values stand for tensors; ``None``, numbers and text in their place become ports without a value;
lists, tuples and dicts are nested ports (``out.features[1]``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from shapeflow.model.records import (
    Call,
    Escape,
    Failure,
    Module,
    Op,
    Origin,
    Port,
    Run,
    Source,
    Value,
    item_name,
)
from shapeflow.model.trace import Trace


def tensor_type(text: str) -> tuple[str, tuple[int, ...]]:
    """Return dtype and shape of ``f32[1, 256]``."""
    match = re.fullmatch(r"(\w+)\[([\d, ]*)\]", text)
    assert match, f"not a tensor type: {text!r}"
    return match[1], tuple(int(size) for size in match[2].split(",") if size.strip())


def nested_ports(name: str, thing: Any, alias: str = "") -> list[Port]:
    """Return the ports of a possibly nested thing, named as the recorder names them."""
    if isinstance(thing, Port):
        return [thing]
    if isinstance(thing, Value):
        return [Port(name, thing.id, alias=alias)]
    if isinstance(thing, Mapping):
        steps = [(item_name("", key), item) for key, item in thing.items()]
    elif isinstance(thing, list | tuple) and any(isinstance(item, Value | Mapping | list) for item in thing):
        steps = [(item_name("", number), item) for number, item in enumerate(thing)]
    else:
        return [Port(name, None, text=repr(thing), alias=alias)]
    return [
        port
        for step, item in steps
        for port in nested_ports(name + step, item, alias + step if alias else "")
    ]


def argument_ports(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> tuple[Port, ...]:
    """Return the ports of a call's arguments; a keyword ``N_name`` is argument N with that alias."""
    ports = [port for n, item in enumerate(arguments) for port in nested_ports(f"in[{n}]", item)]
    for name, item in keywords.items():
        position = re.fullmatch(r"_(\d+)_(\w+)", name)
        if position:
            ports += nested_ports(f"in[{position[1]}]", item, alias=f"in.{position[2]}")
        else:
            ports += nested_ports(f"in.{name}", item)
    return tuple(ports)


@dataclass
class OpenCall:
    """A call whose body is being written."""

    id: int
    record: Call
    outputs: tuple[Port, ...] = ()

    def returns(self, *things: Any) -> None:
        """Set the outputs: one thing is ``out``, several are ``out[0]``, ``out[1]`` …"""
        self.outputs = tuple(nested_ports("out", things[0] if len(things) == 1 else list(things)))

    def fills(self, **filled: Any) -> None:
        """Add what the method put into a dict or list that it was given: ``out.PARAMETER.KEY``."""
        self.outputs += tuple(p for name, item in filled.items() for p in nested_ports(f"out.{name}", item))


@dataclass
class TraceBuilder:
    """Collects the records of a trace in the order of the run."""

    run: Run = field(default_factory=lambda: Run(adapter="python", target="Tiny", device="meta"))
    modules: list[Module] = field(default_factory=list)
    calls: list[OpenCall] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    escapes: list[Escape] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    _open: list[OpenCall] = field(default_factory=list)
    _composite: int | None = None

    def module(
        self, path: str, class_name: str = "Linear", parameters: int = 0, own: int = 0, **attributes: Any
    ) -> TraceBuilder:
        """Add a module, called or not. Calls add the modules they need by themselves."""
        runs = bool(attributes.pop("callable", True))
        tensors = attributes.pop("tensors", None)
        self.modules.append(
            Module(
                path,
                class_name,
                f"tiny.{class_name}",
                parameters,
                own or parameters,
                attributes,
                callable=runs,
                tensors=tensors,
            )
        )
        return self

    def value(self, text: str, origin: Origin, name: str = "", storage: int | None = None) -> Value:
        """Add a value that no op made, or one that the caller gives a producer."""
        dtype, shape = tensor_type(text)
        number = len(self.values)
        self.values.append(
            Value(number, dtype, shape, origin, name=name, storage=number if storage is None else storage)
        )
        return self.values[-1]

    def input(self, text: str, name: str = "in[0]") -> Value:
        """Add a tensor that came from outside."""
        return self.value(text, "input", name)

    def parameter(self, name: str, text: str) -> Value:
        """Add a parameter of the model."""
        return self.value(text, "parameter", name)

    def buffer(self, name: str, text: str) -> Value:
        """Add a buffer of the model."""
        return self.value(text, "buffer", name)

    def unknown(self, text: str) -> Value:
        """Add a tensor whose making was not seen."""
        return self.value(text, "unknown")

    def source(self, text: str, file: str = "tiny/model.py", line: int = 0, function: str = "forward") -> int:
        """Add a source line; returns its position."""
        self.sources.append(Source(file, line or len(self.sources) + 10, function, text))
        return len(self.sources) - 1

    @contextmanager
    def call(
        self,
        path: str,
        *arguments: Any,
        method: str = "forward",
        class_name: str = "Module",
        source: int | None = None,
        **keywords: Any,
    ) -> Iterator[OpenCall]:
        """Open a call; what is added inside the ``with`` block runs in it.

        A keyword ``_0_query=x`` is the first positional argument with the alias ``in.query``.
        """
        if all(module.path != path for module in self.modules):
            self.module(path, class_name)
        same = [call for call in self.calls if (call.record.path, call.record.method) == (path, method)]
        record = Call(
            id=len(self.calls),
            path=path,
            method=method,
            index=len(same),
            class_name=next(module.class_name for module in self.modules if module.path == path),
            parent=self._open[-1].id if self._open else None,
            inputs=argument_ports(arguments, keywords),
            outputs=(),
            first_op=len(self.ops),
            last_op=len(self.ops),
            source=source,
        )
        call = OpenCall(record.id, record)
        self.calls.append(call)
        self._open.append(call)
        try:
            yield call
        finally:
            self._open.pop()
            inside = self.ops[record.first_op :]
            call.record = replace(
                call.record,
                outputs=call.outputs,
                last_op=len(self.ops),
                flops=sum(op.flops for op in inside if op.parent is None),
            )

    def op(
        self,
        target: str,
        inputs: Sequence[Any] | Mapping[str, Any],
        *outputs: str,
        writes: Value | None = None,
        views: Value | None = None,
        score: str = "",
        flops: int = 0,
        source: int | None = None,
        outer: Sequence[Value] = (),
    ) -> Any:
        """Add an op and return its value, or a tuple of them.

        Args:
            inputs: positional (a list) or named (a dict) arguments.
            outputs: types of what it makes, such as ``f32[1, 256]``.
            writes: it writes into this value in place: its outputs share the storage.
            views: its outputs are views of this value.
            score: type of a score matrix that the kernel never builds.
            outer: values handed on as outputs, for an op that ends a composite op or passes a tensor on.
        """
        number = len(self.ops)
        shared = writes or views
        made = [self.value(text, "op", storage=shared.storage if shared else None) for text in outputs]
        made = [replace(value, producer=number) for value in made]
        for value in made:
            self.values[value.id] = value
        given = [*outer, *made]
        ports = nested_ports("out", given[0] if len(given) == 1 else list(given)) if given else []
        if score:
            ghost = replace(self.value(score, "op"), producer=number, storage=None, materialized=False)
            self.values[ghost.id] = ghost
            ports.append(Port("score", ghost.id))
        self.ops.append(
            Op(
                id=number,
                target=target,
                call=self._open[-1].id if self._open else None,
                inputs=argument_ports((), inputs)
                if isinstance(inputs, Mapping)
                else argument_ports(inputs, {}),
                outputs=tuple(ports),
                source=source,
                parent=self._composite,
                flops=flops,
                live_bytes=sum(value.bytes for value in made),
            )
        )
        return given[0] if len(given) == 1 else tuple(given)

    @contextmanager
    def composite(self, target: str, inputs: Sequence[Any], output: str, flops: int = 0) -> Iterator[Value]:
        """Add a composite op; ops added inside the block are its details. Yields its output."""
        made: Value = self.op(target, inputs, output, flops=flops)
        before, self._composite = self._composite, len(self.ops) - 1
        try:
            yield made
        finally:
            self._composite = before

    def escape(self, value: Value, how: str = "item", source: int | None = None) -> TraceBuilder:
        """Let Python read a value."""
        self.escapes.append(Escape(value.id, how, self._open[-1].id if self._open else None, source))
        return self

    def fails(self, target: str, inputs: Sequence[Any], message: str) -> None:
        """End the run with an op that raised, inside all calls that are open."""
        source = self.source(f"torch.{target}(...)")
        self.op(target, inputs, source=source)
        for call in self._open:
            call.record = replace(call.record, raised=True)
        call_id = self._open[-1].id if self._open else None
        op_id = len(self.ops) - 1
        failure = Failure("RuntimeError", message, call_id, op_id, source, "tiny/model.py")
        self.run = replace(self.run, complete=False, failure=failure)

    def trace(self) -> Trace:
        """Return what was collected."""
        if all(module.path != "" for module in self.modules):
            self.modules.insert(0, Module("", "Tiny", "tiny.Tiny", 0, 0, {}))
        return Trace(
            run=self.run,
            modules=tuple(self.modules),
            calls=tuple(call.record for call in self.calls),
            ops=tuple(self.ops),
            values=tuple(self.values),
            escapes=tuple(self.escapes),
            sources=tuple(self.sources),
        )


def sample_trace() -> Trace:
    """Return the trace of a small detector: image features, prompt, encoder, decoder, heads."""
    build = TraceBuilder(run=Run("factory", "tiny:detector", "meta", inputs={"prompt": "a bus", "seed": 0}))
    for path, class_name in _SAMPLE_MODULES.items():
        build.module(path, class_name, parameters=len(path))
    image = build.input("f32[1, 3, 28, 28]", "in.image")
    features, position = _sample_backbone(build, image)
    tokens = build.input("i64[1, 5]", "in.tokens")
    line = build.source("outputs = self(features, tokens)", "tiny/detector.py", 90, "run")
    with build.call("", _0_features=[features], tokens=tokens, boxes=None, source=line) as root:
        prompt = _sample_text(build, tokens)
        memory = _sample_encoder(build, features, position)
        boxes, stacked, queries = _sample_decoder(build, memory, prompt)
        result: dict[str, Any] = {}
        with build.call("", result, queries, _2_features=[features], method="_run_heads") as heads:
            masks = _sample_masks(build, queries, features)
            heads.fills(result={"masks": masks})
        root.returns({"boxes": boxes, "masks": masks, "presence": None, "aux": [{"boxes": stacked}]})
    return build.trace()


_SAMPLE_MODULES = {
    "": "Detector",
    "backbone": "Backbone",
    "backbone.trunk": "Trunk",
    "backbone.convs": "ModuleList",
    "backbone.convs.0": "Upsample",
    "backbone.convs.1": "MaxPool2d",
    "text": "TextEncoder",
    "geometry": "GeometryEncoder",
    "encoder": "Encoder",
    "encoder.layers": "ModuleList",
    "encoder.layers.0": "EncoderLayer",
    "encoder.layers.0.self_attn": "MultiheadAttention",
    "encoder.layers.1": "EncoderLayer",
    "encoder.layers.1.self_attn": "MultiheadAttention",
    "decoder": "Decoder",
    "decoder.box_head": "Linear",
    "decoder.norm": "LayerNorm",
    "mask_head": "MaskHead",
}


def _sample_backbone(build: TraceBuilder, image: Value) -> tuple[Value, Value]:
    weight = build.parameter("backbone.trunk.proj.weight", "f32[16, 3, 4, 4]")
    line = build.source("features = self.trunk(image)", "tiny/backbone.py", 40, "forward_image")
    with build.call("backbone", _0_image=image, method="forward_image") as backbone:
        with build.call("backbone.trunk", image, source=line) as trunk:
            patches = build.op("conv2d", [image, weight, None, (4, 4)], "f32[1, 16, 7, 7]", flops=75_264)
            features = build.op("relu_", [patches], "f32[1, 16, 7, 7]", writes=patches)
            trunk.returns([features])
        with build.call("backbone.convs.0", features) as fine:
            options = {"input": features, "scale_factor": 2.0, "mode": "nearest"}
            upsampled = build.op("interpolate", options, "f32[1, 16, 14, 14]")
            fine.returns(upsampled)
        with build.call("backbone.convs.1", features) as coarse:
            pooled = build.op("max_pool2d", [features, 2], "f32[1, 16, 3, 3]", flops=144)
            coarse.returns(pooled)
        position = build.buffer("backbone.position", "f32[1, 16, 14, 14]")
        backbone.returns({"features": [upsampled], "position": [position], "mask": None})
    return upsampled, position


def _sample_text(build: TraceBuilder, tokens: Value) -> Value:
    table = build.parameter("text.embedding.weight", "f32[100, 16]")
    with build.call("text", tokens) as text:
        padding = build.op("eq", [tokens, 0], "bool[1, 5]")
        build.escape(padding, "bool", build.source("if padding.any():", "tiny/text.py", 12))
        embedded: Value = build.op("embedding", [table, tokens], "f32[1, 5, 16]")
        pooled = build.op("mean", {"input": embedded, "dim": 1}, "f32[1, 16]")
        text.returns(embedded, pooled)
    return embedded


def _sample_encoder(build: TraceBuilder, features: Value, position: Value) -> Value:
    with build.call("encoder", _0_features=features, _1_position=position, mask=None) as encoder:
        flat = build.op("flatten", [features, 2], "f32[1, 16, 196]", views=features)
        tokens: Value = build.op("transpose", [flat, 1, 2], "f32[1, 196, 16]", views=features)
        for number in range(2):
            path = f"encoder.layers.{number}"
            with build.call(path, tokens) as layer:
                with build.call(f"{path}.self_attn", tokens, tokens, tokens, need_weights=False) as attention:
                    attended = _sample_attention(build, tokens)
                    attention.returns(attended, None)
                tokens = build.op("add", [tokens, attended], "f32[1, 196, 16]")
                layer.returns(tokens)
        encoder.returns({"memory": tokens, "mask": None})
    return tokens


def _sample_attention(build: TraceBuilder, tokens: Value) -> Value:
    heads = "f32[1, 2, 196, 8]"
    name = "multi_head_attention_forward"
    with build.composite(name, [tokens, tokens, tokens], "f32[1, 196, 16]", flops=2_500_000) as attended:
        split = [build.op("view", [tokens, 1, 196, 2, 8], heads, views=tokens) for _ in range(3)]
        mixed = build.op(
            "scaled_dot_product_attention", split, heads, score="f32[1, 2, 196, 196]", flops=1_200_000
        )
        build.op("reshape", [mixed, (1, 196, 16)], outer=[attended])
    return attended


def _sample_decoder(build: TraceBuilder, memory: Value, prompt: Value) -> tuple[Value, Value, Value]:
    table = build.parameter("decoder.query", "f32[10, 16]")
    line = build.source("boxes = self.box_head(queries)", "tiny/decoder.py", 77)
    with build.call("decoder", memory=memory, prompt=prompt) as decoder:
        queries: Value = build.op("unsqueeze", [table, 0], "f32[1, 10, 16]", views=table)
        for _ in range(2):
            with build.call("decoder", queries, memory, method="_box_bias") as bias:
                scores = build.op("matmul", [queries, memory], "f32[1, 10, 196]", flops=62_720)
                bias.returns(scores)
            queries = build.op("matmul", [scores, memory], "f32[1, 10, 16]", flops=62_720)
            queries = build.op("add_", [queries, prompt], "f32[1, 10, 16]", writes=queries)
            with build.call("decoder.box_head", queries, source=line) as head:
                boxes: Value = build.op("linear", [queries], "f32[1, 10, 4]", flops=1_280)
                head.returns(boxes)
        decoder.returns(queries, boxes)
    with build.call("decoder.box_head", queries) as head:
        stacked: Value = build.op("linear", [queries], "f32[2, 1, 10, 4]", flops=2_560)
        head.returns(stacked)
    return boxes, stacked, queries


def _sample_masks(build: TraceBuilder, queries: Value, features: Value) -> Value:
    line = build.source('return einsum("bqc,bchw->bqhw", queries, pixels)', "tiny/masks.py", 21)
    with build.call("mask_head", queries, pixels=features) as head:
        inputs = ["bqc,bchw->bqhw", queries, features]
        masks: Value = build.op("einsum", inputs, "f32[1, 10, 14, 14]", flops=62_720, source=line)
        head.returns(masks)
    return masks


def blocks_trace(count: int = 6, odd: int | None = None) -> Trace:
    """An encoder of alike blocks; block ``odd`` gives another shape."""
    build = TraceBuilder()
    build.module("", "Net", 1_234_567)
    image = build.input("f32[1, 3, 8, 8]", "in[0]")
    with build.call("", image, class_name="Net") as root:
        with build.call("encoder", image, class_name="Encoder") as encoder:
            value = image
            for number in range(count):
                with build.call(f"encoder.blocks.{number}", value, class_name="Block") as block:
                    with build.call(f"encoder.blocks.{number}.norm", value, class_name="Norm") as norm:
                        value = build.op(
                            "relu", [value], "f32[1, 3, 4, 4]" if number == odd else "f32[1, 3, 8, 8]"
                        )
                        norm.returns(value)
                    block.returns(value)
            encoder.returns({"features": value, "image": image})
        root.returns(value)
    return build.trace()
