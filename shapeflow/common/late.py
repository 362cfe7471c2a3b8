"""Modules that are loaded when something of them is asked for, not when they are imported.

A package imports what most of its users need, and a command needs a part of that: ``sam3`` takes three layers
of ``timm`` and gets all its models, with what these import in turn. A late module is there from its import
on; its file runs when an attribute is looked up that it does not have yet, by whomever and in whatever way.
It is the same module before and after.

A file inside a package may count on the package's own file having run, or at least begun: imports that go
round in a circle work in one order only. So the import of a part loads a package that waits, except for parts
that are known to stand on their own.

All of a process shares its modules, so this is for a process of our own.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, NamedTuple

_ASKED_FOR = frozenset({"__all__", "__version__"})
"""Names with underscores that load a module; others are asked of every module there is."""
_IMPORT_SYSTEM = "importlib."
_LOCK = threading.Lock()
"""Held while a module changes between the tables below, and never while one is loaded."""


class Known(NamedTuple):
    """Attributes of a late module that can be had without loading it."""

    caller: str
    """The module or package whose code gets them; for all others the module is loaded."""
    attributes: Mapping[str, Any]


_LATE: dict[str, Known] = {}
"""Name -> what is known, of all modules that are to be late."""
_ON_THEIR_OWN: set[str] = set()
"""Parts of late packages whose import does not load the package."""
_WAITING: dict[str, _Late] = {}
"""Name -> the module, of those that are imported and not loaded."""
_LOADING: dict[str, _Late] = {}
_LOADED_BY: list[Callable[[Callable[[], ModuleType]], ModuleType]] = []


def import_late(modules: Mapping[str, Known | None], on_their_own: Iterable[str] = ()) -> None:
    """Let modules be late from now on, those that are not imported already.

    Args:
        modules: name -> what is known of each without loading it.
        on_their_own: parts of packages among these which need nothing of their package.
    """
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    _LATE.update({name: known or Known("", {}) for name, known in modules.items()})
    _ON_THEIR_OWN.update(on_their_own)


def load_by(load: Callable[[Callable[[], ModuleType]], ModuleType]) -> None:
    """Have late modules loaded by a function from now on, which calls what it gets."""
    _LOADED_BY[:] = [load]


def is_waiting(name: str) -> bool:
    """Return True if a module is imported and not loaded."""
    return name in _WAITING and sys.modules.get(name) is _WAITING[name]


class LateAttribute:
    """Stands for a function or class of a late module, where it is called or asked what is of that class."""

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Load the module and call the function."""
        return self._real()(*args, **kwargs)

    def __instancecheck__(self, instance: object) -> bool:
        if self._module not in sys.modules or is_waiting(self._module):
            return False  # nobody has made any
        return isinstance(instance, self._real())

    def _real(self) -> Any:
        return getattr(import_module(self._module), self._name)


class _Late(ModuleType):
    """A module whose file has not run."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in _ASKED_FOR:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        known = _LATE[self.__name__]
        if name in known.attributes and is_waiting(self.__name__) and _is_asked_by(known.caller):
            return known.attributes[name]
        module = _load(self)
        return ModuleType.__getattribute__(self, name) if module is self else getattr(module, name)

    def __setattr__(self, name: str, value: object) -> None:
        is_part = isinstance(value, ModuleType) and value.__name__ == f"{self.__name__}.{name}"
        if not is_part and not name.startswith("__"):
            _load(self)
        ModuleType.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        _load(self)
        ModuleType.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        _load(self)
        return list(ModuleType.__dir__(self))


def _is_asked_by(caller: str) -> bool:
    """Return True if the code that looks an attribute up, or imports it, is of a module or package."""
    frame = sys._getframe(2)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(_IMPORT_SYSTEM):
        frame = frame.f_back
    return f"{frame.f_globals.get('__name__')}.".startswith(f"{caller}.")


def _load(module: _Late, *, waits: bool = True) -> ModuleType:
    """Run a module's file, if that was not done, and return what is imported by its name then.

    Args:
        module: one that waited when somebody asked something of it.
        waits: wait for another thread that loads it just now.
    """
    name = module.__name__
    package = _WAITING.get(name.rpartition(".")[0])
    if package is not None and is_waiting(name):
        _load(package, waits=waits)
    with _LOCK:
        begins = is_waiting(name)
        if begins:  # it is imported anew, as the same module: another thread's import waits for it
            _LOADING[name] = _WAITING.pop(name)
            del sys.modules[name]
    if not (begins or waits):
        return module
    return _LOADED_BY[0](lambda: import_module(name)) if _LOADED_BY else import_module(name)


class _Finder(MetaPathFinder):
    """Finds the modules that are to be late, and the parts of packages that wait."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to import one; None leaves the import to others."""
        is_late, package = name in _LATE, name.rpartition(".")[0]
        of_waiting = is_waiting(package) and name not in _ON_THEIR_OWN
        if target is not None or not (is_late or of_waiting):
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None or not spec.has_location:
            return None
        loader = _FileLater(spec.loader, _LOADING.get(name)) if is_late else _AfterPackage(spec.loader)
        spec.loader = loader
        return spec


class _Instead(Loader):
    """Stands for the loader of a module, and has all that it has.

    Args:
        loader: the module's own.
    """

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


class _AfterPackage(_Instead):
    """Imports a part of a package that waits: the package is loaded first, which may import the part."""

    _imported: ModuleType | None = None
    _spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Load the package, and return the part if that has imported it; None: it is still to be made."""
        package = _WAITING.get(spec.name.rpartition(".")[0])
        if package is not None:  # another thread that loads it may want this part, which is locked here
            _load(package, waits=False)
        self._imported = sys.modules.get(spec.name)
        if self._imported is None:
            made: ModuleType | None = self._loader.create_module(spec)
            return made
        self._spec = self._imported.__spec__
        return self._imported

    def exec_module(self, module: ModuleType) -> None:
        """Run the file of a part that its package has not imported."""
        if module is self._imported:
            module.__spec__ = self._spec  # the import has put the spec in its place that has this loader
            return
        spec = module.__spec__
        assert spec is not None
        spec.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)


class _FileLater(_Instead):
    """Imports a module without running its file, or runs the file of one that is imported.

    Args:
        loader: the module's own.
        module: one that is imported; None: a new one.
    """

    def __init__(self, loader: Any, module: _Late | None) -> None:
        super().__init__(loader)
        self._module = module

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module."""
        return self._module or _Late(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Let a new module wait; run the file of one that has waited."""
        assert isinstance(module, _Late)
        name = module.__name__
        if self._module is None:
            _WAITING[name] = module
            return
        spec = module.__spec__
        assert spec is not None
        spec.loader = module.__loader__ = self._loader
        try:
            self._loader.exec_module(module)
        finally:
            _LOADING.pop(name, None)
        if sys.modules.get(name) is module and type(module) is _Late:
            module.__class__ = ModuleType  # type: ignore[assignment]
