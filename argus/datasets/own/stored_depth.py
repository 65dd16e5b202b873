"""Depth as it is stored: PNG of 16 bits, TIFF of floats, NumPy's NPY."""

import io
import math

import numpy as np

from argus.datasets.transforms.label_images import decode_label_map
from argus.errors import DataError
from argus.files.pictures import open_picture
from argus.names.wording import counted

_NPY = b"\x93NUMPY"


def decode_depth(content: bytes, name: str = "") -> np.ndarray:
    """The values of a depth file, (H, W), integers or floats, without a unit.

    Args:
        content: The file's bytes.
        name: Of the file; not looked at, since its first bytes say what it is.

    Raises:
        DataError: It is damaged, or holds something else than a number a pixel.
    """
    if content.startswith(_NPY):
        return decode_npy(content)
    try:
        with open_picture(content) as picture:
            if picture.mode == "F":
                return np.array(picture)
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - Pillow raises many kinds for damaged bytes
        raise DataError(
            f"no depth map: neither NPY nor a picture ({counted(len(content), 'byte')})"
        ) from error
    return decode_label_map(content)


def decode_npy(content: bytes) -> np.ndarray:
    """The array of an NPY file, (H, W) of numbers; (1, H, W) and (H, W, 1) are taken for it.

    Its head is read first: memory is only asked for if the values are there.

    Raises:
        DataError: It is damaged, of objects, or of another shape.
    """
    file = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            read = np.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = read(file)
    except Exception as error:  # noqa: BLE001 - the head is parsed as a literal of Python
        raise DataError(f"no NPY file that can be read: {str(error)[:100]}") from error
    if dtype.hasobject or dtype.kind not in "fiu":
        raise DataError(f"an array of {dtype}, expected numbers")
    number = math.prod(shape)
    if number * dtype.itemsize != len(content) - file.tell() or not number:
        raise DataError(f"its head says {shape} of {dtype}, its size does not: damaged?")
    values = np.frombuffer(content, dtype, number, file.tell())
    array = values.reshape(shape, order="F" if is_fortran else "C")
    if array.ndim == 3 and 1 in (array.shape[0], array.shape[2]):
        array = array[0] if array.shape[0] == 1 else array[..., 0]
    if array.ndim != 2:
        raise DataError(f"an array of shape {shape}, expected height x width")
    return array
