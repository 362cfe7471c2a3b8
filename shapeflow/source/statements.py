"""Statements of Python source: which lines they take, and which names get what some expression gives."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from shapeflow.source.definitions import Definitions
from shapeflow.source.steps import HIDING, ops_of
from shapeflow.source.unclear import Unclear, unclear_in
from shapeflow.source.uses import Named, named_by_use


@dataclass(frozen=True, slots=True)
class Given:
    """A name that a statement gives the result of an expression."""

    target: str
    """As written: ``x``, ``self.cache``, ``out["mask"]``; ``return`` for what a function returns."""
    ops: tuple[str, ...]
    """What the outermost step of the expression is in a trace, if it is one of these and nothing else is; of
    a step that may be any call, what the others are."""
    any_call: bool = False
    """The step is a call through a local name, ``layer(x)``: any other module may be behind it."""
    item: int | None = None
    """Which of several results it is."""
    items: int = 0
    """How many results there have to be."""
    by_call: bool = False
    """Whether it is written as a call, not as an operator."""


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
    unclear: Unclear | None = None
    """What it does besides; None if it gives no names."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method, with the statements that run one after the other in each of its lists."""

    name: str
    owner: str
    """The class around it; empty for none."""
    classes: frozenset[str]
    """The classes of which it is surely the method of its name, given what its callers give; none if it may
    be called by a subclass or a decorator with something else."""
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
    tree = ast.parse(text)
    return list(_functions(tree, "", sorted(lines), Definitions(tree)))


def _functions(node: ast.AST, owner: str, lines: Sequence[int], defined: Definitions) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            continue
        if isinstance(child, ast.ClassDef):
            yield from _functions(child, child.name, lines, defined)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            last = child.end_lineno or child.lineno
            if bisect_left(lines, child.lineno) < bisect_right(lines, last):
                yield _function(child, owner, last, defined)
                yield from _functions(child, "", lines, defined)
        else:
            yield from _functions(child, owner, lines, defined)


def _function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, owner: str, last: int, defined: Definitions
) -> Function:
    """Return a function; it ends with the line ``last``."""
    local = _local_names(node)
    written = list(_suites(node.body))
    suites = tuple(
        tuple(_statement(statement, local, defined.renamed) for statement in suite) for suite in written
    )
    named = tuple(each for each in named_by_use(node, written, local, defined.renamed) if each.uses)
    given = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    parameters = {argument.arg: argument.lineno for argument in given if argument.arg != "self"}
    having = defined.classes(node, owner)
    return Function(
        node.name, owner, having, node.lineno, node.body[0].lineno, last, parameters, suites, named
    )


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


def _statement(node: ast.stmt, local: frozenset[str], renamed: frozenset[str]) -> Statement:
    """Return a statement; of a compound one its head."""
    end = node.end_lineno or node.lineno
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return Statement(node.lineno, node.lineno, end)
    inner = getattr(node, "body", None)
    if inner or hasattr(node, "cases"):
        head = max(inner[0].lineno - 1, node.lineno) if inner else node.lineno
        return Statement(node.lineno, head, end)
    parts = list(ast.walk(node))
    stored = Counter(
        part.id for part in parts if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)
    )
    given = tuple(each for each in _given(node, local) if stored[each.target] < 2)
    unclear = unclear_in(parts, local | renamed) if given else None
    return Statement(node.lineno, end, end, given, tuple(_sure_calls(node, parts)), unclear)


def _given(node: ast.stmt, local: frozenset[str]) -> Iterator[Given]:
    """Yield the names that a statement gives results of which it can be told what made them."""
    value = getattr(node, "value", None)
    if value is None:
        return
    steps = _Steps(value, local)
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _assigned(target, value, steps)
    elif isinstance(node, ast.AnnAssign):
        yield from _assigned(node.target, value, steps)
    elif isinstance(node, ast.Return):
        yield from steps.giving("return", value)
    elif isinstance(node, ast.AugAssign):
        ops = ops_of(node)
        if ops and not any(op in steps.counts for op in ops):
            yield Given(ast.unparse(node.target), ops)


def _assigned(target: ast.expr, value: ast.expr, steps: _Steps) -> Iterator[Given]:
    """Yield what a target gets, or each name of a tuple of names."""
    if not isinstance(target, ast.Tuple | ast.List):
        yield from steps.giving(ast.unparse(target), value)
        return
    if any(isinstance(part, ast.Starred) for part in target.elts):
        return
    if not isinstance(value, ast.Tuple | ast.List):
        for number, part in enumerate(target.elts):
            for step in steps.giving(ast.unparse(part), value):
                if step.item is None:
                    yield replace(step, item=number, items=len(target.elts))
    elif len(value.elts) == len(target.elts):
        for part, expression in zip(target.elts, value.elts, strict=True):
            yield from steps.giving(ast.unparse(part), expression)


class _Steps:
    """The steps of an expression, of which those are told that can be told from all others.

    Args:
        whole: the expression.
        local: the names that the function around it gives values.
    """

    def __init__(self, whole: ast.expr, local: frozenset[str]) -> None:
        self.local = local
        parts = list(ast.walk(whole))
        self.counts = Counter(op for part in parts for op in ops_of(part))
        self.unknown = [
            part for part in parts if isinstance(part, ast.Call) and (not ops_of(part) or self._is_open(part))
        ]
        self.hides = any(isinstance(part, HIDING) for part in parts)

    def giving(self, target: str, expression: ast.expr) -> Iterator[Given]:
        """Yield what gives a name its value: the outermost step, of a choice those of both ends."""
        if isinstance(expression, ast.IfExp):
            yield from self.giving(target, expression.body)
            yield from self.giving(target, expression.orelse)
            return
        ops = ops_of(expression)
        by_call = isinstance(expression, ast.Call)
        if isinstance(expression, ast.Call) and self._is_open(expression):
            if self.unknown == [expression] and not self.hides:
                yield Given(target, tuple(self.counts.keys() - set(ops)), any_call=True, by_call=True)
        elif ops and all(self.counts[op] == 1 for op in ops):
            yield Given(target, ops, by_call=by_call)
        if (
            isinstance(expression, ast.Subscript)
            and isinstance(expression.value, ast.Call)
            and isinstance(expression.slice, ast.Constant)
            and type(expression.slice.value) is int
        ):  # of several results this is no op
            for step in self.giving(target, expression.value):
                yield replace(step, item=expression.slice.value)

    def _is_open(self, call: ast.Call) -> bool:
        """Return whether a call goes through a name that the function itself gives a value: a loop's, say."""
        return isinstance(call.func, ast.Name) and call.func.id in self.local


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


def _sure_calls(node: ast.stmt, parts: Sequence[ast.AST]) -> Iterator[str]:
    """Yield the attributes of ``self`` that a statement calls whenever it runs to its end."""
    unsure: list[ast.AST] = [
        part for part in parts if isinstance(part, (*HIDING, ast.IfExp, ast.BoolOp, ast.Compare))
    ]
    if isinstance(node, ast.Assert) and node.msg is not None:
        unsure.append(node.msg)
    hidden = {id(inner) for part in unsure for inner in ast.walk(part)}
    for part in parts:
        if (
            isinstance(part, ast.Call)
            and id(part) not in hidden
            and isinstance(part.func, ast.Attribute)
            and isinstance(part.func.value, ast.Name)
            and part.func.value.id == "self"
        ):
            yield part.func.attr
