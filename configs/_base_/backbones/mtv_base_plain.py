"""MTV ViT-B/16, frozen, without adapter: its final tokens at the four strides, as ``dinov2_base``.

85,797,120 parameters, none trained.
"""

from mmengine.config import read_base

from argus.models.backbones import PlainViT

with read_base():
    from .mtv_base import backbone as _argus
    from .mtv_base import pixels

backbone = dict(
    type=PlainViT,
    vit=_argus["vit"],
    freeze_vit=True,
    resize_mode="bicubic",  # not stated in paper; without effect, as patches have 16 pixels
)
