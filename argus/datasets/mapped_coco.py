"""An annotation file in COCO's format in the classes of a detector that has never seen it.

Its categories have other names, are some of the detector's classes alone, or are more than these.
In the content that is made here every class of the detector is a category, in the order of its
labels, and what is no class is left out: COCO's evaluation then is over the classes that have
objects, and a detector's other classes count for nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from argus.datasets.checks.coco_entries import check_entries, read_annotations
from argus.errors import ConfigError, DataError
from argus.names.wording import counted, folded, listed


@dataclass(frozen=True, kw_only=True)
class MappedData:
    """Annotations in the classes of a detector, and what became of the file's own.

    Args:
        content: In COCO's format.
        mapped: Names of the file's categories by class, of the classes that have one.
        objects: Number of objects by class, of these classes.
        left_out: Number of objects by name, of the file's categories that are no class.
        num_empty: Images without an object of a class; they stay.
        has_masks: Whether every object has a mask; boxes drawn as polygons are none.
    """

    content: dict[str, Any]
    mapped: Mapping[str, tuple[str, ...]]
    objects: Mapping[str, int]
    left_out: Mapping[str, int]
    num_empty: int
    has_masks: bool

    def notes(self, classes: Sequence[str]) -> list[str]:
        """What is measured and what is not, in sentences.

        Args:
            classes: Of the detector, by label.
        """
        pairs = [
            f"{name} = {' + '.join(categories)} ({counted(self.objects[name], 'object')})"
            for name, categories in self.mapped.items()
        ]
        notes = [f"measured: {listed(pairs)}"]
        if self.left_out:
            names = [f"{n} ({counted(count, 'object')})" for n, count in self.left_out.items()]
            notes.append(f"categories of the data that are left out: {listed(names)}")
        others = [name for name in classes if name not in self.mapped]
        if others:
            notes.append(f"classes of the detector that do not count: {listed(others)}")
        without = [name for name, number in self.objects.items() if not number]
        if without:
            notes.append(
                f"no object of {listed(without)} in the data: the means leave "
                f"{'it' if len(without) == 1 else 'them'} out"
            )
        if self.num_empty:
            notes.append(
                f"{counted(self.num_empty, 'image')} without an object that is measured: what is "
                "found there counts as false"
            )
        return notes


def map_file(path: str | Path, classes: Sequence[str], pairs: Sequence[str]) -> MappedData:
    """Read an annotation file and give it the classes of a detector.

    Args:
        path: The file.
        classes: Of the detector, by label.
        pairs: ``CLASS=CATEGORY``; a class may stand there several times. Without pairs, classes and
            categories of one name belong together, whatever their case and punctuation.

    Raises:
        DataError: The file cannot be read, or has no object of a class.
        ConfigError: A pair names what is not there, or nothing belongs together.
    """
    content = read_annotations(path)
    check_entries(content, path)
    categories = {category["id"]: str(category["name"]) for category in content["categories"]}
    names = list(dict.fromkeys(categories.values()))
    of_category = _given(pairs, classes, names, path) if pairs else _alike(classes, names, path)
    for image in content["images"]:
        _check_name(str(image["file_name"]), path)
    undefined = {a["category_id"] for a in content["annotations"]} - set(categories)
    if undefined:
        raise DataError(
            f"{path}: annotations have category_id {listed(sorted(map(str, undefined)))}, which "
            "the file's 'categories' do not define."
        )
    counts = Counter(categories[entry["category_id"]] for entry in content["annotations"])
    kept = [
        entry | dict(category_id=1 + list(classes).index(of_category[name]))
        for entry in content["annotations"]
        if (name := categories[entry["category_id"]]) in of_category
    ]
    if not kept:
        raise DataError(
            f"{path}: none of its {counted(len(content['annotations']), 'object')} is of a "
            f"category that is measured ({listed(of_category)}); there are objects of "
            f"{listed(sorted(counts)) or 'none'}."
        )
    mapped = {
        name: tuple(c for c in names if of_category.get(c) == name)
        for name in classes
        if name in of_category.values()
    }
    num_empty = len({i["id"] for i in content["images"]} - {entry["image_id"] for entry in kept})
    return MappedData(
        content=dict(
            images=content["images"],
            annotations=kept,
            categories=[dict(id=1 + label, name=name) for label, name in enumerate(classes)],
        ),
        mapped=mapped,
        objects={name: sum(counts[c] for c in mapped[name]) for name in mapped},
        left_out={name: counts[name] for name in names if name not in of_category},
        num_empty=num_empty,
        has_masks=all(entry.get("segmentation") for entry in kept)
        and not all(map(_is_rectangle, kept)),
    )


def _is_rectangle(entry: Mapping[str, Any]) -> bool:
    """Whether the outline of an object is its box, as converters of boxes write it."""
    outline = entry["segmentation"]
    if not isinstance(outline, list) or len(outline) != 1 or len(outline[0]) != 8:
        return False
    return len(set(outline[0][::2])) == 2 == len(set(outline[0][1::2]))


def check_pictures(content: Mapping[str, Any], folder: Path, path: str | Path) -> None:
    """Look whether every picture of an annotation file is there.

    Raises:
        DataError: Some are not.
    """
    names = [str(image["file_name"]) for image in content["images"]]
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise DataError(
            f"{path}: {len(missing):,} of its {counted(len(names), 'picture')} are not in "
            f"{folder}, the first is {missing[0]}. Name their folder by --images."
        )


def _given(
    pairs: Sequence[str], classes: Sequence[str], names: Sequence[str], path: str | Path
) -> dict[str, str]:
    """Class by category, as the pairs say."""
    found: dict[str, str] = {}
    for pair in pairs:
        left, equals, right = pair.partition("=")
        if not equals or not left or not right:
            raise ConfigError(f"--map: expected CLASS=CATEGORY, found {pair!r}.")
        name, category = _find(left, classes), _find(right, names)
        if name is None or category is None:
            turned = _find(right, classes) is not None and _find(left, names) is not None
            raise ConfigError(
                f"--map {pair}: "
                + (
                    f"the class of the detector stands first: say {right}={left}."
                    if turned
                    else f"the detector has no class {left!r}; it has {listed(classes)}."
                    if name is None
                    else f"{path} has no category {right!r}; it has {listed(names)}."
                )
            )
        if found.setdefault(category, name) != name:
            raise ConfigError(
                f"--map: category {category!r} would be of two classes, {found[category]!r} and "
                f"{name!r}."
            )
    return found


def _alike(classes: Sequence[str], names: Sequence[str], path: str | Path) -> dict[str, str]:
    """Class by category, where names say the same."""
    found = {name: own for name in names if (own := _find(name, classes)) is not None}
    if not found:
        raise ConfigError(
            f"{path}: none of its categories ({listed(names)}) has the name of a class of the "
            f"detector ({listed(classes)}). Say which belong together, e.g. --map "
            f"{classes[0]}={names[0] if names else 'CATEGORY'}."
        )
    return found


def _find(name: str, among: Sequence[str]) -> str | None:
    """The name among others, or the only one that differs from it in writing alone."""
    if name in among:
        return name
    alike = [other for other in among if folded(other) == folded(name)]
    return alike[0] if len(alike) == 1 else None


def _check_name(name: str, path: str | Path) -> None:
    """A file says which pictures below its folder it is about, and no others."""
    parts = PurePosixPath(name)
    if not parts.parts or parts.is_absolute() or ".." in parts.parts or "\\" in name:
        raise DataError(
            f"{path}: file_name {name[:80]!r}: expected a path below the folder of the pictures. "
            "Write it so, and name the folder by --images."
        )
