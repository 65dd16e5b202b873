"""Files are read within limits, wherever they come from."""

import http.server
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mmengine.fileio import BaseStorageBackend, register_backend

from argus.datasets.transforms import reading
from argus.datasets.transforms.reading import read_bytes
from argus.errors import DataError
from tests.file_server import FileServer, serve
from tests.local_server import serving


class Endless(http.server.BaseHTTPRequestHandler):
    """Answers ``/file`` with three bytes, and any other path without end."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        if self.path == "/file":
            self.wfile.write(b"abc")
            return
        try:
            while True:
                self.wfile.write(bytes(2**16))
        except OSError:
            pass

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with serving(Endless) as url:
        yield url


class Memory(BaseStorageBackend):
    """A store of the user's."""

    def get(self, filepath: str) -> bytes:
        return bytes(int(Path(filepath).name))

    def get_text(self, filepath: str, encoding: str = "utf-8") -> str:
        return self.get(filepath).decode(encoding)


register_backend("argus_test_memory", Memory, prefixes="argus-test", force=True)
LOCAL = dict(backend="local")


@pytest.mark.parametrize("options", [None, LOCAL])
def test_disk__regular_files_alone(tmp_path: Path, options: dict[str, Any] | None) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    assert read_bytes(tmp_path / "file", options) == b"abc"
    os.mkfifo(tmp_path / "pipe")
    for path, message in (
        (tmp_path / "pipe", "a pipe, not a regular file"),
        ("/dev/zero", "a device, not a regular file"),
        (tmp_path, "a folder, not a regular file"),
        (tmp_path / "none", "no such file"),
    ):
        with pytest.raises(DataError, match=message):
            read_bytes(path, options)


@pytest.mark.parametrize("options", [None, LOCAL])
def test_disk__too_many_bytes(
    tmp_path: Path, options: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argus.files.regular.MAX_FILE_BYTES", 2)
    (tmp_path / "file").write_bytes(b"abc")
    with pytest.raises(DataError, match="larger than 2 bytes"):
        read_bytes(tmp_path / "file", options)


@pytest.mark.parametrize("options", [None, dict(backend="http")])
def test_network__ends_at_the_limit(
    address: str, options: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_bytes(f"{address}/file", options) == b"abc"
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 2**21)
    with pytest.raises(DataError, match="larger than"):
        read_bytes(f"{address}/endless", options)


@pytest.mark.parametrize("path", ["file:///dev/zero", "/dev/zero", "ftp://127.0.0.1/x"])
def test_network__no_other_addresses(path: str) -> None:
    with pytest.raises(DataError, match="Expected an address of http or https"):
        read_bytes(path, dict(backend="http"))


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"])
def test_network__follows_to_http_alone(target: str) -> None:
    with serve(FileServer(b"abc", redirect=target)) as server:
        with pytest.raises(DataError, match=f"sends on to {target}, which is not followed"):
            read_bytes(server.url)


def test_network__follows_to_another_server_but_not_in_circles() -> None:
    with serve(FileServer(b"abc")) as server, serve(FileServer(b"", redirect=server.url)) as first:
        assert read_bytes(first.url) == b"abc"
        first.redirect = first.url
        with pytest.raises(DataError, match="not in circles"):
            read_bytes(first.url)


@pytest.mark.parametrize(("status", "words"), [(404, "is not there"), (503, "HTTP 503")])
def test_network__status(status: int, words: str) -> None:
    with serve(FileServer(b"abc", status=status)) as server:
        with pytest.raises(DataError, match=words):
            read_bytes(server.url)


def test_network__file_that_breaks_off_or_says_that_it_is_too_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serve(FileServer(bytes(1000), ends_after=10)) as server:
        with pytest.raises(DataError, match="cannot be read: 10 of 1,000 bytes came"):
            read_bytes(server.url)
        assert read_bytes(server.url) == bytes(1000)
        monkeypatch.setattr(reading, "MAX_FILE_BYTES", 999)
        server.ends_after = 0
        with pytest.raises(DataError, match="larger than"):
            read_bytes(server.url)


def test_other_backends__of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_bytes("argus-test://5") == bytes(5)
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 4)
    with pytest.raises(DataError, match="larger than"):
        read_bytes("argus-test://5")


@pytest.mark.parametrize(
    ("path", "options"), [("gopher://x/a.png", None), ("a.png", dict(backend="none"))]
)
def test_backend__unknown(path: str, options: dict[str, Any] | None) -> None:
    with pytest.raises(DataError, match="mmengine has no file backend for it"):
        read_bytes(path, options)
