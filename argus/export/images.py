"""The pictures that an exported file is checked on."""

import itertools
from typing import Any

import numpy as np
from PIL import Image

from argus.errors import ConfigError
from argus.inference.images import iter_images

MAX_IMAGES = 4
_SCENE_SIDES = (64, 512)  # pixels; larger scenes are slow to render, and enlarged


def check_images(source: Any, size: tuple[int, int]) -> np.ndarray:
    """Pictures of one size.

    Args:
        source: What :func:`argus.inference.images.iter_images` takes, of which the first
            ``MAX_IMAGES`` are used; ``None`` renders scenes.
        size: (height, width), to which they are resized whatever their shape.

    Returns:
        (N, H, W, 3) uint8, RGB.

    Raises:
        DataError: If there are no pictures.
    """
    if source is None:
        found = [_scene(size, seed) for seed in range(MAX_IMAGES)]
    else:
        found = [image for _, image in itertools.islice(iter_images(source), MAX_IMAGES)]
    resized = [Image.fromarray(i).resize(size[::-1], Image.Resampling.BICUBIC) for i in found]
    return np.stack([np.asarray(image) for image in resized])


def check_sizes(sizes: Any, divisor: int) -> list[tuple[int, int]]:
    """The sizes that are asked for, each once.

    Args:
        sizes: (height, width) each.
        divisor: What the sides are multiples of.

    Raises:
        ConfigError: If there is none, or one that the backbone cannot take.
    """
    found = [tuple(int(side) for side in size) for size in sizes]
    if not found:
        raise ConfigError("sizes is empty: name at least one (height, width), e.g. (512, 512).")
    for size in found:
        if len(size) != 2 or any(side < divisor or side % divisor for side in size):
            nearest = tuple(max(divisor, round(side / divisor) * divisor) for side in size)
            raise ConfigError(
                f"sizes: expected (height, width) in multiples of {divisor} pixels, found {size}; "
                f"{nearest} is near."
            )
    return [(height, width) for height, width in dict.fromkeys(found)]


def _scene(size: tuple[int, int], seed: int) -> np.ndarray:
    from argus.datasets.scenes.compose import sample_scene
    from argus.datasets.scenes.render import render

    least, most = _SCENE_SIDES
    height, width = (min(max(side, least), most) for side in size)
    scene, _ = sample_scene(width, height, np.random.default_rng([2, seed]))
    return render(scene)
