"""Inputs of a model of transformers: what its processors make, texts, and what the rules know."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from shapeflow.adapters.inputs import documented, rules
from shapeflow.adapters.inputs.fields import Fields
from shapeflow.adapters.inputs.fitted import fitted, fixed_size
from shapeflow.adapters.inputs.latents import first_layer
from shapeflow.adapters.inputs.own import own
from shapeflow.adapters.inputs.placeholders import (
    KINDS,
    DoesNotFitError,
    Placeholder,
    counts,
    reads_numbers,
    token_of,
)
from shapeflow.adapters.inputs.samples import Sample
from shapeflow.adapters.inputs.sessions import session
from shapeflow.adapters.inputs.signature import (
    called,
    needed,
    parameters_of,
    raises_without,
    unwanted,
)
from shapeflow.adapters.inputs.text import ROWS, Words, started, words

ALIASES = {
    "pixel_values": ("hidden_states", "image_pixel_values", "images", "image"),
    "image_grid_thw": ("grid_thw",),
    "image_position_ids": ("pixel_position_ids",),
    "attention_mask": ("feature_attention_mask", "input_features_mask", "padding_mask"),
    "padding_mask": ("attention_mask",),
    "input_features": ("audio_mel", "audio_features", "audio_input_features"),
    "input_features_mask": ("audio_mel_mask", "attention_mask"),
    "image_merge_sizes": ("merge_sizes",),
}
"""What a processor calls its result -> what a forward may call it."""


PACKED = ("image_grid_thw", "grid_thw", "spatial_shapes", "image_sizes", "target_sizes", "tgt_sizes")
"""What comes with pictures that are cut up into patches or tiles."""
ONE_TEXT = "ForSequenceClassification"
"""Ending of models whose decoder reads the text that their encoder reads."""
COMPANIONS = ("decoder_input_ids", "bbox", "input_features_mask")
"""What is given wherever a forward takes it."""


@dataclass(slots=True)
class Inputs:
    """What a model is called with."""

    values: dict[str, Any] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    """How each was made, a sentence without its full stop."""
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """What the forward cannot do without, and no rule knows."""
    placed: list[Placeholder] = field(default_factory=list)
    """What has its place among the tokens of the text."""

    def add(self, name: str, made: rules.Made) -> None:
        """Take an input and the sentence on how it was made."""
        self.values[name], self.made[name] = made


def inputs_of(model: nn.Module, config: Any, samples: Sequence[Sample]) -> Inputs:
    """Return inputs for a model, and how they were made.

    Args:
        model: built; it may be asked how many tokens a picture becomes.
        config: its configuration.
        samples: what its processors made, see ``samples``.
    """
    fields, inputs = Fields(config), Inputs()
    parameters = parameters_of(called(model))
    main: Any = getattr(model, "main_input_name", "input_ids")
    required = [*needed(called(model)), *([main] if isinstance(main, str) else main)]
    conventional, refused = own(type(model).__name__, fields)
    for name, made in {**conventional, **session(parameters, fields)}.items():
        inputs.add(name, made)
    inputs.notes += [
        f"Run without {name}: {type(model).__name__} takes it instead of others." for name in refused
    ]
    taken = {name: parameter for name, parameter in parameters.items() if name not in refused}
    for sample in samples:
        _take(inputs, sample, taken, fields, fixed_size(model))
    if _sees(inputs, taken, fields):
        inputs.add("pixel_values", rules.picture(fields))
    refused += unwanted(called(model))
    if "input_ids" in refused and "inputs_embeds" in parameters:
        required.append("inputs_embeds")
    elif "input_ids" in parameters and "input_ids" not in inputs.values:
        if "input_features_mask" in parameters and "input_features_mask" not in inputs.values:
            _add(inputs, "input_features_mask", model, fields)
        _texts(inputs, model, fields, parameters)
        documented.repeat_texts(inputs.values, inputs.made, called(model), fields)
    companions = [name for name in COMPANIONS if name in parameters]
    if type(model).__name__.endswith(ONE_TEXT) and {"input_ids", "decoder_input_ids"} <= parameters.keys():
        inputs.add("decoder_input_ids", _moved(inputs.values["input_ids"], fields))
    if "states" in parameters:  # a model of decisions is given all that was decided on
        companions += ["actions", "rewards", "returns_to_go", "timesteps"]
    if fields.get("cross_attention_frequency") is not None:  # queries that look at something else
        companions.append("encoder_hidden_states")
    certain = raises_without(called(model))
    for name in dict.fromkeys([*required, *companions]):
        if name not in parameters or name in inputs.values or name in refused:
            continue
        must = parameters[name].default is parameters[name].empty or name in certain
        if not _add(inputs, name, model, fields) and must:
            inputs.missing.append(name)
    _as_the_model(inputs, model)
    return inputs


def _moved(ids: Tensor, fields: Fields) -> rules.Made:
    """Return texts as a decoder is given them that is to say the same: after the token that starts one."""
    first = ids.new_full((len(ids), 1), started(fields).ids[0][0])
    return torch.cat(
        (first, ids[:, :-1]), 1
    ), "the same texts, one token later, after the one that starts them"


def _add(inputs: Inputs, name: str, model: nn.Module, fields: Fields) -> bool:
    """Add an input by its name, if it is known how to make it, and return whether it is."""
    made = _made(name, model, fields, inputs)
    if made is not None:
        inputs.add(name, made)
    return made is not None


def _made(name: str, model: nn.Module, fields: Fields, inputs: Inputs) -> rules.Made | None:
    """Return an input by its name, and how it was made."""
    if name == "input_features_mask":
        features = inputs.values.get("input_features")
        if features is None:
            return None
        return torch.ones(features.shape[0], max(features.shape[1:]), dtype=torch.long), "every step is real"
    if name == "hidden_states" and "grid_thw" in parameters_of(called(model)):
        return rules.patches(fields)
    return (
        _for_layer(name, model, fields)
        or _by_rule(name, model, fields)
        or documented.make(name, called(model), fields)
    )


def _for_layer(name: str, model: nn.Module, fields: Fields) -> rules.Made | None:
    """Return an input whose name says little, by the layer that it meets first."""
    entry = first_layer(model)
    if name == "hidden_states" and isinstance(entry, nn.Conv2d):
        shape = (ROWS, entry.in_channels, *rules.image_size(fields, 512))
        return torch.rand(shape), f"{ROWS} pictures of {shape[3]} x {shape[2]}, random numbers"
    if name == "hidden_states" and (width := fields.number("input_dim", default=0)):
        return torch.rand(ROWS, 100, width), f"{ROWS} sounds of 100 steps with {width} numbers each"
    if name == "input_features" and isinstance(entry, nn.Linear):
        width = entry.in_features
        return torch.rand(ROWS, 200, width), f"{ROWS} sounds of 200 steps with {width} numbers each"
    return None


def _by_rule(name: str, model: nn.Module, fields: Fields) -> rules.Made | None:
    """Return an input that a rule makes, with the axis of one channel that a docstring may give it."""
    made = rules.make(name, fields)
    dims = documented.dims_of(name, called(model))
    if made is None or not isinstance(made[0], Tensor) or len(dims) != made[0].dim() + 1 or dims[1] != "1":
        return made
    return made[0].unsqueeze(1), f"{made[1]}, in one channel"


def _sees(inputs: Inputs, parameters: Mapping[str, Any], fields: Fields) -> bool:
    """Return whether a forward takes plain pictures, and no processor made some."""
    if "pixel_values" not in parameters or any(name in parameters for name in PACKED):
        return False
    if any(name.startswith("pixel_values") for name in inputs.values):
        return False
    return fields.get("image_size", "img_size", side="picture") is not None


def _take(
    inputs: Inputs, sample: Sample, parameters: Mapping[str, Any], fields: Fields, size: Sequence[int]
) -> None:
    """Take what a processor made, by the names that the forward has for it."""
    for name, value in fitted(sample, fields, size).items():
        taken = _name_of(name, parameters, inputs)
        if taken is not None:
            inputs.add(taken, (value, sample.made))


def _name_of(name: str, parameters: Mapping[str, Any], inputs: Inputs) -> str | None:
    """Return what a forward calls something that a processor made."""
    names = (name, *ALIASES.get(name, ()))
    if name in ("attention_mask", "padding_mask") and "input_ids" in parameters:
        names = tuple(other for other in names if other != "attention_mask")
    return next((other for other in names if other in parameters and other not in inputs.values), None)


def _texts(inputs: Inputs, model: nn.Module, fields: Fields, parameters: Mapping[str, Any]) -> None:
    """Add texts, with a token for each part of a picture, video or sound that the model puts among them."""
    parts: list[list[int]] = [[] for _ in range(ROWS)]
    kinds: list[list[int]] = [[] for _ in range(ROWS)]
    told = ""
    for kind in KINDS:
        if not any(name in inputs.values for name in kind.inputs):
            continue
        token = token_of(model, fields, kind.tokens, inputs.notes)
        if token is None:
            continue
        try:
            found = _counted(inputs, model, kind)
        except DoesNotFitError as error:
            _leave_out(inputs, kind, str(error))
            continue
        if found is None:
            continue
        inputs.placed.append(kind)
        ends = [token_of(model, fields, names, inputs.notes) for names in (kind.first, kind.last)]
        before, after = ([end] if end is not None else [] for end in ends)
        for row, count in enumerate(found):
            parts[row] += [*before, *([token] * count), *after]
            kinds[row] += [0] * len(before) + [kind.type_id] * count + [0] * len(after)
        told += f", {found[0]:,} of them for {kind.called}"
    text = words(fields, parts if told else ())
    _add_text(inputs, text, told, parameters)
    if "mm_token_type_ids" in parameters and told:
        types = [
            [0] * row.index(parts[place][0]) + kinds[place]
            for place, row in enumerate(text.ids)
            if parts[place]
        ]
        width = len(text.ids[0])
        value = torch.tensor([row + [0] * (width - len(row)) for row in types])
        inputs.add(
            "mm_token_type_ids", (value, "1 where a token stands for a part of a picture, 2 of a video")
        )


def with_text_given(inputs: Inputs, given: Collection[str], model: nn.Module) -> None:
    """Leave out what has its place among the tokens of a text, where another text is given.

    Args:
        inputs: changed.
        given: names of what a user gives; what is given itself is not left out.
        model: what it cannot do without is not left out either.
    """
    kept = {*given, *needed(called(model))}
    for kind in inputs.placed if "input_ids" in given or "inputs_embeds" in given else ():
        if not any(name in kept for name in kind.inputs):
            _leave_out(inputs, kind, "the text that is given has no place for it")
            inputs.values.pop("mm_token_type_ids", None)
            inputs.made.pop("mm_token_type_ids", None)


def _counted(inputs: Inputs, model: nn.Module, kind: Placeholder) -> list[int] | None:
    """Return how many tokens stand for something; a model that looks for empty pictures finds none."""
    name = kind.inputs[0]
    if name in inputs.values and reads_numbers(model, kind):
        grey = torch.full(inputs.values[name].shape, 0.5)
        inputs.add(name, (grey, f"{inputs.made[name]}, but all of one grey: the model looks for empty ones"))
    return counts(model, kind, inputs.values)


def _leave_out(inputs: Inputs, kind: Placeholder, reason: str) -> None:
    """Take out what cannot be put among the words, and say so."""
    processed = {inputs.made[name].partition(",")[0] for name in kind.inputs if name in inputs.made}
    for name in [name for name, made in inputs.made.items() if made.partition(",")[0] in processed]:
        del inputs.values[name], inputs.made[name]
    inputs.notes.append(f"Run without {kind.called}: {reason}.")


def _add_text(inputs: Inputs, text: Words, told: str, parameters: Mapping[str, Any]) -> None:
    inputs.add("input_ids", (torch.tensor(text.ids), text.made + told))
    if "attention_mask" in parameters:
        inputs.add("attention_mask", (torch.tensor(text.mask), "1 for each real token, 0 for padding"))


def _as_the_model(inputs: Inputs, model: nn.Module) -> None:
    """Give numbers the dtype of the weights, as users of a model in half precision do."""
    dtype = getattr(model, "dtype", torch.float32)
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point or dtype == torch.float32:
        return
    for name, value in inputs.values.items():
        if isinstance(value, Tensor) and value.is_floating_point():
            inputs.values[name] = value.to(dtype)
