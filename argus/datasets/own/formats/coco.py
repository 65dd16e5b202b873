"""COCO JSON, as CVAT, Label Studio, Roboflow, labelme and others write it.

Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014; https://cocodataset.org. Boxes
x, y, width, height; polygons or run lengths; keypoints of any number; classes of pictures, which
datumaro and others write as annotations without a box; panoptic maps. Tools differ in where they
put the file (``annotations/``, ``train/_annotations.coco.json``, ``result.json``) and in which
paths they give pictures, number from 0 or by texts, and leave out ``area`` and ``iscrowd``.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from argus.datasets.checks.coco_entries import (
    category_problem,
    image_problem,
    is_id,
    is_numbers,
    shown,
)
from argus.datasets.own.formats.coco_objects import (
    read_object,
    read_segments,
    rotation_of,
    with_arrays,
)
from argus.datasets.own.formats.format import Clue, Format, Options
from argus.datasets.own.formats.turned_boxes import TURNED
from argus.datasets.own.record import (
    OwnData,
    OwnObject,
    OwnPicture,
    all_labelled,
    sorted_pictures,
)
from argus.datasets.own.texts import read_json
from argus.datasets.own.tree import Tree, folder_of, part_of, stem_of
from argus.errors import DataError
from argus.names.wording import counted, counted_kind, listed

_HEAD_BYTES = 2**20
_MAX_LOOKED_AT = 50
# What files of one data set are about, in the words of the original: the first that is there.
_PREFERRED = dict(
    detection=("instances", "person_keypoints"),
    instance=("instances",),
    keypoints=("person_keypoints", "keypoints"),
    semantic=("instances", "stuff"),
    panoptic=("panoptic",),
    tags=("labels",),
    classification=("labels",),
)
_NO_LABELS = ("captions", "image_info")
# What labelme lists among the categories and no object ever is.
_NO_CLASSES = ("_background_", "__ignore__")


def _clue(tree: Tree) -> Clue | None:
    files = _files(tree)
    if not files:
        return None
    return Clue(
        sure=True,
        why=f"{listed(files)}: JSON with the lists images, annotations and categories",
    )


def _files(tree: Tree) -> list[str]:
    """The JSON files that begin as COCO's do or hold its words, without pictures' own files."""
    candidates = tree.with_suffix(".json")
    # A file per picture is another format.
    if len(candidates) > _MAX_LOOKED_AT:
        return []
    return [name for name in candidates if _has_lists(tree, name)]


def _has_lists(tree: Tree, name: str) -> bool:
    """Whether the three lists are named in a file; a large one is read in pieces, not parsed."""
    wanted = {b'"images"', b'"annotations"', b'"categories"'}
    with tree.path(name).open("rb") as file:
        rest = b""
        while wanted and (piece := file.read(_HEAD_BYTES)):
            text = rest + piece
            wanted = {word for word in wanted if word not in text}
            rest = piece[-32:]
    return not wanted


def _read(tree: Tree, options: Options) -> OwnData:
    files = _chosen(_files(tree), options.kind)
    if not files:
        raise DataError(f"{tree.given}: no JSON file in COCO's format.")
    reader = _Reader(tree)
    for name in files:
        reader.add(name, many=len(files) > 1)
    return reader.finish(files)


def _chosen(files: Sequence[str], kind: str | None) -> list[str]:
    """Those of one matter: the original has a file for instances, one for captions and so on."""
    useful = [name for name in files if not stem_of(name).startswith(_NO_LABELS)]
    if not useful and files:
        raise DataError(
            f"{listed(files)}: COCO's captions, or its list of pictures; no labels that Argus "
            "trains on."
        )
    matters = defaultdict(list)
    for name in useful:
        matters[_matter(name)].append(name)
    if len(matters) < 2 or "" in matters:
        return [*useful]
    order = (*_PREFERRED.get(kind or "", ()), "instances", "person_keypoints", "panoptic")
    first = next((matter for matter in order if matter in matters), sorted(matters)[0])
    return matters[first]


def _matter(name: str) -> str:
    known = {word for words in _PREFERRED.values() for word in words}
    return next((word for word in sorted(known) if stem_of(name).startswith(word)), "")


class _Reader:
    """The pictures of several files of one data set."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.pictures: dict[str, OwnPicture] = {}
        self.classes: dict[str, None] = {}
        self.things: dict[str, None] = {}
        self.keypoints: tuple[str, ...] = ()
        self.skeleton: tuple[tuple[int, int], ...] = ()
        self.missing: list[str] = []
        self.left_out: Counter[str] = Counter()
        self.roots: list[str] = []
        self.has: Counter[str] = Counter()

    def add(self, name: str, *, many: bool) -> None:
        """Read one file."""
        path = self.tree.path(name)
        content = read_json(path, object_hook=with_arrays)
        if not isinstance(content, dict) or not all(
            isinstance(content.get(key), list) for key in ("images", "annotations", "categories")
        ):
            raise DataError(f"{path}: the lists images, annotations, categories are not all there.")
        part = part_of(name) if many else part_of(folder_of(name))
        images = self._images(content, path)
        names = self._categories(content, path)
        by_image: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
        for number, entry in enumerate(content["annotations"], start=1):
            identity = entry.get("image_id") if isinstance(entry, dict) else None
            if not is_id(identity) or identity not in images:
                raise DataError(
                    f"{path}: annotation number {number} of the list names no picture of the file "
                    f"(image_id {shown(identity)})."
                )
            by_image[entry["image_id"]].append(entry)
        for identity, image in images.items():
            stated = image["file_name"]
            found = self.tree.find(stated, near=folder_of(name), part=part)
            if found is None:
                self.missing.append(stated)
                continue
            picture = self._picture(image, by_image[identity], names, found, part, path)
            if found in self.pictures:
                raise DataError(
                    f"{path}: the picture {found} occurs before, in this or another of the files "
                    "read; name the file that is meant as the data."
                )
            self.pictures[found] = picture

    def _images(self, content: Mapping[str, Any], path: Any) -> dict[Any, Mapping[str, Any]]:
        images: dict[Any, Mapping[str, Any]] = {}
        for number, image in enumerate(content["images"], start=1):
            problem = image_problem(_sized(image) if isinstance(image, dict) else image)
            if problem:
                raise DataError(f"{path}: image number {number} of the list: {problem}.")
            if image["id"] in images:
                raise DataError(f"{path}: the image id {shown(image['id'])} occurs twice.")
            images[image["id"]] = image
        return images

    def _categories(self, content: Mapping[str, Any], path: Any) -> dict[Any, str]:
        """The names by id, in the order of ids; a root above all (Roboflow) is left out."""
        categories = content["categories"]
        for number, category in enumerate(categories, start=1):
            problem = category_problem(category)
            if problem:
                raise DataError(f"{path}: category number {number} of the list: {problem}.")
        ids = [category["id"] for category in categories]
        if len(set(ids)) < len(ids):
            raise DataError(f"{path}: a category id occurs twice: {shown(ids)}.")
        used: set[Any] = set()
        for entry in content["annotations"]:
            if isinstance(entry, dict):
                segments = entry.get("segments_info")
                items = segments if isinstance(segments, list) else (entry,)
                numbers = (item.get("category_id") for item in items if isinstance(item, dict))
                used.update(number for number in numbers if is_id(number))
        supers = {category.get("supercategory") for category in categories}
        roots = [
            category["name"]
            for category in categories
            if category["id"] not in used
            and category["name"] in supers
            and category.get("supercategory") in (None, "", "none", category["name"])
            and len(categories) > 1
            and sum(other.get("supercategory") == category["name"] for other in categories)
            >= len(categories) - 1
        ]
        self.roots += [name for name in roots if name not in self.roots]
        try:
            in_order = sorted(categories, key=lambda category: category["id"])
        except TypeError:  # numbers and texts
            in_order = list(categories)
        names: dict[Any, str] = {}
        for category in in_order:
            names[category["id"]] = category["name"]
            if category["id"] not in used and category["name"] in (*roots, *_NO_CLASSES):
                continue
            self.classes.setdefault(category["name"])
            if category.get("isthing", 1):
                self.things.setdefault(category["name"])
            self._keypoints(category, path)
        return names

    def _keypoints(self, category: Mapping[str, Any], path: Any) -> None:
        points = category.get("keypoints")
        if not isinstance(points, list) or not points:
            return
        stated = tuple(map(str, points))
        if self.keypoints and self.keypoints != stated:
            raise DataError(
                f"{path}: two of the categories have other keypoints: {listed(self.keypoints)} and "
                f"{listed(stated)}; a task has one skeleton: split the data by category."
            )
        self.keypoints = stated
        pairs = category.get("skeleton") or ()
        numbers = [
            (int(pair[0]), int(pair[1]))
            for pair in pairs
            if isinstance(pair, list) and len(pair) == 2 and is_numbers(pair)
        ]
        # COCO counts from 1, some tools from 0.
        first = 0 if any(0 in pair for pair in numbers) else 1
        self.skeleton = tuple(
            (a - first, b - first)
            for a, b in numbers
            if 0 <= a - first < len(stated) and 0 <= b - first < len(stated)
        )

    def _picture(
        self,
        image: Mapping[str, Any],
        entries: Sequence[Mapping[str, Any]],
        names: Mapping[Any, str],
        found: str,
        part: str | None,
        path: Any,
    ) -> OwnPicture:
        size = None
        if image.get("width") is not None and image.get("height") is not None:
            size = (int(image["width"]), int(image["height"]))
        maps: dict[str, str] = {}
        segments: list[Mapping[str, Any]] = []
        objects: list[OwnObject] = []
        labels: list[str] = []
        for entry in entries:
            where = f"{path}: annotation {shown(entry.get('id'))}"
            if isinstance(entry.get("segments_info"), list):
                target = self._map(entry, path)
                if target is not None:
                    maps["panoptic"] = target
                    segments += read_segments(entry["segments_info"], names, where)
                    self.has["panoptic"] += 1
                continue
            if not is_id(entry.get("category_id")) or entry["category_id"] not in names:
                raise DataError(
                    f"{where} has category_id {shown(entry.get('category_id'))}, which the file's "
                    f"categories do not define ({listed(map(repr, names))})."
                )
            name = names[entry["category_id"]]
            one = read_object(entry, name, size, len(self.keypoints), where)
            if one.box is None:
                labels.append(name)
                self.has["labels"] += 1
            elif one.box[2] <= one.box[0] or one.box[3] <= one.box[1]:
                self.left_out["without area"] += 1
            else:
                objects.append(one)
                self.has["boxes"] += 1
                self.has["turned"] += not one.has_mask and bool(rotation_of(entry))
                self.has["masks"] += one.has_mask
                self.has["keypoints"] += any(visible for _, _, visible in one.keypoints)
        return OwnPicture(
            path=found,
            size=size,
            part=part or part_of(folder_of(found)),
            objects=tuple(objects),
            labels=tuple(dict.fromkeys(labels)) if labels else None,
            maps=maps,
            segments=tuple(segments),
        )

    def _map(self, entry: Mapping[str, Any], path: Any) -> str | None:
        name = entry.get("file_name")
        near = f"{folder_of(path.relative_to(self.tree.root).as_posix())}/{path.stem}"
        found = self.tree.find(name, near=near.strip("/")) if isinstance(name, str) else None
        if found is None:
            self.missing.append(str(name))
        return found

    def finish(self, files: Sequence[str]) -> OwnData:
        """All that was read."""
        if not self.pictures:
            raise self.tree.none_found(files, self.missing)
        notes = []
        if self.missing:
            notes.append(
                f"{counted(len(self.missing), 'file')} that {listed(files)} name: not there, or "
                f"several that could be meant: {self.tree.told(self.missing)}"
            )
        if self.roots:
            notes.append(f"the category {listed(self.roots)} is a root without objects: left out")
        notes += [
            f"{counted(n, 'object is', 'objects are')} {kind}: left out"
            for kind, n in self.left_out.items()
        ]
        notes += _mixed(self.has)
        if self.has["turned"]:
            notes.append(counted_kind(self.has["turned"], TURNED))
        points = self.keypoints or _numbered(self.pictures.values())
        pictures = all_labelled(self.pictures.values())
        return OwnData(
            format=FORMAT.name,
            root=self.tree.root,
            pictures=sorted_pictures(pictures),
            classes=tuple(self.classes),
            kinds=_kinds(self.has, pictures),
            keypoints=points if self.has["keypoints"] else (),
            skeleton=self.skeleton,
            things=tuple(self.things),
            notes=tuple(notes),
        )


