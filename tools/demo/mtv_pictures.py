"""Pictures of what a pretrained encoder sees: searches, heat maps, depth, colours of patches."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

# Works from any folder, installed or not.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from argus.datasets.census.entries import spread  # noqa: E402
from argus.mtv import MTV  # noqa: E402
from argus.mtv.data import ShardPairs  # noqa: E402
from argus.visualization import contact_sheet  # noqa: E402
from argus.visualization.colormap import colorize, unit_interval  # noqa: E402
from tools.demo.mtv_measures import picture  # noqa: E402

QUERIES = (
    "a photo of a snowman",
    "a person in a red shirt and a blue ball",
    "a yellow cone",
    "a green can on the grass",
)
NUM_FOUND = 5
NUM_PICTURES = 4
_CELL_PX = 288
_OPACITY = 0.6


def draw(model: MTV, teacher: MTV, scenes: Path, out: Path) -> list[Path]:
    """Draw all sheets.

    Args:
        model: The encoders, with heads.
        teacher: The same with the teacher's vision tower.
        scenes: What ``python -m argus.datasets.scenes --shards`` wrote.
        out: Folder of the files.

    Returns:
        The files.
    """
    out.mkdir(parents=True, exist_ok=True)
    shards = scenes / "shards/val"
    pairs = ShardPairs(
        str(shards / "images"), regions=str(shards / "regions"), depth=str(shards / "depth")
    )
    everything = [picture(pairs.load(number)) for number in range(len(pairs))]
    scene = [n for n in range(len(pairs)) if pairs.shards.key(n).startswith("scene_")]
    chosen = [pairs.load(scene[place]) for place in spread(len(scene), NUM_PICTURES)]
    sheets = dict(
        searches=search_sheet(model, everything),
        regions=region_sheet(model, chosen),
        depth=depth_sheet(model, chosen),
        patches=patch_sheet(model, teacher, [picture(sample) for sample in chosen]),
    )
    paths = []
    for name, sheet in sheets.items():
        paths.append(out / f"{name}.jpg")
        Image.fromarray(sheet).save(paths[-1], quality=90)
    return paths


def search_sheet(model: MTV, pictures: Sequence[np.ndarray]) -> np.ndarray:
    """A row for each text, with the pictures that fit it best."""
    scores = model.encode_text(QUERIES) @ model.encode_image(pictures).T
    shown, titles = [], []
    for query, row in zip(QUERIES, scores, strict=True):
        for place, number in enumerate(row.argsort(descending=True)[:NUM_FOUND].tolist()):
            shown.append(pictures[number])
            titles.append(query if place == 0 else "")
    return contact_sheet(shown, titles, NUM_FOUND, cell_width_px=_CELL_PX)


def region_sheet(model: MTV, samples: Sequence[dict[str, Any]]) -> np.ndarray:
    """Each picture, and where it shows the names of its largest regions."""
    shown, titles = [], []
    for sample in samples:
        regions, image = sample["regions"], picture(sample)
        area = np.prod(regions.boxes[:, 2:] - regions.boxes[:, :2], axis=1)
        names = dict.fromkeys(regions.names[row] for row in np.argsort(-area))
        shown.append(image)
        titles.append("")
        for name in [*names, *names][:2]:
            heat = model.heat_map(image, name)
            colours = colorize(heat, float(heat.min()), float(heat.max()) + 1e-9, "inferno")
            mixed = (1 - _OPACITY) * image + _OPACITY * colours
            shown.append(mixed.astype(np.uint8))
            titles.append(name)
    return contact_sheet(shown, titles, 3, cell_width_px=_CELL_PX)


def depth_sheet(model: MTV, samples: Sequence[dict[str, Any]]) -> np.ndarray:
    """Each picture, its predicted inverse depth and the true one."""
    shown: list[np.ndarray] = []
    predictions = model.depth(picture(sample) for sample in samples)
    for sample, prediction in zip(samples, predictions, strict=True):
        truth, _ = sample["disparity"]
        shown.append(picture(sample))
        for values in (prediction, truth):
            low, high = np.quantile(values, [0.02, 0.98])
            shown.append(colorize(values, float(low), float(high) + 1e-9, "inferno"))
    titles = ["picture", "inverse depth", "the true one"] * len(samples)
    return contact_sheet(shown, titles, 3, cell_width_px=_CELL_PX)


def patch_sheet(model: MTV, teacher: MTV, pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Each picture, and the colours of its patches of student and teacher."""
    columns = [list(pictures)]
    for source in (model, teacher):
        colours = principal_colours(source.patch_features(pictures).cpu())
        columns.append(
            [
                np.array(Image.fromarray(grid).resize(image.shape[1::-1], Image.Resampling.NEAREST))
                for grid, image in zip(colours, pictures, strict=True)
            ]
        )
    shown = [image for row in zip(*columns, strict=True) for image in row]
    titles = ["picture", "patches, student", "patches, teacher"] * len(pictures)
    return contact_sheet(shown, titles, 3, cell_width_px=_CELL_PX)


def principal_colours(features: Tensor) -> np.ndarray:
    """Features (B, h, w, D) as colours (B, h, w, 3) uint8: their three main directions."""
    flat = features.flatten(0, 2).double()
    flat = flat - flat.mean(0)
    _, _, directions = torch.linalg.svd(flat, full_matrices=False)
    values = (flat @ directions[:3].T).numpy()
    low, high = np.quantile(values, [0.02, 0.98], axis=0)
    scaled = [
        unit_interval(channel, float(a), float(b) + 1e-9)
        for channel, a, b in zip(values.T, low, high, strict=True)
    ]
    colours = np.rint(255 * np.stack(scaled, axis=1)).astype(np.uint8)
    return colours.reshape(*features.shape[:3], 3)
