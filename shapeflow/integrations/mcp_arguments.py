"""The arguments of tools: their JSON Schema, and what is said of those that do not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shapeflow.common.text import nearest
from shapeflow.errors import InputError

TYPES: dict[str, type] = {"string": str, "integer": int}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a tool."""

    name: str
    text: str
    """What it is, for the one who fills it in."""
    type: str = "string"
    """``string`` or ``integer``."""
    default: str | int | None = None
    required: bool = False
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    example: str = ""

    @property
    def schema(self) -> dict[str, Any]:
        """Its JSON Schema."""
        data: dict[str, Any] = {"type": self.type, "description": self.text}
        if self.choices:
            data["enum"] = list(self.choices)
        if self.default is not None:
            data["default"] = self.default
        limits = {"minimum": self.least, "maximum": self.most}
        return data | {name: limit for name, limit in limits.items() if limit is not None}


def input_schema(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Return the JSON Schema of the arguments of a tool."""
    return {
        "type": "object",
        "properties": {one.name: one.schema for one in parameters},
        "required": [one.name for one in parameters if one.required],
        "additionalProperties": False,
    }


def checked(tool: str, parameters: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call, completed by defaults.

    Raises:
        InputError: one is unknown, missing, or of another type (``tool-argument``).
    """
    known = [one.name for one in parameters]
    for name in given:
        if name not in known:
            close = nearest(str(name), known, 1)
            missing = [one.name for one in parameters if one.required and one.name not in given]
            raise _error(
                tool,
                f"'{tool}' takes no argument '{name}'",
                expected=", ".join(known) or "no arguments",
                hint=(close or missing[:1] or [""])[0],
            )
    arguments: dict[str, Any] = {}
    for one in parameters:
        value = given.get(one.name)
        if value is None:
            if one.required:
                hint = f"{one.name}: {one.example}" if one.example else ""
                raise _error(tool, f"the argument '{one.name}' is missing", expected=one.text, hint=hint)
            value = one.default
        else:
            _check(tool, one, value)
        arguments[one.name] = value
    return arguments


def _check(tool: str, parameter: Parameter, value: object) -> None:
    name = parameter.name
    noun = {"string": "text", "integer": "a whole number"}[parameter.type]
    if type(value) is not TYPES[parameter.type]:
        raise _error(
            tool,
            f"'{name}' is not {noun}",
            expected=f"{noun}{f' such as {parameter.example}' if parameter.example else ''}",
            found=_shown(value),
        )
    if parameter.choices and value not in parameter.choices:
        close = nearest(str(value), parameter.choices, 1)
        expected = ", ".join(parameter.choices)
        raise _error(
            tool, f"'{value}' is none of the values of '{name}'", expected=expected, hint="".join(close)
        )
    if isinstance(value, int) and not (
        (parameter.least is None or value >= parameter.least)
        and (parameter.most is None or value <= parameter.most)
    ):
        limits = f"{parameter.least} or more" if parameter.most is None else ""
        limits = limits or f"{parameter.least} to {parameter.most}"
        raise _error(tool, f"{value} is no value of '{name}'", expected=limits)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _error(tool: str, what: str, *, expected: str = "", found: str = "", hint: str = "") -> InputError:
    return InputError("tool-argument", what, where=f"tool {tool}", expected=expected, found=found, hint=hint)
