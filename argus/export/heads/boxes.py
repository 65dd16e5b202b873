"""Outputs of detectors, with masks and without: a fixed number of rows per picture."""

from abc import abstractmethod
from typing import ClassVar

from torch import Tensor

from argus.export.heads.base import ExportHead, Output


class BoxesExport(ExportHead):
    """Boxes, scores and labels, best first; the application drops rows with a low score."""

    kind: ClassVar[str] = "instances"
    has_masks = False

    @property
    @abstractmethod
    def num_kept(self) -> int:
        """Rows per picture."""

    def outputs(self) -> list[Output]:
        """Boxes, scores, labels and, if there are any, masks."""
        rows = ("batch", self.num_kept)
        task = self.task
        found = [
            Output(f"{task}_boxes", (*rows, 4), "float32", "x1, y1, x2, y2, pixels of the input"),
            Output(f"{task}_scores", rows, "float32", "in [0, 1], best first"),
            Output(f"{task}_labels", rows, "int64", "index into classes"),
        ]
        if self.has_masks:
            axes = (*rows, *self.size)
            found.append(Output(f"{task}_masks", axes, "bool", "true inside"))
        return found


def gather_rows(values: Tensor, index: Tensor) -> Tensor:
    """Rows ``index`` (B, N) of ``values`` (B, Q, C)."""
    return values.gather(1, index[..., None].expand(-1, -1, values.shape[-1]))


def clip_boxes(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Boxes (..., 4), xyxy in pixels, within a picture of (height, width)."""
    limits = boxes.new_tensor([size[1], size[0], size[1], size[0]])
    return boxes.clamp(min=0).minimum(limits)
