"""Test pictures of the Eigen split out of NYUv2's labelled file, as BTS makes them.

``official_splits/test/<scene>/rgb_<number>.jpg`` is the picture of that number, from 0, with a
black frame in the place of what the camera's two sensors do not share;
``sync_depth_<number>.png`` is the raw depth in whole millimetres, not rounded (Lee et al., 2019,
who follow the owners' split).
"""

import re
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from argus.datasets.convert.nyuv2_labeled import check_file, h5py_module
from argus.datasets.convert.whole_files import is_there, write_bytes, write_png
from argus.datasets.convert.work import Progress
from argus.errors import DataError
from argus.names.wording import counted

# Rows and columns that both sensors see, of 480 x 640.
_SIZE = (480, 640)
_INSIDE = (slice(7, 474), slice(7, 632))
_CACHE_BYTES = 2**26  # of unpacked pieces of the file, since pictures are read one by one
_NUMBER = re.compile(r"_(\d{5})\.jpg$")


def framed(image: np.ndarray) -> np.ndarray:
    """A picture (480, 640, 3) with a black frame."""
    result = np.zeros_like(image)
    result[_INSIDE] = image[_INSIDE]
    return result


def whole_millimetres(depth: np.ndarray) -> np.ndarray:
    """Depth in metres as uint16 millimetres, cut off; 0 where it is unknown or over 65.5 m."""
    scaled = np.floor(np.nan_to_num(depth, posinf=0, neginf=0).astype(np.float32) * 1000)
    return np.where((scaled > 0) & (scaled < 2**16), scaled, 0).astype(np.uint16)


def write_test_pictures(file: Path, targets: Mapping[Path, Path]) -> None:
    """Write the test pictures that are not there.

    Args:
        file: ``nyu_depth_v2_labeled.mat``.
        targets: Depth map of each picture, by the picture; the names say the numbers.

    Raises:
        DataError: The file is damaged or another one, or has no picture of a number.
    """
    number_of = {image: _NUMBER.search(image.name) for image in targets}
    wanted = sorted(
        (int(match[1]), image)
        for image, match in number_of.items()
        if match and not (is_there(image) and is_there(targets[image]))
    )
    if not wanted:
        return
    num_images = check_file(file)
    if wanted[-1][0] >= num_images:
        raise DataError(
            f"{file}: it has {counted(num_images, 'picture')}, none for {wanted[-1][1].name}."
        )
    with (
        h5py_module().File(file, rdcc_nbytes=_CACHE_BYTES) as arrays,
        Progress("NYUv2 test pictures", len(wanted)) as progress,
    ):
        for number, image in wanted:
            try:
                colours = np.transpose(arrays["images"][number], (2, 1, 0))
                depth = np.asarray(arrays["rawDepths"][number]).T
            except Exception as error:  # noqa: BLE001 - h5py raises many kinds for damaged files
                raise DataError(f"{file}, picture {number + 1}: {error}") from error
            if colours.shape[:2] != _SIZE:
                raise DataError(f"{file}: pictures of {colours.shape[:2]}; expected {_SIZE}.")
            done, content = cv2.imencode(".jpg", framed(colours)[..., ::-1])
            assert done, colours.shape
            write_png(targets[image], whole_millimetres(depth))
            write_bytes(image, content.tobytes())
            progress.step()
