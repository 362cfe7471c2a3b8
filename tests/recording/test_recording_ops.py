"""Ops: their names, texts, sources, escapes, FLOPs, and what attention is made of."""

from __future__ import annotations

import inspect

import models
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from shapeflow.model.records import Op
from shapeflow.model.trace import Trace
from shapeflow.recording import trace
from shapeflow.recording.targets import target_name

DEVICES = pytest.mark.parametrize("device", [None, "meta"])


class Function(nn.Module):
    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args):
        return self.function(*args)


def run(function, *args, device=None) -> Trace:
    return trace(Function(function), *args, device=device)


def texts(op: Op) -> dict[str, str]:
    return {port.name: port.text for port in op.inputs if port.value is None}


def outputs(found: Trace, op: Op) -> list[str]:
    return [str(found.values[port.value]) for port in op.outputs if port.value is not None]


@DEVICES
def test_operators_have_the_names_of_their_functions(device):
    def function(x, y):
        a = x + y - 1 * x / 2 // 1 % 3 @ y.T
        a += x
        a *= 2
        b = (1 - x) ** 2 + 2**x + 1 / (x + 9)
        c = (x > y) & (x >= y) | (x < y) ^ (x == y)
        d = ~c
        return a[0], -b, d, abs(x), True & c

    found = run(function, torch.randn(3, 3), torch.randn(3, 3), device=device)
    assert [op.target for op in found.ops] == [
        *("add", "mul", "div", "floordiv", "remainder", "T", "matmul", "sub"),
        *("add_", "mul_"),
        *("sub", "pow", "pow", "add", "add", "div", "add"),
        *("gt", "ge", "and", "lt", "eq", "xor", "or", "invert"),
        *("getitem", "neg", "abs", "bitwise_and"),
    ]


def test_every_method_of_a_tensor_has_a_plain_name():
    names = {
        name: target_name(method)
        for name, method in inspect.getmembers(torch.Tensor, callable)
        if not inspect.isclass(method)
    }
    assert not [name for name in names.values() if name.startswith("__")]
    assert names["__radd__"] == names["__add__"] == "add"
    assert names["__rand__"] == names["__and__"] == "and"
    assert names["__rpow__"] == "pow"
    assert names["__iadd__"] == "add_"
    assert names["__ror__"] == "or"
    assert names["__repr__"] == "repr"
    assert names["__invert__"] == "invert"
    assert names["__reversed__"] == "reversed"
    assert names["__index__"] == "index"


@DEVICES
def test_what_an_op_was_told_is_in_its_ports(device):
    def function(q, image, ids):
        masks = torch.einsum("bqc,bchw->bqhw", q, image)
        bigger = F.interpolate(masks, size=(8, 8), mode="bilinear", align_corners=False)
        nearest = F.interpolate(image, scale_factor=2)
        joined = torch.cat([bigger, bigger], dim=1)
        padded = F.pad(image, (1, 1, 0, 0), mode="constant", value=0.5)
        part = image[:, 0, ..., 1:3]
        return joined, nearest, padded, part, ids.to(torch.float16), torch.zeros(2, 3, device="cpu")

    args = torch.randn(1, 5, 4), torch.randn(1, 4, 6, 6), torch.arange(3)
    found = run(function, *args, device=device)
    op = {op.target: op for op in found.ops}
    assert texts(op["einsum"]) == {"in[0]": "'bqc,bchw->bqhw'"}
    assert outputs(found, op["einsum"]) == ["f32[1, 5, 6, 6]"]
    first, second = (texts(op) for op in found.ops if op.target == "interpolate")
    assert first["in.size"] == "(8, 8)"
    assert first["in.mode"] == "'bilinear'"
    assert first["in.align_corners"] == "False"
    assert second["in.scale_factor"] == "2"
    assert second["in.mode"] == "'nearest'"
    assert [port.name for port in op["cat"].inputs] == ["in[0][0]", "in[0][1]", "in.dim"]
    assert texts(op["pad"]) == {"in[1]": "(1, 1, 0, 0)", "in.mode": "'constant'", "in.value": "0.5"}
    assert list(texts(op["getitem"]).values()) == [":", "0", "...", "1:3"]
    assert texts(op["to"]) == {"in[1]": "float16"}
    assert texts(op["zeros"]) == {"in[0]": "2", "in[1]": "3", "in.device": "'cpu'"}


@DEVICES
def test_an_op_tells_the_line_of_the_model(device):
    def function(x):
        y = x + 1
        return nn.Linear(3, 2)(
            y * 2,
        )

    found = run(function, torch.randn(1, 3), device=device)
    _, first = inspect.getsourcelines(function)
    shown = {op.target: found.sources[op.source] for op in found.ops}
    assert shown["add"].file.endswith("test_recording_ops.py")
    assert (shown["add"].line, shown["add"].text) == (first + 1, "y = x + 1")
    assert shown["add"].function == "function"
    assert shown["linear"].line in (first + 2, first + 3)
    assert str(shown["add"]) == f"{shown['add'].file}:{first + 1}"
    assert not [item for item in found.sources if "torch/" in item.file or "shapeflow/" in item.file]


