"""Argus-Base as stage 1 left it, its adapter trained on with the decoder (paper, Table 9)."""

from mmengine.config import read_base

with read_base():
    from .argus_base_frozen import *

backbone.update(freeze=False)
