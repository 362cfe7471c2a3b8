"""Any model: a function of the user's, named ``package.module:function`` or ``path/to/file.py:function``."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import inspect
import pkgutil
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from shapeflow.adapters.base import Prepared
from shapeflow.adapters.forward import prepared
from shapeflow.adapters.request import Request
from shapeflow.adapters.script import Script
from shapeflow.common.places import display_frame, display_name, without_folders
from shapeflow.common.text import listing, nearest
from shapeflow.errors import InputError, ShapeflowError

if TYPE_CHECKING:
    from torch.nn import Module

OPTION = "option --model"
TARGET = "package.module:function or path/to/file.py:function"
RESULT = "model, (model, args) or (model, args, kwargs); a function that runs it in its place or behind it"
OURS = str(Path(__file__).parent.parent)
SCRIPT = "put what belongs to a script under: if __name__ == '__main__':"
SHOWN_FRAMES = 4


@dataclass(frozen=True, slots=True)
class Factory:
    """The adapter for a function of the user's."""

    function: Callable[[], Any]
    script: Script
    """What its file or module sees of this process."""

    def surroundings(self) -> AbstractContextManager[None]:
        """Return what has to be entered wherever code of the user's runs."""
        return self.script.entered()

    def __call__(self, request: Request) -> Prepared:
        """Call the function and lay out the run of what it gives."""
        with self.surroundings():
            return _prepare(self.function, request)


def load(target: str) -> Factory:
    """Import the function that a target names and return the adapter that calls it.

    The import happens here and not when the model is built: a module imported under the shapes-only
    mode would keep tensors without data for the rest of the process.

    Raises:
        InputError: the target is malformed, its module is not found or raises, or lacks the name.
    """
    place, _, name = target.rpartition(":")
    parts = (name if place.endswith(".py") else f"{place}.{name}").split(".")
    if not place or not all(part.isidentifier() for part in parts):
        raise InputError(
            "target-malformed", f"'{target}' does not name a function", where=OPTION, expected=TARGET
        )
    is_file = place.endswith(".py")
    script = Script(place, Path(place).resolve().parent if is_file else Path.cwd())
    with script.entered():
        module = _import_file(Path(place)) if is_file else _import_name(place)
        return Factory(_function(module, name, place), script)


def _prepare(function: Callable[[], Any], request: Request) -> Prepared:
    """Call the user's function and lay out the run of what it gives."""
    import torch

    torch.manual_seed(request.seed)
    try:
        result = function()
    except ShapeflowError:  # ours, raised through the user's code: it has its own text
        raise
    except SystemExit as error:
        raise _ended(f"'{request.target}' ends the program instead of giving a model", error) from error
    except Exception as error:
        what = f"'{request.target}' raised {type(error).__name__}"
        raise raised_error("target-raised", what, error) from error
    model, runs, args, kwargs = _unpack(result, request.target)
    return prepared(model, args, kwargs, request, function=runs)


