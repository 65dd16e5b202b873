"""Reading the label files of multi-task archives: pictures, NumPy and MATLAB arrays."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from argus.errors import DataError
from argus.files.mat_files import check_mat_shape, read_variables
from argus.files.pictures import open_picture
from argus.files.regular import read_regular_file


def find(folder: Path, name: str, *suffixes: str) -> Path | None:
    """The file of a name with the first of the suffixes that exists."""
    for suffix in suffixes:
        path = folder / f"{name}{suffix}"
        if path.is_file():
            return path
    return None


def read(path: Path, variable: str = "") -> np.ndarray:
    """The array of a picture (palettes as indices), a ``.npy`` or a ``.mat`` file.

    Args:
        path: The file.
        variable: Its name in a ``.mat`` file.

    Raises:
        DataError: The file is damaged.
    """
    try:
        if path.suffix == ".npy":
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
            check_mat_shape(mapped.shape, num_bytes=path.stat().st_size)
            return np.array(mapped)
        if path.suffix == ".mat":
            return read_mat(path)[variable]
        with open_picture(read_regular_file(path)) as image:
            return np.array(image)
    except DataError as error:
        raise _named(error, path) from error
    except Exception as error:  # noqa: BLE001 - readers raise many kinds for damaged files
        raise DataError(f"{path}: damaged or of another format ({error}).") from error


def read_mat(path: Path) -> dict[str, Any]:
    """The variables of a MATLAB file.

    Raises:
        DataError: The file is damaged, or an array of it is too large.
    """
    try:
        return read_variables(read_regular_file(path))
    except DataError as error:
        raise _named(error, path) from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error}).") from error


def _named(error: DataError, path: Path) -> DataError:
    return error if str(path) in str(error) else DataError(f"{path}: {error}")


def image_size(path: Path) -> tuple[int, int]:
    """(height, width) of a picture.

    Raises:
        DataError: The file is no picture.
    """
    try:
        with open_picture(read_regular_file(path)) as image:
            return image.height, image.width
    except DataError as error:
        raise _named(error, path) from error
    except Exception as error:  # noqa: BLE001 - Pillow raises many kinds for damaged files
        raise DataError(f"{path}: damaged or no picture ({error}).") from error


def fitted(labels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Labels at the size (height, width) of their picture, by the nearest neighbour."""
    if labels.shape[:2] == size:
        return labels
    return cv2.resize(labels, size[::-1], interpolation=cv2.INTER_NEAREST)


def one_channel(labels: np.ndarray) -> np.ndarray:
    """(H, W) of (H, W), (H, W, 1), or (H, W, 3) whose channels are equal."""
    labels = np.squeeze(labels)
    if labels.ndim == 3 and (labels == labels[..., :1]).all():
        labels = labels[..., 0]
    if labels.ndim != 2:
        raise DataError(f"labels of shape {labels.shape}; expected (height, width)")
    return labels


def binary(values: np.ndarray) -> np.ndarray:
    """0 or 255 (H, W) uint8 of values in 0..1 or 0..255, divided in the middle."""
    values = one_channel(values).astype(np.float32)
    return ((values > 0.5 * (255 if values.max() > 1 else 1)) * 255).astype(np.uint8)
