"""Objects of Pascal VOC's pairs of maps.

``SegmentationObject`` tells them apart by colours, ``SegmentationClass`` says which class each is.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import numpy as np
from pycocotools import mask as masks

from argus.datasets.own.formats.coco_objects import box_of
from argus.datasets.own.loading import LoadOwnMap
from argus.datasets.own.record import MapValues, OwnObject
from argus.datasets.own.tree import Tree
from argus.datasets.transforms.colour_table import decode_colours
from argus.datasets.transforms.reading import read_bytes
from argus.errors import DataError

_CLASSES, _OBJECTS = "SegmentationClass", "SegmentationObject"
# What belongs to no object, and the border around each.
_NO_OBJECT = ((0, 0, 0), (224, 224, 192), (255, 255, 255))


def object_maps(tree: Tree, class_maps: Mapping[str, str]) -> dict[str, str]:
    """The map of objects beside each map of classes that has one, by the picture.

    Args:
        tree: The folder.
        class_maps: Map of classes of each picture.
    """
    files = set(tree.files)
    found = {}
    for picture, target in class_maps.items():
        steps = [_OBJECTS if s == _CLASSES else s for s in PurePosixPath(target).parts]
        other = "/".join(steps)
        if other != target and other in files:
            found[picture] = other
    return found


class ObjectReader:
    """Reads pairs of maps.

    Args:
        classes: Names by label of the maps of classes.
        values: What is in them.
        no_objects: Names that are no objects, such as the background.
    """

    def __init__(
        self, classes: Sequence[str], values: MapValues, no_objects: Sequence[str]
    ) -> None:
        self.names = {n: name for n, name in enumerate(classes) if name not in no_objects}
        self.load = LoadOwnMap(len(classes))
        self.load.take_palette(dict(map_values=_known(values)))

    def read(self, tree: Tree, class_map: str, object_map: str) -> tuple[OwnObject, ...]:
        """The objects of a picture; what has no class in the other map is none.

        Raises:
            DataError: A map is damaged, or the two differ in size.
        """
        path = tree.path(object_map)
        _, labels = self.load.load(dict(seg_map_path=str(tree.path(class_map))))
        try:
            colours = decode_colours(read_bytes(path))
        except DataError as error:
            raise DataError(f"{path}: {error}") from error
        if colours.shape[:2] != labels.shape:
            raise DataError(
                f"{path}: {colours.shape[1]}x{colours.shape[0]} pixels, the map of classes has "
                f"{labels.shape[1]}x{labels.shape[0]}."
            )
        codes = colours.astype(np.int64) @ np.array([65536, 256, 1])
        none = [(r << 16) + (g << 8) + b for r, g, b in _NO_OBJECT]
        found = []
        for code in np.setdiff1d(codes, none):
            inside = codes == code
            numbers = np.bincount(labels[inside], minlength=256)
            best = max(self.names, key=lambda label: numbers[label], default=None)
            if best is None or not numbers[best]:
                continue
            coded = masks.encode(np.asfortranarray(inside.astype(np.uint8)))
            rle = dict(size=list(coded["size"]), counts=coded["counts"].decode())
            found.append(OwnObject(name=self.names[best], box=box_of((), rle), rle=rle))
        return tuple(found)


def _known(values: MapValues) -> dict[str, object]:
    if values.colours is not None:
        return dict(colours=list(values.colours), void_colours=list(values.void_colours))
    return dict(labels=dict(values.labels))
