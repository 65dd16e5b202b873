"""Depth, normals, boundaries, saliency and defects of own data, for Argus' own decoders."""

from typing import Any

from mmengine.dataset import BaseDataset

from argus.datasets.own.record import OwnPicture
from argus.datasets.own.source import OwnSet
from argus.errors import DataError
from argus.names.wording import counted, listed
from argus.registry import DATASETS

GOOD = "good"


class _OwnMaps(OwnSet, BaseDataset):
    """Base of data sets with a map for each picture.

    Args:
        data: Folder of the data.
        split: ``train``, ``val`` or ``test``.
        classes: As the subclass says.
        format: Format of the data, where it cannot be recognised.
        seed: Of the validation part, where the data name none.
        group: Pattern of names of pictures that stay together when it is split off.
        val_share: Share of the pictures that is split off.
        unit: Of depth: how many values of a file are one metre; that of the data by default.
        kwargs: Of mmengine's ``BaseDataset``: ``pipeline``, ``test_mode`` and so on.

    Raises:
        DataError: The data cannot be read, or have no such part.
    """

    PATH_KEY: str

    def __init__(self, data: str, *, unit: float | None = None, **kwargs: Any) -> None:
        self.unit = unit
        super().__init__(data, **kwargs)

    def _library_keys(self) -> dict[str, Any]:
        return dict(data_prefix=dict(img_path=""))

    def load_data_list(self) -> list[dict[str, Any]]:
        """The entries of the part."""
        return [self._entry(picture) for picture in self.source.pictures]

    def _entry(self, picture: OwnPicture) -> dict[str, Any]:
        entry = self.source.head(picture, with_size=False)
        entry[self.PATH_KEY] = self.source.path(picture.maps[self.KIND])
        return entry


@DATASETS.register_module()
class OwnDepth(_OwnMaps):
    """Depth; an entry has ``img_path``, ``depth_path`` and ``depth_scale``, values of one metre.

    Arguments as :class:`_OwnMaps`; to be read by ``LoadOwnDepth``.
    """

    KIND = "depth"
    PATH_KEY = "depth_path"

    def _entry(self, picture: OwnPicture) -> dict[str, Any]:
        return super()._entry(picture) | dict(depth_scale=self.source.data.unit)


@DATASETS.register_module()
class OwnNormals(_OwnMaps):
    """Surface normals; an entry has ``img_path`` and ``normal_path``. Arguments as `_OwnMaps`."""

    KIND = "normals"
    PATH_KEY = "normal_path"


class _OwnBinary(_OwnMaps):
    def _entry(self, picture: OwnPicture) -> dict[str, Any]:
        values = self.source.data.values
        assert values is not None
        positive = next((v for v, label in values.labels.items() if label == 1), None)
        entry = self.source.head(picture, with_size=False)
        # Masks of two values are good for semantic and for saliency.
        file = picture.maps.get(self.KIND) or picture.maps["semantic"]
        entry[self.PATH_KEY] = self.source.path(file)
        return entry | dict(positive_value=positive)


@DATASETS.register_module()
class OwnBoundary(_OwnBinary):
    """Boundaries; an entry has ``img_path``, ``boundary_path``, ``positive_value``.

    Arguments as :class:`_OwnMaps`; to be read by ``LoadOwnBoundary``.
    """

    KIND = "boundary"
    PATH_KEY = "boundary_path"


@DATASETS.register_module()
class OwnSaliency(_OwnBinary):
    """Saliency; an entry has ``img_path``, ``saliency_path``, ``positive_value``.

    Arguments as :class:`_OwnMaps`; to be read by ``LoadOwnSaliency``.
    """

    KIND = "saliency"
    PATH_KEY = "saliency_path"


@DATASETS.register_module()
class OwnAnomaly(_OwnMaps):
    """Pictures without and with defects; entries as those of ``MVTecAD``.

    An entry has ``img_path``; ``category``; ``defect`` (``good`` or the kind); ``gt_anomaly``, 0 or
    1; and, where the picture is defective, ``mask_path``. ``classes`` are the categories.

    Raises:
        DataError: Defective pictures of the part have no mask.
    """

    KIND = "anomaly"
    PATH_KEY = "mask_path"

    def load_data_list(self) -> list[dict[str, Any]]:
        """The entries of the part."""
        known = self.source.labels
        pictures = [p for p in self.source.pictures if (p.labels or ("",))[0] in known]
        without = [p.path for p in pictures if p.defect != GOOD and "anomaly" not in p.maps]
        if without:
            raise DataError(
                f"{self.source.data.root}: "
                f"{counted(len(without), 'defective picture has', 'defective pictures have')} "
                f"no mask, e.g. {listed(without[:2])}; put them below "
                "ground_truth/<kind of defect>/, as <name>_mask.png."
            )
        return [self._entry(picture) for picture in pictures]

    def _entry(self, picture: OwnPicture) -> dict[str, Any]:
        assert picture.labels is not None
        entry = self.source.head(picture, with_size=False) | dict(
            category=picture.labels[0],
            defect=picture.defect,
            gt_anomaly=int(picture.defect != GOOD),
        )
        if picture.defect != GOOD:
            entry[self.PATH_KEY] = self.source.path(picture.maps["anomaly"])
        return entry

    def get_cat_ids(self, idx: int) -> list[int]:
        """Index of the category of a picture, for balanced sampling."""
        return [self.source.labels[self.get_data_info(idx)["category"]]]
