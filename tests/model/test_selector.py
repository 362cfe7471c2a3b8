"""Selectors: what each form names, and what is said when it names nothing."""

from __future__ import annotations

import time

import pytest
from builders import TraceBuilder
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shapeflow.errors import SelectorError
from shapeflow.model.match import Match
from shapeflow.model.pattern import escape, parse_path, parse_segment
from shapeflow.model.records import Module
from shapeflow.model.selector import modules, parse, select
from shapeflow.model.trace import Trace


def names(trace: Trace, selector: str) -> list[str]:
    return [match.name for match in select(trace, selector)]


def refusal(trace: Trace, selector: str) -> SelectorError:
    with pytest.raises(SelectorError) as caught:
        select(trace, selector)
    return caught.value


def meant(selector: str, error: SelectorError) -> str:
    """Return the part of a selector that an error points at."""
    assert error.columns is not None
    return selector[slice(*error.columns)]


NAMED = {
    # calls
    ".": [".@0"],
    "encoder": ["encoder@0"],
    "encoder.layers.0.self_attn": ["encoder.layers.0.self_attn@0"],
    "decoder.box_head": ["decoder.box_head@0", "decoder.box_head@1", "decoder.box_head@2"],
    "decoder.box_head@1": ["decoder.box_head@1"],
    "decoder.box_head@-1": ["decoder.box_head@2"],
    "decoder.box_head@0-1": ["decoder.box_head@0", "decoder.box_head@1"],
    "decoder.box_head@1--1": ["decoder.box_head@1", "decoder.box_head@2"],
    "decoder.box_head@-2--1": ["decoder.box_head@1", "decoder.box_head@2"],
    # helper methods
    "._run_heads()": ["._run_heads()@0"],
    "backbone.forward_image()": ["backbone.forward_image()@0"],
    "decoder._box_bias()@1": ["decoder._box_bias()@1"],
    "decoder.*()": ["decoder._box_bias()@0", "decoder._box_bias()@1"],
    "**.forward_*()": ["backbone.forward_image()@0"],
    # patterns
    "encoder.layers.*": ["encoder.layers.0@0", "encoder.layers.1@0"],
    "encoder.layers.[0-31]": ["encoder.layers.0@0", "encoder.layers.1@0"],
    "encoder.layers.[1,5-7]": ["encoder.layers.1@0"],
    "encoder.layers.{0,1}.self_attn": ["encoder.layers.0.self_attn@0", "encoder.layers.1.self_attn@0"],
    "**.self_attn": ["encoder.layers.0.self_attn@0", "encoder.layers.1.self_attn@0"],
    "encoder.**.self_attn": ["encoder.layers.0.self_attn@0", "encoder.layers.1.self_attn@0"],
    "*_head": ["mask_head@0"],
    "*": ["text@0", "encoder@0", "decoder@0", "mask_head@0"],
    # ops
    "mask_head/einsum": ["mask_head/einsum@0"],
    "decoder/matmul": ["decoder/matmul@0", "decoder/matmul@1"],
    "decoder/matmul@-1": ["decoder/matmul@1"],
    "decoder._box_bias()/matmul@1": ["decoder._box_bias()/matmul@1"],
    "decoder._box_bias()@1/matmul": ["decoder._box_bias()/matmul@1"],
    "decoder._box_bias()@1/matmul@0": ["decoder._box_bias()/matmul@1"],
    "decoder.box_head@1-2/linear@0": ["decoder.box_head/linear@1", "decoder.box_head/linear@2"],
    "text/*": ["text/eq@0", "text/embedding@0", "text/mean@0"],
    "text/**": ["text/eq@0", "text/embedding@0", "text/mean@0"],
    "text/{eq,mean}": ["text/eq@0", "text/mean@0"],
    "encoder.layers.0.self_attn/view@1": ["encoder.layers.0.self_attn/view@1"],
    # ports
    "text:out": ["text@0:out[0]", "text@0:out[1]"],
    "text:out[1]": ["text@0:out[1]"],
    "encoder:in": ["encoder@0:in[0]", "encoder@0:in[1]", "encoder@0:in.mask"],
    "encoder:in.features": ["encoder@0:in[0]"],
    "encoder:in[1]": ["encoder@0:in[1]"],
    ".:in.features": [".@0:in[0][0]"],
    ".:out": [".@0:out.boxes", ".@0:out.masks", ".@0:out.presence", ".@0:out.aux[0].boxes"],
    ".:out.aux": [".@0:out.aux[0].boxes"],
    ".:out.aux[0]": [".@0:out.aux[0].boxes"],
    ".:out.presence": [".@0:out.presence"],
    "._run_heads():out.result": ["._run_heads()@0:out.result.masks"],
    "mask_head/einsum:in[0]": ["mask_head/einsum@0:in[0]"],
    "encoder.layers.0.self_attn/scaled_dot_product_attention:score": [
        "encoder.layers.0.self_attn/scaled_dot_product_attention@0:score"
    ],
    "encoder.layers.0.self_attn/*:score": ["encoder.layers.0.self_attn/scaled_dot_product_attention@0:score"],
    "decoder.box_head@-1:out": ["decoder.box_head@2:out"],
}


