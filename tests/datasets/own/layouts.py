"""Small data sets as tools write them: pictures of 24 x 16 pixels (width x height) and labels."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 24, 16
# Label files that tools have written, beside the project.
FORMATS = Path(__file__).parents[4] / "shared/data/formats"


def picture(path: Path, *, seed: int = 0, size: tuple[int, int] = (WIDTH, HEIGHT)) -> str:
    """Write a picture of noise; its name without folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path.name


def map_of(path: Path, values: Any, palette: Any = None) -> None:
    """Write a label map: values (H, W) or colours (H, W, 3)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(values, np.uint8))
    if palette is not None:
        image.putpalette(sum(map(list, palette), []))
    image.save(path)


def halves(left: int, right: int) -> np.ndarray:
    """A map whose left half is one value and the right half another."""
    values = np.full((HEIGHT, WIDTH), left, np.uint8)
    values[:, WIDTH // 2 :] = right
    return values


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def coco_content(names: list[str], **changes: Any) -> dict[str, Any]:
    """One object of each of two classes in every picture: a box with a square as outline."""
    images, annotations = [], []
    for number, name in enumerate(names):
        images.append(dict(id=number, file_name=name, width=WIDTH, height=HEIGHT))
        for label, x in ((7, 2), (3, 12)):
            annotations.append(
                dict(
                    id=len(annotations),
                    image_id=number,
                    category_id=label,
                    bbox=[x, 3, 8, 6],
                    segmentation=[[x, 3, x + 8, 3, x + 8, 9, x, 9]],
                )
            )
    categories = [dict(id=7, name="nut"), dict(id=3, name="bolt")]
    return dict(images=images, annotations=annotations, categories=categories) | changes


def coco(root: Path, number: int = 4, **changes: Any) -> Path:
    """``images/`` and ``annotations.json``, without parts."""
    names = [picture(root / f"images/{n}.png", seed=n) for n in range(number)]
    write_json(root / "annotations.json", coco_content(names, **changes))
    return root


def masks(root: Path, number: int = 4, values: tuple[int, int] = (0, 1)) -> Path:
    """``images/`` and ``masks/`` of two values, and ``classes.txt``."""
    for n in range(number):
        picture(root / f"images/{n}.png", seed=n)
        map_of(root / f"masks/{n}.png", halves(*values))
    (root / "classes.txt").write_text("ground\nplate\n")
    return root


def class_folders(root: Path, number: int = 4) -> Path:
    """``cat/`` and ``dog/``."""
    for name in ("cat", "dog"):
        for n in range(number):
            picture(root / f"{name}/{n}.png", seed=n)
    return root
