"""What the builders of all fields share: inputs, and how each package builds a model without weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

Built = tuple[nn.Module, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of the zoo."""

    name: str
    kind: str
    package: str
    build: Callable[[], Built]
    limit: str = ""
    """Why a shapes-only run of it ends early, for a model whose shapes depend on data; as Markdown."""
    needs: str = ""
    """Another package without which it cannot be built."""
    may_exist: bool = True
    """False for a model that gets its weights when it runs: shapes-only it is built anew, or refused."""


def ids(batch: int = 2, length: int = 12, padded: bool = False) -> dict[str, Tensor]:
    """Return token numbers from Python values, as a tokenizer does; ``padded`` shortens all rows but one."""
    rows = [[2 + (7 * row + 3 * column) % 90 for column in range(length)] for row in range(batch)]
    inputs = {"input_ids": torch.tensor(rows)}
    if padded:
        shorter = [1] * (length - 4) + [0] * 4
        inputs["attention_mask"] = torch.tensor([[1] * length] + [shorter] * (batch - 1))
    return inputs


def picture(size: int = 64, batch: int = 1) -> dict[str, Tensor]:
    """Return the input of a model that looks at pictures."""
    return {"pixel_values": torch.rand(batch, 3, size, size)}


def transformers(model: str, config: str, inputs: dict[str, Any], **sizes: Any) -> Built:
    """Build a model of transformers from its configuration class."""
    import transformers as package

    built = getattr(package, model)._from_config(getattr(package, config)(**sizes))
    return built.eval(), inputs


TEXT_SIZES = {"vocab_size": 100, "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
VISION_SIZES = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 96,
}
