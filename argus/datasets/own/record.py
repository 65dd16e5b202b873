"""What every reader yields: pictures with their labels, whatever tool wrote them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from argus.datasets.own.ring import Ring

Box = tuple[float, float, float, float]
Keypoint = tuple[float, float, int]

KINDS = (
    "detection",
    "instance",
    "keypoints",
    "semantic",
    "panoptic",
    "classification",
    "tags",
    "depth",
    "normals",
    "boundary",
    "saliency",
    "anomaly",
)
"""What labels can be good for; ``tags`` are several classes of one picture."""
PARTS = ("train", "val", "test")


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnObject:
    """One labelled object.

    Args:
        name: Of its class.
        box: x1, y1, x2, y2 in pixels, from the upper left corner of the picture; ``None`` where
            only a class is known.
        polygons: Each x, y, x, y, ... in pixels; kept as ``argus.datasets.own.ring.Ring``,
            since a large data set has millions of numbers.
        rle: Run-length mask as COCO has it (``size`` and ``counts``), instead of polygons.
        keypoints: x, y in pixels and visibility: 0 not labelled, 1 hidden, 2 visible.
        is_crowd: Whether it stands for many, which are not told apart.
        area: In square pixels, where the file says it.
    """

    name: str
    box: Box | None = None
    polygons: Sequence[Sequence[float]] = ()
    rle: Mapping[str, Any] | None = None
    keypoints: tuple[Keypoint, ...] = ()
    is_crowd: bool = False
    area: float | None = None

    def __post_init__(self) -> None:
        """Keep outlines in few bytes."""
        object.__setattr__(self, "polygons", tuple(map(Ring, self.polygons)))

    @property
    def has_mask(self) -> bool:
        """Whether its outline is known."""
        return bool(self.polygons) or self.rle is not None

    @property
    def mask(self) -> Any:
        """As mmdet has it: a list of polygons, or a run-length mask; empty for none."""
        return dict(self.rle) if self.rle is not None else [list(ring) for ring in self.polygons]


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnPicture:
    """One picture with its labels.

    Args:
        path: Of the file, relative to the data folder, with ``/``.
        size: Width and height in pixels as the labels count them; ``None`` if nothing says it.
        part: ``train``, ``val`` or ``test``, if the data say it.
        objects: What is in it.
        labels: Classes of the picture as a whole; ``None`` where they are not labelled.
        maps: Files of labels by kind (``semantic``, ``depth``, ...), relative to the data folder.
        class_maps: Masks of single classes by name, a file each.
        segments: Of a panoptic map: ``id``, ``name``, ``area``, ``is_crowd``.
        defect: Kind of defect, ``good`` for none; ``None`` where that is no question.
    """

    path: str
    size: tuple[int, int] | None = None
    part: str | None = None
    objects: tuple[OwnObject, ...] = ()
    labels: tuple[str, ...] | None = None
    maps: Mapping[str, str] = field(default_factory=dict)
    class_maps: Mapping[str, str] = field(default_factory=dict)
    segments: tuple[Mapping[str, Any], ...] = ()
    defect: str | None = None


@dataclass(frozen=True, kw_only=True)
class MapValues:
    """What the values of semantic maps mean.

    Args:
        labels: Label of each value that a file may hold; others are an error, but for 255.
        colours: RGB of each class instead, where the files hold colours; ``None`` for an index.
        void_colours: RGB of pixels that belong to no class.
    """

    labels: Mapping[int, int] = field(default_factory=dict)
    colours: tuple[tuple[int, int, int], ...] | None = None
    void_colours: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class OwnData:
    """A data set as it was found.

    Args:
        format: Name of its format, a key of ``formats.FORMATS``.
        root: Its folder.
        pictures: In the order of their paths.
        classes: Names that the data state, in their order, also of classes that never occur.
        kinds: What its labels are good for, the one that is meant most likely first.
        keypoints: Names of the points of every object.
        skeleton: Pairs of keypoints, from 0, that are connected.
        flip: For each keypoint that on the other side.
        things: Classes of which each object counts, of a panoptic data set.
        values: What is in semantic maps.
        unit: Of a depth map: how many of its values are one metre.
        pixels: Of each class in the semantic maps that were looked at.
        notes: What a person should know, in sentences without a stop.
        doubts: What the data do not say and was assumed, likewise.
    """

    format: str
    root: Path
    pictures: tuple[OwnPicture, ...]
    classes: tuple[str, ...] = ()
    kinds: tuple[str, ...]
    keypoints: tuple[str, ...] = ()
    skeleton: tuple[tuple[int, int], ...] = ()
    flip: tuple[int, ...] = ()
    things: tuple[str, ...] = ()
    values: MapValues | None = None
    unit: float | None = None
    pixels: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def classes_of(self, kind: str) -> tuple[str, ...]:
        """Names by label of what a task of this kind tells apart.

        Where objects become a map of pixels, what none of them covers is a class, too.
        """
        from_objects = kind == "semantic" and not self.has_maps("semantic")
        if from_objects and "background" not in self.classes:
            return ("background", *self.classes)
        return self.classes

    def has_maps(self, kind: str) -> bool:
        """Whether any picture has such a map, in one file or in one for every class."""
        return any(
            kind in picture.maps or (kind == "semantic" and picture.class_maps)
            for picture in self.pictures
        )


def sorted_pictures(pictures: Sequence[OwnPicture]) -> tuple[OwnPicture, ...]:
    """In the order of their paths, whatever order the files of labels have."""
    return tuple(sorted(pictures, key=lambda picture: picture.path))


def all_labelled(pictures: Collection[OwnPicture]) -> list[OwnPicture]:
    """Where some are of a class, the others are of none."""
    if not any(picture.labels for picture in pictures):
        return list(pictures)
    return [replace(picture, labels=picture.labels or ()) for picture in pictures]
