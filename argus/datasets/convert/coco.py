"""COCO 2017: pictures, annotations and panoptic label pictures."""

import re
from pathlib import Path

from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.conversion import Converter, Count, Options
from argus.datasets.convert.files import list_names

_NUM_IMAGES = {"train": 118_287, "val": 5_000}
_IMAGES = {f"{split}2017": ".jpg" for split in _NUM_IMAGES}
_PANOPTIC = {f"panoptic_{split}2017": ".png" for split in _NUM_IMAGES}
_ANNOTATIONS = re.compile(r"(instances|person_keypoints|captions|panoptic)_(train|val)2017\.json")
_DETECTIONS = "COCO_val2017_detections_AP_H_56_person.json"
_HELP = """\
  train2017.zip, val2017.zip, annotations_trainval2017.zip
  panoptic_annotations_trainval2017.zip            for panoptic segmentation alone
    from https://cocodataset.org/#download
  COCO_val2017_detections_AP_H_56_person.json      for the keypoint metric alone
    linked by the mmpose documentation (COCO, 2D body keypoints)
Licence: annotations CC BY 4.0; images under the terms of Flickr."""


def _place(member: Member) -> str | None:
    folder, name = member.parts[-2:] if len(member.parts) > 1 else ("", member.name)
    suffix = (_IMAGES | _PANOPTIC).get(folder)
    if suffix and name.endswith(suffix):
        return f"{folder}/{name}"
    if _ANNOTATIONS.fullmatch(name):
        return f"annotations/{name}"
    if name == _DETECTIONS:
        return f"person_detection_results/{name}"
    return None


def _convert(source: Path, out: Path, options: Options) -> None:
    extract(source, out, _place, title="COCO")


def _count(out: Path) -> list[Count]:
    annotations = list_names(out / "annotations", ".json")
    panoptic = [name for name in annotations if name.startswith("panoptic_")]
    others = [name for name in annotations if _ANNOTATIONS.fullmatch(name) and name not in panoptic]
    counts = [
        Count(f"{split} images", len(list_names(out / f"{split}2017", ".jpg")), number)
        for split, number in _NUM_IMAGES.items()
    ]
    counts.append(Count("annotation files", len(others), 6))
    counts += [
        Count(
            f"{split} panoptic labels",
            len(list_names(out / f"panoptic_{split}2017", ".png")),
            number,
            optional=True,
        )
        for split, number in _NUM_IMAGES.items()
    ]
    counts.append(Count("panoptic annotation files", len(panoptic), 2, optional=True))
    detections = len(list_names(out / "person_detection_results", ".json"))
    counts.append(Count("person detection files", detections, 1, optional=True))
    return counts


COCO = Converter(
    name="coco",
    title="COCO 2017",
    default_out="data/coco",
    help=_HELP,
    convert=_convert,
    count=_count,
)
