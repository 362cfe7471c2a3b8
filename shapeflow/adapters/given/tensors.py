"""Tensors that a user asks for: random or full of one number, and those that are read from files."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from shapeflow.adapters.given.texts import OPTION, Tensor
from shapeflow.adapters.memory import memory_available
from shapeflow.common.text import listing, nearest
from shapeflow.common.units import format_bytes
from shapeflow.errors import InputError
from shapeflow.recording.modes import is_shapes_only
from shapeflow.recording.modules import named_modules, named_tensors
from shapeflow.recording.notation import SHORT_DTYPES, short_dtype
from shapeflow.recording.shapes_only.concrete import LIMIT
from shapeflow.recording.torch_internals import no_torch_dispatch, no_torch_function

BOUND = 100
"""Below which integers are drawn where neither the user nor a table of the model says more."""


@contextmanager
def really() -> Iterator[None]:
    """Compute, also while a model is built shapes-only: what is made here has values."""
    with no_torch_dispatch(), no_torch_function():
        yield


def asked_for(
    wanted: Tensor, name: str, before: Any, model: nn.Module, seed: int, likely: str
) -> tuple[torch.Tensor, str]:
    """Return a tensor of the sizes that are asked for, and how it was made.

    The same seed and name give the same numbers, whatever else is drawn.

    Args:
        wanted: what is asked for.
        name: of the input.
        before: what the model would be given there otherwise; None: nothing.
        model: whose parameters tell the dtype, and whose tables how large a token can be.
        seed: of the random numbers.
        likely: the dtype that an input of this name probably has, where nothing else tells.
    """
    dtype = _dtype(wanted.dtype or (likely if before is None and likely != "f32" else ""), before, model)
    sized = Tensor(short_dtype(dtype), wanted.sizes)
    elements = math.prod(wanted.sizes)
    if elements > LIMIT and is_shapes_only():
        tensor = torch.empty(wanted.sizes, dtype=dtype)
        return tensor, _told(wanted, dtype, _bound(wanted, dtype, name, model), name)
    _check_memory(sized)
    bound = _bound(wanted, dtype, name, model)
    generator = torch.Generator().manual_seed(_seed(seed, name))
    with really():
        tensor = (
            _filled(wanted, dtype, name)
            if _is_full(wanted, dtype, name)
            else _random(wanted.sizes, dtype, bound, generator)
        )
    return tensor, _told(wanted, dtype, bound, name)


def _seed(seed: int, name: str) -> int:
    return (seed * 1_000_003 + sum(place * ord(letter) for place, letter in enumerate(name, 1))) % 2**63


def _dtype(short: str, before: Any, model: nn.Module) -> torch.dtype:
    """Return the dtype: what is written, what the model has there, or what its parameters are of."""
    if short:
        return next((long for long, name in SHORT_DTYPES.items() if name == short), None) or getattr(
            torch, short.replace("f8", "float8", 1)
        )
    if isinstance(before, torch.Tensor):
        return before.dtype
    floating = (tensor.dtype for _, tensor in named_tensors(model) if tensor.dtype.is_floating_point)
    return next(floating, torch.get_default_dtype())


def _is_whole(dtype: torch.dtype) -> bool:
    return not dtype.is_floating_point and not dtype.is_complex and dtype is not torch.bool


def _is_full(wanted: Tensor, dtype: torch.dtype, name: str) -> bool:
    """Return whether a tensor has one number throughout: a mask that nobody describes hides nothing."""
    if wanted.filled is not None:
        return True
    return wanted.below is None and not dtype.is_floating_point and name.rstrip("s").endswith("mask")


def _filled(wanted: Tensor, dtype: torch.dtype, name: str) -> torch.Tensor:
    return torch.full(wanted.sizes, 1 if wanted.filled is None else wanted.filled, dtype=dtype)


def _bound(wanted: Tensor, dtype: torch.dtype, name: str, model: nn.Module) -> int:
    """Return the number below which integers are drawn."""
    if wanted.below is not None:
        return wanted.below
    most = 2 ** (8 * dtype.itemsize - dtype.is_signed) if _is_whole(dtype) else 2
    if dtype is torch.uint8:
        return 256
    tables = [part.num_embeddings for _, part in named_modules(model) if isinstance(part, nn.Embedding)]
    return max(1, min(min(tables, default=BOUND), most))


def _random(
    sizes: tuple[int, ...], dtype: torch.dtype, bound: int, generator: torch.Generator
) -> torch.Tensor:
    if dtype is torch.bool:
        return torch.randint(0, 2, sizes, generator=generator).bool()
    if _is_whole(dtype):
        return torch.randint(0, min(bound, 2**63 - 1), sizes, generator=generator).to(dtype)
    drawn = torch.complex64 if dtype is torch.complex32 else dtype
    if dtype.itemsize < 4 and not dtype.is_complex:
        drawn = torch.float32
    return torch.randn(sizes, generator=generator, dtype=drawn).to(dtype)


def _told(wanted: Tensor, dtype: torch.dtype, bound: int, name: str) -> str:
    """Return how a tensor was made, in words."""
    if _is_full(wanted, dtype, name):
        return f"full of {1 if wanted.filled is None else wanted.filled}"
    if dtype is torch.bool:
        return "random truth values"
    return f"random integers below {bound:,}" if _is_whole(dtype) else "random numbers"


def _check_memory(made: Tensor) -> None:
    """Check before it is allocated that a tensor has room.

    Raises:
        InputError: it has not.
    """
    room = memory_available()
    if room is not None and made.bytes > room:
        raise InputError(
            "input-too-large",
            f"'{made}' takes {format_bytes(made.bytes)} of memory",
            where=OPTION,
            expected=f"at most {format_bytes(room)}, which is free on this machine",
            hint="smaller sizes, or --device meta, which allocates nothing large",
        )


def from_file(path: Path, name: str) -> tuple[Any, str]:
    """Return what a file of tensors holds, and how it was made; nothing in it is executed.

    Args:
        path: ``.npy``, ``.npz``, ``.pt``, ``.pth`` or ``.safetensors``.
        name: of the input: of a file with several tensors the one that is called so.

    Raises:
        InputError: there is no such file, it cannot be read, or it holds several.
    """
    if not path.is_file():
        raise _missing(path)
    try:
        with really():
            held = _read(path)
    except Exception as error:  # each kind of broken file fails in its own way
        raise _broken(path, error) from None
    named = held if isinstance(held, dict) and path.suffix in (".npz", ".safetensors") else {"": held}
    key = name.rpartition(".")[2]
    value = named.get(key) if key in named else next(iter(named.values())) if len(named) == 1 else None
    if value is None:
        raise InputError(
            "file-unreadable",
            f"'{path}' holds {len(named)} tensors, and none is called '{key}'",
            where=OPTION,
            expected="one tensor, or one of the input's name",
            found=listing(list(named), 6),
        )
    return value, f"read from {path.name}"


def _read(path: Path) -> Any:
    if path.suffix in (".npy", ".npz"):
        import numpy

        held = numpy.load(path, allow_pickle=False)
        if path.suffix == ".npy":
            return torch.from_numpy(held)
        return {key: torch.from_numpy(held[key]) for key in held.files}
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return dict(load_file(path))
    return torch.load(path, map_location="cpu", weights_only=True)


def _missing(path: Path) -> InputError:
    folder = path.parent
    close = nearest(path.name, [entry.name for entry in folder.iterdir()] if folder.is_dir() else [], 1)
    because = f"looked in {folder.resolve()}" + ("" if folder.is_dir() else ", which does not exist")
    hint = str(folder / close[0]) if close else ""
    return InputError("file-missing", f"no file '{path}'", where=OPTION, because=because, hint=hint)


def _broken(path: Path, error: Exception) -> InputError:
    said = str(error).strip().splitlines()
    package = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
    pickled = "weights_only" in str(error) or "allow_pickle" in str(error) or "pickle" in str(error).lower()
    return InputError(
        "file-unreadable",
        f"'{path}' cannot be read as tensors",
        where=OPTION,
        expected="a tensor, saved by torch.save, numpy.save or safetensors",
        found=f"{path.stat().st_size:,} bytes",
        because="it holds other objects than tensors; loading these could run code"
        if pickled
        else said[0][:160]
        if said
        else type(error).__name__,
        hint=f"pip install {package}" if package else "",
    )
