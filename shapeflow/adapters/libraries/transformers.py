"""``transformers:NAME``: a class of configurations or of models, or a folder as the hub has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from shapeflow.adapters.base import Adapter, Prepared
from shapeflow.adapters.given.texts import File
from shapeflow.adapters.libraries import transformers_folders as folders
from shapeflow.adapters.libraries import transformers_names
from shapeflow.adapters.libraries.library import check_name, name_of, weights_into
from shapeflow.adapters.request import Request
from shapeflow.errors import InputError

OPTION = "option --model"
NO_MODELS = {
    "Processor": "a processor makes the inputs of a model",
    "FeatureExtractor": "a feature extractor makes the inputs of a model",
    "TokenizerFast": "a tokenizer makes the inputs of a model",
    "Tokenizer": "a tokenizer makes the inputs of a model",
    "Pipeline": "a pipeline runs a model and what comes before and after it",
}
"""Ending of the classes of transformers that are no models -> why not."""


@cache
def names() -> Sequence[str]:
    """See ``Library``."""
    return sorted(transformers_names.models() | transformers_names.configurations())


def sources() -> Sequence[tuple[str, Sequence[str]]]:
    """See ``Searchable``."""
    return transformers_names.sources()


def blank(name: str) -> Any:
    """See ``Searchable``. It has the default sizes of its configuration."""
    from transformers.utils import logging

    from shapeflow.adapters.libraries import transformers_classes as classes

    logging.set_verbosity_error()  # what it says of defaults is of no model that was asked for
    return classes.built(classes.source(name), f"transformers:{name}")[0]


def check(name: str) -> None:
    """See ``Library``."""
    if folders.is_folder(name):
        folders.check(Path(name))
        return
    if name not in names() and name in transformers_names.types().values():
        raise InputError(
            "unknown-model",
            f"no model of transformers is built from {name} alone",
            where=OPTION,
            because="it is the configuration of a part of other models",
            hint=f"shapeflow models {name.removesuffix('Config')}",
        )
    stem, because = _no_model(name)
    meant = [part for part in name.split(".") if part in names()] or family(stem)
    check_name("transformers", name, names(), "model or configuration", meant=meant, because=because)


def family(name: str) -> Sequence[str]:
    """See ``Familiar``."""
    return transformers_names.family(name)


def _no_model(name: str) -> tuple[str, str]:
    """Return what a name of another kind of class begins with, and why it is no model."""
    if name.startswith("Auto"):
        return "", "such a class only chooses one by a configuration"
    for ending, because in NO_MODELS.items():
        if name.endswith(ending):
            return name.removesuffix(ending).removesuffix("Image"), because
    return name, ""


def load(target: str, *, trust: bool = False) -> Adapter:
    """See ``Library``.

    Args:
        target: what is to be run.
        trust: whether a folder's own code may be imported.
    """
    from shapeflow.adapters.inputs.samples import samples
    from shapeflow.adapters.inputs.signature import called, parameters_of
    from shapeflow.adapters.libraries import transformers_classes as classes

    name = name_of(target)
    check(name)
    found = folders.is_folder(name)
    source = folders.source(Path(name), trust=trust) if found else classes.source(name)
    classes.check_runs(source.model, target)
    made = samples(source.config, parameters_of(called(source.model)), source.folder)
    return _Build(source, made, target)


@dataclass(frozen=True, slots=True)
class _Build:
    """Builds the model and its inputs."""

    source: Any
    samples: Sequence[Any]
    target: str

    def __call__(self, request: Request) -> Prepared:
        import torch

        from shapeflow.adapters.forward import prepared
        from shapeflow.adapters.inputs.pretrained import inputs_of, with_text_given
        from shapeflow.adapters.inputs.signature import called, encodes
        from shapeflow.adapters.libraries import transformers_classes as classes
        from shapeflow.adapters.libraries.transformers_defaults import shortened

        torch.manual_seed(request.seed)
        source = self.source
        if request.device != "meta" and request.checkpoint is None and folders.has_weights(source.folder):
            model, notes = folders.with_weights(source)
        else:
            random = source.folder is None and request.checkpoint is None
            short = shortened(source.config) if random else []
            model, notes = classes.built(source, self.target)
            notes += [*short, *folders.quantised(source.config), *weights_into(model, request)]
        notes += classes.padded(model)
        inputs = inputs_of(model.eval(), source.config, self.samples)
        with_text_given(inputs, _given(request), model)
        classes.check_inputs(model, inputs.missing, self.target)
        function = called(model) if encodes(type(model)) else None
        if function is not None:
            inputs.notes.append(f"{type(model).__name__} has no forward: its encode is run.")
        run = prepared(model, (), inputs.values, request, made=inputs.made, function=function)
        return replace(run, notes=(*run.notes, *source.notes, *inputs.notes, *notes))


def _given(request: Request) -> set[str]:
    """Return the names of the inputs that a user gives; ids in a file may have a place for any picture."""
    names = {
        str(given.place[0]) for given in request.inputs if given.place and not isinstance(given.value, File)
    }
    text = {"input_ids"} if names & {"text", "prompt"} else set()
    picture = {"pixel_values"} if names & {"image", "picture"} else set()
    return names | text | picture
