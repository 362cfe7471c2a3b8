"""Put what ``--input`` gives into the arguments of a call, and tell how each was made."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

import torch
from torch import nn

from shapeflow.adapters.given.arguments import Arguments
from shapeflow.adapters.given.callee import Callee
from shapeflow.adapters.given.examples import example
from shapeflow.adapters.given.follow import Changed, follow, instead_of, sizes_instead
from shapeflow.adapters.given.pictures import is_like_a_picture, picture
from shapeflow.adapters.given.tensors import asked_for, from_file
from shapeflow.adapters.given.texts import (
    OPTION,
    PICTURES,
    File,
    Given,
    Plain,
    Step,
    Tensor,
    Words,
    place_text,
)
from shapeflow.adapters.given.tokens import tokenized
from shapeflow.adapters.request import Request
from shapeflow.common.text import listing, nearest
from shapeflow.errors import InputError

IMAGE_NAMES = ("pixel_values", "images", "image", "imgs", "img", "samples", "inputs", "input", "x")
"""What a parameter that takes pictures may be called, the likeliest first; ``--input image=…`` finds it."""
TEXT_NAMES = ("input_ids", "text", "texts", "tokens", "token_ids", "ids", "prompt", "captions", "caption")
TYPO = 0.85
"""How alike a name and a parameter are if one is a slip of the other: ``input_ids`` is none of ``inputs``."""
ALIASES = {"image": IMAGE_NAMES, "picture": IMAGE_NAMES, "text": TEXT_NAMES, "prompt": TEXT_NAMES}


def put_given(
    callee: Callee, model: nn.Module, arguments: Arguments, request: Request, ours: Collection[str] = ()
) -> dict[str, str]:
    """Put what a user gives into the arguments, and return how each was made.

    Other inputs whose sizes were those of an input that has others now follow it, as far as nobody gave them:
    a mask of the token ids, the batch. Token ids of ours are left out where vectors are given instead.

    Args:
        callee: what is called.
        model: that it belongs to.
        arguments: what it is called with; changed.
        request: what the user gives.
        ours: the inputs that no user made.

    Raises:
        InputError: the callee does not take one, two are for one place, or a value cannot be made.
    """
    made: dict[str, str] = {}
    places: dict[tuple[Step, ...], Given] = {}
    changed: list[Changed] = []
    for given in request.inputs:
        place = _place(given, callee, model, arguments)
        _check_once(given, place, places)
        places[place] = given
        before = arguments.get(place)
        for where, value, told in _values(given, place, before, callee, model, request):
            if where in places and where != place:
                continue  # the user says more of it
            was = arguments.get(where)
            arguments.put(where, value)
            made[place_text(where)] = told
            if not isinstance(value, torch.Tensor):
                continue
            name, new = place_text(where), tuple(value.shape)
            old = tuple(was.shape) if isinstance(was, torch.Tensor) else None
            if old is None and (other := instead_of(name, arguments.named)) in ours:
                old = sizes_instead(tuple(arguments.take_out(other).shape), new)
            if old != new:
                changed.append(Changed(name, old, new))
    return made | follow(arguments, changed, made)


def _check_once(given: Given, place: tuple[Step, ...], places: Mapping[tuple[Step, ...], Given]) -> None:
    for other, before in places.items():
        if other[: len(place)] == place:
            raise InputError(
                "input-twice",
                f"'{given}' and '{before}' are both for '{place_text(place)}'",
                where=OPTION,
                expected="each input once",
            )


def _place(given: Given, callee: Callee, model: nn.Module, arguments: Arguments) -> tuple[Step, ...]:
    """Return where an input goes: parameter or position, then what is inside it."""
    if not given.place:
        return (_only_input(given, callee, model, arguments),)
    first = given.place[0]
    if isinstance(first, int):
        if first < len(callee.positional) or callee.takes(inspect.Parameter.VAR_POSITIONAL):
            names = callee.positional
            return (names[first] if first < len(names) else first, *given.place[1:])
    elif first in callee.parameters or first in arguments.kwargs:
        return given.place
    elif callee.takes(inspect.Parameter.VAR_KEYWORD) and first not in ALIASES:
        if get_close_matches(first, list(callee.parameters), cutoff=TYPO):
            raise _unknown(given, callee)  # `**kwargs` would swallow a slip of the fingers
        return given.place
    if isinstance(first, str) and len(given.place) == 1 and first in ALIASES:
        found = _alias(first, callee, arguments)
        if found:
            return (found,)
    raise _unknown(given, callee)


def _alias(name: str, callee: Callee, arguments: Arguments) -> str:
    """Return the parameter that takes the picture or the text."""
    likely = [known for known in ALIASES[name] if known in callee.parameters]
    fits = is_like_a_picture if ALIASES[name] is IMAGE_NAMES else _is_like_tokens
    there = [known for known, value in arguments.named.items() if fits(value)]
    found = [known for known in likely if known in there] or there or likely
    if not found and ALIASES[name] is IMAGE_NAMES and len(callee.needed) == 1:
        found = callee.needed
    return found[0] if found else ""


def _is_like_tokens(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.dtype in (torch.int64, torch.int32) and value.dim() > 0


def _only_input(given: Given, callee: Callee, model: nn.Module, arguments: Arguments) -> Step:
    """Return the one input that something without a name can be for."""
    names = list(callee.parameters)
    if not names:
        if callee.takes(inspect.Parameter.VAR_POSITIONAL):
            return 0
        raise _unknown(given, callee)
    main = getattr(model, "main_input_name", None)
    if len(callee.needed) == 1:
        return callee.needed[0]
    if not callee.needed and len(names) > 1 and main in names and callee.function is model:
        return str(main)
    if len(names) == 1 or (not callee.needed and _is_plain(callee)):
        return names[0]
    there = [name for name, value in arguments.named.items() if isinstance(value, torch.Tensor | list)]
    if len(there) == 1 and not callee.needed:
        return there[0]
    raise InputError(
        "input-unknown",
        f"{callee.called} takes {len(names)} inputs, and '{given}' does not say which it is",
        where=OPTION,
        expected=f"a name: {listing(names, 8)}",
        hint=f"--input '{_with_name(str(given), callee)}'",
    )


def _with_name(given: str, callee: Callee) -> str:
    """Return what was meant by a text without ``=``: perhaps a name with another sign behind it."""
    names = list(callee.parameters)
    signed = re.fullmatch(r"([^\W\d]\w*)\s*[:\s]\s*(\S.*)", given)
    close = nearest(signed[1], names, 1) if signed else []
    if signed and close:
        return f"{close[0]}={signed[2]}"
    return f"{(callee.needed or names)[0]}={given}"


def _is_plain(callee: Callee) -> bool:
    """Return whether all parameters but the first are plain settings: ``forward(x=None, scale=1.0)``."""
    rest = list(callee.parameters.values())[1:]
    return all(isinstance(one.default, bool | int | float | str) for one in rest)


def _unknown(given: Given, callee: Callee) -> InputError:
    names = list(callee.parameters)
    first = given.place[0] if given.place else ""
    close = nearest(str(first), names, 1) if isinstance(first, str) else []
    value = given.text.partition("=")[2] if given.name else given.text
    if isinstance(given.value, Words):
        close = []
    hint = close or (
        callee.needed[:1] if len(callee.needed) == 1 and not isinstance(given.value, Words) else []
    )
    return InputError(
        "input-unknown",
        f"{callee.called} has no input '{given.name or given}'",
        where=OPTION,
        expected=_all_of(names),
        hint=f"--input '{hint[0]}={value}'" if hint else "",
    )


def _all_of(names: list[str]) -> str:
    if not names:
        return "nothing: it takes no inputs"
    return f"one of {listing(names, 8)}" if len(names) > 1 else names[0]


Made = tuple[tuple[Step, ...], Any, str]
"""A place, what goes there, and how it was made."""


def _values(
    given: Given, place: tuple[Step, ...], before: Any, callee: Callee, model: nn.Module, request: Request
) -> list[Made]:
    """Make what a user gives: one value, or of words several."""
    name, wanted = place_text(place), given.value
    if isinstance(wanted, Plain):
        return [(place, wanted.value, "as given")]
    if isinstance(wanted, Tensor):
        likely = example(str(place[-1]), callee.parameters.get(name), model).partition("[")[0]
        return [(place, *asked_for(wanted, name, before, model, request.seed, likely))]
    if isinstance(wanted, File):
        if wanted.path.suffix.lower() in PICTURES:
            return [(place, *picture(wanted.path, before, model))]
        return [(place, *from_file(wanted.path, name))]
    return _words(wanted, place, before, callee, model, request)


def _words(
    wanted: Words, place: tuple[Step, ...], before: Any, callee: Callee, model: nn.Module, request: Request
) -> list[Made]:
    """Return words as they are where words are taken, else as token ids with what belongs to these."""
    first = place[0]
    parameter = callee.parameters.get(str(first))
    if isinstance(before, str) or (parameter is not None and _takes_words(parameter)):
        return [(place, wanted.text, "as given")]
    is_text = first in TEXT_NAMES or _is_like_tokens(before)
    if not is_text:
        if not isinstance(callee.function, nn.Module) and parameter is not None:
            return [(place, wanted.text, "as given")]  # a function of the user's own may want words
        raise InputError(
            "input-syntax",
            f"'{wanted.text}' is no tensor, number or file, which '{place_text(place)}' takes",
            where=OPTION,
            expected=example(str(first), parameter, model),
            hint=f"--input '{place_text(place)}={example(str(first), parameter, model)}'",
        )
    shown = f"'{place_text(place)}={example(str(first), parameter, model)}'"
    ids, told = tokenized(wanted.text, model, request.target, shown)
    if "" in ids or len(place) > 1 or "input_ids" not in ids:
        return [(place, next(iter(ids.values())), told)]
    found: list[Made] = [(place, ids["input_ids"], told)]
    for name, value in ids.items():
        if name != "input_ids" and name in callee.parameters:
            found.append(((name,), value, told))
    return found


def _takes_words(parameter: inspect.Parameter) -> bool:
    return parameter.annotation in (str, "str", "str | None") or isinstance(parameter.default, str)
