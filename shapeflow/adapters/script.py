"""The surroundings in which a file or module of the user's runs: as if Python had been started on it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

_STARTED: list[Script] = []
"""All scripts that were entered in this process."""


class Script:
    """What a script sees of the process while it is entered: its own command line, path and modules.

    What it changes in them, or in the working folder, is there again the next time it is entered, and gone
    outside.

    Args:
        name: the only word of its command line.
        folder: where its modules are looked for first.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.folder = str(folder)
        self._argv = [name]
        self._path: list[str] | None = None
        self._modules: dict[str, ModuleType] = {}
        """What it imported from its folder, by name."""
        self._here: Path | None = None
        """Where it went."""
        self._inside = False

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Give the script its surroundings, and put everything back afterwards."""
        if self._inside:
            yield
            return
        argv, path, here = sys.argv, list(sys.path), Path.cwd()
        hidden = self._hide_others()
        known = dict(sys.modules)
        sys.modules.update(self._modules)
        sys.argv, sys.path[:] = self._argv, self._path or [self.folder, *path]
        if self._here is not None:
            os.chdir(self._here)
        self._inside = True
        try:
            yield
        finally:
            self._inside = False
            self._argv, self._path = sys.argv, list(sys.path)
            self._here = moved if (moved := Path.cwd()) != here else None
            sys.argv, sys.path[:] = argv, path
            os.chdir(here)
            for name, module in list(sys.modules.items()):
                if module is not known.get(name) and self._is_beside(module):
                    self._modules[name] = module
            sys.modules.update(hidden)

    def _hide_others(self) -> dict[str, ModuleType]:
        """Take away what scripts of other folders imported there: this one gets its own ``utils``."""
        if self not in _STARTED:
            _STARTED.append(self)
        hidden = {}
        for other in _STARTED:
            if other.folder != self.folder:
                for name, module in other._modules.items():
                    if sys.modules.get(name) is module:
                        hidden[name] = sys.modules.pop(name)
        return hidden

    def _is_beside(self, module: ModuleType) -> bool:
        file = getattr(module, "__file__", None)
        return isinstance(file, str) and Path(file).is_relative_to(self.folder)
