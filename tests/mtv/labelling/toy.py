"""Labellers whose labels are arithmetic on pixels, and shards for them."""

import json
import time
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from argus.datasets.shards.writer import ShardWriter
from argus.errors import DataError
from argus.mtv.labelling.claims import Claims
from argus.mtv.labelling.labeller import Labeller, Labels, Picture, TeacherRecord
from argus.mtv.labelling.shard import Labelling
from argus.mtv.labelling.workers import label_shards

SHAPES = ((12, 16), (16, 12), (12, 12))


def picture(index: int) -> np.ndarray:
    """(h, w, 3) uint8 RGB: a smooth one of its own for each number; shapes alternate."""
    height, width = SHAPES[index % 7 % 3]
    ramp = np.arange(height)[:, None] * 3 + np.arange(width)[None] * 2
    return np.stack([(ramp + 31 * index) % 251, ramp, np.full_like(ramp, index)], -1).astype(
        np.uint8
    )


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))[1].tobytes()


def shards(folder: Path, *, number: int, per_shard: int = 5, **bad: bytes) -> list[Path]:
    """Shards of pictures; ``bad`` has contents of some by their keys."""
    with ShardWriter(folder, samples_per_shard=per_shard) as writer:
        for index in range(number):
            key = f"s{index:03d}"
            text = f"ball {index}".encode()
            writer.write(key, dict(png=bad.get(key, png(picture(index))), txt=text))
    return sorted(folder.glob("*.tar"))


class ToyRegions(Labeller):
    """A box whose place is a function of the pixels, named by the caption.

    Args:
        batch_size: Of its batches.
        pause: Seconds that a batch takes.
    """

    name = "regions"
    reads_captions = True
    teachers = (TeacherRecord(role="boxes", source="toy", revision="1", licence="none"),)

    def __init__(self, batch_size: int = 2, pause: float = 0.0) -> None:
        self.batch_size, self.pause = batch_size, pause
        self.settings = dict(batch_size=batch_size)
        self.batches: list[list[float]] = []

    def prepare(self, picture: Picture) -> Any:
        if picture.pixels.max() > 253:
            raise DataError("too bright")
        return picture.pixels.shape[:2], float(picture.pixels.mean()), picture.captions[0]

    def bucket(self, prepared: Any) -> Hashable:
        return prepared[0]

    def label(self, batch: Sequence[Any]) -> Sequence[Any]:
        time.sleep(self.pause)
        self.batches.append([mean for _, mean, _ in batch])
        return [(mean / 256, text) for _, mean, text in batch]

    def finish(self, answer: Any) -> Labels:
        share, text = answer
        entry = dict(box=[0.0, 0.0, share + 0.1, 0.5], text=text, score=0.5)
        members = {"regions.json": json.dumps([entry]).encode()}
        return Labels(members=members, meta=dict(tagger="toy"), counts=dict(boxes=1))


def work(folder: str, out: str, pause: float, stale: float) -> None:
    """A worker, for a process of its own; the shards it labelled are lines of ``OUT.log``."""

    def tell(text: str) -> None:
        with Path(f"{out}.log").open("a") as log:
            log.write(f"{text}\n")

    label_shards(
        sorted(Path(folder).glob("*.tar")),
        Path(out),
        Labelling(labellers=[ToyRegions(pause=pause)], threads=2),
        claims=Claims(Path(out), stale=stale),
        tell=tell,
    )
