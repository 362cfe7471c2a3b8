"""A port is a place at a moment: what a call hands through reaches only what is done with it afterwards."""

from __future__ import annotations

import pytest
from builders import TraceBuilder

from shapeflow.model.flow import reaches, use_of
from shapeflow.model.trace import Trace


@pytest.fixture(scope="module")
def handed() -> Trace:
    """An encoder that reads a text, and hands it through beside what it made; a head reads both."""
    build = TraceBuilder()
    image, text = build.input("f32[2, 4]", "in.image"), build.input("f32[2, 4]", "in.text")
    with build.call("", image=image, text=text, class_name="Net") as root:
        with build.call("encoder", image=image, text=text) as encoder:
            with build.call("encoder.layers.0", image, memory=text) as layer:
                first = build.op("add", [image, text], "f32[2, 4]")
                layer.returns(first)
            with build.call("encoder.same", text) as same:  # no op runs in it
                same.returns(text)
            with build.call("encoder.layers.1", first, memory=text) as layer:
                second = build.op("add", [first, text], "f32[2, 4]")
                layer.returns(second)
            side = build.op("tanh", [second], "f32[2, 4]")
            encoder.returns({"memory": second, "text": text, "first": first, "side": side})
        with build.call("head", second, text=text) as head:
            scores = build.op("matmul", [second, text], "f32[2, 4]")
            head.returns(scores)
        with build.call("late", side) as late:
            late.returns(side)
        root.returns(scores)
    return build.trace()


@pytest.mark.parametrize(
    ("source", "goal", "answer"),
    [
        ("encoder:in.text", "encoder.layers.0:in.memory", "yes"),
        ("encoder:in.text", "encoder.layers.0:out", "yes"),
        ("encoder:out.text", "encoder.layers.0:in.memory", "no"),
        ("encoder:out.text", "encoder.layers.0:out", "no"),
        ("encoder:out.text", "encoder:out.memory", "no"),
        ("encoder:out.text", "head:in.text", "yes"),
        ("encoder:out.text", "head:out", "yes"),
        ("encoder:out.text", ".:out", "yes"),
        ("encoder:out.text", "encoder:out.text", "yes"),
        ("encoder:out.text", "encoder:in.text", "no"),
        ("encoder.layers.1:in.memory", "encoder.layers.0:in.memory", "no"),
        ("encoder.layers.1:in.memory", "encoder.layers.0:out", "no"),
        ("encoder.layers.1:in.memory", "encoder.layers.1:out", "yes"),
        ("encoder.layers.0:in.memory", "encoder.layers.1:in.memory", "yes"),
        ("encoder.same:out", "encoder.same:in[0]", "no"),
        ("encoder.same:out", "encoder.layers.1:in.memory", "yes"),
        ("encoder.same:out", "encoder.layers.0:out", "no"),
        ("encoder.same:in[0]", "encoder.same:out", "yes"),
        ("encoder.layers.0/add:in[1]", "encoder.layers.1:out", "yes"),
        ("encoder.layers.1/add:in[1]", "encoder.layers.0:out", "no"),
        ("encoder:out.memory", "encoder:out.side", "no"),  # made of it before it was given back
        ("encoder:out.first", "head:out", "no"),
        ("encoder.layers.0:out", "head:out", "yes"),
        (".:in.text", ".:out", "yes"),
    ],
)
def test_what_a_place_reaches(handed, source, goal, answer):
    assert reaches(handed, source, goal).answer == answer


def test_one_of_several_sources_may_lead_through_another(handed):
    reach = reaches(handed, "encoder:out", "head:out")
    assert [handed.ops[op].target for op in reach.path] == ["matmul"]


@pytest.mark.parametrize(
    ("source", "used"),
    [
        ("encoder:in.text", True),
        ("encoder:out.text", True),
        ("encoder:out.first", False),
        ("encoder:out.memory", True),
        ("encoder:out.side", False),
        ("encoder.layers.0:out", True),
        ("late:in[0]", False),
    ],
)
def test_what_is_used_after_a_place(handed, source, used):
    assert (use_of(handed, source) is not None) == used
