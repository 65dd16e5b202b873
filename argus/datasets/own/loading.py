"""Read the label maps of own data: what the values mean is known for the whole data set."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pycocotools import mask as masks

from argus.datasets.own.stored_depth import decode_depth
from argus.datasets.transforms.binary_labels import LoadBinary
from argus.datasets.transforms.boundary_people import LoadBoundaryPeople
from argus.datasets.transforms.colour_table import ColourTable
from argus.datasets.transforms.dense_labels import LoadDepth, refuse_8_bits
from argus.datasets.transforms.label_images import check_label_size, decode_grey
from argus.datasets.transforms.labels import IGNORE, LoadSegMap
from argus.datasets.transforms.reading import read_bytes
from argus.errors import DataError
from argus.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadOwnMap(LoadSegMap):
    """Load the semantic labels of ``OwnSemantic``: ``gt_seg_map`` (H, W) uint8, 255 is ignored.

    A map of values or colours is read by ``metainfo["map_values"]`` of the data set. Masks of
    single classes are laid over each other in the order of the labels, and outlines of objects in
    the order of their size, the smallest last; what neither covers is the background. An object
    without an outline leaves its box open: ignored.

    Args:
        num_classes: Number of classes; at most 255.
        backend_args: Options of mmengine's file backend.
    """

    def __init__(self, num_classes: int, *, backend_args: dict[str, Any] | None = None) -> None:
        super().__init__(num_classes, backend_args=backend_args)
        self.values: dict[int, int] | None = None

    def take_palette(self, metainfo: Mapping[str, Any]) -> None:
        """Take what the data set knows of its maps."""
        known = metainfo.get("map_values") or {}
        if known.get("colours"):
            self.table = ColourTable(
                [tuple(colour) for colour in known["colours"]],
                void=[tuple(colour) for colour in known["void_colours"]],
                ignore=IGNORE,
                where="LoadOwnMap",
            )
        elif "labels" in known:
            self.values = dict(known["labels"])

    @staticmethod
    def reads(sample: Mapping[str, Any]) -> bool:
        """Whether a sample has labels of this kind."""
        return LoadSegMap.reads(sample) or "class_masks" in sample or "map_objects" in sample

    def load(self, sample: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        """Read the labels of a sample.

        Returns:
            What the file holds, (H, W) int64, the labels where there is no such file; and the
            labels, (H, W) uint8.

        Raises:
            DataError: A file is missing or damaged, its size is not the picture's, or it holds a
                value that is no class.
        """
        if "class_masks" in sample:
            labels = self._laid_over(sample)
            return labels.astype(np.int64), labels
        if "map_objects" in sample:
            labels = drawn(sample)
            return labels.astype(np.int64), labels
        if self.values is None:
            return super().load(sample)
        path = sample["seg_map_path"]
        content = read_bytes(path, self.backend_args)
        try:
            check_label_size(content, sample, name="label map")
            stored = decode_grey(content)
            return stored, self._mapped(stored)
        except DataError as error:
            raise DataError(f"{path}: {error}") from error

    def _mapped(self, stored: np.ndarray) -> np.ndarray:
        assert self.values is not None
        known = {IGNORE: IGNORE} | self.values
        most = max(known)
        table = np.full(most + 1, -1)
        table[list(known)] = list(known.values())
        inside = (stored >= 0) & (stored <= most)
        labels = np.where(inside, table[stored.clip(0, most)], -1)
        if (labels < 0).any():
            found = sorted(set(stored[labels < 0].tolist()))
            raise DataError(
                f"values {found[:10]} that no class has (known: {sorted(self.values)[:20]}); name "
                "all classes in a file such as classes.txt, a line for each value from 0"
            )
        return labels.astype(np.uint8)

    def _laid_over(self, sample: Mapping[str, Any]) -> np.ndarray:
        labels = np.full(_shape(sample), sample["background_label"], np.uint8)
        for label, path in sorted(sample["class_masks"]):
            content = read_bytes(path, self.backend_args)
            try:
                check_label_size(content, sample, name="mask")
                stored = decode_grey(content)
            except DataError as error:
                raise DataError(f"{path}: {error}") from error
            labels[stored > (127 if stored.max(initial=0) > 1 else 0)] = label
        return labels


def drawn(sample: Mapping[str, Any]) -> np.ndarray:
    """The label map that outlines of objects make, (H, W) uint8.

    Args:
        sample: ``ori_shape``, or ``height`` and ``width``; ``map_objects``, each with ``label`` (-1
            to leave it out), ``box`` and ``mask``; and ``background_label``.
    """
    height, width = _shape(sample)
    labels = np.full((height, width), sample["background_label"], np.uint8)
    outlined = []
    for one in sample["map_objects"]:
        if one["label"] < 0:
            continue
        if not one["mask"]:
            x1, y1, x2, y2 = (max(0, round(value)) for value in one["box"])
            labels[y1:y2, x1:x2] = IGNORE
            continue
        coded = _coded(one["mask"], height, width)
        outlined.append((float(masks.area(coded)), one["label"], coded))
    for _, label, coded in sorted(outlined, key=lambda item: -item[0]):
        labels[masks.decode(coded).astype(bool)] = label
    return labels


def _shape(sample: Mapping[str, Any]) -> tuple[int, int]:
    """Height and width of the picture, also before it is loaded."""
    height, width = sample.get("ori_shape") or (sample["height"], sample["width"])
    return height, width


def _coded(mask: Any, height: int, width: int) -> Any:
    if isinstance(mask, Mapping):
        coded = dict(mask)
        if list(coded["size"]) != [height, width]:
            raise DataError(
                f"a run-length mask of {coded['size']} (height, width) on a picture of "
                f"{[height, width]}"
            )
        return coded
    return masks.merge(masks.frPyObjects(mask, height, width))


@TRANSFORMS.register_module()
class LoadOwnDepth(LoadDepth):
    """Load the depth of ``OwnDepth``: ``gt_depth`` (H, W) float32 in metres, 0 where it is unknown.

    PNG of 16 bits, TIFF of floats or NPY; NaN, infinity and values below 0 are unknown. The unit is
    that of the data (``depth_scale``).

    Args:
        depth_range: As for ``LoadDepth``.
        backend_args: Options of mmengine's file backend.
    """

    def __init__(
        self,
        *,
        depth_range: tuple[float, float] | None = None,
        backend_args: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(depth_range=depth_range, backend_args=backend_args)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the depth map to ``results``.

        Raises:
            DataError: The file is missing or damaged, or its size is not the picture's.
        """
        path, scale = results["depth_path"], results["depth_scale"]
        content = read_bytes(path, self.backend_args)
        try:
            check_label_size(content, results, name=self.name)
            refuse_8_bits(content, scale)
            depth = decode_depth(content).astype(np.float64) / scale
            shape = tuple(results.get("ori_shape", depth.shape))
            if depth.shape != shape:
                raise DataError(
                    f"the depth map is {depth.shape[1]}x{depth.shape[0]} (width x height), its "
                    f"picture {shape[1]}x{shape[0]}"
                )
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
        unknown = ~np.isfinite(depth) | (depth < 0)
        if self.depth_range is not None:
            unknown |= (depth < self.depth_range[0]) | (depth > self.depth_range[1])
        depth[unknown] = 0
        results[self.label_key] = depth.astype(np.float32)
        return results


