"""DINOv2 ViT-B/14 with 4 registers, frozen, without adapter: the paper's row "DINOv2 adapted".

86,583,552 parameters, none trained. How the paper makes four maps of the tokens is not stated; here
the final tokens are interpolated to the four strides.
"""

from argus.models.backbones import DinoVisionTransformer, PlainViT

backbone = dict(
    type=PlainViT,
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
    freeze_vit=True,
    resize_mode="bicubic",  # not stated in paper; guess
)
