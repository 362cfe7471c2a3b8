"""Where an argument of a forward goes: the first layer that it meets, and whether it may be left out.

Read from the source of the forward and of the parts that it hands the argument on to; nothing is run.
"""

from __future__ import annotations

import ast
import inspect
import operator
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from torch import nn

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.LayerNorm, nn.Embedding)
DEPTH = 5
SAME_WIDTH = frozenset({"to", "float", "type_as", "contiguous", "clone", "detach", "unsqueeze"})
"""Methods of tensors that leave the last dim as it is."""
COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
}


@dataclass(slots=True)
class Use:
    """What is done with an argument."""

    layer: nn.Module | None = None
    """The first layer that it goes into as it is."""
    needed: bool = False
    """Whether something is done with it that cannot be done with None, whatever the other arguments are."""

    @property
    def width(self) -> int:
        """Return the size of the last dim that the layer asks for, 0 if it asks for none."""
        if isinstance(self.layer, nn.Linear):
            return self.layer.in_features
        if isinstance(self.layer, nn.LayerNorm):
            return int(self.layer.normalized_shape[-1])
        return 0


def use_of(model: nn.Module, name: str) -> Use:
    """Return what the forward of a model does with an argument."""
    return _used_in(model, name, DEPTH)


def only_raises(function: Callable[..., Any]) -> str:
    """Return what a function says if all that it does is to raise an error, else an empty text."""
    tree = _tree(inspect.unwrap(function))
    body = [line for line in tree.body if not _is_text(line)] if tree else []
    if len(body) != 1 or not isinstance(body[0], ast.Raise) or not isinstance(body[0].exc, ast.Call):
        return ""
    said = [part.value for part in ast.walk(body[0].exc) if isinstance(part, ast.Constant)]
    return " ".join(part for part in said if isinstance(part, str))


def taken_with(function: Callable[..., Any], parts: str) -> set[str]:
    """Return the arguments that a function goes through beside some parts: ``zip(images, self.nets)``."""
    tree = _tree(inspect.unwrap(function))
    zips = [
        node
        for node in ast.walk(tree or ast.Module([], []))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "zip"
    ]
    beside = [node for node in zips if any(ast.unparse(part) == parts for part in node.args)]
    return {part.id for node in beside for part in node.args if isinstance(part, ast.Name)}


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


@cache
def _tree(function: Callable[..., Any]) -> ast.FunctionDef | None:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):  # it has no source to look at
        return None
    return tree.body[0] if tree.body and isinstance(tree.body[0], ast.FunctionDef) else None


def _used_in(module: nn.Module, name: str, depth: int) -> Use:
    """Return what a module does with an argument; without a name with its first."""
    if isinstance(module, LAYERS):
        return Use(module, needed=True)
    if isinstance(module, nn.Sequential):
        return _used_in(module[0], "", depth - 1) if len(module) and depth else Use()
    tree = _tree(inspect.unwrap(type(module).forward))
    if tree is None or not depth:
        return Use()
    names = [argument.arg for argument in tree.args.args if argument.arg != "self"]
    reader = _Reader(module, {name or (names[0] if names else "")}, depth)
    reader.block(tree.body)
    return reader.use


