"""What cannot be looked into is a doubt: nothing is called unused, or ruled out, that may be otherwise."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from walkthroughs import judge

from shapeflow.model.containers import told
from shapeflow.recording import trace
from shapeflow.recording.opaque import MOST, may_hold_tensors

DEVICES = (None, "meta")
GLOBAL: list[Tensor] = []


class Body(nn.Module):
    """Makes something, and gives it in whatever ``packed`` makes of it."""

    def __init__(self, packed) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.packed = packed

    def forward(self, x: Tensor):
        return self.packed(self.layer(x))


class Net(nn.Module):
    """Hands on what its body gives."""

    def __init__(self, packed) -> None:
        super().__init__()
        self.body = Body(packed)

    def forward(self, x: Tensor):
        return self.body(x)


class Own:
    """A class of the model's own, whose objects can be called."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    def __call__(self) -> Tensor:
        return self.tensor


def nested(tensor: Tensor, depth: int):
    for _ in range(depth):
        tensor = [tensor]
    return tensor


def kept_in_a_global(tensor: Tensor) -> None:
    GLOBAL[:] = [tensor]


def mutating(things: list[Tensor], tensor: Tensor) -> Tensor:
    things.append(tensor)
    return torch.zeros(1)


UNSEEN = {
    "set": lambda y: {y},
    "frozenset": lambda y: frozenset([y]),
    "keys": lambda y: {y: 1}.keys(),
    "zip": lambda y: zip([y], [y], strict=True),
    "map": lambda y: map(torch.sin, [y]),
    "filter": lambda y: filter(None, [y]),
    "iterator": lambda y: iter([y]),
    "iterator of a view": lambda y: iter({"a": y}.values()),
    "generator": lambda y: (item for item in [y]),
    "closure": lambda y: lambda: y,
    "partial": lambda y: partial(torch.add, y),
    "bound method": lambda y: y.add,
    "callable object": Own,
    "deep": lambda y: nested(y, 9),
    "very deep": lambda y: nested(y, 40),
    "enumerate": lambda y: enumerate([y]),
    "reversed": lambda y: reversed([y]),
    "beside a tensor": lambda y: (torch.zeros(1), {y}),
    "in a list": lambda y: [zip([y], [y], strict=True)],
    "global": kept_in_a_global,
    "list of the caller": partial(mutating, []),
}
SEEN = {
    "values": lambda y: {"a": y}.values(),
    "items": lambda y: OrderedDict(a=y).items(),
    "list": lambda y: [[y]],
    "object": lambda y: [slice(1), OrderedDict(a=(y,))],
}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", UNSEEN)
@pytest.mark.slow
def test_what_may_be_used_is_not_called_unused(name, device):
    recorded = trace(Net(UNSEEN[name]).eval(), torch.rand(2, 3), device=device)
    verdict = judge(recorded, "body.layer:out unused")
    assert (verdict.status, verdict.code) == ("undecided", "flow-unseen")
    assert recorded.unused() == ()
    GLOBAL.clear()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", SEEN)
def test_what_is_looked_into_is_used(name, device):
    recorded = trace(Net(SEEN[name]).eval(), torch.rand(2, 3), device=device)
    assert judge(recorded, "body.layer:out unused").status == "contradicted"
    assert judge(recorded, ".:in.x reaches .:out").status == "holds"


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", ["set", "zip", "generator", "closure", "partial", "callable object", "deep"])
@pytest.mark.slow
def test_what_is_not_looked_into_may_hold_anything(name, device):
    pack = UNSEEN[name]
    model = Net(lambda y: (torch.zeros(2), pack(y))).eval()
    recorded = trace(model, torch.rand(2, 3), device=device)
    for line in (".:in.x never reaches .:out", ".:in.x reaches .:out", "body:out unused"):
        verdict = judge(recorded, line)
        assert verdict.status in ("undecided", "contradicted"), line
        assert verdict.status == "undecided" or line == "body:out unused"


class Caching(nn.Module):
    """Hands what ``packed`` makes of each layer's result on, in one large list."""

    def __init__(self, packed) -> None:
        super().__init__()
        self.first, self.bodies = Body(lambda y: y), nn.ModuleList(Body(packed) for _ in range(3))
        self.last = Last()

    def forward(self, x: Tensor):
        cache = list(self.first(x).repeat(10, 1).unbind())
        for body in self.bodies:
            cache.append(body(x))
        return self.last(cache)


