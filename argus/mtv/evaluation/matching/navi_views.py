"""A picture of NAVI cut to its object, and the point in space that each place of it shows.

Source: the public code of "Probing the 3D Awareness of Visual Foundation Models" (El Banani et al.,
CVPR 2024): the middle of the picture, the shorter side resized to the nearest pixels; of that, the
square around the object.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from argus.datasets.transforms.label_images import decode_label_map
from argus.errors import DataError
from argus.files.pictures import open_picture
from argus.files.regular import read_regular_file
from argus.mtv.evaluation.matching.camera import points_of
from argus.mtv.evaluation.matching.navi_data import Shot
from argus.mtv.images import read_image

SMALLER_SIDE_PX = 1024
"""To which larger pictures are resized first, smoothly; those of cameras have 3,000 pixels."""
# A depth map holds 65535 times 10 divided by the millimetres.
_INVERSE_MM = 655_350.0
_MM = 1000.0


@dataclass(frozen=True)
class View:
    """A square picture of an object.

    Args:
        picture: RGB.
        points: (3, h, w) float32 in the camera's coordinates, metres; 0 where the object is not.
        focal_px: At the size of the picture.
    """

    picture: Image.Image
    points: Tensor
    focal_px: float


def read_view(shot: Shot, *, size: int, points_scale: float) -> View:
    """A shot, cut to its object.

    Args:
        shot: Picture, depth and camera.
        size: Height and width of the view.
        points_scale: Points a side, as a share of ``size``.

    Raises:
        DataError: If a file cannot be read, or the depth map does not belong to the picture, or
            shows no object in the middle of it.
    """
    pixels = _smaller(read_image(shot.picture))
    depth = read_depth(shot)
    picture = _middle(torch.from_numpy(np.array(pixels)).permute(2, 0, 1), size)
    middle = _middle(depth[None], size)[0]
    _check_shape(shot, (pixels.height, pixels.width), (depth.shape[0], depth.shape[1]))
    focal = shot.focal_px * size / min(shot.size)
    top, left, side = object_square(middle > 0, name=str(shot.depth))
    rows, columns = slice(top, top + side), slice(left, left + side)
    points = points_of(middle, focal)[:, rows, columns]
    count = max(int(size * points_scale), 1)
    # In two steps, as their rounding differs from that of one.
    points = _nearest(_nearest(points, (size, size)), (count, count))
    cut = _nearest(picture[:, rows, columns], (size, size))
    image = Image.fromarray(cut.to(torch.uint8).permute(1, 2, 0).numpy())
    return View(image, points, focal * size / side)


def read_depth(shot: Shot) -> Tensor:
    """(H, W) float32 metres; 0 where the object is not.

    Raises:
        DataError: If it cannot be read, or is no map of 16 bits.
    """
    try:
        content = read_regular_file(shot.depth)
        mode = open_picture(content).mode
        if not mode.startswith("I"):
            raise DataError(f"expected a depth map of 16 bits, found a picture of mode {mode}")
        stored = torch.from_numpy(decode_label_map(content).astype(np.float32))
    except (OSError, ValueError) as error:
        raise DataError(f"{shot.depth}: {error}") from error
    return torch.where(stored > 0, _INVERSE_MM / stored.clamp(min=1) / _MM, 0.0)


def object_square(mask: Tensor, *, name: str) -> tuple[int, int, int]:
    """The square around an object, moved into the picture.

    Args:
        mask: (s, s) bool, where the object is.
        name: Of the file, for the message.

    Returns:
        Top, left and side in pixels. The last row or column of the object is not in it, as in the
        public code.

    Raises:
        DataError: If there is no object of two pixels.
    """
    rows, columns = mask.nonzero().unbind(-1)
    if not len(rows) or max(int(rows.max() - rows.min()), int(columns.max() - columns.min())) < 1:
        raise DataError(f"{name}: no object in the middle of the picture.")
    first = torch.stack([rows.min(), columns.min()])
    extent = torch.stack([rows.max(), columns.max()]) - first
    side = int(extent.max())
    start = first - (side - extent) // 2
    if bool((start < 0).any()) or bool((start + side > torch.tensor(mask.shape)).any()):
        start = (first - (side - extent)).clamp(min=0)
    return int(start[0]), int(start[1]), side


def _smaller(picture: Image.Image) -> Image.Image:
    factor = SMALLER_SIDE_PX / min(picture.size)
    if factor >= 1:
        return picture
    size = int(picture.width * factor), int(picture.height * factor)
    return picture.resize(size, Image.Resampling.BICUBIC)


def _middle(pixels: Tensor, size: int) -> Tensor:
    """(C, size, size) float32: the shorter side resized to ``size``, the longer one cut."""
    height, width = pixels.shape[-2:]
    if height <= width:
        scaled = size, int(size * width / height)
    else:
        scaled = int(size * height / width), size
    resized = _nearest(pixels, scaled)
    top, left = (round((side - size) / 2) for side in scaled)
    return resized[:, top : top + size, left : left + size]


def _nearest(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(pixels[None].float(), size, mode="nearest")[0]


def _check_shape(shot: Shot, picture: tuple[int, int], depth: tuple[int, int]) -> None:
    """Raise if the shapes of picture, depth map and annotation differ by more than rounding."""
    for what, (height, width) in (("picture", picture), ("depth map", depth)):
        if abs(height / width * shot.size[1] / shot.size[0] - 1) > 0.01:
            raise DataError(
                f"{shot.picture}: its {what} has {height} x {width} pixels, its annotation says "
                f"{shot.size[0]} x {shot.size[1]}; expected the same shape."
            )
