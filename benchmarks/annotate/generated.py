"""Texts made of the drafts that ``shapeflow init`` writes, in ten notations, a fifth of their shapes changed.

They name modules as the code does, so they measure notations and verdicts rather than placing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

from benchmarks.annotate.labels import Label
from benchmarks.annotate.traces import CACHE, run, trace_of

MODELS = ("resnet50", "vit", "swin", "gpt2", "t5", "tiny", "segmenteur")
MOST = 24
"""Statements in a text; they are spread over the draft."""

Claim = tuple[str, tuple[int, ...]]

NOTATIONS: dict[str, Callable[[list[str]], str]] = {
    "brackets": lambda dims: f"[{', '.join(dims)}]",
    "parentheses": lambda dims: f"({', '.join(dims)})",
    "times": " × ".join,
    "x": "x".join,
    "torch.Size": lambda dims: f"torch.Size([{', '.join(dims)}])",
    "LaTeX": lambda dims: r"\mathbb{R}^{" + r" \times ".join(dims) + "}",
    "blackboard R": lambda dims: f"ℝ^{{{' × '.join(dims)}}}",
    "dtype": lambda dims: f"f32[{', '.join(dims)}]",
    "full width": lambda dims: f"（{'，'.join(dims)}）",
    "jaxtyping": lambda dims: f'Float[Tensor, "{" ".join(dims)}"]',
}

LINE = re.compile(r"^(\S+)\s+\[(\d+(?:, \d+)+)\]$")


def claims_of(name: str) -> list[Claim]:
    """Return the ports of a draft with their shapes of two dims and more."""
    draft = CACHE / f"{name}.draft.md"
    run("init", str(trace_of(name)), "--numbers", "--force", "--quiet", "--output", str(draft))
    module, found = "", {}
    for line in draft.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            module = line.partition("module=")[2].split(" ")[0]
        elif (match := LINE.match(line)) and ":" in match[1]:
            path = f"{module}{'' if match[1].startswith(':') else '.'}{match[1]}" if module else match[1]
            found[path] = tuple(int(dim) for dim in match[2].split(", "))
    return list(found.items())


def changed(shape: tuple[int, ...], draw: random.Random) -> tuple[tuple[int, ...], str]:
    """Return the shape with two axes swapped or one size changed, and the verdict that it deserves."""
    dims = list(shape)
    swaps = [at for at in range(len(dims) - 1) if dims[at] != dims[at + 1]]
    if swaps and draw.random() < 0.3:
        at = draw.choice(swaps)
        dims[at : at + 2] = dims[at + 1], dims[at]
        return tuple(dims), "layout differs"
    at = draw.randrange(1, len(dims))
    dims[at] = draw.choice((dims[at] * 2, dims[at] + 1, max(dims[at] // 2, 1) if dims[at] > 1 else 3))
    return tuple(dims), "contradicted"


def write(
    name: str, claims: list[Claim], notation: str, draw: random.Random
) -> tuple[Path, tuple[Label, ...]]:
    """Write one text, a list or a table, and return it with its labels."""
    step = max(len(claims) / MOST, 1.0)
    chosen = [claims[int(at * step)] for at in range(min(MOST, len(claims)))]
    tabular = list(NOTATIONS).index(notation) % 2 == 1
    lines = ["# Shapes", ""] + (["| where | shape |", "|---|---|"] if tabular else [])
    labels = []
    for path, true in chosen:
        shape, verdict = changed(true, draw) if draw.random() < 0.2 else (true, "confirmed")
        text = NOTATIONS[notation]([str(dim) for dim in shape])
        put = {"LaTeX": "${}$", "jaxtyping": "`{}`"}.get(notation, "{}").replace("{}", text, 1)
        lines.append(f"| `{path}` | {put} |" if tabular else f"- `{path}`: {put}")
        column = lines[-1].rindex(text) + 1
        labels.append(Label(str(len(lines)), text, (verdict,), path, "", column))
    written = CACHE / f"{name}-{notation.replace(' ', '-')}.md"
    written.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return written, tuple(labels)


def generated(name: str) -> list[tuple[str, Path, tuple[Label, ...]]]:
    """Return the ten texts on a model: notation, file, labels."""
    draw, claims = random.Random(name), claims_of(name)
    return [(notation, *write(name, claims, notation, draw)) for notation in NOTATIONS]
