"""Small models that run without an error and are wrong, and sound ones that look much like them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Conv, Linear = nn.Conv2d, nn.Linear
CASES: dict[str, tuple[Callable[[int], tuple[nn.Module, Any]], str]] = {}
"""Name -> what makes the model and its inputs for a batch size, and the rule that names what is wrong."""


class Net(nn.Module):
    """A forward that is given as a function, and its modules."""

    def __init__(self, forward: Callable[..., Any], **modules: nn.Module) -> None:
        super().__init__()
        self.run = forward
        for name, module in modules.items():
            setattr(self, name, module)

    def forward(self, *given: Tensor) -> Any:
        return self.run(self, *given)


def case(name: str, rule: str = "") -> Callable[[Any], Any]:
    def add(make: Any) -> Any:
        CASES[name] = (make, rule)
        return make

    return add


def convolved(net: Any, x: Tensor) -> Tensor:
    return net.c2(net.c1(x).relu()).relu()


def convolutions(**others: nn.Module) -> dict[str, nn.Module]:
    return {"c1": Conv(3, 8, 3, 2, 1), "c2": Conv(8, 16, 3, 2, 1), **others}


def pictures(batch: int) -> Tensor:
    return torch.rand(batch, 3, 32, 32)


@case("view -1 classical", "batch-lost")
def view_1_classical(b):
    return Net(
        lambda net, x: net.h(convolved(net, x).view(-1, 16 * 4 * 4)), **convolutions(h=Linear(256, 5))
    ), pictures(b)


@case("flatten sound")
def flatten_sound(b):
    return Net(
        lambda net, x: net.h(convolved(net, x).view(-1, 16 * 8 * 8)), **convolutions(h=Linear(1024, 5))
    ), pictures(b)


@case("x / x.norm()", "over-batch")
def x_x_norm(b):
    def f(net, x):
        x = convolved(net, x).mean((2, 3))
        x = x / x.norm()
        return net.h(x)

    return Net(f, **convolutions(h=Linear(16, 5))), pictures(b)


@case("standardise whole", "over-batch")
def standardise_whole(b):
    def f(net, x):
        x = (x - x.mean()) / x.std()
        return net.h(convolved(net, x).mean((2, 3)))

    return Net(f, **convolutions(h=Linear(16, 5))), pictures(b)


@case("normalize dim0", "over-batch")
def normalize_dim0(b):
    return Net(
        lambda net, x: F.normalize(net.h(convolved(net, x).mean((2, 3))), dim=0),
        **convolutions(h=Linear(16, 5)),
    ), pictures(b)


@case("normalize sound")
def normalize_sound(b):
    return Net(
        lambda net, x: F.normalize(net.h(convolved(net, x).mean((2, 3))), dim=-1),
        **convolutions(h=Linear(16, 5)),
    ), pictures(b)


@case("softmax over heads", "softmax-axis")
def softmax_over_heads(b):
    def f(net, x):
        x = convolved(net, x).flatten(2).transpose(1, 2)
        q, k, v = (p.reshape(x.shape[0], -1, 4, 4).transpose(1, 2) for p in net.qkv(x).chunk(3, -1))
        a = (q @ k.transpose(-1, -2)).softmax(dim=1)
        return net.h((a @ v).transpose(1, 2).flatten(2).mean(1))

    return Net(f, **convolutions(qkv=Linear(16, 48), h=Linear(16, 5))), pictures(b)


def heads(net: Any, x: Tensor) -> tuple[Tensor, ...]:
    """Return query, key and value ``[B, heads, N, D]`` of a picture's features."""
    x = convolved(net, x).flatten(2).transpose(1, 2)
    return tuple(p.reshape(x.shape[0], -1, 4, 4).transpose(1, 2) for p in net.qkv(x).chunk(3, -1))


