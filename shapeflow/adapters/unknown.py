"""What somebody meant who wrote something that is not a model: other prefixes, near names, files, scripts."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.machinery import PathFinder
from pathlib import Path

from shapeflow.adapters.files.kinds import is_folder, is_model_file, is_script
from shapeflow.adapters.files.script_names import Candidates, candidates_in
from shapeflow.adapters.libraries import hub
from shapeflow.adapters.libraries.library import family_in, library, spelled_in
from shapeflow.adapters.libraries.near import FAMILY, SAME, best_of, near, plain_name, ranked
from shapeflow.common.text import listing, nearest
from shapeflow.errors import InputError

OPTION = "option --model"
FACTORY = "package.module:function or file.py:function"
NETWORKS = ("unet", "transformer")
"""Folders of the network of a pipeline, beside which the others are small."""
MOST_FILES = 50
"""Of a package that are looked through."""


def unknown_model(target: str, known: Mapping[str, str], libraries: Mapping[str, str]) -> InputError:
    """Return the error for a target that no adapter knows.

    Args:
        target: what was asked for.
        known: adapters, each as its targets are written, such as ``timm:NAME``.
        libraries: prefix -> module, of the libraries that are installed.
    """
    module = None if is_script(target) else _module_file(target)
    if is_script(target) or module is not None:
        return unnamed_script(module or Path(target), target)
    if is_folder(target):
        return _folder(Path(target))
    if target.startswith(("./", "../", "/", "~")):
        return _no_file(Path(target))
    if (error := _written_otherwise(target, libraries)) is not None:
        return error
    if name := hub.named(target) or (target if hub.NAMED.fullmatch(target) else ""):
        return _of_the_hub(name, libraries)
    expected = f"{', '.join(known.values())},\na model file such as NAME.pt2, or {FACTORY}"
    close = near_names(target, libraries)
    own = [name for name in known if plain_name(name) == plain_name(target)]
    adapter = own or nearest(target, known, 1, 0.9 if _is_family(target, libraries) else 0.6)
    hint = (
        f"--model {known[adapter[0]]}"
        if adapter
        else f"--model {_first(close)}"
        if close
        else "shapeflow models"
    )
    return _error(f"no model '{target}'", expected=expected, found="" if adapter else _near(close), hint=hint)


def _no_file(path: Path, like: str = "*") -> InputError:
    """Return the error for a path that leads nowhere, where names that are ``like`` that were wanted."""
    beside = [entry.name for entry in path.parent.glob(like)] if path.parent.is_dir() else []
    close = nearest(path.name, beside, 1)
    return InputError(
        "file-missing",
        f"no {'file' if path.suffix else 'file or folder'} '{path}'",
        where=OPTION,
        because=f"looked in {path.parent.resolve()}",
        hint=f"--model {path.with_name(close[0])}" if close else "",
    )


def _written_otherwise(target: str, libraries: Mapping[str, str]) -> InputError | None:
    """Return the error for a name of a library without its prefix, or with another sign than a colon."""
    if name := _with_other_sign(target, libraries):
        prefix = name.partition(":")[0]
        return _error(f"no model '{target}'", expected=f"{prefix}:NAME, with a colon", hint=f"--model {name}")
    exact = with_name(target, libraries)
    if not exact:
        return None
    return _error(
        f"'{target}' is a name of {' and of '.join(exact)}",
        expected="the name with its prefix",
        found=_written(exact),
        hint=f"--model {_first(exact)}",
    )


def _with_other_sign(target: str, libraries: Mapping[str, str]) -> str:
    """Return the ``timm:NAME`` that is written as ``timm/NAME`` or ``timm.NAME``; empty if it is none."""
    prefixed = re.match(r"(\w+)[/.](.+)", target)
    prefix = (nearest(prefixed[1].lower(), libraries, 1) or [""])[0] if prefixed else ""
    if not prefixed or not prefix:
        return ""
    whole = prefixed[2]
    last = whole.rpartition(".")[2]  # torchvision.models.resnet50
    name = spelled_in(libraries[prefix], whole) or (last and spelled_in(libraries[prefix], last))
    return f"{prefix}:{name}" if name else ""


def unknown_prefix(target: str, known: Mapping[str, str], libraries: Mapping[str, str]) -> InputError | None:
    """Return the error for a prefix that is neither ours nor a module; None if it may be one."""
    prefix, _, name = target.partition(":")
    if prefix.isidentifier() and _is_module(prefix):
        return None
    if of_hub := hub.named(target):
        return _written_otherwise(of_hub, libraries) or _of_the_hub(of_hub, libraries)
    if not prefix.isidentifier():
        return None
    exact = {other: found for other, module in libraries.items() if (found := spelled_in(module, name))}
    close = [word for word in nearest(prefix.lower(), known, 1) if word in libraries]
    if not exact and not close:
        return None
    best = close[0] if close else next(iter(exact))
    name = exact.get(best) or next(iter(near(name, library(libraries[best]).names(), 1)), "")
    others = {} if name else near_names(target.partition(":")[2], libraries)
    meant = f"{best}:{name}" if name else _first(others)
    return _error(
        f"no prefix and no module '{prefix}'",
        expected=f"{', '.join(written for written in known.values() if ':' in written)}, or {FACTORY}",
        found=_near(others),
        hint=f"--model {meant}" if meant else f"shapeflow models {best}",
    )


def with_name(name: str, libraries: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the libraries that have just this name, written in any way: prefix -> the name as it has it."""
    found = {prefix: spelled_in(module, name) for prefix, module in libraries.items()}
    return {prefix: [name] for prefix, name in found.items() if name}


