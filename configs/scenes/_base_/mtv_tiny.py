"""The backbone of the scenes on the encoder of ``make demo-mtv``, frozen, with a trained adapter.

Sizes of the ViT are those of ``configs/mtv/scenes.py``.
"""

from mmengine.config import read_base

from argus.models.backbones import SiglipVisionTransformer

with read_base():
    from ..._base_.normalisation import siglip as pixels  # noqa: F401  for those who import this
    from ...mtv.scenes import backbone as _pair
    from .argus_tiny import backbone

_vision = _pair["vision"]
backbone.update(
    vit=dict(
        type=SiglipVisionTransformer,
        arch=dict(
            embed_dim=_vision["hidden_size"],
            depth=_vision["num_hidden_layers"],
            num_heads=_vision["num_attention_heads"],
        ),
        patch_size=_vision["patch_size"],
        img_size=_vision["image_size"],
        weights="work_dirs/demo_mtv/models/trained",
    ),
    freeze_vit=True,
)
