"""What stands on the arrows of a graph, which ops are boxes, and what is named where there is no room."""

from __future__ import annotations

from builders import TraceBuilder
from figure_checks import FigureCheck
from graph_reads import arrows, calls, label

from shapeflow.graph.build import graph_of
from shapeflow.graph.edges import draw
from shapeflow.graph.simplify import remove_nodes
from shapeflow.graph.via import MOST_NAMES, Via
from shapeflow.graph.ways import Ways
from shapeflow.model.call_tree import CallTree


def test_what_happens_between_two_boxes_stands_on_the_arrow():
    build = TraceBuilder()
    x = build.input("f32[1, 3, 8, 8]")
    with build.call("", x) as root:
        with build.call("proj", x) as proj:
            given = build.op("conv2d", [x], "f32[1, 4, 2, 2]")
            proj.returns(given)
        flat = build.op("flatten", [given, 2], "f32[1, 4, 4]", views=given)
        turned = build.op("transpose", [flat, 1, 2], "f32[1, 4, 4]", views=flat)
        with build.call("norm", turned) as norm:
            out = build.op("layer_norm", [turned], "f32[1, 4, 4]")
            norm.returns(out)
        root.returns(out)
    graph = graph_of(build.trace())
    assert label(graph, "proj", "norm") == ("f32[1, 4, 2, 2]", "flatten · transpose", "f32[1, 4, 4]")
    assert label(graph, "norm", "result") == ("f32[1, 4, 4]",)


def residuals(layers: int, line: int | None = None) -> TraceBuilder:
    """Return a model whose layers are added to what they got, all on the same line if there is one."""
    build = TraceBuilder()
    build.source("x = x + block(x)")
    x = build.input("f32[2, 4]")
    with build.call("", x) as root:
        with build.call("embed", x) as embed:
            x = build.op("linear", [x], "f32[2, 8]")
            embed.returns(x)
        for number in range(layers):
            with build.call(f"blocks.{number}", x) as block:
                y = build.op("linear", [x], "f32[2, 8]")
                block.returns(y)
            x = build.op("add", [x, y], "f32[2, 8]", source=line)
        root.returns(x)
    return build


def test_where_tensors_meet_an_op_is_a_box():
    graph = graph_of(residuals(1).trace())
    assert arrows(graph) >= {("embed", "add"), ("blocks.0", "add"), ("add", "result")}
    (add,) = [node for node in graph.nodes if node.kind == "op"]
    assert len(add.ops) == 1


def test_ops_that_one_line_makes_again_and_again_are_one_box_that_says_so():
    graph = graph_of(residuals(6, line=0).trace())
    assert [node.title for node in graph.nodes if node.kind == "op"] == ["add × 6"]
    assert arrows(graph) >= {("add × 6", "blocks.0 … 5"), ("blocks.0 … 5", "add × 6"), ("add × 6", "result")}


def test_ops_that_are_left_out_are_counted_and_named_on_the_arrows():
    trace = residuals(12).trace()
    graph = graph_of(trace, limit=8)
    assert len(graph.nodes) == 8
    assert "+ 8 ops on the arrows, without a box" in graph.left_out
    assert any("add" in flow.via.names for edge in graph.edges for flow in edge.flows)
    assert not FigureCheck(trace).faults(graph)


def test_calls_between_that_are_left_out_are_counted_and_named_on_the_arrows():
    build = TraceBuilder()
    x = build.input("f32[2, 4]")
    with build.call("", x) as root:
        for name in "abcdefghijkl":
            with build.call(name, x) as call:
                x = build.op("linear", [x], "f32[2, 4]")
                call.returns(x)
        root.returns(x)
    trace = build.trace()
    graph = graph_of(trace, [*calls(trace, "a"), *calls(trace, "l")], limit=6)
    assert graph.left_out == "+ 10 calls on the arrows, without a box"
    assert label(graph, "a", "l") == ("f32[2, 4]", "b · c · d · … 7 more", "f32[2, 4]")
    assert not FigureCheck(trace).faults(graph)


def test_many_inputs_do_not_take_the_room_of_ops():
    build = TraceBuilder()
    inputs = [build.input("f32[4]", f"in[{number}]") for number in range(26)]
    with build.call("", *inputs) as root:
        made = []
        for number, part in enumerate(inputs):
            with build.call(f"part_{chr(97 + number)}", part) as call:
                made.append(build.op("linear", [part], "f32[4]"))
                call.returns(made[-1])
        left, right = (build.op("cat", [half], "f32[52]") for half in (made[:13], made[13:]))
        root.returns(build.op("add", [left, right], "f32[52]"))
    trace = build.trace()
    graph = graph_of(trace, limit=42)
    assert len(graph.nodes) == 36
    assert graph.left_out == "20 inputs left out"
    assert not FigureCheck(trace).faults(graph)
    assert sorted(node.title for node in graph.nodes if node.kind == "op") == ["add", "cat", "cat"]


