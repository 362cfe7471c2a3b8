"""``cuda`` asked for where there is none, and runs on a device that is not the model's."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from shapeflow.adapters.base import Prepared
from shapeflow.errors import InputError
from shapeflow.model.trace import Trace
from shapeflow.recording import record, run, trace
from shapeflow.recording.shapes_only.devices import CudaOnCpu

no_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")


class Literal(nn.Module):
    """Has ``cuda`` written into it in every way."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3, device="cuda")
        self.table = torch.arange(3.0, device=torch.device("cuda"))
        self.positions = torch.zeros(3).to("cuda").cuda().cuda(0)
        self.register_buffer("scale", torch.ones(3).to(device="cuda:0", dtype=torch.float32))
        self.cuda()
        self.to("cuda", non_blocking=True)

    def forward(self, x):
        x = x.pin_memory().to(device="cuda", non_blocking=True)
        x = self.linear(x.cuda()) + self.table + torch.tensor([1.0], device="cuda")
        mask = torch.ones(3, device="cuda:0", dtype=torch.bool)
        noise = torch.empty(3, device="cuda", pin_memory=False).fill_(0)
        with torch.device("cuda"):
            more = torch.zeros(3)
        return x.masked_fill(~mask, 0) + noise + more + x.new_zeros(3, device="cuda") + self.scale


def traced(device: str) -> Trace:
    def prepare() -> Prepared:
        model = Literal().eval()
        return Prepared(model, lambda: model(torch.zeros(2, 3, pin_memory=True)), {}, {})

    return run(prepare, device=device, adapter="python", target="literal")


@no_cuda
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_cuda_in_a_model_is_answered_with_the_device_of_the_run(device):
    found = traced(device)
    assert found.run.complete, found.run.failure
    assert found.run.device == device
    (out,) = found.select(".:out")
    assert str(found.values[out.port.value]) == "f32[2, 3]"
    assert found.reaches(".:in", ".:out").answer == "yes"


@no_cuda
def test_the_modes_are_gone_afterwards():
    traced("cpu")
    assert torch.overrides._get_current_function_mode_stack() == []
    with pytest.raises((RuntimeError, AssertionError)):
        torch.zeros(1, device="cuda")


@no_cuda
def test_a_recording_does_not_change_what_a_model_of_ones_own_asks_for():
    class Asks(nn.Module):
        def forward(self, x):
            return x.to("cuda")

    with pytest.raises((RuntimeError, AssertionError)) as real:
        Asks()(torch.zeros(1))
    with pytest.raises(type(real.value)) as found, record(Asks()) as recording:
        recording._model(torch.zeros(1))
    assert str(found.value) == str(real.value)


@no_cuda
def test_other_texts_that_say_cuda_are_left_alone():
    with CudaOnCpu():
        assert torch.zeros(1, device="cuda").device.type == "cpu"
        assert torch.device("cuda").type == "cuda"
        assert torch.zeros(2).to("cuda").pin_memory().device.type == "cpu"
        assert torch.einsum("cu,da->cuda", torch.ones(1, 2), torch.ones(3, 4)).shape == (1, 2, 3, 4)


def test_a_trace_says_where_the_model_is():
    model = nn.Linear(2, 2)
    assert trace(model, torch.zeros(1, 2)).run.device == "cpu"
    assert trace(model, torch.zeros(1, 2), device="cpu").run.device == "cpu"
    assert trace(model, torch.zeros(1, 2), device=torch.device("meta")).run.device == "meta"
    with pytest.raises(InputError, match="other-device"):
        trace(model, torch.zeros(1, 2), device="cuda")


def test_a_model_on_meta_is_traced_without_values():
    model = nn.Linear(300, 300, device="meta")
    found = trace(model, torch.zeros(1, 300, device="meta"))
    assert found.run.device == "meta"
    assert found.run.complete
    assert found.run.shapes_only
