"""COCO 2017: pictures, annotations and panoptic label pictures."""

import re
from collections.abc import Iterator
from pathlib import Path

from argus.datasets.convert.archives import Member, extract
from argus.datasets.convert.coco_contents import (
    class_counts,
    image_names,
    object_counts,
    person_counts,
    read_outline,
)
from argus.datasets.convert.conversion import Converter, Names, Options
from argus.datasets.convert.whole_files import list_names

_SPLITS = ("train", "val")
_IMAGES = {f"{split}2017": ".jpg" for split in _SPLITS}
_PANOPTIC = {f"panoptic_{split}2017": ".png" for split in _SPLITS}
_ANNOTATIONS = re.compile(r"(instances|person_keypoints|captions|panoptic)_(train|val)2017\.json")
_CONTENTS = dict(instances=object_counts, person_keypoints=person_counts, panoptic=class_counts)
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


def _count(out: Path) -> dict[str, int]:
    annotations = list_names(out / "annotations", ".json")
    panoptic = [name for name in annotations if name.startswith("panoptic_")]
    others = [name for name in annotations if _ANNOTATIONS.fullmatch(name) and name not in panoptic]
    counts = {f"{split} images": len(list_names(out / f"{split}2017", ".jpg")) for split in _SPLITS}
    counts["annotation files"] = len(others)
    for split in _SPLITS:
        found = list_names(out / f"panoptic_{split}2017", ".png")
        counts[f"{split} panoptic labels"] = len(found)
    counts["panoptic annotation files"] = len(panoptic)
    detections = list_names(out / "person_detection_results", ".json")
    counts["person detection files"] = len(detections)
    return counts


def _names(out: Path) -> Iterator[Names]:
    """The pictures that the annotation files name."""
    for split in _SPLITS:
        # All name the same pictures; those without masks are read sooner.
        for kind in ("captions", "person_keypoints", "instances"):
            path = out / f"annotations/{kind}_{split}2017.json"
            if path.is_file():
                wanted = image_names(path)
                found = list_names(out / f"{split}2017", ".jpg")
                yield Names(f"{split} images", wanted, found)
                if labels := list_names(out / f"panoptic_{split}2017", ".png"):
                    stems = [f"{name.rpartition('.')[0]}.png" for name in wanted]
                    yield Names(f"{split} panoptic labels", stems, labels)
                break


def _read(out: Path) -> dict[str, int]:
    counts = {}
    for name in list_names(out / "annotations", ".json"):
        match = _ANNOTATIONS.fullmatch(name)
        if match is not None and match[1] in _CONTENTS:
            counts.update(_CONTENTS[match[1]](read_outline(out / "annotations" / name), name))
    return counts


COCO = Converter(
    name="coco",
    title="COCO 2017",
    default_out="data/coco",
    help=_HELP,
    convert=_convert,
    count=_count,
    names=_names,
    read=_read,
)
