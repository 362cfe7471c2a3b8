"""Public models, and the same with a bug planted by exchanging a part or a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Built = tuple[nn.Module, tuple[Any, ...], dict[str, Any]]


def _vit(change: Callable[[Any], None]) -> Built:
    import timm

    model = timm.create_model("vit_tiny_patch16_224").eval()
    change(model)
    return model, (torch.rand(2, 3, 224, 224),), {}


def _bert(change: Callable[[Any], None]) -> Built:
    import transformers

    sizes = {"hidden_size": 64, "num_hidden_layers": 5, "num_attention_heads": 4, "intermediate_size": 128}
    model = transformers.BertModel(transformers.BertConfig(vocab_size=100, **sizes)).eval()
    change(model)
    rows = [[2 + (7 * row + 3 * column) % 90 for column in range(12)] for row in range(2)]
    return model, (), {"input_ids": torch.tensor(rows)}


def _resnet(change: Callable[[Any], None]) -> Built:
    import torchvision

    model = torchvision.models.resnet50(weights=None).eval()
    change(model)
    return model, (torch.rand(2, 3, 96, 96),), {}


def nothing(model: Any) -> None:
    """Leave a model as it is."""


def no_residual(model: Any) -> None:
    block = model.blocks[7]

    def forward(x: Tensor, **_: Any) -> Tensor:
        x = block.attn(block.norm1(x))
        return x + block.mlp(block.norm2(x))

    block.forward = forward


def reshaped_heads(model: Any) -> None:
    def forward(self: Any, x: Tensor, **_: Any) -> Tensor:
        batch, length, width = x.shape
        query, key, value = self.qkv(x).chunk(3, -1)
        query, key, value = (
            part.reshape(batch, self.num_heads, length, width // self.num_heads)
            for part in (query, key, value)
        )
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).reshape(batch, length, width))

    for block in model.blocks:
        block.attn.forward = forward.__get__(block.attn)


def dropout_left_on(model: Any) -> None:
    model.encoder.layer[2].output.dropout.train()


def other_epsilon(model: Any) -> None:
    model.encoder.layer[3].output.LayerNorm.eps = 1e-3


def norm_left_out(model: Any) -> None:
    for layer in model.encoder.layer:
        output = layer.output

        def forward(hidden: Tensor, given: Tensor, output: Any = output) -> Tensor:
            return output.dropout(output.dense(hidden)) + given

        output.forward = forward


def norm_in_training(model: Any) -> None:
    model.layer3[2].bn2.train()


def pooled_kept(model: Any) -> None:
    def forward(x: Tensor) -> Tensor:
        x = model.maxpool(model.relu(model.bn1(model.conv1(x))))
        x = model.layer4(model.layer3(model.layer2(model.layer1(x))))
        return model.fc(x.mean((2, 3), keepdim=True).permute(0, 2, 3, 1))

    model.forward = forward


def half_in_the_middle(model: Any) -> None:
    stage = model.layer2.forward
    model.layer2.forward = lambda x: stage(x).half().float()


PUBLIC: dict[str, tuple[Callable[[Callable[[Any], None]], Built], Callable[[Any], None], str, str]] = {
    "timm vit: a block without its residual": (_vit, no_residual, "odd-block", "blocks.7"),
    "timm vit: heads split by reshape": (_vit, reshaped_heads, "mixed-axes", "blocks.0.attn"),
    "transformers bert: dropout left on": (_bert, dropout_left_on, "train-mode", "encoder.layer.2"),
    "transformers bert: another epsilon": (_bert, other_epsilon, "odd-block", "encoder.layer.3"),
    "transformers bert: norms left out": (_bert, norm_left_out, "never-used", "encoder.layer.0.output"),
    "torchvision resnet50: a norm in training": (_resnet, norm_in_training, "train-mode", "layer3.2.bn2"),
    "torchvision resnet50: axes of 1 kept": (_resnet, pooled_kept, "left-over-axis", "."),
    "torchvision resnet50: half and back": (_resnet, half_in_the_middle, "casts", "layer2"),
}
"""What is planted -> the model, the change, the rule that should name it, and where."""
