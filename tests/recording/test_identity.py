"""Which tensor is which value, and what flows where."""

from __future__ import annotations

import gc

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from shapeflow.model.trace import Trace
from shapeflow.recording import record, trace

DEVICES = pytest.mark.parametrize("device", [None, "meta"])


class Function(nn.Module):
    """A model made of one function."""

    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args):
        return self.function(*args)


def run(function, *args, device=None, **options) -> Trace:
    return trace(Function(function), *args, device=device, **options)


def value(found: Trace, selector: str) -> int:
    (match,) = found.select(selector)
    assert match.port is not None
    assert match.port.value is not None
    return match.port.value


def unknown(found: Trace) -> list[str]:
    return [str(item) for item in found.values if item.origin == "unknown"]


@DEVICES
def test_fifty_tensors_made_and_dropped_are_fifty_values(device):
    def function(x):
        for number in range(50):
            y = x + number
            del y
        return x * 2

    found = run(function, torch.randn(3), device=device)
    made = [port.value for op in found.ops for port in op.outputs]
    assert len(set(made)) == len(made) == 51
    assert not unknown(found)
    assert all(found.values[number].producer is not None for number in made)


@DEVICES
@pytest.mark.parametrize(
    "through",
    [
        lambda y: [y, 1, 2][:2][0],
        lambda y: {"a": {"b": y}}["a"]["b"],
        lambda y: dict(zip("xy", (y, y), strict=True)).popitem()[1],
        lambda y: next(iter((y,))),
        lambda y: F.dropout(y, 0.5, training=False),
        lambda y: y.contiguous(),
        lambda y: y.to(torch.float32),
        lambda y: y.to("cpu"),
        lambda y: y.cpu(),
        lambda y: y.float(),
        lambda y: nn.Identity()(y),
    ],
)
@pytest.mark.parametrize("grad", [torch.enable_grad, torch.no_grad, torch.inference_mode])
def test_what_is_handed_through_stays_the_same_value(through, grad, device):
    def function(x):
        y = x + 1
        y.kept = True  # an attribute would be lost on another object
        z = through(y)
        assert z.kept
        return z * 2

    with grad():
        found = run(function, torch.randn(3), device=device)
    assert value(found, "./add:out") == value(found, "./mul:in[0]")


@DEVICES
def test_an_output_that_is_the_input(device):
    found = trace(nn.Identity(), torch.randn(2), device=device)
    assert value(found, ".:in[0]") == value(found, ".:out") == value(found, ".:in.input")
    assert found.reaches(".:in", ".:out").answer == "yes"
    assert found.reaches(".:in", ".:out").path == ()


@DEVICES
def test_views_share_memory_and_copies_do_not(device):
    def function(x):
        y = x * 2
        return y.view(-1), y[0], y.T, y.clone(), y.reshape(6), y.detach(), y.data, y.expand(4, 2, 3)

    found = run(function, torch.randn(2, 3), device=device)
    storages = [found.values[port.value].storage for port in found.calls[0].outputs]
    shared = storages[0]
    assert [storage == shared for storage in storages] == [True, True, True, False, True, True, True, True]


def writes():
    def on_base(x, y):
        base = x + 0
        view = base[0]
        base.add_(y)
        return base * 1, view * 1

    def on_view(x, y):
        base = x + 0
        other = base[1:]
        base[0].add_(y[0])
        return base * 1, other * 1

    def by_setitem(x, y):
        base = x + 0
        base[0] = y[0]
        return base * 1, base[1] * 1

    def by_slice_assignment(x, y):
        base = x + 0
        base[:, 1:] += y[:, 1:]
        return base * 1, base.view(-1) * 1

    def by_out(x, y):
        base = torch.empty(2, 3)
        torch.add(x, y, out=base)
        return base * 1, base.T * 1

    def by_augmented(x, y):
        base = x + 0
        same = base
        base += y
        return base * 1, same * 1

    def by_relu(x, y):
        base = x + y
        same = F.relu(base, inplace=True)
        return base * 1, same * 1

    def by_data(x, y):
        base = x + 0
        base.data.add_(y)
        return base * 1, base[0] * 1

    def by_detach(x, y):
        base = x + 0
        base.detach().mul_(y)
        return base * 1, base[0] * 1

    def by_copy(x, y):
        base = torch.zeros(2, 3)
        base.view(-1).copy_(y.reshape(-1))
        return base * 1, base[0] * 1

    def by_index(x, y):
        base = x + 0
        base[torch.tensor([0, 1]), torch.tensor([0, 0])] = y[:, 0]
        return base * 1, base[0] * 1

    def by_masked_fill(x, y):
        base = x + 0
        base.masked_fill_(y > 0, 0.0)
        return base * 1, base[0] * 1

    def by_scatter(x, y):
        base = x + 0
        base.scatter_(0, torch.zeros(2, 3, dtype=torch.long), y)
        return base * 1, base[0] * 1

    def by_new_data(x, y):
        base = x + 0
        base.data = y * 2
        return base * 1, base[0] * 1

    def by_foreach(x, y):
        base = x + 0
        torch._foreach_add_([base, base[0]], [y, y[0]])
        return base * 1, base[0] * 1

    return [function for function in locals().values() if callable(function)]


