"""A shard in, its side-car out."""

import json
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

from argus.datasets.shards.shard_set import ShardSet
from argus.errors import ConfigError, DataError
from argus.mtv.data.shard_pairs import ShardPairs
from argus.mtv.labelling.done import read_done, verify
from argus.mtv.labelling.shard import Labelling, label_shard
from argus.mtv.labelling.stream import WINDOW, labelled
from tests.mtv.labelling import toy


def test_side_car__is_what_training_reads(tmp_path: Path) -> None:
    (shard,) = toy.shards(tmp_path / "images", number=5)
    labelling = Labelling(labellers=[toy.ToyRegions()])
    record = label_shard(shard, tmp_path / "out", labelling)
    pairs = ShardPairs(str(tmp_path / "images"), regions=str(tmp_path / "out"))
    for index in range(5):
        regions = pairs.load(index)["regions"]
        assert regions.names == (f"ball {index}",)
        width = toy.picture(index).mean() / 256 + 0.1
        np.testing.assert_allclose(regions.boxes, [[0, 0, width, 0.5]], rtol=1e-6)
    side_car = ShardSet(tmp_path / "out")
    meta = json.loads(side_car.read(3)["meta.json"])
    assert meta == dict(settings=labelling.settings(), regions=dict(tagger="toy"))
    assert record["samples"] == 5 and record["counts"] == dict(regions_boxes=5)
    assert record["labellers"][0]["teachers"][0]["licence"] == "none"
    assert record == {
        key: value
        for key, value in json.loads((tmp_path / "out/00000.tar.done").read_text()).items()
        if key != "format"
    }
    verify(tmp_path / "out", shard.name)


def test_side_car__is_the_same_bytes_whatever_the_threads(tmp_path: Path) -> None:
    (shard,) = toy.shards(tmp_path / "images", number=40, per_shard=40)
    found = set()
    for threads in (1, 5):
        labelling = Labelling(labellers=[toy.ToyRegions(batch_size=3)], threads=threads)
        out = tmp_path / f"out{threads}"
        label_shard(shard, out, labelling)
        found.add(tuple(path.read_bytes() for path in sorted(out.glob("0*"))))
    assert len(found) == 1
    with tarfile.open(out / shard.name) as tar:
        assert {(entry.mtime, entry.uid, entry.uname) for entry in tar} == {(0, 0, "")}


def test_failures__are_counted_named_and_leave_no_label(tmp_path: Path) -> None:
    bright = toy.png(np.full((12, 12, 3), 255, np.uint8))
    (shard,) = toy.shards(tmp_path / "images", number=6, per_shard=6, s001=b"no", s004=bright)
    labelling = Labelling(labellers=[toy.ToyRegions()], max_failed=0.4)
    record = label_shard(shard, tmp_path / "out", labelling)
    assert record["failed"] == dict(picture=1, regions=1) and record["samples"] == 6
    (one, _, why), four = record["failures"]
    assert one == "s001" and "corrupt" in why and four == ["s004", "regions", "too bright"]
    side_car = ShardSet(tmp_path / "out")
    assert [side_car.key(index) for index in range(6)] == [f"s{index:03d}" for index in range(6)]
    assert set(side_car.read(4)) == {"meta.json"}
    assert json.loads(side_car.read(4)["meta.json"])["failed"] == dict(regions="too bright")
    pairs = ShardPairs(str(tmp_path / "images"), regions=str(tmp_path / "out"))
    assert [bool(pairs.sample_faults(index)) for index in range(6)] == [0, 1, 0, 0, 1, 0]

    with pytest.raises(DataError, match=r"2 of 6 samples cannot be labelled.* s001: picture: "):
        label_shard(shard, tmp_path / "none", Labelling(labellers=[toy.ToyRegions()]))
    assert list((tmp_path / "none").iterdir()) == []


