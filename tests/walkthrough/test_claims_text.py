"""Plain texts of ops and ports, and places that hold ``None``."""

from __future__ import annotations

import pytest
from builders import TraceBuilder
from walkthroughs import judge, under


@pytest.mark.parametrize(
    "line",
    [
        'mask_head/einsum "bqc,bchw->bqhw"',
        'mask_head/einsum "bqc, bchw -> bqhw"',
        "mask_head/einsum:in[0] 'bqc,bchw->bqhw'",
        'backbone.convs.0/interpolate "nearest"',
        'backbone.convs.0/interpolate:in.scale_factor "2.0"',
        'encoder.layers.*.self_attn:in.need_weights "False"',
        '**/interpolate "nearest"',
    ],
)
def test_text_claims_that_hold(sample, line):
    assert judge(sample, line).status == "holds"


def test_another_text(sample):
    verdict = judge(sample, 'mask_head/einsum "bqc,bchw->bqwh"')
    assert (verdict.status, verdict.code, under(verdict)) == ("contradicted", "text", '"bqc,bchw->bqwh"')
    assert (verdict.expected, verdict.found) == ("bqc,bchw->bqwh", "bqc,bchw->bqhw")
    assert verdict.because.startswith("tiny/masks.py:21: return einsum(")
    assert [sample.ops[op].target for op in verdict.evidence.ops] == ["einsum"]


def test_a_tensor_where_a_text_is_claimed(sample):
    verdict = judge(sample, 'mask_head/einsum:in[1] "nearest"')
    assert (verdict.status, verdict.found) == ("contradicted", "f32[1, 10, 16]")


def test_a_call_and_its_plain_arguments(sample):
    assert judge(sample, 'encoder.layers.0.self_attn "False"').status == "holds"
    verdict = judge(sample, 'encoder.layers.0 "True"')
    assert (verdict.status, verdict.found) == ("contradicted", "no plain text")


def test_ops_that_differ():
    build = TraceBuilder()
    x = build.input("f32[1]")
    with build.call("", x):
        for mode in ("nearest", "bilinear", "a 'quoted' one"):
            build.op("interpolate", {"input": x, "mode": mode}, "f32[2]")
    verdict = judge(build.trace(), './interpolate "nearest"')
    assert verdict.status == "contradicted"
    assert verdict.what == "'./interpolate@1' was given another text"
    assert verdict.found.splitlines()[0] == "@0  nearest"
    assert judge(build.trace(), "./interpolate@2 \"a 'quoted' one\"").status == "holds"


@pytest.mark.parametrize(
    "line", ["backbone.forward_image():out.mask None", ".:out.presence None", ".:in.boxes None"]
)
def test_none(sample, line):
    verdict = judge(sample, line)
    assert (verdict.status, verdict.found) == ("holds", "None")


def test_not_none(sample):
    verdict = judge(sample, ".:out.boxes None")
    assert (verdict.status, verdict.code, verdict.found) == ("contradicted", "none", "f32[1, 10, 4]")
    assert (under(verdict), verdict.because) == ("None", "made by linear, in decoder.box_head")
    verdict = judge(sample, "encoder.layers.0.self_attn:in.need_weights None")
    assert (verdict.status, verdict.found) == ("contradicted", "False")


def test_a_call_is_no_place(sample):
    verdict = judge(sample, "backbone.convs.0 None")
    assert (verdict.status, verdict.code) == ("invalid", "port-missing")
    assert verdict.hint == "backbone.convs.0:out  None"
