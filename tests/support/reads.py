"""Ways in which code gets at the numbers of a tensor: each gets a table, an integer, integers and a float."""

from __future__ import annotations

import array
import decimal
import fractions
import io
import itertools
import json
import math
import operator
import pickle
import random
import statistics
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

Read = Callable[[Tensor, Tensor, Tensor, Tensor], Any]

_LIST = list(range(20))

PYTHON: dict[str, Read] = {
    "range": lambda x, t, i, f: list(range(t)),
    "step of range": lambda x, t, i, f: list(range(0, 10, t)),
    "in range": lambda x, t, i, f: t in range(5),
    "list times": lambda x, t, i, f: [0] * t,
    "times list": lambda x, t, i, f: t * [0],
    "str times": lambda x, t, i, f: "x" * t,
    "list item": lambda x, t, i, f: _LIST[t],
    "str item": lambda x, t, i, f: "abcdef"[t],
    "list slice": lambda x, t, i, f: _LIST[:t],
    "insert": lambda x, t, i, f: list(_LIST).insert(t, 0),
    "divmod": lambda x, t, i, f: divmod(t, 2),
    "divmod by": lambda x, t, i, f: divmod(7, t),
    "round": lambda x, t, i, f: round(f),
    "round to": lambda x, t, i, f: round(f, 1),
    "floor": lambda x, t, i, f: math.floor(f),
    "ceil": lambda x, t, i, f: math.ceil(f),
    "trunc": lambda x, t, i, f: math.trunc(f),
    "sqrt": lambda x, t, i, f: math.sqrt(t),
    "product": lambda x, t, i, f: math.prod([t, t]),
    "gcd": lambda x, t, i, f: math.gcd(t, 4),
    "isnan": lambda x, t, i, f: math.isnan(f),
    "fsum": lambda x, t, i, f: math.fsum(i),
    "mean": lambda x, t, i, f: statistics.mean(i),
    "format": lambda x, t, i, f: type(format(t)),
    "format of a number": lambda x, t, i, f: type(format(t, "d")),
    "percent": lambda x, t, i, f: f"{0:d}" + "%d" % t,  # noqa: UP031
    "hex": lambda x, t, i, f: hex(t),
    "chr": lambda x, t, i, f: chr(t),
    "int": lambda x, t, i, f: int(t),
    "float": lambda x, t, i, f: float(f),
    "complex": lambda x, t, i, f: complex(f),
    "bool": lambda x, t, i, f: bool(t),
    "index": lambda x, t, i, f: operator.index(t),
    "index of a float": lambda x, t, i, f: range(f),
    "item of a float": lambda x, t, i, f: _LIST[f],
    "length of a number": lambda x, t, i, f: len(t),
    "chain": lambda x, t, i, f: 0 < t < 3,
    "pack": lambda x, t, i, f: struct.pack("i", t),
    "pack a float": lambda x, t, i, f: struct.pack("f", f),
    "array": lambda x, t, i, f: array.array("i", [t]),
    "array of floats": lambda x, t, i, f: array.array("f", [f]),
    "bytes": lambda x, t, i, f: bytes(t),
    "json": lambda x, t, i, f: json.dumps(t),
    "pickle": lambda x, t, i, f: type(pickle.dumps(t)),
    "fraction": lambda x, t, i, f: fractions.Fraction(t),
    "decimal": lambda x, t, i, f: decimal.Decimal(t),
    "sample": lambda x, t, i, f: random.sample(range(t + 5), 2),
    "choices": lambda x, t, i, f: len(random.choices(_LIST, k=t)),
    "seed": lambda x, t, i, f: random.seed(t),
    "hash": lambda x, t, i, f: type(hash(t)),
    "set": lambda x, t, i, f: len({t, t}),
    "max": lambda x, t, i, f: max(i),
    "sorted": lambda x, t, i, f: sorted(i),
    "any": lambda x, t, i, f: any(i),
    "in a list": lambda x, t, i, f: t in [1, 2, 3],
    "in a tensor": lambda x, t, i, f: 2 in i,
    "islice": lambda x, t, i, f: list(itertools.islice(_LIST, t)),
    "repeat": lambda x, t, i, f: list(itertools.repeat(0, t)),
    "power": lambda x, t, i, f: pow(2, t),
    "shift": lambda x, t, i, f: 1 << t,
}
TORCH: dict[str, Read] = {
    "Size": lambda x, t, i, f: torch.Size([t, 2]),
    "full": lambda x, t, i, f: torch.full((t,), 0),
    "full of": lambda x, t, i, f: torch.full((2,), f),
    "zeros": lambda x, t, i, f: torch.zeros(t, 2),
    "zeros of a list": lambda x, t, i, f: torch.zeros([t, 2]),
    "eye": lambda x, t, i, f: torch.eye(t),
    "arange": lambda x, t, i, f: torch.arange(t),
    "linspace": lambda x, t, i, f: torch.linspace(0, 1, t),
    "linspace to": lambda x, t, i, f: torch.linspace(0, f, 4),
    "window": lambda x, t, i, f: torch.hann_window(t),
    "tensor": lambda x, t, i, f: torch.tensor([t, 1]),
    "FloatTensor": lambda x, t, i, f: torch.FloatTensor([f]),
    "new_zeros": lambda x, t, i, f: x.new_zeros(t),
    "fill": lambda x, t, i, f: torch.zeros(2).fill_(f),
    "view": lambda x, t, i, f: x.view(t, -1),
    "expand": lambda x, t, i, f: x[:1].expand(t, 6),
    "repeat": lambda x, t, i, f: x.repeat(t, 1),
    "narrow": lambda x, t, i, f: x.narrow(0, t, 1),
    "item": lambda x, t, i, f: x[t],
    "item of a list": lambda x, t, i, f: x[[t, 0]],
    "slice": lambda x, t, i, f: x[:t],
    "slice of the last": lambda x, t, i, f: x[..., t:],
    "set slice": lambda x, t, i, f: x.clone().__setitem__(slice(0, t), 0),
    "chunk": lambda x, t, i, f: x.chunk(t),
    "split": lambda x, t, i, f: torch.split(x, [t, 8 - t]),
    "tensor_split": lambda x, t, i, f: x.tensor_split(t),
    "unflatten": lambda x, t, i, f: x.unflatten(0, (t, -1)),
    "roll": lambda x, t, i, f: x.roll(t),
    "sum over": lambda x, t, i, f: x.sum(t - t),
    "pad": lambda x, t, i, f: F.pad(x, (0, t)),
    "topk": lambda x, t, i, f: x.topk(t),
    "interpolate": lambda x, t, i, f: F.interpolate(x[None, None], size=(t, t)),
    "pool": lambda x, t, i, f: F.max_pool2d(x[None], t),
    "as_strided": lambda x, t, i, f: x.as_strided((t, 2), (1, 1)),
    "repeat_interleave": lambda x, t, i, f: x[:4].repeat_interleave(i, 0),
    "one_hot": lambda x, t, i, f: F.one_hot(i, t + 5),
    "bincount": lambda x, t, i, f: torch.bincount(i),
    "clamp": lambda x, t, i, f: x.clamp(f, f + 1),
    "dropout": lambda x, t, i, f: F.dropout(x, f).shape,
    "tensordot": lambda x, t, i, f: torch.tensordot(x, x, dims=t),
    "fft": lambda x, t, i, f: torch.fft.fft(x, t).abs() > -1,
    "stride": lambda x, t, i, f: F.conv1d(x[None], torch.ones(2, 8, 1), stride=t),
    "nonzero": lambda x, t, i, f: i.nonzero(),
    "unique": lambda x, t, i, f: i.unique(),
    "mask": lambda x, t, i, f: i[i > 1],
    "equal": lambda x, t, i, f: torch.equal(x, x),
    "tolist": lambda x, t, i, f: i.tolist(),
    "storage": lambda x, t, i, f: x.untyped_storage().tolist()[:4],
    "save": lambda x, t, i, f: torch.save(x, io.BytesIO()),
    "dlpack": lambda x, t, i, f: torch.from_dlpack(x),
    "sym_int": lambda x, t, i, f: torch.sym_int(t),
}
NUMPY: dict[str, Read] = {
    "asarray": lambda x, t, i, f: np.asarray(x),
    "array of a list": lambda x, t, i, f: np.array([t, t]),
    "exp": lambda x, t, i, f: np.exp(x),
    "add": lambda x, t, i, f: np.add(x, 1),
    "sum": lambda x, t, i, f: np.sum(x),
    "max": lambda x, t, i, f: np.max(x),
    "argmax": lambda x, t, i, f: np.argmax(x),
    "stack": lambda x, t, i, f: np.stack([x, x]),
    "where": lambda x, t, i, f: np.where(x > 0, 1, 0),
    "clip": lambda x, t, i, f: np.clip(x, 0, 1),
    "zeros": lambda x, t, i, f: np.zeros(t),
    "arange": lambda x, t, i, f: np.arange(t),
    "unique": lambda x, t, i, f: np.unique(i),
    "item": lambda x, t, i, f: np.arange(9)[t],
    "int64": lambda x, t, i, f: np.int64(t),
    "__array__": lambda x, t, i, f: x.__array__(),
    "numpy": lambda x, t, i, f: x.numpy(),
    "shape": lambda x, t, i, f: np.shape(x),
    "zeros_like": lambda x, t, i, f: np.zeros_like(x),
    "matmul": lambda x, t, i, f: np.matmul(x, x.T),
    "allclose": lambda x, t, i, f: np.allclose(x, x),
    "memoryview": lambda x, t, i, f: memoryview(x),
}
READS: dict[str, Read] = {
    f"{kind} {name}": read
    for kind, table in (("python", PYTHON), ("torch", TORCH), ("numpy", NUMPY))
    for name, read in table.items()
}
