"""Torch functions as models call them: a table for tests that compare two ways of running them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

TABLE: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {}
"""Name -> the function, and the tensors that it is called with."""

_GENERATOR = torch.Generator().manual_seed(0)


def _randn(*shape: int, **options: Any) -> torch.Tensor:
    """Return the same numbers in every run of the tests."""
    return torch.randn(*shape, generator=_GENERATOR, **options)


X = _randn(2, 3, 4)
Y = _randn(2, 3, 4)
M = _randn(4, 5)
ROW = _randn(4)
IMAGE = _randn(2, 4, 8, 8)
LAST = _randn(2, 4, 8, 8).to(memory_format=torch.channels_last)
IDS = torch.tensor([[0, 2, 1], [1, 0, 2]])
MASK = torch.tensor([[True, False, True], [False, True, True]])
HALF = _randn(2, 3, 4).bfloat16()
DOUBLE = _randn(2, 3, 4).double()
INTS = torch.arange(24).view(2, 3, 4)
HEADS = _randn(2, 4, 6, 8)
KERNEL = _randn(6, 4, 3, 3)
COMPLEX = _randn(2, 3, 4, dtype=torch.complex64)


def add(name: str, function: Callable[..., Any], *tensors: torch.Tensor) -> None:
    TABLE[name] = (function, tensors)


POINTWISE = (
    *("abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "deg2rad", "digamma", "erf", "erfc"),
    *("erfinv", "exp", "exp2", "expm1", "floor", "frac", "isfinite", "isinf", "isnan", "lgamma", "log"),
    *("log10", "log1p", "log2", "logit", "neg", "negative", "positive", "rad2deg", "reciprocal"),
    *("relu", "round", "rsqrt", "sgn", "sigmoid", "sign", "signbit", "sin", "sinc", "sinh", "sqrt"),
    *("square", "tan", "tanh", "trunc", "nan_to_num", "i0"),
)
for each in POINTWISE:
    add(each, getattr(torch, each), X)
    add(f"{each} of a permuted tensor", getattr(torch, each), X.permute(2, 0, 1))
for each in (
    "add",
    "sub",
    "mul",
    "div",
    "maximum",
    "minimum",
    "pow",
    "atan2",
    "fmod",
    "remainder",
    "hypot",
    "logaddexp",
):
    add(each, getattr(torch, each), X, Y)
    add(f"{each} broadcast", getattr(torch, each), X, ROW)
    add(f"{each} of mixed dtypes", getattr(torch, each), X, DOUBLE)
for each in ("eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor", "isclose"):
    add(each, getattr(torch, each), X, Y)
for each in ("bitwise_and", "bitwise_or", "bitwise_xor", "gcd"):
    add(each, getattr(torch, each), INTS, INTS)
for each in (
    "sum",
    "mean",
    "prod",
    "amax",
    "amin",
    "std",
    "var",
    "logsumexp",
    "median",
    "mode",
    "all",
    "any",
    "argmax",
):
    add(f"{each} over a dim", partial(getattr(torch, each), dim=1), X)
    add(f"{each} with keepdim", partial(getattr(torch, each), dim=-1, keepdim=True), X)
for each in ("sum", "mean", "max", "min", "argmin", "norm", "count_nonzero", "nansum", "std", "aminmax"):
    add(f"{each} of all", getattr(torch, each), X)
for each in (
    "cumsum",
    "cumprod",
    "logcumsumexp",
    "softmax",
    "log_softmax",
    "sort",
    "argsort",
    "flip",
    "unbind",
):
    add(each, partial(getattr(torch, each), dim=1), X)
for each in (
    "gelu",
    "silu",
    "elu",
    "selu",
    "celu",
    "mish",
    "hardswish",
    "hardsigmoid",
    "softplus",
    "relu6",
    "leaky_relu",
):
    add(each, getattr(F, each), X)
    add(f"{each} of channels last", getattr(F, each), LAST)

add("max over a dim", lambda x: torch.max(x, 1), X)
add("topk", lambda x: x.topk(2, -1), X)
add("kthvalue", lambda x: x.kthvalue(2), X)
add("quantile", lambda x: x.quantile(0.5, dim=1), X)
add("cat", lambda x, y: torch.cat([x, y], 1), X, Y)
add("cat of mixed dtypes", lambda x, y: torch.cat([x, y], -1), X, HALF)
add("cat channels last", lambda x: torch.cat([x, x], 1), LAST)
add("stack", lambda x, y: torch.stack([x, y], -1), X, Y)
add("hstack", lambda x, y: torch.hstack([x, y]), X, Y)
add("chunk", lambda x: x.chunk(2, -1), X)
add("split", lambda x: x.split([1, 3], -1), X)
add("tensor_split", lambda x: x.tensor_split(3, -1), X)
add("unfold", lambda x: x.unfold(2, 2, 1), X)
add("narrow", lambda x: x.narrow(1, 1, 2), X)
add("select", lambda x: x.select(1, 2), X)
add("getitem", lambda x: x[:, None, 1:, ..., ::2], X)
add("getitem by numbers", lambda x, i: x[:, i], X, IDS)
add("getitem by numbers apart", lambda x, i: x[i[0] % 2, :, i[1]], X, IDS)
add("getitem by mask", lambda x, m: x[m], X, MASK)
add("getitem by part mask", lambda x, m: x[:, m[0]], X, MASK)
add("index_select", lambda x, i: x.index_select(1, i[0]), X, IDS)
add("gather", lambda x, i: x.gather(1, i[:, :, None].expand(2, 3, 4)), X, IDS)
add("take_along_dim", lambda x, i: x.take_along_dim(i[:, :, None], 1), X, IDS)
add("take", lambda x, i: x.take(i), X, IDS)
add("masked_select", lambda x, m: x.masked_select(m[..., None]), X, MASK)
add("masked_fill", lambda x, m: x.masked_fill(m[..., None], 0.0), X, MASK)
add("masked_fill of channels last", lambda x: x.masked_fill(x > 0, 0.0), LAST)
add("masked_scatter", lambda x, m, y: x.masked_scatter(m[..., None], y), X, MASK, Y)
add("where", lambda x, y: torch.where(x > 0, x, y), X, Y)
add("where with a number", lambda x: torch.where(x > 0, x, -1), X)
add("scatter", lambda x, i: x.scatter(1, i[:, :, None].expand(2, 3, 4), 1.0), X, IDS)
add("scatter_add", lambda x, i, y: x.scatter_add(1, i[:, :, None].expand(2, 3, 4), y), X, IDS, Y)
add(
    "scatter_reduce", lambda x, i, y: x.scatter_reduce(1, i[:, :, None].expand(2, 3, 4), y, "amax"), X, IDS, Y
)
add("index_add", lambda x, i, y: x.index_add(1, i[0], y), X, IDS, Y)
add("index_copy", lambda x, i, y: x.index_copy(1, i[0], y), X, IDS, Y)
add("index_fill", lambda x, i: x.index_fill(1, i[0], 2.0), X, IDS)
add("index_put", lambda x, i: x.clone().index_put((i[:, 0] % 2,), x[0, 0, 0]), X, IDS)
add("repeat_interleave", lambda x: x.repeat_interleave(2, dim=1), X)
add("repeat_interleave by numbers", lambda x, i: x.repeat_interleave(i[0], dim=1), X, IDS)
add("repeat", lambda x: x.repeat(2, 1, 3), X)
add("tile", lambda x: x.tile(2, 1), X)
add("flip", lambda x: x.flip(1, 2), X)
add("roll", lambda x: x.roll((1, 2), (0, 1)), X)
add("rot90", lambda x: x.rot90(1, (1, 2)), X)
add("diff", lambda x: x.diff(dim=1), X)
add("flatten", lambda x: x.flatten(1), X)
add("flatten of permuted", lambda x: x.permute(0, 2, 1).flatten(1), X)
add("unflatten", lambda x: x.unflatten(2, (2, 2)), X)
add("view", lambda x: x.view(6, 4), X)
add("reshape of permuted", lambda x: x.transpose(0, 1).reshape(6, 4), X)
add("permute", lambda x: x.permute(2, 0, 1), X)
add("movedim", lambda x: x.movedim(0, -1), X)
add("T", lambda x: x.T, M)
add("mT", lambda x: x.mT, X)
add("squeeze", lambda x: x[:, :1].squeeze(1), X)
add("expand", lambda x: x.expand(3, 2, 3, 4), X)
add("expand_as", lambda x, y: y.expand_as(x), X, ROW)
add("broadcast_tensors", lambda x, y: torch.broadcast_tensors(x, y), X, ROW)
add("broadcast_to", lambda y: y.broadcast_to(2, 3, 4), ROW)
add("diagonal", lambda x: x.diagonal(dim1=1, dim2=2), X)
add("diag_embed", torch.diag_embed, X)
add("diag", torch.diag, ROW)
add("tril", lambda x: x.tril(-1), X)
add("triu", torch.triu, X)
add("as_strided", lambda x: x.as_strided((2, 2), (4, 1), 1), X)
add("contiguous", lambda x: x.transpose(0, 1).contiguous(), X)
add("contiguous channels last", lambda x: x.contiguous(memory_format=torch.channels_last), IMAGE)
add("clone of permuted", lambda x: x.permute(2, 0, 1).clone(), X)
add("clone of expanded", lambda y: y.expand(3, 4).clone(), ROW)
add("to a dtype", lambda x: x.to(torch.float16), X)
add("to a dtype of permuted", lambda x: x.permute(2, 0, 1).double(), X)
add("type_as", lambda x, y: x.type_as(y), X, DOUBLE)
add("zeros_like", torch.zeros_like, X)
add("zeros_like of permuted", lambda x: torch.zeros_like(x.permute(2, 0, 1)), X)
add("ones_like of channels last", torch.ones_like, LAST)
add("full_like", lambda x: torch.full_like(x, 2, dtype=torch.long), X)
add("empty_like", lambda x: torch.empty_like(x.transpose(0, 1), memory_format=torch.contiguous_format), X)
add("new_zeros", lambda x: x.new_zeros(2, 5), X)
add("new_tensor", lambda x: x.new_tensor([1, 2]), X)
add("meshgrid", lambda y: torch.meshgrid(y, y[:2], indexing="ij"), ROW)
add("cartesian_prod", lambda y: torch.cartesian_prod(y, y[:2]), ROW)
add("bucketize", lambda x, y: torch.bucketize(x, y), X, ROW)
add("searchsorted", lambda x, y: torch.searchsorted(y, x), X, ROW)
add("one_hot", lambda i: F.one_hot(i, 5), IDS)
add("histc", lambda x: torch.histc(x, 5), X)
add("clamp", lambda x: x.clamp(0, 1), X)
add("clamp by tensors", lambda x, y: x.clamp(min=y), X, ROW)
add("lerp", lambda x, y: torch.lerp(x, y, 0.5), X, Y)
add("addcmul", lambda x, y: torch.addcmul(x, x, y), X, Y)
add("threshold", lambda x: F.threshold(x, 0.1, 20.0), X)
add("dist", torch.dist, X, Y)
add("cdist", torch.cdist, X, Y)
add("cross", lambda x: torch.cross(x[:, :, :3], x[:, :, 1:], dim=-1), X)
add("cosine_similarity", lambda x, y: F.cosine_similarity(x, y, -1), X, Y)
add("normalize", lambda x: F.normalize(x, dim=-1), X)
add("matmul", torch.matmul, X, M)
add("matmul of a vector", torch.matmul, X, ROW)
add("matmul of permuted", lambda x, y: x @ y.transpose(1, 2), X, Y)
add("matmul broadcast", lambda x: x @ x[0].transpose(0, 1), X)
add("mm", lambda x, m: torch.mm(x[0], m), X, M)
add("bmm", lambda x, y: torch.bmm(x, y.transpose(1, 2)), X, Y)
add("baddbmm", lambda x, y: torch.baddbmm(x[:, :, :3], x, y.transpose(1, 2)), X, Y)
add("addmm", lambda x, m: torch.addmm(m[0], x[0], m), X, M)
add("mv", lambda m, y: torch.mv(m.T, y), M, ROW)
add("dot", lambda y: torch.dot(y, y), ROW)
add("outer", lambda y: torch.outer(y, y), ROW)
add("kron", lambda m: torch.kron(m, m), M)
add("tensordot", lambda x, m: torch.tensordot(x, m, ([2], [0])), X, M)
add("einsum", lambda x, m: torch.einsum("bqc,cd->bqd", x, m), X, M)
add("einsum of masks", lambda x, y: torch.einsum("bqc,bchw->bqhw", x, y), X, IMAGE)
add("einsum that permutes", lambda x: torch.einsum("bqc->cbq", x), X)
add("linear", lambda x, m: F.linear(x, m.T), X, M)
add("linear with bias", lambda x, m: F.linear(x, m.T, m[0]), X, M)
add("linear of permuted", lambda x, m: F.linear(x.transpose(0, 1), m.T, m[0]), X, M)
add("bilinear", lambda x, y: F.bilinear(x, y, torch.ones(5, 4, 4)), X, Y)
add("inverse", lambda x: torch.linalg.inv(x[:, :, :3] + 9 * torch.eye(3)), X)
add("svd", lambda x: torch.linalg.svd(x, full_matrices=False), X)
add("qr", torch.linalg.qr, X)
add("eigh", lambda x: torch.linalg.eigh(x @ x.transpose(1, 2)), X)
add("cholesky", lambda x: torch.linalg.cholesky(x @ x.transpose(1, 2) + 9 * torch.eye(3)), X)
add("solve", lambda x, y: torch.linalg.solve(x[:, :, :3] + 9 * torch.eye(3), y), X, Y)
add("det", lambda x: torch.linalg.det(x[:, :, :3]), X)
add("vector_norm", lambda x: torch.linalg.vector_norm(x, dim=-1), X)
add("matrix_norm", torch.linalg.matrix_norm, X)
add("fft", torch.fft.fft, X)
add("rfft2", torch.fft.rfft2, IMAGE)
add("irfft", torch.fft.irfft, COMPLEX)
add("stft", lambda x: torch.stft(x.flatten(), 8, window=torch.ones(8), return_complex=True), IMAGE)
add("view_as_complex", lambda x: torch.view_as_complex(x.reshape(2, 3, 2, 2)), X)
add("view_as_real", torch.view_as_real, COMPLEX)
add("complex product", lambda x: x * x.conj(), COMPLEX)
add("polar", torch.polar, X, Y)
add("real and imag", lambda x: (x.real, x.imag), COMPLEX)
add("conv1d", lambda x, w: F.conv1d(x, w), X.transpose(1, 2), KERNEL[:, :, 0])
for image, kind in ((IMAGE, ""), (LAST, " channels last")):
    add(f"conv2d{kind}", lambda x, w: F.conv2d(x, w, w[:, 0, 0, 0], padding=1), image, KERNEL)
    add(f"conv2d by strides{kind}", lambda x, w: F.conv2d(x, w, stride=2, dilation=2), image, KERNEL)
    add(f"conv2d in groups{kind}", lambda x, w: F.conv2d(x, w[:4, :1], groups=4), image, KERNEL)
    add(f"conv2d of one pixel{kind}", lambda x, w: F.conv2d(x, w[:, :, :1, :1]), image, KERNEL)
    add(f"conv2d same{kind}", lambda x, w: F.conv2d(x, w, padding="same"), image, KERNEL)
    add(f"conv_transpose2d{kind}", lambda x, w: F.conv_transpose2d(x, w[:4], stride=2), image, KERNEL)
    add(f"max_pool2d{kind}", lambda x: F.max_pool2d(x, 2), image)
    add(f"max_pool2d with indices{kind}", lambda x: F.max_pool2d(x, 3, 2, 1, return_indices=True), image)
    add(f"avg_pool2d{kind}", lambda x: F.avg_pool2d(x, 3, 2, 1), image)
    add(f"adaptive_avg_pool2d{kind}", lambda x: F.adaptive_avg_pool2d(x, (3, 2)), image)
    add(f"adaptive_avg_pool2d to one{kind}", lambda x: F.adaptive_avg_pool2d(x, 1), image)
    add(f"adaptive_max_pool2d{kind}", lambda x: F.adaptive_max_pool2d(x, 2), image)
    for mode in ("nearest", "bilinear", "bicubic", "area", "nearest-exact"):
        add(f"interpolate {mode}{kind}", lambda x, mode=mode: F.interpolate(x, (5, 9), mode=mode), image)
    add(f"interpolate by a factor{kind}", lambda x: F.interpolate(x, scale_factor=1.5), image)
    add(
        f"interpolate antialias{kind}",
        lambda x: F.interpolate(x, (5, 5), mode="bilinear", antialias=True),
        image,
    )
    add(f"pad{kind}", lambda x: F.pad(x, (1, 2, 0, 1)), image)
    add(f"pad by reflection{kind}", lambda x: F.pad(x, (1, 2, 0, 1), mode="reflect"), image)
    add(f"pad by replication{kind}", lambda x: F.pad(x, (1, 1, 1, 1), mode="replicate"), image)
    add(f"pad around{kind}", lambda x: F.pad(x, (1, 1, 1, 1), mode="circular"), image)
    add(f"batch_norm{kind}", lambda x: F.batch_norm(x, torch.zeros(4), torch.ones(4)), image)
    add(f"batch_norm in training{kind}", lambda x: F.batch_norm(x, None, None, training=True), image)
    add(f"group_norm{kind}", lambda x: F.group_norm(x, 2, torch.ones(4), torch.zeros(4)), image)
    add(f"instance_norm{kind}", lambda x: F.instance_norm(x), image)
    add(f"pixel_shuffle{kind}", lambda x: F.pixel_shuffle(x, 2), image)
    add(f"pixel_unshuffle{kind}", lambda x: F.pixel_unshuffle(x, 2), image)
    add(f"unfold2d{kind}", lambda x: F.unfold(x, 3, stride=2), image)
    add(f"grid_sample{kind}", lambda x: F.grid_sample(x, torch.zeros(2, 5, 5, 2), align_corners=False), image)
    add(f"local_response_norm{kind}", lambda x: F.local_response_norm(x, 2), image)
    add(f"mean over space{kind}", lambda x: x.mean((2, 3), keepdim=True), image)
    add(f"scaled by channel{kind}", lambda x: x * x.mean((2, 3), keepdim=True), image)
    add(f"permuted to the end{kind}", lambda x: x.permute(0, 2, 3, 1).reshape(2, 64, 4), image)
    add(f"layer_norm over channels{kind}", lambda x: F.layer_norm(x.permute(0, 2, 3, 1), (4,)), image)
    add(f"sum of two{kind}", lambda x: x + F.relu(x), image)
add(
    "fold",
    lambda x: F.fold(x.flatten(2)[:, :, :16].repeat(1, 2, 1)[:, :8], (8, 8), 2, stride=2)[:, :, :3],
    IMAGE,
)
add("conv3d", lambda x: F.conv3d(x[:, :, None], torch.ones(3, 4, 1, 3, 3)), IMAGE)
add("avg_pool1d", lambda x: F.avg_pool1d(x, 2), X)
add("layer_norm", lambda x: F.layer_norm(x, (4,), torch.ones(4), torch.zeros(4)), X)
add("layer_norm of permuted", lambda x: F.layer_norm(x.transpose(0, 1), (4,)), X)
add("rms_norm", lambda x: F.rms_norm(x, (4,)), X)
add("affine_grid", lambda x: F.affine_grid(x[:, :2, :3], (2, 1, 5, 5), align_corners=False), X)
add("embedding", lambda i, m: F.embedding(i, m), IDS, M)
add("embedding_bag", lambda i, m: F.embedding_bag(i, m), IDS, M)
add("glu", lambda x: F.glu(x, -1), X)
add("prelu", lambda x: F.prelu(x, torch.ones(3)), X)
add("dropout outside training", lambda x: F.dropout(x, 0.5, training=False), X)


def _put(tensor):
    """Return a copy that was made empty and written to, in two parts."""
    made = tensor.new_empty(tensor.shape)
    made[..., :2], made[..., 2:] = tensor[..., :2], tensor[..., 2:]
    return made


add("attention", F.scaled_dot_product_attention, HEADS, HEADS, HEADS)
add("attention of transposed", lambda q: F.scaled_dot_product_attention(*[q.transpose(1, 2)] * 3), HEADS)
add(
    "attention with a mask",
    lambda q: F.scaled_dot_product_attention(q, q, q, attn_mask=torch.zeros(6, 6)),
    HEADS,
)
add(
    "attention with a bool mask",
    lambda q, m: F.scaled_dot_product_attention(q, q, q, m),
    HEADS,
    torch.ones(6, 6) > 0,
)
add("causal attention", lambda q: F.scaled_dot_product_attention(q, q, q, is_causal=True), HEADS)
add("attention in three dims", lambda q: F.scaled_dot_product_attention(*[q[0]] * 3), HEADS)
add(
    "attention to what was put together",
    lambda q: F.scaled_dot_product_attention(q, _put(q), q[..., :5]),
    HEADS,
)
add("attention with other values", lambda q: F.scaled_dot_product_attention(q, q, q[..., :5]), HEADS)
add(
    "attention to fewer heads",
    lambda q: F.scaled_dot_product_attention(q, *[q[:, :2]] * 2, enable_gqa=True),
    HEADS,
)
add(
    "attention then view",
    lambda q: F.scaled_dot_product_attention(q, q, q).transpose(1, 2).reshape(2, 6, 32),
    HEADS,
)
add("cross_entropy", lambda x, i: F.cross_entropy(x.transpose(1, 2), i), X, IDS)
add("mse_loss", F.mse_loss, X, Y)
add("l1_loss of each", lambda x, y: F.l1_loss(x, y, reduction="none"), X, Y)
add("smooth_l1_loss", F.smooth_l1_loss, X, Y)
add("bce", lambda x, y: F.binary_cross_entropy_with_logits(x, y.sigmoid()), X, Y)
add("kl_div", lambda x, y: F.kl_div(x.log_softmax(-1), y.softmax(-1), reduction="batchmean"), X, Y)
add("nll_loss", lambda x, i: F.nll_loss(x.log_softmax(-1)[:, 0], i[:, 0]), X, IDS)
# What dtype comes out depends on dims and on where numbers come from.
add("half plus number", lambda x: x + 1.5, HALF)
add("half plus known scalar", lambda x: x + torch.tensor(1.5), HALF)
add("half plus known double scalar", lambda x: x * torch.tensor(1.5, dtype=torch.double), HALF)
add("half plus known vector", lambda x: x + torch.ones(4), HALF)
add("half plus unknown scalar", lambda x, y: x + y.sum(), HALF, X)
add("ints plus known scalar", lambda x: x + torch.tensor(1.5), INTS)
add("ints over ints", lambda x: x / x, INTS)
add("ints over number", lambda x: x // 2, INTS)
add("ints mean", lambda x: x.float().mean(), INTS)
add("mask times number", lambda m: m * 1.0, MASK)
add("mask sum", lambda m: m.sum(), MASK)
add("mask and known", lambda m: m & torch.tensor([True, False, True]), MASK)
add("mask cumsum", lambda m: m.cumsum(1, dtype=torch.float32), MASK)
add("inverted mask", lambda m: (1.0 - m.float()) * torch.finfo(torch.float32).min, MASK)
add("number minus", lambda x: 1 - x, X)
add("number to the power", lambda x: 2**x, X)
add("known table by unknown", lambda x: torch.arange(4) * x, X)
add("known positions", lambda x: torch.arange(x.shape[1])[None, :, None] + x, X)
add("known mask on unknown", lambda x: x.masked_fill(torch.ones(3, 4).tril() == 0, -1e9), X)
# Writing in place.
add("add_", lambda x: x.clone().add_(1), X)
add("mul_ of mixed dtypes", lambda x, y: x.clone().mul_(y), X, DOUBLE)
add("setitem", lambda x: _with(x.clone(), lambda y: y.__setitem__((slice(None), 0), 1.0)), X)
add("setitem by mask", lambda x, m: _with(x.clone(), lambda y: y.__setitem__(m, 0.0)), X, MASK)
add("setitem into known", lambda x: _with(torch.zeros(2, 3, 4), lambda y: y.__setitem__(0, x[0])), X)
add("copy_", lambda x: torch.zeros(2, 3, 4).copy_(x), X)
add("fill_", lambda x: x.clone().fill_(3), X)
add("out", lambda x, y: torch.add(x, y, out=torch.empty(2, 3, 4)), X, Y)
add("out that is too small", lambda x, y: torch.mul(x, y, out=torch.empty(0)), X, Y)
add("two outs", lambda x: torch.max(x, 1, out=(torch.empty(0), torch.empty(0, dtype=torch.long))), X)
add("transpose_", lambda x: x.clone().transpose_(0, 1), X)
add("relu_", lambda x: F.relu(x.clone(), inplace=True), X)
add("masked_fill_", lambda x, m: x.clone().masked_fill_(m[..., None], 0), X, MASK)
add("scatter_", lambda x, i: x.clone().scatter_(1, i[:, :, None], 0.0), X, IDS)
add("index_put_", lambda x, i: x.clone().index_put_((i[:, 0] % 2,), torch.ones(4)), X, IDS)
# Factories in the model's hands.
add(
    "factories",
    lambda x: (torch.zeros(2, 3), torch.ones(4), torch.full((2,), 7), torch.eye(3), torch.empty(2)),
    X,
)
add(
    "ranges",
    lambda x: (torch.arange(5), torch.arange(0, 1, 0.25), torch.linspace(0, 1, 5), torch.logspace(0, 1, 3)),
    X,
)
add("triangles", lambda x: (torch.tril_indices(3, 3), torch.triu_indices(2, 3)), X)
add("windows", lambda x: (torch.hann_window(8), torch.hamming_window(8)), X)
add(
    "data",
    lambda x: (torch.tensor([1.0, 2.0]), torch.as_tensor(3), torch.tensor([[True]]), torch.Tensor([1, 2])),
    X,
)


def _with(tensor: torch.Tensor, change: Callable[[torch.Tensor], Any]) -> torch.Tensor:
    change(tensor)
    return tensor
