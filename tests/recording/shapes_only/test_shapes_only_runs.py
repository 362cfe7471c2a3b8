"""Whole runs without arithmetic: they give the trace of the real run, and nothing of the user's changes."""

from __future__ import annotations

import copy
import random
from dataclasses import replace

import models
import numpy
import pytest
import torch
from torch import Tensor, nn

from benchmarks.equality import differences
from shapeflow.adapters.base import Prepared
from shapeflow.errors import NeedsValues
from shapeflow.model.tracefile import dumps
from shapeflow.recording import record, run, trace
from shapeflow.recording.recorder import Recording
from shapeflow.recording.shapes_only.memo import lift
from shapeflow.recording.shapes_only.mode import ShapesOnly


def test_no_random_number_is_drawn():
    torch.manual_seed(1)
    random.seed(1)
    numpy.random.seed(1)
    generator = torch.Generator().manual_seed(3)
    before = torch.random.get_rng_state(), random.getstate(), generator.get_state()
    model = models.Mlp().train()
    torch.manual_seed(1)
    trace(model, torch.zeros(3, 8), device="meta")
    with ShapesOnly():
        torch.manual_seed(9)
        torch.randn(3, generator=generator)
        models.ConvNet()(torch.rand(2, 3, 8, 8))
    after = torch.random.get_rng_state(), random.getstate(), generator.get_state()
    assert torch.equal(before[0], after[0])
    assert before[1] == after[1]
    assert torch.equal(before[2], after[2])


NETS = {
    "mlp": lambda: (models.Mlp().train(), torch.randn(3, 8)),
    "helpers": lambda: (models.Helpers(), torch.randn(3, 4)),
    "inheritance": lambda: (models.Top(), torch.randn(3, 4)),
    "shared": lambda: (models.Shared(), torch.randn(3, 3)),
    "lstm": lambda: (models.Recurrent("LSTM").eval(), torch.randn(2, 5, 4)),
    "lstm in training": lambda: (models.Recurrent("LSTM").train(), torch.randn(2, 5, 4)),
    "gru": lambda: (models.Recurrent("GRU"), torch.randn(2, 5, 4)),
    "rnn": lambda: (models.Recurrent("RNN"), torch.randn(2, 5, 4)),
    "convolutions": lambda: (models.ConvNet().eval(), torch.randn(2, 3, 8, 8)),
    "convolutions in training": lambda: (models.ConvNet().train(), torch.randn(2, 3, 8, 8)),
    "convolutions, channels last": lambda: (
        models.ConvNet().eval().to(memory_format=torch.channels_last),
        torch.randn(2, 3, 8, 8).to(memory_format=torch.channels_last),
    ),
    "tokens": lambda: (models.Tokens(), torch.randint(0, 50, (2, 6))),
    "attention": lambda: (models.Attention().eval(), torch.randn(2, 6, 16)),
    "attention with weights": lambda: (models.Attention(need_weights=True).eval(), torch.randn(2, 6, 16)),
    "attention, sequence first": lambda: (models.Attention(False).eval(), torch.randn(6, 2, 16)),
    "attention in training": lambda: (models.Attention().train(), torch.randn(2, 6, 16)),
    "cross attention": lambda: (models.Cross().eval(), torch.randn(2, 3, 16), torch.randn(2, 6, 16)),
    "encoder layer": lambda: (encoder_layer().eval(), torch.randn(2, 6, 16)),
    "encoder layer in training": lambda: (encoder_layer().train(), torch.randn(2, 6, 16)),
    "encoder": lambda: (encoder().eval(), torch.randn(2, 6, 16)),
    "encoder with norm first": lambda: (encoder(norm_first=True).eval(), torch.randn(2, 6, 16)),
    "decoder": lambda: (
        nn.TransformerDecoder(nn.TransformerDecoderLayer(16, 4, 32, batch_first=True), 2).eval(),
        *(torch.randn(2, 3, 16), torch.randn(2, 6, 16)),
    ),
    "transformer": lambda: (
        nn.Transformer(16, 4, 1, 1, 32, batch_first=True).eval(),
        *(torch.randn(2, 6, 16), torch.randn(2, 3, 16)),
    ),
    "reads": lambda: (models.Reads("int"), torch.ones(2, 3)),
    "caught failure": lambda: (models.Swallows(), torch.randn(2, 4)),
    "recursive": lambda: (models.Recursive(), torch.randn(2)),
    "nested values": lambda: (
        models.Nested(),
        {"a": [torch.randn(2), None, 3], "b": models.Bag(torch.randn(1))},
    ),
}


