"""Docstrings that list the steps of a function: by the layer, the variable or the operation of each."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence

from shapeflow.model.records import Call
from shapeflow.notes.mention import Mention
from shapeflow.notes.own_source.found import Described, Found, found_of
from shapeflow.notes.own_source.layers import OwnLayers
from shapeflow.notes.own_source.names import Function, Node, OwnNames
from shapeflow.notes.words.between import joins
from shapeflow.source.events import Event

_METHOD = re.compile(r"[\s`*•-]*(?:self)?\.?([A-Za-z_]\w*)\([^()]*\)`*\s*([:：=]|-+>|=+>|→)([^()\[\]]*)$")
"""A line that begins with a call of a method, and what it gives behind it."""
_STEP = re.compile(r"[\s`*•→|-]*(?:self\.)?([A-Za-z_]\w*)`*\s*[:：=]([^#:：=]*)$")
"""A line that begins with the name of a step, and gives no other one before the shape."""
_LISTED = re.compile(r"[\[(][^\[\]()]*[\])]\s*(?:→|-+>|=+>)?")


class OwnSteps:
    """Tells what the steps made that the docstrings of one file list."""

    def __init__(
        self,
        names: OwnNames,
        layers: OwnLayers,
        events: Mapping[int, Sequence[Event]],
        calls: Callable[[Node], Sequence[Call]],
    ) -> None:
        """Read nothing yet.

        Args:
            names: of the functions of the file.
            layers: that its classes build.
            events: line -> what happened there.
            calls: gives the recorded calls of a function.
        """
        self.names = names
        self.layers = layers
        self.events = events
        self.calls = calls

    def described(self, mention: Mention, node: Node) -> Described | None:
        """Return what the step took, or made, that a mention stands beside; None if it names no step."""
        if (method := self._method(mention, node)) is not None:
            return method
        step = _STEP.match(mention.frame.before)
        function = node if not isinstance(node, ast.ClassDef) else self._forward(node)
        if step is None or function is None or step[1] in {one.arg for one in function.args.args}:
            return None
        name, sure = step[1], joins(_LISTED.sub("", step[2]))
        given, taken = self.layers.called(self.names.owner(function), name)
        if given:
            first = mention.chain is not None and mention.position == 0
            return Described(taken if first else given, sure=sure)
        if mention.chain is not None:
            return None
        found = self._variable(function, name) or self._operation(function, name)
        return Described(found, sure=sure) if found else None

    def _method(self, mention: Mention, node: Node) -> Described | None:
        """Return what a method of a class returned: ``encode(x) -> (B, C)``; None for another line."""
        said = _METHOD.match(mention.frame.before)
        body = node.body if said and isinstance(node, ast.ClassDef) else ()
        methods = (one for one in body if isinstance(one, Function))
        method = next((one for one in methods if said and one.name == said[1]), None)
        if method is None or mention.chain is not None:
            return None
        calls = self.calls(method)
        if not calls:
            return Described(why=f"the run has no call of '{method.name}'", absent=True)
        ports = [port for call in calls for port in call.outputs]
        leads = said is not None and (said[2] not in ":：=" or joins(said[3]))
        return Described(found_of(ports), sure=leads and len({port.name for port in ports}) == 1)

    def _forward(self, node: ast.ClassDef) -> Function | None:
        methods = (one for one in node.body if isinstance(one, Function) and one.name == "forward")
        return next(methods, None)

    def _variable(self, node: Function, name: str) -> tuple[Found, ...]:
        """Return what a function gives a name, if it does so once."""
        if self.names.times_given(node, name) != 1:
            return ()
        held = self.names.before(node, name, (node.end_lineno or node.lineno) + 1)
        return tuple(Found(value, name) for value in held.values) if held.sure else ()

    def _operation(self, node: Function, name: str) -> tuple[Found, ...]:
        """Return what the one line of a function made that calls an operation of this name."""
        lines = range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)
        called = {
            line: [one for one in self.events.get(line, ()) if one.is_direct and name in one.names]
            for line in lines
        }
        there = [events for events in called.values() if events]
        return found_of(port for event in there[0] for port in event.outputs) if len(there) == 1 else ()
