"""A small model of each family of timm, of some several."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch

from benchmarks.models.build import Built, Entry

NAMES = """
beit_base_patch16_224 eva02_tiny_patch14_224 maxvit_rmlp_pico_rw_256 halo2botnet50ts_256
botnet26t_256 lambda_resnet26t test_byobnet mobileone_s0 repvgg_b0 cait_xxs24_224 coat_tiny
convit_tiny convmixer_768_32 test_convnext cpubone_nano crossvit_tiny_240 csatv2 cs3darknet_s
darknet17 cspnext_tiny davit_tiny deit_tiny_patch16_224 deit_tiny_distilled_patch16_224
deit3_small_patch16_224 densenet121 dla34 dpn68 edgenext_xx_small efficientformer_l1
efficientformerv2_s0 test_efficientnet mixnet_s tinynet_e mnasnet_small efficientvim_m1
efficientvit_b0 efficientvit_m0 vit_tiny_patch16_dinov3_qkvb fasternet_t0 fastvit_t12 fastvit_mci0
focalnet_tiny_srf gcvit_xxtiny gemma4_vit_167m ghostnet_050 ghostnetv2_100 ghostnetv3_050
hardcorenas_a hgnet_tiny hgnetv2_b0 hiera_tiny_224 sam2_hiera_tiny hieradet_small hrnet_w18_small
iformer_t inception_next_atto inception_resnet_v2 inception_v3 inception_v4 lcnetv2_small levit_128s
lowformer_b0 mambaout_femto test_coatnet test_maxvit caformer_s18 convformer_s18 poolformer_s12
gmlp_s16_224 mixer_s32_224 resmlp_12_224 mobilenetv3_small_050 lcnet_035 mobilenetv5_base
mobilevit_xxs mobilevitv2_050 mvitv2_tiny naflexvit_base_patch16_gap nest_tiny nextvit_small
test_nfnet nf_resnet26 dm_nfnet_f0 pit_xs_224 pvt_v2_b0 qwen3_vit_88m rdnet_tiny regnetx_002
regnety_002 regnetz_005 repghostnet_050 repvit_m0_9 res2net50_26w_4s resnest14d test_resnet
seresnet18 ecaresnet26t resnetblur18 resnetv2_18 rexnet_100 selecsls42 legacy_seresnet18
sequencer2d_s shvit_s1 skresnet18 starnet_s050 swiftformer_xs swin_s3_tiny_224
swinv2_tiny_window8_256 swinv2_cr_tiny_224 tiny_vit_5m_224 tnt_s_patch16_224 tresnet_m
twins_svt_small twins_pcpvt_small visformer_tiny test_vit vit_tiny_r_s16_p8_224 test_vit_relpos
samvit_base_patch16_224 vitamin_small_224 volo_d1_224 ese_vovnet19b_slim legacy_xception xception41
xcit_nano_12_p16_224
"""
"""Left out are families of which even the smallest has over 80 million weights, or is of the same code."""


def entries() -> Iterator[Entry]:
    """Yield a model for each name that this version of timm has."""
    from timm import is_model

    for name in filter(is_model, NAMES.split()):
        yield Entry(name, "picture", "timm", partial(build, name))


def build(name: str) -> Built:
    """Build a model and a picture of the size that it takes, a small one if it takes any."""
    from timm import create_model

    model = create_model(name, pretrained=False).eval()
    settings = model.default_cfg
    channels, *size = settings["input_size"]
    if not settings.get("fixed_input_size"):
        size = [min(side, 128) for side in size]
    return model, {"x": torch.rand(1, channels, *size)}
