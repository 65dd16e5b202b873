"""Labels of several side-cars in one shard: what is joined, what is copied, what is told."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from argus.datasets.shards.shard_set import ShardSet
from argus.datasets.shards.writer import ShardWriter
from argus.errors import ConfigError
from argus.mtv.corpus.labelled import LabelledShards
from argus.mtv.corpus.merging import Merge, joined_regions, merge_shard
from argus.mtv.data.regions import NamedBoxes, regions_in
from argus.mtv.data.shard_pairs import ShardPairs
from tests.mtv.data import toy
from tools.mtv.merge import main

REGIONS, DEPTH = "regions.json", ("depth.png", "depth.json")


def entry(box: list[float], text: str, score: float) -> dict[str, Any]:
    return dict(box=box, text=text, score=score)


def write(folder: Path, samples: dict[str, dict[str, Any]]) -> Path:
    with ShardWriter(folder, samples_per_shard=100) as writer:
        for key, members in samples.items():
            coded = {
                kind: value if isinstance(value, bytes) else json.dumps(value).encode()
                for kind, value in members.items()
            }
            writer.write(key, coded)
    return folder


LEFT, NEAR, RIGHT = [0.0, 0.0, 0.5, 1.0], [0.0, 0.0, 0.45, 1.0], [0.5, 0.0, 1.0, 1.0]
FIRST: dict[str, dict[str, Any]] = {
    "a": {
        REGIONS: [entry(LEFT, "dog", 0.5), entry(RIGHT, "dog", 0.4)],
        "meta.json": dict(regions=dict(tagger="one", tags=["dog", "beach"])),
        "depth.png": b"first",
    },
    "b": {REGIONS: [], "meta.json": dict(failed=dict(depth="too long"))},
    "c": {REGIONS: [entry(LEFT, "cat", 0.9)]},
}
SECOND: dict[str, dict[str, Any]] = {
    "a": {
        REGIONS: [entry(NEAR, "Dog", 0.8), entry(LEFT, "animal", 0.3)],
        "meta.json": dict(regions=dict(tagger="two", tags=["animal", "dog"])),
        "depth.png": b"second",
        "depth.json": b"{}",
    },
    "b": {
        REGIONS: [entry(LEFT, "cup", 0.7)],
        "meta.json": dict(failed=dict(depth="odd", regions="none")),
        "depth.png": b"second",
        "depth.json": b"{}",
    },
}


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    write(tmp_path / "first", FIRST)
    write(tmp_path / "second", SECOND)
    images = {key: dict[str, Any](png=key.encode(), txt=b"a caption") for key in "abc"}
    return write(tmp_path / "images", images)


@pytest.fixture
def merge(tmp_path: Path) -> Merge:
    return Merge(side_cars=(tmp_path / "first", tmp_path / "second"))


def test_merge__by_hand(shards: Path, merge: Merge, tmp_path: Path) -> None:
    record = merge_shard(shards / "00000.tar", tmp_path / "out", merge)
    counts = {name: value for name, value in record.items() if isinstance(value, int)}
    # Of c the second has no entry; of a it has a map as well; one box of a dog is a better one's.
    assert counts == dict(
        samples=3, broken=0, absent=1, regions=6, kept=5, not_taken=1, unreadable=0
    )
    merged = LabelledShards(tmp_path / "out")
    a, b, c = (merged.shards.read(number) for number in range(3))
    found = regions_in(a[REGIONS])
    assert found.names == ("Dog", "dog", "animal")
    np.testing.assert_allclose(found.scores, [0.8, 0.4, 0.3], rtol=1e-6)
    np.testing.assert_allclose(found.boxes, [NEAR, RIGHT, LEFT], rtol=1e-6)
    assert (a["png"], a["txt"], c["png"]) == (b"a", b"a caption", b"c")
    assert a["depth.png"] == b"first" and "depth.json" not in a  # that is of the other map
    assert (b["depth.png"], b["depth.json"]) == (b"second", b"{}")
    assert regions_in(b[REGIONS]).names == ("cup",)
    assert json.loads(c[REGIONS]) == FIRST["c"][REGIONS] and "meta.json" not in c
    assert merged.labels(0).tags == ("dog", "beach", "animal")
    assert merged.labels(1).faults == ("depth: too long; odd", "regions: none")
    assert json.loads(a["meta.json"])["merged"] == [
        FIRST["a"]["meta.json"],
        SECOND["a"]["meta.json"],
    ]


def test_merge__labels_only_are_side_cars(shards: Path, merge: Merge, tmp_path: Path) -> None:
    more = Merge(side_cars=merge.side_cars, labels_only=True, most=1)
    merge_shard(shards / "00000.tar", tmp_path / "out", more)
    kinds = [set(ShardSet(tmp_path / "out").read(number)) for number in range(3)]
    assert kinds[0] == {REGIONS, "meta.json", "depth.png"} and kinds[2] == {REGIONS}
    dataset = ShardPairs(str(shards), regions=str(tmp_path / "out"))
    assert [dataset.region_names(number) for number in range(3)] == [("Dog",), ("cup",), ("cat",)]


def test_merge__of_one_labelling_copies_its_bytes(tmp_path: Path) -> None:
    """And what training reads of the whole is what it reads of the parts."""
    samples = [toy.sample(index) for index in range(3)]
    root = toy.write(tmp_path / "toy", samples, per_shard=2)
    labels = [str(root / "regions"), str(root / "depth")]
    out = tmp_path / "out"
    assert main([str(root / "images"), "--labels", *labels, "--out", str(out)]) == 0
    merged = ShardSet(out)
    for number, sample in enumerate(samples):
        assert merged.read(number) == sample["images"] | sample["regions"] | sample["depth"]
    whole, parts = ShardPairs(str(out)), ShardPairs(str(root / "images"), regions=labels[0])
    assert whole.region_names(1) == parts.region_names(1) and len(whole) == 3


def test_joined_regions__are_those_of_brute_force() -> None:
    generator = np.random.default_rng(0)

    def labelling(number: int) -> NamedBoxes:
        corners = np.sort(generator.random((number, 2, 2)), axis=1).astype(np.float32)
        names = tuple(generator.choice(["cup", "Cup", "dog"], number))
        scores = (generator.integers(1, 6, number) / 5).astype(np.float32)  # many are equal
        return NamedBoxes(boxes=corners.reshape(-1, 4), names=names, scores=scores)

    found = [labelling(30), labelling(0), labelling(40)]
    rows = [
        (-score, place, box, name)
        for place, (box, name, score) in enumerate(
            row for own in found for row in zip(own.boxes, own.names, own.scores, strict=True)
        )
    ]
    kept: list[tuple[np.ndarray, str]] = []
    for _, _, box, name in sorted(rows, key=lambda row: row[:2]):
        if all(
            other.lower() != name.lower() or overlap(box, better) <= 0.3 for better, other in kept
        ):
            kept.append((box, name))
    joined = joined_regions(found, nms_iou=0.3)
    assert 10 < len(joined) < 60 and joined.names == tuple(name for _, name in kept)
    np.testing.assert_array_equal(joined.boxes, [box for box, _ in kept])
    assert joined_regions(found, nms_iou=0.3, most=4).names == joined.names[:4]


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    both = float(sides.clip(0).prod())
    areas = float((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod())
    return both / (areas - both)


def test_merge__goes_on_and_mixes_nothing(shards: Path, merge: Merge, tmp_path: Path) -> None:
    shard, out = shards / "00000.tar", tmp_path / "out"
    merge_shard(shard, out, merge)
    (out / shard.name).write_bytes(b"another")
    merge_shard(shard, out, merge)  # as the record says, without work
    assert (out / shard.name).read_bytes() == b"another"
    with pytest.raises(ConfigError, match="Give another folder to --out"):
        merge_shard(shard, out, Merge(side_cars=merge.side_cars[:1]))
    with pytest.raises(ConfigError, match="an overlap in"):
        Merge(side_cars=(), nms_iou=0)


def test_tool__tells_what_does_not_belong(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "other", dict(x={REGIONS: []}))
    write(tmp_path / "odd", {key: {REGIONS: b"{", "txt": b"x"} for key in "abc"})
    for folder, status, told in (
        ("odd", 0, "3 samples, 3 of 3 regions kept; 3 members not taken, since an earlier"),
        ("other", 1, "other/00000.tar: none of its keys"),
        ("nowhere", 1, "nowhere/00000.tar: no such side-car"),
    ):
        out = tmp_path / f"out_{folder}"
        labels = [str(tmp_path / "first"), str(tmp_path / folder)]
        assert main([str(shards), "--labels", *labels, "--out", str(out)]) == status
        assert told in "".join(capsys.readouterr())
        assert (out / "00000.tar").exists() == (status == 0)
