"""What a recording must leave alone: the model, its results, the random numbers, the memory."""

from __future__ import annotations

import copy
import gc
import weakref
from contextlib import ExitStack

import models
import pytest
import torch
from torch import nn

import shapeflow
from shapeflow.recording import record, trace


def fingerprint(model: nn.Module) -> dict[str, object]:
    """Return everything about a model that a recording might leave changed."""
    found: dict[str, object] = {"has_torch_function": torch.overrides.has_torch_function}
    for path, module in model.named_modules():
        found[f"{path}/attributes"] = sorted(vars(module))
        found[f"{path}/training"] = module.training
        for name, value in vars(module).items():
            if "hooks" in name and isinstance(value, dict):
                found[f"{path}/{name}"] = list(value.items())
        found[f"{path}/instance forward"] = vars(module).get("forward")
        for owner in type(module).__mro__:
            found[f"{owner.__qualname__}/methods"] = {
                name: value for name, value in vars(owner).items() if callable(value)
            }
            found[f"{owner.__qualname__}/order"] = list(vars(owner))
    found["function modes"] = torch.overrides._get_current_function_mode_stack()
    found["dispatch modes"] = torch.utils._python_dispatch._get_current_dispatch_mode_stack()
    found["gc"] = gc.isenabled()
    return found


class Interrupts(nn.Module):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.error = error

    def forward(self, x):
        self.helper(self.first(x))

    def helper(self, x):
        raise self.error


@pytest.mark.parametrize("device", ["meta", None])
@pytest.mark.parametrize("error", [None, ValueError("no"), KeyboardInterrupt(), SystemExit(3), MemoryError()])
def test_nothing_is_left_on_the_model(error, device):
    model = models.Mlp(4) if error is None else Interrupts(error)
    before = fingerprint(model)
    try:
        trace(model, torch.randn(2, 4), device=device)
    except BaseException as raised:
        assert raised is error
    else:
        assert error is None
    assert fingerprint(model) == before


def test_nothing_is_left_of_nested_recordings():
    model, x = models.Top(), torch.randn(2, 4)
    before, expected = fingerprint(model), model(x)
    with record(model) as outer:
        model(x)
        during = fingerprint(model)
        with record(model) as inner, pytest.raises(RuntimeError, match="shapes cannot"):
            assert torch.equal(model(x), expected)
            model(torch.randn(2, 5))
        assert fingerprint(model) == during
        model(x)
    assert fingerprint(model) == before
    assert [call.name for call in inner.trace.calls][:1] == ["."]
    assert sum(call.name == "." for call in outer.trace.calls) == 4
    assert sum(call.name == "." for call in inner.trace.calls) == 2
    # The inner recording's own questions to the tensors are none of the outer one's business.
    first, again = outer.trace.calls[0], [call for call in outer.trace.calls if call.name == "."][1]
    ops = outer.trace.ops
    assert [op.target for op in ops[first.first_op : first.last_op]] == [
        op.target for op in ops[again.first_op : again.last_op]
    ]


def test_recording_twice_gives_the_same_trace_twice():
    model, x = models.Tokens(), torch.randint(0, 50, (1, 5))
    first, second = trace(model, x), trace(model, x)
    assert first.calls == second.calls
    assert first.ops == second.ops
    assert first.values == second.values


def test_a_recording_is_used_once():
    recording = record(models.Mlp())
    with pytest.raises(RuntimeError, match="when the 'with' block ends"):
        _ = recording.trace
    with recording:
        pass
    with pytest.raises(RuntimeError, match="once"), recording:
        pass


def test_class_methods_come_back_identical_along_the_whole_chain():
    model = models.Top()
    originals = {
        (owner, name): vars(owner)[name]
        for owner in (models.Base, models.Middle, models.Top, nn.Linear)
        for name in ("forward", "helper")
        if name in vars(owner)
    }
    with record(model):
        assert models.Top.forward is not originals[models.Top, "forward"]
    for (owner, name), original in originals.items():
        assert vars(owner)[name] is original


def test_train_flags_stay_as_they_are():
    model = models.Mlp().train()
    model.drop.eval()
    trace(model, torch.randn(2, 8))
    trace(model, torch.randn(2, 8), device="meta")
    assert [module.training for module in model.modules()] == [True, True, False, True]


