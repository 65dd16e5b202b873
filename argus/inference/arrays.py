"""Arrays and tensors of any type as RGB uint8 pictures, by rules that guess nothing."""

import warnings
from typing import Any

import numpy as np

from argus.datasets.transforms.loading import DIM, DIM_TEXT
from argus.errors import DataError

_CHANNELS = (1, 3, 4)
# A picture of floats in [0, 255] has a pixel at least as bright.
_LEAST_WHITE = 2
_HINT = (
    "Give RGB: uint8, integers in [0, 255], uint16 in [0, 65535], floats in [0, 1] or [0, 255], "
    "or booleans."
)


def array_to_rgb(array: np.ndarray, *, name: str = "the image") -> np.ndarray:
    """An array as an RGB picture.

    The type decides what a value means, as far as it can; what could mean two things is refused.

    =================== ============================================================ ==============
    type                meaning                                                      refused
    =================== ============================================================ ==============
    bool                black and white
    uint8               as it is
    uint16              [0, 65535], as in 16-bit files: the upper 8 bits are kept;   0 < max < 256
                        a warning if none is above 4095
    other integers      [0, 255]                                                     beyond
    floats              [0, 1] if no value is above 1, else [0, 255], rounded        1 < max < 2
    =================== ============================================================ ==============

    Args:
        array: (H, W, 3), (H, W, 4) whose alpha is dropped, (H, W, 1) or (H, W); subclasses such as
            ``np.matrix`` are taken for the array that they hold.
        name: What it is called in messages.

    Returns:
        (H, W, 3) uint8, contiguous; the array itself if it is one already.

    Raises:
        DataError: Another shape or type, no pixels, values out of range, or of two meanings.
    """
    array = np.asarray(array)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[-1] not in _CHANNELS:
        remedy = "expected (H, W, 3), (H, W, 4), (H, W, 1) or (H, W)"
        if array.ndim == 3 and array.shape[0] in _CHANNELS:
            remedy += "; for an array of (3, H, W) give array.transpose(1, 2, 0)"
        elif array.ndim == 4:
            remedy += "; give a batch as a list, list(array)"
        raise DataError(f"{name}: an array of shape {array.shape}; {remedy}.")
    if not array.size:
        raise DataError(f"{name}: the array has no pixels, shape {array.shape}.")
    picture = _to_uint8(array[..., :3], name)
    if picture.shape[-1] == 1:
        picture = np.repeat(picture, 3, axis=-1)
    return np.ascontiguousarray(picture)


def tensor_to_rgb(tensor: Any, *, name: str = "the image") -> np.ndarray:
    """A torch tensor as an RGB picture (H, W, 3) uint8.

    Args:
        tensor: (C, H, W) or (H, W, C) with 1, 3 or 4 channels, or (H, W); (3, H, 3) has its
            channels first, as PyTorch does. Types and ranges as :func:`array_to_rgb`.
        name: What it is called in messages.

    Raises:
        DataError: As :func:`array_to_rgb`.
    """
    try:
        tensor = tensor.detach().cpu()
        if tensor.is_floating_point():
            tensor = tensor.float()  # NumPy has no bfloat16
        tensor.numpy()
    except (TypeError, RuntimeError) as error:  # sparse, quantised, on no device
        raise DataError(
            f"{name}: a tensor of {tensor.dtype} and layout {tensor.layout} on {tensor.device} is "
            f"no picture: expected a dense tensor of numbers in memory ({error})"
        ) from error
    if tensor.ndim == 3:
        first, last = (tensor.shape[axis] in _CHANNELS for axis in (0, -1))
        if first and (tensor.shape[0] == 3 or not last):
            tensor = tensor.permute(1, 2, 0)
    return array_to_rgb(tensor.numpy(), name=name)


def _to_uint8(array: np.ndarray, name: str) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:  # of either byte order
        if 0 < array.max() < 256:
            raise DataError(
                f"{name}: values of type uint16 in {_range(array)}: black in [0, 65535], as 16-bit "
                "pictures are read. Give array.astype(np.uint8) if they are values in [0, 255], "
                "else scale them."
            )
        if 0 < array.max() <= DIM:
            warnings.warn(DIM_TEXT, stacklevel=3)
        return (array >> 8).astype(np.uint8)
    if not np.issubdtype(array.dtype, np.integer) and not np.issubdtype(array.dtype, np.floating):
        raise DataError(f"{name}: an array of type {array.dtype} is no picture. {_HINT}")
    least, most = array.min(), array.max()
    if not (least >= 0 and most <= 255):  # a NaN is in no range
        normalised = " It looks normalised: Argus does that itself." if least < 0 else ""
        raise DataError(
            f"{name}: values of type {array.dtype} in {_range(array)}, expected [0, 255]."
            f"{normalised} {_HINT}"
        )
    if np.issubdtype(array.dtype, np.floating):
        if 1 < most < _LEAST_WHITE:
            raise DataError(
                f"{name}: values of type {array.dtype} in {_range(array)}: too large for [0, 1], "
                "and almost black in [0, 255]. Resizing with a cubic or Lanczos filter overshoots: "
                "give array.clip(0, 1) if they are shares, np.rint(array).astype(np.uint8) if not."
            )
        array = np.rint(array * 255.0 if most <= 1 else array)
    return array.astype(np.uint8)


def _range(array: np.ndarray) -> str:
    least, most = array.min(), array.max()
    return "not a number" if least != least else f"[{least:.6g}, {most:.6g}]"