@dataclass(slots=True)
class _Reader:
    """Follows an argument through the lines of a forward, under the names that it has there."""

    module: nn.Module
    names: set[str]
    depth: int
    use: Use = field(default_factory=Use)
    perhaps: bool = False
    """Whether the lines that are read may not be run, or not with None."""
    parts: dict[str, nn.Module] = field(default_factory=dict)
    """Names of variables of loops over parts of the module -> the first of those parts."""

    def block(self, lines: Iterable[ast.stmt]) -> None:
        """Read lines until the layer is found."""
        for line in lines:
            if self.use.layer is not None or not self.names:
                return
            if isinstance(line, ast.If):
                self._branches(line)
            elif isinstance(line, ast.For | ast.With):
                self._loop(line)
                self.block(line.body)
            else:
                self._expression(line)
                if isinstance(line, ast.Assign):
                    self._assigned(line)

    def _branches(self, line: ast.If) -> None:
        decided = self._decided(line.test)
        if decided is not None:
            self.block(line.body if decided else line.orelse)
            return
        self._expression(line.test)
        before, names = self.perhaps, set(self.names)
        self.perhaps = True
        for lines in (line.body, line.orelse):
            self.names = set(names)
            self.block(lines)
        self.names = names
        # After `if x is None: x = ...` it is there.
        self.perhaps = before or self._asks(line.test)

    def _decided(self, test: ast.expr) -> bool | None:
        """Return what a test of the settings of the module comes to, None if it is of something else."""
        names = {part.id for part in ast.walk(test) if isinstance(part, ast.Name)}
        if names != {"self"}:
            return None
        try:
            return bool(self._settled(test))
        except (AttributeError, KeyError, TypeError):
            return None

    def _settled(self, node: ast.expr) -> Any:
        """Return the value of an expression of settings: attributes, constants and comparisons of them."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            return self.module
        if isinstance(node, ast.Attribute):
            return getattr(self._settled(node.value), node.attr)
        if isinstance(node, ast.Compare):
            compared = COMPARED[type(node.ops[0])]
            return compared(self._settled(node.left), self._settled(node.comparators[0]))
        raise TypeError(ast.dump(node))

    def _asks(self, test: ast.expr) -> bool:
        """Return whether a test asks if the argument is None."""
        return any(
            isinstance(part, ast.Compare) and isinstance(part.ops[0], ast.Is) and self._is_it(part.left)
            for part in ast.walk(test)
        )

    def _loop(self, line: ast.For | ast.With) -> None:
        """Keep the part that a loop over parts begins with, ``for block in self.blocks``."""
        if isinstance(line, ast.With):
            return
        over = line.iter
        if isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and over.args:
            over = over.args[0]
        parts = self._part(over)
        targets = [part.id for part in ast.walk(line.target) if isinstance(part, ast.Name)]
        if isinstance(parts, nn.ModuleList) and len(parts) and targets:
            self.parts[targets[-1]] = parts[0]

    def _assigned(self, line: ast.Assign) -> None:
        """Keep the names under which the argument is known after an assignment."""
        same = self._is_it(line.value)
        for target in line.targets:
            for part in ast.walk(target):
                if isinstance(part, ast.Name):
                    (self.names.add if same else self.names.discard)(part.id)

    def _is_it(self, node: ast.expr) -> bool:
        """Return whether an expression is the argument itself, or as wide."""
        if isinstance(node, ast.Name):
            return node.id in self.names
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return node.func.attr in SAME_WIDTH and self._is_it(node.func.value)
        return False

    def _expression(self, node: ast.AST) -> None:
        """Look through an expression, inner ones first."""
        if isinstance(node, ast.IfExp | ast.Lambda | ast.BoolOp):
            return
        for part in ast.iter_child_nodes(node):
            if self.use.layer is None:
                self._expression(part)
        if isinstance(node, ast.Attribute) and self._is_it(node.value):
            self.use.needed |= not self.perhaps
        elif isinstance(node, ast.Call) and self.use.layer is None:
            self._call(node)

    def _call(self, node: ast.Call) -> None:
        part = self._part(node.func)
        given = [*enumerate(node.args), *((word.arg, word.value) for word in node.keywords)]
        place = next((place for place, value in given if self._is_it(value)), None)
        if part is None or place is None:
            return
        name = place if isinstance(place, str) else _parameter(type(part).forward, place)
        inner = _used_in(part, "" if isinstance(part, LAYERS) else name, self.depth - 1)
        self.use.needed |= inner.needed and not self.perhaps
        self.use.layer = inner.layer

    def _part(self, node: ast.expr) -> nn.Module | None:
        """Return the part of the module that an expression names."""
        if isinstance(node, ast.Name):
            return self.module if node.id == "self" else self.parts.get(node.id)
        if isinstance(node, ast.Attribute):
            whole = self._part(node.value)
            found = getattr(whole, node.attr, None) if whole is not None else None
            return found if isinstance(found, nn.Module) else None
        return None


def _parameter(forward: Callable[..., Any], place: int) -> str:
    names = [name for name in inspect.signature(forward).parameters if name != "self"]
    return names[place] if place < len(names) else ""
