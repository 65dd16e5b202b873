"""A model without a network: its answers tell the colour of the picture, and what it was asked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from argus.errors import ConfigError
from argus.inference.read_ahead import iter_batches
from argus.results import Classification, Instances, Prediction, TaskResult

CLASSES = ("red", "green", "blue")


class ToyModel:
    """Stands for ``Argus``: tasks ``colour`` and ``object``.

    ``object`` finds one instance: a box whose first side is the picture's red value, of the label
    of the brightest channel.
    """

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def stream(
        self, images: Any, tasks: Any, *, boxes: Any = None, on_error: Any = "raise", **options: Any
    ) -> Iterator:
        names = ["colour", "object"] if tasks == "all" else tasks
        unknown = set(names) - {"colour", "object"}
        if unknown:
            raise ConfigError(f"unknown task {unknown}. There are: colour, object.")
        for batch in iter_batches(images, options["batch_size"], boxes=boxes, on_error=on_error):
            num = len(batch.pictures)
            self.calls.append(dict(options, tasks=names, boxes=batch.boxes, num=num))
            for picture in batch.pictures:
                yield self._answer(picture.name, picture.image, names)

    def _answer(self, name: str, image: np.ndarray, names: list[str]) -> Prediction:
        common = dict(size=image.shape[:2], classes=CLASSES)
        mean = image.reshape(-1, 3).mean(0)
        share = (mean / mean.sum()).astype(np.float32)
        results: dict[str, TaskResult] = {}
        for task in names:
            if task == "colour":
                results[task] = Classification(task=task, probabilities=share, **common)
            else:
                results[task] = Instances(
                    task=task,
                    boxes=np.array([[mean[0], 1, mean[0] + 4, 6]], np.float32),
                    scores=np.array([0.5], np.float32),
                    labels=np.array([share.argmax()]),
                    **common,
                )
        return Prediction(source=name, image=image, results=results)


def write_picture(path: Path, red: int, size: tuple[int, int] = (24, 32)) -> Path:
    """A plain picture of (height, width)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((*size, 3), (red, 10, 20), np.uint8)).save(path)
    return path


def write_broken(path: Path) -> Path:
    path.write_bytes(b"neither a picture nor a video")
    return path


def write_video(path: Path, reds: list[int], rate: float = 10.0) -> Path:
    import cv2

    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), rate, (64, 48))
    for red in reds:
        video.write(np.full((48, 64, 3), (20, 10, red), np.uint8))
    video.release()
    return path
