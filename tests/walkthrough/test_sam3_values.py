"""SAM3's value claims on decoder, scores, boxes and masks: true of inputs that make them sharp, and only so.

With random weights some could not fail: the box head ends in zeros, and no score comes near the clamp. Here
the official classes run with small sizes, filled last layers and scores beyond the clamp, and each claim is
judged once as it stands and then with wrong formulas in its place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from places import PACKAGE
from walkthroughs import document_of

from shapeflow.model.trace import Trace
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse, read
from shapeflow.walkthrough.verdict import Verdict

pytestmark = pytest.mark.slow

DIMS = {"B": 1, "G": 4, "N": 16, "D": 16, "H": 2, "L": 6, "Q": 5, "T": 6, "M": 0, "R": 7, "V": 2}
SMALLER = {"100:104": "8:12", "0:8": "0:4"}
"""Parts of tensors that the claims take, in the small model."""

WRONG = {
    "transformer.encoder.layers.0.self_attn:in[0]": [
        (" + transformer.encoder.layers.0:in.query_pos[0, 0:4]", ""),
        (" + ", " - "),
        ("norm1:out[0, 0:4]", "norm2:out[0, 0:4]"),
    ],
    "transformer.encoder.layers.0.self_attn:in.value": [
        ("norm1:out[0, 0:4]", "norm1:out[0, 1:5]"),
        ("norm1:out[0, 0:4]", "norm3:out[0, 0:4]"),
        ("norm1:out[0, 0:4]", "norm1:out[0, 0:4] + transformer.encoder.layers.0:in.query_pos[0, 0:4]"),
    ],
    "sum(transformer.encoder:in.prompt_key_padding_mask)": [
        ("T - V", "T"),
        ("T - V", "V"),
        ("T - V", "R - V"),
    ],
    "min(transformer.decoder:in.valid_ratios)": [("~= 1", "~= 0"), ("~= 1", "~= 2"), ("~= 1", "~= 1 / G")],
    "max(transformer.decoder.layers.0.ca_text/softmax:out": [
        (" * transformer.decoder.layers.0.ca_text:in.key_padding_mask", ""),
        (
            "transformer.decoder.layers.0.ca_text:in.key_padding_mask",
            "(1 - transformer.decoder.layers.0.ca_text:in.key_padding_mask)",
        ),
        ("~= 0", "~= 1"),
    ],
    "max(abs(transformer.decoder.layers.0.cross_attn:in.attn_mask": [
        ("[:, 0]", "[:, 1]"),
        ("[:, 0]", ""),
        ("~= 0", "~= 1"),
    ],
    "dot_prod_scoring.mean_pool_text():out": [
        (" * unsqueeze(1 - dot_prod_scoring.mean_pool_text():in.prompt_mask, 2)", ""),
        ("/ (R - sum(dot_prod_scoring.mean_pool_text():in.prompt_mask))", "/ R"),
        ("~= sum(", "~= max("),
        ("(R - sum(", "(T - sum("),
    ],
    "dot_prod_scoring:out[5:6]": [
        ("-12, 12", "-1000, 1000"),
        ("-12, 12", "-10, 10"),
        ("sqrt(D)", "D"),
        ("hs_proj:out[5:6]", "hs_proj:out[4:5]"),
    ],
    "reshape(.forward_grounding():out.pred_boxes": [
        (" + transformer.decoder.bbox_embed@6:out[5:6]", ""),
        ("0.001", "0.01"),
        ("bbox_embed@6:out[5:6]", "bbox_embed@6:out[4:5]"),
        ("log(", "exp("),
        ("1 - transpose", "2 - transpose"),
    ],
    ".forward_grounding():out.pred_boxes_xyxy": [
        ("cxcywh_to_xyxy(.forward_grounding():out.pred_boxes)", ".forward_grounding():out.pred_boxes"),
        ("out.pred_boxes)", "out.pred_boxes * 2)"),
        (
            "cxcywh_to_xyxy(.forward_grounding():out.pred_boxes)",
            "clamp(cxcywh_to_xyxy(.forward_grounding():out.pred_boxes), 0, 1)",
        ),
    ],
    ".forward_grounding():out.presence_logit_dec": [
        ("presence_token_head@5:out[:, :, 0]", "presence_token_head@4:out[:, :, 0]"),
        (
            "transformer.decoder.presence_token_head@5:out[:, :, 0]",
            "clamp(transformer.decoder.presence_token_head@5:out[:, :, 0], -10, 10)",
        ),
        (
            "transformer.decoder.presence_token_head@5:out[:, :, 0]",
            "sigmoid(transformer.decoder.presence_token_head@5:out[:, :, 0])",
        ),
    ],
    "segmentation_head._embed_pixels()/reshape:out": [
        ("segmentation_head/add:out[0, 0]", "segmentation_head/add:out[1, 0]"),
        ("segmentation_head/add:out[0, 0]", "segmentation_head.cross_attend_prompt:out[0][0, 0]"),
        ("0, 0] ~=", "0, 1] ~="),
    ],
    "segmentation_head.pixel_decoder/add@1:out": [
        ("relu@0:out[0, :, 0:1, 0:1]", "relu@0:out[0, :, 0:2, 0:2]"),
        (" + segmentation_head.pixel_decoder/relu@0:out[0, :, 0:1, 0:1]", ""),
        (" + ", " - "),
    ],
    "segmentation_head.mask_predictor/einsum:out": [
        ("qc,chw->qhw", "qc,chw->qwh"),
        ("instance_seg_head:out", "instance_seg_head:in"),
        ("mask_embed:out[0, 0:4]", "mask_embed:in[0, 0:4]"),
    ],
    "transformer.decoder.layers.0.self_attn/bmm@0:in[0]": [
        ("sqrt(D / H)", "sqrt(D)"),
        ("sqrt(D / H)", "(D / H)"),
        (" / sqrt(D / H)", ""),
    ],
    "transformer.decoder.layers.0.self_attn/softmax:out": [
        (", -1)", ", 1)"),
        (", -1)", ", 0)"),
        (
            " @ transformer.decoder.layers.0.self_attn/bmm@0:in[1], -1)",
            " @ transformer.decoder.layers.0.self_attn/bmm@0:in[1] * 2, -1)",
        ),
    ],
    "transformer.decoder.layers.0.self_attn/bmm@1:out": [
        ("softmax:out[:, 0:4]", "softmax:out[:, 1:5]"),
        ("softmax:out[:, 0:4]", "softmax:out[:, 0:4] * 2"),
        (
            " @ transformer.decoder.layers.0.self_attn/bmm@1:in[1]",
            " @ transformer.decoder.layers.0.self_attn/bmm@1:in[1] + 1",
        ),
    ],
    "transformer.decoder.layers.0.ca_text/softmax:out": [
        ("transformer.decoder.layers.0.ca_text/baddbmm:in[0] + ", ""),
        (", -1)", ", 1)"),
        ("baddbmm:in[0] + ", "baddbmm:in[0] - "),
    ],
    "transformer.encoder.layers.0.cross_attn_image/scaled_dot_product_attention:out": [
        (" + transformer.encoder.layers.0.cross_attn_image/scaled_dot_product_attention:in[3]", ""),
        ("sqrt(D / H)", "sqrt(D)"),
        (", -1) @", ", 2) @"),
    ],
    "transformer.encoder.layers.0.self_attn/scaled_dot_product_attention:out": [
        ("in[0][:, 0:1, 0:4]", "in[0][:, 1:2, 0:4]"),
        ("sqrt(D / H)", "sqrt(D)"),
        (", -1) @", ", 2) @"),
    ],
    "transformer.decoder.layers.0.cross_attn/scaled_dot_product_attention:out": [
        (" + transformer.decoder.layers.0.cross_attn/scaled_dot_product_attention:in[3][:, 0:1, 0:4]", ""),
        ("sqrt(D / H)", "sqrt(D)"),
        (", -1) @", ", 2) @"),
    ],
}
"""What a value claim begins with -> what is replaced in it to make it wrong."""


def claims() -> Iterator[str]:
    """Yield the value claims of the walkthrough that are tried here, with the sizes of the small model."""
    for claim in read(PACKAGE / "walkthrough" / "shipped" / "sam3.en.md").claims:
        text = claim.text.removeprefix("value ")
        if claim.kind == "value" and claim.scope.module:
            text = text.replace(":in.valid_ratios", f"{claim.scope.module}:in.valid_ratios")
        for old, new in SMALLER.items():
            text = text.replace(old, new)
        if claim.kind == "value" and any(text.startswith(start) for start in WRONG):
            yield text


def small_model() -> Any:
    """Return the official model without its backbones, small, with weights that make the claims sharp."""
    import torch
    from sam3.model.decoder import TransformerDecoder, TransformerDecoderLayer
    from sam3.model.encoder import TransformerEncoderFusion, TransformerEncoderLayer
    from sam3.model.maskformer_segmentation import PixelDecoder, UniversalSegmentationHead
    from sam3.model.model_misc import MLP, DotProductScoring, MultiheadAttentionWrapper
    from sam3.model.sam3_image import Sam3Image
    from torch import nn

    width, heads = DIMS["D"], DIMS["H"]

    def attention(**more: Any) -> nn.Module:
        return MultiheadAttentionWrapper(num_heads=heads, dropout=0.1, embed_dim=width, **more)

    class Small(Sam3Image):
        """From the selected level on; the prompt comes ready made."""

        def __init__(self) -> None:
            nn.Module.__init__(self)
            common = {"activation": "relu", "d_model": width, "dim_feedforward": 4 * width, "dropout": 0.1}
            layer = TransformerEncoderLayer(
                **common,
                pos_enc_at_attn=True,
                pos_enc_at_cross_attn_keys=False,
                pos_enc_at_cross_attn_queries=False,
                pre_norm=True,
                self_attention=attention(batch_first=True),
                cross_attention=attention(batch_first=True),
            )
            self.transformer = nn.Module()
            self.transformer.encoder = TransformerEncoderFusion(
                layer, 2, width, 1, add_pooled_text_to_img_feat=False
            )
            self.transformer.decoder = TransformerDecoder(
                width,
                False,
                None,
                TransformerDecoderLayer(
                    **common, cross_attention=attention(), n_heads=heads, use_text_cross_attention=True
                ),
                DIMS["L"],
                DIMS["Q"],
                True,
                box_refine=True,
                dac=True,
                boxRPB="log",
                presence_token=True,
            )
            network = MLP(width, 4 * width, width, 2, residual=True, out_norm=nn.LayerNorm(width))
            self.dot_prod_scoring = DotProductScoring(width, width, network)
            self.segmentation_head = UniversalSegmentationHead(
                width, 3, PixelDecoder(width, 3), cross_attend_prompt=attention()
            )
            self.num_feature_levels, self.num_interactive_steps_val = 1, 0
            self.use_dot_prod_scoring = self.o2m_mask_predict = True
            self.instance_dot_prod_scoring = None
            self.supervise_joint_box_scores = False

        def _encode_prompt(self, given: Any, *_: Any) -> tuple[Any, Any, Any]:
            return given["prompt"], given["mask"], given

        def forward(self, given: Any) -> Any:
            return self.forward_grounding(given, SimpleNamespace(img_ids=torch.tensor([0])), None, None)

    torch.manual_seed(0)
    model = Small().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.copy_(torch.randn_like(parameter) / math.sqrt(parameter[0].numel()))
        decoder = model.transformer.decoder
        decoder.reference_points.weight.copy_(torch.randn(DIMS["Q"], 4) * 6)  # some within 0.001 of 0 and 1
        model.dot_prod_scoring.hs_proj.weight *= 200  # scores on both sides of the clamp
        decoder.presence_token_head.layers[-1].weight *= 30  # a presence beyond 10
    return model


def given() -> Any:
    """Return what the small model is given: three levels, their positions, and a prompt with padding."""
    import torch

    torch.manual_seed(1)
    width, side = DIMS["D"], DIMS["G"]
    levels = [torch.randn(1, width, side * scale, side * scale) for scale in (4, 2, 1)]
    positions = [torch.randn_like(level) for level in levels]
    mask = torch.tensor([[False] * DIMS["V"] + [True] * (DIMS["T"] - DIMS["V"]) + [False]])
    prompt = torch.randn(DIMS["R"], 1, width)
    return {"backbone_fpn": levels, "vision_pos_enc": positions, "prompt": prompt, "mask": mask}


def wrong(text: str) -> list[str]:
    """Return the claim with wrong formulas."""
    start = max((start for start in WRONG if text.startswith(start)), key=len)
    changed = [text.replace(old, new, 1) for old, new in WRONG[start]]
    assert text not in changed, "a replacement finds nothing to replace"
    return changed


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Verdict]:
    """Every claim, right and wrong, judged on one real run that kept all the numbers."""
    pytest.importorskip("sam3")
    from shapeflow import recording
    from shapeflow.adapters.base import Prepared
    from shapeflow.runs.numbers import numbers_for

    texts = [text for right in claims() for text in (right, *wrong(right))]
    document = parse(document_of(*(f"value {text}" for text in texts), dims=DIMS), "values.md")

    def prepare() -> Prepared:
        model, arguments = small_model(), given()
        return Prepared(model, lambda: model(arguments), {}, {})

    trace: Trace = recording.run(
        prepare, device="cpu", adapter="", target="", capture=numbers_for([document])
    )
    return {verdict.claim.text.removeprefix("value "): verdict for verdict in check(trace, document).verdicts}


def test_every_kind_of_claim_is_there() -> None:
    found = list(claims())
    assert [start for start in WRONG if not any(text.startswith(start) for text in found)] == []
    assert all(len(wrong(text)) >= 3 for text in found)


@pytest.mark.parametrize("text", list(claims()))
def test_a_value_claim_is_true_of_the_formula_and_of_no_wrong_one(
    text: str, verdicts: dict[str, Verdict]
) -> None:
    assert verdicts[text].status == "holds", verdicts[text].render()
    for changed in wrong(text):
        assert verdicts[changed].status == "contradicted", verdicts[changed].render()
