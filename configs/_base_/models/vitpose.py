"""Keypoint decoder: ViTPose's classic decoder on the map of stride 16, otherwise as with DPT.

Source: ViTPose (Xu et al., NeurIPS 2022): two deconvolutions of 256 channels and kernel 4; UDP
heatmaps, squared error and flip test are those of ``dpt_keypoint.py``, which are ViTPose's too.
"""

from mmengine.config import read_base

from argus.models.decoders import ViTPoseHead

with read_base():
    from .dpt_keypoint import dpt_keypoint as vitpose

vitpose["backbone"].update(levels=(2,))  # not stated in paper: ViTPose, the map of stride 16
vitpose["head"] = dict(
    type=ViTPoseHead,
    in_channels=768,
    channels=256,  # not stated in paper: ViTPose
    out_channels=17,
    norm_groups=32,  # not stated in paper: the GroupNorm paper; ViTPose has BatchNorm
    loss=vitpose["head"]["loss"],
    decoder=vitpose["head"]["decoder"],
)
