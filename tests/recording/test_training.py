"""Training steps: what autograd computes is recorded, with values and without."""

from __future__ import annotations

import warnings

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode
from training_steps import STEPS, Step, classes, mlp

from benchmarks.equality import differences
from shapeflow.adapters.base import Prepared
from shapeflow.errors import NeedsValues
from shapeflow.model.flow import reaches, use_of
from shapeflow.model.trace import Trace
from shapeflow.recording import record, run, trace

CALLER = "tests/recording/test_training.py"
KERNELS = {
    "training attention": 4_608 + 11_520,
    "training attention kernel": 4_608 + 11_520,
    "training LSTM": 18_432 + 2 * 18_432,
}
"""What is counted by torch's formulas for kernels of other devices, and not by torch for the CPU's: forward
and backward."""


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using backward\\(\\) with create_graph", UserWarning)
        warnings.filterwarnings("ignore", "None of the inputs have requires_grad", UserWarning)
        yield


def made(name: str):
    torch.manual_seed(0)
    return STEPS[name]()


def prepared(name: str) -> Prepared:
    model, args = made(name)
    return Prepared(model, lambda: model(*args), {}, {})


def traced(step, *, device: str | None = None, net=mlp, inputs=classes) -> Trace:
    """Return the trace of a step on a fresh net."""
    torch.manual_seed(0)
    return trace(Step(net(), step).train(), *inputs(), device=device)


def backwards(found: Trace):
    return [op for op in found.ops if op.target in ("backward", "grad")]


# Against torch ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.slow
def test_an_existing_model_gives_the_records_of_the_real_run(name):
    real, shapes = (
        trace(model, *args, device=device) for device in (None, "meta") for model, args in [made(name)]
    )
    assert list(differences(real, shapes, CALLER)) == []
    assert backwards(real)


@pytest.mark.slow
@pytest.mark.parametrize("name", STEPS)
def test_a_built_model_gives_the_records_of_the_real_run(name):
    real, shapes = (
        run(lambda: prepared(name), device=device, adapter="python", target=name)
        for device in ("cpu", "meta")
    )
    assert shapes.run.failure is None
    assert list(differences(real, shapes, CALLER)) == []


@pytest.mark.parametrize("name", STEPS)
def test_flops_are_those_that_torch_counts(name):
    if name == "gradient penalty":
        return  # torch's counter hooks modules, which autograd.grad of a leaf refuses
    model, args = made(name)
    with FlopCounterMode(display=False) as counter:
        model(*args)
    model, args = made(name)
    found = trace(model, *args)
    assert sum(op.flops for op in found.ops if op.parent is None) == (
        counter.get_total_flops() + KERNELS.get(name, 0)
    )
    assert found.calls[0].flops == counter.get_total_flops() + KERNELS.get(name, 0)


def test_flops_of_a_gradient_penalty():
    """By hand: the convolutions of one forward, then two passes; the second goes through the first."""
    model, args = made("gradient penalty")
    found = trace(model, *args)
    first, second = 2 * 2 * 8 * 3 * 9 * 144, 2 * 2 * 4 * 8 * 9 * 25
    forward = [op.flops for op in found.ops if op.target == "conv2d"]
    assert forward == [first, second]
    inner, outer = (op.flops for op in backwards(found))
    assert inner == first + second
    assert outer > 2 * (first + second)


@pytest.mark.parametrize("name", STEPS)
def test_recorded_it_computes_the_same_bits(name):
    results = []
    for recorded in (False, True):
        model, args = made(name)
        if recorded:
            with record(model):
                result = model(*args)
        else:
            result = model(*args)
        results.append((result, model.state_dict(), [p.grad for p in model.parameters()]))
    if name == "loss index":  # of `prod`, whose gradients torch works out another way under any dispatch mode
        torch.testing.assert_close(*results)
    else:
        assert same(*results)


