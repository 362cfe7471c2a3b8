"""Arguments of the calls that build layers, by their names."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Final

_NORMS = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "InstanceNorm1d", "InstanceNorm2d", "SyncBatchNorm")
_CONVS = ("Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")
_CELLS = ("LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell")
_ARGUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Linear": ("in_features", "out_features"),
    "Embedding": ("num_embeddings", "embedding_dim"),
    "MultiheadAttention": ("embed_dim", "num_heads"),
    "GroupNorm": ("num_groups", "num_channels"),
    **dict.fromkeys(_CELLS, ("input_size", "hidden_size")),
    **dict.fromkeys(_CONVS, ("in_channels", "out_channels")),
    **dict.fromkeys(_NORMS, ("num_features",)),
}
"""The first arguments of layers of ``torch.nn``, by its documentation; its modules have these attributes."""


_SETS = frozenset(
    {"to", "cpu", "cuda", "float", "half", "double", "eval", "train", "requires_grad_", "apply"}
)
"""Methods of a module that give the module itself."""
_NORMED = frozenset({"weight_norm", "spectral_norm", "orthogonal"})
"""Functions that give back the layer that they change."""


def layer_of(made: ast.expr) -> ast.expr:
    """Return the call that builds a layer inside of others that give it back: ``Linear(3, 4).to(device)``."""
    while isinstance(made, ast.Call):
        if isinstance(made.func, ast.Attribute) and made.func.attr in _SETS:
            inner = made.func.value
        elif ast.unparse(made.func).rpartition(".")[2] in _NORMED and made.args:
            inner = made.args[0]
        else:
            return made
        if not isinstance(inner, ast.Call):
            return made
        made = inner
    return made


def kind_of(made: ast.expr) -> str:
    """Return the last name of what is called: ``Linear`` of ``nn.Linear(3, 4)``; empty for no call."""
    return ast.unparse(made.func).rpartition(".")[2] if isinstance(made, ast.Call) else ""


def arguments_of(
    made: ast.expr, others: Mapping[str, Sequence[str]] | None = None
) -> list[tuple[str, ast.expr]]:
    """Return the names and values that a layer is built with, as far as the names are known.

    Args:
        made: the call.
        others: the arguments of classes that are not torch's, by their names.
    """
    if not isinstance(made, ast.Call):
        return []
    kind = kind_of(made)
    words = _ARGUMENTS.get(kind, (others or {}).get(kind, ()))
    named = [(word.arg, word.value) for word in made.keywords if word.arg]
    return [*zip(words, made.args, strict=False), *named]
