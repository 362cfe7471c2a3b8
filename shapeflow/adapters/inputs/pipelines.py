"""What the pipelines of diffusers give to a network, as their source has it; none of them is imported."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

from torch import nn

NETWORKS = "modeling_"
"""Beginning of the names of files beside the pipelines that define networks of their own."""


def never_given(network: type[nn.Module], name: str) -> bool:
    """Return whether a network can do without an input, and of its pipelines, if any, none ever gives it.

    A pipeline may give it under another name; so the forward has to ask by this one whether it is there.

    Args:
        network: a class of diffusers.
        name: of a parameter of its forward.
    """
    try:
        forward = inspect.getsource(inspect.unwrap(network.forward))
    except (OSError, TypeError):  # it has no source to look at
        return False
    if re.search(rf"\bif {re.escape(name)} is not None\b", forward) is None:
        return False
    package = sys.modules.get(network.__module__.partition(".")[0])
    folder = Path(str(getattr(package, "__file__", None))).parent / "pipelines"
    whose = re.compile(rf"\b{re.escape(network.__name__)}\b")
    gives = re.compile(rf"\b{re.escape(name)}=|[\"']{re.escape(name)}[\"']")
    found = False
    for file in folder.rglob("*.py"):
        text = "" if file.name.startswith(NETWORKS) else file.read_text(encoding="utf-8")
        if network.__name__ in text and whose.search(text):
            found = True
            if gives.search(text):
                return False
    return found
