"""Conditions that code asks only to complain: a shapes-only run takes them as passed where numbers decide.

``assert (boxes[:, 2:] >= boxes[:, :2]).all()``; ``if not valid.all(): raise ValueError(...)``, as
``torch.distributions`` does of each argument. Such a condition has one answer with which the run goes on. It
is given if the numbers are not known, and the trace says on which lines; where they are, the check is made.

Only what can be seen in the source counts: the condition of an ``assert``, or of an ``if`` of which one side
can but raise an exception or warn, and that no ``try`` of the same function surrounds.
"""

from __future__ import annotations

import ast
import linecache
import sys
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FrameType

from torch import Tensor
from torch.distributions import constraints

from shapeflow.common.places import display_name
from shapeflow.common.text import counted, listing
from shapeflow.recording.source import is_hidden

_HANDING_ON = ("shapeflow.", Tensor.__contains__.__module__, "torch.overrides")
"""Modules that ask nothing for themselves."""
_LEAVING = (ast.Return, ast.Break, ast.Continue, ast.Yield, ast.YieldFrom, ast.Await)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_READING = (ast.BoolOp, ast.IfExp, ast.Lambda, ast.comprehension, ast.Await, ast.In, ast.NotIn)
"""What asks for a truth by itself, or in a function of its own."""
_READERS = ("any", "all", "bool", "filter", "max", "min", "sorted")
"""Functions of Python's that ask for the truth of what they are given."""


class Checks:
    """Knows what to answer, and where it was asked."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}
        self._conditions: dict[str, list[tuple[ast.expr, bool | None]]] = {}
        self._answers: dict[tuple[str, int, str], bool | None] = {}

    def answer(self, how: str) -> bool | None:
        """Return what is to be said to the code that asks for the truth of a symbolic tensor; None: nothing.

        Args:
            how: ``bool``; ``item``, where the code reads a number that is a bool; ``contains``, for ``in``.
        """
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_globals.get("__name__", "").startswith(_HANDING_ON):
            frame = frame.f_back
        if frame is None:
            return None
        code = frame.f_code
        found = _OF_TORCH.get(code)
        if found is None:
            found = self._seen(code.co_filename, frame.f_lineno, how)
        if found is not None:
            self._lines[_line(frame)] = None
        return found

    def _seen(self, filename: str, line: int, how: str) -> bool | None:
        """Return what the conditions on a line are to be told, if they are all told the same."""
        place = (filename, line, how)
        if place not in self._answers:
            if filename not in self._conditions:
                self._conditions[filename] = _conditions(filename)
            answers = {
                None if well is None else _leaf_answer(test, well, how)
                for test, well in self._conditions[filename]
                if test.lineno <= line <= (test.end_lineno or test.lineno)
            }
            self._answers[place] = answers.pop() if len(answers) == 1 else None
        return self._answers[place]

    @property
    def note(self) -> str:
        """What a trace says of the conditions that were taken as passed; empty if there were none."""
        if not self._lines:
            return ""
        where = f"at {counted(len(self._lines), 'line')}: {listing(list(self._lines))}"
        return f"Checks of numbers that a shapes-only run does not know were taken as passed, {where}."


def _of_torch() -> dict[CodeType, bool]:
    """Return the functions of torch's that ask only to complain, and end otherwise than by an exception."""
    kinds = (constraints.symmetric, constraints.positive_semidefinite, constraints.positive_definite)
    return {type(kind).check.__code__: True for kind in kinds}


_OF_TORCH = _of_torch()


def _line(frame: FrameType) -> str:
    """Return the line of the model's source that led to a frame."""
    inner = frame
    while is_hidden(frame.f_code.co_filename) and frame.f_back is not None:
        frame = frame.f_back
    shown = inner if is_hidden(frame.f_code.co_filename) else frame
    return f"{display_name(shown.f_code.co_filename)}:{shown.f_lineno}"


def _conditions(filename: str) -> list[tuple[ast.expr, bool | None]]:
    """Return each condition in a file, and what it is if all is well; None if it is no check."""
    return _conditions_in("".join(linecache.getlines(filename)))


