"""What ``argus predict`` writes: a folder per image, COCO's result files, or a video."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from argus.commands.inputs import Input
from argus.errors import ConfigError, DataError
from argus.results import Instances, Poses, Prediction


class Writer(Protocol):
    """Takes the predictions of all images, one after the other."""

    def write(self, item: Input, prediction: Prediction) -> list[Path]:
        """Write the prediction of an image; the paths to tell the user."""

    def close(self) -> list[Path]:
        """Write what is written at the end; the paths to tell the user."""


class FolderWriter:
    """A folder per image: ``prediction.json``, a picture per task and ``sheet.png``.

    Args:
        out: Where the folders go.
        pictures: Whether to draw.
        arrays: Whether to write ``arrays.npz``.
    """

    def __init__(self, out: Path, *, pictures: bool, arrays: bool) -> None:
        self.out = out
        self.pictures = pictures
        self.arrays = arrays

    def write(self, item: Input, prediction: Prediction) -> list[Path]:
        """Write the folder of an image."""
        folder = self.out / item.name
        prediction.save(folder, pictures=self.pictures, arrays=self.arrays)
        return [folder]

    def close(self) -> list[Path]:
        """Nothing is left to write."""
        return []


class CocoWriter:
    """``<task>.coco.json`` with COCO results of every task of instances or poses.

    Beside them ``images.json`` says which id an image and a class have.

    Args:
        out: Folder of the files.
        annotations: File in COCO's format whose ids of images (by file name) and categories (by
            name) are taken. Without it a file name that is a number is the id, as in COCO's data;
            other images are numbered from 1, and categories have the ids label + 1.

    Raises:
        DataError: The annotations cannot be read.
    """

    def __init__(self, out: Path, annotations: Path | None = None) -> None:
        self.out = out
        self.image_ids: dict[str, int] = {}
        self.category_ids: dict[str, int] | None = None
        if annotations is not None:
            self.image_ids, self.category_ids = _read_ids(annotations)
        self.results: dict[str, list[dict[str, Any]]] = {}
        self.images: list[dict[str, Any]] = []
        self.categories: dict[str, dict[str, int]] = {}

    def write(self, item: Input, prediction: Prediction) -> list[Path]:
        """Keep the results of an image.

        Raises:
            ConfigError: No task has results that COCO knows.
        """
        if not any(isinstance(r, (Instances, Poses)) for r in prediction.results.values()):
            raise ConfigError(
                "--format coco is for tasks of instances and poses, found "
                f"{', '.join(prediction.tasks)}."
            )
        image_id = self._image_id(item)
        height, width = prediction.size
        self.images.append(dict(id=image_id, file_name=item.path.name, width=width, height=height))
        for task, result in prediction.results.items():
            if isinstance(result, Instances):
                ids = self._ids_of(task, result.classes)
                found = result.to_coco(image_id, ids)
            elif isinstance(result, Poses):
                found = result.to_coco(image_id)
            else:
                continue
            self.results.setdefault(task, []).extend(found)
        return []

    def close(self) -> list[Path]:
        """Write the files."""
        self.out.mkdir(parents=True, exist_ok=True)
        paths = []
        for task, results in self.results.items():
            paths.append(self.out / f"{task}.coco.json")
            paths[-1].write_text(json.dumps(results) + "\n", encoding="utf-8")
        listing = dict(images=self.images, categories=self.categories)
        paths.append(self.out / "images.json")
        paths[-1].write_text(json.dumps(listing, indent=1) + "\n", encoding="utf-8")
        return paths

    def _image_id(self, item: Input) -> int:
        name = item.path.name
        if self.category_ids is not None:
            if name not in self.image_ids:
                raise DataError(f"{item.path}: no image of this name in the annotations.")
            return self.image_ids[name]
        taken = {image["id"] for image in self.images}
        number = int(item.path.stem) if item.path.stem.isdecimal() else 1
        while number in taken:
            number += 1
        return number

    def _ids_of(self, task: str, classes: tuple[str, ...]) -> list[int]:
        if task not in self.categories:
            known = self.category_ids
            absent = [] if known is None else [name for name in classes if name not in known]
            if absent:
                raise DataError(
                    f"task {task!r}: the annotations have no category {', '.join(absent)}."
                )
            ids = range(1, len(classes) + 1) if known is None else [known[n] for n in classes]
            self.categories[task] = dict(zip(classes, ids, strict=True))
        return [self.categories[task][name] for name in classes]


class VideoWriter:
    """A video of the contact sheet, or of the picture of the only task, and a JSON line per frame.

    Args:
        path: File ``.mp4`` (MPEG-4 part 2, which OpenCV's wheels write); the lines go beside it.
        frames_per_second: Of the video that was read.
        draw: Whether to write the video.
    """

    def __init__(self, path: Path, frames_per_second: float, *, draw: bool) -> None:
        self.path = path
        self.frames_per_second = frames_per_second
        self.draw = draw
        path.parent.mkdir(parents=True, exist_ok=True)
        self.lines = path.with_suffix(".jsonl").open("w", encoding="utf-8")
        self.video: cv2.VideoWriter | None = None
        self.size = (0, 0)

    def write(self, prediction: Prediction) -> None:
        """Add a frame.

        Raises:
            DataError: OpenCV cannot write the video.
        """
        self.lines.write(json.dumps(prediction.to_dict(), allow_nan=False) + "\n")
        if not self.draw:
            return
        only = prediction.tasks[0] if len(prediction.tasks) == 1 else None
        picture = prediction.draw() if only is None else prediction[only].draw(prediction.image)
        if self.video is None:
            height, width = picture.shape[:2]
            self.size = (width // 2 * 2, height // 2 * 2)  # codecs want even sides
            codec = cv2.VideoWriter.fourcc(*"mp4v")
            self.video = cv2.VideoWriter(str(self.path), codec, self.frames_per_second, self.size)
            if not self.video.isOpened():
                raise DataError(f"{self.path}: OpenCV cannot write this video.")
        self.video.write(cv2.cvtColor(self._fit(picture), cv2.COLOR_RGB2BGR))

    def close(self) -> list[Path]:
        """End the video; its paths."""
        self.lines.close()
        if self.video is None:
            return [self.path.with_suffix(".jsonl")]
        self.video.release()
        return [self.path, self.path.with_suffix(".jsonl")]

    def _fit(self, picture: np.ndarray) -> np.ndarray:
        """A picture in the size of the first: a legend may grow by a line."""
        width, height = self.size
        frame = np.full((height, width, 3), 255, np.uint8)
        part = picture[:height, :width]
        frame[: part.shape[0], : part.shape[1]] = part
        return frame


def _read_ids(path: Path) -> tuple[dict[str, int], dict[str, int]]:
    try:
        content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        images = {Path(image["file_name"]).name: image["id"] for image in content["images"]}
        return images, {entry["name"]: entry["id"] for entry in content["categories"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: expected a JSON file in COCO's format with images and categories: "
            f"{type(error).__name__}: {error}."
        ) from error
