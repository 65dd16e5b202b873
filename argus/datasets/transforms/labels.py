"""Read and check labels, where the stock transforms let wrong ones pass.

mmseg's ``LoadAnnotations`` wraps a 16-bit label map to 8 bits and keeps labels beyond the classes,
which the loss meets as an index error without a file name, or on CUDA as an assertion that ends the
process.
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from PIL import UnidentifiedImageError

from argus.datasets.transforms.colour_table import ColourTable
from argus.datasets.transforms.label_images import check_label_size, decode_label_map
from argus.datasets.transforms.reading import read_bytes
from argus.errors import ConfigError, DataError
from argus.files.pictures import open_picture
from argus.names.wording import counted
from argus.registry import TRANSFORMS

IGNORE = 255
_JPEG = b"\xff\xd8"


@TRANSFORMS.register_module()
class LoadSegMap(BaseTransform):
    """Load a semantic label map: ``gt_seg_map`` (H, W) uint8 in [0, num_classes) or 255 (ignore).

    Stands in for mmseg's ``LoadAnnotations``; follows the data set's ``reduce_zero_label`` (0 is
    ignored, the classes are 1..num_classes in the file) and ``label_map`` (other class lists).

    Without ``colours`` all files of the data set hold labels: one integer per pixel, of a palette
    image its index. With it all of them hold colours, those with a palette too, which then may have
    one each; ``reduce_zero_label`` and ``label_map`` do not apply, since the table names classes.

    Args:
        num_classes: Number of classes; at most 255.
        colours: RGB of each class, 0..255, in the order of the classes; or ``"palette"`` for that
            of the data set's ``metainfo``.
        void_colours: RGB of what is ignored.
        backend_args: Options of mmengine's file backend.

    Raises:
        ConfigError: The colours are not one for each class, or one stands for two.
    """

    def __init__(
        self,
        num_classes: int,
        *,
        colours: Sequence[Sequence[int]] | str | None = None,
        void_colours: Sequence[Sequence[int]] = (),
        backend_args: dict[str, Any] | None = None,
    ) -> None:
        assert 0 < num_classes <= IGNORE, num_classes
        self.num_classes = num_classes
        self.void_colours = void_colours
        self.backend_args = backend_args
        self.table: ColourTable | None = None
        self._awaits_palette = colours == "palette"
        if isinstance(colours, str) and not self._awaits_palette:
            raise ConfigError(
                f"LoadSegMap.colours: expected a list of RGB or 'palette', found {colours!r}."
            )
        if colours is None and void_colours:
            raise ConfigError("LoadSegMap.void_colours: it needs colours, those of the classes.")
        if colours is not None and not self._awaits_palette:
            self.table = self._table(colours, "LoadSegMap.colours")

    def take_palette(self, metainfo: Mapping[str, Any]) -> None:
        """Take the colours of a data set, if ``colours`` asks for them.

        Raises:
            ConfigError: It has none, or not one for each class.
        """
        if self._awaits_palette:
            palette = metainfo.get("palette") or ()
            self.table = self._table(palette, "LoadSegMap.colours='palette': metainfo.palette")

    def _table(self, colours: Any, where: str) -> ColourTable:
        if len(colours) != self.num_classes:
            raise ConfigError(
                f"{where}: expected the colours of "
                f"{counted(self.num_classes, 'class', 'classes')}, found {len(colours)}"
            )
        return ColourTable(colours, void=self.void_colours, ignore=IGNORE, where=where)

    @staticmethod
    def reads(sample: Mapping[str, Any]) -> bool:
        """Whether a sample has a semantic map.

        A panoptic map, whose colours are segments, has the same key in mmdet.
        """
        return sample.get("seg_map_path") is not None and "segments_info" not in sample

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the label map to ``results``.

        Raises:
            DataError: The file is missing or damaged, its size is not the image's, or a label is
                out of range, or a colour not in the table.
        """
        results["gt_seg_map"] = self.load(results)[1]
        results["seg_fields"].append("gt_seg_map")
        return results

    def load(self, sample: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        """Read the label map of a sample.

        Returns:
            What the file holds, (H, W) int64, of colours the labels in the table; and the labels to
            train on, (H, W) uint8.

        Raises:
            DataError: As :meth:`transform`.
        """
        assert self.table is not None or not self._awaits_palette, "take_palette comes first"
        path = sample["seg_map_path"]
        content = read_bytes(path, self.backend_args)
        try:
            check_label_size(content, sample, name="label map")
            if self.table is not None:
                labels = self.table.decode(content)
                return labels, labels.astype(np.uint8)
            stored = decode_label_map(content)
            return stored, self._to_train_labels(stored, sample)
        except DataError as error:
            raise DataError(f"{path}: {error}{self._remedy(content)}") from error

    def _remedy(self, content: bytes) -> str:
        """What to do about a file that holds no labels."""
        if self.table is None and _has_colours(content):
            return (
                ". Say which colour is which class, for the whole data set: LoadSegMap(colours="
                "[(red, green, blue), ...]), or colours='palette' for metainfo.palette"
            )
        if content.startswith(_JPEG):
            return ". It is a JPEG, which changes values: save label maps as PNG"
        return ""

    def _to_train_labels(self, labels: np.ndarray, results: Mapping[str, Any]) -> np.ndarray:
        found = self._looked_up(labels, results)
        if found is not None:
            return found
        labels = self._meant(labels, results)
        text = self.out_of_range(labels, results)
        if text:
            raise DataError(text)
        return labels.astype(np.uint8)

    def _looked_up(self, labels: np.ndarray, results: Mapping[str, Any]) -> np.ndarray | None:
        """Labels of 8 bits in range, each value looked at once; ``None`` for any others."""
        stored = labels.astype(np.uint8)
        if not np.array_equal(stored, labels):
            return None
        meant = self._meant(np.arange(256), results)
        wrong = (meant != IGNORE) & ((meant < 0) | (meant >= self.num_classes))
        if cv2.LUT(stored, wrong.astype(np.uint8)).any():
            return None
        return cv2.LUT(stored, np.where(wrong, IGNORE, meant).astype(np.uint8))

    def _meant(self, labels: np.ndarray, results: Mapping[str, Any]) -> np.ndarray:
        """Labels as the data set means those of the file, in range or not."""
        ignored = labels == IGNORE
        if results.get("reduce_zero_label"):
            ignored |= labels == 0
            labels = labels - 1
        label_map = results.get("label_map")
        if label_map is not None:
            labels = _map_labels(labels, ignored, label_map)
            ignored |= labels == IGNORE
        return np.where(ignored, IGNORE, labels)

    def out_of_range(self, labels: np.ndarray, sample: Mapping[str, Any]) -> str:
        """What is wrong with labels (H, W) that are no classes; empty if all are.

        Args:
            labels: Those to train on.
            sample: Where they are from.
        """
        wrong = (labels != IGNORE) & ((labels < 0) | (labels >= self.num_classes))
        if not wrong.any():
            return ""
        found = sorted(set(labels[wrong].tolist()))
        return (
            f"labels {found[:10]} out of range: expected 0..{self.num_classes - 1} or {IGNORE} "
            f"(ignore) after reduce_zero_label={bool(sample.get('reduce_zero_label'))}, "
            f"found in {counted(int(wrong.sum()), 'pixel')}"
        )

    def __repr__(self) -> str:
        colours = self._awaits_palette or self.table is not None
        return f"{type(self).__name__}(num_classes={self.num_classes}, colours={colours})"


def _has_colours(content: bytes) -> bool:
    with contextlib.suppress(DataError, UnidentifiedImageError), open_picture(content) as picture:
        return picture.mode in ("RGB", "RGBA")
    return False


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