def encoder_layer(**options) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, **options)


def encoder(**options) -> nn.TransformerEncoder:
    return nn.TransformerEncoder(encoder_layer(**options), 2)


GRAD = {"grad": torch.enable_grad, "no_grad": torch.no_grad, "inference": torch.inference_mode}


@pytest.mark.parametrize("grad", GRAD)
@pytest.mark.parametrize("net", NETS)
def test_an_existing_model_gives_the_trace_of_the_real_run(net, grad):
    torch.manual_seed(0)
    model, *args = NETS[net]()
    with GRAD[grad]():
        shapes, real = (trace(model, *args, device=device) for device in ("meta", None))
    assert list(differences(real, shapes)) == []
    if grad != "grad" or not isinstance(model, models.Recurrent):  # their kernels keep memory for gradients
        assert [op.live_bytes for op in real.ops] == [op.live_bytes for op in shapes.ops]
    assert real.modules == shapes.modules or _without_lines(real) == _without_lines(shapes)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("net", NETS)
def test_under_autocast_the_trace_is_that_of_the_real_run(net, dtype):
    model, *args = NETS[net]()
    if dtype is torch.float16 and "lstm" in net:
        return  # the CPU's own kernel refuses it
    with torch.autocast("cpu", dtype):
        shapes, real = (trace(model, *args, device=device) for device in ("meta", None))
    assert list(differences(real, shapes)) == []


def _without_lines(found):
    return [replace(module, source=None) for module in found.modules]


@pytest.mark.slow
@pytest.mark.parametrize("grad", GRAD)
@pytest.mark.parametrize("net", NETS)
def test_a_model_built_without_memory_gives_the_trace_of_the_real_run(net, grad):
    def prepare():
        torch.manual_seed(0)
        model, *args = NETS[net]()

        def forward():
            with GRAD[grad]():
                return model(*args)

        return Prepared(model, forward, {}, {})

    if net == "reads":  # its input is random here, so it is not known
        return
    shapes, real = (run(prepare, device=device, adapter="python", target=net) for device in ("meta", "cpu"))
    assert shapes.run.complete
    assert list(differences(real, shapes)) == []


@pytest.mark.parametrize("net", NETS)
def test_a_shapes_only_run_leaves_the_model_bitwise_as_it_was(net):
    model, *args = NETS[net]()
    before = copy.deepcopy(model)
    tensors = {id(tensor): name for name, tensor in model.state_dict(keep_vars=True).items()}
    given = copy.deepcopy(args)
    trace(model, *args, device="meta")
    after = model.state_dict(keep_vars=True)
    assert {id(tensor): name for name, tensor in after.items()} == tensors
    for name, tensor in before.state_dict().items():
        assert torch.equal(tensor, after[name])
        assert tensor.stride() == after[name].stride()
        assert after[name].device.type == "cpu"
    for one, two in zip(args, given, strict=True):
        assert not isinstance(one, Tensor) or torch.equal(one, two)
    expected, found = (torch.manual_seed(1) and one(*given) for one in (before, model))
    assert _equal(expected, found)


def _equal(one, two) -> bool:
    if isinstance(one, Tensor):
        return torch.equal(one, two)
    if isinstance(one, dict):
        return all(_equal(one[name], two[name]) for name in one)
    if isinstance(one, tuple | list):
        return all(map(_equal, one, two))
    return True


