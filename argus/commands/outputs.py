"""What ``argus predict`` writes: a folder per image, COCO's result files, or a video."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from argus.commands.coco_ids import CocoIds, ImageEntry
from argus.commands.inputs import Input
from argus.errors import ConfigError, DataError
from argus.inference.persons import PERSON
from argus.names.wording import counted
from argus.results import Instances, Poses, Prediction

# Best first: of VP9, MPEG-4 part 2.
VIDEO_CODECS = ("vp09", "mp4v")


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
        ids: Of the annotations that the results are compared with. Without them a file name that is
            a number is the id, as in COCO's data; other images are numbered from 1, and categories
            have the ids label + 1, a person 1.
        entries: The image of each file, with ``ids``.
        orientation: In which the pictures were read, if it was asked for.
    """

    def __init__(
        self,
        out: Path,
        ids: CocoIds | None = None,
        entries: Mapping[Path, ImageEntry] | None = None,
        *,
        orientation: str | None = None,
    ) -> None:
        self.out = out
        self.ids = ids
        self.entries = entries or {}
        self.orientation = orientation
        self.undecided: list[str] = []  # pictures that were turned without anything to go by
        self.results: dict[str, list[dict[str, Any]]] = {}
        self.images: list[dict[str, Any]] = []
        self._taken: set[int | str] = set()
        self._free = 1  # the least number that may not be taken
        self.categories: dict[str, dict[str, int | str]] = {}
        self._ids: dict[str, list[int | str]] = {}
        self._orders: dict[str, list[int] | None] = {}

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
        entry = self.entries.get(item.path)
        image_id = self._number(item.path) if entry is None else entry.id
        name = item.path.as_posix() if entry is None else entry.file_name
        height, width = prediction.size
        if entry is not None and self.orientation is None:
            self._look_at(item.path, entry, prediction.size)
        self.images.append(dict(id=image_id, file_name=name, width=width, height=height))
        self._taken.add(image_id)
        for task, result in prediction.results.items():
            if isinstance(result, Instances):
                ids = self._ids_of(task, result.classes)
                found = result.to_coco(image_id, ids)
            elif isinstance(result, Poses):
                found = self._poses(task, result, image_id)
            else:
                continue
            self.results.setdefault(task, []).extend(found)
        return []

    def close(self) -> list[Path]:
        """Write the files."""
        if self.undecided:
            warnings.warn(_of_undecided(self.undecided), stacklevel=2)
        self.out.mkdir(parents=True, exist_ok=True)
        paths = []
        for task, results in self.results.items():
            paths.append(self.out / f"{task}.coco.json")
            paths[-1].write_text(json.dumps(results) + "\n", encoding="utf-8")
        listing = dict(images=self.images, categories=self.categories)
        paths.append(self.out / "images.json")
        paths[-1].write_text(json.dumps(listing, indent=1) + "\n", encoding="utf-8")
        return paths

    def _look_at(self, path: Path, entry: ImageEntry, size: tuple[int, int]) -> None:
        from argus.datasets.transforms.orientation import TURNED, UPRIGHT, orientation_of
        from argus.datasets.transforms.reading import read_bytes

        tag = orientation_of(read_bytes(path))
        is_told = tag in TURNED and entry.size is not None and size[0] != size[1]
        if tag != UPRIGHT and not is_told:
            self.undecided.append(f"{path}: {tag}")

    def _number(self, path: Path) -> int:
        number = int(path.stem) if path.stem.isdecimal() else self._free
        while number in self._taken:
            number += 1
        self._free = self._free if path.stem.isdecimal() else number
        return number

    def _ids_of(self, task: str, classes: tuple[str, ...]) -> list[int | str]:
        if task not in self._ids:
            ids: list[int | str] = list(range(1, len(classes) + 1))
            self._ids[task] = self.ids.category_ids(task, classes) if self.ids else ids
            self.categories[task] = dict(zip(classes, self._ids[task], strict=True))
        return self._ids[task]

    def _poses(self, task: str, result: Poses, image_id: int | str) -> list[dict[str, Any]]:
        if task not in self.categories:
            self.categories[task] = {PERSON: self.ids.person_id(task) if self.ids else 1}
            names = result.keypoint_names
            self._orders[task] = self.ids.keypoint_order(task, names) if self.ids else None
        return result.to_coco(image_id, self.categories[task][PERSON], order=self._orders[task])


def _of_undecided(names: list[str]) -> str:
    have = counted(len(names), "picture has", "pictures have")
    return (
        f"{have} an EXIF orientation of which no size in the annotations tells "
        f"whether they were made on what is shown ({names[0]}{', ...' if names[1:] else ''}): "
        "results are on what is shown. Say --orientation stored, or shown, for all pictures."
    )


class VideoWriter:
    """A video of the contact sheet, or of the picture of the only task, and a JSON line per frame.

    Args:
        path: File ``.mp4``; the lines go beside it. It holds VP9, which OpenCV's wheels write,
            browsers play, and where any frame can be gone to; MPEG-4 part 2, with a warning, where
            OpenCV was built without an encoder of it.
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
            self.size = (max(width // 2, 1) * 2, max(height // 2, 1) * 2)  # codecs want even sides
            self.video = _open_video(self.path, self.frames_per_second, self.size)
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


def _open_video(path: Path, frames_per_second: float, size: tuple[int, int]) -> cv2.VideoWriter:
    """A video of frames of ``size`` (width, height), by the first codec that there is.

    Raises:
        DataError: OpenCV cannot write the video.
    """
    for codec in VIDEO_CODECS:
        code = cv2.VideoWriter.fourcc(*codec)
        video = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, frames_per_second, size)
        if not video.isOpened():
            continue
        if codec != VIDEO_CODECS[0]:
            warnings.warn(
                f"{path}: this OpenCV writes no VP9, so the video is MPEG-4 part 2, which browsers "
                "do not play. OpenCV's wheels (opencv-python) do; or convert it: "
                "ffmpeg -i IN -c:v libx264 OUT.mp4.",
                stacklevel=2,
            )
        return video
    raise DataError(f"{path}: OpenCV cannot write this video.")
