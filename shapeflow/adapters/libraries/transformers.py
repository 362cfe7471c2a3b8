"""``transformers:NAME``: draft."""
from __future__ import annotations
from dataclasses import replace
from shapeflow.adapters.base import Adapter, Prepared
from shapeflow.adapters.request import Request

def load(target: str) -> Adapter:
    name = target.partition(":")[2]
    import transformers
    from shapeflow.adapters.forward import prepared
    from shapeflow.adapters.inputs.pretrained import inputs_of
    from shapeflow.adapters.inputs.samples import samples
    from shapeflow.adapters.inputs.signature import parameters_of
    from shapeflow.adapters.libraries.transformers_classes import defaults, model_class

    found = getattr(transformers, name)
    cls = model_class(found) if issubclass(found, transformers.PreTrainedConfig) else found
    if cls is None: raise LookupError("no model")
    config, notes = defaults(cls.config_class)
    made = samples(config, parameters_of(cls.forward))

    def build(request: Request) -> Prepared:
        import torch

        torch.manual_seed(request.seed)
        model = cls._from_config(config).eval()
        inputs = inputs_of(model, config, made)
        if inputs.missing: raise LookupError(f"missing {inputs.missing}")
        done = prepared(model, (), inputs.values, request, made=inputs.made)
        return replace(done, notes=(*notes, *inputs.notes))

    return build
