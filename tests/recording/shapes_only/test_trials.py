"""A shapes-only run refuses what torch refuses, in its words, and runs what torch runs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._pytree import tree_map_only

from shapeflow.errors import NeedsValues, NoShapeFormula
from shapeflow.recording.shapes_only.memo import MetaMemo
from shapeflow.recording.shapes_only.mode import ShapesOnly
from shapeflow.recording.shapes_only.stand_ins import lift
from shapeflow.recording.torch_internals import flash_attention_on_cpu

Call = tuple[Callable[..., Any], tuple[Any, ...]]


def f(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return numbers that differ, of this shape."""
    return torch.arange(torch.Size(shape).numel()).reshape(shape).to(dtype)


def symbolic(value: Any) -> Any:
    return tree_map_only(Tensor, lambda tensor: lift(tensor) if tensor.is_floating_point() else tensor, value)


def outcome(function: Callable[..., Any], args: Any) -> tuple[str, Any]:
    """Return what a call gives, or its refusal."""
    try:
        result = function(*args)
    except Exception as error:
        return "refused", f"{type(error).__name__}: {error}"
    return "runs", tree_map_only(Tensor, lambda tensor: (tensor.shape, tensor.dtype, tensor.stride()), result)


def both(function: Callable[..., Any], *args: Any) -> tuple[tuple[str, Any], tuple[str, Any]]:
    """Return what a call does for real, and shapes-only."""
    by_shape = symbolic(args)
    with torch.no_grad():
        real = outcome(function, tree_map_only(Tensor, torch.clone, args))
        with ShapesOnly():
            return real, outcome(function, by_shape)


def put(tensor: Tensor, index: Any, value: Any) -> Tensor:
    tensor[index] = value
    return tensor


def layer(kind: type[nn.Module], *options: Any, **named: Any) -> Callable[..., Any]:
    """Return a function that builds a layer and calls it; ``dtype`` is that of its weights."""
    dtype = named.pop("dtype", torch.float32)
    return lambda *args: kind(*options, **named).to(dtype)(*args)


WIDE = 3000
"""A size with which a call is no longer tried as it is."""