@pytest.mark.parametrize("selector", NAMED)
def test_a_selector_names(sample: Trace, selector: str) -> None:
    assert names(sample, selector) == NAMED[selector]


def test_what_a_selector_names_is_named_by_it(sample: Trace) -> None:
    for selector in ("**", "**:in", "**:out", "**/*", "**/*:out", "**.*()", ".*()", "**.*()/*:in"):
        for match in select(sample, selector):
            assert select(sample, match.name) == [match]


def test_deep_patterns_reach_everything(sample: Trace) -> None:
    everything = select(sample, "**") + select(sample, "**.*()")
    assert sorted(match.call.id for match in everything) == list(range(len(sample.calls)))
    ops = select(sample, "**/*")  # those in helper methods, too
    assert sorted(match.op.id for match in ops) == list(range(len(sample.ops)))
    assert names(sample, "**.**.**.box_head") == names(sample, "decoder.box_head")


def test_a_match_says_what_it_is(sample: Trace) -> None:
    match = select(sample, "decoder.box_head@2:out")[0]
    port = sample.calls[16].outputs[0]
    assert match == Match("decoder.box_head", 2, 3, sample.calls[16], None, port, sample.values[port.value])
    assert (match.value.shape, match.value.dtype) == ((2, 1, 10, 4), "f32")
    assert (match.owner, match.content) == (match.call, str(match.value))
    assert (match.name, match.short_name) == ("decoder.box_head@2:out", "decoder.box_head@2:out")
    op = select(sample, "mask_head/einsum")[0]
    assert (op.op, op.call, op.port, op.value) == (sample.ops[33], sample.calls[18], None, None)
    assert (op.owner, op.content, op.short_name) == (op.op, "", "mask_head/einsum")
    assert sample.select("text") == select(sample, parse("text"))


def test_matches_come_in_the_order_of_the_run(sample: Trace) -> None:
    calls = [match.call.id for match in select(sample, "**")]
    assert calls == sorted(calls)
    ops = [match.op.id for match in select(sample, "**/*")]
    assert ops == sorted(ops)


def test_calls_without_the_port_are_left_out() -> None:
    build = TraceBuilder()
    x = build.input("f32[1]")
    with build.call("norm", x) as norm:
        norm.returns(x)
    with build.call("norm", x, mask=x) as norm:
        norm.returns(x)
    trace = build.trace()
    assert names(trace, "norm:in.mask") == ["norm@1:in.mask"]
    assert refusal(trace, "norm@0:in.mask").code == "unknown-port"


def test_a_port_name_is_matched_whole() -> None:
    build = TraceBuilder()
    x = build.input("f32[1]")
    with build.call("norm", x) as norm:
        norm.returns({"pos": x, "pos_embed": x, "a b": x})
    trace = build.trace()
    assert names(trace, "norm:out.pos") == ["norm@0:out.pos"]
    assert names(trace, "norm:out['a b']") == ["norm@0:out['a b']"]


def test_ops_outside_all_calls() -> None:
    build = TraceBuilder()
    x = build.op("arange", [4], "i64[4]")
    with build.call("norm", x) as norm:
        norm.returns(x)
    build.op("sigmoid", [x], "f32[4]")
    trace = build.trace()
    assert names(trace, "/sigmoid:out") == ["/sigmoid@0:out"]
    assert names(trace, "/*") == ["/arange@0", "/sigmoid@0"]
    assert refusal(trace, "/add").what == "no op 'add' outside all calls"
    assert select(trace, "/sigmoid")[0].call is None


