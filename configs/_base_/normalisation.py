"""Mean and deviation of the pictures that a trunk was trained on, RGB in [0, 255].

The tasks of ``_base_`` are for DINOv2 (ImageNet's values). The config of another trunk has its own
as ``pixels`` beside ``backbone``, and what stands on it ends with ``normalised(tasks, pixels)``.
"""

from mmengine.config import read_base  # noqa: F401  marks a new-style config

dinov2 = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
siglip = dict(mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5])


def normalised(tasks, pixels):
    """Let the decoders of all tasks normalise as their trunk expects."""
    for task in tasks.values():
        task["decoder"]["data_preprocessor"].update(pixels)
