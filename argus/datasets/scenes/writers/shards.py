"""Shards for pretraining: ``shards/{train,val}/{images,regions,depth}/00000.tar``.

``images`` has the picture (``jpg``) and its captions (``json``), ``regions`` the boxes of what can
be seen, with names (``regions.json``), ``depth`` the inverse depth in 1/m (``depth.png``, its ends
in ``depth.json``): the sky, without end, is 0. All three have the same keys in shards of the same
names. Pictures of one thing are among them, as of the ImageNet layout.
"""

import json
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from argus.datasets.scenes.render import NOTHING, Hits, Scene
from argus.datasets.scenes.sentences import noun, portrait_sentences, sentences
from argus.datasets.scenes.writers.files import JPEG_QUALITY
from argus.datasets.shards.writer import ShardWriter

NAME = "shards"
PARTS = ("images", "regions", "depth")
SAMPLES_PER_SHARD = 256
MIN_AREA_SHARE = 1e-3
"""Share of the picture that is seen of a thing that is a region."""

Sample = dict[str, dict[str, bytes]]
"""Members by side-car."""


def sample(
    scene: Scene, hits: Hits, picture: np.ndarray, rng: np.random.Generator, *, portrait: bool
) -> Sample:
    """What shards hold of a scene.

    Args:
        scene: What is rendered.
        hits: Of its label pass.
        picture: (H, W, 3) RGB uint8.
        rng: For the words of the captions.
        portrait: Whether it shows one thing, from near.
    """
    place = scene.backdrop.name
    seen = _seen(scene, hits)
    if portrait:
        texts = portrait_sentences(scene.things[0], place, rng)
    else:
        things = [scene.things[region.thing] for region in seen]
        texts = sentences(things, [(r.box[0] + r.box[2]) / 2 for r in seen], place, rng)
    regions = [
        {"box": list(region.box), "text": noun(scene.things[region.thing]), "score": 1.0}
        for region in seen
    ]
    disparity = np.where(np.isfinite(hits.depth), 1 / hits.depth, 0)
    low, high = float(disparity.min()), float(disparity.max())
    stored = np.rint((disparity - low) * (65_535 / max(high - low, 1e-9))).astype(np.uint16)
    return {
        "images": {"jpg": _encoded(picture[..., ::-1], ".jpg"), "json": _json({"captions": texts})},
        "regions": {"regions.json": _json(regions)},
        "depth": {
            "depth.png": _encoded(stored, ".png"),
            "depth.json": _json({"min": low, "max": high}),
        },
    }


@dataclass(frozen=True)
class _Region:
    thing: int
    box: tuple[float, float, float, float]  # xyxy as shares of width and height


def _seen(scene: Scene, hits: Hits) -> list[_Region]:
    owner = scene.owners[hits.surface]
    height, width = owner.shape
    found = []
    for thing in range(len(scene.things)):
        mask = owner == thing
        if mask.sum() < max(MIN_AREA_SHARE * mask.size, 1):
            continue
        rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        box = (cols[0] / width, rows[0] / height, (cols[-1] + 1) / width, (rows[-1] + 1) / height)
        found.append(_Region(thing, tuple(round(float(side), 5) for side in box)))  # type: ignore[arg-type]
    assert found and NOTHING not in [region.thing for region in found]
    return found


class ShardParts:
    """A context that writes the samples of a split into all side-cars.

    Args:
        root: Of the generated set.
        split: Its name.
    """

    def __init__(self, root: Path, split: str) -> None:
        self._open = ExitStack()
        self._writers = {
            part: self._open.enter_context(
                ShardWriter(root / NAME / split / part, samples_per_shard=SAMPLES_PER_SHARD)
            )
            for part in PARTS
        }

    def __enter__(self) -> "ShardParts":
        return self

    def write(self, key: str, members: Sample) -> None:
        """Write a sample."""
        for part, writer in self._writers.items():
            writer.write(key, members[part])

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.__exit__(kind, error, trace)


def _json(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode("ascii")


def _encoded(image: np.ndarray, suffix: str) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY, cv2.IMWRITE_PNG_COMPRESSION, 2]
    done, data = cv2.imencode(suffix, np.ascontiguousarray(image), options)
    assert done, (suffix, image.shape, image.dtype)
    return data.tobytes()
