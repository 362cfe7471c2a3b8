"""Which modules are looked at: a few of those that repeat, and none that only touches up a map."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from shapeflow.recording.modules import named_modules
from shapeflow.recording.torch_internals import children_of

FEW = 4
"""Of layers that repeat: the first, the last, and two between."""
MOST_LOOKED_AT = 200
"""Modules; those that are deeper are passed over."""
_CONTAINERS = (nn.ModuleList, nn.ModuleDict)
_TOUCHES = ("Norm", "Dropout", "DropPath", "Identity", "ReLU", "GELU", "SiLU", "Activation", "LayerScale")
"""In names of classes: what they give looks like what they get."""


class Plan:
    """The modules of a model whose results may be drawn, with how deep they are.

    Args:
        model: the root.
    """

    def __init__(self, model: nn.Module) -> None:
        self.levels: dict[str, int] = {}
        self.families: dict[str, frozenset[str]] = {}
        """The names of the classes that each module is of."""
        self._skipped: set[str] = set()
        self.deepest = 0
        """How deep it is looked: as far as that is not too many."""
        for path, module in named_modules(model):
            if self.is_skipped(path):
                continue
            self.families[path] = frozenset(kind.__name__ for kind in type(module).__mro__)
            self.levels[path] = 0 if not path else self._level(path, module)
            children = [(name, child) for name, child in children_of(module).items() if child is not None]
            shown = set(few(len(children)))
            if len(children) > FEW and len({type(child) for _, child in children}) == 1:
                for number, (name, _) in enumerate(children):
                    if number not in shown:
                        self._skipped.add(f"{path}.{name}" if path else name)
        levels = sorted(self.levels.values())
        self.deepest = max(levels[: MOST_LOOKED_AT + 1][-1] - (len(levels) > MOST_LOOKED_AT), 2)

    def _level(self, path: str, module: nn.Module) -> int:
        """Return how deep a module is; lists of modules are no level, what only touches up is one more."""
        above = self.levels.get(path.rpartition(".")[0], 0)
        if isinstance(module, _CONTAINERS):
            return above
        small = not children_of(module) and any(part in type(module).__name__ for part in _TOUCHES)
        return above + (3 if small else 1)

    def is_skipped(self, path: str) -> bool:
        """Return whether a module is one of many alike that are passed over, or in one of them."""
        if not self._skipped:
            return False
        parts = path.split(".")
        return any(".".join(parts[: end + 1]) in self._skipped for end in range(len(parts)))


def few(count: int, most: int = FEW) -> Sequence[int]:
    """Return which of so many are shown: the first, the last and some between."""
    if count <= most:
        return range(count)
    return sorted({round(number * (count - 1) / max(most - 1, 1)) for number in range(most)})
