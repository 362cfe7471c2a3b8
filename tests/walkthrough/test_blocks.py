"""Blocks about one module: relative names, their places in messages, and what a block may say."""

from __future__ import annotations

import pytest
from walkthroughs import under

from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse


def judged(trace, opening, *lines, front=()):
    """Judge claims in a block that opens in a given way."""
    matter = ["---", *front, "---"] if front else []
    text = "\n".join([*matter, "# Claims", "", opening, *lines, "```", ""])
    return check(trace, parse(text, "w.md")).verdicts


@pytest.mark.parametrize(
    "line",
    [
        ":out[0]  [1, 10, 16]",
        "box_head@0:out  [1, 10, 4]",
        "box_head@-1:out  [2, 1, 10, 4]",
        "_box_bias():out  [1, 10, 196]",
        "/add_:out  [1, 10, 16]",
        "/matmul@0:out  [1, 10, 16]",
        "_box_bias()/matmul:out  [1, 10, 196]",
        "query  [10, 16]",
        "query reaches .mask_head:out",
        "box_head@1:out reaches :out[1]",
        ":out[0] reaches .mask_head:out",
        ".mask_head:out never reaches :in.memory",
        ".mask_head:out  [1, 10, 14, 14]",
        ".encoder.layers.*:out  [1, 196, 16]",
        ".:out.presence  None",
        ".backbone.forward_image():out.features[0]  [1, 16, 14, 14]",
        "._run_heads():out.result.masks  [1, 10, 14, 14]",
        "count box_head = 1",
        "count calls box_head = 3",
        "count .encoder.layers.* = 2",
        "class norm = LayerNorm",
        "class .encoder.layers.0 = EncoderLayer",
        "flops _box_bias() = 125.4K",
        "flops .mask_head = 62,720",
        "parameters norm = 12",
    ],
)
def test_names_are_relative_to_the_module(sample, line):
    for module in ("decoder", ".decoder"):
        (verdict,) = judged(sample, f"```shapes module={module}", line)
        assert verdict.render() and verdict.status == "holds", verdict.render()


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("encoder.layers.*", ":out  [1, 196, 16]"),
        ("encoder.layers.*", "@0:out  [1, 196, 16]"),
        ("encoder.layers.{0,1}", "self_attn:out[0]  [1, 196, 16]"),
        ("encoder.layers.*", "/add:out  [1, 196, 16]"),
        ("encoder.layers.*", ":out reaches .mask_head:out"),
        ("encoder.layers.*", "count self_attn = 2"),
        ("**.self_attn", ":out[1]  None"),
        ("backbone.forward_image()", ":out.features[0]  [1, 16, 14, 14]"),
        ("backbone.forward_image()", "@0:out.mask  None"),
        ("backbone.forward_image()", ".backbone.trunk:out  [1, 16, 7, 7]"),
        (".", "mask_head:out  [1, 10, 14, 14]"),
        ("mask_head", '/einsum  "bqc,bchw->bqhw"'),
    ],
)
def test_the_module_may_be_a_pattern_or_a_helper(sample, module, line):
    (verdict,) = judged(sample, f"```shapes module={module}", line)
    assert verdict.status == "holds", verdict.render()


@pytest.mark.parametrize(
    ("line", "meant", "hint"),
    [
        (":out[0]  [1, 10, 17]", "17", ":out[0]  [1, 10, 16]"),
        ("box_head@9:out  [1]", "@9", "box_head@-1"),
        ("box_hed@0:out  [1]", "box_hed", "box_head"),
        ("nrm.weight  [1]", "nrm.weight", "norm.weight"),
        (":ot[0]  [1]", "ot[0]", ":out[0]"),
        (".mask_head:out  [1, 10, 14, 15]", "15", ".mask_head:out  [1, 10, 14, 14]"),
        ("count box_hed = 1", "box_hed", "box_head"),
        ("box_head:out  [1, 10, 4]", "box_head:out", "box_head@0:out  [1, 10, 4]"),
        ("norm  [1]", "norm", ""),
        (".mask_hed:out  [1]", "mask_hed:out", ".mask_head"),
    ],
)
def test_messages_point_at_what_is_written_and_offer_what_can_be_pasted(sample, line, meant, hint):
    (verdict,) = judged(sample, "```shapes module=decoder", line)
    assert not verdict.passed
    assert meant.startswith(under(verdict)) or under(verdict).startswith(meant)
    assert not hint or verdict.hint == hint
    for pasted in [verdict.hint] if "  [" in verdict.hint else []:
        assert judged(sample, "```shapes module=decoder", pasted)[0].status == "holds"


