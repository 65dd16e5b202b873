"""The backbone of the scenes on the encoder of ``make demo-mtv``, frozen, with a trained adapter.

Sizes of the ViT are those of ``configs/mtv/scenes.py``: patches of 12 pixels, 72 a side.
"""

from mmengine.config import read_base

from argus.models.backbones import SiglipVisionTransformer

with read_base():
    from ..._base_.normalisation import siglip as pixels  # noqa: F401  for those who import this
    from .argus_tiny import backbone

backbone.update(
    vit=dict(
        type=SiglipVisionTransformer,
        arch=dict(embed_dim=96, depth=4, num_heads=3),
        patch_size=12,
        img_size=72,
        weights="work_dirs/demo_mtv/models/trained",
    ),
    freeze_vit=True,
)
