"""Traces and a walkthrough for the tests of reports and drawings: a small detector with all of it."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

from builders import TraceBuilder

from shapeflow.model.pictures import Picture
from shapeflow.model.records import Run, Value
from shapeflow.model.trace import Trace

# The smallest JPEG and PNG that a browser draws.
GREY = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAC0lEQVR42mMwOAAAASMA8VNZygsAAAAASUVORK5CYII="
"""A PNG of two grey pixels."""
PIXEL = (
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwS"
    "ExIQEw8QEBD/yQALCAABAAEBAREA/8wABgAQEAX/2gAIAQEAAD8A0s8g/9k="
)
DOT_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

WALKTHROUGH = """\
---
title: A small detector
model: tiny:detector
dims:
  B: 1
  S: 32  # side of the picture
  G: S / 4  # patches a side
  N: G * G  # image tokens
  C: 16  # channels
---
# A small detector

How an image becomes masks. Each patch is compared with each: $S_{ij} = q_i \\cdot k_j$, in all

$$
\\mathrm{softmax}\\left(\\frac{Q K^T}{\\sqrt{d}}\\right) V
$$

## 1 Image

### 1.1 Trunk

The trunk keeps its shape, `[1, 8, 8, 16]`, through all blocks.

```shapes
backbone.vision_backbone.trunk:in[0]  [B, 3, S, S]
backbone.vision_backbone.trunk.blocks.*:out  [B, G, G, C]
count backbone.vision_backbone.trunk.blocks.* = 6
```

### 1.2 Pyramid

```shapes
backbone.vision_backbone.convs.0:out  [B, C, 4*G, 4*G]
backbone.vision_backbone.convs.1:out  [B, C, 2*G, 2*G]
backbone.vision_backbone.convs.2:out  [B, C, G, G]
backbone.vision_backbone.convs.3:out  [B, C, G/2, G/2]
backbone.vision_backbone.convs.3 unused
said "2.3 all levels are used": backbone.vision_backbone.convs.3 reaches mask_head
```

## 2 Decoder

| step | what |
|---|---|
| 1 | attention over `[B, N, C]` |

```shapes
decoder.attn:in[0]  [B, 10, C]
decoder:out[0]  [B, 12, C]
nowhere:out  [B]
```

## 3 Masks

```python
masks = einsum("bqc,bchw->bqhw", queries, pixels)
```

