"""Pictures to start with, rendered when the page starts: none is downloaded, none is shipped."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
from PIL import Image

from argus.datasets.scenes.anomaly import sample_anomaly
from argus.datasets.scenes.compose import sample_scene
from argus.datasets.scenes.render import render

NUM_PICTURES = 6
_SEED = 7


def write_examples(folder: Path, kinds: Collection[str], *, side_px: int) -> list[Path]:
    """Render generated scenes, and an object with a defect for a model that looks for those.

    Args:
        folder: Where to write; it exists.
        kinds: Kinds of the model's tasks.
        side_px: Width and height.

    Returns:
        The pictures, as PNG.
    """
    with_defect = "anomaly" in kinds
    pictures = {}
    for index in range(NUM_PICTURES - with_defect):
        scene, _ = sample_scene(side_px, side_px, np.random.default_rng([_SEED, index]))
        pictures[f"scene_{index + 1}"] = render(scene)
    if with_defect:
        rng = np.random.default_rng(_SEED)
        pictures["dice"], _ = sample_anomaly("dice", "stain", side_px, side_px, rng)
    paths = [folder / f"{name}.png" for name in pictures]
    for path, picture in zip(paths, pictures.values(), strict=True):
        Image.fromarray(picture).save(path)
    return paths
