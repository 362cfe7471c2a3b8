"""A model whose source says little of what its lines run: other names, given functions, swapped operands."""

from __future__ import annotations

import functools
import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.functional import relu
from torch.nn.functional import relu as other_name


def passed(tensor):
    return torch.clone(tensor)


def halved(method):
    def forward(self, x):
        return method(self, x[:1])

    return forward


class Parent(nn.Module):
    def __init__(self):
        super().__init__()
        self.deep = nn.Linear(8, 6)

    def forward(self, x):
        return self.deep(x)


class Inheriting(Parent):
    pass


class Overriding(Parent):
    def forward(self, x):
        return super().forward(x[:1])


class Decorated(Parent):
    @halved
    def forward(self, x):
        return self.deep(x)


class Doubtful(nn.Module):
    def __init__(self):
        super().__init__()
        self.act, self.norm, self.small = F.relu, nn.LayerNorm(8), nn.Linear(8, 4)
        self.blocks = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 8)])
        self.heads = nn.ModuleDict({"boxes": nn.Linear(8, 3), "scores": nn.Linear(8, 2)})
        self.all = nn.ModuleList([Inheriting(), Overriding(), Decorated()])

    def functions_of_other_names(self, x):
        one = passed(x)
        two = F.relu(self.act(x)[:1])
        three = self.act(x[:1]) + one.relu()
        four = passed(x)
        five = other_name(x[:1]) + four.relu()
        six = passed(x)
        seven = relu(x[:1]) + six.relu()
        eight = abs(x[:1])
        for act in (F.relu, torch.sigmoid):
            nine = F.relu(act(x)[:1])
        ten = functools.reduce(torch.add, [x[:1], x[:1]]) + x
        eleven = sum([x[:1], x[:1]]) + x
        return two, three, five, seven, eight, nine, ten, eleven

    def operands(self, x):
        count = x.shape[0] // 2
        one = count + x / count
        two = (count < x) & (x > 0)
        three = passed(x)[:1]
        four = passed(x)
        four += three + x
        five = passed(x)
        six = 2 * five + math.sqrt(4)
        return one, two, four, six

    def modules(self, x):
        for block in self.blocks:
            one = block(self.small(x).sum(-1, keepdim=True).expand(2, 8))
            two = F.relu(block(x)[:1])
        three = self.heads["boxes"](x)
        for name, head in self.heads.items():
            four = head(x)
            five = self.heads[name](x)
        for each in self.all:
            six = each(x)
        return one, two, three, four, five, six

    def bindings(self, x, kind="b"):
        one = passed(x)
        match kind:
            case "a":
                one = one[:1]
            case "b":
                one = one[:, :4]
                two = one.mean(0)
        three = one.relu()
        four = passed(x)
        match (x[:1], x):
            case [four, _]:
                five = four.exp()
        six = four.tanh()
        seven, seven = x.relu(), x[:1]  # noqa: F841
        eight = passed(x)
        nine = eight
        nine.unsqueeze_(0)
        ten = eight.relu()
        assert x.shape[0] == 2, self.norm(x)
        eleven = [self.small(part) for part in x.split(1)]
        twelve = torch.cat([part[:, :2] for part in eleven])
        thirteen = x[:, : twelve.shape[1]]
        for part in x.split(1):
            fourteen = part.exp()
        for number, (left, right) in enumerate(zip(x, x[:, :3], strict=True)):
            fifteen = left.sum() + right.mean() * number
        sixteen = passed(x)
        seventeen = (sixteen := sixteen[:1]).relu() + sixteen.exp()
        return two, three, five, six, ten, thirteen, fourteen, fifteen, seventeen

    def forward(self, x):
        return (
            self.functions_of_other_names(x),
            self.operands(x),
            self.modules(x),
            self.bindings(x),
        )