def attended(net: Any, x: Tensor, axis: int) -> Tensor:
    """Attend with dropout, which is off and gives back what it is given."""
    q, k, v = heads(net, x)
    a = F.dropout((q @ k.transpose(-1, -2)).softmax(axis), 0.1, net.training)
    return net.h((a @ v).transpose(1, 2).flatten(2).mean(1))


def attended_by_einsum(net: Any, x: Tensor, axis: int) -> Tensor:
    q, k, v = heads(net, x)
    a = torch.einsum("bhqd,bhkd->bhqk", q, k).softmax(axis)
    return net.h(torch.einsum("bhqk,bhkd->bqhd", a, v).flatten(2).mean(1))


def attention(forward: Callable[..., Tensor], axis: int, batch: int) -> tuple[nn.Module, Tensor]:
    modules = convolutions(qkv=Linear(16, 48), h=Linear(16, 5))
    return Net(lambda net, x: forward(net, x, axis), **modules), pictures(batch)


@case("softmax over heads, with dropout", "softmax-axis")
def softmax_over_heads_with_dropout(b):
    return attention(attended, 1, b)


@case("attention with dropout sound")
def attention_with_dropout_sound(b):
    return attention(attended, -1, b)


@case("softmax over heads, by einsum", "softmax-axis")
def softmax_over_heads_by_einsum(b):
    return attention(attended_by_einsum, 1, b)


@case("attention by einsum sound")
def attention_by_einsum_sound(b):
    return attention(attended_by_einsum, 3, b)


@case("slots compete, by einsum sound")
def slots_compete_sound(b):
    def f(net, x):
        x = convolved(net, x).flatten(2).transpose(1, 2)
        a = torch.einsum("bnd,kd->bnk", x, net.slots.weight).softmax(-1)
        return net.h(torch.einsum("bnk,bnd->bkd", a, x))

    return Net(f, **convolutions(slots=nn.Embedding(6, 16), h=Linear(16, 5))), pictures(b)


def pooled(net: Any, x: Tensor, axis: int) -> Tensor:
    x = convolved(net, x).flatten(2).transpose(1, 2)
    return net.h((net.score(x).softmax(axis) * x).sum(1))


@case("softmax of one score", "softmax-axis")
def softmax_of_one_score(b):
    modules = convolutions(score=Linear(16, 1), h=Linear(16, 5))
    return Net(lambda net, x: pooled(net, x, -1), **modules), pictures(b)


@case("softmax of scores sound")
def softmax_of_scores_sound(b):
    modules = convolutions(score=Linear(16, 1), h=Linear(16, 5))
    return Net(lambda net, x: pooled(net, x, 1), **modules), pictures(b)


@case("attention to one key sound")
def attention_to_one_key_sound(b):
    def f(net, x):
        q, k, v = heads(net, x)
        return net.h(
            ((q @ k[:, :, :1].transpose(-1, -2)).softmax(-1) @ v[:, :, :1]).transpose(1, 2).flatten(2)
        )

    return Net(f, **convolutions(qkv=Linear(16, 48), h=Linear(16, 5))), pictures(b)


@case("statistics of the batch by hand", "train-mode")
def statistics_of_the_batch_by_hand(b):
    return Net(
        lambda net, x: net.h(F.batch_norm(convolved(net, x), None, None, training=True).mean((2, 3))),
        **convolutions(h=Linear(16, 5)),
    ), pictures(b)


@case("a batch norm without memory sound")
def batch_norm_without_memory_sound(b):
    return Net(
        lambda net, x: net.h(net.norm(convolved(net, x)).mean((2, 3))),
        **convolutions(norm=nn.BatchNorm2d(16, track_running_stats=False), h=Linear(16, 5)),
    ), pictures(b)


def recurrent(join: Callable[[Tensor], Tensor], batch: int) -> tuple[nn.Module, Tensor]:
    """Classify by the last states ``[2, B, D]`` of both directions."""
    modules = {"r": nn.LSTM(6, 8, bidirectional=True, batch_first=True), "h": Linear(16, 5)}
    return Net(lambda net, x: net.h(join(net.r(x)[1][0])), **modules), torch.rand(batch, 7, 6)


