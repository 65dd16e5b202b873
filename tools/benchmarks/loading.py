"""What reading shards by place costs a core: MTV's data against a plain ``webdataset``, in turns.

Both read the same shards in one process, shuffled, and decode pictures with the same function. The
plain one streams: shards in random order, and a shuffle buffer of as many samples as the windows of
ours have.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from argus.datasets.shards.order import ShardOrder
from argus.datasets.shards.shard_set import ShardSet
from argus.datasets.shards.writer import ShardWriter
from argus.datasets.transforms.loading import decode_image
from tools.benchmarks.report import Case, Result, Settings

_PER_SHARD = 64


class _Shards:
    """Shards of smooth pictures in a folder that goes with the object."""

    def __init__(self, settings: Settings) -> None:
        self.number, self.size = (64, 96) if settings.quick else (512, 512)
        self._folder = tempfile.TemporaryDirectory(prefix="argus_shards_")
        self.path = Path(self._folder.name)
        generator = np.random.default_rng(0)
        with ShardWriter(self.path, samples_per_shard=_PER_SHARD) as writer:
            for index in range(self.number):
                coarse = generator.integers(0, 256, (24, 32, 3), dtype=np.uint8)
                picture = cv2.resize(coarse, (self.size * 4 // 3, self.size))
                content = cv2.imencode(".jpg", picture)[1].tobytes()
                text = json.dumps({"captions": [f"picture {index}", "a picture"]})
                writer.write(f"{index:06d}", {"jpg": content, "json": text.encode()})

    @property
    def urls(self) -> list[str]:
        return sorted(map(str, self.path.glob("*.tar")))


def cases(settings: Settings) -> Iterator[Case]:
    """Reading alone, reading and decoding, and all that a training does."""
    shards = _Shards(settings)
    yield Case("bytes alone", partial(_bytes, settings, shards))
    yield Case("decoded", partial(_decoded, settings, shards))
    yield Case("decoded, six crops and a view", partial(_transformed, settings, shards))


def _bytes(settings: Settings, shards: _Shards) -> Result:
    found = ShardSet(shards.path)
    return _against_plain(settings, shards, found.read, lambda sample: None)


def _decoded(settings: Settings, shards: _Shards) -> Result:
    try:
        from argus.mtv.data import ShardPairs
        from argus.mtv.data.captions import captions_in, usable
    except ImportError as error:
        return Result(note=f"{error.name} is not installed (the extra mtv)")

    def decode(sample: Mapping[str, bytes]) -> None:
        decode_image(sample["jpg"])
        usable(captions_in({"json": sample["json"]}))

    return _against_plain(settings, shards, ShardPairs(str(shards.path)).load, decode)


def _against_plain(
    settings: Settings,
    shards: _Shards,
    load: Callable[[int], object],
    decode: Callable[[Mapping[str, bytes]], None],
) -> Result:
    """Epochs by our order and what loads a sample, against those of a stream and what decodes."""
    order, epochs = ShardOrder(ShardSet(shards.path).starts, seed=0), count()

    def ours() -> None:
        epoch = next(epochs)
        for place in range(shards.number):
            load(order(epoch, place))

    try:
        import webdataset
    except ImportError:
        milliseconds = settings.measure(ours).milliseconds
        return Result({"ours_images_per_s": shards.number / milliseconds * 1e3})

    def plain() -> None:
        stream: Any = webdataset.WebDataset(shards.urls, shardshuffle=len(shards.urls))
        number = 0
        for sample in stream.shuffle(order.window * _PER_SHARD):
            number += 1
            decode(sample)
        assert number == shards.number, number

    found = settings.compare(ours, plain)
    return Result(
        {
            "ours_images_per_s": shards.number / found.first_ms * 1e3,
            "plain_images_per_s": shards.number / found.second_ms * 1e3,
            "ratio": found.ratio,
            "ratio_low": found.low,
            "ratio_high": found.high,
        }
    )


def _transformed(settings: Settings, shards: _Shards) -> Result:
    try:
        from argus.mtv.data import ShardPairs
    except ImportError as error:
        return Result(note=f"{error.name} is not installed (the extra mtv)")
    sizes = (32, 16) if settings.quick else (224, 96)
    pipeline: list[dict[str, Any]] = [
        dict(type="LocalCrops", size=sizes[1]),
        dict(type="RandomView", size=sizes[0]),
        dict(type="PackPairs", labels=dict(ssl="crops")),
    ]
    dataset = ShardPairs(str(shards.path), pipeline=pipeline)

    def work() -> None:
        for index in range(shards.number):
            dataset[index]

    milliseconds = settings.measure(work).milliseconds
    return Result({"ours_images_per_s": shards.number / milliseconds * 1e3})
