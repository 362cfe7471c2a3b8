"""Containers that are handed from call to call: told once, found again by every selector."""

from __future__ import annotations

import itertools
import json
import random
from collections import deque
from dataclasses import dataclass, field
from functools import partial

import pytest
import torch
from torch import nn

from shapeflow import trace as record
from shapeflow.model.containers import told
from shapeflow.model.trace import Trace
from shapeflow.model.tracefile import dumps, loads
from shapeflow.model.unseen import is_unseen
from shapeflow.recording import containers
from shapeflow.recording.containers import Containers
from shapeflow.recording.held import changes
from shapeflow.recording.identity import Identity
from shapeflow.recording.ports import walk
from shapeflow.recording.trace_builder import TraceBuilder


class Attributes:
    def __init__(self):
        self.step, self.kept = 0, []


@dataclass
class Fields:
    step: int = 0
    kept: list = field(default_factory=list)


class Slots:
    __slots__ = ("kept", "step")

    def __init__(self):
        self.step, self.kept = 0, []


def append(state, x):
    state.append(x)


def insert(state, x):
    state.insert(0, x)


def shift(state, x):
    state.pop(0)
    state.append(x)


def put(state, x):
    state[f"h{len(state)}"] = x
    state["step"] = len(state)


def attributes(state, x):
    state.step += 1
    state.kept.append(x)


def pair(state, x):
    state["deep"]["pairs"].append((x, x + 1))


def write(state, x):
    state[x.shape[0] % len(state)].copy_(x)


def copied_tuple(state, x):
    return (*state, x)


def copied_dict(state, x):
    return {**state, f"h{len(state)}": x}


STATES = {
    "list": (lambda x, n: [], append),
    "list from the front": (lambda x, n: [], insert),
    "queue": (lambda x, n: [x + i for i in range(n)], shift),
    "deque": (lambda x, n: deque(), append),
    "dict": (lambda x, n: {}, put),
    "object": (lambda x, n: Attributes(), attributes),
    "dataclass": (lambda x, n: Fields(), attributes),
    "slots": (lambda x, n: Slots(), attributes),
    "nested": (lambda x, n: {"deep": {"pairs": []}, "name": "a"}, pair),
    "written in place": (lambda x, n: [x + i for i in range(n)], write),
    "copied tuple": (lambda x, n: (), copied_tuple),
    "copied dict": (lambda x, n: {}, copied_dict),
}


class Layer(nn.Module):
    def __init__(self, change):
        super().__init__()
        self.linear, self.change = nn.Linear(4, 4), change

    def forward(self, x, state):
        x = self.linear(x)
        new = self.change(state, x)
        return x, state if new is None else new


class Stack(nn.Module):
    def __init__(self, kind, layers):
        super().__init__()
        self.start, change = STATES[kind]
        self.layers = nn.ModuleList(Layer(change) for _ in range(layers))

    def forward(self, x):
        state = self.start(x, len(self.layers))
        for layer in self.layers:
            x, state = layer(x, state)
        return x


class Skips(nn.Module):
    """A U-Net's list: it grows on the way down and shrinks on the way up."""

    def __init__(self, layers):
        super().__init__()
        self.down = nn.ModuleList(Layer(append) for _ in range(layers))
        self.up = nn.ModuleList(Up() for _ in range(layers))

    def forward(self, x):
        skips = []
        for layer in self.down:
            x, _ = layer(x, skips)
        for layer in self.up:
            x = layer(x, skips)
        return x


class Up(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x, skips):
        return self.linear(x + skips.pop())


class InPlace(nn.Module):
    """Gives nothing: each layer adds to the list that it is given."""

    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList(Adds() for _ in range(layers))

    def forward(self, x):
        state = [x]
        for layer in self.layers:
            layer(state)
        return state[-1]


class Adds(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, state):
        state.append(self.linear(state[-1]))


MODELS = {
    **{kind: lambda layers, kind=kind: Stack(kind, layers) for kind in STATES},
    "skips": Skips,
    "in place": InPlace,
}


def run(kind, layers):
    return record(MODELS[kind](layers), torch.ones(2, 4), device="cpu")


