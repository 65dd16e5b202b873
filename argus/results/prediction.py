"""All answers for one image."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from argus.errors import ConfigError
from argus.results.base import TaskResult
from argus.visualization import contact_sheet
from argus.visualization.canvas import MIN_SHORT_SIDE_PX, Canvas
from argus.visualization.sheet import choose_columns
from argus.visualization.titles import task_title

MAX_SHEET_SIDE_PX = 16_384
"""Longest side of a picture on a sheet, which is there to be looked at as a whole."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Prediction:
    """The answers of all tasks that were asked about one image.

    Args:
        source: Where the image is from: a path, ``image 3``, ``clip.mp4#000120``.
        image: The original image, RGB ``(H, W, 3)`` uint8.
        results: Answer by name of the task.
    """

    source: str
    image: np.ndarray
    results: dict[str, TaskResult] = field(default_factory=dict)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks that answered."""
        return tuple(self.results)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the image, pixels."""
        return int(self.image.shape[0]), int(self.image.shape[1])

    def __getitem__(self, task: str) -> Any:
        """The answer of a task.

        Raises:
            ConfigError: It was not asked; also a ``KeyError``.
        """
        if task not in self.results:
            raise UnknownTaskError(
                f"{self.source}: no answer of task {task!r}; there are those of "
                f"{', '.join(self.results) or 'no task'}. Name it in predict(..., tasks=[...])."
            )
        return self.results[task]

    def __contains__(self, task: object) -> bool:
        """Whether a task answered."""
        return task in self.results

    def __repr__(self) -> str:
        """Source, size and tasks; arrays would fill the screen."""
        height, width = self.size
        return f"Prediction({self.source!r}, {width} x {height}, {', '.join(self.results)})"

    def to_dict(self, arrays: str = "rle") -> dict[str, Any]:
        """``source``, ``size`` [height, width], and ``results`` by task, see TaskResult.to_dict."""
        results = {task: result.to_dict(arrays) for task, result in self.results.items()}
        return dict(source=self.source, size=list(self.size), results=results)

    def to_json(self, path: str | Path | None = None, arrays: str = "rle") -> str:
        """The same as JSON text, written to ``path`` if there is one."""
        text = json.dumps(self.to_dict(arrays), indent=1, allow_nan=False) + "\n"
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def draw(self, tasks: Sequence[str] | None = None, columns: int | None = None) -> np.ndarray:
        """A contact sheet: the image, then one picture per task.

        Args:
            tasks: Which, in this order; all by default.
            columns: Pictures per row; by default what makes the sheet a little wider than high.

        Returns:
            RGB ``(H, W, 3)`` uint8.
        """
        chosen = self.tasks if tasks is None else tuple(tasks)
        pictures = self.pictures(chosen)
        height, width = pictures[0].shape[:2]
        return contact_sheet(
            pictures,
            ["Input", *(task_title(task) for task in chosen)],
            columns or choose_columns(len(pictures), width / height),
            cell_width_px=width,
        )

    def pictures(self, tasks: Sequence[str]) -> list[np.ndarray]:
        """The image and the answers of some tasks, as a sheet shows them: small, and readable.

        Args:
            tasks: Which, in this order.

        Returns:
            RGB ``(H, W, 3)`` uint8, the image first; the others may have a legend below it.
        """
        # Drawn at the size of a cell: text that is scaled down could not be read.
        image = _shrink(self.image, MIN_SHORT_SIDE_PX, MAX_SHEET_SIDE_PX)
        return [Canvas(image).to_array(), *(self[task].draw(image) for task in tasks)]

    def save(self, folder: str | Path, pictures: bool = True, arrays: bool = False) -> list[Path]:
        """Write everything into a folder, which is made if it is not there.

        Args:
            folder: Of this image alone; files of the same names are overwritten.
            pictures: Whether to write ``<task>.png`` per task, and ``sheet.png``.
            arrays: Whether to write ``arrays.npz`` with every array as ``<task>/<name>``.

        Returns:
            The files, ``prediction.json`` first.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / "prediction.json"]
        self.to_json(paths[0])
        if arrays:
            named = {
                f"{task}/{name}": value
                for task, result in self.results.items()
                for name, value in result.arrays().items()
            }
            paths.append(folder / "arrays.npz")
            np.savez_compressed(paths[-1], **named)  # type: ignore[arg-type]
        if pictures:
            drawn = {task: result.draw(self.image) for task, result in self.results.items()}
            for name, picture in [*drawn.items(), ("sheet", self.draw())]:
                paths.append(folder / f"{name}.png")
                Image.fromarray(picture).save(paths[-1])
        return paths


def _shrink(image: np.ndarray, short_side_px: int, long_side_px: int) -> np.ndarray:
    """A smaller copy of RGB ``(H, W, 3)``, or the image itself if it is not larger."""
    height, width = image.shape[:2]
    zoom = min(short_side_px / min(height, width), long_side_px / max(height, width))
    if zoom >= 1:
        return image
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    return np.array(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))


class UnknownTaskError(ConfigError, KeyError):
    """A task that was not asked, or is not there."""

    def __str__(self) -> str:
        """The message as it is; a KeyError would show its quotes."""
        return str(self.args[0])