class _LoadOwnBinary(LoadBinary):
    """Base: which value is positive, the sample says (``positive_value``)."""

    def __init__(self, *, backend_args: dict[str, Any] | None = None) -> None:
        super().__init__(positive=255, backend_args=backend_args)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the map to ``results``; grey values above 127 are positive beside white."""
        if results.get("positive_value") == 1:
            self.positive, self.threshold = 1, None
        else:
            self.positive, self.threshold = None, IGNORE / 2
        return super().transform(results)


@TRANSFORMS.register_module()
class LoadOwnBoundary(_LoadOwnBinary):
    """Load the boundaries of ``OwnBoundary``: ``gt_boundary`` (H, W) uint8, 0, 1 or 255 (ignored).

    MATLAB files of several people, as BSDS500 has them, are read by ``LoadBoundaryPeople``.

    Args:
        agreement: Of such files, as there: the share of people from which on a pixel is a boundary;
            ``None`` for the map of each, as the metric takes them.
        backend_args: Options of mmengine's file backend.
    """

    path_key = "boundary_path"
    label_key = "gt_boundary"
    name = "boundary map"

    def __init__(
        self, *, agreement: float | None = 0.5, backend_args: dict[str, Any] | None = None
    ) -> None:
        super().__init__(backend_args=backend_args)
        self.people = LoadBoundaryPeople(agreement=agreement, backend_args=backend_args)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the boundaries to ``results``."""
        if str(results[self.path_key]).lower().endswith(".mat"):
            return self.people.transform(results)
        return super().transform(results)


@TRANSFORMS.register_module()
class LoadOwnSaliency(_LoadOwnBinary):
    """Load the saliency of ``OwnSaliency``: ``gt_saliency`` (H, W) uint8, 0, 1 or 255 (ignored).

    Args:
        backend_args: Options of mmengine's file backend.
    """

    path_key = "saliency_path"
    label_key = "gt_saliency"
    name = "saliency map"
