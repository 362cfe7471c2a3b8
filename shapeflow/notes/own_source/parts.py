"""Lines that hold one part of a statement: an argument of a call, an entry of a dict."""

from __future__ import annotations

import ast
import re

from shapeflow.notes.own_source.found import Found, found_of
from shapeflow.notes.own_source.meaning import Meaning
from shapeflow.notes.own_source.names import OwnNames
from shapeflow.notes.own_source.statements import OwnStatements

_ENTRY = re.compile(r"\s*[\"'](?P<key>\w+)[\"']\s*:\s*(?P<name>[A-Za-z_]\w*)\s*,?\s*$")
"""A line with one entry of a dict that has a name."""
_ARGUMENT = re.compile(r"\s*(?:(?P<name>\w+)\s*=\s*[\w.\[\]:, ()-]+,?|[\w.\[\]:, ()-]+,)\s*$")
"""A line with one argument of a call that goes on."""


class OwnParts:
    """Tells what the parts of the statements of one file are that have a line of their own."""

    def __init__(self, statements: OwnStatements, names: OwnNames) -> None:
        self.statements = statements
        self.names = names

    def at(self, line: int) -> Meaning | None:
        """Return what a comment on a line means that holds one part of a statement; None for another line."""
        return (
            self._of_entry(line)
            or self._of_element(line)
            or self._of_operand(line)
            or self._of_place(line)
            or self._of_argument(line)
        )

    def _of_entry(self, line: int) -> Meaning | None:
        """Return what a comment beside an entry of a dict, ``"boxes": boxes``, can mean: what the name is."""
        entry, node = _ENTRY.match(self.statements.code(line)), self.names.around(line)
        if entry is None or node is None or isinstance(node, ast.ClassDef):
            return None
        held = self.names.before(node, entry["name"], line)
        found = tuple(Found(value, entry["key"]) for value in held.values)
        return Meaning(found, line=line, sure=held.sure) if found else None

    def _of_element(self, line: int) -> Meaning | None:
        """Return what a comment beside a name can mean that is listed on a line of its own."""
        node = self.names.around(line)
        if node is None or isinstance(node, ast.ClassDef):
            return None
        for part in self.names.parts(node):
            # What stands behind the end of a list is of the whole statement.
            if isinstance(part, ast.List | ast.Tuple) and part.lineno < line < (part.end_lineno or 0):
                there = [one for one in part.elts if one.lineno <= line <= (one.end_lineno or 0)]
                if len(there) == 1 and isinstance(there[0], ast.Name):
                    held = self.names.before(node, there[0].id, part.lineno)
                    found = tuple(Found(value, there[0].id) for value in held.values)
                    return Meaning(found, line=line, sure=held.sure) if found else None
        return None

    def _of_operand(self, line: int) -> Meaning | None:
        """Return what a comment beside one operand can mean of a sum, or product, over several lines."""
        node = self.names.around(line)
        first, last = self.statements.span(line)
        if node is None or isinstance(node, ast.ClassDef) or first == last:
            return None
        signs = [one for one in self.names.parts(node) if isinstance(one, ast.BinOp)]
        over = [one for one in signs if first <= one.lineno <= line <= (one.end_lineno or 0) > one.lineno]
        operands = [side for one in over for side in (one.left, one.right) if side not in over]
        here = [side for side in operands if side.lineno == side.end_lineno == line]
        if len(here) != 1:
            return None
        part = here[0]
        # On the first, or last, line of it a comment may be of the whole.
        whole = tuple(self.statements.named(line)) if line in (first, last) else ()
        if isinstance(part, ast.Name):
            held = self.names.before(node, part.id, first)
            found = (*whole, *(Found(value, part.id) for value in held.values))
            return Meaning(found, line=line, sure=held.sure)
        name = ast.unparse(part.func).rpartition(".")[2] if isinstance(part, ast.Call) else ""
        events = [event for event in self.statements.events_on(line) if name in event.names]
        made = found_of(port for event in events for port in event.outputs)
        return Meaning((*whole, *made), line=line, sure=bool(made))

    def _of_argument(self, line: int) -> Meaning | None:
        """Return what a comment beside one argument of a call over several lines can mean: that argument."""
        argument = _ARGUMENT.match(self.statements.code(line))
        events = self.statements.events(line)
        if argument is None or line >= self.statements.span(line)[1] or not events:
            return None
        name, taken = argument["name"], self.statements.taken(line)
        ports = [port for event in events for port in event.record.inputs]
        given = found_of(port for port in ports if name and f"in.{name}" in (port.name, port.alias))
        return Meaning(given or taken, (*taken, *self.statements.made(line)), line, sure=bool(given))

    def _of_place(self, line: int) -> Meaning | None:
        """Return what a comment can mean beside an argument with a line of its own, by its place."""
        node = self.names.around(line)
        parts = self.names.parts(node) if node is not None and not isinstance(node, ast.ClassDef) else ()
        for call in (part for part in parts if isinstance(part, ast.Call)):
            if not call.lineno < line < (call.end_lineno or 0):
                continue
            there = [place for place, one in enumerate(call.args) if one.lineno == one.end_lineno == line]
            beside = [word for word in call.keywords if word.value.lineno == line]
            if len(there) == 1 and not beside:
                name = ast.unparse(call.func).rpartition(".")[2]
                events = [event for event in self.statements.events(line) if name in event.names]
                ports = [port for event in events for port in event.record.inputs]
                place = there[0] + self._is_of_tensor(call)
                found = found_of(port for port in ports if port.name == f"in[{place}]")
                return Meaning(found, line=line, sure=True) if found else None
        return None

    def _is_of_tensor(self, call: ast.Call) -> bool:
        """Return whether a call is of a method of a tensor, which is the first that the operation takes."""
        whole = call.func.value if isinstance(call.func, ast.Attribute) else None
        root = whole
        while isinstance(root, ast.Attribute):
            root = root.value
        if whole is None or not isinstance(root, ast.Name):
            return whole is not None
        events = [event for event in self.statements.events(call.lineno) if not event.is_call]
        node = self.names.around(call.lineno)
        if root.id == "self":
            return any(ast.unparse(call.func).endswith(f".{name}") for one in events for name in one.names)
        if node is None or isinstance(node, ast.ClassDef):
            return False
        return bool(self.names.before(node, root.id, call.lineno + 1).values)
