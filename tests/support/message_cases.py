"""For each code a cause, and the whole message that it must give: tests/gold/messages/CODE.txt.

``python tests/support/message_cases.py`` writes these files again; look at the diff before committing.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from builders import sample_trace
from layer_stacks import judged, stack
from places import GOLD
from walkthroughs import document_of

from shapeflow.cli import main
from shapeflow.model.trace import Trace
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse
from shapeflow.walkthrough.verdict import Verdict

CLAIMS: dict[str, tuple[str, ...]] = {
    "ambiguous-file": ("decoder.py:77:out  [1, Q, 4]",),
    "ambiguous-path": ("decoder.box_head:out  [1, Q, 4]",),
    "amount": ("flops mask_head = 31.4K",),
    "attribute": ("attr .steps = 6",),
    "bad-index": ("decoder.box_head@7:out  [1, 10, 4]",),
    "block-attribute": ("```", "", "```shapes modul=decoder", "mask_head:out  [1, 10, 14, 14]"),
    "block-name": ("```", "", "```shape", "mask_head:out  [1, 10, 14, 14]"),
    "block-open": ("```", "", "~~~shapes", "mask_head:out  [1, 10, 14, 14]"),
    "claim-syntax": ("mask_head:out  f32[1 x Q x 14 x 14]",),
    "chain": ("chain encoder, mask_head",),
    "class": ("class encoder.layers.0 = DecoderLayer",),
    "count": ("count encoder.layers.* = 6",),
    "dtype": ("mask_head:out  bf16[1, Q, 14, 14]",),
    "duplicate-section": ("```", "", "# Claims", "", "```shapes"),
    "flow": (".:in.tokens never reaches mask_head:out",),
    "flow-escaped": (".:in.tokens never reaches encoder:out.memory",),
    "flow-unknown-origin": ("text:out[0] never reaches noise:out",),
    "formula": ("value .:out.boxes ~= .:out.boxes @ .:out.boxes",),
    "layout": ("encoder.layers.*:out  [196, 1, 16]",),
    "making": ("encoder.layers.*:out = encoder.layers.*.self_attn:out[0]",),
    "making-fused": ("layer:out = layer:in[0] + _",),
    "needs-values": ("value .:out.boxes ~= sigmoid(decoder.box_head@1:out)",),
    "never-called": ("geometry:out  [1, 16]",),
    "no-tensor": (".:out.presence reaches mask_head:out",),
    "none": (".:out.boxes  None",),
    "not-all-called": ("{encoder,geometry}:out.memory  [1, N, 16]",),
    "not-all-there": ("encoder.layers.[0-3]:out  [1, N, 16]",),
    "not-in-trace": ("mask_head.scale  [16]",),
    "numpy-missing": ("value .:out.boxes ~= 2 * .:out.boxes",),
    "order": ("mask_head before encoder",),
    "port-missing": ("mask_head  [1, Q, 14, 14]",),
    "range": ("decoder.box_head@0:out  [1, Q, 4]", "where 1 <= Q < 10"),
    "said-holds": ('said "7.1 masks are small": mask_head:out  [1, 10, 14, 14]',),
    "selector-syntax": ("decoder.box_head@last:out  [1, Q, 4]",),
    "shape": ("mask_head:out  f32[1, 10, 14, 28]",),
    "size-out-of-range": ("mask_head:out  [1, 10, 14, 9000000000000000000 * 14]",),
    "symbol-conflict": ("decoder.box_head@0:out  [1, Q, 4]", "encoder.layers.*:out  [1, Q, 16]"),
    "symbol-fraction": ("encoder.layers.*:out  [1, N, 16]", "mask_head:out  [1, 10, N/13, 14]"),
    "symbol-unbound": ("encoder.layers.*:out  [1, H/14 * W/14, 16]",),
    "text": ('mask_head/einsum  "bqc,bchw->bqwh"',),
    "unknown-attribute": ("attr .stepps = 2",),
    "unknown-file": ("tiny/decodr.py:77:out  [1, Q, 4]",),
    "unknown-line": ("tiny/decoder.py:70:out  [1, Q, 4]",),
    "unknown-op": ("mask_head/eisum:out  [1, Q, 14, 14]",),
    "unknown-path": ("encoder.layer.0:out  [1, N, 16]",),
    "unknown-port": ("backbone.forward_image():out.feature[0]  [1, 16, 14, 14]",),
    "value": ("value .:out.boxes ~= 2 * .:out.boxes",),
}
"""Code -> claims in one block, the last of which fails."""

CAUSES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "dtype-changed": ({"cast_at": 2}, ()),
    "flow-cut": ({"cut_at": 2}, ()),
    "making-changed": (
        {"joined_by": "sub"},
        (
            "body.layers.*:out = body.layers.*:in[0] + body.layers.*.attn:out",
            "body:out = body.layers.3:in[0] + body.layers.3.attn:out",
        ),
    ),
    "members-changed": ({"members": 3}, ("count calls embed = L - 3",)),
    "module-gone": ({"body": "trunk"}, ()),
    "never-ran": ({"order": (0, 1, 1, 3)}, ()),
    "run-ended": ({"fails_at": 2}, ()),
    "size-changed": ({"width": 32}, ("head:out  [1, N, D - 6]",)),
    "size-missing": ({}, ("embed:out  [1, M + 1, D]", "body:out  [1, M + 1, D]")),
}
"""Code of a cause -> how the stack of layers differs from its walkthrough, and more claims of that."""

COMMANDS: dict[str, str] = {
    "box": "trace photo.png --box 10,20,30",
    "box-outside": "trace photo.png --box 0.9,0.5,0.4,0.2",
    "checkpoint-missing": "trace photo.png --checkpoint weights/sam3.pt",
    "draft-names": "init odd.trace.json -o new.md --numbers",
    "file-missing": "check t.trace.jsn w.md",
    "file-unreadable": "check weights w.md",
    "front-matter": "check t.trace.json front.md",
    "image-broken": "trace cut.png",
    "image-missing": "trace --prompt bus",
    "input-syntax": "trace --model model.py:crash --input input=f32[B,4]",
    "input-too-large": "trace --model model.py:crash --input f32[99999999999,99999999999]",
    "input-twice": "trace --model model.py:crash --input input=f32[1,4] --input in[0]=f32[2,4]",
    "input-unknown": "trace --model model.py:crash --input imput=f32[1,4]",
    "map": "report t.trace.json mapped.md",
    "model-format": "trace --model net.onnx",
    "model-too-large": "trace --model model.py:vast --device cpu",
    "model-unreadable": "trace --model weights/sam3_large.pt",
    "model-untrusted": "trace --model pickled.pkl",
    "model-weights": "trace --model weights/head.safetensors",
    "no-call": "show t.trace.json encoder:out --overview",
    "no-claims": "check t.trace.json none.md",
    "no-dim": "show t.trace.json encoder:out.memory --size 7",
    "no-gradient": "trace --model model.py:frozen --backward",
    "no-method": "trace --model model.py:frozen --call reset_parameter",
    "no-failure": "show t.trace.json --failure",
    "no-path": "graph t.trace.json --path mask_head:out backbone.convs.1:out -o t.dot",
    "not-an-image": "trace page.jpg",
    "not-text": "check t.trace.json photo.png",
    "not-writable": "trace photo.png -o w.md/t.trace.json",
    "option-unused": "trace photo.png --model model.py:crash",
    "other-model": "check t.trace.json other.md",
    "output-exists": "report t.trace.json -o w.md",
    "output-is-input": "report t.trace.json -o t.trace.json",
    "output-name": "trace photo.png -o t.json",
    "prompt-empty": "trace photo.png --prompt ' '",
    "propose": "annotate w.md t.trace.json --propose no-such-program",
    "run-incomplete": "coverage failed.trace.json failed.md --mutate",
    "run-missing": "check t.trace.json runs.md",
    "statements": "report t.trace.json stated.md",
    "target-exit": "trace --model model.py:leaves",
    "target-import": "check --run importing.md -q",
    "target-malformed": "trace --model model.py:",
    "target-not-found": "trace --model nowhere.models:build",
    "target-outside": "check --run outside.md -q",
    "target-raised": "trace --model model.py:raises",
    "target-result": "trace --model model.py:number",
    "target-inputs": "trace --model model.py:inputs",
    "tokenizer-missing": "trace --model model.py:tokens --input 'text=a dog'",
    "target-unnamed": "trace --model model.py",
    "trace-failed-run": "init failed.trace.json -o new.md",
    "unknown-source": "source t.trace.json deocder.py",
    "nothing-to-show": "source t.trace.json backbone.position",
    "unknown-rule": "lint t.trace.json --ignore odd-blok:encoder",
    "trace-newer": "check newer.trace.json w.md",
    "trace-unreadable": "check cut.trace.json w.md",
    "unknown-command": "chek t.trace.json",
    "unknown-format": "graph t.trace.json -o t.docx",
    "unknown-model": "trace photo.png --model sam33",
    "unknown-prefix": "models keras:resnet50",
    "unknown-run": "check one=t.trace.json par=t.trace.json runs.md",
    "unknown-option": "check t.trace.json w.md --allow-undecide",
    "usage": "check",
    "walkthrough-missing": "check t.trace.json",
}
"""Code -> a command line, in a folder that ``prepare`` fills."""

MODEL = """\
import torch
from torch import nn

