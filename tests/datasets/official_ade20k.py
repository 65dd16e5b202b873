"""ADE20K's annotations as Mask2Former's scripts write them, small."""

import json

import numpy as np
from PIL import Image


def write_official(root, *, things=("bed", "window "), order=(0, 1, 2, 3), crowd=0):
    """Two images in the format of Mask2Former's scripts.

    String image ids, category ids of the semantic task (stuff in between), the same segment ids in
    every image, names that differ between the two files.
    """
    categories = [
        dict(id=0, name="wall", isthing=0),
        dict(id=1, name="bed", isthing=1),
        dict(id=2, name="sky", isthing=0),
        dict(id=3, name="window ", isthing=1),
    ]
    names = ("ADE_val_00000001", "ADE_val_00000002")
    images = [dict(id=n, file_name=f"{n}.jpg", width=20, height=10) for n in names]
    info = [
        dict(id=7, category_id=0, area=100, bbox=[0, 0, 20, 5], iscrowd=0),
        dict(id=7 + 256 * 9, category_id=3, area=50, bbox=[0, 5, 10, 5], iscrowd=crowd),
        dict(id=65536 * 2, category_id=1, area=50, bbox=[10, 5, 10, 5], iscrowd=0),
    ]
    annotations = [dict(image_id=n, file_name=f"{n}.png", segments_info=info) for n in names]
    content = dict(
        images=images, annotations=annotations, categories=[categories[i] for i in order]
    )
    (root / "panoptic.json").write_text(json.dumps(content))
    picture = np.zeros((10, 20, 3), np.uint8)
    picture[:5] = (7, 0, 0)
    picture[5:, :10] = (7, 9, 0)
    picture[5:, 10:] = (0, 0, 2)
    for name in names:
        Image.fromarray(picture).save(root / f"{name}.png")
        Image.fromarray(picture).save(root / f"{name}.jpg")
    boxes = [
        dict(id=i + 1, image_id=n, category_id=c, bbox=[x, 5, 10, 5], area=50, iscrowd=0)
        | dict(segmentation=[[x, 5, x + 10, 5, x + 10, 10, x, 10]])
        for i, (n, c, x) in enumerate((n, c, x) for n in names for c, x in ((3, 0), (1, 10)))
    ]
    instance_categories = [dict(id=1, name=things[0]), dict(id=3, name=things[1])]
    content = dict(images=images, annotations=boxes, categories=instance_categories)
    (root / "instance.json").write_text(json.dumps(content))


OFFICIAL = dict(
    ann_file="panoptic.json",
    data_prefix=dict(img="", seg=""),
    metainfo=dict(
        classes=("bed", "window", "wall", "sky"),
        thing_classes=("bed", "window"),
        stuff_classes=("wall", "sky"),
    ),
)
