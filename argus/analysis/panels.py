"""The answers of models about a folder of pictures, as sheets: a row per picture, a task a column.

The qualitative pages of a paper (appendix E of Argus's). Nothing is chosen: every picture is there.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from argus.errors import ConfigError, DataError
from argus.results import Prediction
from argus.visualization.grid import picture_grid
from argus.visualization.titles import task_title

_ABSENT = np.full((3, 4, 3), 235, np.uint8)


def choose_tasks(
    models: Mapping[str, Any], names: Sequence[str], *, has_category: bool
) -> list[str]:
    """The columns: tasks that the models have, in the order of the first.

    Args:
        models: Loaded models by name.
        names: Tasks that are asked for; all by default.
        has_category: Whether the kind of object is known, which some anomaly tasks need.

    Raises:
        ConfigError: No model has a task of one of the names.
    """
    infos = {task: info for model in models.values() for task, info in model.tasks.items()}
    known = list(infos)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError(f"--tasks: expected some of {', '.join(known)}, found {unknown[0]!r}.")
    if names or has_category:
        return list(names) or known
    # Of anomaly heads for several kinds of objects one has to be named.
    return [task for task in known if not infos[task].categories]


def draw_panels(
    models: Mapping[str, Any],
    images: Sequence[Path],
    *,
    tasks: Sequence[str],
    rows_per_sheet: int,
    cell_width_px: int,
    broken: dict[str, str],
    **options: Any,
) -> Iterator[np.ndarray]:
    """Draw one sheet after the other.

    Args:
        models: Loaded models by name; with several, each picture has a row of each.
        images: Files of the pictures.
        tasks: Columns, behind the picture itself; a model that lacks one leaves its cell grey.
        rows_per_sheet: Pictures on a sheet.
        cell_width_px: Width of a picture there.
        broken: Takes why a picture could not be read, by its path; it has no row.
        options: Of :meth:`argus.Argus.predict`.

    Yields:
        RGB ``(H, W, 3)`` uint8.

    Raises:
        DataError: No picture could be read.
    """
    titles = ["Input", *map(task_title, tasks)]
    num_drawn = 0
    for start in range(0, len(images), rows_per_sheet):
        paths = images[start : start + rows_per_sheet]
        found = {
            name: _answers(model, paths, tasks, broken, options) for name, model in models.items()
        }
        rows, captions = [], []
        for path in map(str, paths):
            for name, predictions in found.items():
                if path in predictions:
                    rows.append(_row(predictions[path], tasks))
                    captions.append(name)
        num_drawn += len(rows)
        if rows:
            yield picture_grid(
                rows,
                titles,
                captions=captions if len(models) > 1 else (),
                cell_width_px=cell_width_px,
            )
    if not num_drawn:
        reasons = "\n".join(f"  {reason}" for reason in broken.values())
        raise DataError(f"no picture could be read:\n{reasons}")


def _answers(
    model: Any,
    paths: Sequence[Path],
    tasks: Sequence[str],
    broken: dict[str, str],
    options: Mapping[str, Any],
) -> dict[str, Prediction]:
    """Predictions of a model by path."""

    def on_error(name: str, error: DataError) -> None:
        broken[name] = str(error)

    own = [task for task in tasks if task in model.tasks]
    stream = model.stream([str(path) for path in paths], own, on_error=on_error, **options)
    return {prediction.source: prediction for prediction in stream}


def _row(prediction: Prediction, tasks: Sequence[str]) -> list[np.ndarray]:
    own = [task for task in tasks if task in prediction]
    image, *drawn = prediction.pictures(own)
    by_task = dict(zip(own, drawn, strict=True))
    return [image, *(by_task.get(task, _ABSENT) for task in tasks)]
