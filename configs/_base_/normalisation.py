"""Mean and deviation of the pictures that DINOv2 was trained on (ImageNet), RGB in [0, 255]."""

from mmengine.config import read_base  # noqa: F401  marks a new-style config

dinov2 = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
