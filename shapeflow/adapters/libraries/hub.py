"""Models as the hub names them: nothing is fetched; it is said what to fetch, or where it lies."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from shapeflow.errors import InputError

NAMED = re.compile(r"[\w.-]+/[\w.-]+")
"""How models of the hub are called."""
ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/([\w.-]+(?:/[\w.-]+)?)(?:[/?#].*)?")
PREFIXED = re.compile(r"(?:hf|hf[-_]hub|huggingface|hub)(?::|://)([\w./-]+)")
NOTHING_IS_FETCHED = "a name of the hub would be downloaded, and nothing is downloaded for a trace"


def named(target: str) -> str:
    """Return the model of the hub that an address or a prefix names, ``OWNER/NAME``; empty if none does."""
    found = ADDRESS.fullmatch(target) or PREFIXED.fullmatch(target)
    return found[1].strip("/") if found else ""


def not_here(name: str, *, found: str = "") -> InputError:
    """Return the error for a model of the hub.

    Args:
        name: as the hub has it.
        found: what else there is to say, such as names that are near.
    """
    folder = _kept(name)
    if folder is not None:
        because, hint = "names of the hub are not looked up; what was fetched before lies in a folder", ""
    else:
        because, folder = NOTHING_IS_FETCHED, Path(name.rpartition("/")[2])
        hint = f"hf download {name} --include '*config.json' --local-dir {folder}, then "
    return InputError(
        "unknown-model",
        f"'{name}' is neither a file nor a folder here",
        where="option --model",
        found=found,
        because=because,
        hint=f"{hint}--model {folder}",
    )


def _kept(name: str) -> Path | None:
    """Return the folder in which the hub's own program has kept the configuration of a model, if it has."""
    if find_spec("huggingface_hub") is None:
        return None
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    for file in ("config.json", "model_index.json"):
        try:
            found = try_to_load_from_cache(name, file)
        except HFValidationError:
            return None
        if isinstance(found, str):
            return Path(found).parent
    return None
