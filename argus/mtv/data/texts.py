"""The texts of a data set without its pictures."""

from collections.abc import Iterator
from pathlib import Path

from argus.datasets.census.entries import spread
from argus.errors import DataError
from argus.mtv.data.own_pairs import ALL, OwnPairs
from argus.mtv.data.pairs import Pairs
from argus.mtv.data.shard_pairs import ShardPairs


def pairs_in(data: str) -> Pairs:
    """Shards, or own pictures and captions: whichever they are.

    Raises:
        DataError: They are neither.
    """
    path = Path(data)
    if path.suffix == ".tar" or (path.is_dir() and any(path.glob("*.tar"))):
        return ShardPairs(data)
    return OwnPairs(data, split=ALL)


def texts_of(data: str, *, regions: str | None = None, most: int) -> Iterator[str]:
    """Captions and names of regions, from pictures spread over the data.

    Args:
        data: As for :func:`pairs_in`.
        regions: Folder of side-car shards, or ``None`` for captions alone.
        most: Pictures that are looked at.

    Raises:
        DataError: The data cannot be read; what single samples lack is passed over.
    """
    pairs = pairs_in(data)
    side_car = ShardPairs(data, regions=regions) if regions is not None else None
    for index in spread(len(pairs), most):
        try:
            yield from pairs.captions(index)
            if side_car is not None:
                yield from side_car.region_names(index)
        except DataError:
            continue
