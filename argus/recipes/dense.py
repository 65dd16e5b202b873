"""What the kinds with a value for every pixel share."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from argus.recipes.base import Recipe
from argus.recipes.base_models import base_model
from argus.recipes.parts import part


@dataclass(kw_only=True)
class DenseTask(Recipe):
    """Base of depth, normals, boundaries and saliency."""

    BATCH: ClassVar[tuple[int, int]] = (4, 4)
    LABELLED: ClassVar[bool] = False
    FIELD: ClassVar[str]
    """Name of the label."""

    @abstractmethod
    def load(self, *, trains: bool) -> dict[str, Any]:
        """Read the label of a sample, to train on or to measure by."""

    def zoom(self) -> dict[str, Any]:
        """Zoom at random."""
        return part(
            "argus.datasets.transforms.JointRandomResize", ratio_range=(0.5, 2.0), scale=self.scale
        )

    def recolour(self) -> dict[str, Any]:
        """Change colours at random."""
        return part("mmseg.datasets.transforms.PhotoMetricDistortion")

    def train_pipeline(self) -> list[dict[str, Any]]:
        """Zoomed, cut out, mirrored, recoloured."""
        return [
            part("argus.datasets.transforms.LoadImage"),
            self.load(trains=True),
            self.zoom(),
            part("argus.datasets.transforms.JointRandomCrop", size=self.crop),
            part("argus.datasets.transforms.JointRandomFlip", prob=self.flip),
            self.recolour(),
            part("argus.datasets.transforms.PackDense", fields=[self.FIELD]),
        ]

    def test_pipeline(self) -> list[dict[str, Any]]:
        """Resized; the labels stay as they are, and are compared at their own size."""
        return [
            part("argus.datasets.transforms.LoadImage"),
            part("argus.datasets.transforms.JointResize", scale=self.scale, keep_ratio=True),
            self.load(trains=False),
            part("argus.datasets.transforms.PackDense", fields=[self.FIELD]),
        ]

    def fitted(self, file: str, width: int) -> dict[str, Any]:
        """A decoder of ``configs/_base_/models`` for the backbone and the size."""
        model = base_model(file, traits=self.traits, width=width)
        model["data_preprocessor"].update(
            size=self.crop, test_cfg=dict(size_divisor=self.traits.size_divisor)
        )
        return model