```shapes
mask_head/einsum  "bqc,bchw->bqhw"
mask_head:out  [B, 10, 4*G, 4*G]
```
"""


def detector(blocks: int = 6, title: str = "yellow school bus", repeat: int = 1) -> Trace:
    """Return the trace of a detector with a trunk of ``blocks`` blocks, one of them unlike the rest.

    Args:
        blocks: how many.
        title: the prompt.
        repeat: how often the trunk runs, to make a large trace.
    """
    inputs = {
        "images": [{"file": "bus.jpg", "size": [640, 480]}],
        "prompt": title,
        "boxes": [{"cx": 0.5, "cy": 0.5, "width": 0.4, "height": 0.2, "positive": True}],
        "thumbnail": PIXEL,
    }
    run = Run(
        "factory", "tiny:detector", "meta", inputs=inputs, versions={"torch": "2.0"}, seconds={"forward": 0.5}
    )
    build = TraceBuilder(run=run)
    build.module("", "Detector", parameters=1_000_000, hidden=16)
    image = build.input("f32[1, 3, 32, 32]", "in.image")
    line = build.source("features = self.trunk(image)", "tiny/backbone.py", 40, "forward_image")
    with build.call("backbone", _0_image=image, method="forward_image", class_name="Backbone") as backbone:
        with build.call("backbone.vision_backbone", image, class_name="Neck", source=line) as neck:
            for _ in range(repeat):
                features = trunk(build, image, blocks)
            levels = pyramid(build, features)
            neck.returns(levels)
        backbone.returns({"levels": levels[:3]})
    with build.call("", _0_levels=levels[:3], class_name="Detector") as root:
        queries = decoder(build, levels[2])
        masks = mask_head(build, queries, levels[0])
        root.returns({"masks": masks, "presence": None})
    trace = build.trace()
    peak = max(trace.ops, key=lambda op: op.live_bytes)
    return replace(trace, run=replace(trace.run, peak_bytes=peak.live_bytes, peak_op=peak.id))


def trunk(build: TraceBuilder, image: Value, blocks: int) -> Value:
    """Add the trunk: patches, then blocks, of which the last but one looks at twice as many heads."""
    weight = build.parameter("backbone.vision_backbone.trunk.proj.weight", "f32[16, 3, 4, 4]")
    with build.call("backbone.vision_backbone.trunk", image, class_name="Trunk") as call:
        patches = build.op("conv2d", [image, weight], "f32[1, 16, 8, 8]", flops=98_304)
        x = build.op("permute", [patches, 0, 2, 3, 1], "f32[1, 8, 8, 16]", views=patches)
        for number in range(blocks):
            heads = 4 if number == blocks - 2 else 2
            path = f"backbone.vision_backbone.trunk.blocks.{number}"
            with build.call(path, x, class_name="Block") as block:
                tokens = build.op("flatten", [x, 1, 2], "f32[1, 64, 16]", views=x)
                q = build.op("view", [tokens], f"f32[1, {heads}, 64, {16 // heads}]", views=tokens)
                score = f"f32[1, {heads}, 64, 64]"
                given = {"query": q, "key": q, "value": q}
                name = "scaled_dot_product_attention"
                mixed, _ = (
                    build.op(name, given, f"f32[1, {heads}, 64, {16 // heads}]", score=score, flops=131_072),
                    None,
                )
                merged = build.op("reshape", [mixed], "f32[1, 8, 8, 16]")
                x = build.op("add", [x, merged], "f32[1, 8, 8, 16]", source=build.source("x = x + merged"))
                block.returns(x)
        out = build.op("permute", [x, 0, 3, 1, 2], "f32[1, 16, 8, 8]", views=x)
        call.returns(out)
    return out


def pyramid(build: TraceBuilder, features: Value) -> list[Value]:
    """Add four levels, of which nobody reads the last."""
    levels = []
    for number, side in enumerate((32, 16, 8, 4)):
        with build.call(
            f"backbone.vision_backbone.convs.{number}", features, class_name="Sequential"
        ) as call:
            source = build.source(f"return scale_{number}(x)", "tiny/neck.py", 20 + number)
            level = build.op(
                "interpolate", [features], f"f32[1, 16, {side}, {side}]", source=source, flops=64
            )
            call.returns(level)
        levels.append(level)
    return levels


def decoder(build: TraceBuilder, level: Value) -> Value:
    """Add a decoder whose attention is written out as product, softmax, product."""
    with build.call("decoder", level, class_name="Decoder") as call:
        queries = build.parameter("decoder.queries", "f32[1, 10, 16]")
        memory = build.op("flatten", [level, 2], "f32[1, 16, 64]", views=level)
        start = build.op("clone", [queries], "f32[1, 10, 16]")
        with build.call("decoder.attn", start, memory, class_name="Attention") as attention:
            score = build.op("matmul", [start, memory], "f32[1, 10, 64]", flops=20_480)
            weights = build.op("softmax", [score], "f32[1, 10, 64]")
            value = build.op("transpose", [memory, 1, 2], "f32[1, 64, 16]", views=memory)
            mixed = build.op("matmul", [weights, value], "f32[1, 10, 16]", flops=20_480)
            attention.returns(mixed, weights)
        added = build.op("add", [start, mixed], "f32[1, 10, 16]")
        call.returns(added, {"attention": weights})
    return added


def mask_head(build: TraceBuilder, queries: Value, pixels: Value) -> Value:
    """Add the product of queries and pixels."""
    with build.call("mask_head", queries, pixels=pixels, class_name="MaskHead") as call:
        source = build.source('return einsum("bqc,bchw->bqhw", queries, pixels)', "tiny/masks.py", 21)
        masks: Value = build.op(
            "einsum", ["bqc,bchw->bqhw", queries, pixels], "f32[1, 10, 32, 32]", source=source, flops=327_680
        )
        call.returns(masks)
    return masks


def pictured(*, drawn: bool = True) -> Trace:
    """Return the trace of the detector with a picture of each kind."""
    trace = detector()
    by_type = {str(value): value.id for value in trace.values}
    level, score = by_type["f32[1, 16, 8, 8]"], by_type["f32[1, 10, 64]"]
    masks = by_type["f32[1, 10, 32, 32]"]
    missing = "" if drawn else "shapes-only"
    pictures = (
        Picture(level, "features", GREY, 2, 1, 16, 87, 2, missing=missing),
        Picture(score, "attention", GREY, 2, 1, heads=4, token=1, tokens=10, missing=missing),
        Picture(masks, "masks", GREY, 2, 1, count=3, best="0.91", scored="presence", missing=missing),
    )
    if not drawn:
        return replace(trace, pictures=tuple(replace(one, data="", best="") for one in pictures))
    run = replace(trace.run, device="cpu", inputs={**trace.run.inputs, "checkpoint": "sam.pt"})
    return replace(trace, run=run, pictures=pictures)


def crashed() -> Trace:
    """Return a run that ended in the middle of the decoder."""
    build = TraceBuilder(run=Run("factory", "tiny:crash", "meta"))
    image = build.input("f32[1, 3, 8, 8]", "in.image")
    with build.call("", image, class_name="Crash"):
        with build.call("encoder", image, class_name="Encoder") as encoder:
            features = build.op("conv2d", [image], "f32[1, 8, 4, 4]")
            encoder.returns(features)
        with build.call("decoder", features, class_name="Decoder"):
            tokens = build.op("flatten", [features], "f32[1, 128]")
            build.fails(
                "linear", [tokens, tokens], "mat1 and mat2 shapes cannot be multiplied (1x128 and 64x8)"
            )
    return build.trace()


ATTACK = "</script><img src=x onerror=\"window.attacked='markup'\"><svg onload=window.attacked='svg'>"
CONTROLS = "a\u202eb\u0000c\u001b[31md\u2028e\u2029f\ufeff"


def hostile() -> Trace:
    """Return a trace in which every name, text and line tries to be more than text."""
    inputs = {
        "prompt": f"{ATTACK}{CONTROLS}" + "x" * 100_000,
        "thumbnail": 'x" onerror="window.attacked=1',
        ATTACK: ATTACK,
        "boxes": [{"cx": "1\"><script>window.attacked='box'</script>", "cy": 0, "width": 1, "height": 1}],
    }
    run = Run("factory", ATTACK, "meta", inputs=inputs, versions={ATTACK: ATTACK}, notes=(ATTACK + CONTROLS,))
    build = TraceBuilder(run=run)
    build.module("", ATTACK)
    build.module(f"layer{ATTACK}", ATTACK, **{"__proto__": ATTACK, "constructor": "x" * 100_000})
    build.module('q"\\]-->"; URL="javascript:alert(1)', "A<B> & C")
    source = build.source(f"x = y  # {ATTACK}", f"{ATTACK}.py", 3, ATTACK)
    value = build.input("f32[1, 3, 8, 8]", f"in.{ATTACK}")
    with build.call("", value) as root:
        with build.call(f"layer{ATTACK}", value, source=source, text=f"{ATTACK}{CONTROLS}") as layer:
            made = build.op(f"relu{ATTACK}", [value, ATTACK], "f32[1, 3, 8, 8]", source=source)
            layer.returns({ATTACK: made})
        with build.call('q"\\]-->"; URL="javascript:alert(1)', made) as other:
            last = build.op("`${window.attacked=1}`", [made], "f32[1, 3, 4, 4]", source=source)
            unused = build.op("__proto__", [made], "f32[1, 3, 2, 2]")
            other.returns(last, unused)
        root.returns(last)
    return build.trace()


HOSTILE_WALKTHROUGH = f"""\
---
title: "{ATTACK.replace('"', "'")}"
dims:
  constructor: 3
  B: 1  # {ATTACK}
