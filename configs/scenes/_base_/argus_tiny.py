"""A backbone for two CPU cores: the adapter over a small ViT that is trained with it.

There are no pretrained weights of this size; ``weights="random"`` says so, and ``freeze_vit=False``
lets the ViT learn from the scenes.
"""

from argus.models.backbones import DinoVisionTransformer, ViTAdapter

backbone = dict(
    type=ViTAdapter,
    vit=dict(
        type=DinoVisionTransformer,
        arch=dict(embed_dim=96, depth=4, num_heads=3),
        img_size=112,
        weights="random",
    ),
    num_interactions=2,
    num_extra_extractors=1,
    conv_inplane=32,
    norm_groups=8,
    freeze_vit=False,
)
