"""Statements of Python source: which lines they take, and which names get what some expression gives."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shapeflow.source.steps import HIDING, OPERATORS, ops_of
from shapeflow.source.uses import Named, named_by_use


@dataclass(frozen=True, slots=True)
class Given:
    """A name that a statement gives the result of an expression."""

    target: str
    """As written: ``x``, ``self.cache``, ``out["mask"]``; ``return`` for what a function returns."""
    ops: tuple[str, ...]
    """What the outermost step of the expression is in a trace, if it is one of these and nothing else is."""
    any_call: bool = False
    """The step is a call through a local name or an item, ``layer(x)``: any module may be behind it."""
    item: int | None = None
    """Which of several results it is."""
    items: int = 0
    """How many results there have to be."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A simple statement, or the head of a compound one."""

    first: int
    last: int
    end: int
    """The last line of all that belongs to it; ``last`` is that of the head."""
    given: tuple[Given, ...] = ()
    calls: tuple[str, ...] = ()
    """Attributes of ``self`` that it calls for sure when it runs: ``conv1`` for ``self.conv1(x)``."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method, with the statements that run one after the other in each of its lists."""

    name: str
    owner: str
    """The class around it; empty for none."""
    first: int
    body: int
    """Number of the first line of its body."""
    last: int
    parameters: Mapping[str, int]
    """Name -> number of the line on which it stands, without ``self``."""
    suites: tuple[tuple[Statement, ...], ...]
    """Each list of statements: the body, and those of its branches and loops."""
    named: tuple[Named, ...]
    """Its parameters and variables with what reads them."""


def functions_of(text: str, lines: Iterable[int]) -> list[Function]:
    """Return the functions of a file in which some lines lie, those of classes and inner ones too.

    Args:
        text: the file.
        lines: the numbers of lines.

    Raises:
        SyntaxError: the text is not Python of the running version.
    """
    return list(_functions(ast.parse(text), "", sorted(lines)))


def _functions(node: ast.AST, owner: str, lines: Sequence[int]) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            continue
        if isinstance(child, ast.ClassDef):
            yield from _functions(child, child.name, lines)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            last = child.end_lineno or child.lineno
            if bisect_left(lines, child.lineno) < bisect_right(lines, last):
                yield _function(child, owner, last)
                yield from _functions(child, "", lines)
        else:
            yield from _functions(child, owner, lines)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, owner: str, last: int) -> Function:
    """Return a function; it ends with the line ``last``."""
    local = _local_names(node)
    written = list(_suites(node.body))
    suites = tuple(tuple(_statement(statement, local) for statement in suite) for suite in written)
    named = tuple(each for each in named_by_use(node, written, local) if each.uses)
    given = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    parameters = {argument.arg: argument.lineno for argument in given if argument.arg != "self"}
    return Function(node.name, owner, node.lineno, node.body[0].lineno, last, parameters, suites, named)


def _suites(body: Sequence[ast.stmt]) -> Iterator[Sequence[ast.stmt]]:
    """Yield a list of statements and the lists inside of it, without those of inner functions and classes."""
    yield body
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for name in ("body", "orelse", "finalbody"):
            if inner := getattr(statement, name, None):
                yield from _suites(inner)
        for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            yield from _suites(part.body)


def _statement(node: ast.stmt, local: frozenset[str]) -> Statement:
    """Return a statement; of a compound one its head."""
    end = node.end_lineno or node.lineno
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return Statement(node.lineno, node.lineno, end)
    inner = getattr(node, "body", None)
    if inner or hasattr(node, "cases"):
        head = max(inner[0].lineno - 1, node.lineno) if inner else node.lineno
        return Statement(node.lineno, head, end)
    return Statement(node.lineno, end, end, tuple(_given(node, local)), tuple(_sure_calls(node)))


def _given(node: ast.stmt, local: frozenset[str]) -> Iterator[Given]:
    """Yield the names that a statement gives results of which it can be told what made them."""
    value = getattr(node, "value", None)
    if value is None or any(isinstance(part, HIDING) for part in ast.walk(value)):
        return
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _assigned(target, value, local)
    elif isinstance(node, ast.AnnAssign):
        yield from _assigned(node.target, value, local)
    elif isinstance(node, ast.Return):
        yield from _steps("return", value, value, local)
    elif isinstance(node, ast.AugAssign):
        ops = OPERATORS.get(type(node.op), ())
        if ops and not any(set(ops_of(part)) & set(ops) for part in ast.walk(value)):
            yield Given(ast.unparse(node.target), ops)


def _assigned(target: ast.expr, value: ast.expr, local: frozenset[str]) -> Iterator[Given]:
    """Yield what a target gets, or each name of a tuple of names."""
    if not isinstance(target, ast.Tuple | ast.List):
        yield from _steps(ast.unparse(target), value, value, local)
        return
    if any(isinstance(part, ast.Starred) for part in target.elts):
        return
    if not isinstance(value, ast.Tuple | ast.List):
        for number, part in enumerate(target.elts):
            for step in _steps(ast.unparse(part), value, value, local):
                if step.item is None:
                    yield Given(step.target, step.ops, step.any_call, number, len(target.elts))
    elif len(value.elts) == len(target.elts):
        for part, expression in zip(target.elts, value.elts, strict=True):
            yield from _steps(ast.unparse(part), expression, value, local)


def _steps(target: str, expression: ast.expr, whole: ast.expr, local: frozenset[str]) -> Iterator[Given]:
    """Yield what gives a name its value: the outermost step of an expression, of a choice those of both ends.

    A step of which the whole statement has two alike is left out: they cannot be told apart in a trace.
    """
    if isinstance(expression, ast.IfExp):
        yield from _steps(target, expression.body, whole, local)
        yield from _steps(target, expression.orelse, whole, local)
        return
    ops = ops_of(expression)
    others = Counter(op for part in ast.walk(whole) if part is not expression for op in ops_of(part))
    if ops and not any(others[op] for op in ops):
        yield Given(target, ops)
    if (
        isinstance(expression, ast.Subscript)
        and isinstance(expression.value, ast.Call)
        and isinstance(expression.slice, ast.Constant)
        and type(expression.slice.value) is int
    ):  # of several results this is no op
        for step in _steps(target, expression.value, whole, local):
            yield Given(step.target, step.ops, step.any_call, expression.slice.value)
    elif isinstance(expression, ast.Call) and _is_open(expression.func, local):
        unknown = [part for part in ast.walk(whole) if isinstance(part, ast.Call) and not ops_of(part)]
        if unknown == [expression]:
            yield Given(target, (), any_call=True)


def _is_open(function: ast.expr, local: frozenset[str]) -> bool:
    """Return whether a call goes through a name that the function itself gives a value: a loop's, say."""
    return isinstance(function, ast.Name) and function.id in local


def _local_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """Return the names that a function gives values, its parameters too."""
    own = function.args
    names = {argument.arg for argument in (*own.posonlyargs, *own.args, *own.kwonlyargs)}
    names |= {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return frozenset(names)


def _sure_calls(node: ast.stmt) -> Iterator[str]:
    """Yield the attributes of ``self`` that a statement calls whenever it runs to its end."""
    hidden = {
        id(inner)
        for part in ast.walk(node)
        if isinstance(part, (*HIDING, ast.IfExp, ast.BoolOp, ast.Compare))
        for inner in ast.walk(part)
    }
    for part in ast.walk(node):
        if (
            isinstance(part, ast.Call)
            and id(part) not in hidden
            and isinstance(part.func, ast.Attribute)
            and isinstance(part.func.value, ast.Name)
            and part.func.value.id == "self"
        ):
            yield part.func.attr
