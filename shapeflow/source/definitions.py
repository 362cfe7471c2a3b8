"""What a file defines: which of its classes have a method, and what it imports under another name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_HANDING_ON = frozenset(
    [
        *("no_grad", "enable_grad", "inference_mode", "set_grad_enabled", "autocast", "custom_fwd"),
        *("script_method", "ignore", "unused", "export", "override", "disable", "register_notrace_function"),
        *("can_return_tuple", "auto_docstring", "check_model_inputs", "deprecate_kwarg"),
        *("add_start_docstrings", "add_start_docstrings_to_model_forward", "replace_return_docstrings"),
        *("add_code_sample_docstrings", "property", "classmethod", "staticmethod", "abstractmethod"),
    ]
)
"""Decorators that hand arguments on as they are."""
Method = ast.FunctionDef | ast.AsyncFunctionDef


class Definitions:
    """What a file defines.

    Args:
        tree: the file.
    """

    def __init__(self, tree: ast.Module) -> None:
        self._classes: dict[str, tuple[tuple[str, ...], frozenset[str]] | None] = {}
        """Name -> names of its bases and its methods; None: several have this name."""
        renamed: set[str] = set()
        for node in _statements(tree):
            if isinstance(node, ast.ClassDef):
                bases = tuple(_name(base) for base in node.bases)
                methods = frozenset(part.name for part in _statements(node) if isinstance(part, Method))
                self._classes[node.name] = None if node.name in self._classes else (bases, methods)
            elif isinstance(node, ast.ImportFrom):
                renamed.update(one.asname for one in node.names if one.asname)
        self.renamed = frozenset(renamed)
        """The names of what it imports under another name."""

    def classes(self, method: Method, owner: str) -> frozenset[str]:
        """Return the classes of which a method, given what its callers give, is the one of its name.

        A subclass of another file is not among them: that may call it with something else.

        Args:
            method: the method.
            owner: the class that it is written in; empty for none.
        """
        if not owner or not all(_name(one) in _HANDING_ON for one in method.decorator_list):
            return frozenset()
        return frozenset(name for name in self._classes if self._from(name, method.name, ()) == owner)

    def _from(self, name: str, method: str, below: tuple[str, ...]) -> str:
        """Return the class that a class has a method from; empty if that is open."""
        known = self._classes.get(name)
        if known is None or name in below:
            return ""
        bases, methods = known
        if method in methods:
            return name
        return self._from(bases[0], method, (*below, name)) if len(bases) == 1 else ""


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements inside of a node, those of inner functions and classes too."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):
            yield child
            if hasattr(child, "body") or hasattr(child, "cases"):
                yield from _statements(child)


def _name(node: ast.expr) -> str:
    """Return the last name of a decorator or a base class."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
