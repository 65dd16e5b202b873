"""MATLAB files (version 5 to 7) as data: what they declare is looked at before it is unpacked."""

import io
import math
import zlib
from collections.abc import Callable, Sequence
from typing import Any, Literal

from scipy.io import loadmat, whosmat

from argus.errors import DataError
from argus.files.pictures import check_size

_HEADER_BYTES = 128
_COMPRESSED = 15  # a data element of this type is a zlib stream
_MOST_BYTES = 2**29
_CHUNK = 2**16


def read_variables(content: bytes, *, squeeze: bool = False) -> dict[str, Any]:
    """The variables of a file's bytes, as ``scipy.io.loadmat`` gives them.

    Args:
        content: Of the whole file.
        squeeze: Leave out axes of length 1.

    Raises:
        DataError: It is damaged, no MATLAB file, or unpacks to more than half a gigabyte.
    """
    try:
        _check_expansion(content)
        for _, shape, _ in whosmat(io.BytesIO(content)):
            check_mat_shape(shape, num_bytes=len(content))
        variables: dict[str, Any] = loadmat(io.BytesIO(content), squeeze_me=squeeze)
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - scipy raises many kinds for damaged files
        raise DataError(f"damaged or no MATLAB file ({error})") from error
    return variables


def check_mat_shape(shape: Sequence[int], *, num_bytes: int) -> None:
    """Raise for an array (H, W) or (H, W, C) that declares too many pixels, of up to 4 values."""
    height, width = (*shape, 1, 1)[:2]
    num_values = math.prod(shape[2:])
    check_size(width * max(num_values // 4, 1), height, num_bytes=num_bytes)


def _check_expansion(content: bytes) -> None:
    """Raise for compressed elements that are too large; what is not compressed is as it is."""
    order = content[126:128]
    if order not in (b"IM", b"MI"):
        return  # version 4, which has no compression, or none of MATLAB's
    endian: Literal["little", "big"] = "little" if order == b"IM" else "big"
    room, start = _MOST_BYTES, _HEADER_BYTES
    while start + 8 <= len(content):
        kind = int.from_bytes(content[start : start + 4], endian)
        size = int.from_bytes(content[start + 4 : start + 8], endian)
        if kind == _COMPRESSED:
            room -= _inflated_bytes(content[start + 8 : start + 8 + size], room)
        start += 8 + size


def _inflated_bytes(packed: bytes, most: int) -> int:
    stream, total = zlib.decompressobj(), 0
    unpack: Callable[[bytes, int], bytes] = stream.decompress
    rest = packed
    while rest and not stream.eof:
        total += len(unpack(rest, _CHUNK))
        if total > most:
            raise DataError(
                f"it unpacks to more than {_MOST_BYTES:,} bytes: a decompression bomb, no labels"
            )
        rest = stream.unconsumed_tail
    return total
