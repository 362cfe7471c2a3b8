"""Activations of a module that the line names in code: ```mlp` uses GELU``, ```act`: SiLU``."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shapeflow.model.records import Module
from shapeflow.notes.mention import Span
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.names import MOST, NAME, Named, chosen, named_modules
from shapeflow.notes.statements.plainness import is_plain
from shapeflow.notes.statements.scope import plain
from shapeflow.notes.statements.statement import Failing, Statement
from shapeflow.notes.statements.subjects import Subjects
from shapeflow.notes.statements.wording import is_against, sentence

_KINDS = "silu relu mish elu tanh sigmoid hardswish leakyrelu relu6 prelu"
_KIND_OF = {name: name for name in _KINDS.split()} | {"swish": "silu"}
_GELU = re.compile(r"(?:new|fast|pytorch)?gelu(?:tanh|new|pytorchtanh)?")
_WRITTEN = re.compile(
    r"(?<![\w.-])(?P<kind>GELU|GeLU|ReLU6|ReLU|RELU|SiLU|Swish|Mish|ELU|Tanh|tanh|Sigmoid|sigmoid|Hardswish|LeakyReLU|PReLU|"
    r"gelu|relu|silu|swish)(?![\w(-]|\.\w)"
)
_GATES = frozenset({"sigmoid", "tanh"})
"""What gates and other activations are made of, too."""
_MAIN = frozenset({"gelu", "silu", "relu"})
"""What a module that has one of them alone has instead of another one."""
_WITHIN = 40
"""Characters between the name of a module and that of an activation."""
_BEYOND = re.compile(
    r"[→;\d]|->|=>|\b(?:then|follow\w*|before|after|and|or|gefolgt|dann|suivi\w*|puis|seguid\w*|luego|und|et|y)\b|затем|然后|之后|和|次に|後"
)


@dataclass(frozen=True, slots=True)
class _Found:
    """An activation in a module."""

    path: str
    """Of the module that is one, or that calls the function."""
    name: str
    """Of the class or the function."""
    number: int = 0
    """How often the function is called; 0 for a module."""


class Activations:
    """The activations in the modules of one trace.

    Args:
        subjects: what can be meant in the trace.
    """

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects
        self._found: dict[str, dict[str, list[_Found]]] = defaultdict(lambda: defaultdict(list))
        """Path of a module -> kind of activation -> where there is one in it."""
        trace = subjects.trace
        own: set[str] = set()
        for module in trace.modules:
            kind = _kind(module.class_name)
            if kind and subjects.calls[module.path]:
                own.add(module.path)
                self._add(module.path, kind, _Found(module.path, module.class_name))
        ops: Counter[tuple[str, str]] = Counter()
        for op in trace.ops:
            call = trace.calls[op.call] if op.call is not None else None
            if call is not None and call.method == "forward" and call.path not in own and _kind(op.target):
                ops[call.path, op.target] += 1
        for (path, target), number in ops.items():
            self._add(path, _kind(target), _Found(path, target, number))

    def _add(self, path: str, kind: str, found: _Found) -> None:
        parts = path.split(".")
        for end in range(1, len(parts) + 1):
            self._found[".".join(parts[:end])][kind].append(found)

    def read(self, line: Line) -> Iterator[Statement]:
        """Yield what a line says of the activations of modules that it names."""
        text = plain(line.text)
        written = list(_WRITTEN.finditer(text))
        modules = named_modules(line, self._subjects) if written else ()
        for found in written if modules else ():
            named = self._named(line, text, found, modules)
            if named and not is_against(line.sentence(*found.span())):
                yield from self._stated(line, named, found)

    def _named(self, line: Line, text: str, found: re.Match[str], modules: Sequence[Named]) -> Named | None:
        """Return the module that is said to have an activation: the only name in its sentence."""
        first, last = sentence(text, *found.span())
        names = [one for one in NAME.finditer(line.text, first, last) if one["name"] != found["kind"]]
        others = [one for one in _WRITTEN.finditer(text, first, last) if one.start() != found.start()]
        near = [one for one in modules if one.end <= found.start()]
        if len(names) != 1 or others or not near or near[-1].start != names[0].start():
            return None
        between = text[near[-1].end : found.start()]
        return near[-1] if len(between) <= _WITHIN and not _BEYOND.search(between) else None

    def _stated(self, line: Line, named: Named, found: re.Match[str]) -> Iterator[Statement]:
        said = _kind(found["kind"]) or ""
        told = chosen(named, lambda one: self._has(one, said))
        if told is None:
            return
        claims = [
            claim
            for one in told.modules
            for claim in self._claims(one, said, found["kind"], right=told.right)
        ]
        if not claims or len(claims) > MOST:
            return
        sure = named.sure and line.clear(*found.span()) is not None
        sure = sure and is_plain(line, named.start, found.end(), self._subjects)
        failing: Failing = "contradicts" if sure else "says nothing"
        span = Span(line.passage.line, found.start() + 1, found.end() + 1, line.passage.cell)
        yield Statement(
            span,
            found[0],
            "attribute",
            tuple(claims),
            told.modules[0].path,
            failing,
            line.passage.frame.headings,
        )

    def _has(self, module: Module, kind: str) -> bool | None:
        """Return whether a module has activations of one kind alone; None where that is open."""
        kinds = set(self._found.get(module.path, ()))
        if kind in kinds and kinds - _GATES <= {kind}:
            return True
        return False if len(kinds) == 1 and kinds <= _MAIN and kind in _MAIN else None

    def _claims(self, module: Module, said: str, written: str, *, right: bool) -> Iterator[str]:
        """Yield the claims that a module has such activations: as modules, or as functions that it calls."""
        held = self._found[module.path]
        for found in held[said] if right else [one for kind in held.values() for one in kind]:
            if found.number:
                yield f"count ops {found.path}/{found.name} = {found.number if right else 0}"
            else:
                yield f"class {found.path} = {found.name if right else written}"


def _kind(name: str) -> str:
    """Return the kind of activation that a class or function is; empty if it is none."""
    plain_name = re.sub(r"[^a-z0-9]|activation$", "", name.lower())
    return "gelu" if _GELU.fullmatch(plain_name) else _KIND_OF.get(plain_name, "")