---
# Title {ATTACK}

## {ATTACK}

<script>window.attacked = "prose"</script> [link](javascript:window.attacked='link') and
![picture](https://example.com/pixel.png "{ATTACK}") and <img src=x onerror="window.attacked='raw'">

$\\href{{javascript:alert(1)}}{{x}} </math><script>window.attacked='math'</script>$

```html
<script>window.attacked = "fence"</script>
```

```shapes
.:out  [B, constructor, 4, 4]
count ** = 9  # {ATTACK}
said "{ATTACK.replace('"', "'")}": .:out  [1]
nothing{ATTACK}:out [B]
```
"""


def write_walkthrough(folder: Path, text: str = WALKTHROUGH) -> Path:
    """Write a walkthrough into ``folder`` and return its path."""
    path = folder / "walkthrough.md"
    path.write_text(text, encoding="utf-8")
    return path


STATEMENTS = "\n".join(
    "\t".join(cells)
    for cells in (
        ("id", "part", "line", "says", "verdict", "section", "claim", "reason"),
        (
            *("1", "First pass > 1 Pyramid", "12", "P0: [1, 16, 32, 32]", "holds"),
            *("1.2", "backbone.vision_backbone.convs.0:out  [B, C, 4*G, 4*G]", ""),
        ),
        (
            *("2", "First pass > 1 Pyramid", "19", "all levels are used", "contradicted"),
            *("1.2", "backbone.vision_backbone.convs.3 reaches mask_head", ""),
        ),
        (
            *("3", "First pass > 2 Decoder", "1021-1024", "the decoder gives 12 queries", "imprecise"),
            *("2", "decoder:out[0]  [B, 12, C]", ""),
        ),
        ("4", "Second pass", "1100", "<b>it helps</b>", "not observable", "", "", "a guess | of the text"),
    )
)
"""A table of what another text says of the small detector."""


MAP = "\n".join(
    "\t".join(cells)
    for cells in (
        ("section", "other", "tiny:detector", "shapes", "note", "note.zh"),
        ("1.2", "neck.levels.*", "backbone.vision_backbone.convs.*", "", "", ""),
        ("2", "head:out[0]", "decoder:out[0]", "[Q, B, C] -> [B, Q, C]", "the <b>batch</b>", "批次在前"),
        ("2", "", "decoder", "", "other has none", ""),
        ("2", "points", "no_such_part", "", "", ""),
    )
)
"""Where a model called ``other`` has the parts of the small detector."""


def write_mapped_walkthrough(folder: Path) -> Path:
    """Write the walkthrough and its map to another model into ``folder``; return its path."""
    (folder / "map.tsv").write_text(MAP, encoding="utf-8")
    path = folder / "mapped.md"
    text = WALKTHROUGH.replace("dims:", "map: map.tsv\ndims:", 1)
    path.write_text(text, encoding="utf-8")
    return path


def write_stated_walkthrough(folder: Path) -> Path:
    """Write the walkthrough and the table of statements that it answers into ``folder``; return its path."""
    (folder / "statements.tsv").write_text(STATEMENTS, encoding="utf-8")
    path = folder / "stated.md"
    path.write_text(WALKTHROUGH.replace("dims:", "statements: statements.tsv\ndims:", 1), encoding="utf-8")
    return path


assert base64.b64decode(PIXEL).startswith(b"\xff\xd8\xff")