CASES = {
    "mlp, training": lambda: (models.Mlp().train(), (torch.randn(3, 8),)),
    "helpers": lambda: (models.Helpers(), (torch.randn(3, 4),)),
    "inheritance": lambda: (models.Top(), (torch.randn(3, 4),)),
    "shared": lambda: (models.Shared(), (torch.randn(3, 3),)),
    "lstm": lambda: (models.Recurrent("LSTM").eval(), (torch.randn(2, 5, 4),)),
    "gru, training": lambda: (models.Recurrent("GRU"), (torch.randn(2, 5, 4),)),
    "convolutions": lambda: (models.ConvNet().eval(), (torch.randn(2, 3, 8, 8),)),
    "batch norm in training": lambda: (models.ConvNet().train(), (torch.randn(2, 3, 8, 8),)),
    "tokens": lambda: (models.Tokens(), (torch.randint(0, 50, (2, 6)),)),
    "attention, fused": lambda: (models.Attention().eval(), (torch.randn(2, 6, 16),)),
    "attention, weights": lambda: (models.Attention(need_weights=True).eval(), (torch.randn(2, 6, 16),)),
    "attention, sequence first": lambda: (models.Attention(False).eval(), (torch.randn(6, 2, 16),)),
    "attention, training": lambda: (models.Attention().train(), (torch.randn(2, 6, 16),)),
    "cross attention": lambda: (models.Cross().eval(), (torch.randn(2, 3, 16), torch.randn(2, 6, 16))),
    "encoder layer, fused": lambda: (encoder_layer().eval(), (torch.randn(2, 6, 16),)),
    "encoder layer, training": lambda: (encoder_layer().train(), (torch.randn(2, 6, 16),)),
    "encoder, fused": lambda: (encoder().eval(), (torch.randn(2, 6, 16),)),
    "decoder": lambda: (
        nn.TransformerDecoder(nn.TransformerDecoderLayer(16, 4, 32, batch_first=True), 2).eval(),
        (torch.randn(2, 3, 16), torch.randn(2, 6, 16)),
    ),
    "scripted part": lambda: (scripted(), (torch.randn(2, 4),)),
}


def encoder_layer(**options) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, **options)


def encoder(**options) -> nn.TransformerEncoder:
    return nn.TransformerEncoder(encoder_layer(), 2, **options)


def scripted() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 4), torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.Tanh())))


def flat(value) -> list[torch.Tensor]:
    if isinstance(value, dict):
        return [tensor for item in value.values() for tensor in flat(item)]
    if isinstance(value, tuple | list):
        return [tensor for item in value for tensor in flat(item)]
    return [value]


GRAD = {"grad": torch.enable_grad, "no_grad": torch.no_grad, "inference_mode": torch.inference_mode}


@pytest.mark.parametrize("grad", GRAD)
@pytest.mark.parametrize("case", CASES)
def test_results_and_random_numbers_are_bitwise_the_same(case, grad):
    torch.manual_seed(0)
    model, args = CASES[case]()
    other = copy.deepcopy(model)
    with GRAD[grad]():
        torch.manual_seed(1)
        expected = flat(model(*args))
        state = torch.random.get_rng_state()
        torch.manual_seed(1)
        with record(other) as recording:
            found = flat(other(*args))
    assert all(torch.equal(one, two) for one, two in zip(expected, found, strict=True))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(
        torch.equal(one, two)
        for one, two in zip(model.state_dict().values(), other.state_dict().values(), strict=True)
    )
    assert recording.trace.run.complete
    assert recording.trace.ops


@pytest.mark.parametrize("case", CASES)
def test_autocast_results_are_bitwise_the_same(case):
    torch.manual_seed(0)
    model, args = CASES[case]()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.manual_seed(1)
        expected = flat(model(*args))
        torch.manual_seed(1)
        with record(model):
            found = flat(model(*args))
    assert all(torch.equal(one, two) for one, two in zip(expected, found, strict=True))


@pytest.mark.parametrize(
    ("case", "op"),
    [
        ("attention, fused", "_native_multi_head_attention"),
        ("encoder layer, fused", "_transformer_encoder_layer_fwd"),
        ("encoder, fused", "_transformer_encoder_layer_fwd"),
    ],
)
@pytest.mark.parametrize("device", [None, "meta"])
def test_the_fused_path_is_kept(case, op, device):
    model, args = CASES[case]()
    with torch.inference_mode():
        targets = [item.target for item in trace(model, *args, device=device).ops]
    assert op in targets
    assert "multi_head_attention_forward" not in targets


@pytest.mark.parametrize("device", [None, "meta"])
def test_a_mode_of_the_users_keeps_the_path_it_brings(device):
    """With any function mode active torch leaves the fused path by itself, and so must the recording."""
    model, args = CASES["attention, fused"]()
    with torch.inference_mode(), torch.device("cpu"):
        expected = model(*args)
        targets = [op.target for op in trace(model, *args, device=device).ops]
        with record(model):
            assert torch.equal(model(*args), expected)
    assert "multi_head_attention_forward" in targets


