"""Small training steps as people write them: a table for tests that compare ways of running them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint, checkpoint_sequential

Built = tuple[nn.Module, tuple[Any, ...]]
STEPS: dict[str, Callable[[], Built]] = {}
"""Name -> what makes a model whose forward is a training step, and what it is called with."""


class Step(nn.Module):
    """A net, and a training step on it."""

    def __init__(self, net: nn.Module, step: Callable[..., Any]) -> None:
        super().__init__()
        self.net = net
        self._step = (step,)  # in a tuple: a function is no method

    def forward(self, *args: Tensor) -> Any:
        return self._step[0](self.net, *args)


def mlp() -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))


def convolutions() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 3, stride=2)
    )


def classes() -> tuple[Tensor, Tensor]:
    return torch.randn(6, 8), torch.randint(0, 4, (6,))


def picture() -> tuple[Tensor]:
    return (torch.randn(2, 3, 12, 12),)


def step(
    name: str, net: Callable[[], nn.Module] = mlp, inputs: Callable[[], tuple[Any, ...]] = classes
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put a function into the table as the training step of a net."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        STEPS[name] = lambda: (Step(net(), function).train(), inputs())
        return function

    return add


# Backward passes ------------------------------------------------------------------------------------------


@step("cross entropy")
def _(net, x, y):
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    return loss.detach(), net[0].weight.grad


@step("autograd.backward of several losses")
def _(net, x, y):
    h = net(x)
    torch.autograd.backward([h.sum(), h.square().mean()])
    return net[2].bias.grad


@step("backward with a gradient")
def _(net, x, y):
    h = net(x)
    h.backward(torch.ones_like(h) * 0.5)
    return net[0].bias.grad


@step("backward to some inputs alone")
def _(net, x, y):
    net(x).sum().backward(inputs=[net[0].weight])
    return net[0].weight.grad, net[2].weight.grad is None


@step("autograd.grad")
def _(net, x, y):
    loss = F.cross_entropy(net(x), y)
    return torch.autograd.grad(loss, list(net.parameters()))


@step("autograd.grad with unused tensors")
def _(net, x, y):
    extra = torch.zeros(3, requires_grad=True)
    return torch.autograd.grad(net(x).sum(), [net[0].weight, extra], allow_unused=True)


@step("gradient of the input")
def _(net, x, y):
    x = x.clone().requires_grad_()
    net(x).logsumexp(-1).sum().backward()
    return x.grad.sign()


@step("retained graph")
def _(net, x, y):
    loss = net(x).square().mean()
    loss.backward(retain_graph=True)
    loss.backward()
    return net[0].weight.grad


@step("retained gradient of an activation")
def _(net, x, y):
    h = net[0](x)
    h.retain_grad()
    net[2](h.relu()).sum().backward()
    return h.grad


@step("gradient accumulation")
def _(net, x, y):
    for part, label in zip(x.chunk(3), y.chunk(3), strict=True):
        (F.cross_entropy(net(part), label) / 3).backward()
    return net[0].weight.grad


@step("places of a maximum")
def _(net, x, y):
    values, places = net(x).max(1)
    values.sum().backward()
    return places, net[0].weight.grad


@step("concrete leaf")
def _(net, x, y):
    scale = torch.ones(4, requires_grad=True)
    (net(x) * scale).sum().backward()
    return scale.grad


@step("concrete numbers alone")
def _(net, x, y):
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    (w**2).sum().backward()
    return w.grad, net(x)


@step("hooks on gradients")
def _(net, x, y):
    h = net[0](x)
    h.register_hook(lambda grad: grad * 2)
    net[2].weight.register_hook(lambda grad: grad.clamp(-1, 1))
    net[2](h).sum().backward()
    return net[0].weight.grad


@step("module hooks backwards")
def _(net, x, y):
    kept = []
    handle = net[2].register_full_backward_hook(lambda module, given, got: kept.append(got[0] * 2))
    net(x).sum().backward()
    handle.remove()
    return kept[0]


@step("optimiser within backward")
def _(net, x, y):
    def update(parameter):
        with torch.no_grad():
            parameter -= 0.1 * parameter.grad
        parameter.grad = None

    handles = [p.register_post_accumulate_grad_hook(update) for p in net.parameters()]
    net(x).sum().backward()
    for handle in handles:
        handle.remove()
    return net[0].weight * 1


# Double backward ------------------------------------------------------------------------------------------


@step("gradient penalty", convolutions, picture)
def _(net, x):
    mix = torch.lerp(x, x.flip(0), 0.3).requires_grad_()
    score = net(mix)
    (slope,) = torch.autograd.grad(score, mix, torch.ones_like(score), create_graph=True)
    penalty = ((slope.flatten(1).norm(2, 1) - 1) ** 2).mean()
    penalty.backward()
    return penalty.detach(), net[0].weight.grad


@step("Hessian-vector product")
def _(net, x, y):
    parameters = list(net.parameters())
    loss = F.cross_entropy(net(x), y)
    first = torch.autograd.grad(loss, parameters, create_graph=True)
    dot = sum((g * g.detach()).sum() for g in first)
    return torch.autograd.grad(dot, parameters)


@step("inner loop as in MAML")
def _(net, x, y):
    fast = dict(net.named_parameters())
    for _ in range(2):
        loss = F.cross_entropy(torch.func.functional_call(net, fast, (x,)), y)
        grads = torch.autograd.grad(loss, list(fast.values()), create_graph=True)
        fast = {name: p - 0.1 * g for (name, p), g in zip(fast.items(), grads, strict=True)}
    F.cross_entropy(torch.func.functional_call(net, fast, (x,)), y).backward()
    return net[0].weight.grad


@step("adversarial example")
def _(net, x, y):
    delta = torch.zeros_like(x, requires_grad=True)
    for _ in range(2):
        F.cross_entropy(net(x + delta), y).backward()
        delta.data = (delta + 0.01 * delta.grad.sign()).clamp(-0.1, 0.1)
        delta.grad.zero_()
    return x + delta.detach()


# Checkpoints and functions of one's own ---------------------------------------------------------------------


@step("checkpoint")
def _(net, x, y):
    loss = F.cross_entropy(checkpoint(net, x, use_reentrant=False), y)
    loss.backward()
    return net[0].weight.grad


@step("reentrant checkpoint")
def _(net, x, y):
    loss = F.cross_entropy(checkpoint(net, x.clone().requires_grad_(), use_reentrant=True), y)
    loss.backward()
    return net[0].weight.grad


@step("checkpoint of a sequence")
def _(net, x, y):
    checkpoint_sequential(net, 2, x.clone().requires_grad_(), use_reentrant=False).sum().backward()
    return net[0].weight.grad


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x * weight

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        return grad * weight, (grad * x).sum(0)


@step("function of one's own")
def _(net, x, y):
    weight = net[2].bias
    Scaled.apply(net(x), weight).sum().backward()
    return weight.grad


class Backward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, module):
        ctx.module = module
        ctx.save_for_backward(x)
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * ctx.module(x).detach(), None


@step("a module called backwards", lambda: nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8)))
def _(net, x, y):
    Backward.apply(net[0](x), net[1]).sum().backward()
    return net[0].weight.grad


@step("straight-through estimator")
def _(net, x, y):
    soft = net(x).softmax(-1)
    hard = F.one_hot(y, 4).float() + soft - soft.detach()
    (hard * soft).sum().backward()
    return net[0].weight.grad


# Optimisers -------------------------------------------------------------------------------------------------

_OPTIMISERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "SGD": lambda p: torch.optim.SGD(p, 0.1),
    "SGD with momentum": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
    "SGD, foreach": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, foreach=True),
    "SGD, fused": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, fused=True),
    "Adam": lambda p: torch.optim.Adam(p, 1e-3),
    "Adam, foreach": lambda p: torch.optim.Adam(p, 1e-3, foreach=True),
    "AdamW": lambda p: torch.optim.AdamW(p, 1e-3),
    "AdamW, amsgrad": lambda p: torch.optim.AdamW(p, 1e-3, amsgrad=True),
    "AdamW, fused": lambda p: torch.optim.AdamW(p, 1e-3, fused=True),
    "RMSprop": lambda p: torch.optim.RMSprop(p, 1e-3, momentum=0.5),
    "Adagrad": lambda p: torch.optim.Adagrad(p, 1e-3),
    "Adadelta": lambda p: torch.optim.Adadelta(p, 1e-3),
    "Adamax": lambda p: torch.optim.Adamax(p, 1e-3),
    "NAdam": lambda p: torch.optim.NAdam(p, 1e-3),
    "RAdam": lambda p: torch.optim.RAdam(p, 1e-3),
    "Rprop": lambda p: torch.optim.Rprop(p, 1e-3),
    "ASGD": lambda p: torch.optim.ASGD(p, 1e-3),
}


def _add_optimiser(name: str, make: Callable[..., torch.optim.Optimizer]) -> None:
    @step(f"optimiser {name}")
    def _(net, x, y):
        optimiser = make(net.parameters())
        for _ in range(2):
            optimiser.zero_grad()
            F.cross_entropy(net(x), y).backward()
            optimiser.step()
        return net[0].weight * 1


for _name, _make in _OPTIMISERS.items():
    _add_optimiser(_name, _make)


@step("clipped gradients")
def _(net, x, y):
    optimiser = torch.optim.SGD(net.parameters(), 0.1)
    F.cross_entropy(net(x), y).backward()
    norm = nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    nn.utils.clip_grad_value_(net.parameters(), 0.5)
    optimiser.step()
    return norm, net[0].weight * 1


@step("schedule of the learning rate")
def _(net, x, y):
    optimiser = torch.optim.SGD(net.parameters(), 0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 10)
    for _ in range(2):
        optimiser.zero_grad(set_to_none=False)
        F.cross_entropy(net(x), y).backward()
        optimiser.step()
        schedule.step()
    return net[0].weight * 1


def student_and_teacher() -> nn.ModuleList:
    student = mlp()
    return nn.ModuleList([student, copy.deepcopy(student).requires_grad_(False)])


@step("moving average of the weights", student_and_teacher)
def _(net, x, y):
    teacher, net = net[1], net[0]
    optimiser = torch.optim.SGD(net.parameters(), 0.1)
    F.mse_loss(net(x), teacher(x)).backward()
    optimiser.step()
    with torch.no_grad():
        for old, new in zip(teacher.parameters(), net.parameters(), strict=True):
            old.mul_(0.9).add_(new, alpha=0.1)
    return teacher(x)


@step("autocast")
def _(net, x, y):
    with torch.autocast("cpu", torch.bfloat16):
        loss = F.cross_entropy(net(x), y)
    loss.backward()
    return net[0].weight.grad


# Nets -------------------------------------------------------------------------------------------------------


def _trains(net, *args):
    result = net(*args)
    result = result[0] if isinstance(result, tuple) else result
    result.square().mean().backward()
    return next(net.parameters()).grad


class Attends(nn.Module):
    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.mha = nn.MultiheadAttention(16, 4, batch_first=True, **options)

    def forward(self, x):
        return self.mha(x, x, x, need_weights=False)[0]


class Scores(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(16, 48)

    def forward(self, x):
        q, k, v = (part.unflatten(-1, (4, 4)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        return F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)


def tokens() -> tuple[Tensor]:
    return (torch.randn(2, 6, 16),)


NETS: dict[str, tuple[Callable[[], nn.Module], Callable[[], tuple[Any, ...]]]] = {
    "convolutions": (convolutions, picture),
    "group norm": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8), nn.SiLU()), picture),
    "transposed convolution": (lambda: nn.Sequential(nn.ConvTranspose2d(3, 4, 2, 2), nn.GELU()), picture),
    "pooling": (lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1)), picture),
    "resizing": (
        lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Upsample(scale_factor=2, mode="bilinear")),
        picture,
    ),
    "batch norm without momentum": (
        lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, momentum=None)),
        picture,
    ),
    "spectral norm": (
        lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(8, 4)),
        lambda: classes()[:1],
    ),
    "weight norm": (lambda: nn.utils.parametrizations.weight_norm(nn.Linear(8, 4)), lambda: classes()[:1]),
    "layer norm and dropout": (
        lambda: nn.Sequential(nn.Linear(8, 16), nn.LayerNorm(16), nn.Dropout(0.1)),
        lambda: classes()[:1],
    ),
    "embedding": (
        lambda: nn.Sequential(nn.Embedding(20, 8), nn.Linear(8, 4)),
        lambda: (torch.randint(0, 20, (2, 5)),),
    ),
    "attention": (Attends, tokens),
    "attention kernel": (Scores, tokens),
    "encoder layer": (lambda: nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), tokens),
    "LSTM": (lambda: nn.LSTM(16, 8, batch_first=True), tokens),
    "GRU": (lambda: nn.GRU(16, 8, batch_first=True), tokens),
    "RNN of two layers": (lambda: nn.RNN(16, 8, 2, batch_first=True), tokens),
    "LSTM cell": (lambda: nn.LSTMCell(8, 4), lambda: classes()[:1]),
    "large layer": (lambda: nn.Sequential(nn.Linear(8, 600), nn.Linear(600, 300)), lambda: classes()[:1]),
}
for _name, (_net, _inputs) in NETS.items():
    step(f"training {_name}", _net, _inputs)(_trains)

LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "smooth l1": lambda h, y: F.smooth_l1_loss(h[:, 0], y.float()),
    "binary cross entropy": lambda h, y: F.binary_cross_entropy_with_logits(h[:, 0], (y > 1).float()),
    "label smoothing": lambda h, y: F.cross_entropy(h, y, label_smoothing=0.1),
    "divergence": lambda h, y: F.kl_div(h.log_softmax(-1), torch.full_like(h, 0.25), reduction="batchmean"),
    "triplets": lambda h, y: F.triplet_margin_loss(h[:2], h[2:4], h[4:]),
    "cosine": lambda h, y: F.cosine_similarity(h, h.roll(1, 0)).mean(),
    "gather": lambda h, y: -h.log_softmax(-1).gather(1, y[:, None]).mean(),
    "topk": lambda h, y: h.topk(2).values.sum(),
    "norm": lambda h, y: torch.linalg.vector_norm(h) + h.std() + h.var(0).sum(),
    "einsum": lambda h, y: torch.einsum("bi,bj->ij", h, h).trace(),
    "where": lambda h, y: torch.where(h > 0, h, 0.1 * h).cumsum(0).sum(),
    "index": lambda h, y: h[torch.arange(6), y].sum() + h[1:4, ::2].prod(),
    "cat and stack": lambda h, y: torch.stack([torch.cat([h, h], 1), torch.cat([h, -h], 1)]).tanh().sum(),
}


def _add_loss(name: str, loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    @step(f"loss {name}")
    def _(net, x, y):
        loss(net(x), y).backward()
        return net[0].weight.grad


for _name, _loss in LOSSES.items():
    _add_loss(_name, _loss)
