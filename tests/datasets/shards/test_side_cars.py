"""Side-cars are joined by keys, and say what they lack."""

import shutil
from pathlib import Path

import pytest

from argus.datasets.shards.shard_set import ShardSet, SideCar
from argus.datasets.shards.writer import ShardWriter
from argus.errors import DataError
from tests.datasets.shards.toy import write_shards


@pytest.fixture
def main(tmp_path: Path) -> ShardSet:
    return ShardSet(write_shards(tmp_path / "images", 8))


def test_side_car__another_order_of_keys_is_followed(main: ShardSet, tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "car", samples_per_shard=4) as writer:
        for index in (3, 1, 0, 2, 4, 5, 7, 6):
            writer.write(f"s{index:03d}", {"txt": b"%d" % index, "more": b""})
    car = SideCar(main, tmp_path / "car")
    assert [car.read(i, ("txt",)) for i in range(8)] == [{"txt": b"%d" % i} for i in range(8)]
    assert not car.notes


def test_side_car__missing_keys_are_counted_and_fail_alone(main: ShardSet, tmp_path: Path) -> None:
    write_shards(tmp_path / "car", 4, without=(2,))
    write_shards(tmp_path / "second", 8)
    shutil.copy(tmp_path / "second/00001.tar", tmp_path / "car/00001.tar")
    car = SideCar(main, tmp_path / "car")
    assert "1 sample of 8" in car.notes[0]
    assert car.read(3, ("txt",)) == {"txt": b"3"}
    with pytest.raises(DataError, match=r"00000.tar: no entry for the sample 's002'"):
        car.read(2, ("txt",))


def test_side_car__of_other_shards_is_refused(main: ShardSet, tmp_path: Path) -> None:
    write_shards(tmp_path / "few", 4)
    with pytest.raises(DataError, match=r"1 shard of 2 .* no side-car: 00001.tar"):
        SideCar(main, tmp_path / "few")
    with ShardWriter(tmp_path / "other", samples_per_shard=4) as writer:
        for index in range(8):
            writer.write(f"x{index}", {"txt": b""})
    with pytest.raises(DataError, match="belongs to another shard"):
        SideCar(main, tmp_path / "other")
    with pytest.raises(DataError, match="no such folder"):
        SideCar(main, tmp_path / "absent")
