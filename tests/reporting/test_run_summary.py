"""The tree of stages: folded, with what each stage made; whole in a pipe, readable on 80 columns."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from builders import TraceBuilder, blocks_trace

from shapeflow.model.costs import stages, total_flops
from shapeflow.model.records import Failure
from shapeflow.model.trace import Trace
from shapeflow.reporting import run_summary as terminal
from shapeflow.reporting.run_summary import totals
from shapeflow.runs.failure import failure_error


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_calls_there_is_no_tree():
    assert stages(TraceBuilder().trace()) == []
    assert "0 parameters" in terminal.plain(TraceBuilder().trace())


def test_a_pipe_gets_everything_and_columns_that_line_up():
    text = terminal.plain(blocks_trace())
    lines = text.splitlines()
    assert lines[0].split() == ["stage", "makes", "params", "FLOPs"]
    column = lines[0].index("makes")
    assert all(line[column:].startswith("f32[1, 3, 8, 8]") for line in lines[1:2] + lines[4:6])
    assert "features f32[1, 3, 8, 8]" in text
    assert "(1 passed on)" in text
    assert "1,234,567 parameters" in text
    assert "…" not in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_terminal_gets_lines_of_its_width_and_the_same_words(width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    stream = Terminal()
    terminal.write(blocks_trace(), stream)
    text = re.sub("\033\\[[0-9;]*m", "", stream.getvalue())
    assert text != stream.getvalue()
    assert max(map(len, text.splitlines())) <= width
    for word in ("blocks.0-5", "Block", "× 6", "f32[1,", "1,234,567"):
        assert word in text


def test_totals_tell_what_was_not_observed():
    lines = totals(blocks_trace())
    assert any("shapes only" in line for line in lines)
    assert total_flops(blocks_trace()) == sum(op.flops for op in blocks_trace().ops)


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


def test_a_crash_is_shown_with_its_place_its_inputs_and_the_models_own_lines(tmp_path):
    told = failure_error(crashed(), tmp_path / "run.trace.json").render()
    assert "error[model-crash]: the model raised RuntimeError after 1 finished call" in told
    assert "--> mypkg/decoder.py:88, in second@0 (Linear)" in told
    assert "found:    mat1 and mat2 shapes cannot be multiplied" in told
    assert "linear got" in told
    assert "f32[1, 4]" in told
    assert "last finished call: first@0 -> f32[1, 4]" in told
    assert f"shapeflow show {tmp_path / 'run.trace.json'} 'second@0'" in told
    assert "mypkg/a.py" not in told
    assert "mypkg/a.py" in failure_error(crashed(), verbose=True).render()
    assert len(told.splitlines()) <= 14


def test_a_step_that_needs_values_says_how_to_get_them():
    error = failure_error(crashed("NeedsValues", "'item' needs real values"))
    assert error.code == "needs-values"
    assert error.exit_code == 3
    assert "--device cpu" in error.hint


def test_a_stage_that_raised_is_marked():
    assert "second  Linear  raised" in terminal.plain(crashed())