@DEVICES
@pytest.mark.parametrize("grad", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("function", writes(), ids=lambda function: function.__name__)
def test_what_is_written_in_place_flows_on(function, grad, device):
    with grad():
        found = run(function, torch.randn(2, 3), torch.randn(2, 3), device=device)
    for place in (".:out[0]", ".:out[1]"):
        assert found.reaches(".:in[1]", place).answer == "yes", place
    assert not unknown(found)
    if function.__name__ not in ("by_out", "by_copy", "by_new_data"):
        assert found.reaches(".:in[0]", ".:out[0]").answer == "yes"


@DEVICES
def test_a_write_makes_a_new_value_of_the_base_and_of_its_views(device):
    def function(x):
        base = x + 0
        view = base[0]
        before = base.sum() + view.sum()
        view.add_(1)
        return before, base.sum(), view.sum()

    found = run(function, torch.randn(2, 3), device=device)
    sums = [op for op in found.ops if op.target == "sum"]
    read = [op.inputs[0].value for op in sums]
    assert len(set(read)) == 4
    base, view, base_after, view_after = (found.values[number] for number in read)
    writer = next(op for op in found.ops if op.target == "add_")
    assert base_after.producer == view_after.producer == writer.id
    assert base.storage == view.storage == base_after.storage == view_after.storage
    names = {port.name: port.value for port in writer.outputs}
    assert names["out"] == view_after.id
    assert names["out.written[1]"] == base_after.id


@DEVICES
def test_what_is_not_touched_keeps_its_value_through_a_write_elsewhere(device):
    def function(x):
        one, two = x + 1, x + 2
        one.add_(1)
        return two * 1

    found = run(function, torch.randn(2), device=device)
    made = [op for op in found.ops if op.target == "add"][1]
    assert value(found, "./mul:in[0]") == made.outputs[0].value


@DEVICES
def test_what_is_written_never_reaches_what_was_read_before(device):
    def function(x, y):
        base = x + 0
        before = base * 1
        base.add_(y)
        return before, base * 1

    found = run(function, torch.randn(2), torch.randn(2), device=device)
    assert found.reaches(".:in[1]", ".:out[0]").answer == "no"
    assert found.reaches(".:in[1]", ".:out[1]").answer == "yes"


@DEVICES
def test_a_change_of_shape_in_place_is_a_new_value_of_this_tensor_alone(device):
    def function(x):
        base = x + 0
        view = base[:]
        base.unsqueeze_(0)
        return base * 1, view * 1

    found = run(function, torch.randn(2, 3), device=device)
    first, second = (op for op in found.ops if op.target == "mul")
    assert found.values[first.inputs[0].value].shape == (1, 2, 3)
    assert found.values[second.inputs[0].value].shape == (2, 3)
    assert found.ops[found.values[second.inputs[0].value].producer].target == "getitem"


@DEVICES
def test_parameters_and_buffers_have_their_names(device):
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(2, 2)
            self.tied = nn.Linear(2, 2)
            self.tied.weight = self.linear.weight
            self.register_buffer("scale", torch.ones(2))
            self.table = torch.arange(2.0)
            self.tables = {"a": [torch.arange(2.0)]}

        def forward(self, x):
            x = self.tied(self.linear(x)) * self.scale
            return x + self.table + self.tables["a"][0]

    found = trace(Named(), torch.randn(1, 2), device=device)
    names = {item.name: item.origin for item in found.values if item.origin not in ("op", "input")}
    assert names == {
        "linear.weight": "parameter",
        "linear.bias": "parameter",
        "tied.bias": "parameter",
        "scale": "buffer",
        "table": "buffer",
        "tables.a[0]": "buffer",
    }
    assert not unknown(found)


@pytest.mark.slow
def test_a_name_is_not_taken_over_by_another_tensor():
    class Replaces(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = torch.randn(3)

        def forward(self, x):
            total = x
            for _ in range(20):
                self.table = None
                gc.collect()
                self.table = total * 2  # likely at the address of the one before
                total = total + self.table
            return total

    found = trace(Replaces(), torch.randn(3))
    assert not [item for item in found.values if item.origin == "buffer"]


def test_a_tensor_whose_making_was_not_seen_is_unknown():
    hidden = torch.randn(2)
    found = run(lambda x: x + hidden, torch.randn(2))
    assert unknown(found) == ["f32[2]"]
    assert found.reaches(".:in", ".:out").answer == "yes"


@pytest.mark.parametrize("reentrant", [True, False])
@DEVICES
def test_flow_goes_through_a_checkpoint(reentrant, device):
    layer = nn.Linear(3, 3)

    class Checkpointed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x):
            return checkpoint(self.layer, x + 1, use_reentrant=reentrant) * 2

    found = trace(Checkpointed(), torch.randn(2, 3, requires_grad=True), device=device)
    assert found.reaches(".:in", ".:out").answer == "yes"
    assert found.reaches("layer:in", "layer:out").answer == "yes"
    assert [call.name for call in found.calls] == [".", "layer"]
    assert not unknown(found)


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        return grad * 2


class Passed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x

    @staticmethod
    def backward(ctx, grad):
        return -grad


@DEVICES
@pytest.mark.parametrize("function", [Doubled, Passed])
@pytest.mark.parametrize("grad", [True, False])
def test_flow_goes_through_a_function_with_its_own_gradient(function, grad, device):
    found = run(lambda x: function.apply(x + 1) - 1, torch.randn(2, requires_grad=grad), device=device)
    assert found.reaches(".:in", ".:out").answer == "yes"
    assert not unknown(found)


@DEVICES
def test_flow_goes_through_a_scripted_function_with_gradients(device):
    @torch.jit.script
    def scripted(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x @ w) + x.view(-1)[0]

    class Scripted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(3, 3))

        def forward(self, x):
            return scripted(x * 1, self.weight) * 2

    model, x = Scripted(), torch.randn(2, 3)
    for _ in range(3):  # it is optimised after a while
        found = trace(model, x, device=device)
        assert found.reaches(".:in", ".:out").answer == "yes"
        assert not unknown(found)