def test_many_unused_ends_do_not_break_the_limit():
    build = TraceBuilder()
    x = build.input("f32[4]")
    with build.call("", x) as root:
        for letter in "abcdefghijklmnopqrst":
            with build.call(f"part_{letter}", x) as call:
                used, unused = build.op("linear", [x], "f32[4]", "f32[5]")
                call.returns(used, unused)
            x = used
        root.returns(x)
    graph = graph_of(build.trace(), limit=30)
    assert len(graph.nodes) <= 30
    assert "14 unused ends left out" in graph.left_out


def test_two_tensors_of_one_box_meet_in_an_op_and_one_tensor_does_not():
    build = TraceBuilder()
    x = build.input("f32[2, 4]")
    with build.call("", x) as root:
        with build.call("both", x) as both:
            left, right = build.op("linear", [x], "f32[2, 4]", "f32[2, 4]")
            both.returns(left, right)
        joined = build.op("cat", [[left, right]], "f32[4, 4]")
        squared = build.op("mul", [joined, joined], "f32[4, 4]")
        root.returns(squared)
    graph = graph_of(build.trace())
    assert arrows(graph) >= {("both", "cat"), ("cat", "result")}
    assert label(graph, "cat", "result") == ("f32[4, 4]", "mul", "f32[4, 4]")


def test_a_tensor_that_a_call_looks_at_still_comes_from_where_it_was_made():
    build = TraceBuilder()
    x = build.input("f32[2, 4]")
    with build.call("", x) as root:
        with build.call("embed", x) as embed:
            made = build.op("linear", [x], "f32[2, 8]")
            embed.returns(made)
        with build.call("gate", made) as gate:
            build.op("dropout", [made], outer=[made])
            weight = build.op("sum", [made], "f32[2, 1]")
            gate.returns(weight)
        with build.call("head", made, weight) as head:
            out = build.op("mul", [made, weight], "f32[2, 8]")
            head.returns(out)
        root.returns(out)
    graph = graph_of(build.trace())
    assert label(graph, "embed", "head") == ("f32[2, 8]",)
    assert label(graph, "gate", "head") == ("f32[2, 1]",)


def test_nothing_leads_through_what_is_left_out_but_data():
    build = TraceBuilder()
    x, mask = build.input("f32[2, 4]", "in.x"), build.input("f32[2, 9]", "in.mask")
    with build.call("", x, mask) as root:
        with build.call("first", x) as first:
            a = build.op("linear", [x], "f32[2, 8]")
            first.returns(a)
        with build.call("other", mask) as other:
            b = build.op("linear", [mask], "f32[2, 7]")
            other.returns(b)
        with build.call("both", a, b) as both:  # what it gives of one has nothing of the other
            c, d = build.op("relu", [a], "f32[2, 8]"), build.op("relu", [b], "f32[2, 7]")
            both.returns(c, d)
        with build.call("last", c) as last:
            e = build.op("linear", [c], "f32[2, 1]")
            last.returns(e)
        with build.call("late", d) as late:
            f = build.op("linear", [d], "f32[2, 3]")
            late.returns(f)
        root.returns(e, f)
    trace = build.trace()
    tree = CallTree(trace)
    ways = Ways(tree)
    graph = draw(tree, tree.children[tree.roots[0]])
    (gone,) = [node.id for node in graph.nodes if node.title == "both"]
    left = remove_nodes(graph, [gone], ways)
    assert label(left, "first", "last") == ("f32[2, 8]", "both", "f32[2, 8]")
    assert label(left, "other", "late") == ("f32[2, 7]", "both", "f32[2, 7]")
    assert not {("first", "late"), ("other", "last")} & arrows(left)


