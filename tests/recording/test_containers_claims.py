"""Claims on what is in large containers: when it is there, whether all of a pattern has it, its numbers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from walkthroughs import judge

from shapeflow.model.containers import told
from shapeflow.recording import trace
from shapeflow.recording.capture import Capture
from shapeflow.recording.recorder import Recording
from shapeflow.walkthrough.formula.evaluate import decode

MANY = 20


class Appending(nn.Module):
    """Adds what it makes to the list that it is given, and gives the list."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, cache: list[Tensor]) -> list[Tensor]:
        cache.append(self.linear(cache[-1]))
        return cache


class Handing(nn.Module):
    """Uses a tensor of the list, and hands the list on as it is."""

    def forward(self, cache: list[Tensor]) -> tuple[list[Tensor], Tensor]:
        return cache, cache[0].sin()


class Filling(nn.Module):
    """Gives nothing: it puts what it makes into the dict that it is given."""

    def forward(self, x: Tensor, found: dict[str, Tensor]) -> None:
        for number in range(MANY):
            found[f"h{number}"] = x + number


class Model(nn.Module):
    """Hands a list from layer to layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Appending() for _ in range(3))
        self.handing, self.filling = Handing(), Filling()

    def forward(self, x: Tensor) -> Tensor:
        cache = list((x + 1).repeat(MANY, 1).unbind())
        for layer in self.layers:
            cache = layer(cache)
        cache, sine = self.handing(cache)
        found: dict[str, Tensor] = {}
        self.filling(x, found)
        return sine * cache[1] + found["h3"]


DEVICES = (None, "meta")


@pytest.fixture(scope="module", params=DEVICES)
def recorded(request):
    trace_ = trace(Model().eval(), torch.rand(3), device=request.param)
    for name in ("layers.1", "handing"):
        (call,) = (call for call in trace_.calls if call.path == name)
        assert any(port.container is not None for port in (*told(call.inputs), *told(call.outputs)))
    return trace_


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("layers.0:out[20] reaches layers.1:in.cache[20]", "holds"),
        ("layers.1:out[21] never reaches layers.0:in.cache", "holds"),
        ("layers.1:out[21] reaches layers.2:out[22]", "holds"),
        ("layers.0:out[3] never reaches layers.0:out[20]", "holds"),
        ("handing:in.cache[0] reaches handing:out[1]", "holds"),
        ("handing:out[0][0] reaches handing:out[1]", "contradicted"),
        ("handing:out[0][1] reaches .:out", "holds"),
        ("handing:out[0][0] unused", "holds"),
        ("handing:in.cache[0] unused", "contradicted"),
        ("handing:out[0] unused", "contradicted"),
        ("layers.2:out[22] unused", "holds"),
        ("filling:out.found.h3 reaches .:out", "holds"),
        ("filling:out.found.h4 unused", "holds"),
        ("layers.*:in.cache[20] [3]", "not observed"),
        ("layers.{1,2}:in.cache[20] [3]", "holds"),
        ("layers.*:in.cache[19] [3]", "holds"),
    ],
)
def test_claims_on_places_in_a_container(recorded, line, status):
    if status == "not observed":  # the first layer has no such place
        assert judge(recorded, line).status != "holds"
    else:
        assert judge(recorded, line).status == status, judge(recorded, line)


def test_numbers_in_large_containers_are_kept():
    wanted = {
        "given": Capture("layers.1:in.cache[20]"),
        "gave": Capture("layers.1:out[21]"),
        "put": Capture("filling:out.found.h3"),
    }
    model, x = Model().eval(), torch.rand(3)
    with Recording(model, capture=wanted) as recording:
        model(x)
    kept = {name: torch.tensor(decode(numbers)).float() for name, numbers in recording.trace.run.kept.items()}
    first = model.layers[0].linear(x + 1)
    assert torch.allclose(kept["given"], first)
    assert torch.allclose(kept["gave"], model.layers[1].linear(first))
    assert torch.allclose(kept["put"], x + 3)


class Choosing(nn.Module):
    """Reads a tensor into Python, and gives the list forwards or backwards."""

    def forward(self, cache: list[Tensor], flag: Tensor) -> list[Tensor]:
        return cache[::-1] if flag.sum() > 0 else cache[:]


class Chosen(nn.Module):
    """Uses one of what a choice put in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.flag, self.choosing = nn.Linear(3, 3), Choosing()

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        cache = list((x + 1).repeat(MANY, 1).unbind())
        return self.choosing(cache, self.flag(y))[3] * 2


@pytest.mark.parametrize("place", ["choosing:out[3]", "choosing:out", ".:out"])
def test_what_chose_the_order_of_a_list_may_reach_all_in_it(place):
    recorded = trace(Chosen().eval(), *torch.rand(2, 3).unbind())
    verdict = judge(recorded, f"flag:out never reaches {place}")
    assert (verdict.status, verdict.code) == ("undecided", "flow-escaped")
    assert judge(recorded, "flag:out never reaches choosing:in.cache").status == "holds"
    assert judge(recorded, "flag:out never reaches choosing:in.cache[3]").status == "holds"