def same(one, two) -> bool:
    if isinstance(one, Tensor):
        return torch.equal(one, two)
    if isinstance(one, dict):
        return all(same(one[key], two[key]) for key in one)
    if isinstance(one, list | tuple):
        return all(map(same, one, two))
    return one is two or one == two


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.slow
def test_a_shapes_only_run_leaves_all_as_it_was(name):
    model, args = made(name)
    for parameter in list(model.parameters())[::2]:
        parameter.grad = torch.ones_like(parameter)
    tensors = [*model.state_dict(keep_vars=True).values(), *args]
    before = [
        (t, t.data.clone(), t.grad, None if t.grad is None else t.grad.clone(), t.requires_grad, t._version)
        for t in tensors
    ]
    trace(model, *args, device="meta")
    after = [*model.state_dict(keep_vars=True).values(), *args]
    for tensor, (known, value, gradient, numbers, wanted, version) in zip(after, before, strict=True):
        assert tensor is known
        assert torch.equal(tensor, value)
        assert tensor.grad is gradient
        assert numbers is None or torch.equal(gradient, numbers)
        assert (tensor.requires_grad, tensor._version, tensor.is_leaf) == (wanted, version, True)
        assert gradient is None or gradient._version == 0


# What is recorded -------------------------------------------------------------------------------------------


class Fit(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 4)

    def forward(self, x, y):
        loss = F.cross_entropy(self.fc(x), y)
        loss.backward()
        return loss.detach(), self.fc.weight.grad


@pytest.mark.parametrize("device", [None, "meta"])
def test_a_backward_pass_is_an_op(device):
    found = trace(Fit(), *classes(), device=device)
    (op,) = backwards(found)
    assert found.sources[op.source].text == "loss.backward()"
    assert [port.name for port in op.outputs] == ["out.fc.bias.grad", "out.fc.weight.grad"]
    assert [str(found.values[port.value]) for port in op.outputs] == ["f32[4]", "f32[4, 8]"]
    assert op.flops == 384
    assert found.calls[0].flops == 768
    assert reaches(found, ".:in[0]", ".:out[1]").answer == "yes"
    assert reaches(found, ".:in[1]", "./backward:out.fc.weight.grad").answer == "yes"
    assert use_of(found, "fc:out").text == "kept as a gradient by 'backward'"
    assert not [value for value in found.values if value.origin == "unknown"]


def test_a_gradient_from_before_is_added_to():
    model = Fit()
    model.fc.weight.grad = torch.ones(4, 8)
    found = trace(model, *classes())
    (op,) = backwards(found)
    assert "in.fc.weight.grad" in [port.name for port in op.inputs]
    kept = {port.name: port.value for port in op.inputs}["in.fc.weight.grad"]
    assert kept != {port.name: port.value for port in op.outputs}["out.fc.weight.grad"]


def test_reading_a_gradient_is_no_op():
    model, x = Fit(), torch.randn(2, 8)
    model.fc.weight.grad = torch.ones(4, 8)
    with record(model) as recording:
        model.fc(x) @ model.fc.weight.grad
    assert [op.target for op in recording.trace.ops] == ["linear", "matmul"]


FLOWS = {
    "an optimiser": "yes",
    "an optimiser of lists": "yes",
    "a fused optimiser": "yes",
    "a second loss": "yes",
    "a first loss, reset": "no",
    "a hook": "yes",
    "numbers changed after the forward": "yes",
    "a function of one's own": "yes",
    "a checkpoint": "yes",
    "what a hook keeps": "undecided",
    "an edge of the graph": "yes",
    "an edge, and no labels": "undecided",
    "a function that gives gradients": "undecided",
}
"""Whether the labels reach the result."""


