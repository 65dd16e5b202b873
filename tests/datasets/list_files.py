"""Write small data sets of list file and folders of PNG files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def write_set(
    root: Path,
    names: Sequence[str],
    folders: Mapping[str, Mapping[str, np.ndarray]],
    *,
    ann_file: str,
    image_folder: str,
    suffix: str = ".png",
    size: tuple[int, int] = (8, 10),
) -> Path:
    """Write black images of (height, width) ``size``, their list, and label maps.

    Args:
        root: Folder to write to.
        names: Lines of the list, and images.
        folders: Label maps by name, by folder.
        ann_file: List file.
        image_folder: Folder of the images.
        suffix: Suffix of the images.
        size: Size of the images.
    """
    (root / ann_file).parent.mkdir(parents=True, exist_ok=True)
    (root / ann_file).write_text("".join(f"{name}\n" for name in names))
    images = {name: np.zeros((*size, 3), np.uint8) for name in names}
    for folder, maps in {image_folder: images, **folders}.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name, array in maps.items():
            path = root / folder / f"{name}{suffix if folder == image_folder else '.png'}"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(array).save(path)
    return root