def test_of_tensors_that_read_alike_the_one_that_leads_on_is_known():
    build = TraceBuilder()
    x = build.input("f32[2, 4]")
    with build.call("", x) as root:
        with build.call("first", x) as first:
            made = build.op("linear", [x], *["f32[2, 8]"] * 3)
            first.returns(*made)
        with build.call("both", *made) as both:
            given = [build.op("relu", [value], f"f32[2, {width}]") for width, value in enumerate(made, 5)]
            both.returns(*given)
        for name, value in zip("abc", given, strict=True):
            with build.call(name, value) as call:
                call.returns(build.op("linear", [value], "f32[2, 1]"))
        root.returns(x)
    tree = CallTree(build.trace())
    graph = draw(tree, tree.children[tree.roots[0]])
    assert label(graph, "first", "both") == ("f32[2, 8]",)
    left = remove_nodes(graph, [node.id for node in graph.nodes if node.title == "both"], Ways(tree))
    assert {("first", "a"), ("first", "b"), ("first", "c")} <= arrows(left)


def test_an_op_that_fails_between_calls_is_a_box():
    build = TraceBuilder()
    x = build.input("f32[2, 4]")
    with build.call("", x):
        made = []
        for name, width in (("left", 8), ("right", 7)):
            with build.call(name, x) as call:
                made.append(build.op("linear", [x], f"f32[2, {width}]"))
                call.returns(made[-1])
        build.fails("add", made, "The size of tensor a (8) must match the size of tensor b (7)")
    graph = graph_of(build.trace())
    assert arrows(graph) >= {("left", "add"), ("right", "add")}
    assert [node.kind for node in graph.nodes if node.title == "add"] == ["failed"]
    assert label(graph, "right", "add") == ("f32[2, 7]",)


def test_the_op_that_lost_an_axis_stands_on_the_arrow_to_the_call_that_failed():
    build = TraceBuilder()
    x = build.input("f32[2, 5, 8]")
    with build.call("", x):
        with build.call("body", x) as body:
            made = build.op("linear", [x], "f32[2, 5, 8]")
            body.returns(made)
        mean = build.op("mean", [made, 1], "f32[2, 8]")
        with build.call("head", mean):
            build.fails("linear", [mean, mean], "mat1 and mat2 shapes cannot be multiplied (2x8 and 4x3)")
    assert label(graph_of(build.trace()), "body", "head") == ("f32[2, 5, 8]", "mean", "f32[2, 8]")


def test_a_selected_call_is_drawn_with_the_op_that_joins_what_it_gives():
    build = TraceBuilder()
    x = build.input("f32[2, 4]")
    with build.call("", x) as root:
        made = []
        for name in ("queries", "pixels"):
            with build.call(name, x) as call:
                made.append(build.op("linear", [x], "f32[2, 8]"))
                call.returns(made[-1])
        masks = build.op("einsum", ["ij,ij->i", *made], "f32[2, 3]")
        root.returns(masks)
    trace = build.trace()
    graph = graph_of(trace, calls(trace, "queries"), limit=24)
    assert arrows(graph) >= {("queries", "einsum"), ("pixels", "einsum"), ("einsum", "result")}


def test_a_composite_op_is_told_as_one():
    build = TraceBuilder()
    x = build.input("f32[2, 4]")
    with build.call("", x) as root:
        with build.call("embed", x) as embed:
            q, k = build.op("linear", [x], "f32[2, 8]", "f32[2, 8]")
            embed.returns(q, k)
        with build.composite("attention", [q, k], "f32[2, 8]") as mixed:
            score = build.op("matmul", [q, k], "f32[2, 2]")
            build.op("softmax", [score], outer=[mixed])
        root.returns(mixed)
    graph = graph_of(build.trace())
    assert [node.title for node in graph.nodes if node.kind == "op"] == ["attention"]
    assert arrows(graph) >= {("embed", "attention"), ("attention", "result")}


def test_inputs_of_one_name_and_several_shapes_are_several_boxes():
    build = TraceBuilder()
    for width in (4, 5):
        x = build.input(f"f32[2, {width}]", "in.image")
        with build.call("", x) as root:
            with build.call("embed", x) as embed:
                made = build.op("linear", [x], "f32[2, 8]")
                embed.returns(made)
            root.returns(made)
    graph = graph_of(build.trace())
    inputs = [node.subtitle for node in graph.nodes if node.kind == "input"]
    assert sorted(inputs) == ["f32[2, 4]", "f32[2, 5]"]


def test_the_names_on_an_arrow_are_few():
    via = Via().then("view", "transpose", "transpose", "reshape")
    assert str(via) == "view · transpose · reshape"
    assert str(via.then("add", "relu")) == "view · transpose · reshape · … 2 more"
    assert via.beside(Via(("view", "cos"))).names == ("view", "transpose", "reshape", "cos")
    long = Via().then(*(f"op{number}" for number in range(1000)))
    assert len(long.names) == MOST_NAMES + 1
    assert str(long).endswith("… many more")