def _import_name(name: str) -> ModuleType:
    """Import a module by its dotted name, from the current folder too."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise raised_error("target-import", f"importing '{name}' failed", error) from error
        close = nearest(error.name, _sibling_modules(error.name), 1, alike=0.75)
        raise InputError(
            "target-not-found",
            f"no module '{error.name}'",
            where=OPTION,
            expected=TARGET,
            because=f"looked in {Path.cwd()} and in the installed packages",
            hint=f"--model {name.replace(error.name, close[0], 1)}:…" if close else "",
        ) from None
    except SystemExit as error:
        raise _ended(f"'{name}' ends the program while it is imported", error, SCRIPT) from error
    except Exception as error:
        raise raised_error("target-import", f"importing '{name}' failed", error) from error


def _import_file(path: Path) -> ModuleType:
    """Import a Python file; the modules beside it can be imported by it."""
    if not path.is_file():
        beside = path.parent.glob("*.py") if path.parent.is_dir() else ()
        close = nearest(path.name, [file.name for file in beside], 1)
        raise InputError(
            "file-missing",
            f"no file '{path}'",
            where=OPTION,
            because=f"looked in {path.parent.resolve()}",
            hint=str(path.with_name(close[0])) if close else "",
        )
    # A file called like a loaded module (`types.py`) must not take its place.
    name = f"shapeflow_target_{path.stem}" if path.stem in sys.modules else path.stem
    spec = importlib.util.spec_from_file_location(name, path.absolute())
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        sys.modules.pop(name, None)
        if isinstance(error, SystemExit):
            raise _ended(f"'{path}' ends the program while it is imported", error, SCRIPT) from error
        if isinstance(error, Exception):
            raise raised_error("target-import", f"importing '{path}' failed", error) from error
        raise
    return module


def _function(module: ModuleType, name: str, place: str) -> Callable[[], Any]:
    """Return the function of a module, checked to be callable without arguments."""
    function = getattr(module, name, None)
    if function is None:
        own = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        close = nearest(name, own, 1)
        raise InputError(
            "target-import",
            f"module '{place}' has no '{name}'",
            where=OPTION,
            expected="a function that takes no arguments and returns a model",
            found=f"it has {listing(own)}" if own else "it has no functions",
            hint=f"--model {place}:{close[0]}" if close else "",
        )
    if _is_model(function):
        return lambda: function
    if not callable(function):
        raise InputError(
            "target-import",
            f"'{place}:{name}' is not a function",
            where=OPTION,
            expected="a function that takes no arguments and returns a model",
            found=f"an object of class {type(function).__name__}",
        )
    try:
        inspect.signature(function).bind()
    except TypeError as error:
        raise InputError(
            "target-import",
            f"'{place}:{name}' cannot be called without arguments",
            where=OPTION,
            expected="a function that takes no arguments and returns a model",
            found=f"{name}{inspect.signature(function)}: {error}",
        ) from None
    except ValueError:  # built in C: it has no signature to look at
        pass
    return cast("Callable[[], Any]", function)


def _is_model(thing: object) -> bool:
    """Return True for a model, alone or before its arguments, instead of a function that returns one."""
    from torch.nn import Module

    return isinstance(thing[0] if isinstance(thing, tuple) and thing else thing, Module)


def _unpack(
    result: object, target: str
) -> tuple[Module, Callable[..., Any] | None, tuple[Any, ...], dict[str, Any]]:
    """Return model, function, args and kwargs from what the user's function gave.

    A function runs the model, perhaps several times; without a model beside it the modules that it uses are
    found.
    """
    from torch import Tensor
    from torch.nn import Module

    first, *parts = result if isinstance(result, tuple) and result else (result,)
    function: Callable[..., Any] | None = None
    if not isinstance(first, Module) and _is_function(first):
        function = first
    elif isinstance(first, Module) and parts and _is_function(parts[0]):
        function = parts.pop(0)
    elif not isinstance(first, Module):
        raise _wrong_result(result, target)
    args: Any = parts[0] if parts else ()
    kwargs: Any = parts[1] if len(parts) > 1 else {}
    if len(parts) == 1 and isinstance(args, Mapping):
        args, kwargs = (), args
    if isinstance(args, Tensor):
        args = (args,)
    if len(parts) > 2 or not isinstance(args, tuple | list) or not isinstance(kwargs, Mapping):
        raise _wrong_result(result, target)
    model = first if isinstance(first, Module) else _used_by(first, target, args, kwargs)
    return model, function, tuple(args), dict(kwargs)


def _is_function(thing: object) -> bool:
    """Return whether something runs a model; a class makes one."""
    return callable(thing) and not isinstance(thing, type | Mapping)


def _used_by(function: Any, target: str, args: Any, kwargs: Any) -> Module:
    """Return the module whose parts a function uses."""
    from shapeflow.recording.reach import root_of

    root = root_of(function, *args, *kwargs.values())
    if root is None:
        raise InputError(
            "target-result",
            f"'{target}' returned a function in whose reach no model is",
            where=OPTION,
            expected=RESULT,
            found=f"{getattr(function, '__name__', type(function).__name__)}, which uses no torch.nn.Module",
            hint="return (model, function)",
        )
    return root


def _wrong_result(result: object, target: str) -> InputError:
    """Return the error for a function that gives something else than a model."""
    found = type(result).__name__
    if isinstance(result, tuple):
        found = f"({', '.join(type(part).__name__ for part in result)})"
    return InputError(
        "target-result", f"'{target}' did not return a model", where=OPTION, expected=RESULT, found=found
    )


def _ended(what: str, error: SystemExit, hint: str = "") -> InputError:
    """Return the error for code of the user's that calls ``sys.exit``, as argparse does for it."""
    said, where, because = f"sys.exit({error.code!r})", OPTION, ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        file, function = frame.f_code.co_filename, frame.f_code.co_name
        if file == argparse.__file__ and function == "error":
            said = str(frame.f_locals.get("message"))
            because = "it reads its command line, which is empty: every argument has to have a default"
        elif file != argparse.__file__ and not file.startswith((OURS, "<frozen")):
            where = f"{display_name(file)}:{line}"
    return InputError("target-exit", what, where=where, found=said, because=because, hint=hint)


def raised_error(code: str, what: str, error: BaseException) -> InputError:
    """Return the error for the user's own code raising, with its traceback and without our frames."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((OURS, "<frozen importlib")) and "importlib" not in frame.filename
    ]
    shown = [display_frame(frame) for frame in frames[-SHOWN_FRAMES:]]
    lines = "".join(traceback.format_list(shown)).rstrip().splitlines()
    lines += without_folders("".join(traceback.format_exception_only(error))).rstrip().splitlines()
    return InputError(code, what, where=OPTION, because="\n".join(line.removeprefix("  ") for line in lines))


def _sibling_modules(name: str) -> list[str]:
    """Return the modules that stand where a module was looked for."""
    parent, _, _ = name.rpartition(".")
    if parent:
        paths = list(getattr(sys.modules.get(parent), "__path__", ()))
        return [f"{parent}.{found.name}" for found in pkgutil.iter_modules(paths)]
    return [found.name for found in pkgutil.iter_modules()]