def flow(kind: str):
    def step(net, x, y):
        scale, weight = y.float().mean(), net[0].weight
        if "optimiser" in kind:
            options = {"an optimiser of lists": {"foreach": True}, "a fused optimiser": {"fused": True}}
            optimiser = torch.optim.SGD(net.parameters(), 0.1, **options.get(kind, {}))
            (net(x).sum() * scale).backward()
            optimiser.step()
            return weight * 1
        if "loss" in kind:
            (net(x).sum() * scale).backward()
            if "reset" in kind:
                net.zero_grad()
            net(x).square().sum().backward()
            return weight.grad
        if kind == "a hook":
            h = net(x)
            h.register_hook(lambda gradient: gradient * scale)
            h.sum().backward()
            return weight.grad
        if kind.startswith("numbers"):
            h = net(x)
            loss = h.square().sum()
            h.data.mul_(scale)
            loss.backward()
            return weight.grad
        if kind == "a function of one's own":

            class Times(torch.autograd.Function):
                @staticmethod
                def forward(ctx, h):
                    return h.clone()

                @staticmethod
                def backward(ctx, gradient):
                    return gradient * scale

            Times.apply(net(x)).sum().backward()
            return weight.grad
        if kind == "a checkpoint":
            checkpoint(lambda h: net(h) * scale, x, use_reentrant=False).sum().backward()
            return weight.grad
        if kind == "what a hook keeps":
            kept: list[Tensor] = []
            h = net(x)
            h.register_hook(kept.append)
            (h * scale).sum().backward()
            return kept[0]
        if kind == "an edge of the graph":
            edge = torch.autograd.graph.get_gradient_edge((net(x) * scale).sum())
            torch.autograd.backward(edge)
            return weight.grad
        if kind == "an edge, and no labels":
            edge = torch.autograd.graph.get_gradient_edge(net(x).sum())
            torch.autograd.backward(edge)
            return weight.grad
        return torch.func.grad(lambda h: (net(h) * scale).sum())(x)

    return step


@pytest.mark.parametrize("device", [None, "meta"])
@pytest.mark.parametrize("kind", FLOWS)
def test_what_goes_into_a_gradient(kind, device):
    found = traced(flow(kind), device=device)
    assert reaches(found, ".:in[1]", ".:out").answer == FLOWS[kind]


def test_what_an_operator_gave_besides_goes_into_the_gradient():
    def step(net, x, y):
        values, _places = net(x).max(1)
        values.sum().backward()
        return net[0].weight.grad

    assert reaches(traced(step), "./max:out[1]", ".:out").answer == "yes"


@pytest.mark.parametrize("device", [None, "meta"])
def test_a_checkpoint_runs_modules_again_inside(device):
    def step(net, x, y):
        checkpoint(net, x, use_reentrant=False).sum().backward()
        return net[0].weight.grad

    found = traced(step, device=device)
    (op,) = backwards(found)
    first, again = (call for call in found.calls if call.path == "net.0")
    assert (first.flops, again.flops) == (1536, 1536)
    assert found.calls[again.parent].exact_name == "net@1"
    assert found.calls[found.calls[again.parent].parent].exact_name == ".@0"
    inside = [other for other in found.ops if other.parent == op.id]
    assert [other.target for other in inside] == ["linear", "relu", "linear"]
    assert found.calls[0].flops == sum(other.flops for other in found.ops if other.parent is None)


def test_a_training_loop_outside_the_model():
    net, (x, y) = mlp(), classes()
    optimiser = torch.optim.SGD(net.parameters(), 0.1)
    with record(net) as recording:
        for _ in range(2):
            optimiser.zero_grad()
            F.cross_entropy(net(x), y).backward()
            optimiser.step()
    found = recording.trace
    assert [op.target for op in backwards(found)] == ["backward"] * 2
    assert reaches(found, ".@0:in[0]", ".@1:out").answer == "yes"


def test_another_thread_trains_unseen():
    from threading import Thread

    net, (x, y) = mlp(), classes()
    with record(net) as recording:
        thread = Thread(target=lambda: mlp()(x).sum().backward())
        thread.start()
        thread.join()
        F.cross_entropy(net(x), y).backward()
    assert len(backwards(recording.trace)) == 1


# What cannot be ---------------------------------------------------------------------------------------------


