"""Random formulas against plain torch: what holds gives the same numbers, and what a model computes holds."""

from __future__ import annotations

import random

import pytest
import torch
from torch import nn
from walkthroughs import judge

import shapeflow

UNARY = ("sigmoid", "tanh", "relu", "exp", "neg")
BINARY = ("+", "-", "*", "/", "@")
PAIRS = ("maximum", "minimum", "atan2", "cat")
LEAVES = ("x", "y", "self.w", "self.v")
NAMES = {"x": ".:in[0]", "y": ".:in[1]", "self.w": ".w", "self.v": ".v"}

Tree = tuple  # a leaf's name, or what is done and to what


def grown(source: random.Random, depth: int) -> Tree:
    """Return a random formula over two inputs and two parameters."""
    if depth == 0 or source.random() < 0.15:
        return (source.choice(LEAVES),)
    kind = source.choice((UNARY, BINARY, BINARY, PAIRS, ("softmax", "clamp", "lerp", "pow", "rsub")))
    name = source.choice(kind)
    one = grown(source, depth - 1)
    if kind is UNARY:
        return name, one
    if kind in (BINARY, PAIRS):
        return name, one, grown(source, depth - 1)
    if name == "lerp":
        return name, one, grown(source, depth - 1), source.choice(("0.25", "0.75"))
    return name, one, source.choice({"softmax": "01", "clamp": ("0.1", "0.3")}.get(name, ("2", "3")))


def edited(source: random.Random, tree: Tree) -> Tree:
    """Return a formula with one thing about it changed."""
    inner = [place for place, part in enumerate(tree[1:], 1) if isinstance(part, tuple)]
    if inner and source.random() < 0.6:
        place = source.choice(inner)
        return (*tree[:place], edited(source, tree[place]), *tree[place + 1 :])
    if not inner:
        return (source.choice([leaf for leaf in LEAVES if leaf != tree[0]]),)
    what = source.choice(("swap", "other", "drop"))
    if what == "swap" and len(inner) == 2:
        return (tree[0], tree[2], tree[1], *tree[3:])
    if what == "other":
        for family in (UNARY, BINARY, PAIRS):
            if tree[0] in family:
                return (source.choice(family), *tree[1:])
    return tree[source.choice(inner)]


def code(tree: Tree) -> str:
    """Return a formula as Python."""
    name, *given = tree
    texts = [code(part) if isinstance(part, tuple) else part for part in given]
    if not given:
        return name
    if name in BINARY:
        return f"({texts[0]} {name} {texts[1]})"
    if name == "cat":  # of a part of each, so that the size stays
        return f"torch.cat([{texts[0]}[:2], {texts[1]}[:2]])"
    return {
        "softmax": f"torch.softmax({texts[0]}, {texts[-1]})",
        "clamp": f"{texts[0]}.clamp(min={texts[-1]})",
        "pow": f"({texts[-1]} ** {texts[0]})",
        "rsub": f"({texts[-1]} - {texts[0]})",
    }.get(name, f"torch.{name}({', '.join(texts)})")


def claim(tree: Tree) -> str:
    """Return a formula as a claim writes it."""
    name, *given = tree
    texts = [claim(part) if isinstance(part, tuple) else part for part in given]
    if not given:
        return NAMES[name]
    if name in BINARY:
        return f"({texts[0]} {name} {texts[1]})"
    if name == "cat":
        return f"cat(({texts[0]})[:2], ({texts[1]})[:2])"
    return {
        "softmax": f"softmax({texts[0]}, {texts[-1]})",
        "clamp": f"clamp({texts[0]}, min={texts[-1]})",
        "pow": f"pow({texts[-1]}, {texts[0]})",
        "rsub": f"({texts[-1]} - {texts[0]})",
        "neg": f"-{texts[0]}",
    }.get(name, f"{name}({', '.join(texts)})")


class Random(nn.Module):
    """Computes a formula."""

    def __init__(self, text: str) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.w = nn.Parameter(torch.rand(4, 4, generator=generator))
        self.v = nn.Parameter(torch.rand(4, 4, generator=generator))
        self.code = eval(f"lambda self, x, y: {text} * 1", {"torch": torch})

    def forward(self, x, y):
        return self.code(self, x, y)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 8))])
def test_what_holds_gives_the_same_numbers(seed):
    source = random.Random(seed)
    x, y = torch.rand(4, 4) + 0.5, torch.rand(4, 4) + 0.5
    changed = 0
    for _ in range(25):
        tree = grown(source, 3)
        trace = shapeflow.trace(Random(code(tree)), x, y, device="meta")
        right = judge(trace, f".:out = {claim(tree)} * 1")
        assert right.status == "holds", (code(tree), right.render())
        other = edited(source, tree)
        line = f".:out = {claim(other)} * 1"
        with torch.no_grad():
            numbers = [Random(code(one))(x, y) for one in (tree, other)]
        changed += not torch.allclose(*numbers, equal_nan=True)
        if judge(trace, line).status == "holds":
            assert torch.allclose(*numbers, equal_nan=True), (code(tree), line)
    assert changed > 15
