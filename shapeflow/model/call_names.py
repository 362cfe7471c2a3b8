"""How calls are named in selectors."""

from __future__ import annotations


def call_key(path: str, method: str) -> str:
    """Return the path of a module (empty for the root), or of a helper: ``backbone.forward_image()``."""
    if method == "forward":
        return path
    return f"{path}.{method}()" if path else f"{method}()"


def call_name(path: str, method: str) -> str:
    """Return the selector of all calls of a method: ``.`` or ``.encode()`` for the root."""
    if method == "forward":
        return path or "."
    return f"{path}.{method}()"
