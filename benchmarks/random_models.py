"""Random small models for ``benchmarks.interventions``: what people write, in an order that nobody chose.

A model is a tree of blocks. A block keeps a pool of tensors of one shape and runs random steps on it:
functions, layers, writes in place, aliases, containers, attributes, caches, branches on numbers. A seed gives
the model.
"""

from __future__ import annotations

import random
from collections import OrderedDict, deque, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.utils.checkpoint
from torch import Tensor, nn

ROWS, WIDTH = 3, 4
Pair = namedtuple("Pair", "first second")


@dataclass
class Record:
    """A data class that carries tensors."""

    main: Tensor
    rest: list[Tensor]


class Holder:
    """An object of a class of the model's own."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    def __call__(self) -> Tensor:
        """Give the tensor."""
        return self.tensor


class Block(nn.Module):
    """Random steps on a pool of tensors."""

    def __init__(self, dice: random.Random, depth: int, kinds: dict[str, Step], inputs: int) -> None:
        super().__init__()
        self.depth = depth
        self.linears = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(2))
        self.register_buffer("state", torch.zeros(WIDTH))
        self.same = nn.Identity()
        self.taker = Taker()
        self.filler = Filler()
        self.blocks = nn.ModuleList(
            Block(dice, depth - 1, kinds, 2) for _ in range(dice.randint(1, 2) if depth else 0)
        )
        names = [*kinds, *["child"] * (3 if depth else 0)]
        count = dice.randint(4, 8)
        self.steps = [(dice.choice(names), dice.random(), dice.random()) for _ in range(count)]
        self.kinds = kinds
        self.ending = dice.choice(list(ENDINGS))
        self.picks = [dice.random() for _ in range(3)]

    def forward(self, *given: Any) -> Any:
        """Run the steps, and give some of the pool in some container."""
        pool = [tensor for tensor in given if isinstance(tensor, Tensor)]
        cache: list[Tensor] = []
        for name, first, second in self.steps:
            one, other = pool[int(first * len(pool))], pool[int(second * len(pool))]
            if name == "child":
                child = self.blocks[int(first * len(self.blocks))]
                made = tensors_of(child(one, other))
            else:
                made = self.kinds[name](self, one, other, cache)
            pool += [tensor for tensor in made if tensor.shape == (ROWS, WIDTH)]
        self.cached = None
        chosen = [pool[int(pick * len(pool))] for pick in self.picks]
        return ENDINGS[self.ending if self.ending in SAFE or self.is_root else "tuple"](*chosen)

    is_root = False

    def helper(self, tensor: Tensor) -> Tensor:
        """A method in which a model does a part of its work."""
        return torch.tanh(tensor) + self.linears[1](tensor)


class Taker(nn.Module):
    """Takes tensors in whatever container, and uses the first of them."""

    def forward(self, things: Any) -> Tensor:
        """Use the first tensor."""
        if isinstance(things, dict):
            things = things.values()
        elif isinstance(things, Record):
            things = [things.main, *things.rest]
        elif callable(things):
            things = [things()]
        return torch.sin(next(iter(things)))


class Filler(nn.Module):
    """Puts what it makes into a list that it is given."""

    def forward(self, tensor: Tensor, things: list[Tensor]) -> Tensor:
        """Give something, and put something else into the list."""
        things.append(tensor * 3)
        return tensor.cos()


Step = Callable[[Block, Tensor, Tensor, list[Tensor]], list[Tensor]]


def _write(one: Tensor, other: Tensor, how: Callable[[Tensor, Tensor], object]) -> list[Tensor]:
    target = one.clone()
    alias = target.view(-1).view(ROWS, WIDTH)
    how(alias, other)
    return [target, alias]


def _set_rows(target: Tensor, other: Tensor) -> None:
    target[1:] = other[1:]


def _set_data(one: Tensor, other: Tensor) -> list[Tensor]:
    target = torch.zeros(ROWS, WIDTH)
    base = one * 1.5
    target.data = base
    base.add_(other)
    return [target]


def _mutate(block: Block, one: Tensor, cache: list[Tensor]) -> list[Tensor]:
    cache.append(one)
    return [torch.stack(list(cache)).mean(0)]


def _keep(block: Block, one: Tensor) -> list[Tensor]:
    before = getattr(block, "kept", None)
    block.kept = one * 0.5
    return [] if before is None else [before + 1]


def _update(block: Block, one: Tensor, other: Tensor) -> list[Tensor]:
    state: Any = block.state
    state.mul_(0.9).add_(one.mean(0))
    return [other + state]


def _loop(block: Block, one: Tensor) -> list[Tensor]:
    for _ in range(2):
        one = block.linears[0](one)
    return [one]


def _closure(block: Block, one: Tensor, other: Tensor) -> list[Tensor]:
    def later() -> Tensor:
        return one * 2

    return [block.taker(later) + other]


def _filled(block: Block, one: Tensor, other: Tensor) -> list[Tensor]:
    things: list[Tensor] = []
    block.filler(one, things)
    block.filler(other, things)
    return [things[0] + 1]


def _replaced(block: Block, one: Tensor) -> list[Tensor]:
    block.state = one.mean(0) + block.state * 0.5
    return []


def _listed(block: Block, one: Tensor) -> list[Tensor]:
    kept = [*getattr(block, "history", []), one * 2]
    block.history = kept
    return [kept[0] - 1]


class _Scaled(torch.autograd.Function):
    """A function with a backward of its own."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, other: Tensor) -> Tensor:
        """Scale a tensor by another one."""
        return tensor * (1 + other)


