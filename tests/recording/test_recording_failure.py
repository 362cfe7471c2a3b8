"""A run that ends early: what is kept, and what is said to have failed."""

from __future__ import annotations

import contextlib

import models
import pytest
import torch
from torch import nn

from shapeflow.adapters.base import Prepared
from shapeflow.errors import EndOfRun, InputError, NeedsValues
from shapeflow.model.trace import Trace
from shapeflow.recording import calls, record, run, trace
from shapeflow.recording.modules import named_modules

DEVICES = pytest.mark.parametrize("device", [None, "meta"])


def crash(model, *args, device=None) -> tuple[Trace, BaseException]:
    with pytest.raises(BaseException) as caught:
        trace(model, *args, device=device)
    return caught.value.shapeflow_trace, caught.value


def names(found: Trace) -> list[str]:
    return [call.name for call in found.calls]


@DEVICES
def test_the_failing_op_its_inputs_and_its_line(device):
    found, error = crash(models.Crash(), torch.randn(2, 4), device=device)
    failure = found.run.failure
    assert not found.run.complete
    assert failure.type == "RuntimeError"
    assert failure.message == str(error)
    op = found.ops[failure.op]
    assert op.target == "matmul"
    assert op is found.ops[-1]
    assert op.outputs == ()
    assert [str(found.values[port.value]) for port in op.inputs] == ["f32[2, 4]", "f32[7, 7]"]
    assert found.calls[failure.call].path == "inner.1"
    assert found.sources[failure.source].text == "return y @ torch.ones(7, 7)"
    assert found.sources[op.source].text == "return y @ torch.ones(7, 7)"


@DEVICES
def test_calls_that_were_open_are_closed_as_raised(device):
    found, _ = crash(models.Crash(), torch.randn(2, 4), device=device)
    assert names(found) == [".", "linear", "inner", "inner.0", "inner.1"]
    assert [call.raised for call in found.calls] == [True, False, True, False, True]
    assert [call.last_op for call in found.calls if call.raised] == [len(found.ops)] * 3
    assert all(call.outputs == () for call in found.calls if call.raised)
    assert all(call.outputs for call in found.calls if not call.raised)


@DEVICES
def test_the_traceback_is_the_models_own(device):
    found, _ = crash(models.Crash(), torch.randn(2, 4), device=device)
    text = found.run.failure.traceback
    assert "models.py" in text
    assert "return self.inner(self.linear(x))" in text
    assert "shapeflow/recording" not in text
    assert "torch/nn" not in text


@DEVICES
def test_a_trace_of_a_crash_can_be_saved_and_read(device, tmp_path):
    found, _ = crash(models.Crash(), torch.randn(2, 4), device=device)
    assert Trace.load(found.save(tmp_path / "crash.trace.json")) == found


@DEVICES
def test_an_exception_that_the_model_catches_is_no_failure(device):
    found = trace(models.Swallows(), torch.randn(2, 4), device=device)
    assert found.run.complete
    assert found.run.failure is None
    assert [call.raised for call in found.calls] == [False, True, False]
    assert found.calls[0].outputs


@DEVICES
def test_an_exception_that_the_model_catches_is_not_the_one_it_ends_with(device):
    found, error = crash(models.Swallows(fail=True), torch.randn(2, 4), device=device)
    failure = found.run.failure
    assert isinstance(error, ValueError)
    assert (failure.type, failure.message) == ("ValueError", "of its own")
    assert failure.op is None
    assert found.calls[failure.call].path == ""
    assert found.sources[failure.source].text == 'raise ValueError("of its own")'


