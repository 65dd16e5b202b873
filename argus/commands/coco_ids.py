"""Which image and which category of an annotation file a prediction is of."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from argus.errors import DataError
from argus.inference.persons import PERSON


@dataclass(frozen=True, kw_only=True)
class ImageEntry:
    """An image of an annotation file.

    Args:
        id: Its id, a number or a text.
        file_name: As the file has it, with folders if it names them.
        size: (height, width) in pixels that the annotations were made on; ``None`` if not stated.
    """

    id: int | str
    file_name: str
    size: tuple[int, int] | None

    @property
    def parts(self) -> tuple[str, ...]:
        """Of the path, the name first."""
        return _parts(self.file_name)


class CocoIds:
    """Ids by file and by name.

    Args:
        path: Annotation file in COCO's format.

    Raises:
        DataError: It cannot be read, or lacks images and categories with ids and names.
    """

    def __init__(self, path: Path) -> None:
        from argus.datasets.checks.coco_entries import read_annotations

        self.path = path
        self._images: dict[str, list[ImageEntry]] = {}
        content = read_annotations(path)
        try:
            for entry in content["images"]:
                image = ImageEntry(
                    id=_identity(entry["id"]), file_name=str(entry["file_name"]), size=_size(entry)
                )
                self._images.setdefault(image.parts[0], []).append(image)
            categories = [
                {**c, "id": _identity(c["id"]), "name": str(c["name"])}
                for c in content["categories"]
            ]
            annotations = [e for e in content.get("annotations", ()) if isinstance(e, dict)]
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise DataError(
                f"{path}: expected a JSON file in COCO's format with images and categories: "
                f"{type(error).__name__}: {error}."
            ) from error
        self._labels: dict[str, list[Any]] = dict(categories=categories, annotations=annotations)
        self._categories = {c["name"]: c["id"] for c in categories}

    def match(self, files: Sequence[Path]) -> dict[Path, ImageEntry]:
        """The image of each file.

        Raises:
            DataError: A file has none or several, or two files are the same.
        """
        entries = {file: self.image_of(file) for file in files}
        by_id: dict[int | str, Path] = {}
        for file, entry in entries.items():
            other = by_id.setdefault(entry.id, file)
            if other != file:
                raise DataError(
                    f"{other} and {file}: both fit {entry.file_name} (id {entry.id}) of "
                    f"{self.path}. Give the files of these annotations alone, or name their "
                    "folders in file_name."
                )
        return entries

    def image_of(self, file: Path) -> ImageEntry:
        """The image whose path ends as that of a file does, by the most parts.

        Raises:
            DataError: There is none, or there are several.
        """
        own = _parts(str(file.resolve()))
        found = self._images.get(own[0], [])
        if not found:
            raise DataError(f"{file}: no image of this name in {self.path}.")
        shared = [_num_shared(image.parts, own) for image in found]
        best = [image for image, count in zip(found, shared, strict=True) if count == max(shared)]
        if len(best) > 1:
            names = ", ".join(f"{image.file_name} (id {image.id})" for image in best[:3])
            raise DataError(
                f"{file}: several images of {self.path} fit: {names}. Name the folders in "
                "file_name, or give the file by the path that is there."
            )
        return best[0]

    def category_ids(self, task: str, classes: Sequence[str]) -> list[int | str]:
        """Ids of a task's classes.

        Raises:
            DataError: A class has no category of its name, or several that have annotations.
        """
        from argus.names.categories import category_ids

        absent = [name for name in classes if name not in self._categories]
        if absent:
            raise DataError(
                f"task {task!r}: {self.path} has no category {', '.join(absent)}; it lists "
                f"{', '.join(self._categories)}."
            )
        names = list(dict.fromkeys(classes))
        ids = dict(zip(names, category_ids(self._labels, names, self.path), strict=True))
        return [ids[name] for name in classes]

    def person_id(self, task: str) -> int | str:
        """Id of the category that has poses: a person, or the only one there is.

        Raises:
            DataError: There are several, none called person.
        """
        if PERSON not in self._categories and len(self._categories) == 1:
            return next(iter(self._categories.values()))
        return self.category_ids(task, [PERSON])[0]

    def keypoint_order(self, task: str, names: Sequence[str]) -> list[int] | None:
        """The keypoints of a task in the order that the category with poses names them.

        Returns:
            Their numbers; ``None`` for the same order, or if the file names none.

        Raises:
            DataError: It names others.
        """
        from argus.names.keypoints import keypoint_numbers

        person = self.person_id(task)
        category = next(c for c in self._labels["categories"] if c["id"] == person)
        return keypoint_numbers(category, names, self.path)


def _identity(value: Any) -> int | str:
    """An id as the results have to repeat it."""
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(f"the id {value} is no whole number")
    return value if isinstance(value, str) else int(value)


def _size(image: dict[str, Any]) -> tuple[int, int] | None:
    if image.get("height") is None or image.get("width") is None:
        return None
    return int(image["height"]), int(image["width"])


def _parts(path: str) -> tuple[str, ...]:
    return tuple(reversed(PurePosixPath(path.replace("\\", "/")).parts))


def _num_shared(one: Sequence[str], other: Sequence[str]) -> int:
    for count, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return count
    return min(len(one), len(other))
