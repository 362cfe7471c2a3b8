"""A small stack of layers that is built as it should be, or with one change, and a walkthrough of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from builders import TraceBuilder
from walkthroughs import document_of

from shapeflow.model.trace import Trace
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse
from shapeflow.walkthrough.verdict import CheckResult

CLAIMS = (
    ".:in  [1, N, 4]",
    "embed:out  f32[1, N, D]",
    "count body.layers.* = L",
    "attr body.depth = L",
    "body.layers.*:in  [1, N, D]",
    "body.layers.*:out  f32[1, N, D]",
    "body.layers.*.attn:out  [1, N, D]",
    "count calls body.layers.*.attn = L",
    "count ops **/softmax = L",
    "body.layers.0:out reaches head:out",
    "body.layers.1:out reaches head:out",
    "embed:out reaches head:out",
    "body:out  f32[1, N, D]",
    "head:in  [1, N, 16]",
    "head:out  f32[1, N, 10]",
    'said "half of the tokens are dropped": head:out  [1, N / 2, 10]',
)
"""Line 10 of the document and those after it."""
DIMS = {"S": 8, "N": "S", "D": 16, "L": 4}


def document(*more: str, claims: Sequence[str] = CLAIMS) -> str:
    """Return the walkthrough of the stack; the first claim is in line 11."""
    return document_of(*claims, *more, dims=DIMS)


def stack(
    *,
    tokens: int = 8,
    width: int = 16,
    members: int = 4,
    order: Sequence[int] | None = None,
    cast_at: int = -1,
    cut_at: int = -1,
    fails_at: int = -1,
    body: str = "body",
    joined_by: str = "add",
    batch: int = 1,
    run: str = "",
) -> Trace:
    """Return the run of an embedding, a stack of layers with attention, and a head.

    Args:
        tokens: what goes in.
        width: of what is embedded.
        members: layers that there are.
        order: layers that run; None: each once.
        cast_at: the layer from which on all is bf16.
        cut_at: the layer that gives zeros, whatever it gets.
        fails_at: the layer in which the run ends.
        body: the name of the module that holds the layers.
        joined_by: the op that joins what a layer got and what its attention made of it.
        batch: how many sequences go in.
        run: which run of a document it is.
    """
    build = TraceBuilder()
    build.module("", "Model").module("embed").module(body, "Body", depth=members)
    build.module(f"{body}.layers", "ModuleList", callable=False)
    for number in range(members):
        build.module(f"{body}.layers.{number}", "Layer").module(f"{body}.layers.{number}.attn", "Attention")
    build.module("head")
    weight = build.parameter("embed.weight", f"f32[{width}, 4]")
    given = build.input(f"f32[{batch}, {tokens}, 4]", "in.x")
    loop = build.source("x = layer(x)", "tiny/body.py", 40)
    dtype = "f32"
    with build.call("", given) as root:
        with build.call("embed", given) as embed:
            made = build.source("return F.linear(x, self.weight)", "tiny/embed.py", 7)
            x = build.op("linear", [given, weight], f"f32[{batch}, {tokens}, {width}]", source=made)
            embed.returns(x)
        with build.call(body, x) as holder:
            for number in range(members) if order is None else order:
                dtype = "bf16" if number == cast_at else dtype
                shape = f"{dtype}[{batch}, {tokens}, {width}]"
                with build.call(f"{body}.layers.{number}", x, source=loop) as layer:
                    if number == cast_at:
                        x = build.op(
                            "to", [x, "bf16"], shape, source=build.source("x.to(bf16)", "tiny/body.py", 9)
                        )
                    with build.call(f"{body}.layers.{number}.attn", x) as attention:
                        if number == fails_at:
                            build.fails("matmul", [x], "mat1 and mat2 shapes cannot be multiplied")
                            return _named(build, run)
                        score = build.op("softmax", [x], f"{dtype}[{batch}, {tokens}, {tokens}]")
                        mixed = build.op("matmul", [score, x], shape)
                        attention.returns(mixed)
                    x = build.op(joined_by, [x, mixed], shape)
                    if number == cut_at:
                        x = build.op("zeros", [], shape)
                    layer.returns(x)
            holder.returns(x)
        with build.call("head", x) as head:
            y = build.op("linear", [x], f"{dtype}[{batch}, {tokens}, 10]")
            head.returns(y)
        root.returns(y)
    return _named(build, run)


def _named(build: TraceBuilder, run: str) -> Trace:
    trace = build.trace()
    return replace(trace, run=replace(trace.run, name=run))


def judged(trace: Trace, *more: str, claims: Sequence[str] = CLAIMS) -> CheckResult:
    """Judge the walkthrough of the stack, and more claims, on a trace."""
    return check(trace, parse(document(*more, claims=claims), "stack.md"))


def causes(result: CheckResult) -> list[tuple[str, str, int]]:
    """Return code, sentence and number of claims of each cause."""
    return [(cause.code, cause.what, len(cause.claims)) for cause in result.causes]


def alone(result: CheckResult) -> list[str]:
    """Return the claims that fail and have no cause."""
    return [verdict.claim.text for verdict in result.failed if verdict.claim.id not in result.cause_of]
