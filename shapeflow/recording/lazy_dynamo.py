"""Keep torch's compiler from being loaded where nobody compiles: that takes as long as the rest of torch.

torch marks functions as not to be compiled, among them the meta kernels of ``add`` and ``mul``, and loads its
compiler at the first such mark (``torch/_compile.py``). While the compiler is not loaded there is nothing to
keep it from, so here the mark waits until it is.

For that a placeholder for the compiler is put into ``sys.modules``, which all of a process shares. So it is
done in a process of the command line's own and in no other: in a program that imports us the compiler is
loaded before the first run. The placeholder knows what is asked all the time, the marks and the settings. For
everything else, from whatever thread, the compiler is loaded and takes its place.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import Context
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import torch

from shapeflow.common.late import load_by
from shapeflow.common.process import is_own_process
from shapeflow.common.shared import Changes
from shapeflow.recording.modes import no_function_modes
from shapeflow.recording.modules import named_modules
from shapeflow.recording.torch_internals import (
    COMPILER,
    compiled_call_of,
    no_dispatch_modes,
)

_CONFIG, _UTILS, _LOADED = f"{COMPILER}.config", f"{COMPILER}.utils", f"{COMPILER}.eval_frame"
_APART = (_CONFIG, f"{COMPILER}._trace_wrapped_higher_order_op")
"""Small modules that need no other part of the compiler: settings, and what transformers makes masks with."""
_ATTRIBUTE = COMPILER.rpartition(".")[2]
_LOCK = threading.Lock()
"""Held while placeholders are put in or taken out, and never while anything is imported."""
_WANTED = threading.Event()
"""Set once somebody has asked for more than a placeholder knows."""
_AS_WRITTEN: list[bool] = []
"""An item for each run during which nothing is to be compiled, and which began without the compiler."""
_KEPT: dict[str, ModuleType] = {}
"""Those small modules that were loaded by themselves: the compiler gets a part by importing it."""
_MARKED: list[tuple[str, Any]] = []
"""Functions and classes that were marked, each with the mark, which the compiler gives when it is loaded."""


class _Placeholder(ModuleType):
    """Knows a few attributes of a module of the compiler; for any other the compiler is loaded."""

    def __init__(self, name: str, **attributes: Any) -> None:
        super().__init__(name)
        vars(self).update(attributes)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked of every module there is, by who looks through them all
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if (part := f"{self.__name__}.{name}") in _APART:
            return import_module(part)
        return getattr(_load(self.__name__), name)


class _Submodules(MetaPathFinder):
    """Loads the compiler as soon as anything imports a part of it that has no placeholder."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to get a part that is loaded already; None leaves the import to others."""
        module = _KEPT.pop(name, None)
        if module is None and name.startswith(f"{COMPILER}.") and name not in _APART and _deferred(COMPILER):
            _load(COMPILER)
            module = sys.modules.pop(name, None)  # the import that asks would run its file a second time
        return None if module is None else ModuleSpec(name, _Given(module))


class _Given(Loader):
    """Gives a module that was loaded before."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module."""
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Leave it as it is, with what it was loaded by."""
        vars(module)["__spec__"] = self._spec  # the settings refuse to have attributes set


def _undisturbed(load: Callable[[], ModuleType]) -> ModuleType:
    """Load a module that has waited, possibly until the midst of a run: what it does is none of the run's."""
    with no_function_modes(), no_dispatch_modes(), torch.inference_mode(False), torch.enable_grad():
        return Context().run(load)


load_by(_undisturbed)


def _load(name: str) -> ModuleType:
    """Load the compiler in the place of its placeholder, and return its module of this name."""
    with _LOCK:
        _WANTED.set()  # from now on it has no placeholder, whatever other threads begin
        _remove_placeholders()
    with no_function_modes(), no_dispatch_modes(), _parts_found():  # what it does is none of the run's
        compiler = import_module(COMPILER)
        while _MARKED:
            mark, function = _MARKED.pop()
            getattr(compiler, mark)(function)
        if _AS_WRITTEN:
            torch.compiler.set_stance("force_eager")
        return import_module(name)


@contextmanager
def _parts_found() -> Iterator[None]:
    """Let parts of the compiler that are imported inside be found by us first."""
    finder = _Submodules()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def _deferred(name: str) -> bool:
    return isinstance(sys.modules.get(name), _Placeholder)


