"""What a name was, told by what reads it: parameters and results of functions that no trace has calls of."""

from __future__ import annotations

import ast
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shapeflow.source.steps import HIDING, SWAPPING, is_number, ops_of
from shapeflow.source.unclear import Unclear, unclear_in

RESHAPING = frozenset(
    [
        *("resize_", "resize_as_", "squeeze_", "unsqueeze_", "transpose_"),
        *("t_", "swapaxes_", "swapdims_", "set_", "as_strided_"),
    ]
)
"""Methods after which a tensor has another shape."""
_LEAVING = (ast.Return, ast.Break, ast.Continue, ast.Yield, ast.YieldFrom)
"""Behind these a statement of the same list may not run, though the ones before it did."""


@dataclass(frozen=True, slots=True)
class Use:
    """A step of a statement that reads a name: an argument of a call, an operand of an op."""

    first: int
    last: int
    """The lines of the statement."""
    ops: tuple[str, ...]
    """What the step is in a trace, if it is one of these and nothing else of the statement is."""
    port: str
    """The input that the name is."""
    is_call: bool
    """Whether the step is the call of a module or helper method."""
    both: bool = False
    """Whether it tells something only where both operands are tensors: ``2 * x`` is ``x * 2`` in a trace."""
    unclear: Unclear | None = None
    """What else its statement does; None if the step is the call of a module."""
    by_call: bool = False
    """Whether it is written as a call."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name that gets a value, by a statement or at the head of a function, and what reads that value."""

    name: str
    first: int
    last: int
    """The lines of the statement, or that of the parameter."""
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class _Effects:
    """What a statement reads and changes of the names of its function."""

    reads: tuple[tuple[str, Use], ...]
    """Empty for a compound statement: what it holds may not run."""
    changed: frozenset[str]
    handed_on: frozenset[str]
    """What a statement that only calls something hands to it: that may be changed there."""
    leaves: bool
    """Whether what stands behind it may not run."""


def named_by_use(
    node: ast.FunctionDef | ast.AsyncFunctionDef,
    suites: Sequence[Sequence[ast.stmt]],
    local: frozenset[str],
    renamed: frozenset[str],
) -> Iterator[Named]:
    """Yield the parameters and variables of a function that are read before they change.

    Args:
        node: the function.
        suites: its lists of statements.
        local: the names that it gives values.
        renamed: the names of what its file imports under another name.
    """
    elsewhere = {
        name for part in ast.walk(node) if isinstance(part, ast.Nonlocal | ast.Global) for name in part.names
    }
    local -= elsewhere  # an inner function, or any other, may change these whenever it is called
    effects = {statement: _effects(statement, local, renamed) for suite in suites for statement in suite}
    for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
        uses = tuple(_uses(argument.arg, node.body, effects))
        yield Named(argument.arg, argument.lineno, argument.lineno, uses)
    for suite in suites:
        for place, statement in enumerate(suite):
            for name in _targets(statement):
                uses = tuple(_uses(name, suite[place + 1 :], effects))
                yield Named(name, statement.lineno, statement.end_lineno or statement.lineno, uses)
            if isinstance(statement, ast.For):
                for name in _stored(statement.target):
                    uses = tuple(_uses(name, statement.body, effects))
                    last = max(statement.body[0].lineno - 1, statement.lineno)
                    yield Named(name, statement.lineno, last, uses)


def _targets(statement: ast.stmt) -> Iterator[str]:
    """Yield the variables that a statement gives values."""
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets = [statement.target]
    for target in targets:
        parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
        yield from (part.id for part in parts if isinstance(part, ast.Name))


def _stored(target: ast.expr) -> Iterator[str]:
    """Yield the variables of the target of a loop."""
    names = (part for part in ast.walk(target) if isinstance(part, ast.Name))
    return (name.id for name in names if isinstance(name.ctx, ast.Store))


def _uses(name: str, statements: Sequence[ast.stmt], effects: Mapping[ast.stmt, _Effects]) -> Iterator[Use]:
    """Yield what reads a name in statements that run whenever the first one does, up to where it changes."""
    waiting = deque(statements)
    while waiting:
        statement = waiting.popleft()
        if isinstance(statement, ast.With) and not any(
            name in _changed(part) for item in statement.items for part in ast.walk(item)
        ):
            waiting.extendleft(reversed(statement.body))
            continue
        there = effects[statement]
        yield from (use for read, use in there.reads if read == name)
        if there.leaves or name in there.changed or name in there.handed_on:
            return


def _effects(statement: ast.stmt, local: frozenset[str], renamed: frozenset[str]) -> _Effects:
    parts = list(ast.walk(statement))
    return _Effects(
        () if _is_compound(statement) else tuple(_reads(statement, parts, local, renamed)),
        frozenset(name for part in parts for name in _changed(part)),
        frozenset(_handed_on(parts)) if isinstance(statement, ast.Expr) else frozenset(),
        any(isinstance(part, _LEAVING) for part in parts),
    )