def needs(kind: str):
    def step(net, x, y):
        loss = F.cross_entropy(net(x), y)
        if kind == "lbfgs":

            def closure():
                loss = F.cross_entropy(net(x), y)
                loss.backward()
                return loss

            torch.optim.LBFGS(net.parameters()).step(closure)
        elif kind == "scaler":
            scaler = torch.amp.GradScaler("cpu")
            scaler.scale(loss).backward()
            scaler.step(torch.optim.SGD(net.parameters(), 0.1))
        elif kind == "guard":
            if not torch.isnan(loss):
                loss.backward()
        elif kind == "anomalies":
            with torch.autograd.detect_anomaly(check_nan=True):
                loss.backward()
        elif kind == "layer drop":
            x = net(x) if torch.rand(()) < 0.5 else x
        elif kind == "logging":
            loss.backward()
            return loss.item()
        return None

    return step


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("kind", ["lbfgs", "scaler", "guard", "anomalies", "layer drop", "logging"])
def test_where_numbers_decide_the_way_out_is_named(kind):
    traced(needs(kind))
    with pytest.raises(NeedsValues, match="--device cpu"):
        traced(needs(kind), device="meta")


def mistake(kind: str):
    def step(net, x, y):
        h = net(x)
        if kind == "twice":
            h.sum().backward()
            h.sum().backward()
        elif kind == "no number":
            h.backward()
        elif kind == "another shape":
            h.backward(torch.ones(3))
        elif kind == "no graph":
            h.detach().sum().backward()
        elif kind == "not used":
            torch.autograd.grad(h.sum(), torch.zeros(2, requires_grad=True))
        elif kind == "written to":
            h = h.sigmoid()
            loss = h.square().sum()
            h.mul_(2)
            loss.backward()
        elif kind == "a leaf written to":
            net[0].weight.mul_(2)
        elif kind == "a gradient of another shape":
            net[0].weight.grad = torch.zeros(3)
        elif kind == "a gradient of another dtype":
            net[0].weight.grad = torch.zeros_like(net[0].weight).double()
        elif kind == "a function's own":

            class Wrong(torch.autograd.Function):
                @staticmethod
                def forward(ctx, h):
                    return h.clone()

                @staticmethod
                def backward(ctx, gradient):
                    return gradient[:2]

            Wrong.apply(h).sum().backward()

    return step


@pytest.mark.parametrize(
    "kind",
    [
        *("twice", "no number", "another shape", "no graph", "not used", "written to", "a leaf written to"),
        *("a gradient of another shape", "a gradient of another dtype", "a function's own"),
    ],
)
def test_a_mistake_is_torchs_own_error_in_its_own_words(kind):
    with pytest.raises(RuntimeError) as real:
        Step(mlp(), mistake(kind)).train()(*classes())
    for device in (None, "meta"):
        with pytest.raises(RuntimeError) as found:
            traced(mistake(kind), device=device)
        assert type(found.value) is type(real.value)
        assert str(found.value) == str(real.value)


def test_a_check_of_gradients_that_only_complains_is_passed_and_noted():
    def step(net, x, y):
        F.cross_entropy(net(x), y).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0, error_if_nonfinite=True)

    (note,) = traced(step, device="meta").run.notes
    assert "taken as passed, at 1 line" in note


def test_what_is_too_large_for_memory_is_refused_in_words():
    def step(net, x, y):
        weight = torch.ones(10**7, 10**8, requires_grad=True)
        (weight.sum() + net(x).sum()).backward()

    with pytest.raises(NeedsValues, match="--device cpu"):
        traced(step, device="meta")


def test_a_tensor_without_numbers_is_written_without():
    texts = []

    def step(net, x, y):
        h = net(x)
        texts.extend([repr(h), f"{h}", repr(torch.ones(2))])

    traced(step, device="meta")
    assert texts == ["tensor(..., size=(6, 4))"] * 2 + ["tensor([1., 1.])"]
