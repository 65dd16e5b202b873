"""Label maps for mmseg, of maps in any form, and of outlines of objects."""

from typing import Any

from mmseg.datasets import BaseSegDataset

from argus.datasets.own.record import OwnPicture
from argus.datasets.own.source import OwnSet
from argus.datasets.transforms.labels import IGNORE
from argus.registry import DATASETS


@DATASETS.register_module()
class OwnSemantic(OwnSet, BaseSegDataset):
    """Semantic labels of own data, to be read by ``LoadOwnMap``.

    An entry has ``img_path`` and one of ``seg_map_path``, ``class_masks`` (a mask for each class)
    or ``map_objects`` (outlines). ``metainfo["map_values"]`` says what the values of a map mean.

    Args:
        data: Folder of the data.
        split: ``train``, ``val`` or ``test``.
        classes: Which classes, in the order of their labels; pixels of others are ignored.
        format: Format of the data, where it cannot be recognised.
        seed: Of the validation part, where the data name none.
        group: Pattern of names of pictures that stay together when it is split off.
        val_share: Share of the pictures that is split off.
        kwargs: Of mmseg's ``BaseSegDataset``: ``pipeline``, ``test_mode`` and so on.

    Raises:
        DataError: The data cannot be read, or have no such part.
    """

    KIND = "semantic"

    def _meta(self) -> dict[str, Any]:
        meta = super()._meta()
        if self.source.data.values is not None:
            meta["map_values"] = self._map_values()
        return meta

    def _library_keys(self) -> dict[str, Any]:
        # Pairs of files are found already: no folder of label maps is looked at.
        return dict(data_prefix=dict(img_path=""))

    def _map_values(self) -> dict[str, Any]:
        """What the values or colours of the maps mean, in labels of the chosen classes."""
        data, labels = self.source.data, self.source.labels
        assert data.values is not None
        of_label = {label: labels.get(name, IGNORE) for label, name in enumerate(data.classes)}
        if data.values.colours is not None:
            by_label = {of_label[i]: list(c) for i, c in enumerate(data.values.colours)}
            others = [list(c) for i, c in enumerate(data.values.colours) if of_label[i] == IGNORE]
            return dict(
                colours=[by_label[label] for label in range(len(labels))],
                void_colours=[*map(list, data.values.void_colours), *others],
            )
        values = {int(v): of_label.get(label, IGNORE) for v, label in data.values.labels.items()}
        return dict(labels=values)

    def load_data_list(self) -> list[dict[str, Any]]:
        """The entries of the part."""
        return [self._entry(picture) for picture in self.source.pictures]

    def _entry(self, picture: OwnPicture) -> dict[str, Any]:
        labels = self.source.labels
        # A map says its size itself; labels are counted before a picture is read.
        entry = self.source.head(picture, with_size="semantic" not in picture.maps)
        if "semantic" in picture.maps:
            entry["seg_map_path"] = self.source.path(picture.maps["semantic"])
        elif picture.class_maps:
            entry["class_masks"] = [
                (labels.get(name, IGNORE), self.source.path(file))
                for name, file in picture.class_maps.items()
            ]
            entry["background_label"] = labels.get("background", IGNORE)
        else:
            entry["map_objects"] = [
                dict(
                    label=IGNORE if one.is_crowd else labels.get(one.name, -1),
                    box=list(one.box or ()),
                    mask=one.mask,
                )
                for one in picture.objects
            ]
            entry["background_label"] = labels.get("background", IGNORE)
        return entry | dict(reduce_zero_label=False, label_map=None, seg_fields=[])
