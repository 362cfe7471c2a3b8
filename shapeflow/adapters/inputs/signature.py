"""What a forward takes, and what it refuses to do without."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

KINDS = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


def parameters_of(forward: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a forward that can be given by name, without ``self``."""
    return {
        name: parameter
        for name, parameter in inspect.signature(forward).parameters.items()
        if name != "self" and parameter.kind not in KINDS
    }


def called(model: Any) -> Callable[..., Any]:
    """Return what is run of a model, or of a class of models: its forward; its encode if it has none."""
    owner = model if isinstance(model, type) else type(model)
    found: Callable[..., Any] = model.encode if encodes(owner) else model.forward
    return found


def encodes(model: type[Any]) -> bool:
    """Return whether a class of models has no forward, but turns pictures or sounds into codes."""
    from torch.nn import Module

    return model.forward is Module.forward and callable(getattr(model, "encode", None))


def needed(forward: Callable[..., Any]) -> list[str]:
    """Return the parameters that a forward cannot do without.

    Those without a default, and those that it looks for itself: ``if x is None: raise ValueError(...)``.
    """
    parameters = parameters_of(forward)
    found = [name for name, parameter in parameters.items() if parameter.default is parameter.empty]
    return found + [name for name in _asked_for(forward) if name in parameters and name not in found]


def raises_without(forward: Callable[..., Any]) -> list[str]:
    """Return the parameters without which a forward raises, since it puts nothing in their place before."""
    tree = _tree(forward)
    found = []
    for name in _asked_for(forward):
        for line in tree.body if tree is not None else ():
            if isinstance(line, ast.If) and name in _absent(line.test, ast.Is):
                found.append(name)
                break
            if name in _assigned(line):
                break
    return found


def unwanted(forward: Callable[..., Any]) -> list[str]:
    """Return the parameters that a forward refuses: ``if x is not None: raise ValueError(...)``."""
    return [name for name in _asked_for(forward, ast.IsNot) if name in parameters_of(forward)]


def _asked_for(forward: Callable[..., Any], sign: type[ast.cmpop] = ast.Is) -> list[str]:
    """Return the names for which a function raises where they are None, or are not."""
    tree = _tree(forward)
    found = []
    # What is asked for in a branch depends on something else, such as labels in training.
    for node in tree.body if tree is not None else ():
        if isinstance(node, ast.If) and any(isinstance(line, ast.Raise) for line in node.body):
            found += _absent(node.test, sign)
    return found


def _tree(forward: Callable[..., Any]) -> ast.FunctionDef | None:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(forward))))
    except (OSError, TypeError, SyntaxError):  # it has no source to look at
        return None
    function = tree.body[0]
    return function if isinstance(function, ast.FunctionDef) else None


def _assigned(line: ast.stmt) -> set[str]:
    """Return the names that are given another value by a statement."""
    return {
        part.id for part in ast.walk(line) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }


def _absent(test: ast.expr, sign: type[ast.cmpop]) -> list[str]:
    """Return the names of which a test says that one of them, or all, is None."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return [name for value in test.values for name in _absent(value, sign)]
    if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and isinstance(test.ops[0], sign):
        right = test.comparators[0]
        if isinstance(right, ast.Constant) and right.value is None:
            return [test.left.id]
    return []
