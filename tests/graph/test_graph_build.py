"""Folding a trace into a graph: which nodes, which arrows, what is left out."""

from __future__ import annotations

import pytest
from builders import TraceBuilder
from graph_reads import arrows, calls, titles
from report_samples import crashed, detector

from shapeflow.errors import InputError
from shapeflow.graph.build import graph_of
from shapeflow.graph.route import route
from shapeflow.model.call_tree import CallTree, Repeat, pattern, tail
from shapeflow.model.records import Run


@pytest.fixture(scope="module")
def trace():
    return detector()


@pytest.fixture(scope="module")
def tree(trace):
    return CallTree(trace)


def test_repeated_blocks_fold_and_the_odd_one_is_known(trace, tree):
    trunk = calls(trace, "backbone.vision_backbone.trunk")[0]
    (repeat,) = tree.fold(tree.children[trunk])
    assert isinstance(repeat, Repeat)
    assert repeat.label == "blocks.0 … 5"
    assert repeat.selector == "backbone.vision_backbone.trunk.blocks.*"
    assert [trace.calls[call].path[-1] for call in repeat.outliers] == ["4"]
    assert trace.calls[repeat.typical].path.endswith("blocks.0")
    unlike = tree.difference(repeat.outliers[0], repeat.typical)
    assert unlike == "view out f32[1, 4, 64, 4] instead of f32[1, 2, 64, 8]"
    assert tree.difference(repeat.typical, repeat.typical) == ""


def test_a_difference_deep_inside_names_the_inner_call():
    build = TraceBuilder()
    x = build.input("f32[2]")
    for number, size in enumerate((4, 4, 5, 4)):
        with build.call(f"layers.{number}", x), build.call(f"layers.{number}.attn", x):
            build.op("linear", [x], f"f32[{size}]")
    tree = CallTree(build.trace())
    (repeat,) = tree.fold(tree.roots)
    assert (
        tree.difference(repeat.outliers[0], repeat.typical) == "linear out f32[5] instead of f32[4] in attn"
    )


def test_calls_all_unlike_have_no_odd_one():
    build = TraceBuilder()
    for number in range(4):
        with build.call(f"layers.{number}"):
            build.op("zeros", [number], f"f32[{number + 1}]")
    (repeat,) = CallTree(build.trace()).fold([0, 1, 2, 3])
    assert repeat.outliers == ()


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a.0.b", "a.*.b"), ("0", "*"), ("conv2d.10", "conv2d.*"), ("", ""), ("layer1.b2", "layer1.b2")],
)
def test_only_whole_segments_are_numbers(path, expected):
    assert pattern(path) == expected


def test_tail_is_long_enough_to_tell(trace):
    by_name = {call.name: call for call in trace.calls}
    assert tail(by_name["backbone.vision_backbone.trunk.blocks.3"]) == "blocks.3"
    assert tail(by_name["backbone.forward_image()"]) == "backbone.forward_image()"
    assert tail(by_name["."]) == "."


def test_the_whole_run_shows_inputs_unused_outputs_and_the_result(trace):
    graph = graph_of(trace)
    shown = {"in.image", "blocks.0 … 5", "convs.0 … 3", "unused", "attn", "mask_head", "result"}
    assert shown <= set(titles(graph))
    frames = [cluster.title for cluster in graph.clusters]
    assert frames == ["vision_backbone", "trunk", "Detector", "decoder"]
    assert ("blocks.0 … 5", "convs.0 … 3") in arrows(graph)
    assert ("convs.0 … 3", "mask_head") in arrows(graph)
    (dashed,) = [edge for edge in graph.edges if edge.unused]
    assert [flow.lines for flow in dashed.flows] == [("f32[1, 16, 16, 16]",), ("f32[1, 16, 4, 4]",)]


def test_one_call_is_opened_with_its_neighbours(trace):
    graph = graph_of(trace, calls(trace, "decoder"))
    assert ("backbone.forward_image()", "attn") in arrows(graph)
    assert "mask_head" in titles(graph)
    kinds = {node.title: node.kind for node in graph.nodes}
    assert kinds["backbone.forward_image()"] == "outside"
    assert kinds["attn"] == "call"