def listed(trace):
    """Return all ports of all calls, those in containers too."""
    return [
        [(port.name, port.alias, port.value, port.text) for port in (*call.inputs, *call.outputs)]
        for call in trace.calls
    ]


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.slow
def test_ten_times_the_layers_are_at_most_eleven_times_the_file(kind):
    sizes = []
    for layers in (20, 200):
        content = json.loads(dumps(run(kind, layers)))
        sizes.append(sum(len(json.dumps(content[name])) for name in ("calls", "containers")))
    assert sizes[1] <= 11 * sizes[0]


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.slow
def test_every_place_is_there_as_if_it_were_listed(kind, monkeypatch):
    trace = run(kind, 24)
    assert any(port.container is not None for call in trace.calls for port in told(call.inputs))
    monkeypatch.setattr(TraceBuilder, "_handed", TraceBuilder._given)
    plainly = run(kind, 24)
    assert listed(plainly) == listed(trace)
    assert plainly.values == trace.values
    assert listed(loads(dumps(trace), Trace)) == listed(trace)
    assert dumps(loads(dumps(trace), Trace)) == dumps(trace)


@pytest.mark.parametrize(
    "kind", [kind for kind in MODELS if kind not in ("deque", "slots", "copied tuple", "copied dict")]
)
@pytest.mark.slow
def test_what_is_unchanged_is_not_looked_into_again(kind, monkeypatch):
    counts = []
    look_into = containers.look_into

    def counted(value, may_enter=True):
        counts[-1] += 1
        return look_into(value, may_enter)

    monkeypatch.setattr(containers, "look_into", counted)
    for layers in (20, 200):
        counts.append(0)
        run(kind, layers)
    assert counts[1] <= 11 * counts[0]


def test_places_in_a_container_are_named_counted_and_checked_like_all_others():
    trace = run("list", 30)
    (place,) = trace.select("layers.20:in.state[3]")
    assert place.value is not None
    assert trace["layers.20:in.state[3]"] == trace["layers.3:out[0]"]
    assert trace["layers.20:in[1][3]"] == trace["layers.3:out[0]"]
    assert len(trace.select("layers.20:in.state")) == 20
    assert len(trace.select("layers.20:in")) == 21
    assert trace.reaches("layers.2:out[0]", "layers.20:in.state[3]")
    assert not trace.reaches("layers.4:out[0]", "layers.20:in.state[3]")
    assert trace.reaches("layers.4:out[0]", "layers.20:in.state")


class Box:
    """Holds what it is given."""


class NamedSet(set):
    """Has more in it than its attributes."""

    def __init__(self, things):
        super().__init__(things)
        self.name = "s"


def closure(tensor):
    """Return a function that has a tensor, or not, and one that changes that."""
    held = None

    def put():
        nonlocal held
        held = tensor if held is None else None

    return [put, lambda: held, 1]


def change(state, choose, tensors):
    """Change something somewhere in ``state``."""
    kind = choose.randrange(11)
    tensor = choose.choice(tensors)
    if kind == 0:
        state["list"].append(tensor)
    elif kind == 1:
        state["list"].insert(choose.randrange(len(state["list"])), (tensor, choose.randrange(500)))
    elif kind == 2 and len(state["list"]) > 20:
        state["list"].pop(choose.randrange(len(state["list"])))
    elif kind == 3:
        state["box"].held = choose.choice(
            [None, tensor, [tensor], {"a": tensor, "b": 2**40 + choose.randrange(9)}]
        )
    elif kind == 4:
        tensor.add_(1)
    elif kind == 5:
        state["list"][choose.randrange(len(state["list"]))] = torch.zeros(choose.randrange(1, 4))
    elif kind == 6:
        state["box"].inner.n = choose.choice([1, "a", tensor, None])
    elif kind == 7:
        tensors[choose.randrange(len(tensors))] = torch.ones(choose.randrange(1, 5))
    elif kind == 8:
        make = choose.choice([iter, set, NamedSet, closure, lambda things: partial(max, *things)])
        state["opaque"] = make([tensor])
    elif kind == 9 and "opaque" in state:
        opaque = state["opaque"]
        if isinstance(opaque, list):
            opaque[0]()
        elif isinstance(opaque, set):
            opaque.clear()
    else:
        state[choose.choice("pqr")] = choose.choice([tensor, "text", state["box"], [1, 2], []])


