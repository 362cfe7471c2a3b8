"""A run without arithmetic: what is known, what is not, and that nothing of the user's changes."""

from __future__ import annotations

import copy
import gc

import numpy
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shapeflow.errors import NeedsValues, NoShapeFormula
from shapeflow.recording.shapes_only.concrete import LIMIT
from shapeflow.recording.shapes_only.descriptions import key
from shapeflow.recording.shapes_only.memo import MetaMemo
from shapeflow.recording.shapes_only.mode import ShapesOnly

BIG = LIMIT + 1


@pytest.fixture
def mode():
    with ShapesOnly() as active:
        yield active


def known(tensor: Tensor) -> bool:
    """Return whether a tensor's numbers may be read, by reading one."""
    try:
        tensor.reshape(-1)[:1].tolist()
    except NeedsValues:
        return False
    return True


# What is known --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("mode")
@pytest.mark.parametrize("device", ["cpu", "cuda", "cuda:1", "meta", torch.device("cuda", 0), None])
def test_small_factories_are_known_on_any_device(device):
    made = [
        torch.zeros(3, device=device),
        torch.ones(2, 2, dtype=torch.long, device=device),
        torch.full((2,), 7, device=device),
        torch.arange(5, device=device),
        torch.linspace(0, 1, 3, device=device),
        torch.eye(2, device=device),
        torch.empty(2, device=device),
        torch.tensor([1, 2], device=device),
        torch.as_tensor([1.0], device=device),
        torch.asarray([1.0], device=device),
        torch.tril_indices(3, 3, device=device),
        torch.scalar_tensor(3, device=device),
        torch.zeros(3).new_ones(2, device=device),
        torch.zeros_like(torch.rand(3), device=device),
    ]
    for tensor in made:
        assert known(tensor)
        assert tensor.device.type == "cpu"
        assert tensor.is_cpu
        assert not tensor.is_meta
        assert not tensor.is_cuda
    assert torch.arange(5, device=device).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.usefixtures("mode")
def test_what_is_made_of_data_is_known():
    assert torch.from_numpy(numpy.array([1, 2])).tolist() == [1, 2]
    assert torch.Tensor([1, 2]).tolist() == [1, 2]
    assert torch.LongTensor([3]).item() == 3
    assert torch.tensor(True).item() is True
    assert torch.tensor(numpy.float32(2.5)).item() == 2.5
    assert torch.zeros(2).new_tensor([4]).tolist() == [4]
    assert torch.stack([torch.tensor(1), torch.tensor(2)]).tolist() == [1, 2]


