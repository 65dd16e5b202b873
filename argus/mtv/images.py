"""Pictures as SigLIP takes them: a square, whatever their shape, by Pillow's bicubic resize."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from argus.errors import DataError
from argus.files.pictures import open_picture
from argus.files.regular import read_regular_file


def read_image(source: Any) -> Image.Image:
    """A picture upright, in RGB.

    Args:
        source: A path, a Pillow picture, or an array (H, W, 3) uint8 RGB.

    Raises:
        DataError: If it is another thing, or a file that is no picture.
    """
    if isinstance(source, (str, Path)):
        try:
            image = open_picture(read_regular_file(source))
            upright = ImageOps.exif_transpose(image)
            return upright.convert("RGB")
        except (OSError, ValueError) as error:
            raise DataError(f"{source} cannot be read: {error}") from error
    if isinstance(source, Image.Image):
        return ImageOps.exif_transpose(source).convert("RGB")
    if isinstance(source, np.ndarray) and source.dtype == np.uint8 and source.ndim == 3:
        if source.shape[2] == 3 and source.size:
            return Image.fromarray(source)
    shape = f" of {source.dtype} {source.shape}" if isinstance(source, np.ndarray) else ""
    raise DataError(
        f"expected a path, a Pillow picture or an array (H, W, 3) uint8 RGB, found "
        f"{type(source).__name__}{shape}."
    )


def as_square(image: Image.Image, side: int) -> Tensor:
    """(3, side, side) uint8 of a picture; its shape is not kept, nothing is cut off."""
    square = image.resize((side, side), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(square)).permute(2, 0, 1)
