"""A SAM3 that is built otherwise is caught, by the claims that one would expect. Shapes only."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from places import PACKAGE

from shapeflow.runs.documents import run_documents
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import read

DOCUMENT = PACKAGE / "walkthrough" / "shipped" / "sam3.en.md"

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Mutation:
    """One argument of one constructor that the builder of the model calls, with another value."""

    constructor: str
    argument: str
    value: object
    caught_by: tuple[str, ...]
    """Claims that have to fail."""
    touches: str
    """What every claim that fails is about, as a regular expression."""
    leads: str = ""
    """What the first cause says; empty: there is none."""


MUTATIONS = {
    "one encoder layer less": Mutation(
        "TransformerEncoderFusion",
        "num_layers",
        5,
        ("count transformer.encoder.layers.* = L", "attr transformer.encoder.num_layers = L"),
        r"transformer\.encoder|\*\*/scaled_dot_product_attention",
        "'transformer.encoder.layers' has 5 members, not 6",
    ),
    "no level dropped": Mutation(
        "SAM3VLBackbone",
        "scalp",
        0,
        (
            "attr backbone.scalp = 1",
            "count items backbone.forward_image():out.backbone_fpn = 3",
            "backbone.vision_backbone:out[0][3] unused",
            "transformer.encoder:in.src[0]  [N, B, D]",
            "count items segmentation_head.pixel_decoder:in[0] = 3",
            'said "1/7.1, 2/8, 4/7.1, 5/2.1, 6/8.1, 7/3.1 the fourth input is P3": '
            "segmentation_head.pixel_decoder:in[0][3]  [B, D, G / 2, G / 2]",
            "count calls segmentation_head.pixel_decoder.conv_layers.2 = 0",
        ),
        "",
        "'backbone.forward_image():out.vision_features' is made otherwise",
    ),
    "half the queries": Mutation(
        "TransformerDecoder",
        "num_queries",
        100,
        (
            "attr transformer.decoder.num_queries = Q",
            "transformer.decoder:in.tgt  [Q, B, D]",
            ".forward_grounding():out.pred_masks  [B, Q, 4 * G, 4 * G]",
        ),
        r"\bQ\b|bmm|clamp",
        "'Q' is 100 in this run, not 200",
    ),
    "fewer heads in the text encoder": Mutation(
        "VETextEncoder",
        "heads",
        8,
        (
            "attr backbone.language_backbone.encoder.heads = A",
            "backbone.language_backbone.encoder.transformer.resblocks.*.attn/"
            "scaled_dot_product_attention:in[0]  [1, A, T, E / A]",
        ),
        r"backbone\.language_backbone",
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_another_model_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = pytest.importorskip("sam3.model_builder")
    mutation = MUTATIONS[name]
    original: Callable[..., Any] = getattr(builder, mutation.constructor)

    def mutated(*args: object, **kwargs: object) -> object:
        return original(*args, **{**kwargs, mutation.argument: mutation.value})

    monkeypatch.setattr(builder, mutation.constructor, mutated)
    document = read(DOCUMENT)
    result = check(run_documents([document]), document)
    failed = [verdict.claim for verdict in result.failed]
    assert set(mutation.caught_by) <= {claim.text for claim in failed}
    touched = rf"^(parameters|trainable|flops) |{mutation.touches}"
    about = [f"{claim.text}  {claim.scope.module}" for claim in failed]
    assert [text for text in about if not re.search(touched, text)] == []
    assert next((cause.what for cause in result.causes), "") == mutation.leads
