"""Layers as code makes them, behind the name of a module: ```conv1`: Conv2d(3, 64, kernel_size=7)``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from shapeflow.model.records import Module
from shapeflow.notes.mention import Span
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.names import Chosen, Named, chosen, named_modules
from shapeflow.notes.statements.plainness import is_plain
from shapeflow.notes.statements.scope import plain
from shapeflow.notes.statements.statement import Failing, Statement
from shapeflow.notes.statements.subjects import Subjects
from shapeflow.notes.statements.torch_layers import ARGUMENTS
from shapeflow.notes.statements.values import VALUE, compared
from shapeflow.notes.statements.wording import is_against

_MADE = re.compile(r"(?<![\w.])(?:torch\.)?(?:nn\.)?(?P<made>[A-Z]\w*)\((?P<all>(?:[^()]|\([^()]*\))*)\)")
_BARE = re.compile(r"(?<![\w.])(?:torch\.)?(?:nn\.)?(?P<made>[A-Z]\w*)(?![\w(.-])")
_ARGUMENT = re.compile(rf"\s*(?:(?P<name>[A-Za-z_]\w*)\s*=\s*)?(?P<value>{VALUE})\s*(?:,|$)")
_IS = re.compile(
    r"\s*(?:[:=(]|-|—|→|is\s+(?:an?|the)|ist\s+(?:eine?)|est\s+une?|es\s+una?|è\s+una?|é\s+uma?|это|是(?:一个)?|为|は|는|은)?\s*"
)
_ENDS = re.compile(r"\s*(?:$|[,;:.。)|、]|(?:and|with|und|mit|et|avec|y|con|и|с)\b|和|と)")
_SHORT_WORDS = 24
"""Characters between a name and what is said of it."""


@dataclass(frozen=True, slots=True)
class _Argument:
    """An argument of a call: a name, what it is given, and its columns in the line."""

    name: str
    value: str
    start: int
    end: int


def layer_calls(line: Line, subjects: Subjects) -> Iterator[Statement]:
    """Yield what a line says of how the layers that it names are made."""
    text = plain(line.text)
    for named in named_modules(line, subjects):
        found = _MADE.search(text, named.end, named.until)
        if found is None:
            found = _BARE.match(text, _IS.match(text, named.end).end(), named.until)  # type: ignore[union-attr]
            if found is None or found["made"] not in ARGUMENTS or not _ENDS.match(text, found.end()):
                continue
        between = text[named.end : found.start()]
        if named.joined or len(between) > _SHORT_WORDS or re.search(r"[\d,;→>]", between):
            continue
        if not is_against(line.sentence(named.start, found.end())):
            yield from _stated(line, named, found, subjects)


def _stated(line: Line, named: Named, found: re.Match[str], subjects: Subjects) -> Iterator[Statement]:
    made = found["made"]
    clear = named.sure and line.clear(named.start, found.end()) is not None
    clear = clear and is_plain(line, named.start, found.end(), subjects)
    kind = chosen(named, lambda one: _is_of(one, made))
    if kind is None:
        return
    failing: Failing = "contradicts" if clear else "says nothing"
    if not kind.right:
        claims = tuple(f"class {one.path} = {made}" for one in kind.modules)
        yield _statement(line, found, claims, kind, failing)
        return
    arguments = _arguments(found, made)
    if arguments is None:
        return
    of_class = replace(named, modules=kind.modules)
    told = chosen(of_class, lambda one: _all(_holds(one, argument) for argument in arguments))
    if told is None:
        return
    if told.right:
        claims = tuple(_claim(one, argument) for one in told.modules for argument in arguments)
        classes = tuple(f"class {one.path} = {made}" for one in told.modules)
        yield _statement(line, found, claims or classes, told, failing)
    elif wrong := next(
        (one for one in arguments if not any(_holds(module, one) for module in told.modules)), None
    ):
        claims = tuple(_claim(one, wrong) for one in told.modules)
        place = None if wrong.value in ("True", "False") else (wrong.start + 1, wrong.end + 1)
        yield _statement(line, found, claims, told, failing, place)


def _all(told: Iterable[bool | None]) -> bool | None:
    """Return whether all of several things are so; None if one of them is open."""
    results = list(told)
    return None if None in results else all(results)


def _is_of(module: Module, made: str) -> bool | None:
    """Return whether a module is of a class; None if it may be one that goes by this name."""
    if module.class_name == made:
        return True
    of_torch = module.class_path.startswith("torch.nn.modules.")
    return False if of_torch and {module.class_name, made} <= ARGUMENTS.keys() else None


def _arguments(found: re.Match[str], class_name: str) -> list[_Argument] | None:
    """Return the arguments of a call; None where one of them is not understood."""
    if "all" not in found.groupdict():
        return []
    names = ARGUMENTS.get(class_name, ())
    text, start = found["all"], found.start("all")
    given: list[_Argument] = []
    at = 0
    while at < len(text.rstrip()):
        if re.fullmatch(r"\s*(?:…|\.{3})\s*", text[at:]):
            break
        one = _ARGUMENT.match(text, at)
        if one is None or (one["name"] is None and len(given) >= len(names)):
            return None
        name = one["name"] or names[len(given)]
        given.append(_Argument(name, one["value"], start + one.start("value"), start + one.end("value")))
        at = one.end()
    return given


def _holds(module: Module, argument: _Argument) -> bool | None:
    """Return whether a module was made with an argument; None if it does not tell."""
    name = argument.name
    if name == "bias" and argument.value in ("True", "False"):
        return _has_bias(module) is (argument.value == "True") if _tells_bias(module) else None
    if name not in module.attributes:
        return None
    told = compared(module.attributes[name], argument.value)
    return told[0] if told else None


def _tells_bias(module: Module) -> bool:
    """Return whether a module has a bias, or says that it has none."""
    return _has_bias(module) or module.attributes.get("bias", False) is None


def _has_bias(module: Module) -> bool:
    return any(one.name == "bias" for one in module.tensors or ())


def _claim(module: Module, argument: _Argument) -> str:
    """Return the claim that a module was made with an argument."""
    name = argument.name
    if name == "bias" and argument.value in ("True", "False"):
        wanted = argument.value == "True"
        if not _has_bias(module):
            return f"attr {module.path}.bias = {wanted or None}"
        return f"count tensors {module.path}.bias = {int(wanted)}"
    told = compared(module.attributes[name], argument.value)
    return f"attr {module.path}.{name} = {told[1] if told else argument.value}"


def _statement(
    line: Line,
    found: re.Match[str],
    claims: tuple[str, ...],
    told: Chosen,
    failing: Failing,
    value: tuple[int, int] | None = None,
) -> Statement:
    span = Span(line.passage.line, found.start() + 1, found.end() + 1, line.passage.cell)
    written = line.text[found.start() : found.end()]
    headings = line.passage.frame.headings
    return Statement(span, written, "attribute", claims, told.modules[0].path, failing, headings, value)
