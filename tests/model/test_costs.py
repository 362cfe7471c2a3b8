"""The tree of stages: alike calls as one, with what each made; and the leaves that a table lists."""

from __future__ import annotations

from dataclasses import replace

from builders import TraceBuilder, blocks_trace

from shapeflow.model.costs import leaf_stages, stages, total_flops, total_parameters


def test_alike_calls_are_one_line_with_their_number():
    rows = [(stage.level, stage.name, stage.class_name, len(stage.calls)) for stage in stages(blocks_trace())]
    assert rows == [
        (0, ".", "Net", 1),
        (1, "encoder", "Encoder", 1),
        (2, "blocks.0-5", "Block", 6),
        (3, "norm", "Norm", 6),
    ]


def test_an_unlike_call_among_them_stands_for_itself():
    names = [(stage.name, stage.outputs) for stage in stages(blocks_trace(odd=3)) if stage.level == 2]
    assert names == [("blocks.0-2,4-5", ("f32[1, 3, 8, 8]",)), ("blocks.3", ("f32[1, 3, 4, 4]",))]


def test_what_is_only_passed_on_is_counted_not_repeated():
    encoder = stages(blocks_trace())[1]
    assert encoder.outputs == ("features f32[1, 3, 8, 8]",)
    assert encoder.passed_on == 1


def test_a_helper_that_does_all_of_its_work_for_a_call_is_looked_through():
    build = TraceBuilder()
    image = build.input("f32[1, 3]", "in[0]")
    with build.call("net", image, method="run", class_name="Net") as outer:
        with build.call("net", image, method="_run", class_name="Net") as inner:
            with build.call("net.layer", image, class_name="Linear") as layer:
                value = build.op("linear", [image], "f32[1, 2]")
                layer.returns(value)
            inner.returns(value)
        outer.returns(value)
    assert [stage.name for stage in stages(build.trace())] == ["net.run()", "layer"]


def test_depth_can_be_asked_for():
    assert [stage.level for stage in stages(blocks_trace(), 0)] == [0]
    assert len(stages(blocks_trace(), 1)) == 2


def test_leaves_are_the_whole_run_in_its_order():
    rows = [(stage.path, stage.class_name, len(stage.calls)) for stage in leaf_stages(blocks_trace())]
    assert rows == [("encoder.blocks.0-5", "Block", 6)]
    rows = [(stage.path, len(stage.calls)) for stage in leaf_stages(blocks_trace(odd=3))]
    assert rows == [("encoder.blocks.0-2,4-5", 5), ("encoder.blocks.3.norm", 1)]


def test_leaves_are_rows_of_the_tree():
    trace = blocks_trace(odd=3)
    rows = {(stage.path, stage.calls, stage.flops, stage.bytes) for stage in stages(trace, 9)}
    leaves = {(stage.path, stage.calls, stage.flops, stage.bytes) for stage in leaf_stages(trace)}
    assert leaves <= rows


def test_a_stage_that_would_take_too_many_rows_stays_closed():
    build = TraceBuilder()
    image = build.input("f32[1, 3]", "in[0]")
    with build.call("", image, class_name="Net") as root:
        for number in range(5):
            with build.call(f"part{number}", image, class_name="Part") as part:
                part.returns(build.op("relu", [image], "f32[1, 3]"))
        root.returns(image)
    trace = build.trace()
    assert len(leaf_stages(trace)) == 5
    assert [stage.path for stage in leaf_stages(trace, most=4)] == ["."]


def test_totals_without_a_root():
    build = TraceBuilder()
    build.module("part", "Linear", 12)
    trace = build.trace()
    trace = replace(trace, modules=tuple(module for module in trace.modules if module.path))
    assert (total_parameters(trace), total_flops(trace)) == (12, 0)
