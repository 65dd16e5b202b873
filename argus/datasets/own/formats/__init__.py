"""One module for each way to write labels: how it is recognised, and how it is read.

Each has a ``FORMAT``, or several. To add one: a module here, and its name in :data:`FORMATS`.
"""

from argus.datasets.own.formats import (
    class_folders,
    class_masks,
    coco,
    csv_labels,
    cvat,
    dense_maps,
    good_defect,
    label_studio,
    labelme,
    masks,
    voc,
    yolo,
)
from argus.datasets.own.formats.format import Clue, Format, Options

FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        coco.FORMAT,
        labelme.FORMAT,
        cvat.FORMAT,
        label_studio.FORMAT,
        yolo.FORMAT,
        voc.FORMAT,
        masks.FORMAT,
        class_masks.FORMAT,
        dense_maps.DEPTH,
        dense_maps.NORMALS,
        dense_maps.BOUNDARY,
        dense_maps.SALIENCY,
        good_defect.FORMAT,
        csv_labels.FORMAT,
        class_folders.FORMAT,
    )
}

__all__ = ["FORMATS", "Clue", "Format", "Options"]
