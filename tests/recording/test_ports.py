"""The names of what goes into calls and ops, and of what comes out."""

from __future__ import annotations

from collections import OrderedDict, UserDict, defaultdict, deque
from enum import Enum

import models
import pytest
import torch
from builders import nested_ports
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from shapeflow.model.records import Port, Value
from shapeflow.model.trace import Trace
from shapeflow.recording import trace
from shapeflow.recording.ports import plain, walk

X = torch.randn(2, 3)
DEVICES = pytest.mark.parametrize("device", [None, "meta"])


def shown(found: Trace, ports: tuple[Port, ...]) -> dict[str, str]:
    return {port.name: port.text if port.value is None else str(found.values[port.value]) for port in ports}


def inputs(value, device=None) -> dict[str, str]:
    found = trace(models.Nested(), value, device=device)
    return shown(found, found.calls[0].inputs)


@DEVICES
def test_lists_tuples_and_dicts(device):
    value = [X, (X, None), {"masks": X, "a b": X, 3: X, "deep": {"er": [X]}}]
    found = trace(models.Nested(), value, device=device)
    (call,) = found.calls
    names = ["[0]", "[1][0]", "[1][1]", "[2].masks", "[2]['a b']", "[2][3]", "[2].deep.er[0]"]
    assert list(shown(found, call.inputs)) == [f"in[0]{name}" for name in names]
    assert list(shown(found, call.outputs)) == [f"out{name}" for name in names]
    assert [port.alias for port in call.inputs] == [f"in.x{name}" for name in names]
    assert shown(found, call.inputs)["in[0][1][1]"] == "None"


def test_named_tuples_dataclasses_and_objects():
    value = [models.Record(X, extra=[X]), models.Pair(X, 1), models.Bag(X, models.Bag(X))]
    assert inputs(value) == {
        "in[0][0].boxes": "f32[2, 3]",
        "in[0][0].label": "'cat'",
        "in[0][0].extra[0]": "f32[2, 3]",
        "in[0][1].first": "f32[2, 3]",
        "in[0][1].second": "1",
        "in[0][2].tensor": "f32[2, 3]",
        "in[0][2].inner.tensor": "f32[2, 3]",
        "in[0][2].inner.inner": "None",
        "in[0][2].inner.name": "'bag'",
        "in[0][2].name": "'bag'",
    }


def test_an_object_whose_tensors_lie_deeper():
    class Layer:
        def __init__(self):
            self.keys = X

    class Cache:
        def __init__(self):
            self.layers = [Layer(), Layer()]
            self.by_name = {"first": X}

    assert inputs(Cache()) == {
        "in[0].layers[0].keys": "f32[2, 3]",
        "in[0].layers[1].keys": "f32[2, 3]",
        "in[0].by_name.first": "f32[2, 3]",
    }


def test_an_object_without_tensors_is_one_word():
    class Settings:
        def __init__(self):
            self.width, self.names = 3, ["a", "b"]

    assert inputs(Settings()) == {"in[0]": "Settings"}


def test_an_object_with_slots():
    class Slotted:
        __slots__ = ("missing", "tensor")

        def __init__(self):
            self.tensor = X

    assert inputs(Slotted()) == {"in[0].tensor": "f32[2, 3]"}


def test_other_mappings_and_containers():
    value = [OrderedDict(a=X), defaultdict(list, b=[X]), UserDict(c=X), {"d": deque([X])}]
    assert list(inputs(value)) == ["in[0][0].a", "in[0][1].b[0]", "in[0][2].c", "in[0][3].d[0]"]


def test_model_outputs_of_transformers():
    outputs = pytest.importorskip("transformers.modeling_outputs")
    found = trace(models.Nested(), outputs.BaseModelOutput(last_hidden_state=X, hidden_states=(X, X)))
    assert list(shown(found, found.calls[0].outputs)) == [
        "out.last_hidden_state",
        "out.hidden_states[0]",
        "out.hidden_states[1]",
    ]


def test_packed_sequences():
    packed = pack_padded_sequence(torch.randn(3, 2, 4), torch.tensor([3, 2]))
    assert inputs(packed) == {
        "in[0].data": "f32[5, 4]",
        "in[0].batch_sizes": "i64[3]",
        "in[0].sorted_indices": "None",
        "in[0].unsorted_indices": "None",
    }


def test_numbers_texts_and_the_rest():
    class Colour(Enum):
        RED = 1

    assert plain(None) == "None"
    assert plain(2.5) == "2.5"
    assert plain("nearest") == "'nearest'"
    assert plain(torch.float16) == "float16"
    assert plain(torch.device("cpu")) == "'cpu'"
    assert plain((2, 2)) == "(2, 2)"
    assert plain([1, X]) == "[1, …]"
    assert plain(list(range(20))) == "[0, 1, 2, 3, 4, 5, 6, 7, …]"
    assert plain(slice(None, 3)) == ":3"
    assert plain(slice(1, None, 2)) == "1::2"
    assert plain(...) == "..."
    assert plain(Colour.RED) == "<Colour.RED: 1>"
    assert plain(torch.relu) == "relu"
    assert plain(nn.Linear) == "Linear"
    assert plain("x" * 200) == "'" + "x" * 78 + "…"


def test_empty_containers_and_empty_tensors():
    assert inputs([[], {}, (), torch.empty(0, 1, 256)]) == {
        "in[0][0]": "[]",
        "in[0][1]": "{}",
        "in[0][2]": "()",
        "in[0][3]": "f32[0, 1, 256]",
    }


