"""A folder or config.json as the hub has them: what model it is, and its weights where they are wanted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeflow.adapters.libraries import hub, transformers_names
from shapeflow.common.text import listing, nearest
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from torch.nn import Module

    from shapeflow.adapters.libraries.transformers_classes import Source

OPTION = "option --model"
WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)


def is_folder(name: str) -> bool:
    """Return whether a name is written as a path, or is one."""
    path = Path(name)
    return "/" in name or "\\" in name or path.suffix == ".json" or path.is_dir()


def check(path: Path) -> None:
    """Check what a folder or configuration says of its model, without torch.

    Raises:
        InputError: it is not there, cannot be read, or is of no model that this transformers has.
    """
    settings = read(path)
    kind, listed = settings.get("model_type"), _architectures(settings)
    known = transformers_names.types()
    if kind in known or "auto_map" in settings or any(name in transformers_names.models() for name in listed):
        return
    close = nearest(str(kind), known, 1) if kind else []
    other = settings.get("architecture")  # as timm writes it
    if not kind and isinstance(other, str):
        raise InputError(
            "unknown-model",
            f"'{path}' is the folder of a model of timm, which is built by its name",
            where=OPTION,
            found=f"{_file(path)}, with architecture '{other}'",
            hint=f"--model timm:{other}",
        )
    raise InputError(
        "unknown-model",
        f"the installed transformers has no model of type '{kind}'"
        if kind
        else f"'{path}' names no model_type",
        where=OPTION,
        expected=f"one of {len(known):,} types" + (f", such as {listing(close)}" if close else ""),
        found=f"{_file(path)}, with {listing(list(settings)) or 'nothing in it'}",
        hint="pip install -U transformers" if kind and not close else "",
    )


def read(path: Path) -> dict[str, Any]:
    """Return what a config.json says.

    Raises:
        InputError: it is not there, or is not an object of JSON.
    """
    file = _file(path)
    if not file.is_file():
        held = sorted(entry.name for entry in path.iterdir()) if path.is_dir() else []
        if not path.exists() and hub.NAMED.fullmatch(str(path)):
            raise hub.not_here(str(path))
        raise InputError(
            "model-unreadable",
            f"the folder '{path}' has no config.json" if path.is_dir() else f"no folder or file '{path}'",
            where=OPTION,
            expected="a folder as the hub has it, with config.json, or that file",
            found=f"it holds {listing(held)}" if held else "it is empty" if path.is_dir() else "",
            because="adapter_config.json is of an adapter, which needs the model that it changes"
            if "adapter_config.json" in held
            else "",
        )
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            "model-unreadable",
            f"'{file}' cannot be read as JSON",
            where=OPTION,
            found=f"{type(error).__name__}: {error}"[:160],
        ) from None
    if not isinstance(settings, dict):
        raise InputError(
            "model-unreadable",
            f"'{file}' is not a configuration",
            where=OPTION,
            expected="an object with model_type",
            found=f"a {type(settings).__name__}",
        )
    return settings


def source(path: Path, *, trust: bool) -> Source:
    """Return what a folder says: the class of its model and its configuration.

    Args:
        path: the folder, or its config.json.
        trust: whether code that comes with the folder may be imported.

    Raises:
        InputError: see ``check``; or the configuration needs code that is not trusted.
    """
    import transformers

    from shapeflow.adapters.libraries.transformers_classes import Source, model_class

    settings, folder = read(path), path if path.is_dir() else path.parent
    own = transformers_names.types().get(str(settings.get("model_type")))
    named = [name for name in _architectures(settings) if name in transformers_names.models()]
    if "auto_map" in settings and (own is None or not named):
        return _with_code(folder, settings, trust=trust)
    if own is None:
        configured: Any = getattr(transformers, named[0]).config_class
    else:
        configured = getattr(transformers, own)
    try:
        config = configured.from_dict(settings)
    except Exception as error:
        said = " ".join(str(error).split())
        raise InputError(
            "model-incomplete",
            f"{configured.__name__} refuses what '{_file(path)}' says",
            where=OPTION,
            found=f"{type(error).__name__}: {said}"[:300],
        ) from error
    model = getattr(transformers, named[0]) if named else model_class(configured)
    if model is None:
        raise InputError(
            "unknown-model",
            f"no model of transformers is built from {configured.__name__} alone",
            where=OPTION,
            found=f"{_file(path)}, of type '{settings.get('model_type')}'",
        )
    return Source(model, config, (), folder)


def _with_code(folder: Path, settings: dict[str, Any], *, trust: bool) -> Source:
    """Return what a folder says whose model is code that comes with it."""
    files = sorted({str(value).partition(".")[0] + ".py" for value in settings["auto_map"].values()})
    if not trust:
        raise InputError(
            "model-untrusted",
            f"the model of '{folder}' is code that comes with it",
            where=OPTION,
            found=f"auto_map in config.json names {listing(files)}",
            because="transformers has no such model itself, and that code would be executed",
            hint="--trust, if you know where the folder comes from",
        )
    from transformers import AutoConfig
    from transformers.dynamic_module_utils import get_class_from_dynamic_module

    from shapeflow.adapters.factory import raised_error
    from shapeflow.adapters.libraries.transformers_classes import Source

    try:
        config = AutoConfig.from_pretrained(str(folder), trust_remote_code=True, local_files_only=True)
        chosen = _task(settings["auto_map"])
        model = get_class_from_dynamic_module(chosen, str(folder), local_files_only=True)
    except Exception as error:
        raise raised_error("target-import", f"importing the code of '{folder}' failed", error) from error
    return Source(model, config, (), folder)


def _task(auto_map: dict[str, Any]) -> str:
    """Return which class of the folder's code is its model: that of a task before the base model."""
    models = {name: value for name, value in auto_map.items() if name.startswith("AutoModel")}
    chosen = next((name for name in models if name != "AutoModel"), "AutoModel")
    return str(models[chosen])