def test_names_with_odd_signs() -> None:
    build = TraceBuilder()
    x = build.input("f32[1]")
    for path in ("heads.a/b", "heads.x:0", "heads.p@1", "heads.[0]", "heads.{k}", "heads.s p", "heads.b\\s"):
        with build.call(path, x) as call:
            build.op("aten.mm.default", [x], "f32[1]")
            call.returns(x)
    trace = build.trace()
    assert names(trace, r"heads.a\/b:out") == [r"heads.a\/b@0:out"]
    assert names(trace, r"heads.\[0\]") == [r"heads.\[0\]@0"]
    assert names(trace, r"heads.s\ p/aten.mm.default") == [r"heads.s\ p/aten.mm.default@0"]
    for match in [*select(trace, "heads.*:out"), *select(trace, "heads.*/*:out")]:
        assert select(trace, match.name) == [match]


# Modules


def test_modules_called_or_not(sample: Trace) -> None:
    assert [module.path for module in modules(sample, "encoder.layers.*")] == [
        "encoder.layers.0",
        "encoder.layers.1",
    ]
    assert [module.class_name for module in modules(sample, "geometry")] == ["GeometryEncoder"]
    assert modules(sample, ".")[0].class_name == "Detector"
    assert len(modules(sample, "**")) == len(sample.modules)
    with pytest.raises(SelectorError, match="no module 'geometri' in this trace") as caught:
        modules(sample, "geometri")
    assert caught.value.hint == "geometry"
    with pytest.raises(SelectorError) as caught:
        modules(sample, "backbone.forward_image()")
    assert caught.value.found == "a helper method, no module"
    with pytest.raises(SelectorError, match="does not belong here"):
        modules(sample, "encoder:out")


# Nothing found


