"""Argus-Small backbone: frozen DINOv2 ViT-S/14 without registers and the trained adapter.

The official file ``dinov2_vits14_pretrain.pth``; any other in a known layout by ``--cfg-options
backbone.vit.weights=FILE``. Small is no size of the paper: the adapter's numbers are those of Base,
its heads those of the ViT.
"""

from argus.models.backbones import DinoVisionTransformer, ViTAdapter

backbone = dict(
    type=ViTAdapter,
    vit=dict(
        type=DinoVisionTransformer,
        arch="small",
        weights="data/weights/dinov2_vits14_pretrain.pth",
        num_registers=0,
    ),
    num_interactions=4,
    norm="GN",
    scale_tokens=True,
    freeze_vit=True,
    vit_feature_source="final",
    num_heads=6,
    num_points=4,
    value_ratio=0.5,
    cffn_ratio=0.25,
    conv_inplane=64,
    num_extra_extractors=2,
    norm_groups=16,  # 24 channels each, as in Base
    final_norm=True,
    resize_mode="bicubic",
)
