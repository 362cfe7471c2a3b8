"""Models of other kinds whose figures are looked at: each function returns the trace of a shapes-only run."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest
from places import EXAMPLES

from shapeflow.model.trace import Trace


def on_meta(model: Any, *arguments: Any, **keywords: Any) -> Trace:
    """Return the trace of a shapes-only run, also of one that fails."""
    import shapeflow

    try:
        return shapeflow.trace(model.eval(), *arguments, device="meta", **keywords)
    except Exception as error:
        trace = getattr(error, "shapeflow_trace", None)
        if not isinstance(trace, Trace):
            raise
        return trace


def tiny_detector() -> Trace:
    """Return the trace of the example."""
    spec = spec_from_file_location("tiny_detector_example", EXAMPLES / "tiny_detector.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    model, arguments = module.build()
    return on_meta(model, *arguments)


def llama() -> Trace:
    """Return the trace of a small Llama: twelve layers, grouped keys."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    sizes = {"vocab_size": 60, "hidden_size": 32, "intermediate_size": 48}
    heads = {"num_hidden_layers": 12, "num_attention_heads": 4, "num_key_value_heads": 2}
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**sizes, **heads))
    return on_meta(model, torch.zeros(2, 7, dtype=torch.long))


def gpt2() -> Trace:
    """Return the trace of a small GPT-2: two layers, which are not folded."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(
        vocab_size=50, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0
    )
    return on_meta(transformers.GPT2LMHeadModel(config), torch.zeros(2, 6, dtype=torch.long))


def detr() -> Trace:
    """Return the trace of a small DETR on a small ResNet."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    backbone = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 12, 16, 20], depths=[1, 1, 1, 1], out_features=["stage4"]
    )
    sizes = {"d_model": 16, "encoder_layers": 3, "decoder_layers": 3, "num_queries": 5}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    feed = {"encoder_ffn_dim": 24, "decoder_ffn_dim": 24}
    config = transformers.DetrConfig(
        use_timm_backbone=False,
        use_pretrained_backbone=False,
        backbone=None,
        backbone_config=backbone,
        **sizes,
        **heads,
        **feed,
    )
    return on_meta(transformers.DetrForObjectDetection(config), torch.zeros(1, 3, 64, 96))


def unet() -> Trace:
    """Return the trace of a U-Net: its skip connections are joined by ``cat`` outside all blocks."""
    torch = pytest.importorskip("torch")
    nn, functional = torch.nn, torch.nn.functional

    class UNet(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            widths = ((3, 8), (8, 16), (16, 32))
            self.down = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in widths)
            self.middle = nn.Conv2d(32, 32, 3, padding=1)
            self.up = nn.ModuleList(nn.Conv2d(2 * b, a, 3, padding=1) for a, b in ((16, 32), (8, 16), (4, 8)))
            self.head = nn.Conv2d(4, 1, 1)

        def forward(self, x: Any) -> Any:
            skips = []
            for block in self.down:
                x = functional.relu(block(x))
                skips.append(x)
                x = functional.max_pool2d(x, 2)
            x = self.middle(x)
            for block in self.up:
                x = functional.interpolate(x, scale_factor=2)
                x = functional.relu(block(torch.cat([x, skips.pop()], 1)))
            return self.head(x)

    return on_meta(UNet(), torch.zeros(1, 3, 32, 48))


def broken() -> Trace:
    """Return the trace of a model that fails because ``mean`` took the wrong axis away."""
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Broken(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList(nn.Linear(32, 32) for _ in range(4))
            self.head = nn.Linear(16, 3)
            self.scale = nn.Parameter(torch.ones(7))

        def forward(self, x: Any) -> Any:
            for block in self.blocks:
                x = x + block(x)
            return self.head(x.mean(1))

    return on_meta(Broken(), torch.zeros(2, 5, 32))


def broken_outside() -> Trace:
    """Return the trace of a model that fails between its layers."""
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Broken(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Linear(8, 4), nn.Linear(8, 6)

        def forward(self, x: Any) -> Any:
            return self.left(x).flatten() + self.right(x).flatten()

    return on_meta(Broken(), torch.zeros(2, 8))


MODELS = {
    "tiny detector": tiny_detector,
    "Llama": llama,
    "GPT-2": gpt2,
    "DETR": detr,
    "U-Net": unet,
    "crash in a layer": broken,
    "crash between layers": broken_outside,
}
