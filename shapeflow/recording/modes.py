"""Put modes of ours on and take them off, in whatever order recordings begin and end."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from shapeflow.common.shared import Changes, surely
from shapeflow.recording.dispatch_mode import DispatchMode, dispatch_modes
from shapeflow.recording.stacks import Stack
from shapeflow.recording.torch_internals import (
    TorchFunctionMode,
    dispatch_notes,
    function_modes,
    no_torch_function,
    pop_function_mode,
    push_dispatch_mode,
    push_function_mode,
)

_FUNCTION_MODES = Stack(function_modes, pop_function_mode, push_function_mode)


class OwnMode(TorchFunctionMode):
    """A function mode of ours, which torch must not notice when it chooses between its own paths."""

    lasts = True
    """False for one that is on for a moment, or whose run is over: nothing may leave it on."""

    def __exit__(self, *_: Any) -> None:
        self.take_off()

    def take_off(self) -> bool:
        """Take it off wherever it is among the modes of this thread; return False if it is not."""
        return _FUNCTION_MODES.take_off(self)


def put_on(mode: DispatchMode | OwnMode, changes: Changes) -> None:
    """Put a mode on until the changes end, when it is taken off as often as it is on."""

    def end() -> None:
        mode.lasts = False
        _sweep()

    changes.on_end(end)
    _sweep()
    mode.lasts = True
    if isinstance(mode, DispatchMode):
        changes.share("dispatch modes", _Noted)
        push_dispatch_mode(mode)
    else:
        push_function_mode(mode)


def _sweep() -> None:
    """Take off what is still on and should not be.

    That is a mode whose run has ended in another thread, or inside of an operator that it saw, and one that
    was put on for a moment, if Ctrl-C came just when it was to be taken off.
    """
    for mode in (*function_modes(), *dispatch_modes()):
        if isinstance(mode, DispatchMode | OwnMode) and not mode.lasts:
            mode.take_off()


def is_shapes_only() -> bool:
    """Return whether this thread is in a shapes-only run."""
    return any(getattr(mode, "is_shapes_only", False) for mode in dispatch_modes())


def refuse_inside_shapes_only() -> None:
    """Refuse a run inside a shapes-only one, whose tensors have no numbers to run with.

    Raises:
        RuntimeError: this thread is in a shapes-only run.
    """
    if is_shapes_only():
        raise RuntimeError(
            "a model cannot be recorded inside a shapes-only run: record it before or after, "
            "or run the outer one for real (device='cpu', or --device cpu)"
        )


def keep_function_state(changes: Changes) -> None:
    """See to it that torch functions are handed to modes at the end of the changes if they are now."""
    state = no_torch_function()

    def end() -> None:
        state.__exit__(None, None, None)  # it gives back what it found

    surely(partial(_enter_and_leave, state), end)
    changes.on_end(end)


def _enter_and_leave(state: AbstractContextManager[Any]) -> None:
    with state:  # it notes how things are
        pass


class _Noted:
    """That a dispatch mode is on, which torch notes once for the whole process: its compiler keeps off then.

    Two threads that enter and leave modes in turns, each of which puts back what it found, would have torch
    believe for ever that one is on.
    """

    def __init__(self) -> None:
        self._before = {name: flag for name, flag in vars(dispatch_notes).items() if type(flag) is bool}

    def make(self) -> None:
        """Let torch note it as it does for any mode."""
        mode = DispatchMode()
        mode.lasts = False
        surely(partial(dispatch_notes.TorchDispatchMode.__enter__, mode), _sweep)

    def undo(self) -> None:
        """Let torch note what it did before."""
        notes = vars(dispatch_notes)
        notes.update(self._before)
        if (
            "set_is_in_mode_without_ignore_compile_internals" in notes
        ):  # the compiler's own copy, from 2.11 on
            flag = notes["is_in_any_mode_without_ignore_compile_internals"]()
            notes["set_is_in_mode_without_ignore_compile_internals"](flag)


def no_function_modes() -> AbstractContextManager[None]:
    """Take the function modes off inside a block; unlike in ``no_torch_function``, new ones work there."""
    return _FUNCTION_MODES.emptied()
