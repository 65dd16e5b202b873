"""A sheet of pictures with their labels drawn, read as a training reads them: do they lie right?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from argus.datasets.own.parts import drawn
from argus.errors import ConfigError, DataError
from argus.visualization import contact_sheet, side_by_side, truth_pictures

NUM_PICTURES = 12
_COLUMNS = 4
_CELL_PX = 400
_TRIED = 60
_HAS_OBJECTS = ("bboxes", "keypoints")


def label_sheet(
    dataset: Any, *, classes: Sequence[str], root: Path, skeleton: Sequence[tuple[int, int]] = ()
) -> tuple[np.ndarray, list[str]]:
    """Draw the labels of some pictures, of those with labels if there are enough.

    Args:
        dataset: Built, with a pipeline that packs pictures as they are.
        classes: Names of the classes, or of the keypoints.
        root: Folder of the data, for the titles.
        skeleton: Pairs of keypoints that are connected.

    Returns:
        RGB uint8 (H, W, 3), and what is wrong with pictures that could not be drawn.

    Raises:
        DataError: None could be drawn.
    """
    order = sorted(range(len(dataset)), key=lambda index: drawn(str(index), 0))[:_TRIED]
    pictures: dict[str, tuple[np.ndarray, list[Any]]] = {}
    problems: list[str] = []
    empty: set[str] = set()
    for index in order:
        try:
            packed = dataset[index]
        except (DataError, ConfigError) as error:
            problems.append(str(error))
            continue
        sample, image = packed["data_samples"], packed["inputs"]
        path = str(dataset.get_data_info(index)["img_path"])
        pixels = np.ascontiguousarray(image.numpy().transpose(1, 2, 0)[..., ::-1])
        pictures.setdefault(path, (pixels, []))[1].append(sample)
        if not _has_labels(sample):
            empty.add(path)
        if len(set(pictures) - empty) >= NUM_PICTURES:
            break
    if not pictures:
        raise DataError(f"{root}: no picture can be read with its labels: {problems[0]}")
    chosen = sorted(sorted(pictures), key=lambda path: path in empty)[:NUM_PICTURES]
    images = []
    for path in sorted(chosen):
        shown = truth_pictures(*pictures[path], classes=classes, skeleton=list(skeleton) or None)
        images.append(
            side_by_side(list(shown.values()), list(shown))
            if len(shown) > 1
            else shown["ground truth"]
        )
    titles = [_title(path, root) for path in sorted(chosen)]
    return contact_sheet(images, titles, _COLUMNS, cell_width_px=_CELL_PX), problems


def save_sheet(sheet: np.ndarray, path: Path) -> None:
    """Write a sheet as JPEG."""
    Image.fromarray(sheet).save(path, format="JPEG", quality=88)


def _has_labels(sample: Any) -> bool:
    instances = sample.get("gt_instances")
    if instances is not None and any(key in instances for key in _HAS_OBJECTS):
        return len(instances) > 0
    return True


def _title(path: str, root: Path) -> str:
    try:
        return Path(path).relative_to(root).as_posix()
    except ValueError:
        return Path(path).name
