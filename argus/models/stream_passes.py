"""How the backbone runs over the streams of a step: one by one, or once over all of them.

A pass gives each stream's batch with what its decoders take, images or maps, in the order of the
streams. The numbers are the same, where the backbone draws nothing at random.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from argus.errors import ConfigError
from argus.models.backbones.traits import PackingBackbone
from argus.models.randomness import seed_all
from argus.models.stream_batch import Inputs, StreamBatch

Streams = Iterable[tuple[str, StreamBatch]]
"""Batches by stream; each is made when it is asked for."""
Seeds = Mapping[str, int]


def one_by_one(
    backbone: Any, streams: Streams, seeds: Seeds
) -> Iterator[tuple[StreamBatch, Inputs]]:
    """Each stream after the decoders of the one before it are done.

    A decoder of a batch of its own runs the backbone itself; that of a shared stream is seeded by
    the stream.
    """
    for name, batch in streams:
        if batch.is_shared and batch.images is not None:
            if name in seeds:
                seed_all(seeds[name])
            yield batch, backbone(batch.images)
        else:
            yield batch, batch.images


def packed(backbone: Any, streams: Streams, seeds: Seeds) -> Iterator[tuple[StreamBatch, Inputs]]:
    """One pass over all streams, seeded by the first; then stream by stream."""
    check_packing(backbone)
    named = list(streams)
    images = [batch.images for _, batch in named if batch.images is not None]
    first = named[0][0]
    if first in seeds:
        seed_all(seeds[first])
    maps = iter(backbone.forward_packed(images) if images else ())
    for _, batch in named:
        yield batch, None if batch.images is None else next(maps)


def check_packing(backbone: Any) -> None:
    """Refuse a backbone that runs over pictures of one size alone.

    Raises:
        ConfigError: Naming its class.
    """
    if not isinstance(backbone, PackingBackbone):
        raise ConfigError(
            "train_cfg.schedule='packed': expected a backbone that runs over pictures of several "
            f"sizes at once (ViTAdapter, PlainViT), but {type(backbone).__name__} has no method "
            "forward_packed. Take 'joint' or 'sequential'."
        )


PASSES = {"loss": one_by_one, "packed": packed}
"""By the mode of the model's forward."""
