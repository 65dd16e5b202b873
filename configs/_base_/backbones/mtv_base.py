"""Argus-Base on MTV: frozen MTV ViT-B/16, 224 px, and the trained adapter of ``argus_base.py``.

99,477,728 parameters, of which the adapter's 13,680,608 are trained. A place of the stride-16 map
is a patch: pictures are not resized for the ViT. ``weights`` is the folder of a vision tower, or of
a whole MTV or SigLIP model. ``pixels`` is what its pictures are normalised with.
"""

from mmengine.config import read_base

from argus.models.backbones import SiglipVisionTransformer

with read_base():
    from ..normalisation import siglip as pixels  # noqa: F401  for those who import this
    from .argus_base import backbone

backbone["vit"] = dict(
    type=SiglipVisionTransformer,
    arch="base",
    weights="data/weights/mtv_base_patch16_224",
    patch_size=16,
    img_size=224,  # not stated in paper; MTV's
    with_cp=False,  # not stated in paper; memory against time
)