def crash():
    return nn.Sequential(nn.Linear(4, 2), nn.Linear(3, 2)), (torch.ones(3, 4),)

def raises():
    raise ValueError("no such size")

def leaves():
    raise SystemExit("no GPU")

def number():
    return 3

def frozen():
    return nn.Linear(4, 2).requires_grad_(False), torch.ones(3, 4)

class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(50, 4)
    def forward(self, text):
        return self.table(text)

def tokens():
    return Tokens()

def inputs():
    return nn.Linear(4, 2), (torch.ones(3, 4), torch.ones(3, 4))

def vast():
    return nn.Linear(1 << 22, 1 << 22, bias=False), (torch.ones(3, 1 << 22),)
"""


def with_noise() -> Trace:
    """Return the sample trace with a last call whose input nobody was seen to make."""
    from builders import TraceBuilder

    build = TraceBuilder()
    tokens, noise = build.input("i64[1, 5]", "in.tokens"), build.unknown("f32[1, 8]")
    with build.call("", tokens=tokens):
        with build.call("text", tokens) as text:
            text.returns(build.op("embedding", [tokens], "f32[1, 5, 16]"), None)
        with build.call("noise", noise) as call:
            call.returns(build.op("mul", [noise, 2], "f32[1, 8]"))
    return build.trace()


def twice_named() -> Trace:
    """Return the trace of two layers whose sources have the same name in two folders."""
    from builders import TraceBuilder

    build = TraceBuilder()
    x = build.input("f32[1, 5, 16]", "in.x")
    for folder in ("text", "vision"):
        line = build.source("boxes = self.box_head(x)", f"tiny/{folder}/decoder.py", 77)
        with build.call(folder, x, source=line) as layer:
            layer.returns(build.op("relu", [x], "f32[1, 5, 16]"))
    return build.trace()


def fused() -> Trace:
    """Return the trace of a layer that a fused kernel computes."""
    from builders import TraceBuilder

    build = TraceBuilder()
    x = build.input("f32[1, 5, 16]", "in.x")
    with build.call("layer", x) as layer:
        layer.returns(build.op("_transformer_encoder_layer_fwd", [x], "f32[1, 5, 16]"))
    return build.trace()


def failed_run() -> Trace:
    """Return the trace of a run that ended in the middle."""
    from builders import TraceBuilder

    build = TraceBuilder()
    x = build.input("f32[1]")
    with build.call("", x), build.call("body", x):
        build.fails("matmul", [x], "the shapes do not fit")
    return build.trace()


def subject_of(code: str) -> Trace:
    """Return the trace that the claims for a code are judged on."""
    from dataclasses import replace

    if code == "flow-unknown-origin":
        return with_noise()
    if code == "ambiguous-file":
        return twice_named()
    if code == "making-fused":
        return fused()
    trace = sample_trace()
    root = replace(trace.modules[0], attributes={"steps": 2})
    trace = replace(trace, modules=(root, *trace.modules[1:]))
    if code in ("formula", "value", "numpy-missing"):
        numbers = {"shape": [1, 2, 4], "data": [[[0.25] * 4] * 2]}
        trace = replace(trace, run=replace(trace.run, device="cpu", kept={".:out.boxes": numbers}))
    if code == "needs-values":
        trace = replace(trace, run=replace(trace.run, device="cpu"))
    return trace


def verdict_of(code: str) -> Verdict:
    """Return the verdict that the claims for a code end with."""
    text = document_of(*CLAIMS[code])
    with without_numpy() if code == "numpy-missing" else contextlib.nullcontext():
        verdicts = check(subject_of(code), parse(text, "walkthrough.md")).verdicts
    return next(verdict for verdict in reversed(verdicts) if verdict.code == code)


@contextlib.contextmanager
def without_numpy() -> Iterator[None]:
    """Make numpy impossible to import."""
    loaded = sys.modules.get("numpy")
    sys.modules["numpy"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["numpy"]
        if loaded is not None:
            sys.modules["numpy"] = loaded


def prepare(folder: Path) -> None:
    """Fill a folder with what the command lines need."""
    from PIL import Image

    fine = "mask_head:out  [1, 10, 14, 14]"
    sample_trace().save(folder / "t.trace.json")
    trace = (folder / "t.trace.json").read_text()
    (folder / "newer.trace.json").write_text(trace.replace("shapeflow.trace/1", "shapeflow.trace/2"))
    (folder / "cut.trace.json").write_text(trace[: len(trace) // 2])
    failed_run().save(folder / "failed.trace.json")
    (folder / "w.md").write_text(document_of(fine))
    (folder / "failed.md").write_text(document_of("body:in[0]  [1]"))
    (folder / "none.md").write_text("# Prose\n\n```python\nx = 1\n```\n\n```\ny\n```\n")
    broken = "---\nmodel: tiny:detector\ndims:\n  B: [1, 2\n---\n"
    (folder / "front.md").write_text(broken + document_of(fine))
    runs = "---\nruns:\n  one:\n    seed: 1\n  pair:\n    seed: 2\n---\n"
    (folder / "runs.md").write_text(runs + document_of(fine))
    (folder / "stated.md").write_text("---\nstatements: stated.tsv\n---\n" + document_of(fine))
    rows = ("id\tsays\tverdict\tclaim", "1\tten masks\tholds\tmask_head:out  [1, 10, 14, 13]")
    (folder / "stated.tsv").write_text("\n".join(rows) + "\n")
    (folder / "mapped.md").write_text("---\nmodel: tiny:detector\nmap: map.tsv\n---\n" + document_of(fine))
    (folder / "map.tsv").write_text("section\ttiny:detectr\tother\nClaims\tencoder\tdetr\n")
    (folder / "other.md").write_text("---\nmodel: sam3\n---\n" + document_of(fine))
    (folder / "importing.md").write_text("---\nmodel: model.py:crsh\n---\n" + document_of(fine))
    (folder / "outside.md").write_text("---\nmodel: os:getcwd\n---\n" + document_of(fine))
    (folder / "odd.trace.json").write_text(trace.replace('"mask_head"', '"mask\\nhead"'))
    (folder / "model.py").write_text(MODEL)
    (folder / "page.jpg").write_text("<!DOCTYPE html><html><body>Not found</body></html>")
    Image.new("RGB", (64, 64), "orange").save(folder / "photo.png")
    (folder / "cut.png").write_bytes((folder / "photo.png").read_bytes()[:60])
    (folder / "weights").mkdir()
    (folder / "weights" / "sam3_large.pt").write_bytes(b"")
    (folder / "net.onnx").write_bytes(b"\x08\x07\x12\x07pytorch")
    (folder / "pickled.pkl").write_bytes(pickle.dumps(print, protocol=2))
    header = b'{"box_head.weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}'
    safetensors = len(header).to_bytes(8, "little") + header + bytes(4)
    (folder / "weights" / "head.safetensors").write_bytes(safetensors)


def run(words: str, folder: Path) -> str:
    """Return what a command says on stderr, with the folder's own name left out."""
    import shlex

    said = io.StringIO()
    before = Path.cwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            main(shlex.split(words))
    finally:
        os.chdir(before)
    return said.getvalue().replace(str(folder.resolve()), "FOLDER").replace(str(folder), "FOLDER")


def message_of(text: str) -> str:
    """Return the message in what a command said, without the talk before it."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("error["))
    return "\n".join(line.rstrip() for line in lines[start:]).rstrip() + "\n"


def cause_of(code: str) -> str:
    """Return the message of a cause, and the lines that follow from it."""
    changed, more = CAUSES[code]
    result = judged(stack(**changed), *more)
    cause = next(cause for cause in result.causes if cause.code == code)
    return f"{cause.render()}\n\n{result.more_text(cause)}\n"


def text_of(code: str, folder: Path) -> str:
    """Return the whole message for a code."""
    if code in CAUSES:
        return cause_of(code)
    if code in CLAIMS:
        return verdict_of(code).render() + "\n"
    return message_of(run(COMMANDS[code], folder))


def write_all(say: Callable[[str], object]) -> None:
    """Write all gold files again."""
    GOLD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        for code in sorted({**CLAIMS, **CAUSES, **COMMANDS}):
            try:
                text = text_of(code, Path(name))
            except Exception as error:
                say(f"{code}: {type(error).__name__}: {error}")
                continue
            (GOLD / f"{code}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_all(print)
