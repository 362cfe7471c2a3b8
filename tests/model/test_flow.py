"""What reaches what, with which doubts, and what is computed for nothing."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from builders import TraceBuilder

from shapeflow.errors import SelectorError
from shapeflow.model.flow import (
    Reach,
    all_reach,
    dead,
    fold,
    producers,
    reaches,
    unused,
    use_of,
    users,
    values_at,
    wasted,
    wasted_flops,
)
from shapeflow.model.members import each
from shapeflow.model.records import Op, Port, Value
from shapeflow.model.trace import Trace


def ids(values: tuple[Value, ...] | tuple[Op, ...]) -> list[int]:
    return [value.id for value in values]


def targets(ops: tuple[Op, ...]) -> list[str]:
    return [op.target for op in ops]


# Producers and users


def test_producers_and_users(sample: Trace) -> None:
    assert targets(producers(sample, "mask_head/einsum:out")) == ["einsum"]
    assert targets(producers(sample, "mask_head:in")) == ["interpolate", "add_"]
    assert targets(producers(sample, "mask_head")) == ["interpolate", "add_"]
    assert targets(users(sample, "backbone.trunk:out")) == ["interpolate", "max_pool2d"]
    assert targets(users(sample, "text")) == ["mean", "add_", "add_"]
    assert users(sample, "mask_head:out") == ()
    assert producers(sample, "text:in") == ()


def test_a_composite_op_and_its_details_both_count(sample: Trace) -> None:
    made = producers(sample, "encoder.layers.0.self_attn:out[0]")
    assert targets(made) == ["multi_head_attention_forward", "reshape"]
    assert targets(users(sample, "encoder.layers.0:in")) == [
        "multi_head_attention_forward",
        *["view"] * 3,
        "add",
    ]


def test_values_of_calls_and_ports(sample: Trace) -> None:
    assert values_at(sample, "text") == values_at(sample, "text:out")
    assert values_at(sample, "mask_head", "in") == values_at(sample, "mask_head:in")
    assert set(values_at(sample, "mask_head", "both")) == {*values_at(sample, "mask_head:in"), 39}
    for selector, held in {".:out.presence": "None", "mask_head/einsum:in[0]": "'bqc,bchw->bqhw'"}.items():
        with pytest.raises(SelectorError, match="holds") as caught:
            values_at(sample, selector)
        assert caught.value.code == "no-tensor"
        assert caught.value.what == f"'{selector}' holds {held}"


def test_a_call_that_returned_no_tensor() -> None:
    build = TraceBuilder()
    with build.call("a", build.input("f32[1]")):
        pass
    with pytest.raises(SelectorError, match="'a' holds no tensor"):
        values_at(build.trace(), "a")


# Reaching


def test_a_shortest_path_is_given(sample: Trace) -> None:
    reach = sample.reaches("backbone.trunk:in", "mask_head:out")
    assert reach.answer == "yes"
    assert reach
    assert [sample.ops[op].target for op in reach.path] == ["conv2d", "relu_", "interpolate", "einsum"]
    assert len(reach.values) == len(reach.path) + 1
    for op, before, after in zip(reach.path, reach.values, reach.values[1:], strict=False):
        assert before in {port.value for port in sample.ops[op].inputs}
        assert after in {port.value for port in sample.ops[op].outputs}
    assert reach.doubts == ()


def test_a_path_folds_to_calls(sample: Trace) -> None:
    steps = fold(sample, reaches(sample, "backbone.trunk:in", "mask_head:out"))
    assert [step.call and sample.calls[step.call].name for step in steps] == [
        "backbone.trunk",
        "backbone.convs.0",
        "mask_head",
    ]
    assert [len(step.ops) for step in steps] == [2, 1, 1]
    assert str(sample.values[steps[-1].value]) == "f32[1, 10, 14, 14]"
    assert fold(sample, Reach("yes", (), (3,))) == ()


def test_the_same_tensor_reaches_itself(sample: Trace) -> None:
    reach = reaches(sample, "backbone.convs.0:out", "mask_head:in.pixels")
    assert (reach.answer, reach.path, reach.values) == ("yes", (), (4,))


def test_a_parameter_reaches(sample: Trace) -> None:
    assert reaches(sample, "decoder/unsqueeze:in[0]", ".:out.boxes")


def test_the_score_matrix_that_was_never_built(sample: Trace) -> None:
    score = "encoder.layers.0.self_attn/scaled_dot_product_attention:score"
    assert reaches(sample, "encoder:in", score)
    assert reaches(sample, score, "encoder:out").answer == "no"


def test_what_does_not_reach(sample: Trace) -> None:
    reach = reaches(sample, "backbone.convs.1", ".:out")
    assert (reach.answer, reach.path, reach.doubts, reach.last) == ("no", (), (), 3)
    assert not reach
    assert reaches(sample, "decoder.box_head", "mask_head").last == 32
    assert reaches(sample, "mask_head", "text").last is None


def test_a_call_as_destination_means_all_it_was_given_or_returned(sample: Trace) -> None:
    assert reaches(sample, "encoder", "decoder.box_head@0")
    assert reaches(sample, "decoder/unsqueeze", "decoder")
    assert reaches(sample, "decoder", "mask_head").path == ()


# Doubts


def doubtful(read_before: bool) -> Trace:
    """Return a trace in which Python reads a mask before or after the result is made."""
    build = TraceBuilder()
    mask, image = build.input("bool[1]", "in.mask"), build.input("f32[1]", "in.image")
    with build.call("", image, mask=mask) as root:
        flag = build.op("any", [mask], "bool[]")
        if read_before:
            build.escape(flag, "bool", build.source("if mask.any():", "tiny/model.py", 8))
        result = build.op("relu", [image], "f32[1]")
        with build.call("after", image, flag) as after:
            if not read_before:
                build.escape(flag, "bool")
            after.returns(result)
        root.returns(result)
    return build.trace()


def test_an_escape_makes_it_undecided() -> None:
    reach = reaches(doubtful(read_before=True), ".:in.mask", ".:out")
    assert reach.answer == "undecided"
    assert not reach
    (doubt,) = reach.doubts
    assert (doubt.kind, doubt.value) == ("escape", 2)
    assert str(doubt) == (
        "bool of bool[] in '.', tiny/model.py:8, was read into Python and may choose a branch"
    )


def test_an_escape_after_the_fact_is_no_doubt() -> None:
    assert reaches(doubtful(read_before=False), ".:in.mask", ".:out").answer == "no"


def test_an_escape_of_something_else_is_no_doubt() -> None:
    assert reaches(doubtful(read_before=True), ".:in[0]", "./any:out").answer == "no"


def test_an_escape_outside_all_calls() -> None:
    build = TraceBuilder()
    mask, image = build.input("bool[1]"), build.input("f32[1]")
    build.escape(mask)
    with build.call("a", image, mask) as call:
        call.returns(build.op("relu", [image], "f32[1]"))
    reach = reaches(build.trace(), "a:in[1]", "a:out")
    assert "outside all calls" in str(reach.doubts[0])


def unseen(read: str) -> Trace:
    """Return a trace with a tensor of unknown origin that is read before, after or never by an op."""
    build = TraceBuilder()
    image = build.input("f32[1]")
    with build.call("a", image) as call:
        hidden = build.unknown("f32[2]")
        if read == "before":
            build.op("add", [hidden, 1], "f32[2]")
        source = build.op("relu", [image], "f32[1]")
        call.returns(source)
    with build.call("b", hidden) as call:
        result = hidden if read == "never" else build.op("mul", [hidden, 2], "f32[2]")
        call.returns(result)
    return build.trace()


@pytest.mark.parametrize(
    ("read", "answer"), [("before", "no"), ("after", "undecided"), ("never", "undecided")]
)
def test_an_unknown_origin_makes_it_undecided(read: str, answer: str) -> None:
    reach = reaches(unseen(read), "a:out", "b:out")
    assert reach.answer == answer
    for doubt in reach.doubts:
        by = "" if read == "never" else ", first read by 'mul',"
        assert doubt.kind == "unknown origin"
        assert doubt.text == f"the making of f32[2]{by} was not seen"


def test_an_input_as_source_may_have_made_anything_unseen() -> None:
    assert reaches(unseen("before"), "a:in", "b:out").answer == "undecided"
    assert reaches(unseen("never"), "b:out", "b:out").answer == "yes"


# In place


def test_data_written_in_place_flows_on() -> None:
    build = TraceBuilder()
    x, y = build.input("f32[2]"), build.input("f32[1]")
    with build.call("a", x, y) as call:
        buffer = build.op("zeros", [2], "f32[2]")
        view = build.op("getitem", [buffer, 0], "f32[1]", views=buffer)
        build.op("copy_", [view, y], "f32[1]", writes=view)
        again = replace(build.value("f32[2]", "op", storage=buffer.storage), producer=2)
        build.values[again.id] = again  # the buffer, seen again after the write
        call.returns(build.op("mul", [x, again], "f32[2]"))
    trace = build.trace()
    assert [trace.ops[op].target for op in reaches(trace, "a:in[1]", "a:out").path] == ["copy_", "mul"]
    assert unused(trace) == ()
    assert dead(trace) == ()


# Unused


def test_unused_and_dead(sample: Trace) -> None:
    assert [sample.ops[value.producer or 0].target for value in sample.unused()] == [
        "max_pool2d",
        "mean",
        "linear",
    ]
    assert ids(dead(sample)) == ids(unused(sample))
    assert targets(wasted(sample)) == ["max_pool2d", "mean", "linear"]
    assert wasted_flops(sample) == 144 + 1_280


def test_what_leads_only_to_unused_values_is_dead() -> None:
    build = TraceBuilder()
    x = build.input("f32[4]")
    with build.call("a", x) as call:
        first = build.op("linear", [x], "f32[4]", flops=10)
        second = build.op("view", [first, 2, 2], "f32[2, 2]", views=first)
        call.returns(build.op("relu", [x], "f32[4]", flops=1))
    trace = build.trace()
    assert ids(unused(trace)) == [second.id]
    assert ids(dead(trace)) == [first.id, second.id]
    assert wasted_flops(trace) == 10
    assert use_of(trace, "a/linear:out") is None
    assert not reaches(trace, "a/linear:out", "a:out")


def test_views_of_memory_that_is_read_are_no_noise() -> None:
    build = TraceBuilder()
    x = build.input("f32[4]")
    with build.call("a", x) as call:
        both = build.op("linear", [x], "f32[4]")
        left, right = build.op("chunk", [both, 2], "f32[2]", "f32[2]", views=both)
        call.returns(build.op("relu", [left], "f32[2]"))
    trace = build.trace()
    assert unused(trace) == ()
    assert ids(dead(trace)) == [right.id]
    assert wasted(trace) == ()


def test_memory_that_only_goes_back_into_itself_is_unused() -> None:
    build = TraceBuilder()
    x = build.input("f32[4]")
    with build.call("a", x) as call:
        made = build.op("linear", [x], "f32[4]")
        last = build.op("relu_", [made], "f32[4]", writes=made)
        call.returns(build.op("relu", [x], "f32[4]"))
    trace = build.trace()
    assert ids(unused(trace)) == [last.id]
    assert ids(dead(trace)) == [made.id, last.id]


def test_states_that_were_overwritten_are_no_noise() -> None:
    build = TraceBuilder()
    x = build.input("f32[4]")
    with build.call("a", x) as call:
        made = build.op("zeros", [4], "f32[4]")
        build.op("fill_", [], "f32[4]", writes=made)
        last = build.op("fill_", [], "f32[4]", writes=made)
        call.returns(build.op("relu", [last], "f32[4]"))
    assert unused(build.trace()) == ()


def test_writing_into_a_buffer_of_the_model_is_a_use() -> None:
    build = TraceBuilder()
    x, cache = build.input("f32[4]"), build.buffer("cache", "f32[4]")
    with build.call("a", x) as call:
        doubled = build.op("mul", [x, 2], "f32[4]")
        build.op("copy_", [cache, doubled], "f32[4]", writes=cache)
        call.returns(x)
    trace = build.trace()
    assert unused(trace) == ()
    assert dead(trace) == ()
    use = use_of(trace, "a/mul")
    assert use is not None
    assert use.text == "written into memory from outside by 'copy_'"


def test_looking_at_a_buffer_is_no_use() -> None:
    build = TraceBuilder()
    x, cache = build.input("f32[4]"), build.buffer("cache", "f32[4]")
    with build.call("a", x) as call:
        build.op("getitem", [cache, 0], "f32[1]", views=cache)
        call.returns(x)
    trace = build.trace()
    assert unused(trace) == ()
    assert len(dead(trace)) == 1


def test_what_python_reads_is_used() -> None:
    build = TraceBuilder()
    x = build.input("f32[4]")
    with build.call("a", x):
        total = build.op("sum", [x], "f32[]")
        build.escape(total, "item")
    trace = build.trace()
    assert unused(trace) == ()
    use = use_of(trace, "a:in")
    assert use is not None
    assert (use.text, use.path) == ("read into Python (item) in 'a'", (0,))
    build.escapes[0] = replace(build.escapes[0], call=None)
    use = use_of(build.trace(), "a/sum")
    assert use is not None
    assert use.text == "read into Python (item)"


def test_an_op_that_makes_nothing_uses_what_it_reads() -> None:
    build = TraceBuilder()
    x = build.input("f32[4]")
    with build.call("a", x):
        total = build.op("sum", [x], "f32[]")
        build.op("_assert_async", [total])
    use = use_of(build.trace(), "a/sum")
    assert use is not None
    assert use.text == "read by '_assert_async'"
    assert unused(build.trace()) == ()


def test_details_of_a_composite_op_are_no_noise() -> None:
    build = TraceBuilder()
    x = build.input("f32[4]")
    with build.call("a", x) as call:
        with build.composite("multi_head_attention_forward", [x], "f32[4]", flops=9) as made:
            build.op("mean", [x], "f32[1]", flops=3)
            build.op("reshape", [x], outer=[made])
        call.returns(made)
    trace = build.trace()
    assert unused(trace) == ()
    assert dead(trace) == ()
    assert wasted(trace) == ()


def test_a_dead_composite_op_is_counted_once() -> None:
    build = TraceBuilder()
    x = build.input("f32[4]")
    with build.call("a", x) as call:
        with build.composite("multi_head_attention_forward", [x], "f32[4]", flops=9) as made:
            inner = build.op("linear", [x], "f32[4]", flops=9)
            build.op("reshape", [inner], outer=[made])
        call.returns(x)
    trace = build.trace()
    assert ids(unused(trace)) == [made.id]
    assert ids(dead(trace)) == [made.id, inner.id]
    assert wasted_flops(trace) == 9


def test_tensors_that_were_never_built_are_no_noise(sample: Trace) -> None:
    ghosts = [value for value in sample.values if not value.materialized]
    assert len(ghosts) == 2
    assert not set(ids(unused(sample)) + ids(dead(sample))) & {ghost.id for ghost in ghosts}


def stages(second: str = "decode") -> Trace:
    """Return a trace of two entry calls; the second reads one result of the first, returns the other."""
    build = TraceBuilder()
    x = build.input("f32[4]")
    with build.call("", x, method="encode") as call:
        good, spare = build.op("linear", [x], "f32[4]"), build.op("mean", [x], "f32[1]")
        call.returns({"good": good, "spare": spare, "x": x})
    with build.call("", good, x, method=second) as call:
        call.returns(build.op("relu", [good], "f32[4]"), {"spare": spare, "x": x})
    return build.trace()


def test_results_of_a_stage_that_no_later_stage_reads_are_unused() -> None:
    trace = stages()
    assert ids(unused(trace)) == [2]
    assert use_of(trace, ".encode():out.spare") is None
    use = use_of(trace, ".encode():out.good")
    assert use is not None
    assert use.text == "returned by '.decode()'"


def test_the_same_entry_called_again_is_no_stage() -> None:
    assert unused(stages(second="encode")) == ()


def test_what_the_caller_computes_from_results_is_used() -> None:
    build = TraceBuilder()
    x = build.input("f32[4]")
    with build.call("a", x) as call:
        scores, extra = build.op("linear", [x], "f32[4]"), build.op("mean", [x], "f32[1]")
        call.returns(scores, extra)
    build.op("sigmoid", [scores], "f32[4]")
    trace = build.trace()
    assert unused(trace) == ()
    use = use_of(trace, "a:out[0]")
    assert use is not None
    assert use.text == "returned by 'a'"
    assert use_of(trace, "/sigmoid") is not None


def test_a_failed_run_says_nothing_of_what_was_still_to_be_read() -> None:
    build = TraceBuilder()
    x = build.input("f32[4]")
    with build.call("", x):
        build.op("linear", [x], "f32[4]")
        with build.call("done", x) as done:
            build.op("mean", [x], "f32[1]")
            done.returns(build.op("relu", [x], "f32[4]"))
        with build.call("broken", x):
            build.op("abs", [x], "f32[4]")
            build.fails("matmul", [x, x], "no")
    trace = build.trace()
    assert [trace.ops[value.producer or 0].target for value in unused(trace)] == ["mean"]
    assert [trace.ops[value.producer or 0].target for value in dead(trace)] == ["mean"]
    use = use_of(trace, "done")
    assert use is not None
    assert use.text == "made when the run failed"


def test_a_run_that_failed_between_stages() -> None:
    trace = stages()
    assert unused(replace(trace, run=replace(trace.run, complete=False))) == ()


def test_a_producer_that_names_the_value_is_enough() -> None:
    """A tensor that an in-place op changed, seen later, names that op; the op's ports do not show it."""
    trace = Trace(
        run=TraceBuilder().run,
        ops=(
            Op(0, "add_", None, (Port("in[0]", 0),), (Port("out", 1),)),
            Op(1, "relu", None, (Port("in[0]", 2),), ()),
        ),
        values=(
            Value(0, "f32", (1,), "input"),
            Value(1, "f32", (1,), "op", 0, storage=1),
            Value(2, "f32", (1,), "op", 0, storage=1),
        ),
    )
    assert reaches(trace, "/add_:in", "/relu:in").path == (0,)