def test_a_call_tells_the_line_that_made_it():
    found = trace(models.Helpers(), torch.randn(2, 4))
    lines = {call.name: found.sources[call.source].text for call in found.calls if call.source is not None}
    assert lines["._encode()"] == "features = self._encode(x, scale=2)"
    assert lines["neck"] == "return self.neck.forward(x) * scale"
    assert lines["head"] == 'out["scores"] = self.head(features)'


def test_a_module_tells_where_its_class_is():
    found = trace(models.Helpers(), torch.randn(2, 4))
    source = found.sources[found.module_by_path[""].source]
    assert source.text == "class Helpers(nn.Module):"


@DEVICES
@pytest.mark.parametrize("need_weights", [True, False])
def test_composite_attention_is_opened_one_level(need_weights, device):
    model = models.Attention(need_weights=need_weights).train()
    found = trace(model, torch.randn(2, 6, 16), device=device)
    (composite,) = (op for op in found.ops if op.target == "multi_head_attention_forward")
    parts = [op for op in found.ops if op.parent == composite.id]
    assert composite.parent is None
    assert all(part.call == composite.call for part in parts)
    targets = [part.target for part in parts]
    assert targets.count("linear") == 2
    if need_weights:
        assert {"bmm", "softmax"} <= set(targets) or {"baddbmm", "softmax"} <= set(targets)
        score = next(part for part in parts if part.target in ("bmm", "baddbmm"))
        assert outputs(found, score) == ["f32[8, 6, 6]"]
    else:
        (attention,) = (part for part in parts if part.target == "scaled_dot_product_attention")
        heads = [str(found.values[port.value]) for port in attention.inputs[:3]]
        assert heads == ["f32[2, 4, 6, 4]"] * 3
        ports = {port.name: found.values[port.value] for port in attention.outputs}
        assert str(ports["score"]) == "f32[2, 4, 6, 6]"
        assert not ports["score"].materialized
        assert ports["out"].materialized
    assert found.reaches(".:in", ".:out").answer == "yes"
    assert composite.flops == sum(part.flops for part in parts)


@DEVICES
def test_the_score_matrix_of_attention_by_keyword_and_with_fewer_heads(device):
    def function(q, k, v):
        one = F.scaled_dot_product_attention(query=q, key=k, value=v, enable_gqa=True)
        return one, F.scaled_dot_product_attention(q, k[:, :1], v[:, :1], attn_mask=torch.zeros(5, 7))

    args = torch.randn(2, 8, 5, 4), torch.randn(2, 2, 7, 4), torch.randn(2, 2, 7, 6)
    found = run(function, *args, device=device)
    first, second = (op for op in found.ops if op.target == "scaled_dot_product_attention")
    for op in (first, second):
        assert outputs(found, op) == ["f32[2, 8, 5, 6]", "f32[2, 8, 5, 7]"]
        assert op.flops == 2 * 2 * 8 * 5 * 7 * 4 + 2 * 2 * 8 * 5 * 7 * 6


@DEVICES
def test_attention_of_one_query_to_a_batch(device):
    found = run(F.scaled_dot_product_attention, *[torch.randn(b, 4, 5, 8) for b in (1, 2, 2)], device=device)
    (op,) = found.ops
    assert outputs(found, op) == ["f32[2, 4, 5, 8]", "f32[2, 4, 5, 5]"]
    assert op.flops == 2 * 2 * (2 * 4 * 5 * 5 * 8)


ESCAPES = {
    "item": "item",
    "bool": "bool",
    "int": "int",
    "float": "float",
    "tolist": "tolist",
    "numpy": "numpy",
    "index": "index",
    "equal": "equal",
    "contains": "contains",
}


@pytest.mark.parametrize("how", ESCAPES)
def test_what_is_read_into_python_is_an_escape(how):
    found = trace(models.Reads(how), torch.ones(2, 3))
    escape = found.escapes[-1]
    assert escape.how == ESCAPES[how]
    assert found.calls[escape.call].path == ""
    assert "x" in found.sources[escape.source].text
    assert ESCAPES[how] not in [op.target for op in found.ops]
    assert found.values[escape.value].origin == "op" or how in ("tolist", "contains", "equal")


@pytest.mark.parametrize("how", ESCAPES)
def test_what_is_known_escapes_from_a_shapes_only_run_too(how):
    real = trace(models.Reads(how), torch.ones(2, 3))
    shapes = trace(models.Reads(how), torch.ones(2, 3), device="meta")
    assert shapes.escapes == real.escapes
    assert [op.target for op in shapes.ops] == [op.target for op in real.ops]


def test_never_is_undecided_after_an_escape():
    def function(x, y):
        return y * 2 if x.sum() > 0 else -y

    found = run(function, torch.randn(2), torch.randn(2))
    assert found.reaches(".:in[0]", ".:out").answer == "undecided"


def test_never_is_undecided_where_a_value_chose_what_is_returned():
    def function(x, y, z):
        return y if x.sum() > 0 else z

    found = run(function, torch.ones(2), torch.randn(2), torch.randn(2))
    assert found.reaches(".:in[0]", ".:out").answer == "undecided"
    assert found.reaches(".:in[1]", ".:out").answer == "yes"
    assert found.reaches(".:in[2]", ".:out").answer == "no"


