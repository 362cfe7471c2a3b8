"""Docstrings of the model's own source: which tensors the parameter, or result, was that a line describes."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from shapeflow.model.ports import Port
from shapeflow.model.records import Call
from shapeflow.model.trace import Trace
from shapeflow.notes.finding.cues import SHAPES
from shapeflow.notes.mention import Mention
from shapeflow.notes.own_source.comment_words import is_between, name_before
from shapeflow.notes.own_source.found import Described, Found, found_of
from shapeflow.notes.own_source.layers import OwnLayers
from shapeflow.notes.own_source.names import Function, Node, OwnNames
from shapeflow.notes.own_source.results import OwnResults
from shapeflow.notes.own_source.steps import OwnSteps
from shapeflow.notes.verdicts.choices import is_choice
from shapeflow.source.events import Event
from shapeflow.source.lines import Line

Side = Literal["in", "out", ""]
_SECTION = re.compile(
    r"""(?ix)^[\s\#*-]*(?:
    (?P<input>args|arguments|params|parameters?|inputs?(?:\s+shapes?)?|参数|输入|引数|入力|인자|입력|eingaben?|entradas?
    |entr[ée]es?|parámetros|paramètres|parâmetros|parametri|ingress[oi]|параметры|аргументы|вход
    |girdi(?:ler)?|đầu\ vào|tham\ số)
    |(?P<output>returns?|outputs?(?:\s+shapes?)?|results?|yields?|返回|输出|返り値|戻り値|出力|반환|출력|ausgaben?|rückgabe
    |salidas?|devuelve|sorties?|retourne|renvoie|retours?|saídas?|retorn[ao]|devolve|uscit[ae]|restituisce|ritorna|liefert
    |возвращает|выход|çıktı(?:lar)?|döndürür|đầu\ ra|trả\ về)
    )\**\s*(?:[:：]|$)"""
)
"""A line that begins with the name of a section of a docstring."""
_ENTRY = re.compile(r"\s*[-*]?\s*`{0,2}(\w+)`{0,2}\s*(?:\([^)]*\)\s*)?:")
_DIRECTIVE = re.compile(r"^\s*:(?:(?P<input>param|type)|(?P<output>returns?|rtype))\b")
_RETURNED = re.compile(
    r"(?i)(?:[.;。]\s*|^\s*)(?:returns?|gives?|yields?|返回|gibt|liefert|renvoie|retourne|retour|devuelve|retorna"
    r"|devolve|restituisce|ritorna|возвращает|zwraca|döndürür|trả về)\b[^.;。]*$"
)
"""A sentence of its own on what is returned, behind one on something else."""
_QUOTES = re.compile(r"^(\s*)[rRuUbBfF]*(?:\"{3}|'{3})")
_HEADING = re.compile(r"\s*[^()\[\]:：`]{1,40}[:：]\s*$")
"""A line that is the head of something else."""
_GIVEN = re.compile(r"(?:^|[;,.|])[\s`*-]*(\w+)`*\s*[:：](?!\w)")
"""A name and a colon, also behind what is said of another one."""
_LISTED = re.compile(r"(?:^\W*|[,;)\]】]\s*)[`*]*([^\W\d]\w*)[`*]*\s*$")
"""A name right before a shape in a list of several: ``x (B, N), mask (B, 1)``."""
_SHAPES = re.compile(r"[\[(][^\[\]()]*[\])]")
_NAMED = re.compile(r"`([A-Za-z_]\w*)`")
_NO_TENSOR = re.compile(
    r"(?:int|float|bool|str|tuple|list|Sequence|Tuple|List|Optional|Union|None|Size|torch|[\[\]., |])+"
)
"""An annotation of what is no tensor."""


class OwnDocstrings:
    """Tells what the docstrings of one file describe."""

    def __init__(
        self,
        trace: Trace,
        lines: Sequence[Line],
        events: Mapping[int, Sequence[Event]],
        names: OwnNames,
        layers: OwnLayers,
    ) -> None:
        self.trace = trace
        self.lines = lines
        self.events = events
        self.names = names
        self.results = OwnResults(names)
        self.steps = OwnSteps(names, layers, events, self.calls)

    def described(self, mention: Mention) -> Described | None:
        """Return what a mention in a docstring describes; None: the docstring does not say."""
        node = self.names.around(mention.span.line) or self._root()
        if node is None:
            return None
        side = self._section(mention, node)
        calls = self.calls(node)
        if side == "out":
            return self.results.described(mention, node, calls)
        step = self.steps.described(mention, node) if side == "" else None
        if step is not None:
            return step
        if side == "" and mention.chain is not None and mention.position > 0:
            return self.given(mention, node, calls)
        if side == "" and mention.role == "out":
            found = self.results.described(mention, node, calls) if mention.chain is None else None
            return replace(found, sure=False) if found is not None and found.found else None
        return self._taken(mention, node, calls, side)

    def given(self, mention: Mention, node: Node, calls: Sequence[Call]) -> Described | None:
        """Return what an arrow in a sentence leads to: what the function returns; None on the way there."""
        if is_between(mention):
            return None
        found = self.results.described(mention, node, calls)
        said = _SHAPES.sub("", mention.frame.before)
        words = set(re.findall(r"[^\W\d]\w+", said.lower())) - _parameters(node).keys()
        behind = mention.frame.region == "comment" or not words
        one = mention.position < 2 and behind and not self.is_of_class(mention)
        return replace(found, sure=found.sure and one) if found is not None and found.found else None

    def annotated(self, mention: Mention) -> Described | None:
        """Return the result that an annotation behind an arrow is of; None for another annotation."""
        node = self.names.around(mention.span.line)
        if node is None or isinstance(node, ast.ClassDef):
            return None
        return self.results.annotated(mention, node, self.calls(node))

    def is_of_class(self, mention: Mention) -> bool:
        """Return whether a mention is in the docstring of a class, of its ``__init__``, or of the file."""
        node = self.names.around(mention.span.line)
        return node is None or isinstance(node, ast.ClassDef) or node.name == "__init__"

    def _root(self) -> ast.ClassDef | None:
        """Return the class of the whole model, of which the docstring of its file may speak."""
        name = self.trace.modules[0].class_name if self.trace.modules else ""
        classes = (node for node in self.names.nodes if isinstance(node, ast.ClassDef) and node.name == name)
        return next(classes, None)

    def _section(self, mention: Mention, node: Node) -> Side:
        """Return whether a mention stands in a section on parameters, or in one on results."""
        if _RETURNED.search(mention.frame.before):
            return "out"
        line = mention.span.line
        below: list[str] = []
        for number in range(line, node.lineno if node.lineno <= line else 0, -1):
            text = _QUOTES.sub(r"\1", self.lines[number - 1].text) if number <= len(self.lines) else ""
            found = _SECTION.match(text) or _DIRECTIVE.match(text)
            if found is not None:
                if _is_over(text, found.end(), below):
                    return ""
                return "in" if found["input"] else "out"
            below.insert(0, text)
        return ""

    def calls(self, node: Node) -> list[Call]:
        """Return the recorded calls of a function, through classes that inherit it too.

        What a class, or the function that builds its objects, says of tensors is said of its ``forward``.
        """
        owner = self.names.owner(node)
        builds = isinstance(node, ast.ClassDef) or node.name == "__init__"
        name = "forward" if builds else node.name
        found = {call.id for call in self.trace.calls if (call.class_name, call.method) == (owner, name)}
        if not builds:
            first, last = node.body[0].lineno, node.end_lineno or node.lineno
            events = (event for line in range(first, last + 1) for event in self.events.get(line, ()))
            running = {event.execution for event in events if event.execution is not None}
            found |= {call for call in running if self.trace.calls[call].method == name}
        return [self.trace.calls[call] for call in sorted(found)]

    def _taken(self, mention: Mention, node: Node, calls: Sequence[Call], side: Side) -> Described | None:
        """Return the parameter that a mention describes; where no name is said, the first."""
        frame, assigned = mention.frame, self._entry_of(mention, node)
        known = _parameters(node)
        called = {assigned, name_before(mention)} if isinstance(node, ast.ClassDef) else {assigned}
        ports = [port for call in calls for port in call.inputs]
        named = [port for port in ports if any(_is_called(port, name) for name in called)]
        if assigned not in known and (_SECTION.match(f"{assigned}:") or isinstance(node, ast.ClassDef)):
            # What the entry is called is no name: "Input: (N, C)", or an argument of what builds the object.
            if mention.role == "out":
                given = self.results.described(mention, node, calls)
                return replace(given, sure=False) if given is not None and given.found else None
            firsts = found_of(named or (port for call in calls for port in call.inputs[:1]))
            if firsts and (mention.role == "in" or side == "in"):
                alone = all(len(found_of(call.inputs)) == 1 for call in calls)
                section = _SECTION.fullmatch(_head(mention)) is not None
                whole = all("[" not in port.name.removeprefix("in[") for port in named)
                return Described(firsts, sure=(alone and section) or (bool(named) and whole))
        subject = (mention.subject.split() or [""])[-1].strip("`*:(")
        above = frame.lead[-1:] if not re.search(r"\w", frame.before) else ()
        named_before = [name for text in (*above, frame.before) for name in _NAMED.findall(text)]
        words = (assigned, subject, *reversed(named_before))
        name = next((word for word in words if word in known), assigned or subject)
        ports = [port for call in calls for port in call.inputs if _is_called(port, name)]
        found = found_of(ports)
        if found:
            whole = all("[" not in port.name.removeprefix("in[") for port in ports)
            return Described(found, sure=whole and bool(frame.assigned or named_before[:1] == [name]))
        if name in known and not isinstance(node, ast.ClassDef):
            return self._parameter(node, known[name], bool(calls))
        if calls and side == "in" and assigned.isidentifier() and assigned != "Example":
            return Described(why=f"no tensor was given as '{assigned}'", absent=True)
        firsts = found_of(port for call in calls for port in call.inputs[:1])
        return Described(firsts) if firsts and mention.role == "in" and not assigned else None

    def _entry_of(self, mention: Mention, node: Node) -> str:
        """Return the entry that a mention stands in; a line ``Shape: (2, 3)`` is of the entry above it."""
        assigned = mention.frame.assigned
        known = _parameters(node)
        given = [said[1] for said in _GIVEN.finditer(mention.frame.before) if said[1] in known]
        if given:
            return given[-1]
        listed = _LISTED.search(mention.frame.before)
        if listed is not None and listed[1] in known:
            return listed[1]
        if assigned in known or not (SHAPES.fullmatch(assigned) or is_choice(mention.frame.before)):
            return assigned
        for number in range(mention.span.line - 1, node.lineno, -1):
            found = _ENTRY.match(self.lines[number - 1].text)
            if found is not None and found[1] in known:
                return found[1]
        return assigned

    def _parameter(self, node: Function, given: ast.arg, recorded: bool) -> Described:
        """Return what a parameter was, as far as it is known without a recorded call."""
        held = self.names.parameter(node, given)
        if held.values:
            return Described(tuple(Found(value, given.arg) for value in held.values), sure=held.sure)
        written = ast.unparse(given.annotation) if given.annotation is not None else "Tensor"
        absent = recorded or _NO_TENSOR.fullmatch(written) is not None
        what = f"no tensor was given as '{given.arg}'" if absent else f"what '{given.arg}' was is not known"
        return Described(why=what, absent=absent)


def _is_over(head: str, end: int, below: Sequence[str]) -> bool:
    """Return whether a section has ended before the last of the lines below its head.

    Args:
        head: the line with the name of the section.
        end: where the name ends in it.
        below: the lines after it, up to that of a mention.
    """
    deep = _depth(head)
    if head[end:].strip():
        return "" in (text.strip() for text in below) and _depth(below[-1]) <= deep
    written = [text for text in below if text.strip()]
    if not written or _depth(written[0]) > deep:
        return any(_depth(text) <= deep for text in written)
    return any(_HEADING.match(text) for text in written)


def _depth(text: str) -> int:
    return len(text) - len(text.lstrip())


def _head(mention: Mention) -> str:
    """Return what stands in front of a shape, without its signs: ``Input`` of ``- Input : (2, 3)``."""
    return mention.frame.before.strip(" `*:：-=")


def _parameters(node: Node) -> dict[str, ast.arg]:
    if isinstance(node, ast.ClassDef):
        return {}
    given = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    return {argument.arg: argument for argument in given}


def _is_called(port: Port, name: str) -> bool:
    """Return whether a port, or the container that it is in, has a name."""
    return any(
        text == f"in.{name}" or text.startswith((f"in.{name}[", f"in.{name}."))
        for text in (port.name, port.alias)
    )