def has_weights(folder: Path | None) -> bool:
    """Return whether there are weights in a folder."""
    return folder is not None and any((folder / name).is_file() for name in WEIGHTS)


def with_weights(source: Source) -> tuple[Module, list[str]]:
    """Build a model with the weights of its folder, in one file or several.

    Raises:
        InputError: they cannot be read.
    """
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        model, said = source.model.from_pretrained(
            str(source.folder), config=source.config, local_files_only=True, output_loading_info=True
        )
    except Exception as error:
        raise InputError(
            "checkpoint-unreadable",
            f"the weights in '{source.folder}' cannot be read",
            where=OPTION,
            found=f"{type(error).__name__}: {' '.join(str(error).split())}"[:300],
        ) from error
    finally:
        if shown:
            logging.enable_progress_bar()
    notes = [f"The weights are those in {source.folder}."]
    for key, what in (("missing_keys", "lack"), ("unexpected_keys", "have what the model does not")):
        keys = sorted(said.get(key) or ())
        if keys:
            notes.append(f"The weights {what}: {listing(keys)}.")
    return model, notes


def quantised(config: Any) -> list[str]:
    """Return a note on weights that are kept in fewer bits, for a model that is built without them."""
    kept = getattr(config, "quantization_config", None)
    if kept is None:
        return []
    method = kept.get("quant_method") if isinstance(kept, dict) else getattr(kept, "quant_method", None)
    return [
        f"config.json says that the weights are quantised ({method or 'no method named'}): "
        "without them the layers, parameters and bytes here are those before that."
    ]


def _file(path: Path) -> Path:
    return path if path.suffix == ".json" else path / "config.json"


def _architectures(settings: dict[str, Any]) -> list[str]:
    listed = settings.get("architectures")
    return [str(name) for name in listed] if isinstance(listed, list) else []
