"""Inputs of a network of diffusers: latents, a step of the noise, a text, and other conditions."""

from __future__ import annotations

from torch import nn

from shapeflow.adapters.inputs import conventions, documented
from shapeflow.adapters.inputs.conventions import OWN
from shapeflow.adapters.inputs.denoiser_rules import Network, make
from shapeflow.adapters.inputs.fields import Fields
from shapeflow.adapters.inputs.latents import shape_of
from shapeflow.adapters.inputs.pretrained import Inputs
from shapeflow.adapters.inputs.rules import numbers
from shapeflow.adapters.inputs.signature import needed, parameters_of

MAIN = ("hidden_states", "sample", "x", "latents", "z", "mel")
ONLY_WHERE_NEEDED = frozenset({"timestep_r", "r_timestep"})


def inputs_of(model: nn.Module) -> Inputs:
    """Return inputs for a network, and how they were made.

    Args:
        model: built; its configuration is ``model.config``.
    """
    fields, inputs = Fields(getattr(model, "config", {})), Inputs()
    parameters = parameters_of(model.forward)
    required = needed(model.forward)
    main = next((name for name in MAIN if name in parameters), "")
    pictures = is_autoencoder(model)
    dims, shape = shape_of(model, main, fields, pictures=pictures) if main else ([], [])
    network = Network(model, fields, main, dims, shape)
    own = OWN.get(type(model).__name__, {})
    for name, convention in own.items():
        if (special := conventions.make(convention, network.named)) is not None:
            inputs.add(main if name == "main" else name, special)
    if main and dims and main not in inputs.values:
        told = " x ".join(f"{size:,} {dim}" for dim, size in zip(dims[1:], shape[1:], strict=True))
        inputs.add(main, (numbers(*shape), f"random numbers, a batch of {shape[0]} x {told}"))
    for name, parameter in parameters.items():
        must = name in required
        if name in inputs.values or name in own or (name in ONLY_WHERE_NEEDED and not must):
            continue
        made = make(name, network)
        if must and made is None:
            made = documented.make(name, type(model).forward, fields)
        if made is not None:
            inputs.add(name, made)
        elif must and parameter.default is parameter.empty:
            inputs.missing.append(name)
    return inputs


def is_autoencoder(model: nn.Module) -> bool:
    """Return whether a network takes pictures, videos or sounds themselves."""
    return hasattr(model, "encode") and hasattr(model, "decode")