def _sized(image: dict[str, Any]) -> dict[str, Any]:
    """An entry with a size: some tools leave it out or write null; the picture itself says it."""
    sides = {key: 1 for key in ("width", "height") if image.get(key) is None}
    return image | sides


def _mixed(has: Counter[str]) -> list[str]:
    if has["masks"] and has["masks"] < has["boxes"]:
        number = has["boxes"] - has["masks"]
        return [f"{number:,} of {counted(has['boxes'], 'object')} have a box and no outline"]
    return []


def _numbered(pictures: Iterable[OwnPicture]) -> tuple[str, ...]:
    """Names for keypoints that the file has none for."""
    number = max((len(one.keypoints) for p in pictures for one in p.objects), default=0)
    return tuple(f"point {index}" for index in range(1, number + 1))


def _kinds(has: Counter[str], pictures: Sequence[OwnPicture]) -> tuple[str, ...]:
    kinds = []
    if has["panoptic"]:
        kinds.append("panoptic")
    if has["keypoints"]:
        kinds.append("keypoints")
    if has["masks"] and has["masks"] * 2 >= has["boxes"]:
        kinds += ["instance", "detection", "semantic"]
    elif has["boxes"]:
        kinds += ["detection"] + ["instance", "semantic"] * bool(has["masks"])
    if has["labels"]:
        several = any(len(picture.labels or ()) != 1 for picture in pictures)
        kinds += ["tags"] if several else ["classification", "tags"]
    return tuple(dict.fromkeys(kinds))


FORMAT = Format(
    name="coco",
    title="COCO JSON",
    clue=_clue,
    read=_read,
    kinds=(
        *("detection", "instance", "keypoints", "semantic", "panoptic"),
        *("classification", "tags"),
    ),
    suffixes=(".json",),
)