def _is_compound(statement: ast.stmt) -> bool:
    """Return whether other statements are inside of it."""
    return hasattr(statement, "body") or hasattr(statement, "cases")


def _handed_on(parts: Sequence[ast.AST]) -> Iterator[str]:
    """Yield the names that are in the arguments of calls."""
    calls = [part for part in parts if isinstance(part, ast.Call)]
    arguments = (arg for call in calls for arg in (*call.args, *(word.value for word in call.keywords)))
    yield from (part.id for part in arguments if isinstance(part, ast.Name))


def _changed(part: ast.AST) -> tuple[str, ...]:
    """Return the name that after this part of a statement may be another tensor, or one of another shape."""
    if isinstance(part, ast.Name):
        return () if isinstance(part.ctx, ast.Load) else (part.id,)
    if isinstance(part, ast.keyword):
        return (part.value.id,) if part.arg == "out" and isinstance(part.value, ast.Name) else ()
    if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
        changes = part.attr in RESHAPING or not isinstance(part.ctx, ast.Load)
        return (part.value.id,) if changes else ()
    if isinstance(part, ast.alias):
        return ((part.asname or part.name).partition(".")[0],)
    # patterns, handlers of errors and inner functions have the names that they give as text
    name = getattr(part, "rest" if isinstance(part, ast.MatchMapping) else "name", None)
    return (name,) if name else ()


def _reads(
    statement: ast.stmt, parts: Sequence[ast.AST], local: frozenset[str], renamed: frozenset[str]
) -> Iterator[tuple[str, Use]]:
    """Yield the names that steps of a statement read, of steps that can be told from all others in it."""
    hidden = {id(inner) for part in parts if isinstance(part, HIDING) for inner in ast.walk(part)}
    counts = Counter(op for part in parts for op in ops_of(part))
    rebound = {part.target.id for part in parts if isinstance(part, ast.NamedExpr)}
    unclear = unclear_in(parts, local | renamed)
    last = statement.end_lineno or statement.lineno
    for part in parts:
        ops = ops_of(part)
        if not ops or id(part) in hidden or any(counts[op] > 1 for op in ops):
            continue
        for read, port, is_call, both in _inputs(part, local):
            if isinstance(read, ast.Name) and read.id in local and read.id not in rebound:
                doubt = None if is_call else unclear
                by_call = isinstance(part, ast.Call)
                yield read.id, Use(statement.lineno, last, ops, port, is_call, both, doubt, by_call)


def _inputs(part: ast.AST, local: frozenset[str]) -> Iterator[tuple[ast.expr, str, bool, bool]]:
    """Yield what a step reads, as ``Use`` has it: the expression, the port, ``is_call`` and ``both``."""
    if isinstance(part, ast.Call):
        yield from ((*argument, False) for argument in _arguments(part, local))
    elif isinstance(part, ast.BinOp):
        yield from _operands(part.left, part.right, swapping=isinstance(part.op, SWAPPING))
    elif isinstance(part, ast.Compare):
        yield from _operands(part.left, part.comparators[0], swapping=True)
    elif isinstance(part, ast.Subscript):
        yield part.value, "in[0]", False, False
    elif isinstance(part, ast.UnaryOp):
        yield part.operand, "in[0]", False, False


def _operands(
    left: ast.expr, right: ast.expr, *, swapping: bool
) -> Iterator[tuple[ast.expr, str, bool, bool]]:
    """Yield the operands of an operator; of a number and a tensor the tensor may come first in a trace."""
    yield left, "in[0]", False, swapping and not is_number(right)
    yield right, "in[0]" if swapping and is_number(left) else "in[1]", False, swapping and not is_number(left)


def _arguments(call: ast.Call, local: frozenset[str]) -> Iterator[tuple[ast.expr, str, bool]]:
    """Yield the arguments of a call, as they are if it is a module's, and if it is an op.

    An op is called on a tensor, ``x.view(...)``, or on a module of functions: then its name is not local.
    """
    args: list[ast.expr] = []
    for arg in call.args:
        if isinstance(arg, ast.Starred):
            break
        args.append(arg)
    for place, arg in enumerate(args):
        yield arg, f"in[{place}]", True
    keywords = [(word.value, f"in.{word.arg}") for word in call.keywords if word.arg]
    yield from ((value, port, True) for value, port in keywords)
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if owner is None:
        return
    on_tensor = isinstance(owner, ast.Name) and owner.id in local
    if on_tensor:
        yield owner, "in[0]", False
    root = owner
    while isinstance(root, ast.Attribute):
        root = root.value
    if on_tensor or (isinstance(root, ast.Name) and root.id not in local and root.id != "self"):
        for place, arg in enumerate(args, 1 if on_tensor else 0):
            yield arg, f"in[{place}]", False
        yield from ((value, port, False) for value, port in keywords)
