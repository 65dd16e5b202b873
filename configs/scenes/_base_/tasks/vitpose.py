"""Person keypoints of generated scenes with ViTPose's classic decoder, small."""

from mmengine.config import read_base

from argus.models.decoders import ViTPoseHead

with read_base():
    from .keypoints import keypoints as vitpose

_decoder = vitpose["decoder"]
_decoder["backbone"].update(levels=(2,))
_decoder["head"] = dict(
    type=ViTPoseHead,
    in_channels=96,
    channels=48,
    out_channels=17,
    norm_groups=8,
    loss=_decoder["head"]["loss"],
    decoder=_decoder["head"]["decoder"],
)
