"""Read label maps of two values: boundaries, saliency, defects.

Tools write them as 0 and 255, as 0, 1 and 255 for void, in one bit a pixel, or with a palette. What
255 means cannot be seen in a single file: one without an object would have its void for one. So the
data set says it.
"""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from mmcv.transforms import BaseTransform

from argus.datasets.transforms.dense_labels import LoadDenseLabel
from argus.datasets.transforms.grey_shades import indexed_pixels, shades_of
from argus.datasets.transforms.label_images import check_label_size, decode_grey
from argus.datasets.transforms.labels import IGNORE
from argus.datasets.transforms.reading import read_bytes
from argus.errors import ConfigError, DataError
from argus.names.wording import counted
from argus.registry import TRANSFORMS

_JPEG = b"\xff\xd8"


def white_of(content: bytes, *, has_void: bool = False) -> np.ndarray | None:
    """Where a picture of black and white is white, (H, W) bool; ``None`` for any other.

    Of one bit a pixel, or with a palette of which it uses black and white alone: then the colour
    counts, as Pillow and others put white first when they make a palette. Where index 0 is black
    and another that is used is black too, or where 255 may be void, the index counts: what a file
    happens to use must not say what it means.

    Args:
        content: The file's bytes.
        has_void: Whether index 255 is void in the data set, and index 1 positive.

    Raises:
        DataError: It has a palette of other colours, or with void, and its first is not black:
            nobody knows which index is the background.
    """
    found = indexed_pixels(content)
    if found is None:
        return None
    picture, indices = found
    if picture.mode == "1":
        return indices
    palette = np.array(picture.getpalette("RGB"), np.uint8).reshape(-1, 3)
    used = np.unique(indices)
    used = used[used < len(palette)]
    colours = palette[used]
    is_black_first = not palette[0].any()
    if is_black_first and (has_void or not colours[used > 0].any(axis=1).all()):
        return None
    is_void = has_void and bool((indices == IGNORE).any())
    has_two = np.isin(colours, (0, 255)).all() and bool((colours == colours[:, :1]).all())
    if has_two and not is_void:
        white = np.zeros(256, bool)
        white[used] = colours[:, 0] == 255
        return white[indices]
    if not is_black_first:
        first, positive = tuple(palette[0].tolist()), 1 if has_void else IGNORE
        raise DataError(
            f"a palette image whose index 0 is the colour {first}, not black: which index is the "
            f"background? Save it as a grey picture of 0 and {positive}"
        )
    return None


