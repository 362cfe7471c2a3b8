"""What the names of a function stood for: by the statement that gave them last, a caller, or a plain copy."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from shapeflow.notes.own_source.axes import axes_taken
from shapeflow.source.lines import Line

Function = ast.FunctionDef | ast.AsyncFunctionDef
Node = Function | ast.ClassDef
_DEEP = 4
"""So many functions and copies are followed."""


@dataclass(frozen=True, slots=True)
class Held:
    """The values that a name had, in the order of the calls."""

    values: tuple[int, ...] = ()
    sure: bool = True
    """False if a part of them may not be known, or they may be those of another call."""
    line: int = 0
    """Where the name got them; 0: elsewhere."""


class OwnNames:
    """Looks up the names of the functions of one file."""

    def __init__(
        self,
        lines: Sequence[Line],
        tree: ast.Module | None,
        attributes: Callable[[str, str], tuple[int, ...]] = lambda owner, name: (),
    ) -> None:
        """Read the functions of a file.

        Args:
            lines: with what they made.
            tree: the code.
            attributes: gives the parameters that the modules of a class have as an attribute.
        """
        self.lines = lines
        self._attributes = attributes
        self.nodes: list[Node] = [
            node for node in (ast.walk(tree) if tree is not None else ()) if isinstance(node, Node)
        ]
        self.functions: list[Function] = [node for node in self.nodes if not isinstance(node, ast.ClassDef)]
        self._inner = {id(part) for node in self.functions for part in _inner_functions(node)}

    def around(self, line: int) -> Node | None:
        """Return the innermost function, or class, around a line."""
        found = [node for node in self.nodes if node.lineno <= line <= (node.end_lineno or 0)]
        return max(found, key=lambda node: node.lineno, default=None)

    def owner(self, node: Node | None) -> str:
        """Return the class whose method a function is; of a class itself its name; empty for none."""
        classes = (one for one in self.nodes if isinstance(one, ast.ClassDef) and node in (one, *one.body))
        return next((one.name for one in classes), "")

    def class_around(self, line: int) -> str:
        """Return the innermost class around a line, also around a function in a method; empty for none."""
        classes = (one for one in self.nodes if isinstance(one, ast.ClassDef))
        around = [one for one in classes if one.lineno <= line <= (one.end_lineno or 0)]
        return max(around, key=lambda one: one.lineno).name if around else ""

    def copied(self, line: int) -> Held:
        """Return what a statement hands on, or looks at.

        ``kept = out``, ``return out``, ``kept = helper(out)``; ``B, N = out.shape``, ``if out.dim() == 4:``.
        """
        node = self.around(line)
        if node is not None and not isinstance(node, ast.ClassDef) and (name := self._looked_at(node, line)):
            return self.before(node, name, line)
        for part in self.parts(node) if node is not None and not isinstance(node, ast.ClassDef) else ():
            if isinstance(part, ast.Assign | ast.Return) and part.lineno == line and node is not None:
                if isinstance(part.value, ast.Name) and not isinstance(node, ast.ClassDef):
                    return self.before(node, part.value.id, line)
                if isinstance(part.value, ast.Call):
                    return self.returned(ast.unparse(part.value.func))
        return Held()

    def _looked_at(self, node: Function, line: int) -> str:
        """Return the one name of which a statement on a line takes sizes, or on which it branches."""
        for part in self.parts(node):
            if isinstance(part, ast.stmt) and part.lineno == line:
                if isinstance(part, ast.If | ast.While):
                    names = {one.id for one in ast.walk(part.test) if isinstance(one, ast.Name)} - {
                        "self",
                        "len",
                    }
                else:
                    names = {taken.tensor for taken in axes_taken([part])}
                return names.pop() if len(names) == 1 else ""
        return ""

    def before(self, node: Function, name: str, line: int, deep: int = 0) -> Held:
        """Return what a name of a function stood for above a line."""
        if deep > _DEEP:
            return Held()
        surely = True
        given = [part for part in self._assigning(node, name) if part.lineno < line]
        for part in sorted(given, key=lambda one: -one.lineno):
            ran = self._ran_before(node, part, line)
            if ran == "never":
                continue
            if values := self.made(part.lineno, part.end_lineno or part.lineno, name):
                sure = surely and ran == "always" and not self._changes_again(node, name, line)
                return Held(values, sure=sure, line=part.lineno)
            value = part.value if isinstance(part, ast.Assign) else None
            if isinstance(value, ast.Name):
                return self.before(node, value.id, part.lineno, deep + 1)
            if (
                isinstance(value, ast.Call)
                and isinstance(part, ast.Assign)
                and isinstance(part.targets[0], ast.Name)
            ):
                held = self.returned(ast.unparse(value.func), deep + 1)
                if held.values or ran == "always":
                    return held
            elif ran == "always":
                return Held()
            surely = False
        parameters = {
            one.arg: one for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        }
        return self.parameter(node, parameters[name], deep) if name in parameters else Held()

    def parameter(self, node: Function, given: ast.arg, deep: int = 0) -> Held:
        """Return what a parameter was: by what reads it, or by what callers in the file hand over."""
        if values := self.made(given.lineno, given.lineno, given.arg):
            return Held(values, line=given.lineno)
        names = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
        place = names.index(given.arg) if given.arg in names else -1
        found: list[int] = []
        for caller in self.functions:
            for call in self._calls(caller, node.name):
                shift = 1 if names[:1] == ["self"] else 0
                argument = next((word.value for word in call.keywords if word.arg == given.arg), None)
                if argument is None and 0 <= place - shift < len(call.args):
                    argument = call.args[place - shift]
                if self._state(call.lineno) == "never":
                    continue
                if isinstance(argument, ast.Name):
                    found.extend(self.before(caller, argument.id, call.lineno, deep + 1).values)
                elif isinstance(argument, ast.Attribute) and ast.unparse(argument.value) == "self":
                    found.extend(self._attributes(self.class_around(call.lineno), argument.attr))
        return Held(tuple(found), sure=False)

    def returned(self, name: str, deep: int = 0) -> Held:
        """Return what a function of the file returned, where it is one tensor; of all its calls."""
        called = [one for one in self.functions if one.name == name]
        node = next((one for one in called if len(called) == 1 or id(one) not in self._inner), None)
        found: list[int] = []
        for part in self.parts(node) if node is not None and deep <= _DEEP else ():
            if (
                isinstance(part, ast.Return)
                and part.value is not None
                and self._state(part.lineno) != "never"
            ):
                values = self.made(part.lineno, part.end_lineno or part.lineno, "return")
                if not values and isinstance(part.value, ast.Name) and node is not None:
                    values = self.before(node, part.value.id, part.lineno, deep + 1).values
                found.extend(values)
        return Held(tuple(found), sure=False)

    def handed_back(self, node: Node | None) -> tuple[int, ...]:
        """Return all that a function returned."""
        if node is None or isinstance(node, ast.ClassDef):
            return ()
        found: list[int] = []
        for part in self.parts(node):
            if isinstance(part, ast.Return) and part.value is not None:
                found += self.made(part.lineno, part.end_lineno or part.lineno, "return")
                names = (one.id for one in ast.walk(part.value) if isinstance(one, ast.Name))
                found += [value for name in names for value in self.before(node, name, part.lineno).values]
        return tuple(found)

    def made(self, first: int, last: int, name: str) -> tuple[int, ...]:
        """Return what lines gave a name."""
        numbers = range(first, min(last, len(self.lines)) + 1)
        made = (made for number in numbers for made in self.lines[number - 1].made if made.name == name)
        return tuple(value for one in made for value in one.values)

    def parts(self, node: Function) -> Iterator[ast.AST]:
        """Yield what a function consists of, without the functions and classes inside of it."""
        waiting: list[ast.AST] = list(node.body)
        while waiting:
            part = waiting.pop()
            if not isinstance(part, Node | ast.Lambda):
                yield part
                waiting.extend(ast.iter_child_nodes(part))

    def times_given(self, node: Function, name: str) -> int:
        """Return how many statements of a function give a name something."""
        return sum(1 for _ in self._assigning(node, name))

    def _assigning(self, node: Function, name: str) -> Iterator[ast.Assign | ast.AugAssign | ast.AnnAssign]:
        for part in self.parts(node):
            if isinstance(part, ast.Assign | ast.AugAssign | ast.AnnAssign):
                targets = part.targets if isinstance(part, ast.Assign) else [part.target]
                parts = (one for each in targets for one in (*getattr(each, "elts", ()), each))
                if any(isinstance(one, ast.Name) and one.id == name for one in parts):
                    yield part

    def _calls(self, node: Function, name: str) -> Iterator[ast.Call]:
        for part in self.parts(node):
            if isinstance(part, ast.Call) and ast.unparse(part.func) in (name, f"self.{name}"):
                yield part

    def _ran_before(self, node: Function, part: ast.stmt, line: int) -> Literal["always", "maybe", "never"]:
        """Return whether a statement runs before a line of the same function whenever the line is reached."""
        if self._state(part.lineno) == "never":
            return "never"
        found: Literal["always", "maybe"] = "always"
        for outer in self.parts(node):
            if not isinstance(outer, ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.Match):
                continue
            own = next((suite for suite in suites(outer) if is_in(suite, part.lineno)), None)
            if own is None or is_in(own, line):
                continue
            if isinstance(outer, ast.If) and any(is_in(suite, line) for suite in suites(outer)):
                return "never"
            found = "maybe"
        return found

    def _changes_again(self, node: Function, name: str, line: int) -> bool:
        """Return whether a line is in a loop that gives a name something else below it."""
        loops = [part for part in self.parts(node) if isinstance(part, ast.For | ast.AsyncFor | ast.While)]
        around = [loop for loop in loops if loop.lineno < line <= (loop.end_lineno or 0)]
        changed = [part.lineno for part in self._assigning(node, name) if part.lineno >= line]
        return any(is_in(loop.body, number) for loop in around for number in changed)

    def _state(self, line: int) -> str:
        return self.lines[line - 1].state if line <= len(self.lines) else ""


def suites(outer: ast.AST) -> Iterator[Sequence[ast.stmt]]:
    """Yield the lists of statements of a compound one."""
    for name in ("body", "orelse", "finalbody"):
        suite = getattr(outer, name, None)
        if isinstance(suite, list) and suite:
            yield suite
    for part in (*getattr(outer, "handlers", ()), *getattr(outer, "cases", ())):
        yield part.body


def is_in(suite: Sequence[ast.stmt], line: int) -> bool:
    """Return whether a line is in a list of statements."""
    return suite[0].lineno <= line <= (suite[-1].end_lineno or suite[-1].lineno)


def _inner_functions(node: Function) -> Iterator[ast.AST]:
    yield from (part for part in ast.walk(node) if isinstance(part, Function) and part is not node)
