"""Pictures with depth that a list file names, as KITTI's and NYUv2's Eigen splits do."""

from pathlib import Path, PurePosixPath

import numpy as np

from argus.datasets.lists import read_list
from argus.datasets.nyuv2_depth import pairs_with_depth
from argus.datasets.transforms.dense_labels import LoadDepth
from argus.datasets.transforms.reading import read_bytes
from argus.errors import DataError


def listed_pairs(
    root: Path, ann_file: str, *, images: str = "", depths: str = ""
) -> list[tuple[Path, Path]]:
    """The picture and the depth map of each line that has one.

    Args:
        root: Of the data set.
        ann_file: List below it: ``<image> <depth> <focal length>``, depth ``None`` where there is
            none.
        images: Folder below the root that the images' paths begin in.
        depths: That of the depth maps.

    Raises:
        DataError: The list is missing or empty, or a line has another form or leads elsewhere.
    """
    file = root / ann_file
    pairs = pairs_with_depth(read_list(str(file)), str(file))
    return [
        (_below(root / images, image, file), _below(root / depths, depth, file))
        for image, depth in pairs
    ]


def _below(folder: Path, name: str, said_by: Path) -> Path:
    # Some versions of the lists begin every path with a slash, meant below the root.
    path = PurePosixPath(name.lstrip("/"))
    if not path.parts or ".." in path.parts or "\0" in name:
        raise DataError(f"{said_by}: {name[:200]!r} is no path of a file below {folder}.")
    return folder / path


def read_depth(path: Path, *, scale: float) -> np.ndarray:
    """(H, W) float32 metres; 0 where it is unknown.

    Args:
        path: PNG of 16 bits.
        scale: What one metre is in it.

    Raises:
        DataError: If it cannot be read, or is no depth map.
    """
    try:
        return LoadDepth(scale=scale).decode(read_bytes(path))
    except DataError as error:
        raise error if str(path) in str(error) else DataError(f"{path}: {error}") from error