def test_several_calls_are_drawn_with_what_lies_between(trace):
    graph = graph_of(trace, [*calls(trace, "backbone.vision_backbone.convs.2"), *calls(trace, "mask_head")])
    assert ("convs.2", "decoder") in arrows(graph)
    assert ("decoder", "mask_head") in arrows(graph)


def test_depth_opens_that_many_levels(trace):
    shallow = graph_of(trace, calls(trace, "backbone.forward_image()"), depth=1)
    deep = graph_of(trace, calls(trace, "backbone.forward_image()"), depth=3)
    assert "vision_backbone" in titles(shallow)
    assert "blocks.0 … 5" in titles(deep)


@pytest.mark.parametrize("limit", [10, 30, 80])
def test_a_drawing_never_exceeds_its_limit(limit):
    build = TraceBuilder()
    x = build.input("f32[4]")
    with build.call("", x) as root:
        for number in range(60):
            with build.call(f"part_{chr(97 + number % 26)}{number // 26}x", x) as part:
                y = build.op("relu", [x], "f32[4]")
                part.returns(y)
            x = build.op("add", [x, y], "f32[4]")
        root.returns(x)
    trace = build.trace()
    assert len(graph_of(trace, limit=limit).nodes) <= limit
    every = [call.id for call in trace.calls if call.path]
    assert len(graph_of(trace, every, limit=limit).nodes) <= limit


def test_calls_too_many_to_draw_are_lifted_to_those_around_them():
    build = TraceBuilder()
    x = build.input("f32[4]")
    with build.call("", x):
        for outer in "abc":
            with build.call(outer, x) as call:
                for inner in "defghijk":
                    with build.call(f"{outer}.{inner}", x) as part:
                        x = build.op(f"op_{inner}", [x], "f32[4]")
                        part.returns(x)
                call.returns(x)
    trace = build.trace()
    graph = graph_of(trace, [call.id for call in trace.calls if call.path.count(".") == 1], limit=12)
    assert "24 inner calls are folded" in graph.left_out
    assert ("a", "b") in arrows(graph)


def test_a_failed_call_is_marked():
    graph = graph_of(crashed())
    assert [node.title for node in graph.nodes if node.kind == "failed"] == ["decoder"]


@pytest.mark.parametrize("kind", ["no calls", "no ops", "nothing"])
def test_a_poor_trace_gives_an_empty_graph(kind):
    build = TraceBuilder(run=Run("python", "x", "meta"))
    if kind == "no ops":
        with build.call(""):
            pass
    elif kind == "no calls":
        build.op("relu", [build.input("f32[1]")], "f32[1]")
    assert graph_of(build.trace()).empty


def test_the_way_from_a_to_b_is_a_chain(trace):
    graph = route(trace, "backbone.vision_backbone.trunk.blocks.5:out", "mask_head:out")
    assert [edge.target - edge.source for edge in graph.edges] == [1] * len(graph.edges)
    assert titles(graph)[0] == "backbone.vision_backbone.trunk.blocks.5:out"
    assert "mask_head" in titles(graph)


def test_the_same_tensor_in_both_places_is_one_step(trace):
    graph = route(trace, "backbone.vision_backbone.convs.0:out", "mask_head:in.pixels")
    assert len(graph.nodes) == 2
    assert len(graph.edges) == 1


def test_no_way_is_an_error_that_says_how_far_it_goes(trace):
    with pytest.raises(InputError) as caught:
        route(trace, "backbone.vision_backbone.convs.3:out", "mask_head")
    assert caught.value.code == "no-path"


@pytest.mark.parametrize(("limit", "opened"), [(80, True), (7, False)])
def test_of_two_that_are_alike_both_are_opened_or_none(limit, opened):
    build = TraceBuilder()
    x = build.input("f32[2]")
    for number in range(2):
        with build.call(f"layers.{number}", x) as layer:
            for inner in ("norm", "attn", "mlp"):
                with build.call(f"layers.{number}.{inner}", x) as call:
                    x = build.op("linear", [x], "f32[2]")
                    call.returns(x)
            layer.returns(x)
    graph = graph_of(build.trace(), limit=limit)
    assert ("norm" in " ".join(titles(graph))) is opened
    assert {f"layers.{n}" for n in range(2)} <= {*titles(graph), *(frame.title for frame in graph.clusters)}