NOTHING = {
    # selector: (code, what, part that is meant, found, hint)
    "decoder.box_haed": (
        "unknown-path",
        "no call 'decoder.box_haed' in this trace",
        "box_haed",
        "'decoder' has box_head, norm, _box_bias()",
        "decoder.box_head",
    ),
    "decodr.box_head@1:out": (
        "unknown-path",
        "no call 'decodr.box_head' in this trace",
        "decodr.box_head",
        "the model has backbone, text, geometry, encoder and 3 more",
        "decoder.box_head",
    ),
    "zzz": ("unknown-path", "no call 'zzz' in this trace", "zzz", "the model has", ""),
    "box_head": (
        "unknown-path",
        "no call 'box_head' in this trace",
        "box_head",
        "the model has",
        "decoder.box_head",
    ),
    "backbone.forward_image": (
        "unknown-path",
        "no call 'backbone.forward_image' in this trace",
        "forward_image",
        "'backbone' has trunk, convs, forward_image()",
        "backbone.forward_image()",
    ),
    "._run_head()": (
        "unknown-path",
        "no call '._run_head()' in this trace",
        "_run_head()",
        "the model has",
        "._run_heads()",
    ),
    "encoder.forward()": (
        "unknown-path",
        "no call 'encoder.forward()' in this trace",
        "forward()",
        "'encoder' has layers",
        "encoder",
    ),
    ".forward()": ("unknown-path", "no call '.forward()' in this trace", "forward()", "the model has", "."),
    "text.x.y": (
        "unknown-path",
        "no call 'text.x.y' in this trace",
        "x.y",
        "'text' has nothing below it",
        "",
    ),
    "encoder.layers.[2-9]": (
        "unknown-path",
        "no call 'encoder.layers.[2-9]' in this trace",
        "[2-9]",
        "'encoder.layers' has 0, 1",
        "",
    ),
    "encoder.*.7": (
        "unknown-path",
        "no call 'encoder.*.7' in this trace",
        "7",
        "'encoder.*' has 0, 1",
        "",
    ),
    "geometry": ("never-called", "'geometry' exists but was not called in this run", "geometry", "", ""),
    "geometry:out": ("never-called", "'geometry' exists but was not called in this run", "geometry", "", ""),
    "geometry/add": ("never-called", "'geometry' exists but was not called in this run", "geometry", "", ""),
    "backbone": (
        "never-called",
        "'backbone' exists but was not called in this run",
        "backbone",
        "its helpers were called: backbone.forward_image()",
        "backbone.forward_image()",
    ),
    "encoder.layers@0": (
        "never-called",
        "'encoder.layers' exists but was not called in this run",
        "encoder.layers",
        "called below it: encoder.layers.0, encoder.layers.0.self_attn, encoder.layers.1 and 1 more",
        "encoder.layers.0",
    ),
    "{geometry,backbone}": (
        "never-called",
        "'backbone' and 1 other exist but were not called in this run",
        "{geometry,backbone}",
        "its helpers",
        "backbone.forward_image()",
    ),
    "decoder.box_head@3": (
        "bad-index",
        "'decoder.box_head' was called 3 times only",
        "@3",
        "@0 to @2",
        "decoder.box_head@-1",
    ),
    "decoder.box_head@1-6": (
        "bad-index",
        "'decoder.box_head' was called 3 times only",
        "@1-6",
        "@0 to @2",
        "decoder.box_head@-1",
    ),
    "text@-2:out": ("bad-index", "'text' was called 1 time only", "@-2", "@0", "text@-1"),
    "text@9/mean": ("bad-index", "'text' was called 1 time only", "@9", "@0", "text@-1"),
    "decoder/matmul@2": (
        "bad-index",
        "'decoder/matmul' ran 2 times only",
        "@2",
        "@0 to @1",
        "decoder/matmul@-1",
    ),
    "encoder:out.memry": (
        "unknown-port",
        "'encoder' has no port 'out.memry'",
        "out.memry",
        "its outputs are out.memory, out.mask",
        "encoder:out.memory",
    ),
    "encoder:x": (
        "unknown-port",
        "'encoder' has no port 'x'",
        "x",
        "its ports are in[0], in[1], in.mask, out.memory, out.mask",
        "",
    ),
    "encoder:in.featurs": (
        "unknown-port",
        "'encoder' has no port 'in.featurs'",
        "in.featurs",
        "its inputs are in[0], in[1], in.mask",
        "encoder:in.features",
    ),
    "mask_head/einsum:score": (
        "unknown-port",
        "'mask_head/einsum' has no port 'score'",
        "score",
        "its ports are in[0], in[1]",
        "",
    ),
    "mask_head/einsun": (
        "unknown-op",
        "no op 'einsun' in 'mask_head'",
        "einsun",
        "the only op here is `einsum`",
        "mask_head/einsum",
    ),
    "mask_head/zz": ("unknown-op", "no op 'zz' in 'mask_head'", "zz", "the only op here is `einsum`", ""),
    "encoder/add": (
        "unknown-op",
        "no op 'add' in 'encoder'",
        "add",
        "the ops here are `flatten`, `transpose`",
        "encoder.layers.0/add",
    ),
    "encoder.layers.*/x": (
        "unknown-op",
        "no op 'x' in 'encoder.layers.0' and 1 other",
        "x",
        "the only op here is `add`",
        "",
    ),
    "._run_heads()/add": (
        "unknown-op",
        "no op 'add' in '._run_heads()'",
        "add",
        "no op of its own ran here",
        "",
    ),
}


@pytest.mark.parametrize("selector", NOTHING)
def test_nothing_found(sample: Trace, selector: str) -> None:
    code, what, part, found, hint = NOTHING[selector]
    error = refusal(sample, selector)
    assert (error.code, error.what, meant(selector, error), error.hint) == (code, what, part, hint)
    assert error.found.startswith(found)
    assert len(error.what) < 90
    assert not hint or select(sample, hint) is not None


def test_the_root_that_was_not_called() -> None:
    build = TraceBuilder()
    x = build.input("f32[1]")
    with build.call("", x, method="encode") as call:
        call.returns(None)
    error = refusal(build.trace(), ".:out")
    assert error.what == "the model itself exists but was not called in this run"
    assert error.hint == ".encode()"
    assert refusal(build.trace(), ".encode():out[3]").found == "its only output is out"
    assert refusal(Trace(build.run), "a").found == "the model has nothing below it"