@case("two directions joined by view", "mixed-axes")
def two_directions_joined_by_view(b):
    return recurrent(lambda states: states.view(-1, 16), b)


@case("two directions joined sound")
def two_directions_joined_sound(b):
    return recurrent(lambda states: states.transpose(0, 1).reshape(-1, 16), b)


@case("mask broadcast to wrong axis", "coincidence")
def mask_broadcast_to_wrong_axis(b):
    def f(net, x, m):
        q = net.q(x)
        a = q @ q.transpose(1, 2) + m  # m [B,N]
        return net.h((a.softmax(-1) @ x).mean(1))

    return Net(f, q=Linear(6, 6), h=Linear(6, 3)), (
        torch.rand(9 if b > 1 else 1, 9, 6),
        torch.zeros(9 if b > 1 else 1, 9),
    )


@case("lstm last sample", "batch-lost")
def lstm_last_sample(b):
    return Net(
        lambda net, x: net.h(net.r(x)[0][-1]), r=nn.LSTM(6, 8, batch_first=True), h=Linear(8, 3)
    ), torch.rand(b, 9, 6)


@case("lstm sound")
def lstm_sound(b):
    return Net(
        lambda net, x: net.h(net.r(x)[0][:, -1]), r=nn.LSTM(6, 8, batch_first=True), h=Linear(8, 3)
    ), torch.rand(b, 9, 6)


@case("lstm sound time first")
def lstm_sound_time_first(b):
    return Net(lambda net, x: net.h(net.r(x)[0][-1]), r=nn.LSTM(6, 8), h=Linear(8, 3)), torch.rand(9, b, 6)


@case("lstm batch_first on time first", "over-batch")
def lstm_batch_first_on_time_first(b):
    return Net(
        lambda net, x: net.h(net.r(x)[0][-1]), r=nn.LSTM(6, 8, batch_first=True), h=Linear(8, 3)
    ), torch.rand(9, b + 1, 6)


@case("tr encoder not batch first", "over-batch")
def tr_encoder_not_batch_first(b):
    return Net(
        lambda net, x: net.h(net.t(x)[:, 0]),
        t=nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, 0.0), 3),
        h=Linear(8, 3),
    ), torch.rand(b + 1, 9, 8)


@case("tr encoder batch first")
def tr_encoder_batch_first(b):
    return Net(
        lambda net, x: net.h(net.t(x)[:, 0]),
        t=nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True), 3),
        h=Linear(8, 3),
    ), torch.rand(b + 1, 9, 8)


@case("tr encoder time first")
def tr_encoder_time_first(b):
    return Net(
        lambda net, x: net.h(net.t(x)[0]),
        t=nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, 0.0), 3),
        h=Linear(8, 3),
    ), torch.rand(9, b + 1, 8)


@case("mil pooling")
def mil_pooling(b):
    def f(net, x):
        a = net.a(x).softmax(0)
        return net.h((a * x).sum(0))

    return Net(f, a=Linear(8, 1), h=Linear(8, 3)), torch.rand(17, 8)


@case("mil matmul")
def mil_matmul(b):
    def f(net, x):
        a = net.a(x).softmax(0)
        return net.h(a.T @ x)

    return Net(f, a=Linear(8, 1), h=Linear(8, 3)), torch.rand(17, 8)


@case("mlp softmax dim 0", "over-batch")
def mlp_softmax_dim_0(b):
    return Net(
        lambda net, x: net.h(net.a(x).relu()).softmax(dim=0), a=Linear(8, 8), h=Linear(8, 3)
    ), torch.rand(b, 8)


@case("bce pair", "broadcast")
def bce_pair(b):
    def f(net, x, t):
        p = net.h(net.a(x).relu())
        return ((p - t) ** 2).mean()

    return Net(f, a=Linear(8, 8), h=Linear(8, 1)), (torch.rand(b, 8), torch.rand(b))