def test_picture__that_a_labeller_stumbles_over_is_a_failure_and_a_full_disk_is_none(
    tmp_path: Path,
) -> None:
    """Or one odd picture would end all workers, one after the other."""
    (shard,) = toy.shards(tmp_path / "images", number=4)

    class Stumbling(toy.ToyRegions):
        def __init__(self, error: Exception) -> None:
            super().__init__()
            self.error = error

        def prepare(self, picture: toy.Picture) -> object:
            if picture.captions == ("ball 2",):
                raise self.error
            return super().prepare(picture)

    labelling = Labelling(labellers=[Stumbling(IndexError("no  such row"))], max_failed=0.5)
    record = label_shard(shard, tmp_path / "out", labelling)
    assert record["failures"] == [["s002", "regions", "IndexError: no such row"]]
    with pytest.raises(OSError, match="full"):
        label_shard(shard, tmp_path / "none", Labelling(labellers=[Stumbling(OSError("full"))]))
    assert list((tmp_path / "none").iterdir()) == []


def test_shard__that_is_cut_off_is_labelled_as_far_as_it_goes(tmp_path: Path) -> None:
    (shard,) = toy.shards(tmp_path / "images", number=20, per_shard=20)
    with shard.open("r+b") as file:
        file.truncate(ShardSet(shard).index(0).members(19)["png"][0] + 10)
    record = label_shard(shard, tmp_path / "out", Labelling(labellers=[toy.ToyRegions()]))
    assert record["source_fault"] and record["failed"] == dict(picture=1)
    (shard,) = toy.shards(tmp_path / "empty", number=0) or [tmp_path / "empty/0.tar"]
    tarfile.open(shard, "w").close()
    assert label_shard(shard, tmp_path / "out", Labelling(labellers=[]))["samples"] == 0


def test_done__of_other_settings_or_another_shard_is_refused(tmp_path: Path) -> None:
    (shard,) = toy.shards(tmp_path / "images", number=2)
    out, labelling = tmp_path / "out", Labelling(labellers=[toy.ToyRegions()])
    other = Labelling(labellers=[toy.ToyRegions(batch_size=3)]).settings()
    assert read_done(out, shard, settings=other) is None
    label_shard(shard, out, labelling)
    assert read_done(out, shard, settings=labelling.settings())
    with pytest.raises(ConfigError, match=r"two kinds would be mixed"):
        read_done(out, shard, settings=other)
    side_car = out / shard.name
    content = bytearray(side_car.read_bytes())
    content[600] ^= 1
    side_car.write_bytes(content)
    with pytest.raises(DataError, match="not what was written"):
        verify(out, shard.name)
    side_car.write_bytes(content[:1000])
    assert read_done(out, shard, settings=labelling.settings()) is None
    shutil.copy(side_car, shard)
    with pytest.raises(DataError, match="another one, or written anew"):
        read_done(out, shard, settings=labelling.settings())


def test_batches__are_of_one_shape_full_and_not_waited_for_too_long() -> None:
    """A picture of a rare shape comes out after so many others, in its place."""
    labeller = toy.ToyRegions(batch_size=2)
    number, rare = 60, 3

    def read(index: int) -> toy.Picture:
        shape = (9, 9, 3) if index == rare else (8, 8, 3)
        return toy.Picture(pixels=np.full(shape, index, np.uint8), captions=(str(index),))

    consumed = 0
    found = []
    for outcome in labelled(read, number, [labeller], threads=2):
        if len(found) == rare:
            consumed = sum(map(len, labeller.batches))
        found.append(json.loads(outcome["regions"].members["regions.json"])[0]["text"])  # type: ignore[union-attr]
    assert found == [str(index) for index in range(number)]
    assert consumed <= WINDOW * 2 + 2 + rare
    alone = labeller.batches.index([rare])
    assert {len(own) for n, own in enumerate(labeller.batches) if n != alone} == {2, 1}
    assert sum(len(own) == 1 for own in labeller.batches) == 2  # 59 others are odd