@DEVICES
def test_an_exception_told_in_other_words_keeps_its_op(device):
    class Retells(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.broken = models.Broken()

        def forward(self, x):
            try:
                return self.broken(x)
            except RuntimeError as error:
                raise ValueError("the shapes do not fit") from error

    found, _ = crash(Retells(), torch.randn(2, 4), device=device)
    assert found.run.failure.type == "ValueError"
    assert found.ops[found.run.failure.op].target == "matmul"


def test_ops_after_a_caught_failure_are_not_inside_of_it():
    class Tries(nn.Module):
        def forward(self, x):
            for function in (lambda: scripted_product(x, x), lambda: torch.ops.aten.mm(x, x)):
                with contextlib.suppress(RuntimeError):
                    function()
            return x + 1

    found = trace(Tries(), torch.randn(2, 3))
    assert found.ops[-1].target == "add"
    assert found.ops[-1].parent is None
    assert found.ops[-1].call == 0


@torch.jit.script
def scripted_product(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.mm(x, y)


@DEVICES
def test_a_composite_op_fails_where_its_part_does(device):
    model = models.Attention(need_weights=True).train()
    found, _ = crash(model.attention, *[torch.randn(2, 6, 16)] * 2, torch.randn(2, 7, 16), device=device)
    op = found.ops[found.run.failure.op]
    assert op.target == "multi_head_attention_forward" or found.ops[op.parent].target.startswith("multi")


def test_an_interruption_in_a_call_that_hooks_began():
    class Interrupts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(4, 4)
            self.second = Second()

        def forward(self, x):
            return self.second(self.first(x))

    class Second(nn.Module):
        def forward(self, x):
            x.add(1)
            raise KeyboardInterrupt

    found, error = crash(Interrupts(), torch.randn(1, 4))
    assert isinstance(error, KeyboardInterrupt)
    assert [call.raised for call in found.calls] == [True, False, True]
    assert found.run.failure.type == "KeyboardInterrupt"
    assert found.calls[found.run.failure.call].path == "second"
    assert found.ops[-1].target == "add"


def test_a_forward_set_on_one_module():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    original = model[1].forward

    def louder(x):
        return original(x) * 2

    model[1].forward = louder
    x = torch.randn(1, 4)
    expected = model(x)
    with record(model) as recording:
        assert torch.equal(model(x), expected)
        model[1].forward(x)
    assert vars(model[1])["forward"] is louder
    found = recording.trace
    assert names(found) == [".", "0", "1", "1"]
    assert [op.target for op in found.ops] == ["linear", "linear", "mul", "linear", "mul"]
    assert found.calls[2].inputs[0].alias == "in.x"

    def broken(x):
        raise ValueError("broken")

    model[1].forward = broken
    found, _ = crash(model, x)
    assert [call.raised for call in found.calls] == [True, False, True]
    assert found.calls[found.run.failure.call].path == "1"


def test_a_users_hook_that_raises_fails_its_call():
    model = models.Mlp()

    def refuse(module, args, output):
        raise ValueError("refused")

    model.first.register_forward_hook(refuse)
    found, _ = crash(model, torch.randn(1, 8))
    assert [(call.name, call.raised) for call in found.calls] == [(".", True), ("first", True)]


def test_a_call_in_an_exception_handler_is_not_raised():
    class Falls(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(4, 4)

        def forward(self, x):
            try:
                raise KeyError("no")
            except KeyError:
                return self.linear(x)

    found = trace(Falls(), torch.randn(1, 4))
    assert [call.raised for call in found.calls] == [False, False]
    assert found.calls[1].outputs


def test_super_that_raises_and_is_caught():
    class Child(models.Broken):
        def forward(self, x):
            try:
                return super().forward(x)
            except RuntimeError:
                return x

    found = trace(Child(), torch.randn(2, 4))
    assert names(found) == ["."]
    assert not found.calls[0].raised
    assert found.calls[0].outputs


@DEVICES
def test_super_is_one_call_and_recursion_is_many(device):
    found = trace(models.Top(), torch.randn(2, 4), device=device)
    assert names(found) == [".", "linear", ".helper()"]
    found = trace(models.Recursive(), torch.randn(2), device=device)
    assert names(found) == [".", ".", "."]
    assert [call.parent for call in found.calls] == [None, 0, 1]


@DEVICES
def test_shared_modules_and_containers(device):
    found = trace(models.Shared(), torch.randn(2, 3), device=device)
    assert [f"{call.name}@{call.index}" for call in found.calls] == [
        ".@0",
        "left@0",
        "left@1",
        "many.0@0",
        "many.1@0",
        "named.a@0",
    ]


@DEVICES
def test_modules_that_come_and_go(device):
    found = trace(models.Changing(), torch.randn(2, 3), device=device)
    assert names(found) == [".", "old", "new"]
    assert {"", "old", "new"} <= set(found.module_by_path)
    assert found.run.complete


class Exchanges(nn.Module):
    """Calls modules that are not its own between changes of those that are."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList([nn.Identity(), nn.Sequential()])
        self.spare = None

    def forward(self, x):
        x = nn.ReLU()(x)
        self.parts[0] = nn.Tanh()  # as many as before
        x = nn.ReLU()(self.parts[0](x))
        self.parts[1].append(nn.Sigmoid())  # deeper
        x = nn.ReLU()(self.parts[1][0](x))
        self.parts[1]._modules["0"] = nn.Softplus()  # past all that torch is told of
        x = self.parts[1][0](x)
        self.spare = nn.Sequential(nn.Hardtanh())
        return self.spare(x)


@DEVICES
def test_modules_exchanged_between_calls_of_others(device):
    found = trace(Exchanges(), torch.randn(2, 3), device=device)
    assert [(call.name, call.class_name) for call in found.calls] == [
        (".", "Exchanges"),
        ("parts.0", "Tanh"),
        ("parts.1.0", "Sigmoid"),
        ("parts.1.0", "Softplus"),
        ("spare", "Sequential"),
        ("spare.0", "Hardtanh"),
    ]


@DEVICES
def test_modules_made_in_a_forward_are_not_looked_for_in_the_whole_model(device, monkeypatch):
    walks = []
    monkeypatch.setattr(calls, "named_modules", lambda model: walks.append(model) or named_modules(model))

    class Inline(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(20))

        def forward(self, x):
            for layer in self.layers:
                x = nn.Softmax(-1)(layer(x))
            return x

    found = trace(Inline(), torch.randn(2, 4), device=device)
    assert len(found.calls) == 21
    assert len(walks) == 1


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_lazy_modules(device):
    def prepare():
        model = nn.Sequential(nn.LazyLinear(5), nn.LazyBatchNorm1d())
        return Prepared(model, lambda: model(torch.randn(2, 3)), {}, {})

    found = run(prepare, device=device, adapter="python", target="lazy")
    assert found.run.complete
    assert names(found) == [".", "0", "1"]
    assert found.module_by_path["0"].class_name == "Linear"
    assert found.reaches(".:in", ".:out").answer == "yes"


def test_the_weights_of_a_lazy_model_are_not_decided_by_a_shapes_only_run():
    model = nn.Sequential(nn.LazyLinear(5), nn.LazyBatchNorm1d())
    with pytest.raises(InputError, match="not-initialised"):
        trace(model, torch.randn(2, 3), device="meta")
    assert type(model[0]) is nn.LazyLinear
    trace(model, torch.randn(2, 3))
    assert type(model[0]) is nn.Linear
    assert trace(model, torch.randn(2, 3), device="meta").run.complete


def test_an_exception_class_without_a_text():
    class Silent(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    class Raises(nn.Module):
        def forward(self, x):
            raise Silent

    found, _ = crash(Raises(), torch.randn(1))
    assert found.run.failure.type == "Silent"
    assert found.run.failure.message == ""


def test_a_run_that_ends_in_good_order():
    model = nn.Linear(4, 4)
    with pytest.raises(EndOfRun), record(model) as recording:
        try:
            model(torch.randn(1, 4)) @ torch.randn(1, 4)
        except RuntimeError:
            raise EndOfRun("Nothing more to see.") from None
    found = recording.trace
    assert found.run.complete
    assert found.run.failure is None
    assert found.run.notes == ("Nothing more to see.",)
    assert found.ops[-1].outputs


def test_what_needs_values_says_where():
    class Reads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(300, 300)

        def forward(self, x):
            return self.count(self.linear(x))

        def count(self, x):
            return int((x > 0).sum())

    found, error = crash(Reads(), torch.randn(300, 300), device="meta")
    assert isinstance(error, NeedsValues)
    failure = found.run.failure
    assert failure.type == "NeedsValues"
    assert found.sources[failure.source].text == "return int((x > 0).sum())"
    assert found.calls[failure.call].name == ".count()"
    assert found.ops[failure.op].target == "int"
    line = found.sources[failure.source]
    assert error.where == f"{line}, in .count()"
    assert "'int' needs real values" in error.render()
    assert "i64[]" in error.found
