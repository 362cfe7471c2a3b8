"""``diffusers:NAME``: draft."""
from __future__ import annotations
from dataclasses import replace
from shapeflow.adapters.base import Adapter, Prepared
from shapeflow.adapters.request import Request

def load(target: str) -> Adapter:
    name = target.partition(":")[2]
    import diffusers
    from shapeflow.adapters.forward import prepared
    from shapeflow.adapters.inputs.denoising import inputs_of

    cls = getattr(diffusers, name)

    def build(request: Request) -> Prepared:
        import torch

        torch.manual_seed(request.seed)
        model = cls().eval()
        inputs = inputs_of(model)
        if inputs.missing: raise LookupError(f"missing {inputs.missing}")
        done = prepared(model, (), inputs.values, request, made=inputs.made)
        return replace(done, notes=tuple(inputs.notes))

    return build