@pytest.mark.usefixtures("mode")
def test_large_ones_have_no_data_until_they_are_read():
    column = torch.zeros(LIMIT // 256, 1)
    for tensor in (torch.zeros(BIG), torch.full((BIG,), 1.0), column + torch.zeros(1, 257)):
        assert known(tensor)
    assert not known(torch.rand(BIG))


@pytest.mark.usefixtures("mode")
def test_memory_that_was_never_filled_reads_the_same_each_time():
    assert torch.empty(3).tolist() == [0.0] * 3
    assert torch.empty_like(torch.ones(2)).tolist() == [0.0] * 2
    assert torch.Tensor(2).tolist() == [0.0] * 2
    mask = torch.empty(3, 3).fill_(float("-inf")).triu_(1)
    assert mask.tolist()[0] == [0.0, float("-inf"), float("-inf")]


@pytest.mark.usefixtures("mode")
def test_arithmetic_on_known_tensors_is_true():
    sizes = torch.tensor([[72, 72], [36, 36]])
    starts = torch.cat([sizes.new_zeros(1), sizes.prod(1).cumsum(0)[:-1]])
    assert starts.tolist() == [0, 5184]
    assert int(sizes[1, 0]) == 36
    assert float(sizes.float().mean()) == 54.0
    assert [int(size) for size in sizes[0]] == [72, 72]
    assert list(range(sizes[1, 1] - 33)) == [0, 1, 2]
    assert (sizes > 40).nonzero().tolist() == [[0, 0], [0, 1]]
    assert sizes[sizes > 40].tolist() == [72, 72]
    assert torch.repeat_interleave(torch.tensor([2, 1])).tolist() == [0, 0, 1]
    assert torch.tensor([3, 1, 3]).unique().tolist() == [1, 3]
    assert bool((sizes == sizes).all())
    assert torch.equal(sizes, sizes)
    assert 72 in sizes
    assert sizes.numpy().shape == (2, 2)
    assert f"{sizes[0, 0]:d}" == "72"


@pytest.mark.usefixtures("mode")
@pytest.mark.parametrize(
    "random_tensor",
    [
        lambda: torch.rand(3),
        lambda: torch.randn(3),
        lambda: torch.randint(0, 5, (3,)),
        lambda: torch.randperm(3),
        lambda: torch.rand_like(torch.zeros(3)),
        lambda: torch.normal(torch.zeros(3), 1.0),
        lambda: torch.bernoulli(torch.full((3,), 0.5)),
        lambda: torch.multinomial(torch.ones(3), 2),
        lambda: torch.zeros(3).normal_(),
        lambda: torch.zeros(3).uniform_(),
        lambda: F.dropout(torch.ones(3), 0.5, training=True),
        lambda: torch.randn(3, generator=torch.Generator().manual_seed(1)),
        lambda: torch.rand(3, device="cuda"),
        lambda: nn.Parameter(torch.zeros(3)),
        lambda: nn.Linear(2, 2).bias,
        lambda: nn.Linear(2, 2).weight.data,
        lambda: nn.Linear(2, 2).weight.detach(),
        lambda: nn.Linear(2, 2).weight.view(-1),
        lambda: nn.LayerNorm(2).weight[0],
    ],
)
@pytest.mark.parametrize("grad", [torch.enable_grad, torch.inference_mode])
def test_random_numbers_and_weights_are_not_known(random_tensor, grad):
    with grad():
        tensor = random_tensor()
        assert not known(tensor)
        assert not known(tensor + 1)
        assert not known(tensor.reshape(-1)[:1])


@pytest.mark.usefixtures("mode")
@pytest.mark.parametrize("start", ["zeros", "ones"])
def test_a_weight_has_no_stale_numbers(start):
    scale = nn.Parameter(getattr(torch, start)(3))
    nn.init.constant_(scale, 5.0)
    view = scale.data
    for tensor in (scale, view, scale.detach(), view[0], scale.clone(), scale.float()):
        assert not known(tensor)
    with torch.no_grad():
        scale.fill_(2.0)
    assert not known(scale.data)


@pytest.mark.usefixtures("mode")
def test_what_is_known_stays_known_where_it_goes():
    tensor = torch.tensor([1, 2])
    for moved in (
        tensor.to("cuda"),
        tensor.cuda(),
        tensor.cpu(),
        tensor.to("meta"),
        tensor.to(torch.float16),
        tensor.to(torch.device("cuda"), torch.float64, non_blocking=True),
        tensor.type(torch.float32),
        tensor.type("torch.cuda.FloatTensor"),
        tensor.type_as(torch.rand(300, 300)),
        tensor.to(torch.rand(300, 300)),
        tensor.pin_memory(),
        tensor.clone(),
        tensor.contiguous(),
        tensor.double().long(),
        copy.deepcopy(tensor),
        copy.copy(tensor),
    ):
        assert moved.tolist() == [1, 2]
        assert moved.device.type == "cpu"


@pytest.mark.usefixtures("mode")
def test_to_and_its_relatives_give_the_same_object_where_nothing_changes():
    for tensor in (torch.zeros(3), torch.rand(300, 300), nn.Linear(300, 300).weight, nn.Linear(2, 2).weight):
        assert tensor.to("cuda") is tensor
        assert tensor.to("cpu", torch.float32) is tensor
        assert tensor.cuda() is tensor
        assert tensor.cpu() is tensor
        assert tensor.float() is tensor
        assert tensor.contiguous() is tensor
        assert tensor.to("cpu", copy=True) is not tensor
        assert tensor.type() == "torch.FloatTensor"
        assert tensor.get_device() == -1


@pytest.mark.usefixtures("mode")
def test_shapes_of_factories_follow_unknown_tensors_and_their_values_do_not():
    image = torch.rand(4, 300, 300)
    assert torch.ones_like(image[:, 0, :2]).sum().item() == 8
    assert image.new_zeros(2).tolist() == [0.0, 0.0]
    assert torch.full_like(image[:, 0, 0], 3).tolist() == [3.0] * 4
    assert image.new_tensor([1.5]).item() == 1.5
    assert image.new_zeros(2).dtype is torch.float32


# What is written ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("mode")
@pytest.mark.parametrize(
    "write",
    [
        lambda tensor, data: tensor.add_(data),
        lambda tensor, data: tensor.copy_(data),
        lambda tensor, data: tensor.__setitem__(0, data[0]),
        lambda tensor, data: tensor.view(-1).__setitem__(slice(0, 2), data[:2]),
        lambda tensor, data: torch.add(data, 1, out=tensor),
        lambda tensor, data: tensor.masked_fill_(data > 0, 1.0),
        lambda tensor, data: tensor.index_put_((torch.tensor([0]),), data[0]),
        lambda tensor, data: tensor.scatter_(0, torch.tensor([0]), data[:1]),
        lambda tensor, data: tensor.normal_(),
        lambda tensor, data: tensor.data.mul_(data),
        lambda tensor, data: tensor.detach().mul_(data),
        lambda tensor, data: torch._foreach_add_([tensor], [data]),
        lambda tensor, data: setattr(tensor, "data", data * 2),
    ],
)
@pytest.mark.parametrize("grad", [torch.no_grad, torch.inference_mode])
def test_a_known_tensor_written_with_unknown_data_becomes_unknown_with_its_views(write, grad):
    with grad():
        tensor, data = torch.zeros(3), torch.rand(3)
        view, other = tensor[1:], torch.zeros(3)
        assert known(view)
        write(tensor, data)
        assert not known(tensor)
        assert not known(tensor[0])
        assert not known(tensor + 1)
        if tensor.data_ptr() == view.data_ptr() - 4:
            assert not known(view)
        assert known(other)


@pytest.mark.usefixtures("mode")
def test_statistics_of_unknown_data_are_unknown():
    norm = nn.BatchNorm1d(3)
    assert norm.running_mean.tolist() == [0.0] * 3
    norm(torch.rand(5, 3))
    assert norm.num_batches_tracked.item() == 1
    assert not known(norm.running_mean)
    assert not known(norm.running_var)
    with torch.inference_mode():
        norm = nn.BatchNorm1d(3)
        norm(torch.rand(5, 3))
        assert not known(norm.running_mean)
        norm = nn.BatchNorm1d(3).eval()
        norm(torch.rand(5, 3))
        assert known(norm.running_mean)


@pytest.mark.slow
@pytest.mark.usefixtures("mode")
def test_memory_that_is_freed_does_not_taint_what_comes_after():
    for _ in range(20):
        tensor = torch.zeros(3)
        tensor += torch.rand(3)
        del tensor
        gc.collect()
        assert known(torch.zeros(3))


# What cannot be read --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("mode")
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("item", lambda x: x[0].item()),
        ("bool", lambda x: bool(x[0] > 0)),
        ("bool", lambda x: 1 if x[0] else 2),
        ("int", lambda x: int(x[0])),
        ("float", lambda x: float(x[0])),
        ("complex", lambda x: complex(x[0])),
        ("index", lambda x: [1, 2][x[0].long()]),
        ("tolist", lambda x: x.tolist()),
        ("numpy", lambda x: x.numpy()),
        ("numpy", lambda x: numpy.asarray(x)),
        ("dlpack", lambda x: x.__dlpack__()),
        ("nonzero", lambda x: x.nonzero()),
        ("nonzero", lambda x: torch.where(x > 0)),
        ("index", lambda x: x[x > 0]),
        ("masked_select", lambda x: x.masked_select(x > 0)),
        ("unique", lambda x: x.unique()),
        ("unique", lambda x: torch.unique_consecutive(x)),
        ("equal", lambda x: torch.equal(x, x + 1)),
        ("", lambda x: torch.allclose(x, x + 1)),
        ("", lambda x: x.repeat_interleave((x > 0).long())),
        ("", lambda x: torch.tensor([x[0], x[1]])),
        ("", lambda x: 1.0 in x),
        ("", lambda x: torch.bincount((x > 0).long())),
        ("", lambda x: list(range(x.argmax()))),
        ("", lambda x: torch.zeros(3)[: x.argmax()]),
        ("", lambda x: F.one_hot(x.long())),
        ("", lambda x: max(x[0], x[1])),
    ],
)
@pytest.mark.parametrize("grad", [torch.enable_grad, torch.inference_mode])
def test_reading_what_is_not_known_names_the_way_out(name, read, grad):
    with grad():
        x = torch.rand(3)
        with pytest.raises(NeedsValues) as caught:
            read(x)
    assert name in caught.value.what
    assert "[" in caught.value.found
    assert "--device cpu" in caught.value.hint


