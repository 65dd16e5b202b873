"""Read and check labels, where the stock transforms let wrong ones pass.

mmseg's ``LoadAnnotations`` wraps a 16-bit label map to 8 bits and keeps labels beyond the classes,
which the loss meets as an index error without a file name, or on CUDA as an assertion that ends the
process.
"""

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image, UnidentifiedImageError

from argus.datasets.transforms.reading import read_bytes
from argus.errors import DataError
from argus.foreign_files import raise_if_foreign
from argus.picture_files import open_picture
from argus.registry import TRANSFORMS

IGNORE = 255
# Pillow spreads grey of two and four bits over 0 to 255.
_SCALES = {"L;2": 85, "L;4": 17}


def decode_label_map(content: bytes) -> np.ndarray:
    """Decode a label image to its integer labels, (H, W); a palette image to its indices.

    Raises:
        DataError: The bytes do not decode, declare too many pixels, or hold a colour image.
    """
    labels = decode_stored(content, name="label image")
    if labels.ndim != 2 or not (np.issubdtype(labels.dtype, np.integer) or labels.dtype == bool):
        raise DataError(
            f"expected a label image with one integer per pixel, found shape {labels.shape} of "
            f"{labels.dtype}: a colour picture of the labels?"
        )
    return labels.astype(np.int64)


def decode_stored(content: bytes, *, name: str) -> np.ndarray:
    """The values of an image as they are stored, without conversion.

    Args:
        content: The file's bytes.
        name: What it is called in messages.

    Raises:
        DataError: The bytes do not decode, are another kind of file, or declare too many pixels.
    """
    raise_if_foreign(content)
    try:
        with open_picture(content) as image:
            scale = _SCALES.get(_raw_mode(image), 1)
            return np.array(image) // scale if scale > 1 else np.array(image)
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - Pillow raises many kinds for damaged bytes
        raise DataError(f"corrupt or truncated {name} ({len(content)} bytes)") from error


def _raw_mode(image: Image.Image) -> str:
    """How the pixels of a picture that is not decoded yet are stored, in Pillow's words."""
    tiles = getattr(image, "tile", ())
    arguments = tiles[0].args if tiles else ""
    return str(arguments[0] if isinstance(arguments, tuple) and arguments else arguments)


def check_label_size(content: bytes, shape: Sequence[int], *, name: str) -> None:
    """Raise for a label image of another size than its picture's, before it is decoded.

    Args:
        content: The file's bytes; what is no image is let through.
        shape: (height, width) of the picture in pixels.
        name: What the image is called in messages.

    Raises:
        DataError: Its header declares another size, or too many pixels.
    """
    with contextlib.suppress(UnidentifiedImageError), open_picture(content) as image:
        if image.size != (shape[1], shape[0]):
            raise DataError(
                f"the {name} is {image.width}x{image.height} (width x height), its image "
                f"{shape[1]}x{shape[0]}"
            )


@TRANSFORMS.register_module()
class LoadSegMap(BaseTransform):
    """Load a semantic label map: ``gt_seg_map`` (H, W) uint8 in [0, num_classes) or 255 (ignore).

    Stands in for mmseg's ``LoadAnnotations``; follows the data set's ``reduce_zero_label`` (0 is
    ignored, the classes are 1..num_classes in the file) and ``label_map`` (other class lists).

    Args:
        num_classes: Number of classes; at most 255.
        backend_args: Options of mmengine's file backend.
    """

    def __init__(self, num_classes: int, *, backend_args: dict[str, Any] | None = None) -> None:
        assert 0 < num_classes <= IGNORE, num_classes
        self.num_classes = num_classes
        self.backend_args = backend_args

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the label map to ``results``.

        Raises:
            DataError: The file is missing or damaged, its size is not the image's, or a label is
                out of range.
        """
        path = results["seg_map_path"]
        content = read_bytes(path, self.backend_args)
        try:
            check_label_size(content, results["ori_shape"], name="label map")
            labels = decode_label_map(content)
            labels = self._to_train_labels(labels, results)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
        results["gt_seg_map"] = labels
        results["seg_fields"].append("gt_seg_map")
        return results

    def _to_train_labels(self, labels: np.ndarray, results: dict[str, Any]) -> np.ndarray:
        ignored = labels == IGNORE
        if results.get("reduce_zero_label"):
            ignored |= labels == 0
            labels = labels - 1
        label_map = results.get("label_map")
        if label_map is not None:
            labels = _map_labels(labels, ignored, label_map)
            ignored |= labels == IGNORE
        labels = np.where(ignored, IGNORE, labels)
        wrong = (labels != IGNORE) & ((labels < 0) | (labels >= self.num_classes))
        if wrong.any():
            found = sorted(set(labels[wrong].tolist()))
            raise DataError(
                f"labels {found[:10]} out of range: expected 0..{self.num_classes - 1} or {IGNORE} "
                f"(ignore) after reduce_zero_label={bool(results.get('reduce_zero_label'))}, "
                f"found in {int(wrong.sum())} pixels"
            )
        return labels.astype(np.uint8)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_classes={self.num_classes})"


def _map_labels(labels: np.ndarray, ignored: np.ndarray, label_map: dict[int, int]) -> np.ndarray:
    """Replace each label by its value in ``label_map``; a label it does not name is kept."""
    size = max(int(labels[~ignored].max(initial=0)), *label_map) + 1
    table = np.arange(size)
    for old, new in label_map.items():
        table[old] = new
    return np.where(ignored, labels, table[np.where(ignored, 0, labels)])


@TRANSFORMS.register_module()
class CheckLabel(BaseTransform):
    """Raise where the class of an image or of one of its instances is out of range.

    Reads ``gt_label`` or, after mmdet's ``LoadAnnotations``, ``gt_bboxes_labels``. In the pipeline
    labels are still on the CPU; a decoder on a GPU would have to wait for them to look.

    Args:
        num_classes: Number of classes.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return ``results`` unchanged.

        Raises:
            DataError: A label is not in [0, num_classes).
        """
        found = results["gt_label"] if "gt_label" in results else results["gt_bboxes_labels"]
        for label in np.atleast_1d(found).tolist():
            if not 0 <= label < self.num_classes:
                raise DataError(
                    f"{results.get('img_path')}: class {label} out of range: expected "
                    f"0..{self.num_classes - 1}; give decoder and data set the same classes"
                )
        return results

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_classes={self.num_classes})"