def _put_placeholders() -> bool:
    """Put placeholders for the compiler and its tools in place; return False if it is or will be loaded."""
    spec = find_spec(COMPILER)
    assert spec is not None
    utils = _Placeholder(_UTILS, is_compile_supported=_is_compile_supported)
    own = {"__spec__": spec, "__path__": spec.submodule_search_locations}
    marks = {mark: functools.partial(_mark, mark) for mark in ("allow_in_graph", "assume_constant_result")}
    package = _Placeholder(COMPILER, disable=_disable, utils=utils, **marks, **own)
    with _LOCK:
        if _WANTED.is_set() or sys.modules.setdefault(COMPILER, package) is not package:
            return False
        sys.modules[_UTILS] = utils
    return True


def _remove_placeholders() -> None:
    if _deferred(COMPILER):
        _KEPT.update({name: sys.modules.pop(name) for name in _APART if name in sys.modules})
    for name in (COMPILER, _UTILS):
        if _deferred(name):
            sys.modules.pop(name, None)
    if isinstance(vars(torch).get(_ATTRIBUTE), _Placeholder):
        delattr(torch, _ATTRIBUTE)


def _disable(function: Any = None, recursive: bool = True, **options: Any) -> Any:
    """Return ``function``, to be marked for the compiler once that is loaded."""
    if function is None:
        return functools.partial(_disable, recursive=recursive, **options)
    if isinstance(function, type | torch.nn.Module):  # of these the compiler changes parts
        return _load(COMPILER).disable(function, recursive, **options)
    marked: Callable[..., Any] | None = None

    @functools.wraps(function)
    def waiting(*args: Any, **kwargs: Any) -> Any:
        nonlocal marked
        if marked is None:
            if _LOADED not in sys.modules:
                return function(*args, **kwargs)
            marked = import_module(COMPILER).disable(function, recursive, **options)
        return marked(*args, **kwargs)

    return waiting


def _mark(mark: str, function: Any) -> Any:
    """Return ``function``, to be marked once the compiler is loaded; libraries mark theirs when imported."""
    if not callable(function):  # several, or a mistake
        return getattr(_load(COMPILER), mark)(function)
    _MARKED.append((mark, function))
    return function


def _is_compile_supported(device: str) -> bool:
    """Ask the compiler, when somebody wants to know: torchvision imports this function for ``roi_align``."""
    return bool(_load(_UTILS).is_compile_supported(device))


def keep_compiler_out(changes: Changes) -> None:
    """Let code mark functions for the compiler without loading it, until the changes end.

    Only if the process is our own: all of it sees the placeholders.
    """
    if not is_own_process() or COMPILER in sys.modules:
        return
    finder = _Submodules()

    def end() -> None:
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)
        with _LOCK:
            _remove_placeholders()

    changes.on_end(end)
    if _put_placeholders():
        sys.meta_path.insert(0, finder)


@contextmanager
def compiler_not_loaded() -> Iterator[None]:
    """Let code inside mark functions for the compiler without loading it; see ``keep_compiler_out``."""
    changes = Changes()
    try:
        try:
            keep_compiler_out(changes)
            yield
        finally:
            changes.end()
    finally:
        changes.end()


def load_before_run() -> None:
    """Load the compiler now if it has no placeholder.

    The first mark would do so in the midst of a run, under our modes and with torch functions switched off;
    but the compiler's own files call torch functions when they are imported, and up to torch 2.8 fail there.
    Where it cannot be loaded at all, what needs no mark runs without it, and what does need one says why not.
    """
    if COMPILER not in sys.modules:
        with suppress(Exception):
            import_module(COMPILER)


class _AsWritten:
    """That nothing is compiled by a compiler that is loaded in the midst of a run."""

    def make(self) -> None:
        """Note it, for the moment at which it is loaded."""
        _AS_WRITTEN.append(True)

    def undo(self) -> None:
        """Let it compile again, if it was loaded."""
        _AS_WRITTEN.clear()
        if _LOADED in sys.modules:
            torch.compiler.set_stance("default")


class _Eager:
    """That what was compiled runs as it is written, in all threads: compiled code calls no functions."""

    def __init__(self) -> None:
        self._stance: Any = None

    def make(self) -> None:
        """Say so; torch notes what was said before."""
        self._stance = torch.compiler.set_stance("force_eager")

    def undo(self) -> None:
        """Say what was said before."""
        if self._stance is not None:
            self._stance.__exit__(None, None, None)


def run_as_written(changes: Changes) -> None:
    """Let what was compiled run as it is written until the changes end."""
    if _LOADED in sys.modules:
        changes.share("compiler", _Eager)
    else:
        changes.share("compiler to come", _AsWritten)


def is_compiled(model: torch.nn.Module) -> bool:
    """Return True if a part of a model was compiled; none was while the compiler is not loaded."""
    if _LOADED not in sys.modules:
        return False
    compiled = import_module(_LOADED).OptimizedModule
    return any(
        isinstance(module, compiled) or compiled_call_of(module) is not None
        for _, module in named_modules(model)
    )