@pytest.mark.usefixtures("mode")
def test_an_operator_without_a_shape_formula_says_so():
    with torch.library._scoped_library("shapeflow_test", "FRAGMENT") as library:
        library.define("mystery(Tensor x) -> Tensor")
        library.impl("mystery", lambda x: x[:1] + 1, "CPU")
        assert torch.ops.shapeflow_test.mystery(torch.zeros(2)).tolist() == [1.0]
        with pytest.raises(NoShapeFormula) as caught:
            torch.ops.shapeflow_test.mystery(torch.rand(2))
    assert "'mystery'" in caught.value.what
    assert caught.value.found == "f32[2]"


@pytest.mark.usefixtures("mode")
def test_known_masks_and_numbers_choose_from_unknown_tensors():
    x = torch.rand(3, 300, 300)
    mask = torch.tensor([True, False, True])
    assert x[mask].shape == (2, 300, 300)
    assert x[:, :3, :3][mask.expand(3, 3)].shape == (6, 3)
    assert x[mask, 0].shape == (2, 300)
    assert x.masked_select(mask[:, None, None]).shape == (2 * 300 * 300,)
    assert x.repeat_interleave(torch.tensor([1, 0, 4]), dim=0).shape == (5, 300, 300)
    assert x[torch.tensor([0, 1])].shape == (2, 300, 300)
    x[mask] = 0.0
    x[~mask] = torch.rand(1, 300, 300)
    x[mask.nonzero()[0]] += 1
    assert x.shape == (3, 300, 300)


