"""Results of the functions of the model's own source, by their names, places and annotations."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from shapeflow.model.records import Call
from shapeflow.notes.mention import Mention
from shapeflow.notes.own_source.found import Described, Found, found_of
from shapeflow.notes.own_source.names import Function, Held, Node, OwnNames

_BEHIND_NAME = re.compile(
    r"(?<!\band )(?<!\bund )(?<!\bet )(?<!\w, )(?<!\w & )(?<!\w)([A-Za-z_]\w*)[`*]*\s*[:=]\s*[`*]*$"
)
"""A name and a colon in front of a shape, that is not the last of several."""
_RIGHT_BEHIND = re.compile(r"(?<!\w)([A-Za-z_]\w*)[`*]*\s*$")
"""A name right in front of a shape."""


class OwnResults:
    """Tells which results of the functions of one file a mention describes."""

    def __init__(self, names: OwnNames) -> None:
        self.names = names

    def described(self, mention: Mention, node: Node, calls: Sequence[Call]) -> Described | None:
        """Return the results that a mention describes: that of its name, or all of them."""
        for name in dict.fromkeys((_word_before(mention), mention.frame.assigned)):
            described = self._result(node, name, calls) if not isinstance(node, ast.ClassDef) else None
            if described is not None:
                return described
        ports = [port for call in calls for port in call.outputs]
        found = found_of(ports)
        if found:
            return Described(found, sure=len({port.name for port in ports}) == 1)
        if isinstance(node, ast.ClassDef):
            return None
        found = tuple(Found(value, "return") for value in self.names.returned(node.name).values)
        return Described(found, why="" if found else f"what '{node.name}' returned is not known")

    def _result(self, node: Function, name: str, calls: Sequence[Call]) -> Described | None:
        """Return what a function returns by a name: alone, with others, or in a dict; None if it does not."""
        returned = [part for part in self.names.parts(node) if isinstance(part, ast.Return) and part.value]
        parts = [one for part in returned for one in _parts(part)]
        places = [number for number, one in enumerate(parts) if isinstance(one, ast.Name) and one.id == name]
        if len(returned) == 1 and len(parts) > 1 and len(places) == 1:
            ports = [port for call in calls for port in call.outputs if port.name == f"out[{places[0]}]"]
            if ports:
                return Described(found_of(ports), sure=True)
        variable = name if places else self._entry(node, parts, name)
        last = max((part.lineno for part in returned), default=0)
        held = self.names.before(node, variable, last) if variable else Held()
        if not held.values:
            return None
        found = tuple(Found(value, name) for value in held.values)
        return Described(found, sure=held.sure and len(returned) == 1)

    def _entry(self, node: Function, parts: Sequence[ast.expr], key: str) -> str:
        """Return the variable that a returned dict has at a key."""
        names = {one.id for one in parts if isinstance(one, ast.Name)}
        dicts = [one for one in parts if isinstance(one, ast.Dict)]
        for part in self.names.parts(node):
            if isinstance(part, ast.Assign) and isinstance(part.value, ast.Dict):
                targets = (one.id for one in part.targets if isinstance(one, ast.Name))
                dicts += [part.value] if names.intersection(targets) else []
        for one in dicts:
            for written, value in zip(one.keys, one.values, strict=True):
                said = isinstance(written, ast.Constant) and written.value == key
                if said and isinstance(value, ast.Name):
                    return value.id
        return ""

    def annotated(self, mention: Mention, node: Function, calls: Sequence[Call]) -> Described | None:
        """Return the result that an annotation behind an arrow is of; None for another annotation."""
        written = node.returns
        if written is None or mention.frame.assigned != "return":
            return None
        ports = [port for call in calls for port in call.outputs]
        several = isinstance(written, ast.Subscript) and ast.unparse(written.value).endswith("uple")
        inside = written.slice if several and isinstance(written, ast.Subscript) else None
        listed = inside.elts if isinstance(inside, ast.Tuple) else []
        here = [place for place, one in enumerate(listed) if _is_on(one, mention.span.line)]
        if listed:
            ports = [port for port in ports if len(here) == 1 and port.name == f"out[{here[0]}]"]
        return Described(found_of(ports), sure=len({port.name for port in ports}) == 1)


def _word_before(mention: Mention) -> str:
    """Return the word that a shape stands right behind: ``p2`` of ``p1: (2, 3), p2: (2, 4)``."""
    found = _BEHIND_NAME.search(mention.frame.before) or _RIGHT_BEHIND.search(mention.frame.before)
    return found[1] if found else ""


def _parts(part: ast.Return) -> list[ast.expr]:
    """Return what a statement returns, each of several results by itself."""
    if isinstance(part.value, ast.Tuple):
        return part.value.elts
    return [part.value] if part.value is not None else []


def _is_on(part: ast.expr, line: int) -> bool:
    return part.lineno <= line <= (part.end_lineno or 0)
