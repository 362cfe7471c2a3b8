"""The arguments of a call, in which inputs are put in the place of others, by name or position."""

from __future__ import annotations

import copy
import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from shapeflow.adapters.given.callee import Callee
from shapeflow.adapters.given.texts import OPTION, Step, place_text
from shapeflow.common.text import listing
from shapeflow.errors import InputError


class Arguments:
    """What a callee is called with.

    Args:
        callee: what is called.
        args: what it is given by position.
        kwargs: what it is given by name.
    """

    def __init__(
        self, callee: Callee, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> None:
        self._callee = callee
        self.args, self.kwargs = list(args), dict(kwargs or {})

    @property
    def named(self) -> dict[str, Any]:
        """What is given, by the names of the parameters as far as these are known."""
        names = self._callee.positional
        by_position = {names[i] if i < len(names) else f"in[{i}]": value for i, value in enumerate(self.args)}
        return {**by_position, **self.kwargs}

    def get(self, place: Sequence[Step]) -> Any:
        """Return what is in a place; None if nothing is."""
        position, name = self._position(place[0]), self._name(place[0])
        if position is not None and position < len(self.args):
            value = self.args[position]
        else:
            value = self.kwargs.get(name)
        for step in place[1:]:
            value = _item(value, step)
        return value

    def put(self, place: Sequence[Step], value: Any) -> None:
        """Put a value into a place, the rest of what is there left as it is.

        Raises:
            InputError: a position is left out, or what is there has no such place.
        """
        first = place[0]
        if len(place) > 1:
            value = _with(self.get(place[:1]), place, 1, value)
        position, name = self._position(first), self._name(first)
        if position is not None and position < len(self.args):
            self.args[position] = value
        elif name in self.kwargs or not isinstance(first, int):
            self._put_named(name, position, value)
        elif first == len(self.args):
            self.args.append(value)
        elif name:
            self.kwargs[name] = value
        else:
            raise InputError(
                "input-unknown",
                f"input in[{first}] is given, and in[{len(self.args)}] is not",
                where=OPTION,
                expected="positions from in[0] on, none left out",
                hint=f"--input 'in[{len(self.args)}]=…'",
            )

    def take_out(self, name: str) -> Any:
        """Take out what is given by a name, and return it."""
        value = self.named[name]
        if name in self.kwargs:
            del self.kwargs[name]
        else:
            self.args[self._callee.positional.index(name)] = None
        return value

    def _put_named(self, name: str, position: int | None, value: Any) -> None:
        """Put a value into a parameter that is named and not yet given by position."""
        parameter = self._callee.parameters.get(name)
        if parameter is not None and parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            if position != len(self.args):
                before = self._callee.positional[len(self.args)]
                raise InputError(
                    "input-unknown",
                    f"input '{name}' is given by position, and '{before}' before it is not",
                    where=OPTION,
                    hint=f"--input '{before}=…'",
                )
            self.args.append(value)
        else:
            self.kwargs[name] = value

    def _position(self, first: Step) -> int | None:
        if isinstance(first, int):
            return first
        names = self._callee.positional
        return names.index(first) if first in names else None

    def _name(self, first: Step) -> str:
        if isinstance(first, str):
            return first
        names = self._callee.positional
        return names[first] if first < len(names) else ""


def _item(value: Any, step: Step) -> Any:
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(step, int):
        return value[step] if isinstance(value, list | tuple) and step < len(value) else None
    return getattr(value, step, None)


def _with(value: Any, place: Sequence[Step], depth: int, new: Any) -> Any:
    """Return a container like ``value``, made where there is none, with something new in a place."""
    step = place[depth]
    if depth + 1 < len(place):
        new = _with(_item(value, step), place, depth + 1, new)
    if value is None:
        value = [] if isinstance(step, int) else {}
    if isinstance(value, Mapping):
        return _changed(value, step, new)
    if isinstance(value, list | tuple) and isinstance(step, int):
        if step > len(value):
            raise _no_place(place, depth, f"it has {len(value)} items so far")
        items = [*value[:step], new, *value[step + 1 :]]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(step, str) and hasattr(value, step):
        return _with_attribute(value, step, new)
    raise _no_place(place, depth, _inside(value))


def _changed(value: Mapping[Any, Any], key: Step, new: Any) -> Any:
    if isinstance(value, dict) and type(value) is not dict:
        changed = copy.copy(value)
        changed[key] = new
        return changed
    return {**value, key: new}


def _with_attribute(value: Any, name: str, new: Any) -> Any:
    if hasattr(value, "_replace"):
        return value._replace(**{name: new})
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(value, **{name: new})
    changed = copy.copy(value)
    setattr(changed, name, new)
    return changed


def _inside(value: Any) -> str:
    names = list(getattr(value, "_fields", ())) or [
        name for name in getattr(value, "__dict__", {}) if not name.startswith("_")
    ]
    return f"a {type(value).__name__}" + (f" with {listing(names, 6)}" if names else "")


def _no_place(place: Sequence[Step], depth: int, found: str) -> InputError:
    return InputError(
        "input-unknown",
        f"there is no place '{place_text(place[: depth + 1])}' in '{place_text(place[:depth])}'",
        where=OPTION,
        found=found,
    )