@case("weights [B] * x [B,1]", "broadcast")
def weights_b_x_b_1(b):
    return Net(lambda net, x, w: (net.h(net.a(x).relu()) * w).sum(0), a=Linear(8, 8), h=Linear(8, 1)), (
        torch.rand(b, 8),
        torch.rand(b),
    )


@case("nhwc reshape", "mixed-axes")
def nhwc_reshape(b):
    return Net(
        lambda net, x: net.h(convolved(net, x.reshape(x.shape[0], 3, 32, 48)).mean((2, 3))),
        **convolutions(h=Linear(16, 5)),
    ), torch.rand(b, 32, 48, 3)


@case("tokens to map by view", "mixed-axes")
def tokens_to_map_by_view(b):
    def f(net, x):
        x = convolved(net, x).flatten(2).transpose(1, 2)
        x = net.n(x)
        return net.c3(x.reshape(x.shape[0], 16, 8, 8))

    return Net(f, **convolutions(n=Linear(16, 16), c3=Conv(16, 2, 1))), pictures(b)


@case("tokens to map sound")
def tokens_to_map_sound(b):
    def f(net, x):
        x = convolved(net, x).flatten(2).transpose(1, 2)
        x = net.n(x)
        return net.c3(x.transpose(1, 2).reshape(x.shape[0], 16, 8, 8))

    return Net(f, **convolutions(n=Linear(16, 16), c3=Conv(16, 2, 1))), pictures(b)


@case("heads view N=16 H=4 C=64", "mixed-axes")
def heads_view_n_16_h_4_c_64(b):
    def f(net, x):
        q = net.q(x).view(x.shape[0], 4, 16, 16)
        return net.h((q @ q.transpose(-1, -2) @ q).transpose(1, 2).flatten(2))

    return Net(f, q=Linear(64, 64), h=Linear(64, 64)), torch.rand(b, 16, 64)


@case("pixel merge sound")
def pixel_merge_sound(b):
    return Net(
        lambda net, x: net.h(net.a(x).view(x.shape[0], 4, 256)), a=Linear(64, 64), h=Linear(256, 8)
    ), torch.rand(b, 16, 64)


@case("squeeze all scores", "batch-lost")
def squeeze_all_scores(b):
    return Net(lambda net, x: net.h(net.a(x).relu()).squeeze(), a=Linear(8, 8), h=Linear(8, 1)), torch.rand(
        b, 8
    )


@case("int truncation", "casts")
def int_truncation(b):
    return Net(lambda net, x: net.h(net.a(x).int().float()), a=Linear(8, 8), h=Linear(8, 1)), torch.rand(b, 8)


@case("autocast-like half across view", "casts")
def autocast_like_half_across_view(b):
    return Net(
        lambda net, x: net.h(net.a(x).to(torch.float16).view(-1, 8).float()), a=Linear(8, 8), h=Linear(8, 1)
    ), torch.rand(b, 8)


@case("sigmoid then bce logits", "twice")
def sigmoid_then_bce_logits(b):
    return Net(lambda net, x, t: F.binary_cross_entropy_with_logits(net.h(x).sigmoid(), t), h=Linear(8, 1)), (
        torch.rand(b, 8),
        torch.rand(b, 1),
    )


@case("softmax then ce", "twice")
def softmax_then_ce(b):
    return Net(lambda net, x, t: F.cross_entropy(net.h(x).softmax(-1), t), h=Linear(8, 4)), (
        torch.rand(b, 8),
        torch.zeros(b, dtype=torch.long),
    )


@case("mean over batch", "over-batch")
def mean_over_batch(b):
    def f(net, x):
        x = convolved(net, x).mean((2, 3))
        return net.h(x - x.mean(0, keepdim=True))

    return Net(f, **convolutions(h=Linear(16, 5))), pictures(b)