@DEVICES
def test_conversions_of_dtype_are_no_escapes(device):
    found = run(lambda x: (x.bool(), x.int(), x.float()), torch.randn(2), device=device)
    assert found.escapes == ()
    assert [op.target for op in found.ops][:2] == ["bool", "int"]


@torch.jit.script
def scripted(x: torch.Tensor) -> torch.Tensor:
    return torch.tanh(x).sum(1)


@DEVICES
def test_ops_of_a_scripted_function_are_caught_by_the_net(device):
    with torch.no_grad():
        found = run(lambda x: scripted(x + 1) * 2, torch.randn(2, 3), device=device)
    assert [op.target for op in found.ops] == ["add", "tanh", "sum", "mul"]
    assert all(op.source is not None for op in found.ops)


@DEVICES
def test_a_scripted_module_is_a_call(device):
    model = nn.Sequential(nn.Linear(3, 3), torch.jit.script(nn.Sequential(nn.Linear(3, 2), nn.Tanh())))
    with torch.no_grad():
        found = trace(model, torch.randn(2, 3), device=device)
    assert [call.name for call in found.calls] == [".", "0", "1"]
    assert [(port.name, port.alias) for port in found.calls[2].inputs] == [("in[0]", "in.input")]
    (out,) = found.select("1:out")
    assert str(found.values[out.port.value]) == "f32[2, 2]"
    assert "tanh" in [op.target for op in found.ops]
    assert found.reaches("0:out", "1:out").answer == "yes"
    assert "1.0" in found.module_by_path


def test_operators_called_by_their_own_name():
    found = run(lambda x: torch.ops.aten.add.Tensor(torch.ops.aten.relu(x), x), torch.randn(2))
    assert [op.target for op in found.ops] == ["relu", "add"]


FLOPS = {
    "mlp": lambda: (models.Mlp().eval(), (torch.randn(3, 8),)),
    "convolutions": lambda: (models.ConvNet().eval(), (torch.randn(2, 3, 8, 8),)),
    "tokens": lambda: (models.Tokens(), (torch.randint(0, 50, (2, 6)),)),
    "attention with weights": lambda: (models.Attention(need_weights=True).train(), (torch.randn(2, 6, 16),)),
    "cross attention": lambda: (models.Cross().train(), (torch.randn(2, 3, 16), torch.randn(2, 6, 16))),
    "three-dimensional input": lambda: (nn.Linear(4, 5), (torch.randn(2, 3, 4),)),
    "transposed convolution": lambda: (nn.ConvTranspose2d(3, 4, 2, 2), (torch.randn(1, 3, 5, 5),)),
    "gru": lambda: (models.Recurrent("GRU").eval(), (torch.randn(2, 5, 4),)),
    "grouped convolution": lambda: (nn.Conv1d(4, 8, 3, groups=2), (torch.randn(2, 4, 9),)),
    "products": lambda: (
        Function(lambda x, y: x @ y + torch.bmm(x, y) + torch.baddbmm(x, x, y)),
        (torch.randn(2, 3, 3), torch.randn(2, 3, 3)),
    ),
}


@DEVICES
@pytest.mark.parametrize("grad", [torch.enable_grad, torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("case", FLOPS)
def test_flops_are_those_of_torch(case, grad, device):
    model, args = FLOPS[case]()
    with FlopCounterMode(display=False) as counter:  # with gradients it divides everything into its parts
        model(*args)
    with grad():
        found = trace(model, *args, device=device)
    assert counter.get_total_flops() > 0
    assert sum(op.flops for op in found.ops if op.parent is None) == counter.get_total_flops()
    assert found.calls[0].flops == counter.get_total_flops()


@pytest.mark.parametrize("device", [None, "meta"])
def test_flops_of_attention_are_those_of_the_same_attention_undivided(device):
    model = models.Attention(need_weights=True).train()
    with FlopCounterMode(display=False) as counter:
        model(torch.randn(2, 6, 16))
    model.need_weights = False
    found = trace(model, torch.randn(2, 6, 16), device=device)
    assert found.calls[0].flops == counter.get_total_flops()


@pytest.mark.parametrize("device", [None, "meta"])
@pytest.mark.parametrize(
    "model", [nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), models.Attention()]
)
def test_flops_of_a_fused_kernel_are_those_of_its_parts(model, device):
    x = torch.randn(2, 6, 16)
    parts = trace(model.train(), x).calls[0].flops
    with torch.inference_mode():
        found = trace(model.eval(), x, device=device)
    (fused,) = (op for op in found.ops if op.target.startswith(("_native", "_transformer")))
    assert fused.flops == found.calls[0].flops == parts > 0


def test_flops_of_calls_add_up():
    found = trace(models.Mlp(), torch.randn(3, 8))
    first, second = (call.flops for call in found.calls if call.path in ("first", "second"))
    assert found.calls[0].flops == first + second == 2 * 3 * 8 * 16 * 2
