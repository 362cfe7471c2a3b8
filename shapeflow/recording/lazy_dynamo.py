"""Keep torch's compiler from being loaded where nobody compiles: that takes as long as the rest of torch.

torch marks functions as not to be compiled, among them the meta kernels of ``add`` and ``mul``, and loads its
compiler at the first such mark (``torch/_compile.py``). While the compiler is not loaded there is nothing to
keep it from, so here the mark waits until it is.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from shapeflow.recording.torch_internals import COMPILER as _NAME
from shapeflow.recording.torch_internals import compiled_call_of


def _disable(function: Any = None, recursive: bool = True, **options: Any) -> Any:
    """Return ``function``, to be marked for the compiler once that is loaded."""
    if function is None:
        return functools.partial(_disable, recursive=recursive, **options)
    marked: Callable[..., Any] | None = None

    @functools.wraps(function)
    def waiting(*args: Any, **kwargs: Any) -> Any:
        nonlocal marked
        if marked is None:
            if f"{_NAME}.eval_frame" not in sys.modules:
                return function(*args, **kwargs)
            marked = importlib.import_module(_NAME).disable(function, recursive)
        return marked(*args, **kwargs)

    return waiting


def _is_compile_supported(device: str) -> bool:
    return bool(importlib.import_module(f"{_NAME}.utils").is_compile_supported(device))


def _settings(name: str) -> Any:
    """Return the compiler's settings, which are a small module of their own and need nothing else of it."""
    if name != "config":
        raise AttributeError(f"module {_NAME!r} has no attribute {name!r}")
    return importlib.import_module(f"{_NAME}.config")


def _module(name: str, **attributes: Any) -> ModuleType:
    module = ModuleType(name)
    module.__dict__.update(attributes)
    return module


_UTILS = _module(f"{_NAME}.utils", is_compile_supported=_is_compile_supported)
"""torchvision imports this one question, for ``roi_align``."""
_FOLDER = str(Path(torch.__file__).parent / _NAME.rpartition(".")[2])
_STAND_INS = {
    _NAME: _module(_NAME, disable=_disable, utils=_UTILS, __path__=[_FOLDER], __getattr__=_settings),
    f"{_NAME}.utils": _UTILS,
}


@contextmanager
def compiler_not_loaded() -> Iterator[None]:
    """Let code inside mark functions for the compiler without loading it. Nothing inside may compile."""
    if _NAME in sys.modules:
        yield
        return
    sys.modules.update(_STAND_INS)
    try:
        yield
    finally:
        for name, module in _STAND_INS.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
        if vars(torch).get(_NAME.rpartition(".")[2]) is _STAND_INS[_NAME]:
            delattr(torch, _NAME.rpartition(".")[2])


@contextmanager
def run_as_written() -> Iterator[None]:
    """Let what was compiled run as it is written: compiled code calls no functions."""
    if f"{_NAME}.eval_frame" not in sys.modules:
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield


def is_compiled(model: torch.nn.Module) -> bool:
    """Return True if a part of a model was compiled; none was while the compiler is not loaded."""
    return f"{_NAME}.eval_frame" in sys.modules and any(
        type(module).__name__ == "OptimizedModule" or compiled_call_of(module) is not None
        for module in model.modules()
    )
