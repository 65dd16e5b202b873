"""Getting a small data set, from a server on this machine in the place of its owner's."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from argus.datasets.convert import originals
from argus.datasets.convert.all_converters import CONVERTERS
from argus.datasets.convert.originals import ORIGINALS, get_original
from argus.errors import ConfigError, DataError
from tests.datasets.convert.archive_files import zip_bytes
from tests.file_server import FileServer, serve
from tools.data import get

MASKS = {f"repo/tools/GroundTruth/SOD/{number}.png": b"x" for number in range(1, 301)}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    with serve(FileServer(zip_bytes(MASKS))) as running:
        original = replace(ORIGINALS["sod"], url=f"{running.url}/HEAD.zip")
        monkeypatch.setitem(originals.ORIGINALS, "sod", original)
        yield running


def test_get__downloads_converts_and_counts(server, tmp_path: Path, capsys) -> None:
    out = tmp_path / "sod"
    assert get.main(["sod", "--to", str(out)]) == 0
    said = capsys.readouterr().out
    assert "ok       masks: 300" in said and "All counts are the published ones." in said
    assert (out / "masks/7.png").read_bytes() == b"x"
    assert not list(out.rglob("*.zip"))
    assert get.main(["sod", "--to", str(out)]) == 0
    assert server.ranges == [None]  # what is there is not fetched again


def test_get__goes_on_where_it_broke_off(server, tmp_path: Path) -> None:
    server.ends_after = 1000
    with pytest.raises(DataError, match="goes on from there") as error:
        get_original("sod", tmp_path)
    assert "By hand: get" in str(error.value)
    assert f"argus convert sod FILE_OR_FOLDER {tmp_path}" in str(error.value)
    assert all(count.is_whole for count in get_original("sod", tmp_path))
    assert server.ranges == [None, "bytes=1000-"]


def test_get__a_part_is_no_success(server, tmp_path: Path, capsys) -> None:
    server.content = zip_bytes(dict(list(MASKS.items())[:7]))
    assert get.main(["sod", "--to", str(tmp_path)]) == 1
    assert "PARTIAL  masks: 7 of 300 published" in capsys.readouterr().out


def test_get__another_hash_or_size_is_another_file(server, tmp_path: Path, monkeypatch) -> None:
    original = ORIGINALS["sod"]
    monkeypatch.setitem(ORIGINALS, "sod", replace(original, md5="0" * 32))
    with pytest.raises(DataError, match=f"MD5 .*expected {'0' * 32}.*not unpacked"):
        get_original("sod", tmp_path)
    monkeypatch.setitem(ORIGINALS, "sod", replace(original, most_bytes=100))
    with pytest.raises(DataError, match="expected at most 100 bytes"):
        get_original("sod", tmp_path)
    assert not list(tmp_path.rglob("*.zip*"))
    right = hashlib.md5(server.content).hexdigest()
    monkeypatch.setitem(ORIGINALS, "sod", replace(original, md5=right))
    assert all(count.is_whole for count in get_original("sod", tmp_path))


def test_get__what_is_at_hand(tmp_path: Path) -> None:
    archive = tmp_path / "at_hand.zip"
    archive.write_bytes(zip_bytes(MASKS))
    counts = get_original("sod", tmp_path / "out", source=str(archive))
    assert all(count.is_whole for count in counts)
    assert archive.is_file()


def test_get__an_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected one of camvid, .*found 'imagenet'"):
        get_original("imagenet", tmp_path)


def test_originals__are_those_that_the_converters_name() -> None:
    for name, original in ORIGINALS.items():
        place = original.url.removesuffix("/archive/HEAD.zip").rsplit("/", 1)[0]
        assert place in CONVERTERS[name].help
        assert CONVERTERS[name].default_out.startswith("data/small/")
