"""Read boundaries that several people drew, from the Berkeley set's MATLAB files.

Source: "Contour Detection and Hierarchical Image Segmentation" (Arbelaez et al., PAMI 2011), file
format of BSDS500: a variable ``groundTruth``, one cell a person, with ``Segmentation`` and
``Boundaries`` (H, W). What pixels train is that of "Richer Convolutional Features for Edge
Detection" (Liu et al., CVPR 2017).
"""

from typing import Any

import numpy as np

from argus.datasets.transforms.dense_labels import LoadDenseLabel
from argus.datasets.transforms.labels import IGNORE
from argus.errors import ConfigError, DataError
from argus.files.mat_files import read_variables
from argus.registry import TRANSFORMS

_VARIABLE, _FIELD = "groundTruth", "Boundaries"


@TRANSFORMS.register_module()
class LoadBoundaryPeople(LoadDenseLabel):
    """Load ``gt_boundary`` from a ``.mat`` file: of all people at once, or each by itself.

    Args:
        agreement: Share of the people, in (0, 1], from which on a pixel is a boundary: the map is
            (H, W) uint8, 1 where so many drew it, 0 where nobody did, 255 (ignored) between.
            ``None`` gives (H, W, A), 0 or 1 of each of the A people, as the metric takes it.
        backend_args: Options of mmengine's file backend.

    Raises:
        ConfigError: ``agreement`` is out of range.
    """

    path_key = "boundary_path"
    label_key = "gt_boundary"
    name = "boundary map"

    def __init__(
        self, *, agreement: float | None, backend_args: dict[str, Any] | None = None
    ) -> None:
        super().__init__(backend_args=backend_args)
        if agreement is not None and not 0 < agreement <= 1:
            raise ConfigError(
                f"LoadBoundaryPeople.agreement: expected a share of the people in (0, 1], or None "
                f"for all of them one by one; found {agreement}."
            )
        self.agreement = agreement

    def check_size(self, content: bytes, results: dict[str, Any]) -> None:
        """Leave it to ``transform``: the file is no picture, and has no header of a size."""

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add the label map to ``results``.

        Raises:
            DataError: The file is missing, damaged, or of another size than its image.
        """
        results = super().transform(results)
        shape = results.get("ori_shape")
        found = results[self.label_key].shape[:2]
        if shape is not None and found != tuple(shape[:2]):
            raise DataError(
                f"{results[self.path_key]}: the {self.name}s are {found[1]}x{found[0]} (width x "
                f"height), the image {shape[1]}x{shape[0]}"
            )
        return results

    def decode(self, content: bytes) -> np.ndarray:
        """The labels of a file, (H, W) or (H, W, A) uint8."""
        maps = _boundaries(read_variables(content))
        if self.agreement is None:
            return maps.astype(np.uint8)
        share = maps.mean(axis=-1)
        labels = np.full(share.shape, IGNORE, np.uint8)
        labels[share == 0] = 0
        labels[share >= self.agreement] = 1
        return labels

    def is_empty(self, labels: np.ndarray) -> bool:
        """Whether no pixel is a boundary."""
        return not (labels == 1).any()

    def holds(self, labels: np.ndarray) -> dict[str, bool]:
        """Whether there are boundaries and pixels that are none."""
        negative = bool((labels == 0).any())
        return {"a positive pixel": not self.is_empty(labels), "a negative pixel": negative}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(agreement={self.agreement})"


def _boundaries(variables: dict[str, Any]) -> np.ndarray:
    """(H, W, A) bool of the people's maps.

    Raises:
        DataError: The file holds something else.
    """
    try:
        cells = np.atleast_1d(variables[_VARIABLE]).ravel()
        maps = [np.asarray(cell[_FIELD][0, 0]) for cell in cells]
        stacked = np.stack(maps, axis=-1)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise DataError(
            f"expected a variable {_VARIABLE!r} with a cell of {_FIELD!r}, maps of one size, for "
            f"each person, found {sorted(n for n in variables if not n.startswith('__'))}"
        ) from error
    if stacked.ndim != 3 or stacked.dtype.kind not in "buif" or not stacked.size:
        raise DataError(f"{_FIELD} of shape {stacked.shape} and type {stacked.dtype}")
    return stacked > 0
