"""Small pictures leave shards, large ones become smaller; keys and other members stay."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from argus.datasets.shards.shard_set import ShardSet, SideCar
from argus.datasets.shards.writer import ShardWriter
from argus.errors import ConfigError
from argus.mtv.corpus.sieve import Sieve, sieve_shard
from tools.mtv.filter import main

SIEVE = Sieve(min_short_px=20, max_long_px=60)
# Width and height of each, and what becomes of it.
SIZES = {
    "fits": (60, 20),
    "small": (100, 19),
    "large": (120, 50),
    "high": (30, 90),
    "png": (90, 90),
    "gif": (61, 30),
}


def encoded(width: int, height: int, suffix: str) -> bytes:
    ramp = np.linspace(0, 255, width, dtype=np.uint8)[None].repeat(height, 0)
    done, content = cv2.imencode(suffix, cv2.merge([ramp, ramp, ramp]))
    assert done
    return bytes(content.tobytes())


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    with ShardWriter(tmp_path / "raw", samples_per_shard=100) as writer:
        for key, size in SIZES.items():
            kind = dict(png="png", gif="bmp").get(key, "jpg")
            text = dict(txt=key.encode(), json=json.dumps(dict(width=size[0])).encode())
            writer.write(f"a/{key}", {kind: encoded(*size, f".{kind}"), **text})
        writer.write("a/broken", dict(jpg=b"no picture", txt=b"broken"))
        writer.write("a/cut", dict(jpg=encoded(90, 90, ".jpg")[:300], txt=b"cut"))
        writer.write("a/alone", dict(txt=b"alone"))
    return tmp_path / "raw"


def test_sieve__by_hand(shards: Path, tmp_path: Path) -> None:
    record = sieve_shard(shards / "00000.tar", tmp_path / "out", SIEVE)
    counts = {name: record[name] for name in ("samples", "kept", "shrunk", "small", "broken")}
    assert counts == dict(samples=9, kept=5, shrunk=4, small=1, broken=3)
    before, after = ShardSet(shards), ShardSet(tmp_path / "out")
    keys = [after.key(number) for number in range(len(after))]
    assert keys == ["a/fits", "a/large", "a/high", "a/png", "a/gif"]  # in their order
    sizes = {}
    for number, key in enumerate(keys):
        found = after.read(number)
        original = before.read(next(n for n in range(len(before)) if before.key(n) == key))
        assert (found["txt"], found["json"]) == (original["txt"], original["json"])
        (kind,) = set(found) - {"txt", "json"}
        image = cv2.imdecode(np.frombuffer(found[kind], np.uint8), cv2.IMREAD_COLOR)
        sizes[key[2:]] = (kind, image.shape[1], image.shape[0])
        assert (found[kind] == original.get(kind)) == (key == "a/fits")
        # A ramp from black to white is one still: it is the whole picture, and no part of it.
        assert image[0, 0].max() < 12 and image[0, -1].min() > 243
    assert sizes == dict(
        fits=("jpg", 60, 20),
        large=("jpg", 60, 25),
        high=("jpg", 20, 60),
        png=("png", 60, 60),
        gif=("jpg", 60, 30),
    )


def test_sieve__side_cars_still_belong_to_it(shards: Path, tmp_path: Path) -> None:
    """Labels that were made before, of all pictures, are found by key."""
    with ShardWriter(tmp_path / "labels", samples_per_shard=100) as writer:
        for number in range(len(ShardSet(shards))):
            writer.write(ShardSet(shards).key(number), {"regions.json": b"[%d]" % number})
    sieve_shard(shards / "00000.tar", tmp_path / "out", SIEVE)
    main_set = ShardSet(tmp_path / "out")
    car = SideCar(main_set, tmp_path / "labels")
    found = [car.read(n, ["regions.json"])["regions.json"] for n in range(len(main_set))]
    assert found == [b"[0]", b"[2]", b"[3]", b"[4]", b"[5]"] and not car.notes


def test_sieve__goes_on_and_mixes_nothing(shards: Path, tmp_path: Path) -> None:
    shard, out = shards / "00000.tar", tmp_path / "out"
    sieve_shard(shard, out, SIEVE)
    content = (out / shard.name).read_bytes()
    (out / shard.name).write_bytes(b"another")
    assert sieve_shard(shard, out, SIEVE)["kept"] == 5  # as the record says, without work
    assert (out / shard.name).read_bytes() == b"another"
    (out / shard.name).unlink()
    sieve_shard(shard, out, SIEVE)
    assert (out / shard.name).read_bytes() == content  # the same bytes
    with pytest.raises(ConfigError, match="Give another folder to --out"):
        sieve_shard(shard, out, Sieve(min_short_px=10, max_long_px=60))
    with pytest.raises(ConfigError, match="the shards lie there"):
        sieve_shard(shard, shards, SIEVE)
    with pytest.raises(ConfigError, match="shortest side"):
        Sieve(min_short_px=300, max_long_px=200)


def test_tool__counts_and_tells(
    shards: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shards / "00001.tar").write_bytes(b"no tar file" * 100)
    limits = ["--min-short", "20", "--max-long", "60"]
    assert main([str(shards), "--out", str(tmp_path / "out"), *limits]) == 1
    out, err = capsys.readouterr()
    told = "9 samples, 5 kept (55.6 %), of them 4 made smaller; 1 too small, 3 broken"
    assert out.splitlines() == [f"00000.tar: {told}", f"1 shard: {told}"]
    assert err.startswith("error: ") and "00001.tar" in err
    assert sorted(p.name for p in (tmp_path / "out").glob("[!.]*")) == [
        "00000.tar",
        "00000.tar.sieved",
    ]