class Last(nn.Module):
    """Uses the first thing of a list."""

    def forward(self, cache: list):
        return cache[0] + 1


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", ["set", "zip", "generator", "closure", "partial", "callable object", "deep"])
def test_what_is_in_a_large_container_may_hold_anything(name, device):
    recorded = trace(Caching(UNSEEN[name]).eval(), torch.rand(2, 3), device=device)
    assert [port.text for port in told(recorded.calls[-1].inputs)] == ["list"]
    for line in (
        "bodies.0.layer:out never reaches last:in",
        "bodies.0.layer:out never reaches last:in.cache",
        "bodies.2.layer:out reaches last:in.cache",
    ):
        verdict = judge(recorded, line)
        assert (verdict.status, verdict.code) == ("undecided", "flow-unseen"), line
    assert judge(recorded, "first:out reaches last:in.cache[3]").status == "holds"


@pytest.mark.parametrize("device", DEVICES)
def test_nothing_is_taken_out_of_an_iterator(device):
    taken = []

    def counting(y):
        return (taken.append(item) or item for item in [y])

    trace(Net(counting).eval(), torch.rand(2, 3), device=device)
    assert taken == []


@pytest.mark.parametrize("device", DEVICES)
def test_what_is_dropped_is_unused(device):
    recorded = trace(Net(lambda y: torch.zeros(1)).eval(), torch.rand(2, 3), device=device)
    assert judge(recorded, "body.layer:out unused").status == "holds"
    assert judge(recorded, ".:in.x unused").status == "holds"


@pytest.mark.parametrize("device", DEVICES)
def test_a_cycle_keeps_nothing(device):
    def cyclic(y):
        box = [y]
        box.append(box)
        return torch.zeros(1)

    recorded = trace(Net(cyclic).eval(), torch.rand(2, 3), device=device)
    assert judge(recorded, "body.layer:out unused").status == "holds"


