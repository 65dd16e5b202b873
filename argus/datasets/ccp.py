"""Clothing Co-Parsing: people in the street, 59 labels of clothes and body.

Yang, Luo and Lin, "Clothing Co-Parsing by Joint Image Segmentation and Labeling", CVPR 2014. 1,004
of its 2,098 photos have a label per pixel. No split is published for them: here the first 800 by
number train and the other 204 test.
"""

from typing import Any

from argus.datasets.lists import ListDataset
from argus.datasets.voc_colour import voc_colour
from argus.registry import DATASETS

CLASSES = (
    "nothing",
    "accessories",
    "bag",
    "belt",
    "blazer",
    "blouse",
    "bodysuit",
    "boots",
    "bra",
    "bracelet",
    "cape",
    "cardigan",
    "clogs",
    "coat",
    "dress",
    "earrings",
    "flats",
    "glasses",
    "gloves",
    "hair",
    "hat",
    "heels",
    "hoodie",
    "intimate",
    "jacket",
    "jeans",
    "jumper",
    "leggings",
    "loafers",
    "necklace",
    "panties",
    "pants",
    "pumps",
    "purse",
    "ring",
    "romper",
    "sandals",
    "scarf",
    "shirt",
    "shoes",
    "shorts",
    "skin",
    "skirt",
    "sneakers",
    "socks",
    "stockings",
    "suit",
    "sunglasses",
    "sweater",
    "sweatshirt",
    "swimwear",
    "t-shirt",
    "tie",
    "tights",
    "top",
    "vest",
    "wallet",
    "watch",
    "wedges",
)


@DATASETS.register_module()
class ClothingCoParsing(ListDataset):
    """Photos with a label map, all of a folder.

    Layout below ``data_root``: ``images/<split>/``, ``labels/<split>/`` PNG, 0..58 in the order of
    the published list of labels, whose first is nothing. ``data_prefix`` names the folders of
    another split than ``train``.

    Args:
        ann_file: List of photos; empty for all of the folder.
        **kwargs: As ``ListDataset``.
    """

    METAINFO = dict(classes=CLASSES, palette=[voc_colour(i) for i in range(len(CLASSES))])
    IMAGE_FOLDER = "images/train"
    FOLDERS = dict(parsing="labels/train")

    def __init__(self, ann_file: str = "", **kwargs: Any) -> None:
        super().__init__(ann_file, labels=("parsing",), **kwargs)