def test_a_structure_that_holds_itself_ends():
    loop: list = [X]
    loop.append(loop)
    bag = models.Bag(X)
    bag.inner = bag
    assert inputs([loop, bag])["in[0][0][0]"] == "f32[2, 3]"
    assert inputs(bag)["in[0].tensor"] == "f32[2, 3]"


def test_very_deep_structures_end():
    deep: list = [X]
    for _ in range(2000):
        deep = [deep]
    assert len(inputs(deep)) == 1


def test_long_lists_of_numbers_leave_tensors_in():
    value = [{"number": number} for number in range(1000)] + [X]
    found = inputs(value)
    assert len(found) < 300
    assert found["in[0][1000]"] == "f32[2, 3]"


@pytest.mark.parametrize(
    "key", [0, 12, -1, True, "masks", "a b", "a.b", "1", "", "it's", "größe", "class", (1, 2), None, 1.5]
)
def test_the_builder_of_the_tests_names_ports_as_the_recorder_does(key):
    x = torch.ones(2)
    value = Value(0, "f32", (2,), "input")
    recorded = [name for name, _ in walk("out", {key: [x, {"b": x}]})]
    assert [port.name for port in nested_ports("out", {key: [value, {"b": value}]})] == recorded


def test_properties_that_raise_are_not_asked():
    class Careful:
        def __init__(self):
            self.tensor = X

        @property
        def other(self):
            raise RuntimeError("not now")

    assert inputs(Careful()) == {"in[0].tensor": "f32[2, 3]"}


def test_a_mapping_that_raises_is_one_word():
    class Broken(UserDict):
        def items(self):
            raise RuntimeError("not now")

        __iter__ = items

    assert inputs(Broken()) == {"in[0]": "Broken"}


def test_positions_and_names_are_two_names_of_one_place():
    class Two(nn.Module):
        def forward(self, query, key=None, *rest, scale=1.0, **more):
            return query

    found = trace(Two(), X, key=X, scale=2.0, extra=X)
    assert [(port.name, port.alias) for port in found.calls[0].inputs] == [
        ("in[0]", "in.query"),
        ("in.key", "in[1]"),
        ("in.scale", ""),
        ("in.extra", ""),
    ]
    for selector in (".:in[0]", ".:in.query"):
        (match,) = found.select(selector)
        assert match.port.value == found.calls[0].inputs[0].value
    found = trace(Two(), X, X, X)
    assert [(port.name, port.alias) for port in found.calls[0].inputs] == [
        ("in[0]", "in.query"),
        ("in[1]", "in.key"),
        ("in[2]", ""),
    ]


def test_arguments_of_a_decorated_forward_have_its_names():
    class Decorated(nn.Module):
        @torch.no_grad()
        def forward(self, query, key):
            return query + key

    found = trace(Decorated(), X, X)
    assert [port.alias for port in found.calls[0].inputs] == ["in.query", "in.key"]


@DEVICES
def test_inputs_are_those_from_before_the_call(device):
    class Overwrites(nn.Module):
        def forward(self, levels):
            for position, level in enumerate(levels):
                levels[position] = level.flatten(1)
            levels.append(levels[0] + 1)
            return levels

    found = trace(Overwrites(), [torch.randn(1, 2, 3), torch.randn(1, 4, 5)], device=device)
    (call,) = found.calls
    assert shown(found, call.inputs) == {"in[0][0]": "f32[1, 2, 3]", "in[0][1]": "f32[1, 4, 5]"}
    assert list(shown(found, call.outputs).values()) == ["f32[1, 6]", "f32[1, 20]", "f32[1, 6]"]


@DEVICES
def test_a_helper_that_fills_what_it_was_given(device):
    found = trace(models.Helpers(), torch.randn(3, 4), device=device)
    assert [call.name for call in found.calls] == [".", "._encode()", "neck", "._fill()", "head"]
    fill = found.calls[3]
    assert shown(found, fill.inputs) == {"in[0].features": "f32[3, 4]", "in[1]": "f32[3, 4]"}
    assert shown(found, fill.outputs) == {"out": "None", "out.out.scores": "f32[3, 2]"}
    encode = found.calls[1]
    assert shown(found, encode.inputs) == {"in[0]": "f32[3, 4]", "in.scale": "2"}
    assert [port.alias for port in encode.inputs] == ["in.x", "in[1]"]


def test_a_helper_that_replaces_what_it_was_given():
    class Refines(nn.Module):
        def forward(self, x):
            state = {"boxes": x, "kept": x + 1, "levels": [x]}
            self.refine(state)
            return state

        def refine(self, state):
            del state["boxes"]
            state["boxes"] = torch.zeros(5)
            state["levels"] += [state["kept"] * 2]

    found = trace(Refines(), X)
    (refine,) = (call for call in found.calls if call.method == "refine")
    assert shown(found, refine.outputs) == {
        "out": "None",
        "out.state.boxes": "f32[5]",
        "out.state.levels[1]": "f32[2, 3]",
    }


def test_a_forward_that_fills_what_it_was_given():
    class Fills(nn.Module):
        def forward(self, out):
            out["y"] = out["x"] + 1

    found = trace(Fills(), {"x": X})
    assert shown(found, found.calls[0].outputs) == {"out": "None", "out.out.y": "f32[2, 3]"}


def test_tensors_named_like_methods():
    assert [name for name, _ in walk("out", {"keys": X, "2d": X, "": X})] == [
        "out.keys",
        "out['2d']",
        "out['']",
    ]