def test_a_formula_is_relative_too():
    line = "value :out[0] @ @0:out[1] ~= box_head@0:out + (.:out.boxes)[0] + query"
    (claim,) = parse(f"```shapes module=decoder\n{line} * norm.weight - .scale\n```\n").claims
    names = ["decoder:out[0]", "decoder@0:out[1]", "decoder.box_head@0:out", ".:out.boxes[0]"]
    assert [kept.name for kept in claim.body.needed] == [*names, "decoder.norm.weight", ".scale"]


def test_nothing_is_below_a_helper(sample):
    (verdict,) = judged(sample, "```shapes module=backbone.forward_image()", "trunk:out  [1]")
    assert (verdict.code, under(verdict)) == ("claim-syntax", "trunk:out")
    assert verdict.hint == ".backbone.trunk:out"


def test_a_module_that_is_not_there_is_told_once_at_its_place(sample):
    first, second = judged(sample, "```shapes module=encoder.layrs", ":out  [1]", ":out  [2]")
    assert (first.status, first.code, first.hint) == ("invalid", "unknown-path", "module=encoder.layers")
    assert first.span.text[first.span.start : first.span.end] == "encoder.layrs"
    assert second.what == "not judged: the module of its block is not there (line 3)"
    assert second.status == "invalid"


@pytest.mark.parametrize(
    ("opening", "meant", "hint"),
    [
        ("```shapes modul=decoder", "modul", "module=decoder"),
        ("```shapes decoder", "decoder", ""),
        ("```shapes module", "module", ""),
        ("```shapes module=", "module=", ""),
        ("```shapes =decoder", "=decoder", ""),
        ("```shapes module=a module=b", "module=b", ""),
        ("```shapes module=decoder:out", ":out", ""),
        ("```shapes module=decoder@0", "@0", ""),
        ("```shapes module=decoder/add", "/add", ""),
        ("```shapes module=a..b", ".", ""),
        ("```shapes run=training", "training", ""),
    ],
)
def test_what_a_block_cannot_say(sample, opening, meant, hint):
    (verdict,) = judged(sample, opening, "decoder:out  [1]")
    assert verdict.status == "invalid"
    assert verdict.code in ("block-attribute", "unknown-run")
    assert (under(verdict), verdict.hint) == (meant, hint)


def test_blocks_in_lists_and_quotes(sample):
    text = "# A\n\n> - a\n>\n>   ```shapes module=decoder\n>   norm:out [1]\n>   ```\n"
    (verdict,) = check(sample, parse(text)).verdicts
    assert verdict.code == "never-called"
    assert under(verdict) == "norm"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("text:in  [1, 5]", "contradicted"),
        ("text:in  i64[1, 5]", "holds"),
        ("text:in  _[1, 5]", "holds"),
        ("text:out[0]  [1, 5, 16]", "holds"),
        ("decoder.query  [10, 16]", "holds"),
        ("mask_head:out  bf16[1, 10, 14, 14]", "contradicted"),
        ('said "1": text:in  [1, 5]', "holds"),
    ],
)
def test_the_dtype_of_a_document(sample, line, status):
    (verdict,) = judged(sample, "```shapes", line, front=["dtype: f32"])
    assert verdict.status == status
    if status == "contradicted":
        assert verdict.code == "dtype"
        assert judged(sample, "```shapes", verdict.hint, front=["dtype: f32"])[0].status == "holds"


def test_wrong_sizes_and_a_wrong_dtype_are_put_right_together(sample):
    (verdict,) = judged(sample, "```shapes", "text:in  [1, 6]", front=["dtype: f32"])
    assert verdict.hint == "text:in  i64[1, 5]"
    assert verdict.expected == "[1, 6]   f32, as the front matter says"
