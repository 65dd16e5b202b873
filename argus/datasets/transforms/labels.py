"""Read and check labels, where the stock transforms let wrong ones pass.

mmseg's ``LoadAnnotations`` wraps a 16-bit label map to 8 bits and keeps labels beyond the classes,
which the loss meets as an index error without a file name, or on CUDA as an assertion that ends the
process.
"""

import io
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image

from argus.datasets.transforms.loading import read_bytes
from argus.errors import DataError
from argus.registry import TRANSFORMS

IGNORE = 255


def decode_label_map(content: bytes) -> np.ndarray:
    """Decode a label image to its integer labels, (H, W); a palette image to its indices.

    Raises:
        DataError: The bytes do not decode, or hold a colour image.
    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            labels = np.array(image)
    except Exception as error:  # noqa: BLE001 - Pillow raises many kinds for damaged bytes
        raise DataError(f"corrupt or truncated label image ({len(content)} bytes)") from error
    if labels.ndim != 2 or not (np.issubdtype(labels.dtype, np.integer) or labels.dtype == bool):
        raise DataError(
            f"expected a label image with one integer per pixel, found shape {labels.shape} of "
            f"{labels.dtype}: a colour picture of the labels?"
        )
    return labels.astype(np.int64)


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
            labels = decode_label_map(content)
            self._check_size(labels, results)
            labels = self._to_train_labels(labels, results)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
        results["gt_seg_map"] = labels
        results["seg_fields"].append("gt_seg_map")
        return results

    def _check_size(self, labels: np.ndarray, results: dict[str, Any]) -> None:
        expected = tuple(results["ori_shape"])
        if labels.shape != expected:
            raise DataError(
                f"the label map is {labels.shape[1]}x{labels.shape[0]} (width x height), its image "
                f"{expected[1]}x{expected[0]}"
            )

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
