"""Classes of whole pictures for mmpretrain, one or several, of data in any of the formats."""

from abc import ABC, abstractmethod
from typing import Any

from mmpretrain.datasets import BaseDataset, MultiLabelDataset

from argus.datasets.own.record import OwnPicture
from argus.datasets.own.source import OwnSet
from argus.errors import DataError
from argus.names.wording import counted, listed
from argus.registry import DATASETS


class _OwnLabels(OwnSet, BaseDataset, ABC):
    """Base; see :class:`OwnClasses` for the arguments."""

    def _library_keys(self) -> dict[str, Any]:
        return dict(ann_file="")

    def load_data_list(self) -> list[dict[str, Any]]:
        """The entries of the part."""
        entries = [
            self.source.head(picture, with_size=False) | dict(gt_label=label)
            for picture in self.source.pictures
            if (label := self._label(picture)) is not None
        ]
        if not entries:
            raise DataError(
                f"{self.source.data.root}: no samples found: none of its "
                f"{counted(len(self.source.pictures), 'picture')} of this part has a class of "
                f"{listed(self.source.classes)}."
            )
        return entries

    @abstractmethod
    def _label(self, picture: OwnPicture) -> Any:
        """``gt_label`` of a picture; ``None`` leaves it out."""


@DATASETS.register_module()
class OwnClasses(_OwnLabels):
    """One class for each picture; an entry has ``img_path`` and ``gt_label``.

    Args:
        data: Folder of the data.
        split: ``train``, ``val`` or ``test``.
        classes: Which classes, in the order of their labels; pictures of others are left out.
        format: Format of the data, where it cannot be recognised.
        seed: Of the validation part, where the data name none.
        group: Pattern of names of pictures that stay together when it is split off.
        val_share: Share of the pictures that is split off.
        kwargs: Of mmpretrain's ``BaseDataset``: ``pipeline``, ``test_mode`` and so on.

    Raises:
        DataError: The data cannot be read, or have no such part.
    """

    KIND = "classification"

    def _label(self, picture: OwnPicture) -> int | None:
        (name,) = picture.labels or ("",)
        return self.source.labels.get(name)


@DATASETS.register_module()
class OwnTags(_OwnLabels, MultiLabelDataset):
    """Any number of classes for each picture; arguments as :class:`OwnClasses`.

    ``gt_label`` of an entry is a list, which may be empty.
    """

    KIND = "tags"

    def _label(self, picture: OwnPicture) -> list[int] | None:
        labels = self.source.labels
        if picture.labels is None:
            return None
        return sorted(labels[name] for name in picture.labels if name in labels)