# Speed


def test_a_query_on_a_large_tangled_graph_is_answered() -> None:
    build = TraceBuilder()
    chance = random.Random(3)
    values = [build.input("f32[8]") for _ in range(5)]
    with build.call("", values[0], values[1]) as root:
        for _ in range(4_000):
            near = values[-40:]
            values.append(build.op("add", [chance.choice(near), chance.choice(near)], "f32[8]"))
        root.returns(values[-1])
    trace = build.trace()
    assert reaches(trace, ".:in[0]", ".:out").answer == "yes"
    assert reaches(trace, ".:out", ".:in[0]").answer == "no"
    assert unused(trace)


PATTERNS = [
    "**",
    "**:in",
    "**:out",
    "*",
    "encoder.layers.*",
    "encoder.layers.*:out",
    "text",
    "mask_head:out",
    ".",
]


@pytest.mark.parametrize("destination", PATTERNS)
@pytest.mark.parametrize("source", PATTERNS)
def test_patterns_are_answered_as_their_paths_one_by_one(
    sample: Trace, source: str, destination: str
) -> None:
    found: object = None
    try:
        for start in each(sample, source):
            for goal in each(sample, destination):
                if found is None or found[2]:  # type: ignore[index] # up to the first that is not reached
                    found = start, goal, reaches(sample, start, goal)
    except SelectorError as error:
        found = error.code
    try:
        answer: object = all_reach(sample, source, destination)
    except SelectorError as error:
        answer = error.code
    assert answer == found