@case("mask unused", "unread-input")
def mask_unused(b):
    return Net(lambda net, x, m: net.h(net.a(x)), a=Linear(8, 8), h=Linear(8, 1)), (
        torch.rand(b, 8),
        torch.zeros(b, 8, dtype=torch.bool),
    )


@case("transpose thrown", "never-read")
def transpose_thrown(b):
    def f(net, x):
        x = net.a(x)
        x.transpose(1, 2)
        return net.h(x)

    return Net(f, a=Linear(8, 8), h=Linear(8, 1)), torch.rand(b, 8, 8)


@case("wrong layer drop p odd", "odd-block")
def wrong_layer_drop_p_odd(b):
    m = nn.Sequential(*[nn.Sequential(Linear(8, 8), nn.Dropout(0.1)) for _ in range(6)])
    m[3][1].p = 0.5
    return Net(lambda net, x: net.m(x), m=m), torch.rand(b, 8)


@case("one eps", "odd-block")
def one_eps(b):
    m = nn.Sequential(*[nn.Sequential(Linear(8, 8), nn.LayerNorm(8)) for _ in range(6)])
    m[3][1].eps = 1e-2
    return Net(lambda net, x: net.m(x), m=m), torch.rand(b, 8)


@case("last eps", "odd-block")
def last_eps(b):
    m = nn.Sequential(*[nn.Sequential(Linear(8, 8), nn.LayerNorm(8)) for _ in range(6)])
    m[5][1].eps = 1e-2
    return Net(lambda net, x: net.m(x), m=m), torch.rand(b, 8)


@case("one frozen", "odd-block")
def one_frozen(b):
    m = nn.Sequential(*[nn.Sequential(Linear(8, 8), nn.LayerNorm(8)) for _ in range(6)])
    m[3][0].weight.requires_grad_(False)
    return Net(lambda net, x: net.m(x), m=m), torch.rand(b, 8)


@case("heads differ", "odd-block")
def heads_differ(b):
    m = nn.ModuleList([nn.MultiheadAttention(8, 4 if i != 2 else 2, batch_first=True) for i in range(5)])

    def f(net, x):
        for layer in net.m:
            x = x + layer(x, x, x, need_weights=False)[0]
        return x

    return Net(f, m=m), torch.rand(b, 5, 8)


@case("block skips input", "never-read")
def block_skips_input(b):
    m = nn.ModuleList([Linear(8, 8) for i in range(5)])

    def f(net, x):
        x0 = x
        for i, layer in enumerate(net.m):
            x = layer(x0 if i == 2 else x).relu()
        return x

    return Net(f, m=m), torch.rand(b, 5, 8)


@case("drop path active", "train-mode")
def drop_path_active(b):
    from torchvision.ops import StochasticDepth

    d = StochasticDepth(0.2, "row")

    class Noisy(Net):
        def train(self, mode=True):
            super().train(mode)
            self.d.train(True)
            return self

    return Noisy(lambda net, x: x + net.d(net.a(x)), a=Linear(8, 8), d=d), torch.rand(b, 8)


@case("F.dropout default", "train-mode")
def f_dropout_default(b):
    return Net(lambda net, x: net.h(F.dropout(net.a(x), 0.3)), a=Linear(8, 8), h=Linear(8, 1)), torch.rand(
        b, 8
    )


@case("keepdim logits", "left-over-axis")
def keepdim_logits(b):
    return Net(
        lambda net, x: net.h(convolved(net, x).mean((2, 3), keepdim=True).permute(0, 2, 3, 1)),
        **convolutions(h=Linear(16, 5)),
    ), pictures(b)


@case("unsqueeze kept", "left-over-axis")
def unsqueeze_kept(b):
    return Net(
        lambda net, x: net.h(convolved(net, x).mean((2, 3)).unsqueeze(1)), **convolutions(h=Linear(16, 5))
    ), pictures(b)


