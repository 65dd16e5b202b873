"""Argus-Base backbone: frozen DINOv2 ViT-B/14 with 4 registers and the trained adapter.

100,264,160 parameters, of which the adapter's 13,680,608 are trained (paper: ~100M, 13.6M).
Values without a remark are stated in the paper (Argus, CVPR 2025).
"""

from argus.models.backbones import DinoVisionTransformer, ViTAdapter

backbone = dict(
    type=ViTAdapter,
    vit=dict(
        type=DinoVisionTransformer,
        arch="base",
        weights="data/weights/dinov2_vitb14_reg4_pretrain.pth",
        patch_size=14,
        num_registers=4,  # not stated in paper; DINOv2 hub model dinov2_vitb14_reg
        img_size=518,  # not stated in paper; DINOv2 hub model dinov2_vitb14_reg
        init_values=1.0,  # not stated in paper; DINOv2 hub, overwritten by the weight file
        with_cp=False,  # not stated in paper; memory against time
    ),
    num_interactions=4,
    norm="GN",
    scale_tokens=True,
    freeze_vit=True,
    vit_feature_source="final",
    num_heads=12,  # not stated in paper; ViT-Adapter-B
    num_points=4,  # not stated in paper; ViT-Adapter-B
    value_ratio=0.5,  # not stated in paper; ViT-Adapter-B, agrees with the parameter count
    cffn_ratio=0.25,  # not stated in paper; ViT-Adapter-B, agrees with the parameter count
    conv_inplane=64,  # not stated in paper; ViT-Adapter-B, agrees with the parameter count
    num_extra_extractors=2,  # not stated in paper; ViT-Adapter, needed by the parameter count
    norm_groups=32,  # not stated in paper; default of the GroupNorm paper
    final_norm=True,  # not stated in paper; guess, DINOv2's released features are normalised
    drop_path=0.0,  # not stated in paper; guess, only the ConvFFN branch would be dropped
    resize_mode="bicubic",  # not stated in paper; guess
    with_cp=False,  # not stated in paper; memory against time
)
