"""Read the label maps of dense tasks: what they have in common, depth, surface normals.

Each raises ``DataError`` with the file's name for a file that is missing or damaged, of another
size than its image, or of values that cannot be such a label.
"""

from abc import abstractmethod
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from argus.datasets.transforms.label_images import (
    check_label_size,
    decode_label_map,
    decode_stored,
)
from argus.datasets.transforms.labels import IGNORE
from argus.datasets.transforms.orientation import orientation_of, turn
from argus.datasets.transforms.reading import read_bytes
from argus.errors import DataError
from argus.registry import TRANSFORMS

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_BIT_DEPTH = 24  # position of the byte


class LoadDenseLabel(BaseTransform):
    """Base: read the file ``path_key`` of a sample into the label map ``label_key``.

    Subclasses set both keys and ``name`` (for messages), and implement ``decode`` and ``is_empty``.

    Args:
        backend_args: Options of mmengine's file backend.
    """

    path_key: str
    label_key: str
    name: str

    def __init__(self, *, backend_args: dict[str, Any] | None = None) -> None:
        self.backend_args = backend_args

    @abstractmethod
    def decode(self, content: bytes) -> np.ndarray:
        """The label map of a file's bytes, (H, W) or (H, W, C)."""

    def check_size(self, content: bytes, results: dict[str, Any]) -> None:
        """Raise ``DataError`` for a file of another size than its image, before it is decoded."""
        check_label_size(content, results, name=self.name)

    @abstractmethod
    def is_empty(self, labels: np.ndarray) -> bool:
        """Whether a label map has nothing to learn from or to measure by."""

    def holds(self, labels: np.ndarray) -> dict[str, bool]:
        """Whether a label map has each of the things that a training needs to see, by their names.

        Subclasses of which that is more than one thing extend it.
        """
        return {"a known value": not self.is_empty(labels)}

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the label map to ``results``.

        Raises:
            DataError: See the module.
        """
        path = results.get(self.path_key)
        if path is None:
            raise DataError(
                f"{results.get('img_path')}: the image has no {self.name} ({self.path_key}). Leave "
                f"it out with the data set's require=(...), or wrap {type(self).__name__} in "
                f"IfPresent(key={self.path_key!r})."
            )
        content = read_bytes(path, self.backend_args)
        try:
            self.check_size(content, results)
            labels = self.decode(content)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
        results[self.label_key] = labels
        return results


@TRANSFORMS.register_module()
class LoadDepth(LoadDenseLabel):
    """Load a depth map: ``gt_depth`` (H, W) float32 in metres, 0 where it is unknown.

    Args:
        scale: Value in the file of one metre: 1000 for millimetres.
        depth_range: (least, greatest) depth in metres that counts; any other is unknown. ``None``
            for all.
        backend_args: Options of mmengine's file backend.
    """

    path_key = "depth_path"
    label_key = "gt_depth"
    name = "depth map"

    def __init__(
        self,
        *,
        scale: float = 1000.0,
        depth_range: tuple[float, float] | None = None,
        backend_args: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(backend_args=backend_args)
        assert scale > 0, scale
        self.scale = scale
        self.depth_range = None if depth_range is None else tuple(depth_range)

    def decode(self, content: bytes) -> np.ndarray:
        """The depth of a file with one integer per pixel."""
        stored = decode_label_map(content)
        if (stored < 0).any():
            raise DataError(
                f"a depth of {stored.min() / self.scale:.3g} m, expected 0 (unknown) or more"
            )
        refuse_8_bits(content, self.scale)
        depth = (stored / self.scale).astype(np.float32)
        if self.depth_range is not None:
            least, greatest = self.depth_range
            # Compared as float64: 0.001 m stored as 1 is not beyond a limit of 0.001.
            exact = stored / self.scale
            depth[(exact < least) | (exact > greatest)] = 0
        return depth

    def is_empty(self, labels: np.ndarray) -> bool:
        """Whether no depth is known."""
        return not labels.any()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(scale={self.scale}, depth_range={self.depth_range})"


@TRANSFORMS.register_module()
class LoadNormals(LoadDenseLabel):
    """Load surface normals: ``gt_normals`` (H, W, 3) float32 unit vectors, zero where unknown.

    The file is RGB of 8 or 16 bits: n = 2 * value / maximum - 1, axes x right, y up, z towards the
    viewer; then brought to length 1. A pixel whose vector is far from that length is unknown: white
    and black, by which some files mark missing values (length 1.7), and grey (0).

    Args:
        backend_args: Options of mmengine's file backend.
    """

    path_key = "normal_path"
    label_key = "gt_normals"
    name = "normal map"
    # 8 bits leave a unit vector within 0.007 of its length; an interpolated one is shorter.
    _lengths = (0.1, 1.5)

    def decode(self, content: bytes) -> np.ndarray:
        """The normals of a file."""
        stored = _decode_rgb(content)
        normals = stored.astype(np.float32)
        normals *= 2 / np.iinfo(stored.dtype).max
        normals -= 1
        length = np.sqrt(np.einsum("hwc,hwc->hw", normals, normals))
        known = (length > self._lengths[0]) & (length < self._lengths[1])
        factor = np.divide(1, length, out=np.zeros_like(length), where=known)
        normals *= factor[..., None]
        return normals

    def is_empty(self, labels: np.ndarray) -> bool:
        """Whether no normal is known."""
        return not labels.any()


def refuse_8_bits(content: bytes, scale: float) -> None:
    """Raise for a depth map of 8 bits whose values are a fraction of a millimetre or so each.

    Args:
        content: The file's bytes.
        scale: Value in the file of one metre.
    """
    if scale > IGNORE and _png_bits(content) == 8:
        raise DataError(
            f"a depth map of 8 bits, so no depth exceeds {255 / scale:.3g} m: a picture made to "
            f"look at? Expected 16 bits, {scale:g} a metre (scale)"
        )


def _png_bits(content: bytes) -> int | None:
    """Bits per channel of a PNG file; ``None`` for another format."""
    is_png = content.startswith(_PNG) and len(content) > _PNG_BIT_DEPTH
    return content[_PNG_BIT_DEPTH] if is_png else None


def _decode_rgb(content: bytes) -> np.ndarray:
    """Decode a colour image to RGB, (H, W, 3) uint8 or uint16; alpha is dropped."""
    pixels = decode_stored(content, name="normal map", upper_bits=True)
    if _png_bits(content) == 16:  # Pillow keeps the upper 8 bits alone
        stored = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
        assert stored is not None  # Pillow decoded it
        stored = turn(stored, orientation_of(content))  # OpenCV does not, of what is unchanged
        pixels = stored[..., 2::-1] if stored.ndim == 3 else stored
    if pixels.ndim != 3 or pixels.shape[2] < 3:
        raise DataError(
            f"expected an RGB image of normals, found shape {pixels.shape} of {pixels.dtype}"
        )
    return pixels[..., :3]
