"""Label Studio's own JSON and its JSON-MIN: https://labelstud.io/guide/export.

A list of tasks, each with a picture and regions on it. A region that was drawn with one control and
named with another occurs twice, with one id; points with a ``parentID`` are keypoints of that
region; choices that belong to no region are classes of the picture.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from argus.datasets.checks.coco_entries import is_numbers, shown
from argus.datasets.own.formats.exports import ExportReader, export_files
from argus.datasets.own.formats.format import Clue, Format, Options
from argus.datasets.own.formats.label_studio_shapes import (
    OUTLINES,
    point_of,
    raise_if_brush,
    shape_of,
)
from argus.datasets.own.formats.label_studio_tasks import (
    Annotation,
    Region,
    annotations_of,
    texts_of,
)
from argus.datasets.own.formats.shapes import has_area, joined, record
from argus.datasets.own.formats.turned_boxes import TURNED
from argus.datasets.own.picture_size import picture_size
from argus.datasets.own.record import Keypoint, OwnData, OwnObject, OwnPicture, all_labelled
from argus.datasets.own.texts import read_json
from argus.datasets.own.tree import Tree, folder_of, part_of
from argus.errors import DataError
from argus.names.wording import listed

_WORDS = (b'"result"', b'"annotations"', b'"completions"')
_MIN_WORDS = (b'"annotation_id"', b'"original_width"', b'"annotator"')


def _clue(tree: Tree) -> Clue | None:
    files = _files(tree)
    if not files:
        return None
    return Clue(sure=True, why=f"{listed(files)}: JSON with a list of Label Studio's tasks")


def _files(tree: Tree) -> list[str]:
    return export_files(tree, ".json", _is_export)


def _is_export(head: bytes) -> bool:
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        return False
    is_whole = _WORDS[0] in head and any(word in head for word in _WORDS[1:])
    return is_whole or sum(word in head for word in _MIN_WORDS) > 1


def _read(tree: Tree, options: Options) -> OwnData:
    files = _files(tree)
    reader = _Reader(tree)
    reader.read(files)
    return record(
        tree,
        all_labelled(reader.pictures.values()),
        format=FORMAT.name,
        kind=options.kind,
        points=tuple(reader.points),
        notes=reader.notes(),
    )


class _Reader(ExportReader):
    """Reads the tasks of Label Studio's files."""

    def __init__(self, tree: Tree) -> None:
        super().__init__(tree)
        self.points: dict[str, None] = {}

    def add(self, name: str, part: str | None) -> None:
        """Read one file."""
        path = self.tree.path(name)
        content = read_json(path)
        if not isinstance(content, list):
            raise DataError(f"{path}: expected a list of Label Studio's tasks.")
        entries: dict[str, list[Annotation]] = defaultdict(list)
        for number, task in enumerate(content, start=1):
            where = f"{path}: task {number}"
            if not isinstance(task, dict):
                raise DataError(f"{where}: expected an object, found {shown(task)}.")
            found, stated = self._file(texts_of(task), folder_of(name), part)
            if found is None:
                self.missing.append(stated)
            else:
                entries[found] += annotations_of(task, where)
        for found, annotations in entries.items():
            if not annotations:
                self.has["pictures are not annotated: left out"] += 1
                continue
            text = "pictures have several annotations: the ground truth, else the newest, is read"
            self.has[text] += len(annotations) > 1
            best = max(annotations, key=lambda one: (one.is_ground_truth, one.updated))
            self.put(self._picture(found, best.regions, part, best.where), best.where)

    def _file(self, texts: Sequence[str], near: str, part: str | None) -> tuple[str | None, str]:
        """The picture of a task, and the text that names it."""
        for text in texts:
            found = self.tree.find(text, near=near, part=part)
            if found is not None:
                return found, text
        return None, next(iter(texts), "a task without a text")

    def _picture(
        self, found: str, regions: Sequence[Region], part: str | None, where: str
    ) -> OwnPicture:
        size = self._size(regions, found, where)
        by_id: dict[Any, list[Region]] = defaultdict(list)
        for number, region in enumerate(regions):
            identity = region.get("id")
            by_id[identity if isinstance(identity, str) else number].append(region)
        labels: list[str] = []
        joints: dict[Any, dict[str, Keypoint]] = defaultdict(dict)
        drawn: dict[Any, tuple[str, Region]] = {}
        for identity, parts in by_id.items():
            raise_if_brush(parts, where)
            names = [name for region in parts for name in _names(region, where)]
            shapes = [region for region in parts if "x" in region or "points" in region]
            kind = next((k for k in map(_kind, shapes) if k in OUTLINES or k == "point"), "")
            if not shapes:
                labels += [name for region in parts for name in _choices(region, where)]
            elif not names or not kind:
                self.has["regions have no label, or are of another kind: left out"] += 1
            elif kind == "point":
                parent = next((r["parentID"] for r in parts if r.get("parentID")), None)
                if isinstance(parent, str):
                    joints[parent][names[0]] = point_of(shapes[0], size, where)
                else:
                    self.has["points in no region: left out"] += 1
            else:
                self.has["regions have several labels: the first is read"] += len(set(names)) > 1
                drawn[identity] = names[0], shapes[0]
        self.has["points in no region: left out"] += sum(
            len(points) for parent, points in joints.items() if parent not in drawn
        )
        objects = [
            self._object(name, region, size, joints.get(identity, {}), where)
            for identity, (name, region) in drawn.items()
        ]
        kept = [one for one in objects if has_area(one)]
        self.has["regions have no area: left out"] += len(objects) - len(kept)
        return OwnPicture(
            path=found,
            size=size,
            part=part or part_of(folder_of(found)),
            objects=tuple(kept),
            labels=tuple(dict.fromkeys(labels)) or None,
        )

    def _object(
        self,
        name: str,
        region: Region,
        size: tuple[int, int],
        joints: Mapping[str, Keypoint],
        where: str,
    ) -> OwnObject:
        kind = _kind(region)
        if kind == "rectangle" and region.get("rotation"):
            self.has[TURNED] += 1
        self.points.update(dict.fromkeys(joints))
        known = [joints.get(point, (0.0, 0.0, 0)) for point in self.points] if joints else []
        return joined(name, [shape_of(region, kind, size, where)], known)

    def _size(self, regions: Sequence[Region], found: str, where: str) -> tuple[int, int]:
        """As the regions state it, else of the file."""
        for region in regions:
            sides: list[Any] = [region.get("original_width"), region.get("original_height")]
            if is_numbers(sides) and all(1 <= side <= 1_000_000 for side in sides):
                if region.get("image_rotation"):
                    raise DataError(
                        f"{where}: image_rotation {shown(region['image_rotation'])}: regions drawn "
                        "on a picture that was turned are not read."
                    )
                return int(sides[0]), int(sides[1])
        return picture_size(self.tree.path(found))


def _kind(region: Region) -> str:
    """``rectangle``, ``polygon``, ``ellipse`` or ``point``, by what the region holds."""
    if "radiusX" in region:
        return "ellipse"
    if "points" in region:
        return "polygon"
    if "keypointlabels" in region or region.get("type") in ("keypoint", "keypointlabels"):
        return "point"
    return "rectangle" if {"x", "y", "width", "height"} <= set(region) else ""


def _names(region: Region, where: str) -> list[str]:
    """What a region is called, by whichever control did it."""
    keys = [key for key in region if key == "labels" or key.endswith("labels")]
    return [name for key in keys for name in _texts(region[key], key, where)]


def _choices(region: Region, where: str) -> list[str]:
    return _texts(region.get("choices") or [], "choices", where)


def _texts(value: Any, key: str, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise DataError(f"{where}: {key} {shown(value)}, expected a list of texts.")
    return [name.strip() for name in value if name.strip()]


FORMAT = Format(
    name="label_studio",
    title="Label Studio JSON",
    clue=_clue,
    read=_read,
    kinds=("detection", "instance", "keypoints", "semantic", "classification", "tags"),
    suffixes=(".json",),
)