class LoadBinary(LoadDenseLabel):
    """Base of label maps of 0 and 1; see the subclasses."""

    def __init__(
        self,
        *,
        positive: Literal[1, 255] | None = None,
        threshold: float | None = None,
        backend_args: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(backend_args=backend_args)
        if positive not in (None, 1, IGNORE) or (positive is None) == (threshold is None):
            raise ConfigError(
                f"{type(self).__name__}: expected positive=255 (files of 0 and 255), positive=1 "
                "(files of 0 and 1, 255 is ignored) or threshold=127 (grey values), found "
                f"positive={positive}, threshold={threshold}."
            )
        self.positive = positive
        self.threshold = threshold

    def decode(self, content: bytes) -> np.ndarray:
        """The labels of a file: (H, W) uint8, 0, 1 or 255 (ignored)."""
        if self.threshold is not None:
            shades = shades_of(content)
            shades = decode_grey(content) if shades is None else shades
            return (shades > self.threshold).astype(np.uint8)
        white = white_of(content, has_void=self.positive == 1)
        if white is not None:
            return white.astype(np.uint8)
        stored = decode_grey(content)
        wrong = (stored != 0) & (stored != self.positive) & (stored != IGNORE)
        if wrong.any():
            found = sorted(set(stored[wrong].tolist()))
            has_ones = self.positive == IGNORE and found == [1]
            remedy = "positive=1, if 255 is void" if has_ones else "threshold=127, if they are grey"
            expected = "0 and 255" if self.positive == IGNORE else "0, 1 and 255 (ignored)"
            raise DataError(
                f"values {found[:10]} in the {self.name}: expected {expected}, found others in "
                f"{counted(int(wrong.sum()), 'pixel')}. Set {type(self).__name__}({remedy})"
            )
        if self.positive == IGNORE:
            return (stored == IGNORE).astype(np.uint8)
        return stored.astype(np.uint8)

    def is_empty(self, labels: np.ndarray) -> bool:
        """Whether no pixel is positive."""
        return not (labels == 1).any()

    def holds(self, labels: np.ndarray) -> dict[str, bool]:
        """Whether there are positive and negative pixels: one kind alone cannot be told apart."""
        negative = bool((labels == 0).any())
        return {"a positive pixel": not self.is_empty(labels), "a negative pixel": negative}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(positive={self.positive}, threshold={self.threshold})"


@TRANSFORMS.register_module()
class LoadBoundary(LoadBinary):
    """Load boundaries: ``gt_boundary`` (H, W) uint8, 0, 1 or 255 (ignored).

    In black and white pictures (one bit a pixel, or a palette of these) white is positive. With
    ``positive=1`` the index counts in a palette that begins with black: 255 is void in all of them.

    Args:
        positive: What a positive pixel has in all files of the data set: 255, beside 0 alone; or 1,
            where 255 is ignored. Other values raise.
        threshold: Instead, for grey values: one above it is positive, any other negative, and none
            is ignored. Of a palette the colours count, which have to be shades of grey.
        backend_args: Options of mmengine's file backend.

    Raises:
        ConfigError: Neither or both are given.
    """

    path_key = "boundary_path"
    label_key = "gt_boundary"
    name = "boundary map"


@TRANSFORMS.register_module()
class LoadSaliency(LoadBinary):
    """Load saliency: ``gt_saliency`` (H, W) uint8, 0, 1 or 255 (ignored).

    Arguments and errors as :class:`LoadBoundary`.
    """

    path_key = "saliency_path"
    label_key = "gt_saliency"
    name = "saliency map"


@TRANSFORMS.register_module()
class LoadAnomalyMask(BaseTransform):
    """Load ``gt_anomaly_map`` (H, W) uint8: 1 where the picture is defective, else 0.

    The map has the size of the original picture (``ori_shape``). It is read from ``mask_path``,
    where white of a black and white picture, or any value above ``threshold`` of another, is a
    defect; without that key all of it is 0, provided that the picture is flawless (``gt_anomaly``).

    Args:
        threshold: For grey values, as JPEG and scaling make them: 127. With 0 any other value is a
            defect, and grey values of a JPEG raise.
        backend_args: Options of mmengine's file backend.
    """

    def __init__(self, *, threshold: float = 0, backend_args: dict[str, Any] | None = None) -> None:
        self.threshold = threshold
        self.backend_args = backend_args

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the map to ``results``.

        Raises:
            DataError: The file is missing or damaged, its size is not the picture's, or a defective
                picture names none.
        """
        shape = tuple(results["ori_shape"])
        path = results.get("mask_path")
        if path is None:
            if results.get("gt_anomaly"):
                raise DataError(f"{results.get('img_path')}: defective, but without a mask_path")
            results["gt_anomaly_map"] = np.zeros(shape, np.uint8)
            return results
        content = read_bytes(path, self.backend_args)
        try:
            check_label_size(content, results, name="mask")
            mask = self._defect(content)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
        results["gt_anomaly_map"] = mask.astype(np.uint8)
        return results

    def _defect(self, content: bytes) -> np.ndarray:
        if self.threshold:
            shades = shades_of(content)
            return (decode_grey(content) if shades is None else shades) > self.threshold
        white = white_of(content)
        if white is not None:
            return white
        stored = decode_grey(content)
        grey = (stored > 0) & (stored < IGNORE)
        if content.startswith(_JPEG) and grey.any():
            raise DataError(
                f"a JPEG as mask, with grey values in {counted(int(grey.sum()), 'pixel')}: its "
                "compression makes some that are almost 0 around a defect. Set "
                "LoadAnomalyMask(threshold=127), or save the masks as PNG"
            )
        return stored > 0

    def soft_share(self, sample: Mapping[str, Any]) -> float:
        """Share of the defective pixels of a mask that are neither black nor white, as soft edges.

        Args:
            sample: With ``mask_path``, that of a mask that can be read.

        Returns:
            0 for masks of kinds of defects (1, 2, ...), without white, and with a threshold.
        """
        path = sample.get("mask_path")
        if path is None or self.threshold:
            return 0.0
        content = read_bytes(path, self.backend_args)
        if white_of(content) is not None:
            return 0.0
        stored = decode_grey(content)
        grey = (stored > 0) & (stored < IGNORE)
        return float(grey.sum() / (stored > 0).sum()) if (stored == IGNORE).any() else 0.0

    def __repr__(self) -> str:
        return f"{type(self).__name__}(threshold={self.threshold})"
