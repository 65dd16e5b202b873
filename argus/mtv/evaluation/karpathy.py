"""The file of pictures, captions and parts that Karpathy published for COCO and Flickr30k.

Source: "Deep Visual-Semantic Alignments for Generating Image Descriptions" (Karpathy and Fei-Fei,
CVPR 2015): ``dataset_coco.json``, of which 5,000 pictures of COCO 2014 are the test.
"""

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
        captions: At least one.
    """

    path: str
    captions: tuple[str, ...]


def read_karpathy(path: Path, *, split: str, num_captions: int) -> list[Captioned]:
    """The pictures of a part, in the order of the file.

    Args:
        path: The file.
        split: Name of the part.
        num_captions: The first so many captions of each; some pictures have one or two more.

    Raises:
        DataError: If the file is another one, names no picture of the part, or a path leads out.
    """
    content = read_json(path)
    images = content.get("images") if isinstance(content, dict) else None
    if not isinstance(images, list) or not all(isinstance(image, dict) for image in images):
        raise DataError(f"{path}: expected a list 'images' of objects, as in {COCO_FILE}.")
    found = [
        _captioned(image, num_captions, said_by=f"{path}, images[{place}]")
        for place, image in enumerate(images)
        if image.get("split") == split
    ]
    if not found:
        parts = sorted({str(image.get("split")) for image in images})
        raise DataError(
            f"{path}: no pictures with split {split!r}; there are {listed(parts) or 'none'}."
        )
    return found


def _captioned(image: dict[str, Any], num_captions: int, *, said_by: str) -> Captioned:
    folder, name, sentences = (image.get(key) for key in ("filepath", "filename", "sentences"))
    raw: list[Any] = [s.get("raw") if isinstance(s, dict) else None for s in sentences or ()]
    if not isinstance(name, str) or not raw or not all(isinstance(text, str) for text in raw):
        raise DataError(
            f"{said_by}: expected 'filename' and 'sentences' of objects with a text 'raw'."
        )
    # Flickr30k's file has no folder: its pictures lie in one.
    path = checked_name(f"{folder}/{name}" if isinstance(folder, str) else name, said_by=said_by)
    return Captioned(path, tuple(raw[:num_captions]))
