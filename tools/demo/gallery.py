#!/usr/bin/env python3
"""Draw the pictures of docs/gallery.md: every task of a model, on generated scenes."""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.commands.errors import user_errors  # noqa: E402
from argus.errors import DataError  # noqa: E402
from argus.results import Prediction  # noqa: E402
from argus.visualization import contact_sheet, side_by_side  # noqa: E402
from argus.visualization.canvas import Canvas  # noqa: E402
from argus.visualization.render import RENDERERS  # noqa: E402
from argus.visualization.titles import task_title  # noqa: E402

if TYPE_CHECKING:
    from argus.api import Argus

# Kinds whose pictures are of single objects, not of scenes.
_OWN_IMAGES = ("classification", "anomaly")
LADDER_PX = (200, 640, 2000, 4000)
_LADDER_CELL_PX = 480
_NUM_SCENES = 6
# Smaller objects cannot be seen in a picture of some 500 pixels.
_MIN_AREA_SHARE = 0.01
_MAX_SHEET_WIDTH_PX = 1800


def make_gallery(
    model: "Argus", scenes: str | Path, out: str | Path, *, size: int | None = None
) -> list[Path]:
    """Draw the gallery.

    Args:
        model: With any of the tasks of ``configs/scenes``.
        scenes: What ``python -m argus.datasets.scenes`` wrote.
        out: Folder of the JPEG files: ``sheet``, one per task, ``sizes``.
        size: Short side in pixels at which the model sees the scenes; their own by default.

    Returns:
        The files.

    Raises:
        DataError: There are no scenes.
    """
    root, out = Path(scenes), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    chosen = choose_scenes(root, _NUM_SCENES)
    full_frame = [name for name, info in model.tasks.items() if info.kind not in _OWN_IMAGES]
    options: dict[str, Any] = {} if size is None else dict(size=size)
    predictions = [model.predict(path, full_frame, **options) for path in chosen]
    pictures = {"sheet": _fit(predictions[0].draw(), _MAX_SHEET_WIDTH_PX)}
    for index, task in enumerate(full_frame):
        pictures[task] = _picture(predictions[index % len(predictions)], task)
    for task, info in model.tasks.items():
        if info.kind == "classification":
            classes = [
                model.predict(path, [task], size="task") for path in _one_per_class(root, count=3)
            ]
            drawn = [prediction[task].draw(prediction.image) for prediction in classes]
            pictures[task] = side_by_side(drawn, [""] * len(drawn))
        elif info.kind == "anomaly":
            found = {
                category: _anomaly(model, root, task, category, options)
                for category in info.categories or info.classes
            }
            pictures[task] = side_by_side(list(found.values()), list(found))
    if "instance" in full_frame:
        pictures["sizes"] = size_ladder(predictions[0], "instance", LADDER_PX)
    paths = []
    for name, picture in pictures.items():
        paths.append(out / f"{name}.jpg")
        Image.fromarray(picture).save(paths[-1], quality=85, optimize=True)
    return paths


def choose_scenes(root: Path, count: int) -> list[Path]:
    """Validation scenes with people and many kinds of large objects; no model has a say.

    Args:
        root: The generated scenes.
        count: How many.

    Raises:
        DataError: There are none.
    """
    path = root / "coco/annotations/instances_val2017.json"
    if not path.is_file():
        raise DataError(
            f"{path} is missing: expected generated scenes in {root}. Make them by "
            f"python -m argus.datasets.scenes {root}"
        )
    truth = json.loads(path.read_text())
    names = {category["id"]: category["name"] for category in truth["categories"]}
    images = {image["id"]: image for image in truth["images"]}
    objects: dict[int, list[str]] = defaultdict(list)
    too_small: dict[int, int] = defaultdict(int)
    for annotation in truth["annotations"]:
        image = images[annotation["image_id"]]
        objects[image["id"]].append(names[annotation["category_id"]])
        share = annotation["area"] / (image["width"] * image["height"])
        too_small[image["id"]] += share < _MIN_AREA_SHARE

    def badness(number: int) -> tuple[int, int]:
        found = objects[number]
        people = min(found.count("person"), 2)
        return 2 * too_small[number] - len(set(found)) - 2 * people, number

    best = sorted(objects, key=badness)[:count]
    return [root / "coco/val2017" / images[number]["file_name"] for number in best]


def size_ladder(prediction: Prediction, task: str, widths_px: Sequence[int]) -> np.ndarray:
    """One answer drawn on copies of the image of several widths, shown at one size.

    Returns:
        RGB ``(H, W, 3)`` uint8.
    """
    drawn, captions = [], []
    for width in widths_px:
        height = round(width * prediction.size[0] / prediction.size[1])
        image = Image.fromarray(prediction.image).resize((width, height), Image.Resampling.LANCZOS)
        drawn.append(prediction[task].draw(np.array(image)))
        captions.append(f"image of {width} pixels")
    return contact_sheet(drawn, captions, len(drawn), cell_width_px=_LADDER_CELL_PX)


def _picture(prediction: Prediction, task: str) -> np.ndarray:
    """The answer; beside the image where nothing is left of it."""
    result = prediction[task]
    drawn = result.draw(prediction.image)
    if not RENDERERS[result.kind].hides_image:
        return drawn
    image = Canvas(prediction.image).to_array()
    return side_by_side([image, drawn], ["Input", task_title(task)])


def _fit(picture: np.ndarray, max_width_px: int) -> np.ndarray:
    """A smaller copy of a picture that is wider."""
    height, width = picture.shape[:2]
    if width <= max_width_px:
        return picture
    size = (max_width_px, round(height * max_width_px / width))
    return np.array(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def _one_per_class(root: Path, count: int) -> Sequence[Path]:
    folders = sorted(path for path in (root / "imagenet/val").iterdir() if path.is_dir())
    return [min(folder.iterdir()) for folder in folders[:: max(1, len(folders) // count)]][:count]


def _anomaly(
    model: "Argus", root: Path, task: str, category: str, options: Mapping[str, Any]
) -> np.ndarray:
    """The first defective object of a category."""
    tests = root / "mvtec_ad" / category / "test"
    defective = sorted(path for path in tests.glob("*/*") if path.parent.name != "good")
    if not defective:
        raise DataError(f"{tests} holds no defective object: generate the scenes again.")
    prediction = model.predict(defective[0], [task], category=category, **options)
    return prediction[task].draw(prediction.image)


def main() -> None:
    """Load the model, draw, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--model", required=True, help="folder of a model, e.g. work_dirs/demo/model"
    )
    parser.add_argument(
        "--scenes", required=True, type=Path, help="what python -m argus.datasets.scenes wrote"
    )
    parser.add_argument("--out", required=True, type=Path, help="folder of the JPEG files")
    parser.add_argument(
        "--size",
        type=int,
        help="short side in pixels at which the model sees the scenes (default: their own)",
    )
    args = parser.parse_args()
    with user_errors(saved="pictures"):
        from argus import Argus

        paths = make_gallery(
            Argus.from_pretrained(args.model), args.scenes, args.out, size=args.size
        )
    total = sum(path.stat().st_size for path in paths)
    print(f"{len(paths)} pictures, {total / 2**20:.1f} MiB, in {args.out}")


if __name__ == "__main__":
    main()
