"""Shards of small pictures with captions, regions and depth; and a tokenizer for them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from argus.datasets.shards.writer import ShardWriter
from argus.mtv.data.train_tokenizer import train_tokenizer

SIZE = (40, 60)
LENGTH = 24
WORDS = ("red ball", "blue box", "green cone", "tall tree", "old table", "white snowman")
LABELS = dict(vl="captions", ssl="crops", grounding="regions", depth="depth")


def picture(index: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """(h, w, 3) uint8 of one colour per number."""
    return np.full((*size, 3), (index * 37 % 256, index * 91 % 256, 120), np.uint8)


def encoded(image: np.ndarray, suffix: str = ".png") -> bytes:
    return cv2.imencode(suffix, image)[1].tobytes()


def sample(index: int) -> dict[str, dict[str, bytes]]:
    """Members of a good sample by side-car."""
    name = WORDS[index % len(WORDS)]
    depth = np.linspace(0, 65535, SIZE[0] // 2 * SIZE[1] // 2).reshape(SIZE[0] // 2, SIZE[1] // 2)
    return dict(
        images=dict(png=encoded(picture(index)), txt=f"picture {index}: a {name}!".encode()),
        regions={
            "regions.json": json.dumps(
                [dict(box=[0.1, 0.2, 0.8, 0.9], text=name, score=0.5)]
            ).encode()
        },
        depth={
            "depth.png": encoded(depth.astype(np.uint16)),
            "depth.json": b'{"min": 1.0, "max": 3.0}',
        },
    )


def write(
    root: Path, samples: Sequence[dict[str, dict[str, bytes]]], *, per_shard: int = 4
) -> Path:
    for part in ("images", "regions", "depth"):
        with ShardWriter(root / part, samples_per_shard=per_shard) as writer:
            for index, members in enumerate(samples):
                if part in members:
                    writer.write(f"s{index:03d}", members[part])
    return root


def tokenizer(folder: Path) -> str:
    texts = [f"picture {i}: a {name}" for i in range(30) for name in WORDS] + list(WORDS)
    train_tokenizer(texts, folder, vocabulary=60, length=LENGTH)
    return str(folder)


def config(root: Path, tokenizer: str, *, labels: dict[str, str] = LABELS, **keys: Any) -> dict:
    """Of the data set with all labels."""
    crops = [dict(type="LocalCrops", number=2, size=8)] if "crops" in labels.values() else []
    return dict(
        type="ShardPairs",
        data=str(root / "images"),
        regions=str(root / "regions"),
        depth=str(root / "depth"),
        pipeline=[
            *crops,
            dict(type="RandomView", size=32, min_side=2),
            dict(type="PackPairs", labels=labels, tokenizer=tokenizer),
        ],
        **keys,
    )