@lru_cache(64)
def _conditions_in(source: str) -> list[tuple[ast.expr, bool | None]]:
    """Return those of a source, which takes 0.3 s for ``torch.nn.functional``."""
    try:
        tree = ast.parse(source)
        return [(test, None if tried else well) for test, well, tried in _tests(tree, False)]
    except (SyntaxError, ValueError, RecursionError):
        return []


def _tests(
    node: ast.AST, tried: bool, function: ast.AST | None = None
) -> Iterator[tuple[ast.expr, bool | None, bool]]:
    """Yield each condition below a node, what it is if all is well, and whether a ``try`` may catch more."""
    if isinstance(node, ast.Assert):
        yield node.test, True, tried
    elif isinstance(node, ast.If):
        complains, otherwise = _complains(node.body, function), _complains(node.orelse, function)
        yield node.test, None if complains == otherwise else not complains, tried
    elif isinstance(node, ast.While | ast.IfExp):
        yield node.test, None, tried
    if isinstance(node, _FUNCTIONS):
        tried, function = False, node
    caught = node.body if isinstance(node, ast.Try) and node.handlers else []
    for child in ast.iter_child_nodes(node):
        yield from _tests(child, tried or child in caught, function)


def _complains(block: list[ast.stmt], function: ast.AST | None) -> bool:
    """Return True if statements can end in nothing but an exception, or do nothing but warn."""
    if not block or any(isinstance(node, _LEAVING) for node in _nodes(block)):
        return False
    return isinstance(block[-1], ast.Raise) or _warns(block, _own_names(block, function))


def _own_names(block: list[ast.stmt], function: ast.AST | None) -> frozenset[str]:
    """Return the names that occur in a block, and nowhere else in its function."""
    if function is None:
        return frozenset()
    inside, all_in_all = (
        Counter(node.id for top in tops for node in ast.walk(top) if isinstance(node, ast.Name))
        for tops in (block, [function])
    )
    return frozenset(name for name, count in inside.items() if count == all_in_all[name])


def _warns(block: list[ast.stmt], own: frozenset[str]) -> bool:
    """Return True if statements do nothing but warn, and work out the text in names of their own."""
    return all(_is_part_of_warning(statement, own) for statement in block)


def _is_part_of_warning(statement: ast.stmt, own: frozenset[str]) -> bool:
    if isinstance(statement, ast.If):
        return _warns(statement.body, own) and _warns(statement.orelse, own)
    if isinstance(statement, ast.Assign | ast.AugAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return all(isinstance(target, ast.Name) and target.id in own for target in targets)
    called = statement.value if isinstance(statement, ast.Expr) else None
    function = called.func if isinstance(called, ast.Call) else None
    return isinstance(function, ast.Attribute) and function.attr in ("warn", "warning", "warning_once")


def _nodes(block: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield what is in a block, without what functions defined there hold."""
    for node in block:
        yield node
        if not isinstance(node, _FUNCTIONS):
            yield from _nodes(list(ast.iter_child_nodes(node)))  # type: ignore[arg-type]


def _leaf_answer(test: ast.expr, well: bool, how: str) -> bool | None:
    """Return what each tensor of a condition is to be told; None if that is not plain."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _leaf_answer(test.operand, not well, how)
    if isinstance(test, ast.BoolOp):
        answers = {_leaf_answer(value, well, how) for value in test.values}
        return answers.pop() if len(answers) == 1 else None
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "bool":
        return _leaf_answer(test.args[0], well, how) if len(test.args) == 1 else None
    if how == "contains":
        sought = test.ops[0] if isinstance(test, ast.Compare) and len(test.ops) == 1 else None
        return well is isinstance(sought, ast.In) if isinstance(sought, ast.In | ast.NotIn) else None
    ends = isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr == "item"
    plain = not any(_reads(node, node is test) for node in ast.walk(test))
    return well if plain and (how == "bool" or ends) else None


def _reads(node: ast.AST, is_whole: bool) -> bool:
    """Return True for a part of a condition that may ask for a truth which is not the condition's."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in _READERS
    if isinstance(node, ast.Compare):
        return len(node.ops) > 1 and not is_whole
    is_negation = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    return is_negation or isinstance(node, _READING)
