"""The parts of a model in the order of a run, repeats folded: what a draft has sections about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from shapeflow.errors import SelectorError
from shapeflow.model.path_index import PathIndex, selector_of
from shapeflow.model.pattern import escape
from shapeflow.model.records import Call
from shapeflow.model.selector import modules
from shapeflow.model.trace import Trace

Signature = Callable[[str], object]
"""What two repeats must have in common to be told as one, by path."""


@dataclass(frozen=True, slots=True)
class ModelPart:
    """A module, or several alike."""

    selector: str
    """``encoder.layers.*``."""
    paths: tuple[str, ...]
    """The modules it stands for, the first one first."""


class Outline:
    """The tree of modules of a trace, as its run goes through them.

    Args:
        trace: the run.
        signature: tells modules that are alike from those that are not.
    """

    def __init__(self, trace: Trace, signature: Signature) -> None:
        self._trace = trace
        self._signature = signature
        self._index = trace.cached(PathIndex)

    def children(self, part: ModelPart) -> list[ModelPart]:
        """Return the parts of a part that run, in the order of the run.

        What is itself never called, such as a ``ModuleList``, gives its own children instead.
        """
        groups: dict[tuple[str, object], list[str]] = {}
        for path in part.paths:
            for child in self._called_below(path):
                name = unnumbered(child.removeprefix(f"{path}."))
                groups.setdefault((name, self._signature(child)), []).append(child)
        parts = [part for paths in groups.values() for part in self._parts(paths)]
        return sorted(parts, key=self.first_call)

    def lists(self, part: ModelPart) -> list[tuple[str, list[str]]]:
        """Return the numbered lists directly in a part's first module: path and items, all of one class."""
        first = part.paths[0]
        found = []
        for place in (first, *self._index.children[first].values()):
            items = [key for name, key in self._index.children.get(place, {}).items() if name.isdigit()]
            classes = {self._trace.module_by_path[item].class_name for item in items}
            if len(items) > 1 and len(classes) == 1 and self._is_list(place):
                found.append((place, items))
        return found

    def idle(self) -> list[ModelPart]:
        """Return the modules whose weights nothing reads, only the outermost of each branch."""
        read = {value.name for value in self._trace.values if value.origin in ("parameter", "buffer")}
        busy = {prefix for name in read for prefix in _prefixes(name)}
        for call in self._trace.calls:
            busy.update(_prefixes(f"{call.path}."))
        groups: dict[str, list[str]] = {}
        for module in self._trace.modules:
            parent = module.path.rpartition(".")[0]
            if module.parameters and module.path not in busy and (parent in busy or not parent):
                groups.setdefault(unnumbered(module.path), []).append(module.path)
        return [part for paths in groups.values() for part in self._parts(paths)]

    def helpers(self, part: ModelPart) -> list[tuple[str, tuple[str, ...]]]:
        """Return the helper methods that run on every module of a part: selector and keys."""
        found = []
        first = part.paths[0]
        for name, key in self._index.children[first].items():
            keys = tuple(_join(path, name) for path in part.paths)
            if name.endswith("()") and all(key in self._index.calls for key in keys):
                found.append((key if not first else f"{part.selector}.{name}", keys))
        named = [(selector_of(selector) if not first else selector, keys) for selector, keys in found]
        return sorted(named, key=lambda pair: self._index.calls[pair[1][0]][0])

    def calls(self, key: str) -> list[Call]:
        """Return the calls of a module or helper."""
        return [self._trace.calls[number] for number in self._index.calls.get(key, ())]

    def first_call(self, part: ModelPart) -> int:
        """Return when a part first runs."""
        return self._first_call[part.paths[0]]

    @cached_property
    def _first_call(self) -> Mapping[str, int]:
        """Path -> id of the first call of the module, or of a helper of it."""
        first: dict[str, int] = {}
        for call in self._trace.calls:
            first.setdefault(call.path, call.id)
        return first

    def _called_below(self, path: str) -> list[str]:
        """Return the nearest modules below that are called themselves."""
        found: list[str] = []
        for name, key in self._index.children[path].items():
            if name.endswith("()") or key not in self._index.modules:
                continue
            if key in self._first_call and not self._is_wrapper(key):
                found.append(key)
            else:
                found += self._called_below(key)
        return found

    def _is_wrapper(self, path: str) -> bool:
        """Return whether a module only runs bigger modules one after the other: they are the parts."""
        if self._index.modules[path].class_path != "torch.nn.modules.container.Sequential":
            return False
        return all(self._called_below(key) for key in self._index.children[path].values())

    def _is_list(self, path: str) -> bool:
        return path in self._index.modules and (path not in self._first_call or self._is_wrapper(path))

    def _parts(self, paths: list[str]) -> list[ModelPart]:
        """Return one part for modules that are alike; several where no pattern names just them."""
        selector = self.pattern(paths)
        if selector is not None:
            return [ModelPart(selector, tuple(paths))]
        return [ModelPart(selector_of(path), (path,)) for path in paths]

    def pattern(self, paths: Sequence[str]) -> str | None:
        """Return a selector that names exactly these modules; None if there is none."""
        if len(paths) == 1:
            return selector_of(paths[0])
        columns = list(zip(*(path.split(".") for path in paths), strict=False))
        if len({path.count(".") for path in paths}) > 1:
            return None
        for stars in (True, False):
            text = ".".join(_alternatives(column, stars) for column in columns)
            if self._names_exactly(text, paths):
                return text
        return None

    def _names_exactly(self, selector: str, paths: Iterable[str]) -> bool:
        try:
            return {module.path for module in modules(self._trace, selector)} == set(paths)
        except SelectorError:
            return False


def _alternatives(names: Sequence[str], star: bool) -> str:
    """Return the pattern for the names of one step: one name, ``*``, ``[0-5]`` or ``{a,b}``."""
    different = list(dict.fromkeys(names))
    if len(different) == 1:
        return escape(different[0])
    if star:
        return "*"
    if all(name.isdigit() for name in different):
        return f"[{_ranges(sorted(map(int, different)))}]"
    return f"{{{','.join(different)}}}"


def _ranges(numbers: Sequence[int]) -> str:
    """Return ``0-6,8`` for these numbers."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def unnumbered(name: str) -> str:
    """Return a name with its numbers left out, so that the items of a list are told together."""
    return re.sub(r"(?:^|(?<=\.))\d+(?=\.|$)", "*", name)


def _prefixes(name: str) -> list[str]:
    """Return the modules around a name: ``a.b.c`` and ``a.b`` and ``a`` for ``a.b.c.weight``."""
    steps = name.split(".")[:-1]
    return [".".join(steps[: count + 1]) for count in range(len(steps))]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
