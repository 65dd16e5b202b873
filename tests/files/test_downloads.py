"""Fetching a file from a server on localhost: whole, in parts, and not at all."""

import errno
import fcntl
import os
import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from argus.errors import DataError
from argus.files import downloads
from argus.files.downloads import fetch
from tests.file_server import FileServer, serve

CONTENT = os.urandom(300_000)
MOST = 10**6


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serve(FileServer(CONTENT)) as running:
        yield running


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "file.part"


def break_off(server: FileServer, part: Path) -> None:
    server.ends_after = 100_000
    with pytest.raises(DataError, match="broke .100,000 of 300,000 bytes came.*goes on from there"):
        fetch(server.url, part, most_bytes=MOST)
    assert part.read_bytes() == CONTENT[:100_000]


def test_fetch__whole_with_progress(server: FileServer, part: Path) -> None:
    seen: list = []
    fetch(server.url, part, most_bytes=MOST, progress=lambda *numbers: seen.append(numbers))
    assert part.read_bytes() == CONTENT
    assert seen[-1] == (300_000, 300_000)


def test_fetch__the_rest_alone_is_asked_for(server: FileServer, part: Path) -> None:
    break_off(server, part)
    fetch(server.url, part, most_bytes=MOST)
    assert part.read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=100000-"]
    fetch(server.url, part, most_bytes=MOST)  # whole, and not yet put in place
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize("tag", ['"2"', 'W/"1"', None])
def test_fetch__parts_of_two_versions_are_not_joined(
    tag: str | None, server: FileServer, part: Path
) -> None:
    if tag != '"2"':
        server.tag = tag  # says nothing about bytes
    break_off(server, part)
    server.tag, server.content = tag, CONTENT[::-1]
    fetch(server.url, part, most_bytes=MOST)
    assert part.read_bytes() == CONTENT[::-1]


def test_fetch__a_part_that_is_longer_than_the_file_is_dropped(
    server: FileServer, part: Path
) -> None:
    fetch(server.url, part, most_bytes=MOST)
    server.content = CONTENT[:1000]
    fetch(server.url, part, most_bytes=MOST)
    assert part.read_bytes() == CONTENT[:1000]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE html><title>Sign in</title>", "answered with a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a pointer of Git LFS"),
    ],
)
def test_fetch__what_is_not_the_file_leaves_nothing(
    content: bytes, message: str, server: FileServer, part: Path
) -> None:
    server.content = content
    with pytest.raises(DataError, match=message):
        fetch(server.url, part, most_bytes=MOST)
    assert not list(part.parent.iterdir())


def test_fetch__too_large_is_refused_before_it_comes(server: FileServer, part: Path) -> None:
    with pytest.raises(DataError, match="at most 299,999 bytes, found 300,000"):
        fetch(server.url, part, most_bytes=299_999)
    assert not part.exists()


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"])
def test_fetch__follows_to_http_alone(target: str, server: FileServer, part: Path) -> None:
    server.redirect = target
    with pytest.raises(DataError, match=f"sends on to {target}, which is not followed"):
        fetch(server.url, part, most_bytes=MOST)
    assert not list(part.parent.iterdir())


def test_fetch__follows_to_another_server(server: FileServer, part: Path) -> None:
    with serve(FileServer(b"", redirect=server.url)) as first:
        fetch(first.url, part, most_bytes=MOST)
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://host/x", "http://", "http://[x", "http://a b", "http://a:b"],
)
def test_fetch__other_addresses_are_refused(url: str, part: Path) -> None:
    with pytest.raises(DataError, match="Expected an address of http or https"):
        fetch(url, part, most_bytes=MOST)
    assert not part.exists()


@pytest.mark.parametrize(
    ("status", "message"), [(404, "is not there"), (403, "wants a login"), (503, "HTTP 503")]
)
def test_fetch__status(status: int, message: str, server: FileServer, part: Path) -> None:
    server.status = status
    with pytest.raises(DataError, match=message):
        fetch(server.url, part, most_bytes=MOST)


def test_fetch__no_connection(part: Path) -> None:
    with serve(FileServer(CONTENT)) as gone:
        pass
    with pytest.raises(DataError, match="127.0.0.1 cannot be reached .*no connection"):
        fetch(gone.url, part, most_bytes=MOST)
    assert not list(part.parent.iterdir())


def test_fetch__disk_full(server: FileServer, part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "free")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: usage(10))
        with pytest.raises(DataError, match="needs 300,000 bytes more, and .* has 10 free"):
            fetch(server.url, part, most_bytes=MOST)

    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(downloads, "_receive", full)
    with pytest.raises(DataError, match="No space left on device. Make room"):
        fetch(server.url, part, most_bytes=MOST)


def test_fetch__two_at_once(server: FileServer, part: Path) -> None:
    with part.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DataError, match="being written by another process"):
            fetch(server.url, part, most_bytes=MOST)