def _ignored(block: Block, one: Tensor) -> list[Tensor]:
    block.linears[1](one)
    return []


def _branch(one: Tensor, other: Tensor) -> list[Tensor]:
    return [other + 1 if one.sum() > 0 else other * 3]


def _sized(one: Tensor, other: Tensor) -> list[Tensor]:
    return [other * torch.nonzero(one > 0).shape[0]]


def _masked_size(one: Tensor, other: Tensor) -> list[Tensor]:
    return [other + other[one > 0].numel()]


def _numpy_write(one: Tensor, other: Tensor) -> list[Tensor]:
    target = one.detach() * 1.5
    target.numpy()[...] += other.detach().numpy()
    return [target]


def _numpy_alias(one: Tensor, other: Tensor) -> list[Tensor]:
    target = one.detach() * 1.5
    torch.from_numpy(target.numpy()).add_(other)
    return [target]


def _dlpack(one: Tensor, other: Tensor) -> list[Tensor]:
    target = one.detach() * 1.5
    torch.from_dlpack(target).add_(other)
    return [target]


ALIASES: dict[str, Callable[[Tensor], Tensor]] = {
    "view": lambda tensor: tensor.view(-1).view(ROWS, WIDTH),
    "detach": lambda tensor: tensor.detach(),
    "data": lambda tensor: tensor.data,
    "as_tensor": lambda tensor: torch.as_tensor(tensor, device="cpu"),
    "asarray": lambda tensor: torch.asarray(tensor, device="cpu"),
    "to": lambda tensor: tensor.to("cpu", torch.float32),
    "t": lambda tensor: tensor.t().contiguous().t() if tensor.shape[0] == 1 else tensor.t().t(),
    "tensor": torch.Tensor,
    "reshape": lambda tensor: torch.reshape(tensor, (ROWS, WIDTH)),
    "expand": lambda tensor: tensor.expand(ROWS, WIDTH),
}


def _aliased(name: str) -> Step:
    """Return a step that writes through an alias, made so, of a tensor that it gives back."""

    def step(_: Block, one: Tensor, other: Tensor, __: list[Tensor]) -> list[Tensor]:
        target = one * 1.5
        alias = ALIASES[name](target)
        alias += other
        return [target]

    return step


