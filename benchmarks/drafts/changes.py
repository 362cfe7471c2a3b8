"""Change a model as a careless author would: structural, knowing nothing of the model but its run.

Each change gives a model that runs; ``Unchangeable`` where none of its kind does.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, FunctionType
from typing import Any

import torch
from torch import nn

from shapeflow.model.records import Op
from shapeflow.model.trace import Trace

Runs = Callable[[nn.Module], bool]
"""Whether a model runs."""


class Unchangeable(Exception):
    """No change of this kind gives a model that runs."""


def drop_layer(model: nn.Module, trace: Trace, runs: Runs) -> str:
    """Pass over one layer of a list: it is still there, and the loop leaves it out."""
    for path, layers in _lists(model, trace):
        middle = len(layers) // 2
        with_items = _walked(layers, lambda items, m=middle: [one for n, one in enumerate(items) if n != m])
        if runs(model):
            return f"`{path}.{middle}` is passed over"
        with_items()
    raise Unchangeable


def swap_layers(model: nn.Module, trace: Trace, runs: Runs) -> str:
    """Run two layers of a list in the wrong order."""
    for path, layers in _lists(model, trace):
        last = len(layers) - 1
        undo = _walked(layers, lambda items: [*items[:-2], *items[:-3:-1]])
        if runs(model):
            return f"`{path}.{last}` runs before `{path}.{last - 1}`"
        undo()
    raise Unchangeable


def change_width(model: nn.Module, trace: Trace, runs: Runs) -> str:
    """Make the inner width of one block larger: what comes out has the same shape."""
    for path, layers in _lists(model, trace):
        block = layers[len(layers) // 2]
        kinds = [one for one in block.modules() if isinstance(one, (nn.Linear, nn.Conv2d, _conv1d()))]
        edges = {size for one in (kinds[:1], kinds[-1:]) for kind in one for size in _widths(kind)[:1]}
        for width in sorted({size for one in kinds for size in _widths(one)} - edges, reverse=True):
            undo = _widened(block, width)
            if runs(model):
                return f"{width} in `{path}.{len(layers) // 2}` is {2 * width} now"
            undo()
    # Every width is that of the whole block: then of the steps between two others.
    for path, layers in _lists(model, trace):
        block = layers[len(layers) // 2]
        names = [name for name, one in block.named_modules() if isinstance(one, (nn.Linear, nn.Conv2d))]
        for first, second in zip(names, names[1:], strict=False):
            undo = _widened_between(block, first, second)
            if runs(model):
                return f"what `{path}.{len(layers) // 2}.{first}` gives is twice as wide"
            undo()
    raise Unchangeable


def drop_residual(model: nn.Module, trace: Trace, runs: Runs) -> str:
    """Leave out the older operand of a sum in the source of a class, the one in the most repeated blocks."""
    for op in _residuals(trace):
        if op.source is None or op.call is None:
            continue
        source = trace.sources[op.source]
        owner = _class_of(trace.calls[op.call].class_name, trace, op.call, model)
        undo = _edited(owner, source.text, _older(trace, op))
        if undo is None:
            continue
        if runs(model):
            return f"`{source.text.strip()}` of `{owner.__name__}` without what it was given"
        undo()
    raise Unchangeable


CHANGES = {
    "dropped layer": drop_layer,
    "changed width": change_width,
    "dropped residual": drop_residual,
    "swapped order": swap_layers,
}


def _lists(model: nn.Module, trace: Trace) -> Iterator[tuple[str, Any]]:
    """Yield the lists of layers of one class that run, the ones with the most weights first."""
    called = {call.path for call in trace.calls}
    found = []
    for path, one in model.named_modules():
        if isinstance(one, (nn.ModuleList, nn.Sequential)) and len(one) > 1:
            alike = len({type(item) for item in one}) == 1
            if alike and all(f"{path}.{number}" in called for number in range(len(one))):
                found.append((sum(p.numel() for p in one.parameters()), path, one))
    yield from ((path, one) for _, path, one in sorted(found, key=lambda entry: -entry[0]))


def _walked(layers: Any, order: Callable[[list[nn.Module]], list[nn.Module]]) -> Callable[[], None]:
    """Let who walks over a list see its layers in another order; returns what takes that back."""
    plain = type(layers)

    def walk(self: Any) -> Iterator[nn.Module]:
        return iter(order(list(self._modules.values())))

    def item(self: Any, index: Any) -> Any:
        return order(list(self._modules.values()))[index]

    layers.__class__ = type(
        plain.__name__, (plain,), {"__iter__": walk, "__getitem__": item, "__module__": plain.__module__}
    )

    def undo() -> None:
        layers.__class__ = plain

    return undo


def _conv1d() -> type:
    """Return the linear layer of GPT-2, which keeps its weight the other way round."""
    transformers = sys.modules.get("transformers.pytorch_utils")
    return getattr(transformers, "Conv1D", nn.Linear)


def _widths(one: Any) -> tuple[int, int]:
    """Return what a layer takes and gives."""
    if isinstance(one, nn.Linear):
        return one.in_features, one.out_features
    if isinstance(one, nn.Conv2d):
        return one.in_channels, one.out_channels
    return one.nx, one.nf


def _wider(one: nn.Module, width: int, sides: tuple[bool, bool] = (True, True)) -> nn.Module | None:
    """Return a layer like this one with twice the width at the sides that have it; None if none has."""

    def size(own: int, side: bool) -> int:
        return 2 * own if own == width and side else own

    if isinstance(one, (nn.Linear, nn.Conv2d)) or type(one) is _conv1d():
        takes, gives = _widths(one)
        wide = size(takes, sides[0]), size(gives, sides[1])
        if wide == (takes, gives):
            return None
        if isinstance(one, nn.Linear):
            return nn.Linear(*wide, bias=one.bias is not None)
        if isinstance(one, nn.Conv2d):
            groups = wide[0] if one.groups == takes > 1 else one.groups
            return nn.Conv2d(
                *wide, one.kernel_size, one.stride, one.padding, one.dilation, groups, one.bias is not None
            )
        return type(one)(wide[1], wide[0])
    if isinstance(one, nn.BatchNorm2d) and one.num_features == width:
        return nn.BatchNorm2d(2 * width)
    if isinstance(one, nn.GroupNorm) and one.num_channels == width:
        return nn.GroupNorm(one.num_groups, 2 * width)
    return None


def _widened(block: nn.Module, width: int) -> Callable[[], None]:
    """Replace all layers of a block that have a width."""
    changed = {}
    for name, one in list(block.named_modules()):
        wide = _wider(one, width)
        if wide is not None and name:
            changed[name] = one
            block.set_submodule(name, wide.eval())
    return lambda: [block.set_submodule(name, one) for name, one in changed.items()] and None


def _widened_between(block: nn.Module, first: str, second: str) -> Callable[[], None]:
    """Replace two layers, what the first gives and the second takes, and the norms between them."""
    names = [name for name, _ in block.named_modules()]
    between = names[names.index(first) : names.index(second) + 1]
    width = _widths(block.get_submodule(first))[1]
    changed = {}
    for name in between:
        one = block.get_submodule(name)
        wide = _wider(one, width, (name != first, name != second))
        if wide is not None:
            changed[name] = one
            block.set_submodule(name, wide.eval())
    return lambda: [block.set_submodule(name, one) for name, one in changed.items()] and None


def _residuals(trace: Trace) -> Iterator[Op]:
    """Yield the sums of two tensors of one shape, those whose line runs most often first."""
    found: dict[int, list[Op]] = {}
    for op in trace.ops:
        given = [port.value for port in op.inputs if port.value is not None]
        if op.target in ("add", "add_", "iadd") and op.source is not None and len(given) == 2 and op.parent is None:
            one, other = (trace.values[value] for value in given)
            if one.shape == other.shape and one.origin == other.origin == "op" and len(one.shape) > 2:
                found.setdefault(op.source, []).append(op)
    yield from (ops[0] for ops in sorted(found.values(), key=lambda ops: -len(ops)))


def _older(trace: Trace, op: Op) -> int:
    """Return which operand was made first: 0 or 1."""
    first, second = (trace.values[p.value].producer or 0 for p in op.inputs if p.value is not None)
    return 0 if first < second else 1


def _class_of(name: str, trace: Trace, call: int, model: nn.Module) -> type:
    return type(model.get_submodule(trace.calls[call].path))


def _edited(owner: type, line: str, operand: int) -> Callable[[], None] | None:
    """Compile a method of a class anew, with one sum in it replaced by the other operand."""
    for holder in owner.__mro__:
        for name, function in list(vars(holder).items()):
            if isinstance(function, FunctionType) and line.strip() in _source(function):
                plain = inspect.unwrap(function)
                tree = ast.parse(textwrap.dedent(inspect.getsource(plain)))
                if not _without(tree, line.strip(), operand):
                    continue
                setattr(holder, name, _compiled(tree, plain))
                return lambda holder=holder, name=name, function=function: setattr(holder, name, function)
    return None


def _source(function: FunctionType) -> str:
    try:
        return inspect.getsource(inspect.unwrap(function))
    except OSError:
        return ""


def _without(tree: ast.Module, line: str, operand: int) -> bool:
    """Replace the sum in the statement that a line belongs to; returns whether there is one."""
    wanted = "".join(line.split())
    for node in ast.walk(tree):
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add) and "".join(ast.unparse(node).split()) == wanted:
            kept: ast.expr = node.value if operand == 0 else ast.Name(node.target.id, ast.Load())
            _replace(tree, node, ast.Assign([node.target], kept))
            return True
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.BinOp) and isinstance(child.op, ast.Add) and isinstance(node, ast.stmt | ast.Call | ast.BinOp):
                statement = next(
                    (s for s in ast.walk(tree) if isinstance(s, ast.stmt) and not isinstance(s, ast.FunctionDef) and child in ast.walk(s)), None
                )
                if statement is not None and "".join(ast.unparse(statement).split()) == wanted:
                    _replace(tree, child, child.right if operand == 0 else child.left)
                    return True
    return False


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return ast.copy_location(new, old) if node is old else self.generic_visit(node)

    Replace().visit(tree)
    ast.fix_missing_locations(tree)


def _compiled(tree: ast.Module, plain: FunctionType) -> Any:
    """Return the function of a changed tree, with the surroundings of the one it replaces."""
    (function,) = tree.body
    assert isinstance(function, ast.FunctionDef)
    function.decorator_list = []
    free = plain.__code__.co_freevars
    outer = ast.parse(f"def _around({', '.join(free)}):\n    return None").body[0]
    assert isinstance(outer, ast.FunctionDef)
    outer.body = [function, ast.Return(ast.Name(function.name, ast.Load()))]
    module = ast.fix_missing_locations(ast.Module([outer], []))
    names: dict[str, Any] = plain.__globals__
    had = names.get("_around")
    exec(compile(module, plain.__code__.co_filename, "exec"), names)
    made = names.pop("_around")(*(cell.cell_contents for cell in plain.__closure__ or ()))
    if had is not None:
        names["_around"] = had
    made.__defaults__, made.__kwdefaults__ = plain.__defaults__, plain.__kwdefaults__
    return made
