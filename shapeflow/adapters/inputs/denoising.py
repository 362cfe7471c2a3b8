"""Inputs of a network of diffusers: latents, a step of the noise, a text, and other conditions."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from torch import nn

from shapeflow.adapters.inputs import conventions, denoiser_others, documented, uses
from shapeflow.adapters.inputs.convention_rows import OWN
from shapeflow.adapters.inputs.denoiser_rules import MASK, make
from shapeflow.adapters.inputs.fields import Fields
from shapeflow.adapters.inputs.latents import shape_of
from shapeflow.adapters.inputs.network import Network
from shapeflow.adapters.inputs.pipelines import never_given
from shapeflow.adapters.inputs.pretrained import Inputs
from shapeflow.adapters.inputs.rules import numbers
from shapeflow.adapters.inputs.signature import needed, parameters_of

MAIN = ("hidden_states", "sample", "x", "latents", "z", "mel")
NO_SIZES: Mapping[str, Sequence[int]] = MappingProxyType({})
ONLY_WHERE_NEEDED = frozenset({"timestep_r", "r_timestep"})


def inputs_of(model: nn.Module, sizes: Mapping[str, Sequence[int]] = NO_SIZES) -> Inputs:
    """Return inputs for a network, and how they were made.

    Args:
        model: built; its configuration is ``model.config``.
        sizes: name of an input -> its sizes, of those that a user gives: what is made fits them, but for the
            batch, which has as many rows as ever.
    """
    parts = getattr(model, "nets", None)
    if isinstance(parts, nn.ModuleList) and len(parts):
        return _of_several(model, parts, sizes)
    fields, inputs = Fields(getattr(model, "config", {})), Inputs()
    parameters = parameters_of(model.forward)
    required = needed(model.forward)
    main = next((name for name in MAIN if name in parameters), "")
    pictures = is_autoencoder(model)
    dims, shape = shape_of(model, main, fields, pictures=pictures) if main else ([], [])
    if len(wanted := sizes.get(main, ())) == len(shape) > 1:
        shape = [shape[0], *wanted[1:]]
    network = Network(model, fields, main, dims, shape)
    text = sizes.get("encoder_hidden_states", ())
    network.given_words = text[-2] if len(text) > 2 else 0
    own = OWN.get(type(model).__name__, {})
    for name, convention in own.items():
        if (special := conventions.make(convention, network.named, model)) is not None:
            inputs.add(main if name == "main" else name, special)
    if main and dims and main not in inputs.values:
        told = " x ".join(f"{size:,} {dim}" for dim, size in zip(dims[1:], shape[1:], strict=True))
        inputs.add(main, (numbers(*shape), f"random numbers, a batch of {shape[0]} x {told}"))
    for name, parameter in parameters.items():
        must = name in required or (parameter.default is None and network.use(name).needed)
        if name in inputs.values or name in own or (name in ONLY_WHERE_NEEDED and not must):
            continue
        if not must and MASK.fullmatch(name) and never_given(type(model), name):
            inputs.notes.append(
                f"Run without {name}: no pipeline of diffusers gives it to {type(model).__name__}."
            )
            continue
        made = make(name, network)
        if must and made is None:
            made = denoiser_others.make(name, parameter, network, inputs.values) or documented.make(
                name, type(model).forward, fields
            )
        if made is not None:
            inputs.add(name, made)
        elif must and parameter.default is parameter.empty:
            inputs.missing.append(name)
    return inputs


def _of_several(model: nn.Module, parts: nn.ModuleList, sizes: Mapping[str, Sequence[int]]) -> Inputs:
    """Return inputs for a network of several of one kind: those of one, and a list where it wants a list."""
    one, inputs = inputs_of(parts[0], sizes), Inputs()
    inner, own = parameters_of(parts[0].forward), OWN.get(type(model).__name__, {})
    each = uses.taken_with(type(model).forward, "self.nets")
    for name, parameter in parameters_of(model.forward).items():
        many = name in each or (_is_list(parameter) and not (name in inner and _is_list(inner[name])))
        if name in own and (special := conventions.make(own[name], int, model)) is not None:
            inputs.add(name, special)
        elif name in one.values:
            value = [one.values[name]] * len(parts) if many else one.values[name]
            inputs.add(name, (value, one.made[name] + (", the same for each part" if many else "")))
        elif many and name in inner and parameter.default in (parameter.empty, inner[name].default):
            usual = inner[name].default
            inputs.add(name, ([usual] * len(parts), f"{usual} for each part"))
        elif parameter.default is parameter.empty:
            inputs.missing.append(name)
    return inputs


def _is_list(parameter: inspect.Parameter) -> bool:
    return str(parameter.annotation).startswith(("list[", "typing.List["))


def is_autoencoder(model: nn.Module) -> bool:
    """Return whether a network takes pictures, videos or sounds themselves."""
    return hasattr(model, "encode") and hasattr(model, "decode")
