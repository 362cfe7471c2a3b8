"""Inputs from what the docstring of a forward says about their shape.

transformers writes ``latents (`torch.FloatTensor` of shape `(batch_size, hidden_size, frames)`)``. The names
of dims are fields of the configuration, or words that mean the same everywhere.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import torch

from shapeflow.adapters.inputs.fields import Fields, field
from shapeflow.adapters.inputs.rules import Made, channels, image_size
from shapeflow.adapters.inputs.text import ROWS, TOKENS

DIMS: tuple[tuple[str, Callable[[Fields], int]], ...] = (
    (r"batch(_size)?|b|bsz|num_images", lambda _: ROWS),
    (r"height|image_height|h", lambda fields: image_size(fields)[0]),
    (r"width|image_width|w", lambda fields: image_size(fields)[1]),
    (r"(num_)?channels|in_channels|c", channels),
    (r"(.*_)?(sequence|seq)_?(length|len)|.*length|t|s|l", lambda _: TOKENS),
    (r"(.*_)?frames?", lambda _: TOKENS),
    (
        r"hidden_size|hidden_dim|embed_dim|dim|d_model",
        lambda f: f.number("hidden_size", default=64),
    ),
)
"""Name of a dim, as a pattern -> its size; a field of the configuration of the same name comes first."""
SIGNS: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Mult: operator.mul,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.floordiv,
}
OTHERS = 8
"""Size of a dim of which nothing is known."""


FORMS = (
    r"^\s*{name} \(`(?:torch\.)?(?P<kind>\w+)`,? of shape `[([](?P<dims>.*?),?[)\]]`[,)]",
    r"^\s*{name}: (?P<kind>)[^\[\n]*\[(?P<dims>(?:batch|num)\w*[^\]\n]*)\]",
)
"""How a docstring gives the shape of a parameter."""


def make(name: str, forward: Callable[..., Any], fields: Fields) -> Made | None:
    """Return an input of the shape that the docstring of a forward gives it, None if it gives none."""
    said = _said(name, forward)
    if said is None:
        return None
    kind, dims = said
    shape = [size(dim, fields) for dim in dims]
    made = f"of the shape ({', '.join(dims)}) that the docstring of forward gives"
    if kind in ("LongTensor", "IntTensor") or re.search("ids?$|indices$|indexes$|_idx$", name):
        return torch.zeros(shape, dtype=torch.long), f"zeros {made}"
    if kind == "BoolTensor" or name.endswith("mask"):
        return torch.ones(shape, dtype=torch.bool), f"ones {made}"
    return torch.rand(shape), f"random numbers {made}"


def dims_of(name: str, forward: Callable[..., Any]) -> list[str]:
    """Return the names of the dims that a docstring gives a parameter, none if it gives none."""
    said = _said(name, forward)
    return said[1] if said else []


def factor(name: str, forward: Callable[..., Any], fields: Fields) -> int:
    """Return how many rows an input has for each of the batch: 4 for ``(batch_size * num_codebooks, …)``."""
    first = next(iter(dims_of(name, forward)), "")
    batch, sign, times = first.partition("*")
    return size(times, fields) if sign and re.fullmatch(r"batch(_size)?\s*", batch) else 1


def repeat_texts(
    values: dict[str, Any], made: dict[str, str], forward: Callable[..., Any], fields: Fields
) -> None:
    """Repeat each text as often as the docstring says: ``(batch_size * num_codebooks, sequence_length)``.

    Texts of their own have a mask each; books of codes of one sound, which are added up, have one together.

    Args:
        values: inputs by name; changed.
        made: how each was made; changed.
        forward: which takes them.
        fields: the configuration.
    """
    times = factor("input_ids", forward, fields)
    if times < 2:
        return
    masks = () if "codebooks" in dims_of("input_ids", forward)[0] else ("attention_mask",)
    for name in ("input_ids", *masks):
        if name in values:
            values[name] = values[name].repeat_interleave(times, 0)
            made[name] += f", each {times} times, as the docstring of forward says"


def _said(name: str, forward: Callable[..., Any]) -> tuple[str, list[str]] | None:
    for form in FORMS:
        said = re.search(form.format(name=re.escape(name)), forward.__doc__ or "", re.MULTILINE)
        if said:
            return said["kind"], [dim.strip() for dim in re.split(r",(?![^(]*\))", said["dims"])]
    return None


def size(dim: str, fields: Fields) -> int:
    """Return the size of a dim by its name, or by a product, sum or quotient of names."""
    try:
        tree = ast.parse(dim.strip(), mode="eval").body
    except SyntaxError:
        word = re.match(r"\w+", dim.strip())
        return _named(word[0], fields) if word else OTHERS
    return _valued(tree, fields)


def _valued(node: ast.expr, fields: Fields) -> int:
    """Return the value of an expression in names of sizes."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in SIGNS:
        return SIGNS[type(node.op)](_valued(node.left, fields), _valued(node.right, fields))
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "len":
        held = fields.get(ast.unparse(node.args[0]).rpartition(".")[2])
        return len(held) if isinstance(held, list | tuple) else OTHERS
    return _named(ast.unparse(node), fields)


def _named(name: str, fields: Fields) -> int:
    """Return the size that a name means; ``part.field`` is a field of that part."""
    name = name.removeprefix("config.").removeprefix("self.config.")
    part, _, last = name.rpartition(".")
    inner = fields
    for step in part.split(".") if part else ():
        inner = Fields(field(inner.config, step) or inner.config)
    own = inner.number(last, default=0) if last.isidentifier() else 0
    if own > 0:
        return own
    for pattern, sized in DIMS:
        if re.fullmatch(pattern, last, re.IGNORECASE):
            return sized(fields)
    return OTHERS
