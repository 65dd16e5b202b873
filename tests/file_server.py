"""A server of one file on localhost: with ranges and versions, and what goes wrong with servers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.local_server import serving


@dataclass
class FileServer:
    """What it serves, and how.

    Args:
        content: Of the file.
        tag: Its version.
        ends_after: Bytes after which it breaks the connection, once.
        redirect: Where it sends on to, instead of serving.
        status: Instead of 200.
        ranges: The Range header of every request.
    """

    content: bytes
    tag: str | None = '"1"'
    ends_after: int | None = None
    redirect: str | None = None
    status: int = 200
    ranges: list[str | None] = field(default_factory=list)
    url: str = ""


@contextmanager
def serve(server: FileServer) -> Iterator[FileServer]:
    """Serve on a free port."""
    with serving(type("Handler", (_Handler,), {"file": server})) as server.url:
        yield server


class _Handler(BaseHTTPRequestHandler):
    file: FileServer

    def do_GET(self) -> None:
        file, content = self.file, self.file.content
        file.ranges.append(self.headers["Range"])
        start, status = 0, file.status
        if file.redirect is not None:
            self.send_response(302)
            self.send_header("Location", file.redirect)
            self.end_headers()
            return
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        if asked and self.headers["If-Range"] == file.tag:
            start, status = int(asked[1]), 206
        if start >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.end_headers()
            return
        self.send_response(status)
        if status == 206:
            last = len(content) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
        if file.tag is not None:
            self.send_header("ETag", file.tag)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start : file.ends_after])
        file.ends_after = None

    def log_message(self, *arguments: object) -> None:
        """Keep the tests' output clean."""