def test_weights_and_inputs_that_a_model_writes_to_stay_as_they_are():
    class Writes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3))
            self.register_buffer("count", torch.zeros(1, dtype=torch.long))
            self.table = torch.arange(3.0)
            self.seen: list = []
            self.cache: dict = {}

        def forward(self, x, out):
            with torch.no_grad():
                self.weight.mul_(2)
                self.weight.data[0] = 7
                self.weight.unsqueeze_(0)
            self.count += 1
            self.table.add_(x[0])
            self.table.view(-1)[0] = 9
            self.seen.append(x * 2)
            self.cache["x"] = x + self.table
            self.last = x * 3
            x.mul_(2)
            x.t_()
            out["y"] = x
            assert int(self.count) == 1 if self.count.device.type == "no" else True
            return x.t() * self.weight

    model, x, out = Writes(), torch.ones(2, 3), {}
    trace(model, x, out, device="meta")
    assert model.weight.tolist() == [1.0] * 3
    assert model.count.item() == 0
    assert model.table.tolist() == [0.0, 1.0, 2.0]
    assert x.tolist() == [[1.0] * 3] * 2
    assert model.seen == []
    assert model.cache == {}
    assert not hasattr(model, "last")
    assert out == {}


def test_a_users_values_may_be_read_and_what_a_run_writes_is_written_elsewhere():
    class Counts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("count", torch.tensor(3))

        def forward(self, x):
            before = int(self.count)
            self.count += 1
            return x[:before], self.count.item()

    model = Counts()
    found = trace(model, torch.rand(5), device="meta")
    assert [port.text or str(found.values[port.value]) for port in found.calls[0].outputs] == ["f32[3]", "4"]
    assert model.count.item() == 3


def test_a_large_input_of_the_users_can_be_looked_into():
    def first(x):
        return x[: int(x[0, 0])]

    class Looks(nn.Module):
        def forward(self, x):
            return first(x) + 1

    x = torch.full((300, 300), 2.0)
    found = trace(Looks(), x, device="meta")
    (out,) = found.select(".:out")
    assert str(found.values[out.port.value]) == "f32[2, 300]"


def test_two_runs_write_the_same_bytes():
    def once() -> bytes:
        def prepare():
            model = encoder().train()
            return Prepared(model, lambda: model(torch.rand(2, 6, 16)), {}, {})

        found = run(prepare, device="meta", adapter="python", target="encoder")
        return dumps(replace(found, run=replace(found.run, seconds={})))

    assert once() == once()


def test_a_recording_inside_the_mode_works_as_outside():
    with ShapesOnly() as mode:
        model = models.Mlp(300)
        with Recording(model, shapes_only=mode) as recording:
            model(torch.rand(2, 300))
    assert recording.trace.run.shapes_only
    assert [call.name for call in recording.trace.calls] == [".", "first", "drop", "second"]


def test_dropout_and_the_like_keep_their_shape():
    with ShapesOnly():
        x = torch.rand(2, 3, 4, 5)
        for layer in (nn.Dropout(), nn.Dropout2d(), nn.AlphaDropout(), nn.RReLU(), nn.FeatureAlphaDropout()):
            assert layer(x).shape == x.shape


def test_padded_sequences_in_a_fused_encoder():
    model = encoder().eval()
    mask = torch.tensor([[False] * 6, [False] * 4 + [True] * 2])
    with torch.no_grad():
        shapes, real = (
            trace(model, torch.randn(2, 6, 16), src_key_padding_mask=mask, device=device)
            for device in ("meta", None)
        )
    assert list(differences(real, shapes)) == []
    assert "_nested_tensor_from_mask" in [op.target for op in real.ops]


def test_padded_sequences_with_a_mask_that_is_not_known():
    model = encoder().eval()
    with ShapesOnly(), torch.no_grad(), pytest.raises(NeedsValues):
        model(torch.rand(2, 6, 16), src_key_padding_mask=torch.rand(2, 6) > 0.5)


def test_lifting_keeps_all_but_the_numbers():
    x = torch.randn(2, 3, 4, dtype=torch.complex64).permute(2, 0, 1).conj()
    lifted = lift(x)
    assert lifted.is_meta
    assert (lifted.shape, lifted.stride(), lifted.dtype) == (x.shape, x.stride(), x.dtype)
    assert lifted.is_conj()
    assert lift(lifted) is lifted


def test_a_real_recording_is_not_disturbed_by_one_without_values():
    model, x = models.Mlp().eval(), torch.randn(2, 8)
    expected = model(x)
    with record(model) as recording:
        first = model(x)
        inner = trace(model, x, device="meta")
        second = model(x)
    assert torch.equal(first, expected)
    assert torch.equal(second, expected)
    assert inner.run.shapes_only
    assert recording.trace.run.complete