@pytest.mark.parametrize("seed", range(25))
def test_after_any_change_it_is_seen_as_it_is(seed):
    choose = random.Random(seed)
    tensors = [torch.ones(1, size) for size in range(1, 7)]
    state = {"list": [*tensors, *tensors, *tensors], "box": Box(), "name": "n"}
    state["box"].held, state["box"].inner = None, Box()
    state["box"].inner.n = 0
    identity = Identity()
    looked = Containers(identity)
    writes = torch.ones(1)

    def read(tensor, name=""):
        return identity.value_of(tensor, "unknown", name)[0]

    class Told(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            result = func(*args, **(kwargs or {}))
            if func._schema.is_mutable:
                identity.written(args[0], None)
            return result

    with Told():
        for _ in range(150):
            change(state, choose, tensors)
            ports = looked.ports("in", "", state, read)
            table = containers_of(looked)
            seen = [(p.name, p.value, p.text) for p in table(ports)]
            assert seen == [
                (name, None, leaf) if isinstance(leaf, str) else (name, read(leaf), "")
                for name, leaf in walk("in", state)
            ]
    assert writes is not None


def test_what_is_not_looked_into_is_told_behind_any_number_of_things():
    tensor = torch.ones(1)
    state = [*range(400), {tensor}, [*range(400), iter([tensor])], *range(400)]
    identity = Identity()
    ports = Containers(identity).ports("in", "", state, lambda tensor, name: identity.value_of(tensor)[0])
    assert [port.text for port in ports if is_unseen(port)] == []  # one port stands for all
    looked = Containers(identity)
    ports = looked.ports("in", "", state, lambda tensor, name: identity.value_of(tensor)[0])
    seen = [(port.name, port.text) for port in containers_of(looked)(ports) if is_unseen(port)]
    assert seen == [("in[400]", "set(…)"), ("in[401][400]", "list_iterator(…)")]


def containers_of(looked):
    from shapeflow.model.containers import ContainerTable, Ports

    return lambda ports: Ports(ports, ContainerTable(looked.writer.records))


@pytest.mark.parametrize("seed", range(40))
def test_changes_lead_from_the_one_to_the_other(seed):
    choose = random.Random(seed)
    old = [choose.randrange(6) for _ in range(choose.randrange(12))]
    new = list(old)
    for _ in range(choose.randrange(4)):
        at = choose.randrange(len(new) + 1)
        new[at : at + choose.randrange(3)] = [choose.randrange(6) for _ in range(choose.randrange(3))]
    found = list(old)
    edits = changes(tuple(old), tuple(new))
    for at, cut, entries in reversed(edits):
        found[at : at + cut] = entries
    assert found == new
    assert all(a[0] + a[1] <= b[0] for a, b in itertools.pairwise(edits))
    assert bool(edits) == (old != new)


def test_no_tensor_in_a_container_is_kept_alive():
    import weakref

    layers = nn.ModuleList(Layer(append) for _ in range(20))
    dead = []

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = layers

        def forward(self, x):
            state = [x + i for i in range(30)]
            for layer in self.layers:
                x, _ = layer(x, state)
            dead.append(weakref.ref(state[3]))
            state.clear()
            dead.append(dead[0]() is None)
            return x

    record(Model(), torch.ones(2, 4), device="cpu")
    assert dead[1]


def test_a_container_that_holds_itself_and_one_too_deep_are_cut():
    state = [torch.ones(1, n + 1) for n in range(20)]
    state.append(state)
    deep = state
    for _ in range(10):
        deep = [deep, torch.ones(2)]
    identity = Identity()
    looked = Containers(identity)
    for value in (state, deep, state, deep):
        ports = looked.ports("in", "", value, lambda tensor, name: identity.value_of(tensor)[0])
        assert [port.name for port in containers_of(looked)(ports)] == [name for name, _ in walk("in", value)]
