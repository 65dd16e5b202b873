"""CVAT's own XML, for images and video: https://docs.cvat.ai/docs/manual/advanced/xml_format.

An ``image`` holds its shapes: boxes that may be turned around their middle, polygons, ellipses,
masks (run lengths of the rows of a rectangle, zeros first), points, skeletons and tags. Shapes of
one ``group_id`` and label are parts of one object. ``meta`` lists the labels and draws the
skeletons.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree

from argus.datasets.own.formats.cvat_shapes import (
    angle_of,
    edges_of,
    joints_of,
    num_points,
    pairs_of,
    shape_of,
    size_of,
)
from argus.datasets.own.formats.cvat_tracks import frames_of
from argus.datasets.own.formats.exports import ExportReader, export_files
from argus.datasets.own.formats.format import Clue, Format, Options
from argus.datasets.own.formats.shapes import Shape, has_area, joined, record
from argus.datasets.own.formats.turned_boxes import TURNED
from argus.datasets.own.record import Keypoint, OwnData, OwnObject, OwnPicture, all_labelled
from argus.datasets.own.texts import read_xml
from argus.datasets.own.tree import Tree, folder_of, part_of
from argus.errors import DataError
from argus.names.wording import listed

_OUTLINES = ("polygon", "ellipse", "mask")
_LEFT_OUT = ("polyline", "cuboid")


def _clue(tree: Tree) -> Clue | None:
    files = _files(tree)
    if not files:
        return None
    return Clue(sure=True, why=f"{listed(files)}: XML with annotations of images or tracks")


def _files(tree: Tree) -> list[str]:
    return export_files(tree, ".xml", _is_cvat)


def _is_cvat(head: bytes) -> bool:
    """Whether a file is of images or tracks; the first comes after a list of all labels."""
    return b"<annotations" in head and (b"<image " in head or b"<track " in head)


def _read(tree: Tree, options: Options) -> OwnData:
    files = _files(tree)
    if not files:
        raise DataError(f"{tree.given}: no XML file of CVAT.")
    reader = _Reader(tree)
    reader.read(files)
    return record(
        tree,
        all_labelled(reader.pictures.values()),
        format=FORMAT.name,
        kind=options.kind,
        points=reader.points,
        notes=reader.notes(),
        classes=tuple(reader.labels),
        skeleton=reader.links,
    )


class _Reader(ExportReader):
    """Reads the images of CVAT's files."""

    def __init__(self, tree: Tree) -> None:
        super().__init__(tree)
        self.labels: dict[str, None] = {}
        self.skeletons: dict[str, tuple[str, ...]] = {}
        self.edges: dict[str, tuple[tuple[int, int], ...]] = {}
        self.points: tuple[str, ...] = ()
        self.links: tuple[tuple[int, int], ...] = ()

    def add(self, name: str, part: str | None) -> None:
        """Read one file; an image may say its part itself."""
        path = self.tree.path(name)
        root = read_xml(path)
        self._take_labels(root)
        frames, missing, in_holes = frames_of(root, self.tree, folder_of(name))
        self.missing += missing
        self.has["frames between key frames have no shapes of their own: left out"] += in_holes
        images = [*root.findall("image"), *frames]
        self._number_points(images)
        for number, image in enumerate(images, start=1):
            where = f"{path}: image {number}"
            stated = image.get("name") or ""
            own_part = part_of(image.get("subset") or "") or part
            found = self.tree.find(stated, near=folder_of(name), part=own_part)
            if found is None:
                self.missing.append(stated or f"image {number} without a name")
                continue
            size = size_of(image, where)
            objects = [one for one in self._objects(image, size, where) if self._is_kept(one)]
            tags = [tag.get("label") or "" for tag in image.findall("tag")]
            picture = OwnPicture(
                path=found,
                size=size,
                part=own_part or part_of(folder_of(found)),
                objects=tuple(objects),
                labels=tuple(dict.fromkeys(filter(None, tags))) or None,
            )
            self.put(picture, where)

    def _is_kept(self, one: OwnObject) -> bool:
        self.has["objects whose box has no area: left out"] += not has_area(one)
        return has_area(one)

    def _take_labels(self, root: ElementTree.Element) -> None:
        """The labels of ``meta``, with the points of each skeleton in the order of the list."""
        points: dict[str, list[str]] = defaultdict(list)
        drawn: dict[str, str] = {}
        for label in root.iterfind("meta/*/labels/label"):
            name, parent = label.findtext("name") or "", label.findtext("parent")
            if parent:
                points[parent].append(name)
            elif name:
                self.labels.setdefault(name)
                drawn[name] = label.findtext("svg") or ""
        for name, names in points.items():
            self.skeletons.setdefault(name, tuple(names))
            self.edges.setdefault(name, edges_of(drawn.get(name, ""), names))

    def _number_points(self, images: Sequence[ElementTree.Element]) -> None:
        """Name the points, if no skeleton does and all shapes of points have as many."""
        used = {s.get("label") or "" for image in images for s in image.iterfind("skeleton")}
        for name in sorted(used):
            names = self.skeletons.get(name, ())
            if self.points and names != self.points:
                raise DataError(
                    f"{self.tree.given}: two skeletons have other points: {listed(self.points)} "
                    f"and {listed(names)}; a task has one skeleton: split the data by label."
                )
            self.points, self.links = names, self.edges.get(name, ())
        if used or self.skeletons:
            return
        numbers = {num_points(item) for image in images for item in image.iterfind("points")}
        if not self.points and len(numbers) == 1 and min(numbers) > 1:
            self.points = tuple(f"point {index}" for index in range(1, min(numbers) + 1))

    def _objects(
        self, image: ElementTree.Element, size: tuple[int, int], where: str
    ) -> Iterator[OwnObject]:
        groups: dict[tuple[str, Any], list[ElementTree.Element]] = defaultdict(list)
        for number, item in enumerate(image):
            name, group = item.get("label") or "", item.get("group_id") or "0"
            if item.tag in _LEFT_OUT:
                self.has[f"shapes are a {item.tag}: left out"] += 1
            elif item.tag == "points" and not self._are_keypoints(item):
                self.has["points in no skeleton: left out"] += 1
            elif item.tag not in ("box", *_OUTLINES, "points", "skeleton"):
                continue
            elif not name:
                self.has["shapes have no label: left out"] += 1
            else:
                groups[name, group if group != "0" else number].append(item)
        for (name, _), items in groups.items():
            apart = _apart(items)
            self.has["groups of shapes with one label: an object each"] += len(apart) < len(items)
            for parts in apart:
                yield self._object(name, parts, size, where)

    def _are_keypoints(self, item: ElementTree.Element) -> bool:
        return not self.skeletons and len(self.points) == num_points(item)

    def _object(
        self,
        name: str,
        items: Sequence[ElementTree.Element],
        size: tuple[int, int],
        where: str,
    ) -> OwnObject:
        parts: list[Shape] = []
        keypoints: tuple[Keypoint, ...] = ()
        for item in items:
            if item.tag == "skeleton":
                keypoints = joints_of(item, self.points, where)
            elif item.tag == "points":
                values = pairs_of(item, where)
                keypoints = tuple((x, y, 2) for x, y in zip(values[::2], values[1::2], strict=True))
            else:
                parts.append(shape_of(item, size, where))
                is_turned = item.tag == "box" and angle_of(item, where) != 0
                self.has[TURNED] += is_turned
        if not parts:
            self.has["objects have points and no box: that around their points is taken"] += 1
            if not any(visibility for *_, visibility in keypoints):
                return OwnObject(name=name, box=(0, 0, 0, 0))
        return joined(name, parts, keypoints)


def _apart(items: Sequence[ElementTree.Element]) -> list[Sequence[ElementTree.Element]]:
    """The objects of a group and label: outlines and points are one, and the only box with them.

    CVAT's own export to COCO makes one object of all labels of a group, named after the largest,
    and of two boxes one around both.
    """
    boxes = [item for item in items if item.tag == "box"]
    others = [item for item in items if item.tag != "box"]
    posed = [item for item in others if item.tag in ("skeleton", "points")]
    if len(posed) > 1:  # several of them cannot be one object
        return [[item] for item in items]
    if others and len(boxes) <= 1:
        return [items]
    return [*([others] if others else []), *([box] for box in boxes)]


FORMAT = Format(
    name="cvat",
    title="CVAT XML",
    clue=_clue,
    read=_read,
    kinds=("detection", "instance", "keypoints", "semantic", "classification", "tags"),
    suffixes=(".xml",),
)
