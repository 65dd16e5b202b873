"""Argus-Large on MTV: frozen MTV ViT-L/16, 256 px, and the trained adapter of ``argus_large.py``.

326,597,824 parameters, of which the adapter's 23,236,800 are trained; else as ``mtv_base.py``.
"""

from mmengine.config import read_base

from argus.models.backbones import SiglipVisionTransformer

with read_base():
    from ..normalisation import siglip as pixels  # noqa: F401  for those who import this
    from .argus_large import backbone

backbone["vit"] = dict(
    type=SiglipVisionTransformer,
    arch="large",
    weights="data/weights/mtv_large_patch16_256",
    patch_size=16,
    img_size=256,  # not stated in paper; MTV's
    with_cp=False,  # not stated in paper; memory against time
)