@case("depth map sound")
def depth_map_sound(b):
    return Net(lambda net, x: net.h(convolved(net, x)), **convolutions(h=Conv(16, 1, 1))), pictures(b)


@case("[B,1,N] + [B,N]", "broadcast")
def b_1_n_b_n(b):
    return Net(lambda net, x: net.a(x).unsqueeze(1) + net.h(x), a=Linear(8, 8), h=Linear(8, 8)), torch.rand(
        b, 8
    )


@case("B,1 minus mean", "broadcast")
def b_1_minus_mean(b):
    return Net(
        lambda net, x: (net.h(x) - net.a(x).mean(1)).abs(), a=Linear(8, 8), h=Linear(8, 1)
    ), torch.rand(b, 8)


@case("einsum attn over batch", "over-batch")
def einsum_attn_over_batch(b):
    def f(net, x):
        x = convolved(net, x).flatten(2).transpose(1, 2)
        q = net.q(x)
        a = torch.einsum("bnc,bmc->bnm", q, q).softmax(0)
        return net.h(torch.einsum("bnm,bmc->bnc", a, x).mean(1))

    return Net(f, **convolutions(q=Linear(16, 16), h=Linear(16, 2))), pictures(b)


@case("pairwise sound")
def pairwise_sound(b):
    def f(net, x):
        d = (x[:, None] - x[None]).abs().sum(-1)
        return (-d).softmax(-1) @ net.h(x)

    return Net(f, h=Linear(8, 2)), torch.rand(7, 8)


@case("clip sound")
def clip_sound(b):
    def f(net, x, t):
        i = F.normalize(net.h(convolved(net, x).mean((2, 3))), dim=-1)
        u = F.normalize(net.a(t), dim=-1)
        logits = i @ u.T
        return logits, logits.T

    return Net(f, **convolutions(h=Linear(16, 8), a=Linear(6, 8))), (pictures(3), torch.rand(4, 6))


def _refined(net, x):
    boxes, steps = net.ref.expand(x.shape[0], 4, 4), []
    for layer in (net.one, net.two, net.three):
        x = layer(x + net.back(boxes))
        boxes = boxes + net.box(x)
        steps.append(x)
    return torch.stack(steps)


@case("the last refinement sound")
def the_last_refinement(b):
    widths = {"one": (8, 8), "two": (8, 8), "three": (8, 8), "box": (8, 4), "back": (4, 8)}
    decoder = Net(_refined, **{name: Linear(*width) for name, width in widths.items()})
    decoder.ref = torch.nn.Parameter(torch.rand(1, 4, 4))
    return Net(lambda net, x: net.d.box(net.d(x)), d=decoder), torch.rand(b, 4, 8)


def _text_tower(pool):
    return Net(pool, a=Linear(8, 8), p=Linear(8, 5))


@case("a part offers more sound")
def a_part_offers_more(b):
    tower = _text_tower(lambda net, x: {"tokens": (y := net.a(x)), "pooled": net.p(y[:, 0])})
    return Net(lambda net, x: net.h(net.t(x)["tokens"]), t=tower, h=Linear(8, 2)), torch.rand(b, 5, 8)


@case("pooled is not handed out", "never-read")
def pooled_is_not_handed_out(b):
    def pool(net, x):
        y = net.a(x)
        pooled = net.p(y[:, 0])
        return {"tokens": y, "width": pooled.shape[-1]}

    tower = _text_tower(pool)
    return Net(lambda net, x: net.h(net.t(x)["tokens"]), t=tower, h=Linear(8, 2)), torch.rand(b, 5, 8)


@case("all of a part is thrown away", "never-read")
def all_of_a_part(b):
    tower = _text_tower(lambda net, x: {"tokens": (y := net.a(x)), "pooled": net.p(y[:, 0])})

    def f(net, x):
        net.t(x)
        return net.h(x)

    return Net(f, t=tower, h=Linear(8, 2)), torch.rand(b, 5, 8)