def test_a_mode_that_the_model_opens_keeps_the_path_it_brings():
    class Opens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = models.Attention()

        def forward(self, x):
            with torch.device("cpu"):
                return self.attention(x)

    model, x = Opens().eval(), torch.randn(2, 6, 16)
    with torch.inference_mode():
        expected = model(x)
        with record(model) as recording:
            assert torch.equal(model(x), expected)
    assert "multi_head_attention_forward" in [op.target for op in recording.trace.ops]


def test_gradients_flow_through_a_recorded_forward():
    torch.manual_seed(0)
    model = models.ConvNet()
    other, x = copy.deepcopy(model), torch.randn(2, 3, 8, 8)
    model(x).square().sum().backward()
    with record(other):
        loss = other(x).square().sum()
        loss.backward()
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(one.grad, two.grad)


def test_backward_after_the_block():
    model, x = models.Mlp().eval(), torch.randn(3, 8, requires_grad=True)
    model(x).sum().backward()
    expected, x.grad = x.grad, None
    with record(model):
        loss = model(x).sum()
    loss.backward()
    assert torch.equal(x.grad, expected)


@pytest.mark.parametrize("device", [None, "meta"])
def test_no_tensor_is_kept_alive(device):
    model, seen = models.Helpers(), []
    watch = model.head.register_forward_hook(lambda module, args, output: seen.append(weakref.ref(output)))
    x = torch.randn(3, 4)
    seen.append(weakref.ref(x))
    gc.disable()
    try:
        result = trace(model, x, device=device)
        watch.remove()
        del x
        assert len(seen) == 2
        assert [reference() for reference in seen] == [None, None]
    finally:
        gc.enable()
    assert result.calls


def test_a_finished_recording_does_not_keep_the_model_alive():
    model = models.Mlp()
    with record(model) as recording:
        model(torch.randn(1, 8))
    weights = weakref.ref(model.first.weight)
    del model
    gc.collect()
    assert weights() is None
    assert recording.trace.run.complete


def test_the_exception_goes_on_unchanged():
    error = KeyError("mine")
    error.args = ("mine", 2)
    model = Interrupts(error)
    with pytest.raises(KeyError) as caught, record(model):
        model(torch.randn(1, 4))
    assert caught.value is error
    assert error.args == ("mine", 2)
    assert vars(error) == {}


def test_trace_hands_over_what_was_recorded_with_the_exception():
    with pytest.raises(RuntimeError) as caught:
        trace(models.Crash(), torch.randn(2, 4))
    kept = caught.value.shapeflow_trace
    assert isinstance(kept, shapeflow.Trace)
    assert not kept.run.complete


def test_a_users_own_hooks_work_and_are_seen():
    model, x = models.Mlp().eval(), torch.randn(2, 8)

    def widen(module, args):
        return (torch.cat([args[0], args[0]]),)

    def halve(module, args, output):
        return output[:1]

    with ExitStack() as stack:
        stack.callback(model.first.register_forward_pre_hook(widen).remove)
        stack.callback(model.second.register_forward_hook(halve).remove)
        expected = model(x)
        with record(model) as recording:
            assert torch.equal(model(x), expected)
    (first,) = recording.trace.select("first:in")
    assert str(recording.trace.values[first.port.value]) == "f32[4, 8]"
    (second,) = recording.trace.select("second:out")
    assert str(recording.trace.values[second.port.value]) == "f32[1, 8]"
    assert recording.trace.reaches("first:in", "second:out")


def test_hooks_on_a_fused_layer_are_the_users_choice():
    """A hook of the user's switches the layer off its fused path, and what it changes is what is recorded."""
    layer, x = encoder_layer().eval(), torch.randn(2, 6, 16)
    handle = layer.register_forward_hook(lambda module, args, output: output[:, :1])
    with torch.inference_mode():
        expected = layer(x)
        with record(layer) as recording:
            assert torch.equal(layer(x), expected)
    handle.remove()
    (out,) = recording.trace.select(".:out")
    assert str(recording.trace.values[out.port.value]) == "f32[2, 1, 16]"


def test_backward_hooks_keep_the_flow():
    model, x = models.Mlp().eval(), torch.randn(2, 8, requires_grad=True)
    called = []
    handle = model.first.register_full_backward_hook(lambda *_: called.append(True))
    with record(model) as recording:
        model(x).sum().backward()
    handle.remove()
    assert called == [True]
    assert recording.trace.reaches(".:in", ".:out").answer == "yes"
    assert not [value for value in recording.trace.values if value.origin == "unknown"]
