"""Find the parameters and buffers of a trace by name: ``decoder.query_embed.weight``."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from shapeflow.model.match import Match
from shapeflow.model.path_index import PathIndex, selector_of
from shapeflow.model.pattern import Segment
from shapeflow.model.records import Module, Port, Records
from shapeflow.model.tensors import Kind, ModuleTensor


class Owned:
    """The parameters and buffers of one trace, by the path of their module and their name."""

    def __init__(self, trace: Records) -> None:
        self.listed = all(module.tensors is not None for module in trace.modules)
        """False for a trace of a version that did not list them: it has those that were read."""
        self.by_module: dict[str, dict[str, ModuleTensor]] = {}
        self.values: dict[str, int] = {}
        """Qualified name -> the value that it was when it was first read."""
        for module in trace.modules:
            for tensor in module.tensors or ():
                self.by_module.setdefault(module.path, {})[tensor.name] = tensor
        for value in trace.values:
            if value.origin in ("parameter", "buffer") and value.name not in self.values:
                self.values[value.name] = value.id
                path, _, name = value.name.rpartition(".")
                kind: Kind = "parameter" if value.origin == "parameter" else "buffer"
                known = self.by_module.setdefault(path, {})
                known.setdefault(name, ModuleTensor(name, value.dtype, value.shape, kind))

    def value(self, key: str, tensor: ModuleTensor) -> int | None:
        """Return the value that a tensor was when it was first read; None if nothing read it."""
        return self.values.get(tensor.same or key)

    def may_hold_more(self, module: Module) -> bool:
        """Return whether a module has parameters that the trace does not list."""
        known = self.by_module.get(module.path, {}).values()
        seen = sum(prod(tensor.shape) for tensor in known if tensor.kind != "buffer")
        return module.tensors is None and module.own_parameters > seen

    def find(self, index: PathIndex, segments: Sequence[Segment]) -> dict[str, ModuleTensor]:
        """Return the tensors that a path names, by qualified name; a path that names modules names none."""
        if not segments:
            return {}
        *above, last = segments
        found = {}
        for path in self.holders(index, above):
            for name, tensor in self.by_module.get(path, {}).items():
                if last.deep or last.accepts(name):
                    found[f"{path}.{name}" if path else name] = tensor
        return found

    def holders(self, index: PathIndex, above: Sequence[Segment]) -> list[str]:
        """Return the modules that a path names."""
        return [key for key in index.find(above) if key in index.modules]

    def elements(self, trace: Records, paths: Sequence[str]) -> tuple[int, int]:
        """Return the parameter elements in modules and below, shared ones once, and those trained."""
        sizes: dict[str, int] = {}
        trained: dict[str, int] = {}
        beginnings = tuple(f"{path}." for path in paths)
        for module in trace.modules:
            if module.path not in paths and "" not in paths and not module.path.startswith(beginnings):
                continue
            for tensor in module.tensors or ():
                if tensor.kind != "buffer":
                    own = f"{module.path}.{tensor.name}" if module.path else tensor.name
                    number = prod(tensor.shape)
                    sizes[tensor.same or own] = number
                    if tensor.kind == "parameter":
                        trained[tensor.same or own] = number
        return sum(sizes.values()), sum(trained.values())


def tensor_matches(trace: Records, found: dict[str, ModuleTensor]) -> list[Match]:
    """Return tensors as the matches of the selectors that name exactly them."""
    owned = trace.cached(Owned)
    matches = []
    for key, tensor in found.items():
        number = owned.value(key, tensor)
        value = None if number is None else trace.values[number]
        matches.append(Match(selector_of(key), 0, 1, None, port=Port("", number), value=value, tensor=tensor))
    return matches