# Errors of the model --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mistake",
    [
        lambda x: x @ torch.ones(7, 7),
        lambda x: x + torch.ones(5),
        lambda x: torch.cat([x, torch.ones(1, 2)]),
        lambda x: x.view(7, 7),
        lambda x: x.reshape(-1, 7),
        lambda x: x[5],
        lambda x: x[:, 9],
        lambda x: x.select(1, 4),
        lambda x: x.squeeze(9),
        lambda x: x.expand(3, 4, 5),
        lambda x: x.transpose(0, 5),
        lambda x: F.linear(x, torch.ones(3, 9)),
        lambda x: F.conv2d(x[None, None], torch.ones(1, 3, 2, 2)),
        lambda x: F.layer_norm(x, (7,)),
        lambda x: torch.einsum("ij,jk->ik", x, torch.ones(5, 5)),
        lambda x: torch.stack([x, torch.ones(2)]),
        lambda x: x.permute(0, 0),
        lambda x: x.split([1, 1]),
        lambda x: x.unflatten(1, (3, 3)),
        lambda x: x.add_(torch.ones(3, 3, 4)),
        lambda x: F.interpolate(x, size=(2, 2)),
        lambda x: F.scaled_dot_product_attention(x, torch.ones(3, 5), torch.ones(3, 5)),
        lambda x: nn.Linear(9, 2)(x),
        lambda x: nn.BatchNorm2d(3)(x),
        lambda x: x.T.contiguous().view(3, 4).view(5),
        lambda x: x.t().view(12).sum() if x.t().is_contiguous() else x.t().view(12),
        lambda x: x.no_such_method(),
        lambda x: torch.gather(x, 5, torch.zeros(1, 1, dtype=torch.long)),
    ],
)
@pytest.mark.parametrize("grad", [torch.enable_grad, torch.inference_mode])
def test_a_mistake_in_shapes_is_the_models_own_error(mistake, grad):
    with grad():
        with pytest.raises(Exception, match="") as real:
            mistake(torch.rand(3, 4))
        with ShapesOnly(), pytest.raises(type(real.value)) as found:
            mistake(torch.rand(3, 4))
    assert not isinstance(found.value, NeedsValues | NoShapeFormula)