STEPS: dict[str, Step] = {
    "linear": lambda block, one, other, cache: [block.linears[0](one)],
    "ignored": lambda block, one, other, cache: _ignored(block, one),
    "add": lambda block, one, other, cache: [one * 0.7 + other],
    "mul": lambda block, one, other, cache: [one * (1 + other)],
    "tanh": lambda block, one, other, cache: [torch.tanh(one)],
    "matmul": lambda block, one, other, cache: [one @ other.t() @ one],
    "cat": lambda block, one, other, cache: list(torch.cat([one, other], -1).split(WIDTH, -1)),
    "softmax": lambda block, one, other, cache: [one.softmax(-1) + other],
    "where": lambda block, one, other, cache: [torch.where(one > 0, one, other)],
    "masked_fill": lambda block, one, other, cache: [one.masked_fill(other > 0, 0.5)],
    "clamp": lambda block, one, other, cache: [one.clamp(-0.5, 0.5)],
    "relu": lambda block, one, other, cache: [torch.relu(one)],
    "gather": lambda block, one, other, cache: [one[other.argmax(-1) % ROWS]],
    "sort": lambda block, one, other, cache: [one.sort(-1).values],
    "write": lambda block, one, other, cache: _write(one, other, Tensor.add_),
    "overwrite": lambda block, one, other, cache: _write(one, other, Tensor.copy_),
    "setitem": lambda block, one, other, cache: _write(one, other, _set_rows),
    "in place": lambda block, one, other, cache: [one.mul_(1.1)] if one._base is None else [],
    "set data": lambda block, one, other, cache: _set_data(one, other),
    "out": lambda block, one, other, cache: [torch.add(one, other, out=torch.empty(ROWS, WIDTH))],
    "identity": lambda block, one, other, cache: [block.same(one)],
    "helper": lambda block, one, other, cache: [block.helper(one)],
    "loop": lambda block, one, other, cache: _loop(block, one),
    "list": lambda block, one, other, cache: [block.taker([one, other])],
    "dict": lambda block, one, other, cache: [block.taker({"a": one, "b": other})],
    "values": lambda block, one, other, cache: [block.taker({"a": one}.values()) + other],
    "deque": lambda block, one, other, cache: [block.taker(deque([one, other]))],
    "record": lambda block, one, other, cache: [block.taker(Record(one, [other]))],
    "object": lambda block, one, other, cache: [block.taker(Holder(one)) + other],
    "generator": lambda block, one, other, cache: [block.taker(item * 2 for item in (one, other))],
    "zip": lambda block, one, other, cache: [block.taker(a + b for a, b in zip([one], [other], strict=True))],
    "partial": lambda block, one, other, cache: [block.taker(partial(torch.add, one, other))],
    "closure": lambda block, one, other, cache: _closure(block, one, other),
    "cache": lambda block, one, other, cache: _mutate(block, one, cache),
    "attribute": lambda block, one, other, cache: _keep(block, one),
    "buffer": lambda block, one, other, cache: _update(block, one, other),
    "filled list": lambda block, one, other, cache: _filled(block, one, other),
    "replaced buffer": lambda block, one, other, cache: _replaced(block, one),
    "list attribute": lambda block, one, other, cache: _listed(block, one),
    "own function": lambda block, one, other, cache: [_Scaled.apply(one, other)],
    "vmap": lambda block, one, other, cache: [torch.func.vmap(lambda a: torch.tanh(a) * 2)(one) + other],
    "direct forward": lambda block, one, other, cache: [block.linears[0].forward(one) + other],
    "checkpoint": lambda block, one, other, cache: [
        torch.utils.checkpoint.checkpoint(lambda a: a.sin() + other, one, use_reentrant=False)
    ],
    "closed function": lambda block, one, other, cache: [
        torch.func.functional_call(block.same, {}, (one + other,))
    ],
    "no grad": lambda block, one, other, cache: [one.detach() + other],
    **{f"alias {name}": _aliased(name) for name in ALIASES},
}
"""What runs shapes-only too."""

NUMBERS: dict[str, Step] = {
    "branch": lambda block, one, other, cache: _branch(one, other),
    "item": lambda block, one, other, cache: [other * one.mean().item()],
    "tolist": lambda block, one, other, cache: [torch.tensor(one.tolist()) + other],
    "size": lambda block, one, other, cache: _sized(one, other),
    "masked size": lambda block, one, other, cache: _masked_size(one, other),
    "numpy": lambda block, one, other, cache: _numpy_write(one, other),
    "numpy alias": lambda block, one, other, cache: _numpy_alias(one, other),
    "dlpack": lambda block, one, other, cache: _dlpack(one, other),
}
"""What reads numbers: real runs only."""

ENDINGS: dict[str, Callable[..., Any]] = {
    "tensor": lambda a, b, c: a,
    "tuple": lambda a, b, c: (a, b),
    "list": lambda a, b, c: [a, [b, c]],
    "dict": lambda a, b, c: OrderedDict(main=a, rest={"b": b}),
    "pair": lambda a, b, c: Pair(a, b),
    "record": lambda a, b, c: Record(a, [b, c]),
    "values": lambda a, b, c: {"a": a, "b": b}.values(),
    "object": lambda a, b, c: [a, Holder(b)],
    "zip": lambda a, b, c: (a, zip([b], [c], strict=True)),
    "map": lambda a, b, c: (a, map(torch.sin, [b])),
    "generator": lambda a, b, c: (a, (item for item in [b, c])),
    "closure": lambda a, b, c: (a, lambda: b),
    "partial": lambda a, b, c: (a, partial(torch.add, b, c)),
    "set": lambda a, b, c: (a, {b}),
    "deep": lambda a, b, c: (a, [[[[[[[[[[b]]]]]]]]]]),
}
SAFE = ("tensor", "tuple", "list", "dict", "pair", "record", "values")
"""Containers that a block may give to another block."""


def tensors_of(result: Any) -> list[Tensor]:
    """Return the tensors of what a block gave."""
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, Record):
        return [result.main, *result.rest]
    things = result.values() if isinstance(result, dict) else result
    return [tensor for thing in things for tensor in tensors_of(thing)]


def build(seed: int, *, numbers: bool) -> tuple[nn.Module, tuple[Tensor, ...]]:
    """Return the model and the inputs of a seed.

    Args:
        seed: gives the same model each time.
        numbers: also steps that read numbers, which a shapes-only run refuses.
    """
    dice = random.Random(seed)
    torch.manual_seed(seed)
    model = Block(dice, 2, STEPS | NUMBERS if numbers else STEPS, 3)
    model.is_root = True
    return model.eval().requires_grad_(False), tuple(torch.randn(ROWS, WIDTH) for _ in range(3))
