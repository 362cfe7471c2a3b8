"""How much memory is free, and a model that needs more: refused while it is built, before it fills all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import ref

from shapeflow.common.units import format_bytes
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from torch.nn import Module, Parameter

ALLOCATED = re.compile(r"tried to allocate (\d+) bytes")
USABLE = 0.9
"""Part of the free memory that weights may take: a run needs some, too."""
DEEPEST = 10
"""Of the exceptions that led to another."""


def memory_available() -> int | None:
    """Return how many bytes of memory are free; None if the system does not tell."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return None


@contextmanager
def within_memory(target: str) -> Iterator[None]:
    """Build a model for real inside: its parameters are counted as they come, before they get their numbers.

    Raises:
        InputError: they need more memory than was free at the beginning.
    """
    from torch.nn.modules.module import register_module_parameter_registration_hook as each_parameter

    free = memory_available()
    room = None if free is None else int(free * USABLE)
    seen: dict[int, ref[Parameter]] = {}
    needed, refused = 0, None

    def count(module: Module, name: str, parameter: Parameter) -> None:
        nonlocal needed, refused
        known = seen.get(id(parameter))
        if room is None or parameter is None or parameter.device.type != "cpu":
            return
        if known is not None and known() is parameter:
            return
        seen[id(parameter)] = ref(parameter)
        needed += parameter.nbytes
        if needed > room:  # some may have been replaced since
            needed = sum(one.nbytes for each in seen.values() if (one := each()) is not None)
        if needed > room:
            refused = _too_large(target, needed)
            raise refused

    hook = each_parameter(count)
    try:
        yield
    except Exception as error:  # whatever the model or its library made of it
        if refused is None and (asked := _asked_for(error)):
            refused = _too_large(target, needed + asked)
        if refused is not None:
            raise refused from None
        raise
    finally:
        hook.remove()


def _asked_for(error: BaseException | None) -> int:
    """Return the bytes that torch could not allocate, if that is what an exception came from; else 0."""
    for _ in range(DEEPEST):
        if error is None:
            break
        if asked := ALLOCATED.search(str(error)):
            return int(asked[1])
        error = error.__cause__ or error.__context__
    return 0


def _too_large(target: str, needed: int) -> InputError:
    return InputError(
        "model-too-large",
        f"the weights of '{target}' need more than {format_bytes(needed)} of memory",
        where="option --device",
        expected=f"at most {round(100 * USABLE)} % of the memory that is free",
        hint="--device meta, which allocates nothing large and gives the same shapes",
    )