# Building a model -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("mode")
def test_no_weight_is_allocated():
    model = nn.Sequential(nn.Embedding(10**9, 4096), nn.Linear(10**6, 10**6), nn.LSTM(10**5, 10**5))
    assert sum(parameter.numel() for parameter in model.parameters()) > 5e12
    assert model[0](torch.tensor([[1, 2]])).shape == (1, 2, 4096)
    again = copy.deepcopy(model).to("cuda").half().eval().requires_grad_(False)
    assert again[1].weight.dtype is torch.float16
    assert again[1](torch.rand(2, 10**6).half()).shape == (2, 10**6)


@pytest.mark.usefixtures("mode")
def test_initialisation_does_nothing_to_weights_and_is_true_for_tables():
    weight = nn.Parameter(torch.empty(2000, 2000))
    for name in (
        "normal_",
        "zeros_",
        "xavier_uniform_",
        "kaiming_normal_",
        "trunc_normal_",
        "orthogonal_",
        "eye_",
    ):
        assert getattr(nn.init, name)(weight) is weight
    table = nn.init.constant_(torch.empty(3), 2.0)
    assert table.tolist() == [2.0] * 3


@pytest.mark.usefixtures("mode")
def test_loading_weights():
    source, target = nn.Linear(300, 300), nn.Linear(300, 300)
    assert target.load_state_dict(source.state_dict()).missing_keys == []
    target.load_state_dict({"weight": torch.zeros(300, 300), "bias": torch.zeros(300)}, assign=True)
    assert target(torch.rand(1, 300)).shape == (1, 300)
    with pytest.raises(RuntimeError, match="size mismatch"):
        target.load_state_dict({"weight": torch.zeros(2, 2), "bias": torch.zeros(300)})


@pytest.mark.usefixtures("mode")
def test_real_weights_can_be_loaded_and_are_not_read():
    with torch._C._DisableTorchDispatch():
        weights = {"weight": torch.ones(3, 3), "bias": torch.ones(3)}
    target = nn.Linear(3, 3)
    target.load_state_dict(weights)
    assert not known(target.weight)
    assert weights["weight"].tolist() == [[1.0] * 3] * 3


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64, torch.bfloat16])
def test_the_usual_dtype_may_change_while_a_model_is_built(dtype):
    def build():
        first = torch.zeros(2), torch.rand(2), torch.ones(3, dtype=torch.long) / 2, torch.tensor(1.5)
        torch.set_default_dtype(dtype)
        try:
            second = torch.zeros(2), torch.rand(2), torch.ones(3, dtype=torch.long) / 2, torch.tensor(1.5)
            return [tensor.dtype for tensor in (*first, *second, torch.arange(0.0, 1.0, 0.5))]
        finally:
            torch.set_default_dtype(torch.float32)

    with ShapesOnly():
        assert build() == [torch.float32] * 4 + [dtype] * 5
    assert build() == [torch.float32] * 4 + [dtype] * 5


def test_the_memo_tells_apart_what_promotes_differently():
    x = torch.zeros(2, dtype=torch.long, device="meta")
    add = torch.ops.aten.add.Tensor
    memo = MetaMemo()
    assert memo.infer(add, (x, 1), {}).outputs[2] is torch.int64
    assert memo.infer(add, (x, 1.0), {}).outputs[2] is torch.float32
    assert memo.infer(add, (x, True), {}).outputs[2] is torch.int64
    assert len({key(add, (x, value), {}) for value in (1, 1.0, True, 0, False)}) == 5
    scalar = torch.zeros((), dtype=torch.double, device="meta")
    half = torch.zeros(2, dtype=torch.half, device="meta")
    assert memo.infer(add, (half, scalar), {}).outputs[2] is torch.float16
    assert memo.infer(add, (half, scalar[None]), {}).outputs[2] is torch.float64
    assert key(add, (half[:, None], half), {}) != key(add, (half[None], half), {})
