"""Requests as the front matter of a walkthrough writes them; paths are seen from the document's folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shapeflow.adapters.files.kinds import is_model_file
from shapeflow.adapters.given.texts import File, Given, parse_given, renamed, seen_from
from shapeflow.adapters.request import DEVICES, INPUTS, Input, Request, from_texts, to_texts
from shapeflow.common.text import nearest
from shapeflow.errors import WalkthroughError

KEYS = ("model", *(row.key for row in INPUTS), "device", "seed")
"""What ``run`` may say."""
GIVEN = "inputs"
"""Its key for what is given by name, a name and a value a line."""


def from_front_matter(
    model: str, run: Mapping[str, Any], *, folder: Path, where: str = "", device: str | None = None
) -> Request:
    """Return what a walkthrough asks to be run.

    Args:
        model: what it says that it is about; ``run`` may name another way to it.
        run: its ``run``.
        folder: of the walkthrough; paths are seen from there.
        where: the walkthrough, for messages.
        device: instead of the walkthrough's.

    Raises:
        WalkthroughError: a key is not known, or does not have the right kind of value.
        InputError: as ``from_texts``.
    """
    reader = _Reader(run, where)
    reader.check_keys()
    target = reader.text("model") or model
    if not target:
        raise reader.error("the front matter does not say which model to run", "a line 'model: sam3'")
    file, colon, name = target.rpartition(":")
    if file.endswith(".py"):
        target = f"{folder / file}{colon}{name}"
    elif not colon and is_model_file(target):
        target = str(folder / target)
    where_to = device or reader.text("device") or ("cpu" if run.get("checkpoint") else "meta")
    if where_to not in DEVICES:
        raise reader.error(f"'{where_to}' is not a device", ", ".join(DEVICES))
    seed = run.get("seed", 0)
    if not isinstance(seed, int):
        raise reader.error(f"'{seed}' is not a seed", "a whole number")
    texts = {}
    for row in INPUTS:
        given = reader.texts(row)
        if row.key == GIVEN:
            given = [seen_from(parse_given(text), folder).text for text in given]
        texts[row.name] = [str(folder / text) for text in given] if row.is_file else given
    return from_texts(target, texts, device=where_to, seed=seed)


def to_front_matter(request: Request, folder: Path) -> dict[str, Any]:
    """Return the ``run`` of a walkthrough in ``folder`` whose model is the request's."""
    run: dict[str, Any] = {}
    if request.file:
        file, name = request.file
        run["model"] = f"{_seen_from(folder, file)}:{name}"
    elif ":" not in request.target and is_model_file(request.target):
        run["model"] = _seen_from(folder, Path(request.target))
    texts = to_texts(request)
    for row in INPUTS:
        given: list[Any] = list(texts.get(row.name, ()))
        if row.is_file:
            given = [_seen_from(folder, Path(text)) for text in given]
        if row.numbers:
            given = [[float(number) for number in text.split(",")] for text in given]
        if row.key == GIVEN:
            run |= _given(request, folder)
        elif row.switch:
            run |= {row.key: True} if given else {}
        elif given:
            run[row.key] = given[0] if len(given) == 1 and not row.numbers else given
    if request.seed:
        run["seed"] = request.seed
    if request.device != ("cpu" if request.checkpoint else "meta"):
        run["device"] = request.device
    return run


def _given(request: Request, folder: Path) -> dict[str, Any]:
    """Return what is given by name; what has no name as a list of texts."""
    inputs = [_file_from(folder, given) for given in request.inputs]
    if not inputs:
        return {}
    names = [given.name for given in inputs]
    if all(names) and len(set(names)) == len(names):
        return {GIVEN: {given.name: given.text.partition("=")[2].strip() for given in inputs}}
    return {GIVEN: [given.text for given in inputs]}


def _file_from(folder: Path, given: Given) -> Given:
    if not isinstance(given.value, File):
        return given
    return renamed(given, Path(_seen_from(folder, given.value.path)))


def _seen_from(folder: Path, path: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Takes values out of a ``run``, checked to be of the right kind."""

    run: Mapping[str, Any]
    where: str

    def error(self, what: str, expected: str, hint: str = "") -> WalkthroughError:
        return WalkthroughError("front-matter", what, where=self.where, expected=expected, hint=hint)

    def check_keys(self) -> None:
        for key in self.run:
            if key not in KEYS:
                close = nearest(str(key), KEYS, 1)
                raise self.error(f"no key '{key}' in 'run'", ", ".join(KEYS), close[0] if close else "")

    def text(self, key: str) -> str:
        """Return an entry that is a line of text; empty if it is not there."""
        value = self.run.get(key) or ""
        if not isinstance(value, str):
            raise self.error(f"'{key}' in 'run' is not text", f"a line such as '{key}: …'")
        return value

    def texts(self, row: Input) -> list[str]:
        """Return what is given for an input, as text."""
        if row.numbers:
            return self._lists_of_numbers(row.key)
        if row.key == GIVEN:
            return self._given()
        if row.switch:
            return self._switch(row.key)
        if not row.many:
            return [text] if (text := self.text(row.key)) else []
        values = self.run.get(row.key) or []
        values = [values] if isinstance(values, str) else values
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.error(f"'{row.key}' in 'run' is not a file name", "a name, or a list of names")
        return values

    def _lists_of_numbers(self, key: str) -> list[str]:
        values = self.run.get(key) or []
        if not isinstance(values, list) or not all(isinstance(value, str | list) for value in values):
            example = "a list such as [[0.5, 0.5, 0.2, 0.3]]"
            raise self.error(f"'{key}' in 'run' is not a list of boxes", example)
        return [value if isinstance(value, str) else ",".join(map(str, value)) for value in values]

    def _switch(self, key: str) -> list[str]:
        value = self.run.get(key, False)
        if not isinstance(value, bool):
            raise self.error(f"'{key}' in 'run' is neither true nor false", f"a line such as '{key}: true'")
        return ["true"] if value else []

    def _given(self) -> list[str]:
        """Return what is given by name as texts: ``NAME=VALUE`` of a mapping, else as it is."""
        values = self.run.get(GIVEN) or []
        if isinstance(values, Mapping):
            return [f"{name}={self._value(value)}" for name, value in values.items()]
        values = values if isinstance(values, list) else [values]
        return [self._value(value) for value in values]

    def _value(self, value: Any) -> str:
        if value is None or isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str | int | float):
            return str(value)
        if isinstance(value, list) and all(type(size) is int for size in value):
            return str(value)  # `x: [1, 3, 224, 224]` is a list to YAML
        raise self.error(
            f"'{GIVEN}' in 'run' has something that is no input",
            "a name and a value a line, such as 'x: f32[1, 3, 224, 224]'",
        )