def test_a_call_that_returned_nothing() -> None:
    build = TraceBuilder()
    with build.call("a", build.input("f32[1]")):
        pass
    error = refusal(build.trace(), "a:out")
    assert (error.code, error.found) == ("unknown-port", "it has no outputs")


# Syntax


UNREADABLE = {
    "": "",
    "  ": " ",
    "a..b": ".",
    "a.": "",
    "..": ".",
    "run()": "run()",
    "a.run().b": "run()",
    "a b": " ",
    " a": " ",
    "a(b)": "(",
    "a.()": "(",
    "a{b": "{",
    "a}": "}",
    "a[3": "[",
    "a]": "]",
    "a{}": "{}",
    "a{b,}": "{b,}",
    "a{b.c,d}": "{b.c,d}",
    "a[]": "[]",
    "a[x]": "[x]",
    "a[5-2]": "[5-2]",
    "a[0-99999]": "[0-99999]",
    "a*b*c*d*e": "*",
    "a,b": ",",
    "a@": "@",
    "a@x": "@x",
    "a@1@2": "@1@2",
    "a@3-1": "@3-1",
    "a@-1--2": "@-1--2",
    "a@٣": "@٣",
    "a:": ":",
    "a: ": ": ",
    "a/": "/",
    "a/@1": "/",
    "a/b/c": "/",
    ":out": ":",
    "@1": "@",
    "@0/add": "@",
}


@pytest.mark.parametrize("selector", UNREADABLE)
def test_syntax_errors_point_at_the_part(selector: str) -> None:
    with pytest.raises(SelectorError) as caught:
        parse(selector)
    error = caught.value
    assert error.code == "selector-syntax"
    assert meant(selector, error) == UNREADABLE[selector]
    assert error.columns is not None
    assert error.columns[1] > error.columns[0] >= 0


def test_some_slips_are_put_right() -> None:
    for slip, right in {
        "run()": ".run()",
        ":out": ".:out",
        "@1": ".@1",
    }.items():
        with pytest.raises(SelectorError) as caught:
            parse(slip)
        assert caught.value.hint == right
        parse(right)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab01.*{}[],()@:/\\- \0é"), max_size=14))
@example("a\\")
@example("\\")
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        selector = parse(text)
    except SelectorError as error:
        assert error.code == "selector-syntax"
        assert error.columns is not None
        assert 0 <= error.columns[0] < error.columns[1] <= max(len(text), error.columns[0] + 1)
    else:
        assert selector.text == text


module_names = st.text(min_size=1, max_size=6).filter(
    lambda name: "." not in name and not name.endswith("()")
)


@settings(max_examples=200, deadline=None)
@given(st.lists(module_names, min_size=1, max_size=4))
def test_an_escaped_path_is_read_back(names: list[str]) -> None:
    path = ".".join(names)
    segments = parse_path(escape(path))
    assert [segment.literal for segment in segments] == names


def test_a_hostile_pattern_is_fast() -> None:
    segment = parse_segment("*a*a*", 0)
    began = time.process_time()
    assert not segment.accepts("b" + "a" * 2_000 + "()")
    assert not parse_segment("*a*b*", 0).accepts("a" * 2_000)
    assert time.process_time() - began < 2


def test_six_hundred_selectors_on_a_large_trace() -> None:
    build = TraceBuilder()
    x = build.input("f32[1]")
    build.modules = [
        Module(f"m{i}.layers.{j}.sub.{k}", "Layer", "tiny.Layer", 0, 0, {})
        for i in range(5)
        for j in range(32)
        for k in range(8)
    ]
    records = []
    for module in build.modules:
        with build.call("", x, class_name="Layer", method=f"_{len(records)}") as call:
            build.op("add", [x], "f32[1]")
            call.returns(x)
        records.append(module)
    trace = build.trace()
    selectors = [f"._{number * 2}():out" for number in range(300)]
    selectors += [f"._{number}()/add@0:out" for number in range(150)]
    selectors += [f"._{number}*():in" for number in range(100, 250)]
    began = time.process_time()
    for selector in selectors:
        select(trace, selector)
    assert time.process_time() - began < 1.0  # 0.1 s alone
