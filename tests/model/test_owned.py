"""Parameters and buffers as places: found by name, in questions about flow, read or not, listed or not."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest
from builders import TraceBuilder
from places import DOCS
from walkthroughs import judge, under

from shapeflow import query
from shapeflow.errors import SelectorError
from shapeflow.model.members import left_out
from shapeflow.model.tensors import ModuleTensor
from shapeflow.model.trace import Trace
from shapeflow.model.tracefile import dumps, loads


def made():
    build = TraceBuilder()
    root = (ModuleTensor("scale", "f32", (8,)), ModuleTensor("idle", "f32", (4, 5), "frozen"))
    build.module("", "Net", parameters=28, own=28, tensors=root)
    build.module("embed", own=80, parameters=80, tensors=(ModuleTensor("weight", "f32", (10, 8)),))
    shared = ModuleTensor("weight", "f32", (10, 8), same="embed.weight")
    build.module("head", own=80, parameters=80, tensors=(shared,))
    viewed = ModuleTensor("weight", "f32", (8, 3), beside="proj.turned")
    build.module("proj", own=24, parameters=24, tensors=(viewed, ModuleTensor("mean", "f32", (3,), "buffer")))
    build.module("layers", "ModuleList", callable=False, tensors=())
    for number in range(2):
        build.module(f"layers.{number}", "Block", tensors=())
        norm = (ModuleTensor("weight", "f32", (8,)), ModuleTensor("bias", "f32", (8,)))
        build.module(f"layers.{number}.norm", "LayerNorm", own=16, parameters=16, tensors=norm)
    ids = build.input("i64[2, 6]")
    with build.call("", ids) as net:
        with build.call("embed", ids) as embed:
            weight = build.parameter("embed.weight", "f32[10, 8]")
            x = build.op("embedding", [weight, ids], "f32[2, 6, 8]")
            embed.returns(x)
        x = build.op("mul", [x, build.parameter("scale", "f32[8]")], "f32[2, 6, 8]")
        for number in range(2):
            with build.call(f"layers.{number}", x) as layer:
                with build.call(f"layers.{number}.norm", x) as norm:
                    names = (f"layers.{number}.norm.{name}" for name in ("weight", "bias"))
                    own = [build.parameter(name, "f32[8]") for name in names]
                    x = build.op("layer_norm", [x, *own], "f32[2, 6, 8]")
                    norm.returns(x)
                layer.returns(x)
        with build.call("head", x) as head:
            logits = build.op("linear", [x, weight], "f32[2, 6, 10]")
            head.returns(logits)
        turned = build.op("matmul", [x, build.buffer("proj.turned", "f32[8, 3]")], "f32[2, 6, 3]")
        net.returns({"logits": logits, "turned": turned})
    return build.trace()


@pytest.fixture(scope="module")
def trace():
    return made()


@pytest.mark.parametrize(
    "line",
    [
        "embed.weight  f32[10, 8]",
        ".embed.weight  [V, 8]",
        "head.weight  f32[10, 8]",
        "scale  [8]",
        ".idle  [4, 5]",
        "proj.mean  [3]",
        "layers.*.norm.weight  [8]",
        "layers.{0,1}.norm.{weight,bias}  [8]",
        "layers.0.norm.*  [8]",
        "**.norm.bias  [8]",
        "count tensors layers.*.norm.* = 4",
        "count tensors embed.weight = 1",
        "count tensors layers.*.norm.nothing = 0".replace("nothing = 0", "weight = 2"),
        "embed.weight reaches .:out.logits",
        "head.weight reaches layers.0:out",
        "layers.*.norm.weight reaches .:out.turned",
        "layers.1.norm.weight never reaches layers.0:out",
        "scale never reaches embed:out",
        "idle unused",
        "proj.mean unused",
        "idle never reaches .:out.logits",
        ".:in never reaches idle",
    ],
)
def test_claims_that_hold(trace, line):
    verdict = judge(trace, line)
    assert verdict.status == "holds", verdict.render()


@pytest.mark.parametrize(
    ("line", "status", "code"),
    [
        ("embed.weight  [10, 9]", "contradicted", "shape"),
        ("idle  bf16[4, 5]", "contradicted", "dtype"),
        ("idle  None", "contradicted", "none"),
        ('idle  "nearest"', "contradicted", "text"),
        ("count tensors layers.*.norm.* = 5", "contradicted", "count"),
        ("scale unused", "contradicted", "flow"),
        ("idle reaches .:out.logits", "contradicted", "flow"),
        ("layers.1.norm.weight reaches layers.0:out", "contradicted", "flow"),
        ("proj.weight unused", "undecided", "flow-unseen"),
        ("proj.weight never reaches .:out.turned", "undecided", "flow-unseen"),
        ("embed.wieght  [10, 8]", "invalid", "unknown-path"),
        ("embed.weight:out  [10, 8]", "invalid", "selector-syntax"),
        ("embed.weight@0  [10, 8]", "invalid", "selector-syntax"),
        ("embed.weight/add:out  [10, 8]", "invalid", "selector-syntax"),
        ("count calls embed.weight = 1", "invalid", "claim-syntax"),
        ("layers.{0,7}.norm.weight  [8]", "invalid", "not-all-there"),
        ("layers.*.weight  [8]", "invalid", "unknown-path"),
        ("{embed,layers}.weight  [10, 8]", "invalid", "not-all-there"),
        ("value embed.weight ~= 2 * scale", "not observed", "needs-values"),
    ],
)
def test_claims_that_do_not(trace, line, status, code):
    verdict = judge(trace, line)
    assert (verdict.status, verdict.code) == (status, code), verdict.render()


def test_a_typo_offers_the_nearest_name(trace):
    verdict = judge(trace, "embed.wieght  [10, 8]")
    assert (under(verdict), verdict.hint) == ("wieght", "embed.weight")
    assert "its own tensors are weight" in verdict.found


def test_a_run_that_ended_early_may_have_read_it(trace):
    cut = replace(trace, run=replace(trace.run, complete=False))
    assert judge(cut, "idle unused").status == "undecided"


def test_an_unknown_tensor_at_the_destination_is_a_doubt():
    build = TraceBuilder()
    build.module("", "Net", own=4, parameters=4, tensors=(ModuleTensor("idle", "f32", (4,)),))
    with build.call("", build.input("f32[4]")) as net:
        net.returns(build.op("mul", [build.unknown("f32[4]"), 2], "f32[4]"))
    assert judge(build.trace(), "idle never reaches .:out").code == "flow-unknown-origin"


def test_the_file_keeps_them(trace):
    content = dumps(trace)
    assert loads(content, Trace) == trace
    jsonschema.validate(json.loads(content), json.loads((DOCS / "trace.schema.json").read_text()))
    assert '["idle","f32[4, 5]","frozen"]' in content.decode()


@pytest.mark.parametrize("row", [["weight"], ["weight", "f32"], ["w", "f32[1]", "lost"], [1, "f32[1]"], "w"])
def test_a_broken_row_is_refused(trace, row):
    content = json.loads(dumps(trace))
    content["modules"][0]["tensors"] = [row]
    with pytest.raises(Exception, match="broken record"):
        loads(json.dumps(content).encode(), Trace)


def test_an_older_trace_has_what_was_read(trace):
    old = replace(trace, modules=tuple(replace(module, tensors=None) for module in trace.modules))
    assert judge(old, "embed.weight  [10, 8]").status == "holds"
    assert judge(old, "layers.*.norm.weight  [8]").status == "holds"
    verdict = judge(old, "head.weight  [10, 8]")
    assert (verdict.status, verdict.code) == ("not observed", "not-in-trace")
    verdict = judge(old, "idle unused")
    assert (verdict.status, verdict.code) == ("invalid", "unknown-path")
    assert "which parameters and buffers it has is not in this trace" in verdict.found
    assert judge(old, "layers.0.norm.wait  [8]").code == "unknown-path"


def test_selecting_and_looking_up(trace):
    (match,) = trace.select("idle")
    assert (match.name, match.short_name, match.content, match.value) == ("idle", "idle", "f32[4, 5]", None)
    assert trace["embed.weight"].shape == (10, 8)
    with pytest.raises(SelectorError, match="nothing read 'idle' in this run"):
        trace["idle"]
    row = {"path": "idle", "call": None, "port": None, "dtype": "f32", "shape": [4, 5], "source": None}
    assert list(query.port_rows(trace, [match])) == [{**row, "kind": "frozen", "read": False}]
    assert left_out(trace, "layers.*.norm.weight", trace.select("layers.*.norm.weight")) is None
    assert trace.reaches("scale", ".:out.logits").answer == "yes"
