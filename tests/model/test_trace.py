"""The data of a trace: notation, sizes, names, and the questions it passes on."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest
from builders import TraceBuilder, nested_ports, sample_trace, tensor_type

from shapeflow.model.records import Port, Run, Value
from shapeflow.model.trace import Trace
from shapeflow.shapes.notation import element_bytes


@pytest.mark.parametrize(
    ("dtype", "size"),
    [
        ("f32", 4), ("f64", 8), ("f16", 2), ("bf16", 2), ("f8_e4m3fn", 1), ("f8_e8m0fnu", 1), ("i64", 8),
        ("i8", 1), ("u8", 1), ("u16", 2), ("bool", 1), ("c64", 8), ("c128", 16), ("i4", 1), ("odd", 1),
    ],
)  # fmt: skip
def test_bytes_of_an_element(dtype: str, size: int) -> None:
    assert element_bytes(dtype) == size


def test_a_value_in_the_one_notation() -> None:
    value = Value(0, "f32", (1, 256, 72, 72), "input")
    assert str(value) == "f32[1, 256, 72, 72]"
    assert value.bytes == 256 * 72 * 72 * 4
    assert str(Value(0, "bool", (), "input")) == "bool[]"
    assert Value(0, "f32", (), "input").bytes == 4
    assert Value(0, "f32", (0, 1, 256), "input").bytes == 0


def test_names_of_calls(sample: Trace) -> None:
    assert [call.name for call in sample.calls[:5]] == [
        "backbone.forward_image()",
        "backbone.trunk",
        "backbone.convs.0",
        "backbone.convs.1",
        ".",
    ]
    assert sample.calls[17].name == "._run_heads()"


def test_records_do_not_change(sample: Trace) -> None:
    with pytest.raises(FrozenInstanceError):
        sample.calls[0].path = "x"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        sample.run = Run("a", "b", "cpu")  # type: ignore[misc]


def test_ids_are_positions(sample: Trace) -> None:
    for records in (sample.calls, sample.ops, sample.values):
        assert [record.id for record in records] == list(range(len(records)))


def test_users_of_a_value_once_each() -> None:
    build = TraceBuilder()
    x = build.input("f32[1]")
    build.op("mul", [x, x], "f32[1]")
    build.op("add", [x, 1], "f32[1]")
    assert build.trace().users == {0: (0, 1)}


def test_a_table_is_made_once_a_trace(sample: Trace) -> None:
    made = []

    def table(trace: Trace) -> int:
        made.append(trace)
        return len(trace.ops)

    assert [sample.cached(table), sample.cached(table)] == [34, 34]
    assert len(made) == 1
    other = replace(sample, ops=())
    assert other.cached(table) == 0
    assert other != sample


def test_answers_do_not_change_what_a_trace_is() -> None:
    trace, fresh = sample_trace(), sample_trace()
    trace.select("encoder")
    trace.unused()
    assert fresh == trace
    assert pickle.loads(pickle.dumps(trace)) == fresh
    assert repr(fresh) == repr(trace)


def test_questions_are_passed_on(sample: Trace, tmp_path: Path) -> None:
    assert sample.select("mask_head:out")[0].port == Port("out", 39)
    assert sample.reaches("encoder:in", "mask_head:out").answer == "yes"
    assert [value.id for value in sample.unused()] == [5, 11, 33]
    assert Trace.load(sample.save(str(tmp_path / "a.trace.json"))) == sample
    assert sample.module_by_path["decoder"].class_name == "Decoder"


def test_shapes_only() -> None:
    assert Run("a", "b", "meta").shapes_only
    assert not Run("a", "b", "cpu").shapes_only


def test_the_builder_names_ports_as_the_recorder_does() -> None:
    x = TraceBuilder().input("f32[1]")
    assert [port.name for port in nested_ports("out", {"a": [x, {"b": x}], "c": None})] == [
        "out.a[0]",
        "out.a[1].b",
        "out.c",
    ]
    assert nested_ports("in[0]", [x], "in.xs") == [Port("in[0][0]", 0, alias="in.xs[0]")]
    assert nested_ports("in[1]", (2, 2)) == [Port("in[1]", None, "(2, 2)")]
    assert nested_ports("in", Port("in.x", None, "…")) == [Port("in.x", None, "…")]
    assert tensor_type("f32[]") == ("f32", ())