FAULTY: dict[str, Call] = {
    "linear of half weights": (F.linear, (f(2, 16), f(32, 16, dtype=torch.float16))),
    "linear of doubles": (F.linear, (f(2, 16, dtype=torch.float64), f(32, 16))),
    "linear of token numbers": (layer(nn.Linear, 4, 4), (f(2, 4, dtype=torch.int64),)),
    "linear of another width": (F.linear, (f(8, 4096), f(256, 256))),
    "linear of another width, large": (F.linear, (f(WIDE, 1024), f(300, 1025))),
    "linear of doubles, large": (F.linear, (f(WIDE, 1024, dtype=torch.float64), f(300, 1024))),
    "matmul of vectors": (torch.matmul, (f(3), f(4))),
    "matmul of batches": (torch.matmul, (f(2, 3, 4), f(3, 4, 5))),
    "mv of doubles": (torch.mv, (f(3, 4), f(4, dtype=torch.float64))),
    "addmm bias": (torch.addmm, (f(5), f(3, 4), f(4, 6))),
    "convolution of doubles": (layer(nn.Conv2d, 3, 4, 3), (f(1, 3, 8, 8, dtype=torch.float64),)),
    "convolution of channels": (layer(nn.Conv2d, 3, 4, 3), (f(1, 4, 8, 8),)),
    "convolution of channels, large": (layer(nn.Conv2d, 3, 64, 3), (f(2, 4, 200, 200),)),
    "transposed convolution of channels": (layer(nn.ConvTranspose2d, 3, 4, 3), (f(1, 4, 8, 8),)),
    "transposed convolution of doubles": (
        layer(nn.ConvTranspose1d, 3, 4, 3),
        (f(1, 3, 8, dtype=torch.float64),),
    ),
    "layer norm of doubles": (layer(nn.LayerNorm, 8), (f(2, 8, dtype=torch.float64),)),
    "layer norm of another width": (layer(nn.LayerNorm, 8), (f(2, 9),)),
    "batch norm of doubles": (layer(nn.BatchNorm2d, 3), (f(2, 3, 4, 4, dtype=torch.float64),)),
    "batch norm of one value": (layer(nn.BatchNorm1d, 3), (f(1, 3),)),
    "group norm of doubles": (layer(nn.GroupNorm, 2, 4), (f(2, 4, 3, dtype=torch.float64),)),
    "relu of booleans": (F.relu, (f(3, dtype=torch.bool),)),
    "gelu of integers": (lambda x: F.gelu(x * torch.ones(1, dtype=torch.int64)), (f(4, dtype=torch.int64),)),
    "softmax of half": (torch.fft.fft, (f(4, dtype=torch.float16),)),
    "singular values of half": (torch.linalg.svd, (f(4, 4, dtype=torch.float16),)),
    "distances of half": (torch.cdist, (f(3, 4, dtype=torch.float16), f(5, 4, dtype=torch.float16))),
    "cross entropy of doubles as labels": (F.cross_entropy, (f(3, 4), f(3))),
    "cross entropy of short labels": (F.cross_entropy, (f(3, 4), torch.zeros(3, dtype=torch.int16))),
    "cross entropy of too few labels": (F.cross_entropy, (f(3, 4), torch.zeros(2, dtype=torch.int64))),
    "cross entropy of a class that is none": (F.cross_entropy, (f(3, 4), torch.tensor([0, 1, 4]))),
    "binary cross entropy of sizes": (F.binary_cross_entropy, (f(3), f(4))),
    "mask of a fused attention": (
        F.scaled_dot_product_attention,
        (f(2, 1, 1, 8), f(2, 1, 8, 8), f(2, 1, 8, 8), f(2, 1, 1, 7)),
    ),
    "mask of doubles": (
        F.scaled_dot_product_attention,
        (f(2, 1, 3, 8), f(2, 1, 3, 8), f(2, 1, 3, 8), f(3, 3, dtype=torch.float64)),
    ),
    "keys of another batch": (F.scaled_dot_product_attention, (f(2, 1, 3, 8), f(3, 1, 3, 8), f(3, 1, 3, 8))),
    "mask of a fused attention, large": (
        F.scaled_dot_product_attention,
        (f(2, 8, 500, 64), f(2, 8, 500, 64), f(2, 8, 500, 64), f(500, 499)),
    ),
    "lstm of another width": (layer(nn.LSTM, 4, 3), (f(5, 2, 6),)),
    "lstm of a state of doubles": (
        layer(nn.LSTM, 4, 3),
        (f(5, 2, 4), (f(1, 2, 3, dtype=torch.float64), f(1, 2, 3, dtype=torch.float64))),
    ),
    "embedding of a number that is none": (F.embedding, (torch.tensor([0, 10]), f(10, 4))),
    "embedding of a number that is none, large": (F.embedding, (torch.tensor([50_000]), f(50_000, 256))),
    "embedding of floats": (F.embedding, (f(2), f(10, 4))),
    "index of a place that is none": (lambda x, i: x[i], (f(3, 4), torch.tensor([0, 3]))),
    "lists as index": (lambda x: x[[0, 5], [1, 1]], (f(3, 4),)),
    "mask of another length": (lambda x, m: x[m], (f(5, 3), torch.tensor([True, False, True, True]))),
    "mask of more dims": (lambda x, m: x[m], (f(5), torch.ones(5, 1, dtype=torch.bool))),
    "values for another number of places": (
        put,
        (f(5, 3), torch.tensor([True, True] + [False] * 3), f(3, 3)),
    ),
    "values of another width under a mask": (
        put,
        (f(5, 6), torch.tensor([True, True, False, True, False]), f(5)),
    ),
    "index_add of another width": (
        lambda x, i, s: x.index_add(0, i, s),
        (f(5, 4), torch.tensor([0, 1]), f(2, 3)),
    ),
    "index_add of another dtype": (
        lambda x, i, s: x.index_add(0, i, s),
        (f(5, 4), torch.tensor([0, 1]), f(2, 4, dtype=torch.float64)),
    ),
    "index_copy of another dtype": (
        lambda x, i, s: x.index_copy(0, i, s),
        (f(5, 4), torch.tensor([0, 1]), f(2, 4, dtype=torch.float64)),
    ),
    "gather of a place that is none": (
        lambda x, i: x.gather(1, i),
        (f(2, 3), torch.tensor([[0, 3], [0, 0]])),
    ),
    "write into an expanded tensor": (lambda x: x.expand(4, 3).add_(1), (f(3),)),
    "write into what is read": (lambda x: x[1:].add_(x[:-1]), (f(5, 3),)),
    "write of more dims": (lambda x, y: x.add_(y), (f(3), f(2, 3))),
    "write of another dtype": (lambda x, y: x.add_(y), (f(3, dtype=torch.int64), f(3))),
    "in-place addr of a scalar": (lambda x, a, b: x.addr_(a, b, beta=0.5), (f(), f(3), f(4))),
    "group norm of whole weights, large": (F.group_norm, (f(20, 60, 30), 4, f(60, dtype=torch.int64))),
    "half of booleans, large": (F.glu, (f(10, 30, 70, dtype=torch.bool),)),
    "as_strided beyond the memory": (lambda x: x.as_strided((4, 4), (4, 1)), (f(3, 4),)),
    "view of other sizes": (lambda x: x.view(5, 2), (f(3, 4),)),
    "expand to fewer dims": (lambda x: x.expand(3), (f(2, 3),)),
    "cat of sizes": (lambda x, y: torch.cat([x, y]), (f(2, 3), f(2, 4))),
    "stack of sizes": (lambda x, y: torch.stack([x, y]), (f(2, 3), f(2, 4))),
    "einsum of sizes": (lambda x, y: torch.einsum("ij,jk", x, y), (f(2, 3), f(4, 5))),
    "pooling of integers": (layer(nn.MaxPool1d, 2), (f(1, 2, 6, dtype=torch.int64),)),
    "interpolation of booleans": (
        lambda x: F.interpolate(x > 0, scale_factor=2),
        (f(1, 1, 4, 4),),
    ),
    "whole random numbers": (lambda: torch.rand(3, dtype=torch.int64), ()),
    "whole random numbers, large": (lambda: torch.randn(WIDE, WIDE, dtype=torch.int64), ()),
    "random truths": (lambda: torch.randint(3, (WIDE, WIDE), dtype=torch.bool), ()),
    "out of another dtype": (
        lambda x: torch.add(x, 1, out=torch.empty(3, dtype=torch.int64)),
        (f(3),),
    ),
}


