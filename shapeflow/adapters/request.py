"""What a user wants to see run, and the ways in which it is written: options, front matter, trace, arguments.

Each translation has its inverse. Most of them go over texts: ``INPUTS`` says once how each thing that a model
can be given is read from text and written as text, so a new one is a field of ``Request`` and a row here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shapeflow.adapters.boxes import Box, box_text, parse_box
from shapeflow.adapters.given.texts import PICTURES, File, Given, parse_given
from shapeflow.adapters.images import open_image
from shapeflow.adapters.prompt import check_prompt
from shapeflow.adapters.specs import FORWARD_INPUTS, AdapterSpec, not_an_image_but_a_model, spec_of
from shapeflow.common.text import listing, nearest
from shapeflow.errors import InputError

DEVICES = ("meta", "cpu", "cuda")


@dataclass(frozen=True, slots=True)
class Request:
    """What the user wants to see run."""

    target: str
    """``sam3``, ``sam3-transformers``, ``PKG.MOD:FACTORY`` …"""
    device: str = "meta"
    """``meta`` (shapes only), ``cpu`` or ``cuda``."""
    images: tuple[Path, ...] = ()
    prompt: str | None = None
    boxes: tuple[Box, ...] = ()
    """The positive ones first."""
    checkpoint: Path | None = None
    seed: int = 0
    inputs: tuple[Given, ...] = ()
    """What the model is given by name, instead of what the target brings or beside it."""
    call: str = ""
    """The method that is run instead of the forward: ``generate``, ``encoder.encode``."""
    train: bool = False
    """Whether the model is put into training mode."""
    backward: bool = False
    """Whether a backward pass follows."""
    resize: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """Other sizes for the inputs that a factory brings: port and dim -> size."""
    trust: bool = False
    """Whether a model file may execute code of its own while it is read."""

    @property
    def files(self) -> list[Path]:
        """The files that go in."""
        given = [one.value.path for one in self.inputs if isinstance(one.value, File)]
        return [*self.images, *given]

    @property
    def file(self) -> tuple[Path, str] | None:
        """The Python file and the name in it that the target names, if it does."""
        file, _, name = self.target.rpartition(":")
        return (Path(file), name) if file.endswith(".py") else None


@dataclass(frozen=True, slots=True)
class Input:
    """Something that a user can give a model."""

    name: str
    """``box`` for the option ``--box``; ``image`` is given without one."""
    key: str
    """In the ``run`` of a walkthrough."""
    called: str
    """What messages call it."""
    read: Callable[[str], Any]
    """Text -> value; raises InputError."""
    given: Callable[[Request], Sequence[Any]]
    """The values that a request has of it."""
    write: Callable[[Any], str] = str
    many: bool = False
    is_file: bool = False
    """A path, which in a walkthrough is seen from its folder."""
    numbers: bool = False
    """Numbers between commas, which in a walkthrough may be a list."""
    switch: bool = False
    """An option without a value, on or off."""


def check_checkpoint(path: Path) -> Path:
    """Return the path of a checkpoint, checked to be there before anything slow begins.

    Raises:
        InputError: it is not.
    """
    if path.is_file():
        return path
    folder = path.parent
    names = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    close = nearest(path.name, names, 1) or [name for name in names if name.endswith((".pt", ".safetensors"))]
    raise InputError(
        "checkpoint-missing",
        f"no checkpoint file '{path}'",
        where="option --checkpoint",
        expected=f"a file; looked in {folder.resolve()}" + (f" (it holds {listing(close)})" if close else ""),
        because="shapes do not depend on weights, only values do",
        hint=str(folder / close[0]) if close else "the same command without --checkpoint",
    )


def check_switch(text: str) -> bool:
    """Return True; off is said by saying nothing.

    Raises:
        InputError: the text says something else.
    """
    if text != "true":
        raise InputError("usage", f"'{text}' is neither true nor false", expected="true or false")
    return True


def check_call(text: str) -> str:
    """Return the name of a method, perhaps of a part of the model.

    Raises:
        InputError: it is none.
    """
    if not all(part.isidentifier() or part.isdigit() for part in text.removesuffix("()").split(".")):
        what = f"'{text}' is not the name of a method"
        raise InputError("no-method", what, where="option --call", expected="generate, or encoder.encode")
    return text.removesuffix("()")


def _some(value: Any) -> list[Any]:
    return [value] if value else []


INPUTS = (
    Input("image", "image", "an image", Path, lambda r: r.images, many=True, is_file=True),
    Input("prompt", "prompt", "--prompt", check_prompt, lambda r: _some(r.prompt)),
    Input(
        "box",
        "boxes",
        "--box",
        parse_box,
        lambda r: [box for box in r.boxes if box.positive],
        box_text,
        many=True,
        numbers=True,
    ),
    Input(
        "negative-box",
        "negative_boxes",
        "--box",
        lambda text: parse_box(text, positive=False),
        lambda r: [box for box in r.boxes if not box.positive],
        box_text,
        many=True,
        numbers=True,
    ),
    Input(
        "checkpoint",
        "checkpoint",
        "--checkpoint",
        lambda text: check_checkpoint(Path(text)),
        lambda r: _some(r.checkpoint),
        is_file=True,
    ),
    Input("input", "inputs", "--input", parse_given, lambda r: r.inputs, many=True),
    Input("call", "call", "--call", check_call, lambda r: _some(r.call)),
    Input("train", "train", "--train", check_switch, lambda r: _some(r.train), lambda _: "true", switch=True),
    Input(
        "backward",
        "backward",
        "--backward",
        check_switch,
        lambda r: _some(r.backward),
        lambda _: "true",
        switch=True,
    ),
)
"""Everything that a model can be given; a new thing is a row here and a field of ``Request``."""

Texts = Mapping[str, Sequence[str]]
"""Name of an input -> what was given for it, as text."""


def from_texts(target: str, texts: Texts, *, device: str = "meta", seed: int = 0) -> Request:
    """Return the request that texts stand for, checked as far as that goes without torch.

    Raises:
        InputError: the model is not known or does not take one of them, or a text or file cannot be used.
    """
    spec = spec_of(target)
    _check_taken(spec, target, texts)
    values = {row.name: [row.read(text) for text in texts.get(row.name, ())] for row in INPUTS}
    for path in values["image"]:
        open_image(path)
    for given in values["input"]:
        if isinstance(given.value, File):
            _check_file(given.value.path)
    return Request(
        target=target,
        device=device,
        images=tuple(values["image"]),
        prompt=next(iter(values["prompt"]), None),
        boxes=(*values["box"], *values["negative-box"]),
        checkpoint=next(iter(values["checkpoint"]), None),
        seed=seed,
        inputs=tuple(values["input"]),
        call=next(iter(values["call"]), ""),
        train=bool(values["train"]),
        backward=bool(values["backward"]),
    )


def _check_file(path: Path) -> None:
    """Check before anything slow begins that a file is there, and that a picture is one."""
    if path.suffix.lower() in PICTURES or not path.is_file():
        open_image(path)  # which says of a file that is not there what is near


def to_texts(request: Request) -> dict[str, list[str]]:
    """Return what was given for each input, as text; inputs without anything are left out."""
    texts = {row.name: [row.write(value) for value in row.given(request)] for row in INPUTS}
    return {name: values for name, values in texts.items() if values}


def _check_taken(spec: AdapterSpec, target: str, texts: Texts) -> None:
    """Check that nothing is given that would silently be dropped, and that what is needed is there."""
    for text in texts.get("image", ()):
        error = not_an_image_but_a_model(text)
        if error is not None:
            raise error
    for row in INPUTS:
        if texts.get(row.name) and row.name not in spec.inputs:
            raise InputError(
                "option-unused",
                f"{spec.without(row.called)}; {row.called} would not be used",
                where="option --model",
                expected=spec.expected or f"what it takes: {', '.join(_options(spec))}",
                hint=_instead(spec, row, texts[row.name][0]),
            )
    if "image" in spec.needed and not texts.get("image"):
        raise InputError(
            "image-missing",
            f"'{target}' looks at an image, and none is given",
            where="argument IMAGE",
            hint='shapeflow trace --prompt "yellow school bus" photo.jpg',
        )


def _options(spec: AdapterSpec) -> list[str]:
    """Return the options that a model takes, as they are typed."""
    taken = (row for row in INPUTS if row.name in spec.inputs)
    return ["IMAGE" if row.name == "image" else f"--{row.name}" for row in taken]


def _instead(spec: AdapterSpec, row: Input, text: str) -> str:
    """Return what to type instead of something that a model does not take."""
    if "input" in spec.inputs:
        name = {"image": "image", "prompt": "text"}.get(row.name)
        if name:
            return f"--input '{name}={text}'"
    if row.name in FORWARD_INPUTS:
        return "--model file.py:function, whose model can be run so"
    return "for the official SAM3 leave out --model"


def to_arguments(request: Request) -> list[str]:
    """Return the words behind ``shapeflow trace`` that ask for the same run, the device left out."""
    texts = to_texts(request)
    images = texts.pop("image", [])
    words = [f"--model={request.target}", f"--seed={request.seed}"]
    switches = {row.name for row in INPUTS if row.switch}
    words += [
        f"--{name}" if name in switches else f"--{name}={text}"
        for name, given in texts.items()
        for text in given
    ]
    return [*words, "--", *images] if images else words
