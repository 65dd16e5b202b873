"""The file of pictures, captions and parts that Karpathy published for COCO and Flickr30k.

Source: "Deep Visual-Semantic Alignments for Generating Image Descriptions" (Karpathy and Fei-Fei,
CVPR 2015): ``dataset_coco.json``, of which 5,000 pictures of COCO 2014 are the test.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argus.datasets.convert.places import checked_name
from argus.datasets.own.texts import read_json
from argus.errors import DataError
from argus.names.wording import listed

COCO_FILE = "dataset_coco.json"


@dataclass(frozen=True)
class Captioned:
    """A picture with its captions.

    Args:
        path: Of the picture below the root.
        split: Part that it belongs to.
        captions: At least one.
    """

    path: str
    split: str
    captions: tuple[str, ...]


def read_karpathy(path: Path) -> list[Captioned]:
    """The pictures of all parts, in the order of the file.

    Args:
        path: The file.

    Raises:
        DataError: If the file is another one, or a path leads out of the root.
    """
    content = read_json(path)
    images = content.get("images") if isinstance(content, dict) else None
    if not isinstance(images, list) or not all(isinstance(image, dict) for image in images):
        raise DataError(f"{path}: expected a list 'images' of objects, as in {COCO_FILE}.")
    return [
        _captioned(image, said_by=f"{path}, images[{place}]") for place, image in enumerate(images)
    ]


def part_of(found: Sequence[Captioned], split: str, *, said_by: Path) -> list[Captioned]:
    """The pictures of a part.

    Raises:
        DataError: If there are none.
    """
    part = [item for item in found if item.split == split]
    if not part:
        parts = sorted({item.split for item in found})
        raise DataError(
            f"{said_by}: no pictures with split {split!r}; there are {listed(parts) or 'none'}."
        )
    return part


def _captioned(image: dict[str, Any], *, said_by: str) -> Captioned:
    folder, name, sentences = (image.get(key) for key in ("filepath", "filename", "sentences"))
    rows = sentences if isinstance(sentences, list) else []
    raw: list[Any] = [row.get("raw") if isinstance(row, dict) else None for row in rows]
    if not isinstance(name, str) or not raw or not all(isinstance(text, str) for text in raw):
        raise DataError(
            f"{said_by}: expected 'filename' and 'sentences' of objects with a text 'raw'."
        )
    # Flickr30k's file has no folder: its pictures lie in one.
    path = checked_name(f"{folder}/{name}" if isinstance(folder, str) else name, said_by=said_by)
    return Captioned(path, str(image.get("split")), tuple(raw))