@pytest.mark.parametrize("name", FAULTY)
def test_what_torch_refuses_is_refused_in_its_words(name):
    function, args = FAULTY[name]
    real, found = both(function, *args)
    assert real[0] == "refused"
    assert found == real


def packed(kind: type[nn.Module], *options: Any) -> Callable[..., Any]:
    """Return a function that builds a recurrent layer and calls it with a packed sequence."""

    def call(batch: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        result, _ = kind(*options)(nn.utils.rnn.pack_padded_sequence(batch, lengths))
        return nn.utils.rnn.pad_packed_sequence(result)

    return call


def grown(tensor: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, bool]:
    """Add a product in place, twice: torch gives the tensor the shape of the product."""
    other = tensor.clone()
    other.addbmm_(first, second)
    result = tensor.addbmm_(first, second)
    return tensor, other, result is tensor


def into(function: Callable[..., Any], out: Callable[..., Tensor]) -> Callable[..., Any]:
    """Return a function that writes into what ``out`` makes of its arguments."""

    def call(*args: Any) -> tuple[Any, Tensor, bool]:
        target = out(*args)
        result = function(*args, out=target)
        return result, target, result is target

    return call


def empty(*_: Any) -> Tensor:
    return torch.empty(0)


FITTING: dict[str, Call] = {
    "lstm of a packed sequence": (packed(nn.LSTM, 4, 3, 2), (f(5, 2, 4), torch.tensor([5, 2]))),
    "gru of a packed sequence, large": (packed(nn.GRU, 300, 200), (f(5, 2, 300), torch.tensor([5, 2]))),
    "rnn of a packed sequence": (packed(nn.RNN, 4, 3), (f(5, 2, 4), torch.tensor([4, 4]))),
    "lstm of four layers both ways, large": (
        layer(nn.LSTM, 60, 128, 4, bidirectional=True, batch_first=True),
        (f(1, 589, 60),),
    ),
    "lstm with a projection, large": (layer(nn.LSTM, 60, 512, proj_size=128), (f(589, 1, 60),)),
    "linear": (F.linear, (f(8, 4), f(3, 4))),
    "linear, large": (F.linear, (f(WIDE, 256), f(300, 256))),
    "half, large": (F.linear, (f(WIDE, 256, dtype=torch.float16), f(300, 256, dtype=torch.float16))),
    "convolution, channels last": (
        layer(nn.Conv2d, 3, 4, 3),
        (f(1, 3, 8, 8).to(memory_format=torch.channels_last),),
    ),
    "masked values": (put, (f(5, 3), torch.tensor([True, True] + [False] * 3), f(2, 3))),
    "masked rows": (lambda x, m: x[m], (f(5, 3), torch.tensor([True, True] + [False] * 3))),
    "labels": (F.cross_entropy, (f(3, 1000), torch.tensor([0, 1, 999]))),
    "tokens": (F.embedding, (torch.tensor([49_999]), f(50_000, 256))),
    "inverse of what may be singular": (torch.linalg.inv, (torch.eye(3),)),
    "a factor of what may not be positive": (torch.linalg.cholesky, (torch.eye(3),)),
    "solution by a factor": (
        lambda x, y: torch.linalg.lu_solve(*torch.linalg.lu_factor(x), y),
        (torch.eye(3), f(3, 2)),
    ),
    "division of numbers that may be zero": (
        lambda x, y: torch.div(x.long(), y.long(), rounding_mode="floor"),
        (f(3), torch.ones(3)),
    ),
    "drawing by weights": (lambda x: torch.multinomial(x, 2), (torch.ones(5),)),
    "probabilities": (F.binary_cross_entropy, (torch.full((3,), 0.5), torch.full((3,), 0.5))),
    "weights of integers": (
        F.binary_cross_entropy,
        (torch.full((3,), 0.5), torch.full((3,), 0.5), torch.ones(3, dtype=torch.int64)),
    ),
    "weights of integers, large": (
        F.binary_cross_entropy,
        (torch.full((WIDE, 9), 0.5), torch.full((WIDE, 9), 0.5), torch.ones(WIDE, 9, dtype=torch.int64)),
    ),
    "write that makes a tensor larger": (grown, (f(1, 5), f(2, 3, 4), f(2, 4, 5))),
    "write that makes a tensor smaller": (grown, (f(1, 5), f(2, 0, 4), f(2, 4, 5))),
    "write that makes a tensor larger, large": (grown, (f(5), f(2, 3, WIDE), f(2, WIDE, 5))),
    "out of no elements": (into(torch.addmm, empty), (f(4), f(3, 5), f(5, 4))),
    "out of no elements, large": (into(torch.addmm, empty), (f(4), f(WIDE, 50), f(50, 4))),
    "out that is an argument, and of another shape": (
        into(torch.addmm, lambda x, *_: x),
        (f(3), f(3, 3), f(3, 3)),
    ),
    "out of another dtype than what is added to": (
        into(torch.addbmm, empty),
        (f(5, dtype=torch.int64), f(2, 3, 4), f(2, 4, 5)),
    ),
    "out of another layout": (into(torch.linalg.solve, empty), (torch.eye(5), f(5, 3))),
    "weights of doubles, large": (
        F.binary_cross_entropy,
        (*[torch.full((WIDE, 9), 0.5)] * 2, torch.ones(WIDE, 9, dtype=torch.float64)),
    ),
    "loss of half, large": (F.huber_loss, (f(WIDE, 9, dtype=torch.float16), f(WIDE, 9))),
    "write to itself": (lambda x: x[1:].add_(x[1:]), (f(5, 3),)),
    "write to another part": (lambda x: x[2:].add_(x[:2]), (f(4, 3),)),
    "as_strided over other rows": (lambda x: x[:2].as_strided((3, 4), (4, 1)), (f(3, 4),)),
    "lists as index": (lambda x: x[[0, 2], [1, 1]], (f(3, 4),)),
    "group convolution, large": (
        layer(nn.Conv2d, 64, 64, 3, groups=64, padding=1),
        (f(1, 64, 128, 128),),
    ),
    "pixel shuffle, large": (layer(nn.PixelShuffle, 4), (f(1, 64, 64, 64),)),
}


@pytest.mark.parametrize("name", FITTING)
def test_what_torch_runs_is_run_with_its_results(name):
    function, args = FITTING[name]
    real, found = both(function, *args)
    assert real[0] == "runs"
    assert found == real


@pytest.mark.parametrize(
    ("values", "fits"), [((3,), False), ((1,), True), ((), True)], ids=["three", "one", "a number"]
)
def test_values_under_a_symbolic_mask_fit_any_number_of_places_or_need_values(values, fits):
    tensor, value = lift(f(5)), lift(f(*values))
    with ShapesOnly():
        if fits:
            put(tensor, tensor > 0, value)
        else:
            with pytest.raises(NeedsValues):
                put(tensor, tensor > 0, value)


def test_places_to_split_at_are_needed():
    tensor, places = lift(f(6)), torch.tensor([2, 3])
    with ShapesOnly() as mode:
        assert [part.shape[0] for part in torch.tensor_split(tensor, places)] == [2, 1, 3]
        mode.concrete.forget(places)
        for split in (torch.tensor_split, Tensor.tensor_split):
            with pytest.raises(NeedsValues):
                split(tensor, places)


def test_a_sparse_result_has_no_formula():
    tensor = lift(f(3, 3))
    with ShapesOnly(), pytest.raises(NoShapeFormula):
        tensor.to_sparse()


def test_each_dtype_of_a_matrix_product_is_that_of_a_real_run():
    dtypes = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool)
    for first, second in product(dtypes, dtypes):
        args = (f(3, 4).to(first), f(4, 5).to(second))
        with ShapesOnly():
            found = outcome(torch.matmul, tuple(map(lift, args)))
        assert found == outcome(torch.matmul, args)


