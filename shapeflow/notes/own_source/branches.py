"""Branches of functions that the run did not take: they would have left something behind."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from shapeflow.notes.own_source.names import Function, OwnNames, is_in, suites
from shapeflow.notes.own_source.statements import OwnStatements

_QUIET = frozenset(
    [
        *("size", "dim", "ndimension", "numel", "item", "tolist", "stride", "data_ptr", "get_device", "type"),
        *("to", "cpu", "cuda", "contiguous", "float", "half", "double", "long", "int", "bool", "detach"),
        *("is_tensor", "is_floating_point", "is_complex", "is_contiguous", "broadcast_shapes", "save"),
        *("requires_grad_", "bfloat16"),
    ]
)
"""Methods of tensors, and functions, that make nothing, or nothing where the tensor is so already."""
_SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr)
"""Statements that run as a whole."""


class OwnBranches:
    """Tells which branches of the functions of one file did not run."""

    def __init__(self, names: OwnNames, statements: OwnStatements) -> None:
        self._names = names
        self._statements = statements

    def is_idle(self, line: int) -> bool:
        """Return whether a line is in a branch of a function that ran, though this branch certainly did not.

        Nothing was recorded in it, though it calls a method of a tensor.
        """
        line = self._statements.commented(line)
        node = self._names.around(line)
        if node is None or isinstance(node, ast.ClassDef) or not self._happened(node.body):
            return False
        if any(self._is_behind_return(suite, line) for suite in self._suites(node)):
            return True
        for outer in self._names.parts(node):
            if isinstance(outer, ast.If):
                own = next((suite for suite in suites(outer) if is_in(suite, line)), None)
                if own is not None and not self._happened(own) and self._makes(node, own):
                    return True
        return False

    def _suites(self, node: Function) -> Iterator[Sequence[ast.stmt]]:
        """Yield all lists of statements of a function."""
        yield node.body
        for part in self._names.parts(node):
            yield from suites(part)

    def _is_behind_return(self, suite: Sequence[ast.stmt], line: int) -> bool:
        """Return whether a line is of a list of statements that was left before."""
        ends = (one.end_lineno or 0 for one in suite[:-1] if isinstance(one, ast.Return | ast.Raise))
        return is_in(suite, line) and line > min(ends, default=line)

    def _happened(self, suite: Sequence[ast.stmt]) -> bool:
        """Return whether anything was recorded in a list of statements."""
        last = suite[-1].end_lineno or suite[-1].lineno
        return any(self._statements.events(number) for number in range(suite[0].lineno, last + 1))

    def _makes(self, node: Function, suite: Sequence[ast.stmt]) -> bool:
        """Return whether a first statement of a list calls a method of a tensor."""
        for statement in suite:
            if isinstance(statement, ast.If) and statement.orelse:
                if all(self._makes(node, inner) for inner in suites(statement)):
                    return True
            elif not isinstance(statement, _SIMPLE):
                return False
            elif any(self._is_made(node, part, statement.lineno) for part in ast.walk(statement)):
                return True
        return False

    def _is_made(self, node: Function, part: ast.AST, line: int) -> bool:
        """Return whether a part of a statement makes a tensor of another: a method, or arithmetic."""
        made_of: ast.AST | None = None
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            made_of = part.func.value if part.func.attr not in _QUIET else None
            if isinstance(made_of, ast.Name) and made_of.id in ("F", "torch") and part.args:
                made_of = part.args[0]
        elif isinstance(part, ast.BinOp):
            made_of = part.left
        elif isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Load):
            made_of = part.value
        return isinstance(made_of, ast.Name) and bool(self._names.before(node, made_of.id, line).values)
