"""Shards of a few bytes."""

from pathlib import Path

from argus.datasets.shards.writer import ShardWriter


def write_shards(
    folder: Path,
    number: int,
    *,
    per_shard: int = 4,
    kind: str = "txt",
    without: tuple[int, ...] = (),
) -> Path:
    """Samples ``s000``, ``s001``, ... whose member is their number, but for some of them."""
    with ShardWriter(folder, samples_per_shard=per_shard) as writer:
        for index in range(number):
            if index in without:
                continue
            writer.write(f"s{index:03d}", {kind: str(index).encode()})
    return folder
