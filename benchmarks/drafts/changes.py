"""Change a model as a careless author would: structural, knowing nothing of the model but its run.

Each change gives a model that runs; ``UnchangeableError`` where none of its kind does.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from types import FunctionType
from typing import Any

from torch import nn

from shapeflow.model.records import Op
from shapeflow.model.trace import Trace

Runs = Callable[[nn.Module], bool]
"""Whether a model runs."""


class UnchangeableError(Exception):
    """No change of this kind gives a model that runs."""


def drop_layer(model: nn.Module, trace: Trace, runs: Runs) -> str:
    """Pass over one layer of a list: it is still there, and the loop leaves it out."""
    for path, layers in _lists(model, trace):
        middle = len(layers) // 2
        undo = _walked(layers, partial(_all_but, middle))
        if runs(model):
            return f"`{path}.{middle}` is passed over"
        undo()
    raise UnchangeableError


def _all_but(left_out: int, items: list[nn.Module]) -> list[nn.Module]:
    return [one for number, one in enumerate(items) if number != left_out]


def swap_layers(model: nn.Module, trace: Trace, runs: Runs) -> str:
    """Run two layers of a list in the wrong order."""
    for path, layers in _lists(model, trace):
        last = len(layers) - 1
        undo = _walked(layers, lambda items: [*items[:-2], *items[:-3:-1]])
        if runs(model):
            return f"`{path}.{last}` runs before `{path}.{last - 1}`"
        undo()
    raise UnchangeableError


def change_width(model: nn.Module, trace: Trace, runs: Runs) -> str:
    """Make the inner width of one block larger: what comes out has the same shape."""
    for path, layers in _lists(model, trace):
        block = layers[len(layers) // 2]
        kinds = [one for one in block.modules() if isinstance(one, (nn.Linear, nn.Conv2d, _conv1d()))]
        edges = {_widths(kinds[0])[0], _widths(kinds[-1])[1]} if kinds else set()
        for width in sorted({size for one in kinds for size in _widths(one)} - edges, reverse=True):
            undo = _widened(block, width)
            if runs(model):
                return f"{width} in `{path}.{len(layers) // 2}` is {2 * width} now"
            undo()
    # Every width is that of the whole block: then of the steps between two others.
    for path, layers in _lists(model, trace):
        block = layers[len(layers) // 2]
        names = [name for name, one in block.named_modules() if isinstance(one, (nn.Linear, nn.Conv2d))]
        for first, second in pairwise(names):
            undo = _widened_between(block, first, second)
            if runs(model):
                return f"what `{path}.{len(layers) // 2}.{first}` gives is twice as wide"
            undo()
    raise UnchangeableError


def drop_residual(model: nn.Module, trace: Trace, runs: Runs) -> str:
    """Leave out the older operand of a sum in the source of a class, the one in the most repeated blocks."""
    for op in _residuals(trace):
        if op.source is None or op.call is None:
            continue
        source = trace.sources[op.source]
        owner = type(model.get_submodule(trace.calls[op.call].path))
        undo = _edited(owner, source.text, _older(trace, op))
        if undo is None:
            continue
        if runs(model):
            return f"`{source.text.strip()}` of `{owner.__name__}` without what it was given"
        undo()
    raise UnchangeableError


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
    if isinstance(one, (nn.Linear, nn.Conv2d, _conv1d())):
        return _wider_layer(one, width, sides)
    if isinstance(one, nn.BatchNorm2d) and one.num_features == width:
        return nn.BatchNorm2d(2 * width)
    if isinstance(one, nn.GroupNorm) and one.num_channels == width:
        return nn.GroupNorm(one.num_groups, 2 * width)
    return None


def _wider_layer(one: Any, width: int, sides: tuple[bool, bool]) -> nn.Module | None:
    takes, gives = _widths(one)
    wide = [
        2 * own if own == width and side else own for own, side in zip((takes, gives), sides, strict=True)
    ]
    if wide == [takes, gives]:
        return None
    if isinstance(one, nn.Linear):
        return nn.Linear(wide[0], wide[1], bias=one.bias is not None)
    if isinstance(one, nn.Conv2d):
        groups = wide[0] if one.groups == takes > 1 else one.groups
        plain: Any = nn.Conv2d
        shape = (one.kernel_size, one.stride, one.padding, one.dilation, groups, one.bias is not None)
        made: nn.Module = plain(*wide, *shape)
        return made
    other: nn.Module = type(one)(wide[1], wide[0])
    return other


def _widened(block: nn.Module, width: int) -> Callable[[], None]:
    """Replace all layers of a block that have a width."""
    changed: dict[str, nn.Module] = {}
    for name, one in list(block.named_modules()):
        wide = _wider(one, width)
        if wide is not None and name:
            changed[name] = one
            block.set_submodule(name, wide.eval())
    return partial(_put, block, changed)


def _put(block: nn.Module, layers: dict[str, nn.Module]) -> None:
    for name, one in layers.items():
        block.set_submodule(name, one)


def _widened_between(block: nn.Module, first: str, second: str) -> Callable[[], None]:
    """Replace two layers, what the first gives and the second takes, and the norms between them."""
    names = [name for name, _ in block.named_modules()]
    between = names[names.index(first) : names.index(second) + 1]
    width = _widths(block.get_submodule(first))[1]
    changed: dict[str, nn.Module] = {}
    for name in between:
        one = block.get_submodule(name)
        wide = _wider(one, width, (name != first, name != second))
        if wide is not None:
            changed[name] = one
            block.set_submodule(name, wide.eval())
    return partial(_put, block, changed)


def _residuals(trace: Trace) -> Iterator[Op]:
    """Yield the sums of two tensors of one shape, those whose line runs most often first."""
    found: dict[int, list[Op]] = {}
    for op in trace.ops:
        given = [port.value for port in op.inputs if port.value is not None]
        if (
            op.target in ("add", "add_", "iadd")
            and op.source is not None
            and len(given) == 2
            and op.parent is None
        ):
            one, other = (trace.values[value] for value in given)
            if one.shape == other.shape and one.origin == other.origin == "op" and len(one.shape) > 2:
                found.setdefault(op.source, []).append(op)
    yield from (ops[0] for ops in sorted(found.values(), key=lambda ops: -len(ops)))


def _older(trace: Trace, op: Op) -> int:
    """Return which operand was made first: 0 or 1."""
    first, second = (trace.values[p.value].producer or 0 for p in op.inputs if p.value is not None)
    return 0 if first < second else 1


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
                return partial(setattr, holder, name, function)
    return None


def _source(function: FunctionType) -> str:
    try:
        return inspect.getsource(inspect.unwrap(function))
    except OSError:
        return ""


def _without(tree: ast.Module, line: str, operand: int) -> bool:
    """Replace the first sum in the statement that a line is; returns whether there is one."""
    for statement in ast.walk(tree):
        if not isinstance(statement, ast.Assign | ast.AugAssign | ast.Return) or not _is(statement, line):
            continue
        if isinstance(statement, ast.AugAssign):
            target = ast.parse(ast.unparse(statement.target), mode="eval").body
            kept = statement.value if operand == 0 else target
            _replace(tree, statement, ast.Assign([statement.target], kept))
            return True
        for node in ast.walk(statement):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                _replace(tree, node, node.right if operand == 0 else node.left)
                return True
    return False


def _is(statement: ast.stmt, line: str) -> bool:
    return "".join(ast.unparse(statement).split()) == "".join(line.split())


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