def near_names(name: str, libraries: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names that are near in each library that has any, the likeliest library first."""
    found = {}
    for prefix, module in libraries.items():
        family = [(known, FAMILY) for known in family_in(module, name)]
        others = [pair for pair in ranked(name, library(module).names()) if (pair[0], FAMILY) not in family]
        same = [pair for pair in others if pair[1] == SAME]
        found[prefix] = [*same, *family, *others[len(same) :]]
    return best_of(found, 2)


def _is_family(name: str, libraries: Mapping[str, str]) -> bool:
    """Return whether a name begins with that of a family that a library has."""
    return any(family_in(module, name) for module in libraries.values())


def model_meant(text: str, known: Mapping[str, str], libraries: Mapping[str, str]) -> InputError | None:
    """Return the error for an argument IMAGE that is a model; None if it does not look like one."""
    because, target = named_model(text, known, libraries)
    if not because and not Path(text).exists() and not Path(text).suffix and "/" not in text:
        close = near_names(text, libraries)
        because, target = _near(close), _first(close)
    if not because:
        return None
    return InputError(
        "usage",
        f"'{Path(text)}' is not an image",
        where="argument IMAGE",
        because=because,
        hint=f"shapeflow trace --model {target}",
    )


def named_model(text: str, known: Mapping[str, str], libraries: Mapping[str, str]) -> tuple[str, str]:
    """Return why a text that stands where none belongs is a model, and how --model takes it; else nothing."""
    path = Path(text)
    because, target = "", text
    if is_script(text):
        because, target = "it is a Python file", f"{text}:{best}" if (best := _best(path)) else text
    elif not path.exists() and (":" in text or text in known):
        because = "it is the name of a model"
    elif is_model_file(text) or is_folder(text):
        because = "it is a folder" if path.is_dir() else "it is a model file"
    elif not path.exists() and (name := _with_other_sign(text, libraries)):
        because, target = "it is the name of a model, written with a colon", name
    elif not path.exists() and not path.suffix and "/" not in text:
        if exact := with_name(text, libraries):
            because, target = f"it is a name of {' and of '.join(exact)}: {_written(exact)}", _first(exact)
        elif _is_module(text) and text not in sys.stdlib_module_names:
            because = "it is a package"
    return because, target if because else ""


def unnamed_script(path: Path, shown: str) -> InputError:
    """Return the error for a Python file or module without ``:NAME``, with the names that it has."""
    if not path.is_file():
        return _no_file(path, "*.py")
    try:
        found = candidates_in(path)
    except (OSError, SyntaxError, ValueError, RecursionError) as error:
        return InputError(
            "target-unnamed",
            f"'{shown}' does not say what of it to run, and cannot be read as Python",
            where=OPTION,
            expected=f"{shown}:FUNCTION",
            because=str(error).splitlines()[0] if str(error) else type(error).__name__,
        )
    names = [f"{shown}:{name}" for name in found.all]
    inside = [] if names or is_script(shown) else _inside(path, shown)
    listed = listing(inside, 6) if inside else _candidates(found)
    return InputError(
        "target-unnamed",
        f"'{shown}' does not say what of it to run",
        where=OPTION,
        expected=f"{shown}:NAME, of a function without arguments, a class of modules or a model",
        found=listed,
        hint=f"--model {(names or inside)[0]}" if names or inside else "",
    )


def _inside(path: Path, module: str) -> list[str]:
    """Return what could be run of the modules in a package."""
    files = sorted(path.parent.glob("*.py"))[:MOST_FILES] if path.name == "__init__.py" else []
    found = []
    for file in files:
        if not file.stem.startswith("_"):
            with suppress(OSError, SyntaxError, ValueError, RecursionError):
                found += [f"{module}.{file.stem}:{name}" for name in candidates_in(file).all]
    return found


def _folder(path: Path) -> InputError:
    """Return the error for a folder that no library knows what to do with."""
    inside = sorted(entry.name for entry in path.iterdir()) if path.is_dir() else []
    files = [name for name in inside if is_model_file(name) or (is_script(name) and name != "__init__.py")]
    parts = [name for name in inside if (path / name / "config.json").is_file()]  # of a pipeline
    files = sorted(parts, key=lambda name: name not in NETWORKS) or files
    return InputError(
        "unknown-model",
        f"'{path}' is a folder without config.json" if path.is_dir() else f"'{path}' is no configuration",
        where=OPTION,
        expected="a folder as the hub has it, with config.json or model_index.json",
        found=listing(files or inside, 6),
        hint=f"--model {path / files[0]}" if files else "",
    )


def _candidates(found: Candidates) -> str:
    """Return what a file has, a line a kind."""
    rows = {
        "functions": found.functions,
        "classes of modules": found.classes,
        "objects": found.objects,
        "with arguments": found.need_arguments,
    }
    lines = [f"{kind}: {listing(names, 6)}" for kind, names in rows.items() if names]
    return "\n".join(lines) or "nothing that could be run"


def _of_the_hub(name: str, libraries: Mapping[str, str]) -> InputError:
    """Return the error for a name as the hub has it."""
    return hub.not_here(name, found=_near(near_names(name.rpartition("/")[2], libraries)))


def _best(path: Path) -> str:
    """Return what of a Python file is most likely meant; empty if it has nothing, or is not there."""
    try:
        return next(iter(candidates_in(path).all), "")
    except (OSError, SyntaxError, ValueError, RecursionError):
        return ""


def _is_module(name: str) -> bool:
    """Return True if a module of that name can be imported, which is not done."""
    folders = [str(Path.cwd()), *sys.path]
    return name in sys.builtin_module_names or PathFinder.find_spec(name, folders) is not None


def _module_file(target: str) -> Path | None:
    """Return the file of a module that is named without what of it to run; None if there is none."""
    parts = target.split(".")
    if not all(part.isidentifier() for part in parts) or target in sys.stdlib_module_names:
        return None
    folders: Sequence[str] | None = [str(Path.cwd()), *sys.path]
    for part in parts:
        spec = None if folders is None else PathFinder.find_spec(part, folders)
        if spec is None:
            return None
        folders = spec.submodule_search_locations
    return Path(spec.origin) if spec is not None and spec.origin and spec.has_location else None


def _error(what: str, *, expected: str = "", found: str = "", hint: str = "") -> InputError:
    return InputError("unknown-model", what, where=OPTION, expected=expected, found=found, hint=hint)


def _written(found: Mapping[str, Sequence[str]]) -> str:
    return ", ".join(f"{prefix}:{name}" for prefix, names in found.items() for name in names)


def _near(found: Mapping[str, Sequence[str]]) -> str:
    return f"names that are near: {_written(found)}" if found else ""


def _first(found: Mapping[str, Sequence[str]]) -> str:
    return _written(found).partition(",")[0]
