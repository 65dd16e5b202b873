"""MVTec AD: pictures of one kind of object or surface, flawless for training, with defects to find.

Source: "MVTec AD - A Comprehensive Real-World Dataset for Unsupervised Anomaly Detection" (Bergmann
et al., CVPR 2019). Layout: ``<category>/train/good``, ``<category>/test/<good or kind of defect>``
and ``<category>/ground_truth/<kind of defect>/<number>_mask.png``. What is chosen by looking at
results is chosen on other pictures than those of the test: ``<category>/validation/<good or kind of
defect>``, which the data set has not and the generated scenes have. Pictures moved there from
``test`` keep their masks where they are.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.dataset import BaseDataset

from argus.errors import ConfigError, DataError
from argus.files.foreign import is_clutter
from argus.registry import DATASETS

MVTEC_4 = ("transistor", "metal_nut", "screw", "leather")
"""The four categories of the paper: 998 pictures to train on, 499 to test."""

GOOD = "good"
SPLITS = ("train", "validation", "test")
_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")


@DATASETS.register_module()
class MVTecAD(BaseDataset):
    """Pictures of the chosen categories, in their order.

    An entry has ``img_path``; ``category``; ``defect`` (``good`` or the kind); ``gt_anomaly``, 0 or
    1; and, where the picture is defective, ``mask_path``. The classes of the data set are its
    categories.

    Args:
        data_root: Folder of the categories.
        categories: Names of their folders.
        split: ``train`` (flawless pictures alone), ``validation`` or ``test``.
        kwargs: Of mmengine's ``BaseDataset``: ``pipeline``, ``test_mode``, ``indices`` and so on.

    Raises:
        ConfigError: The split is unknown, there is no category, or one has no folder.
        DataError: A category has no picture, or a defective picture no mask.
    """

    METAINFO = dict(classes=MVTEC_4)

    def __init__(
        self,
        data_root: str,
        *,
        categories: Sequence[str] = MVTEC_4,
        split: str,
        **kwargs: Any,
    ) -> None:
        if split not in SPLITS:
            raise ConfigError(f"MVTecAD.split: expected one of {SPLITS}, found {split!r}.")
        if isinstance(categories, str) or not categories:
            raise ConfigError(
                f"MVTecAD.categories: expected a list of folder names, found {categories!r}."
            )
        self.categories = tuple(categories)
        self.split = split
        metainfo = {"classes": self.categories} | dict(kwargs.pop("metainfo", None) or {})
        super().__init__(data_root=data_root, metainfo=metainfo, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the pictures, sorted by kind and number within each category."""
        self._check_folders()
        entries: list[dict[str, Any]] = []
        for category in self.categories:
            found = self._load_category(Path(self.data_root) / category)
            if not found:
                raise DataError(
                    f"{Path(self.data_root) / category / self.split}: no picture "
                    f"({', '.join(_SUFFIXES)}) in <kind>/ below it."
                )
            entries += found
        return entries

    def get_cat_ids(self, idx: int) -> list[int]:
        """Index of the category of a picture, for balanced sampling."""
        return [self.categories.index(self.get_data_info(idx)["category"])]

    def _check_folders(self) -> None:
        root = Path(self.data_root)
        missing = [name for name in self.categories if not (root / name / self.split).is_dir()]
        if missing:
            there = sorted(path.name for path in root.glob("*") if (path / self.split).is_dir())
            raise ConfigError(
                f"MVTecAD: no folder <category>/{self.split} for {missing} in {root.absolute()}. "
                f"Found: {there or 'none'}. Set categories of the data set and of the decoder to "
                "folders that are there, or bring the data into it by `argus convert mvtec`."
            )

    def _load_category(self, folder: Path) -> list[dict[str, Any]]:
        entries = []
        for path in sorted((folder / self.split).glob("*/*")):
            hidden = is_clutter(path.name) or is_clutter(path.parent.name)
            if hidden or path.suffix.lower() not in _SUFFIXES:
                continue
            defect = path.parent.name
            entry = dict(
                img_path=str(path),
                category=folder.name,
                defect=defect,
                gt_anomaly=int(defect != GOOD),
            )
            if defect != GOOD:
                entry["mask_path"] = str(_mask_of(path, folder))
            entries.append(entry)
        return entries


def _mask_of(picture: Path, folder: Path) -> Path:
    mask = folder / "ground_truth" / picture.parent.name / f"{picture.stem}_mask.png"
    if not mask.is_file():
        raise DataError(
            f"{picture}: it is defective, but its mask {mask} is missing. Copy ground_truth/ of "
            "the data set beside test/."
        )
    return mask
