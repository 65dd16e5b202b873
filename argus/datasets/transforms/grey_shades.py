"""The shades of pictures that are cut at a threshold, whatever stands for them in the file."""

import numpy as np
from PIL import Image

from argus.datasets.transforms.orientation import shown_pixels
from argus.errors import DataError
from argus.files.pictures import open_picture

_WHITE = 255


def indexed_pixels(content: bytes) -> tuple[Image.Image, np.ndarray] | None:
    """A picture of one bit or with a palette, and its indices (H, W) as they are shown.

    Args:
        content: The file's bytes.

    Returns:
        ``None`` for any other picture, and for a damaged one: who decodes it says so.

    Raises:
        DataError: It is refused, for its size.
    """
    try:
        picture: Image.Image = open_picture(content)
        if picture.mode not in ("1", "P"):
            return None
        return picture, shown_pixels(picture, content)
    except DataError:
        raise
    except Exception:  # noqa: BLE001 - damaged
        return None


def shades_of(content: bytes) -> np.ndarray | None:
    """The shade of every pixel of a picture of one bit or with a palette, (H, W) in [0, 255].

    The colour counts, whatever index stands for it and whatever else a file happens to use.

    Args:
        content: The file's bytes.

    Returns:
        ``None`` for a picture that has grey values itself.

    Raises:
        DataError: Colours are used that are no shades of grey.
    """
    found = indexed_pixels(content)
    if found is None:
        return None
    picture, indices = found
    if picture.mode == "1":
        return indices.astype(np.int64) * _WHITE
    palette = np.zeros((256, 3), np.int64)
    stated = np.array(picture.getpalette("RGB"), np.uint8).reshape(-1, 3)
    palette[: len(stated)] = stated
    used = palette[np.unique(indices)]
    coloured = used[(used != used[:, :1]).any(axis=1)]
    if len(coloured):
        raise DataError(
            f"a palette image with the colour {tuple(coloured[0].tolist())}, which is no shade of "
            "grey: on which side of the threshold is it? Save it as a grey picture"
        )
    shades: np.ndarray = palette[indices, 0]
    return shades