def test_flow_goes_through_vmap():
    found = run(lambda x: torch.vmap(lambda row: row.sum() * row)(x + 1) * 2, torch.randn(4, 3))
    assert found.reaches(".:in", ".:out").answer in ("yes", "undecided")


def test_live_bytes_and_their_peak():
    def function(x):
        a = x * 2  # 400 bytes
        b = torch.cat([a, a])  # 800: 1200 alive
        del a  # 800
        c = b[:50] + 1  # 200: 1000
        del b  # 200
        return c * 2  # 200: 400

    with torch.no_grad():
        found = run(function, torch.randn(100))
    assert {op.target: op.live_bytes for op in found.ops} | {} == {
        "mul": 400,
        "cat": 1200,
        "getitem": 800,
        "add": 1000,
    }
    assert found.run.peak_bytes == 1200
    assert found.ops[found.run.peak_op].target == "cat"


@pytest.mark.parametrize("grad", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_live_bytes_are_the_same_shapes_only(grad):
    def function(x):
        a = F.relu(x * 2)
        b = torch.cat([a, a]).softmax(0)
        c = b.view(-1)[:50] + 1
        del a, b
        return c.sum()

    with grad():
        real = run(function, torch.randn(100, 3))
        shapes = run(function, torch.randn(100, 3), device="meta")
    assert [op.live_bytes for op in real.ops] == [op.live_bytes for op in shapes.ops]
    assert real.run.peak_bytes == shapes.run.peak_bytes


def test_two_calls_share_what_lives_between_them():
    model = nn.Linear(2, 2)
    with record(model) as recording:
        y = model(torch.randn(1, 2))
        model(y)
    found = recording.trace
    assert [call.index for call in found.calls] == [0, 1]
    assert found.reaches(".@0:out", ".@1:out").answer == "yes"