class Keeping(nn.Module):
    """Gives nothing: what it made, and what it was given, are attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.other = nn.Linear(3, 3), nn.Linear(3, 3)
        self.register_buffer("state", torch.zeros(3))

    def forward(self, x: Tensor, y: Tensor, z: Tensor) -> None:
        self.real = x
        self.fake = {"a": [self.layer(x)]}
        self.state = self.other(y).mean(0)
        torch.tanh(z)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("layer:out", "kept by the model as 'fake.a[0]'"),
        ("other:out", "kept by the model as 'state'"),
        (".:in.x", "kept by the model as 'real'"),
        (".:in.z", "no use"),
    ],
)
def test_what_the_model_keeps_is_used(place, found, device):
    recorded = trace(Keeping().eval(), *torch.rand(3, 2, 3).unbind(), device=device)
    assert judge(recorded, f"{place} unused").found.splitlines()[0] == found
    assert [value.shape for value in recorded.unused()] == [(2, 3)]


class Reading(nn.Module):
    """Reads ``x`` in a way that no argument shows."""

    def __init__(self, read) -> None:
        super().__init__()
        self.read = read

    def forward(self, x: Tensor, y: Tensor):
        return self.read(x * 2, y * 2)


def by_size(x: Tensor, y: Tensor) -> Tensor:
    return y * torch.nonzero(x > 0.5).shape[0]


def by_mask(x: Tensor, y: Tensor) -> Tensor:
    return y * y[x > 0.5].numel()


def by_numpy(x: Tensor, y: Tensor) -> Tensor:
    array = y.numpy()
    array += x.numpy()
    return y


def by_storage(x: Tensor, y: Tensor) -> Tensor:
    y.untyped_storage().copy_(x.untyped_storage())
    return y


def by_pickle(x: Tensor, y: Tensor) -> Tensor:
    return y * len(repr(x.__reduce_ex__(2)))


@pytest.mark.parametrize("read", [by_size, by_mask, by_numpy, by_storage, by_pickle])
def test_what_leaves_torch_is_a_doubt(read):
    recorded = trace(Reading(read), torch.rand(2, 3), torch.rand(2, 3))
    assert judge(recorded, ".:in.x never reaches .:out").code == "flow-escaped"
    assert judge(recorded, ".:in.x unused").status == "contradicted"


def test_a_size_that_no_number_decides_is_no_doubt():
    recorded = trace(Reading(lambda x, y: y[torch.tensor([True, False])] + x.shape[0]), *torch.rand(2, 2, 3))
    assert judge(recorded, ".:in.x never reaches .:out").status == "holds"


@pytest.mark.parametrize("device", DEVICES)
def test_what_a_function_closes_over_is_read(device):
    def closing(x, y):
        return torch.utils.checkpoint.checkpoint(lambda a: a + x, y, use_reentrant=False)

    recorded = trace(Reading(closing), torch.rand(2, 3), torch.rand(2, 3), device=device)
    assert judge(recorded, ".:in.x reaches .:out").status == "holds"


def set_data(y: Tensor) -> Tensor:
    alias = torch.zeros(2, 3)
    alias.data = y
    return alias


ALIASES = {
    "as_tensor": lambda y: torch.as_tensor(y, device=y.device),
    "as_tensor, by name": lambda y: torch.as_tensor(data=y, device="cpu"),
    "asarray": lambda y: torch.asarray(y, device="cpu"),
    "asarray, not copied": lambda y: torch.asarray(y, copy=False),
    "Tensor": torch.Tensor,
    "new": lambda y: y.new(y),
    "data": lambda y: y.data,
    "set data": set_data,
    "detach": lambda y: y.detach(),
    "to": lambda y: y.to("cpu", torch.float32),
    "view": lambda y: y.view(-1),
    "subclass": lambda y: y.as_subclass(torch.Tensor),
    "parameter": lambda y: nn.Parameter(y, requires_grad=False),
}
REAL_RUNS_ONLY = {
    "set_": lambda y: torch.empty(0).set_(y),
    "numpy": lambda y: torch.from_numpy(y.numpy()),
    "a part of numpy": lambda y: torch.from_numpy(y.numpy()[1:]),
    "as_tensor of numpy": lambda y: torch.as_tensor(y.numpy()),
    "dlpack": torch.from_dlpack,
    "capsule": lambda y: torch.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(y)),
    "buffer": lambda y: torch.frombuffer(y.numpy(), dtype=torch.float32),
}


class Aliasing(nn.Module):
    """Writes ``w`` into what ``alias`` makes of ``y``, and gives ``y``."""

    def __init__(self, alias, known: bool) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.alias, self.known = alias, known

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        y = torch.zeros(2, 3) if self.known else self.layer(x)
        alias = self.alias(y)
        alias += self.layer(w).sum()
        return y * 1


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    ("alias", "device"),
    [
        *[(alias, device) for alias in ALIASES for device in DEVICES],
        *[(alias, None) for alias in REAL_RUNS_ONLY],
    ],
)
def test_what_is_written_through_an_alias_reaches_the_owner(alias, device, known):
    model = Aliasing((ALIASES | REAL_RUNS_ONLY)[alias], known).eval().requires_grad_(False)
    recorded = trace(model, torch.rand(2, 3), torch.rand(2, 3), device=device)
    assert judge(recorded, ".:in.w reaches .:out").status == "holds"


def test_a_copy_is_no_alias():
    for device in DEVICES:
        model = Aliasing(lambda y: torch.asarray(y, copy=True), False).eval().requires_grad_(False)
        recorded = trace(model, torch.rand(2, 3), torch.rand(2, 3), device=device)
        assert judge(recorded, ".:in.w never reaches .:out").status == "holds"


def a_function() -> None:
    """Hold nothing."""


@pytest.mark.parametrize(
    ("value", "may"),
    [
        ([a_function] * 10 * MOST, False),
        ([*[a_function] * 10 * MOST, torch.ones(1)], True),
        ([torch.ones(1), *[a_function] * 10 * MOST], True),
        ([lambda: None for _ in range(10 * MOST)], True),
        ([nn.ReLU() for _ in range(2 * MOST)], False),
        ({(name, name): name for name in map(str, range(10 * MOST))}, True),
    ],
    ids=["one thing", "a tensor last", "a tensor first", "many functions", "many modules", "many pairs"],
)
def test_large_containers_are_looked_through_as_far_as_it_matters(value, may):
    assert may_hold_tensors(value) is may