def wanting(*places: int) -> Callable[[Any], Any]:
    """Return what lets the arguments at these places want gradients, and others not."""
    return lambda args: [
        value.detach().requires_grad_() if place in places else value for place, value in enumerate(args)
    ]


def _of_result(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, *args: function(x * 1, *args)


PROBABILITIES = torch.full((3,), 0.5)
WITH_GRADIENTS: dict[str, tuple[Callable[..., Any], tuple[Any, ...], tuple[int, ...]]] = {
    "gradients of a layer norm of half, large": (
        lambda x: torch.autograd.grad(F.layer_norm(x, (WIDE,)).sum(), x),
        (f(9, WIDE).half(),),
        (0,),
    ),
    "gradients of a target": (F.soft_margin_loss, (f(3, dtype=torch.int64), f(3)), (1,)),
    "gradients of weights": (F.nll_loss, (f(2, 3).double(), torch.tensor([0, 1]), f(3)), (0, 2)),
    "gradients of running statistics": (
        lambda x, mean, var: F.batch_norm(x, mean, var, training=True),
        (f(2, 3).double(), f(3), f(3)),
        (1,),
    ),
    "matrix by vector of another dtype": (torch.matmul, (f(3, 4).double(), f(4)), (0, 1)),
    "batches by a vector of another dtype": (torch.matmul, (f(2, 3, 4).double(), f(4)), (0, 1)),
    "a linear layer of another dtype": (F.linear, (f(2, 3, 4).half(), f(5, 4), f(5)), (1, 2)),
    "a name that only gradients see": (torch.linalg.eigvals, (f(2, 3),), (0,)),
    "write to a leaf": (lambda x: x.add_(1), (f(3),), (0,)),
    "write to a part of a leaf": (lambda x: x[1:].add_(1), (f(3),), (0,)),
    "write of another shape to a result": (_of_result(Tensor.add_), (f(3), f(2, 3)), (0,)),
    "product of another shape added to a result": (
        _of_result(Tensor.addmm_),
        (f(3, 3), f(3, 4), f(4, 4)),
        (0,),
    ),
    "mask of one dim for attention that keeps its scores": (
        F.scaled_dot_product_attention,
        (f(2, 2, 3, 8), f(2, 2, 6, 8), f(2, 2, 6, 8), f(6)),
        (0, 1, 2, 3),
    ),
    "mask of one dim for attention": (
        F.scaled_dot_product_attention,
        (f(2, 2, 3, 8), f(2, 2, 6, 8), f(2, 2, 6, 8), f(6)),
        (0, 1, 2),
    ),
    "mask of one dim for attention, large": (
        F.scaled_dot_product_attention,
        (f(2, 2, 300, 80), f(2, 2, 600, 80), f(2, 2, 600, 80), f(600)),
        (0, 1, 2, 3),
    ),
}


@pytest.mark.parametrize("name", WITH_GRADIENTS)
def test_with_gradients_torch_refuses_and_runs_the_same(name):
    function, args, places = WITH_GRADIENTS[name]
    real = outcome(function, wanting(*places)(tree_map_only(Tensor, torch.clone, args)))
    with ShapesOnly():
        found = outcome(function, wanting(*places)(symbolic(args)))
    assert found == real


def test_a_refusal_prints_no_numbers_of_stand_ins():
    tensor = lift(f(1, 2, 3))
    with ShapesOnly(), pytest.raises(RuntimeError) as refused:
        torch.meshgrid(tensor, indexing="ij")
    assert str(refused.value).endswith("but got: [ torch.FloatTensor{1,2,3} ]")


def test_attention_of_other_heads_is_not_tried_since_the_kernel_reads_beyond_the_memory():
    query, key = lift(f(2, 3, 5, 8)), lift(f(2, 4, 5, 8))
    with ShapesOnly():  # the kernel would divide by zero
        result, _ = flash_attention_on_cpu(query, key, key)
    assert result.shape == query.shape


def test_backward_refuses_what_torch_refuses():
    def step(x: Tensor, gradient: Tensor) -> None:
        (x * 2).backward(gradient)

    for gradient in (f(4), f(3, dtype=torch.float64)):
        real = outcome(step, (f(3).requires_grad_(), gradient))
        with ShapesOnly():
            found = outcome(step, (lift(f(3)).requires_grad_(), lift(gradient)))
        assert found == real


def test_trying_leaves_the_random_state_alone():
    before = torch.get_rng_state()
    with ShapesOnly():
        F.dropout(lift(f(100)), 0.5)
        lift(f(100)).normal_()
    assert torch.equal(before, torch.get_rng_state())


def test_a_memo_without_trials_asks_no_kernel():
    memo, aten = MetaMemo(), torch.ops.aten
    inferred = memo.infer(aten.mm.default, (lift(f(2, 3)), lift(f(3, 4).double())), {})
    assert inferred.outputs.shape == (2, 4)
