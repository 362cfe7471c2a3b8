"""The layers of torch, with the arguments that they are made with."""

from __future__ import annotations

_CONVOLUTION = "in_channels out_channels kernel_size stride padding dilation groups bias padding_mode"
_TRANSPOSED = "in_channels out_channels kernel_size stride padding output_padding groups bias dilation"
_NORM = "num_features eps momentum affine track_running_stats"
_ARGUMENTS = {
    "Linear": "in_features out_features bias",
    "Embedding": "num_embeddings embedding_dim padding_idx",
    "LayerNorm": "normalized_shape eps elementwise_affine bias",
    "RMSNorm": "normalized_shape eps elementwise_affine",
    "GroupNorm": "num_groups num_channels eps affine",
    "Dropout": "p inplace",
    "MultiheadAttention": "embed_dim num_heads dropout bias",
    "ReLU": "inplace",
    "ReLU6": "inplace",
    "SiLU": "inplace",
    "Hardswish": "inplace",
    "Mish": "inplace",
    "ELU": "alpha inplace",
    "LeakyReLU": "negative_slope inplace",
    "GELU": "",
    "Sigmoid": "",
    "Tanh": "",
    "Identity": "",
    "Softmax": "dim",
    "LSTM": "input_size hidden_size num_layers",
    "GRU": "input_size hidden_size num_layers",
    **{f"Conv{axes}d": _CONVOLUTION for axes in "123"},
    **{f"ConvTranspose{axes}d": _TRANSPOSED for axes in "123"},
    **{f"{kind}Norm{axes}d": _NORM for axes in "123" for kind in ("Batch", "Instance")},
    **{f"MaxPool{axes}d": "kernel_size stride padding dilation" for axes in "123"},
    **{f"AvgPool{axes}d": "kernel_size stride padding" for axes in "123"},
    **{f"Adaptive{kind}Pool{axes}d": "output_size" for axes in "123" for kind in ("Avg", "Max")},
    **{f"Dropout{axes}d": "p inplace" for axes in "123"},
}
"""Layers of torch -> their arguments in order, by the names of the attributes that keep them."""
ARGUMENTS = {name: tuple(text.split()) for name, text in _ARGUMENTS.items()}
_ACTIVATIONS = "GELU GeLU ReLU ReLU6 RELU SiLU Swish Mish ELU Hardswish LeakyReLU PReLU gelu relu silu swish"
ACTIVATIONS = frozenset(_ACTIVATIONS.split())
"""What texts call activations, beside the names of their layers."""
