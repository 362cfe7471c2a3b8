"""What the author of a model says of it: docstrings, names of sizes in the source, and configuration keys.

Only what is loaded already is looked at: nothing is imported, and nothing of the model is called.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from shapeflow.model.trace import Trace

LONGEST_DOCSTRING = 4_000
"""Signs of a docstring that are looked at."""
LONGEST_SENTENCE = 240
LONGEST_SOURCE = 200_000
DEEPEST_CONFIGURATION = 3
WIDTHS = (
    (r"hidden_size|d_model|n_embd|embed_dim|hidden_dim|embedding_size", "D"),
    (r"intermediate_size|d_ff|ffn_dim|n_inner|mlp_dim|(en|de)coder_ffn_dim", "F"),
    (r"vocab_size", "V"),
    (r"projection_dim", "P"),
)
"""Keys of configurations that are sizes of tensors, and the symbols they get."""
SHORT_NAME = re.compile(r"[A-Za-z]{1,2}")


def sentences(trace: Trace) -> dict[str, str]:
    """Return the first sentence of the docstring of each class of the model that has one of its own."""
    found = {}
    for path in dict.fromkeys(module.class_path for module in trace.modules):
        text = "" if path.startswith("torch.") else _first_sentence(_class(path))
        if text:
            found[path] = text
    return found


def size_names(trace: Trace) -> dict[tuple[str, int], str]:
    """Return what the author calls dims of the model's inputs: ``B, N, C = x.shape`` in some ``forward``."""
    root = trace.calls[0]
    inputs: dict[int | None, str] = {port.value: port.name for port in root.inputs if port.value is not None}
    by_class: dict[str, dict[str, tuple[str, ...]]] = {}
    found: dict[tuple[str, int], str] = {}
    for call in trace.calls:
        given = [port for port in call.inputs if port.value in inputs]
        module = trace.module_by_path.get(call.path)
        if not given or module is None or module.class_path.startswith("torch."):
            continue
        key = f"{module.class_path}.{call.method}"
        if key not in by_class:
            by_class[key] = dict(_unpacked(_class(module.class_path), call.method))
        for port in given:
            names = by_class[key].get((port.alias or port.name).partition(".")[2], ())
            if len(names) == len(trace.values[port.value or 0].shape):
                for dim, name in enumerate(names):
                    if SHORT_NAME.fullmatch(name):
                        found.setdefault((inputs[port.value or 0], dim), name.upper())
    return found


def widths(model: object) -> dict[str, tuple[int, str]]:
    """Return symbol -> size and key, for the sizes of a model's configuration that no other key has."""
    numbers = list(_numbers(getattr(model, "config", None), "", 0))
    sizes = [size for _, size in numbers]
    found: dict[str, tuple[int, str]] = {}
    for key, size in numbers:
        letter = next((letter for keys, letter in WIDTHS if re.fullmatch(keys, key.rpartition(".")[2])), "")
        if letter and size > 1 and sizes.count(size) == 1:
            symbol = next(
                name for name in (letter, *(f"{letter}{n}" for n in range(2, 99))) if name not in found
            )
            found[symbol] = (size, key)
    return found


def _numbers(config: Any, prefix: str, depth: int) -> Iterator[tuple[str, int]]:
    """Yield the whole numbers of a configuration and of those inside it, special tokens left out."""
    entries = config if isinstance(config, Mapping) else getattr(config, "__dict__", {})
    for key, value in list(entries.items()):
        if not isinstance(key, str) or key.startswith("_") or re.search(r"_(id|index|ids)$", key):
            continue
        if type(value) is int:
            yield f"{prefix}{key}", value
        elif depth < DEEPEST_CONFIGURATION and key.endswith("config"):
            yield from _numbers(value, f"{prefix}{key}.", depth + 1)


def _class(path: str) -> type | None:
    """Return a class by the path that the trace gives, if its module is loaded."""
    steps = path.split(".")
    for count in range(len(steps) - 1, 0, -1):
        found: Any = sys.modules.get(".".join(steps[:count]))
        if found is not None:
            for step in steps[count:]:
                found = vars(found).get(step) if hasattr(found, "__dict__") else None
            return found if isinstance(found, type) else None
    return None


def _first_sentence(owner: type | None) -> str:
    text = None if owner is None else vars(owner).get("__doc__")
    if owner is None or not isinstance(text, str):
        return ""
    paragraph = re.split(r"\n\s*\n", text[:LONGEST_DOCSTRING].strip(), maxsplit=1)[0]
    words = " ".join(paragraph.split())
    if words.startswith(f"{owner.__name__}("):  # a dataclass describes itself
        return ""
    sentence = re.split(r"(?<=[.!?])\s", words, maxsplit=1)[0]
    if len(sentence) > LONGEST_SENTENCE:
        sentence = f"{sentence[:LONGEST_SENTENCE].rpartition(' ')[0] or sentence[:LONGEST_SENTENCE]} …"
    return sentence


def _unpacked(owner: type | None, method: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield parameter and names of its dims, for each line such as ``B, N, C = x.shape``."""
    function = getattr(owner, method, None)
    try:
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(function))) if function else ""
        tree = ast.parse(source[:LONGEST_SOURCE])
    except (OSError, TypeError, SyntaxError, ValueError, RecursionError):
        return
    changed: set[str] = set()
    for node in sorted(
        (one for one in ast.walk(tree) if isinstance(one, ast.Assign | ast.AugAssign)),
        key=lambda one: one.lineno,
    ):
        value = node.value.func if isinstance(node.value, ast.Call) and not node.value.args else node.value
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = targets[0].elts if len(targets) == 1 and isinstance(targets[0], ast.Tuple) else []
        shape = isinstance(value, ast.Attribute) and value.attr in ("shape", "size")
        if shape and isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
            plain = tuple(name.id for name in names if isinstance(name, ast.Name))
            if len(plain) == len(names) > 0 and value.value.id not in changed:
                yield value.value.id, plain
        changed.update(one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name))
