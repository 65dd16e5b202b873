"""PASCAL-Context with the labels of multi-task learning: human parts, saliency, semantic classes.

Mottaghi et al., CVPR 2014; the tasks and the split of 4,998 training and 5,105 test images are
those of Maninis et al., "Attentive Single-Tasking of Multiple Tasks" (ASTMT), CVPR 2019. Parts are
from PASCAL-Part (Chen et al., CVPR 2014), joined to six; saliency is distilled.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mmseg.datasets import PascalVOCDataset

from argus.datasets.lists import ListDataset
from argus.datasets.voc_colour import voc_colour
from argus.registry import DATASETS

PARTS = (
    "background",
    "head",
    "torso",
    "upper arm",
    "lower arm",
    "upper leg",
    "lower leg",
)
SEMANTIC_CLASSES = tuple(PascalVOCDataset.METAINFO["classes"])


@DATASETS.register_module()
class PascalContext(ListDataset):
    """PASCAL-Context: human parsing, saliency, semantic segmentation.

    Layout below ``data_root``: ``JPEGImages/``; ``human_parts_png/`` PNG, 0 background, 1..6 parts,
    absent for images without people; ``saliency/`` PNG 0 or 255; ``semseg/`` PNG, 0 background,
    1..20 VOC classes; ``ImageSets/train.txt``, ``val.txt``. 255 in a label map is ignored.

    An image without people has no parsing label: it is left out where parsing is all that is
    learned, and costs nothing where saliency shares the stream.

    Args:
        ann_file: List of images, one a line, without suffix.
        labels: Of ``parsing``, ``saliency``, ``semantic``; parsing and semantic exclude each other,
            since both are the sample's label map.
        metainfo: Other ``classes`` and ``palette``, in the order of the labels 0, 1, ...
        **kwargs: As ``ListDataset``.
    """

    @staticmethod
    def classes_of(config: Mapping[str, Any]) -> tuple[str, ...]:
        """Classes that a config of this data set labels; none without parts or semantic labels."""
        labels = config.get("labels", ("parsing",))
        if "semantic" in labels:
            return SEMANTIC_CLASSES
        return PARTS if "parsing" in labels else ()

    @classmethod
    def palette_of(cls, config: Mapping[str, Any]) -> list[tuple[int, int, int]]:
        """RGB of the classes that :meth:`classes_of` gives."""
        return [voc_colour(i) for i in range(len(cls.classes_of(config)))]

    IMAGE_FOLDER = "JPEGImages"
    FOLDERS = dict(parsing="human_parts_png", saliency="saliency", semantic="semseg")

    def __init__(
        self,
        ann_file: str = "ImageSets/train.txt",
        *,
        labels: Sequence[str] = ("parsing", "saliency"),
        metainfo: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        classes = self.classes_of(dict(labels=labels)) or PARTS
        palette = [voc_colour(i) for i in range(len(classes))]
        super().__init__(
            ann_file,
            labels=labels,
            metainfo=dict(classes=classes, palette=palette) | dict(metainfo or {}),
            **kwargs,
        )
