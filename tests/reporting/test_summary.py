"""The first answer: a table of layers that fits the terminal, with counts that are right, and the totals."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from builders import TraceBuilder, blocks_trace
from report_samples import hostile

from shapeflow.model.records import Failure
from shapeflow.model.summary import Summary as summary
from shapeflow.model.tensors import ModuleTensor
from shapeflow.model.trace import Trace
from shapeflow.reporting.summary import write
from shapeflow.reporting.summary.groups import MOST_ROWS
from shapeflow.runs.failure import failure_error


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def crashed(kind: str = "RuntimeError", message: str = "mat1 and mat2 shapes cannot be multiplied") -> Trace:
    """A run that ended in its second layer."""
    build = TraceBuilder()
    line = build.source("return self.k_proj(memory)", "mypkg/decoder.py", 88)
    image = build.input("f32[1, 8]", "in[0]")
    with build.call("first", image, _0_x=image, class_name="Linear") as first:
        value = build.op("linear", [image], "f32[1, 4]")
        first.returns(value)
    with build.call("second", _0_x=value, class_name="Linear"):
        build.op("linear", [value], "f32[1, 2]", source=line)
    trace = build.trace()
    frames = (f'  File "mypkg/{name}.py", line 1, in forward\n    code\n' for name in "abc")
    failure = Failure(kind, message, call=1, op=1, source=line, traceback="".join(frames))
    calls = (trace.calls[0], replace(trace.calls[1], raised=True))
    return replace(trace, calls=calls, run=replace(trace.run, complete=False, failure=failure))


def chain(*shapes: str, times: int = 1) -> Trace:
    """Layers of one kind, each called so often: what goes into one and what comes out of it."""
    build = TraceBuilder()
    value = build.input("f32[1, 1]", "in[0]")
    with build.call("", value, _0_x=value, class_name="Net") as root:
        for number, shape in enumerate(shapes):
            for _ in range(times):
                with build.call(f"layers.{number}", value, _0_x=value, class_name="Block") as block:
                    value = build.op("relu", [value], shape)
                    block.returns(value)
        root.returns(value)
    return build.trace()


def with_tensors(trace: Trace, tensors: dict[str, list[ModuleTensor]]) -> Trace:
    modules = [replace(m, tensors=tuple(tensors.get(m.path, ()))) for m in trace.modules]
    return replace(trace, modules=tuple(modules))


def rows_of(trace: Trace, *args: object, **kwargs: object) -> list[tuple[str, int]]:
    return [(row.name, row.calls) for row in summary(trace, *args, **kwargs).layers]


# What is a row ----------------------------------------------------------------------------------------------


def test_without_calls_there_is_no_table():
    table = summary(TraceBuilder().trace())
    assert table.layers == ()
    assert table.text().startswith("parameters")


def test_layers_that_are_alike_are_one_row():
    assert rows_of(chain(*["f32[1, 8]"] * 3)) == [(".", 1), ("layers.0", 1), ("layers.1-2", 2)]
    table = summary(chain(*["f32[1, 1]"] * 4))
    (row,) = table.layers[1:]
    assert (row.name, row.selector, row.calls) == ("layers.0-3", "layers.[0-3]", 4)
    assert len(chain(*["f32[1, 1]"] * 4).select(row.selector)) == 4


def test_layers_whose_inputs_differ_are_no_row_together():
    """A row tells one input and one output: those of each of its calls."""
    trace = chain("f32[1, 1]", "f32[1, 2]", "f32[1, 2]")
    assert rows_of(trace)[1:] == [("layers.0", 1), ("layers.1", 1), ("layers.2", 1)]


def test_a_loop_with_sizes_that_grow_is_one_row_with_their_range():
    build = TraceBuilder()
    for size in range(1, 6):
        tokens = build.input(f"i64[1, {size}]", "in[0]")
        with build.call("", tokens, _0_x=tokens, class_name="Net") as root:
            root.returns(build.op("embedding", [tokens], f"f32[1, {size}, 8]"))
    (row,) = summary(build.trace()).layers
    assert (row.calls, row.input.shape, row.output.shape) == (5, (1, (1, 5)), (1, (1, 5), 8))
    assert "i64[1, 1-5]" in summary(build.trace()).text()


def test_unfolded_each_call_is_a_row():
    trace = chain(*["f32[1, 1]"] * 3, times=2)
    assert rows_of(trace) == [(".", 1), ("layers.0-2", 6)]
    assert [name for name, _ in rows_of(trace, unfold=True)][1:] == [
        f"layers.{n}" for n in (0, 0, 1, 1, 2, 2)
    ]


def test_the_depth_that_is_asked_for():
    trace = blocks_trace()
    assert {row.level for row in summary(trace, 0).layers} == {0}
    assert {row.level for row in summary(trace, 1).layers} == {0, 1}


def test_what_nobody_asked_for_fits_a_screen():
    assert len(summary(chain(*(f"f32[1, {n}]" for n in range(2, 300)))).layers) == 1
    build = TraceBuilder()
    value = build.input("f32[1, 1]", "in[0]")
    with build.call("", value, _0_x=value, class_name="Net") as root:
        for outer in range(8):
            with build.call(f"part{outer}", value, _0_x=value, class_name="Part") as part:
                for inner in range(8):
                    with build.call(f"part{outer}.f{inner}", value, _0_x=value, class_name="F") as f:
                        value = build.op("relu", [value], "f32[1, 1]")
                        f.returns(value)
                part.returns(value)
        root.returns(value)
    table = summary(build.trace())
    assert len(table.layers) <= MOST_ROWS
    assert [row.name for row in table.layers] == [".", *(f"part{n}" for n in range(8))]


def test_a_helper_that_makes_no_tensor_is_no_row():
    build = TraceBuilder()
    value = build.input("f32[1, 1]", "in[0]")
    with build.call("", value, _0_x=value, class_name="Net") as root:
        with build.call("", value, _0_x=value, class_name="Net", method="check") as check:
            check.returns(value)
        root.returns(build.op("relu", [value], "f32[1, 1]"))
    assert rows_of(build.trace()) == [(".", 1)]
    assert rows_of(build.trace(), unfold=True) == [(".", 1), (".check()", 1)]


def test_a_stage_that_raised_is_marked():
    assert re.search(r"second Linear raised", summary(crashed()).text())


# What is counted --------------------------------------------------------------------------------------------


def test_a_shared_weight_is_counted_once_and_marked_where_it_comes_again():
    trace = chain("f32[1, 8]", "f32[1, 1]")
    weight = ModuleTensor("weight", "f32", (8, 4))
    tied = replace(weight, same="layers.0.weight")
    trace = with_tensors(trace, {"layers.0": [weight], "layers.1": [tied]})
    root, first, second = summary(trace).layers
    assert (root.parameters, first.parameters, second.parameters) == (32, 32, 32)
    assert (root.shared, first.shared, second.shared) == (False, False, True)
    totals = summary(trace).totals
    assert (totals.trainable, totals.shared, totals.parameter_bytes) == (32, 32, 128)
    assert re.search(r"layers.1 Block .* 32\*", summary(trace).text())
    assert "*: in a row above, too, counted once" in summary(trace).text()


def test_a_module_that_is_called_twice_is_counted_once():
    trace = chain("f32[1, 8]", times=2)
    trace = with_tensors(trace, {"layers.0": [ModuleTensor("weight", "f32", (8, 4))]})
    root, first, again = summary(trace).layers
    assert (first.parameters, again.parameters, again.shared, root.parameters) == (32, 32, True, 32)


def test_frozen_parameters_stand_in_brackets():
    trace = chain("f32[1, 8]", "f32[1, 1]")
    kinds = {
        "layers.0": [ModuleTensor("w", "f32", (8,), "frozen")],
        "layers.1": [ModuleTensor("w", "f32", (4,))],
    }
    table = summary(with_tensors(trace, kinds))
    assert (table.totals.trainable, table.layers[1].trainable, table.layers[2].trainable) == (4, 0, 4)
    assert re.search(r"layers.0 Block .*\(8\)", table.text())
    assert "4 trainable" in table.text()


def test_a_trace_that_does_not_say_what_is_trained_does_not_say_so():
    table = summary(blocks_trace())
    assert table.totals.trainable is None
    assert "trainable" not in table.text()
    assert "in which mode is not recorded" in table.text()


def test_a_multiply_add_is_two_flops():
    trace = blocks_trace()
    table = summary(trace)
    assert table.totals.flops == sum(op.flops for op in trace.ops)
    assert all(row.multiply_adds * 2 == row.flops for row in table.layers)


# How it looks -----------------------------------------------------------------------------------------------


def test_a_pipe_gets_everything_in_columns_that_line_up(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    stream = io.StringIO()
    write(summary(blocks_trace()), stream)
    lines = stream.getvalue().splitlines()
    assert lines[0].split() == ["layer", "input", "output", "params", "MACs", "FLOPs", "bytes"]
    column = lines[0].index("output")
    assert all(line[column - 1] == " " and line[column] != " " for line in lines[1:3])
    assert "…" not in stream.getvalue()
    assert "\033" not in stream.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_terminal_gets_lines_of_its_width_and_is_told_what_is_missing(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    write(summary(blocks_trace()), stream)
    text = re.sub("\033\\[[0-9;]*m", "", stream.getvalue())
    assert text != stream.getvalue()
    assert max(map(len, text.splitlines())) <= width
    for word in ("× 6", "[1,", "1,234,567"):
        assert word in text
    missing = "bytes" not in text.splitlines()[0]
    assert ("left out" in text) == missing


def test_a_name_that_is_cut_is_told(monkeypatch):
    build = TraceBuilder()
    value = build.input("f32[1, 1]", "in[0]")
    with build.call("a_name_" * 12, value, _0_x=value, class_name="ClassName" * 5) as call:
        call.returns(build.op("relu", [value], "f32[1, 1]"))
    text = summary(build.trace()).text(80)
    assert "…" in text
    assert "names cut" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "cut" not in summary(build.trace()).text()


def test_no_colour_where_none_is_wanted(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    write(summary(blocks_trace()), stream)
    assert "\033" not in stream.getvalue()


def test_names_cannot_steer_a_terminal(monkeypatch):
    table = summary(hostile())
    assert "\033" not in table.text()
    assert "\033" not in table.to_csv() + table.to_markdown()


def test_totals_tell_what_was_not_observed():
    text = summary(crashed()).text()
    assert "shapes only; in which mode is not recorded" in text
    assert "incomplete: RuntimeError ended it early" in text


def test_many_outputs_are_told_by_their_number():
    build = TraceBuilder()
    value = build.input("f32[1, 1]", "in[0]")
    with build.call("", value, _0_x=value, class_name="Net") as root:
        root.returns({f"out{n}": build.op("relu", [value], f"f32[1, {n + 1}]") for n in range(9)})
    text = summary(build.trace()).text(80)
    assert "[1, 1] +8" in text
    assert "and 7 more" in text


def test_a_shape_is_not_broken_in_two():
    build = TraceBuilder()
    value = build.input("f32[1, 1]", "in[0]")
    with build.call("", value, _0_x=value, class_name="Net") as root:
        root.returns({f"an_output_{n}": build.op("relu", [value], "f32[10, 20, 30]") for n in range(2)})
    for width in range(40, 90):
        assert summary(build.trace()).text(width).count("f32[10, 20, 30]") == 2


# Other forms ------------------------------------------------------------------------------------------------


def test_csv_has_a_row_a_layer_and_harms_no_spreadsheet():
    trace = blocks_trace()
    rows = list(csv.DictReader(io.StringIO(summary(trace).to_csv())))
    assert len(rows) == len(summary(trace).layers)
    assert {"selector", "class", "input", "output", "parameters", "multiply_adds", "flops"} <= set(rows[0])
    for row in rows:
        assert trace.select(row["selector"])
    calls = (replace(trace.calls[0], class_name="=cmd()"), *trace.calls[1:])
    assert ",=cmd" not in summary(replace(trace, calls=calls)).to_csv()


def test_markdown_is_a_table_whatever_names_hold():
    table = summary(hostile())
    lines = [line for line in table.to_markdown().splitlines() if line.startswith("|")]
    assert len(lines) == len(table.layers) + 2
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1


def test_plain_data_is_json():
    data = json.loads(json.dumps(summary(blocks_trace()).to_dict()))
    assert data["totals"]["parameters"] == 1_234_567
    assert data["layers"][0]["output"]["shape"]


# The message of a crash -------------------------------------------------------------------------------------


def test_a_crash_is_shown_with_its_place_its_inputs_and_the_models_own_lines(tmp_path):
    told = failure_error(crashed(), tmp_path / "run.trace.json").render()
    assert "error[model-crash]: the model raised RuntimeError after 1 finished call" in told
    assert "--> mypkg/decoder.py:88, in second@0 (Linear)" in told
    assert "found:    mat1 and mat2 shapes cannot be multiplied" in told
    assert "linear got" in told
    assert "f32[1, 4]" in told
    assert "last finished call: first@0 -> f32[1, 4]" in told
    assert f"shapeflow show {tmp_path / 'run.trace.json'} --failure" in told
    assert "mypkg/a.py" not in told
    assert "mypkg/a.py" in failure_error(crashed(), verbose=True).render()
    assert len(told.splitlines()) <= 16


def test_a_step_that_needs_values_says_how_to_get_them():
    error = failure_error(crashed("NeedsValues", "'item' needs real values"))
    assert error.code == "needs-values"
    assert error.exit_code == 3
    assert "--device cpu" in error.hint
