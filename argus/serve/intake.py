"""What is taken in before anybody looks at it: the bodies of all requests, Gradio's included.

Bounded are the bytes of a body, the time that it takes to come, how many come at once, and what
the folder of uploads holds.
"""

import contextlib
import os
import time
from collections.abc import Mapping
from pathlib import Path

import anyio
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from argus.names.wording import counted
from argus.serve.uploads import MEGABYTE

# Of a form around the file.
_FORM_BYTES = 100_000
_MOST_SWALLOWED = 500 * MEGABYTE
# A slow line sends 20 MB in it.
UPLOAD_SECONDS = 60.0
MAX_UPLOADS = 32
MAX_KEPT_BYTES = 2048 * MEGABYTE


class LimitIntake:
    """Answer 408, 413 or 503 to what is too slow, too large or too much.

    Args:
        app: What answers the others.
        max_bytes: Of a file.
        folder: Of the uploads that Gradio keeps.
        seconds: A body may take to come.
        max_uploads: Bodies that come at the same time.
        max_kept_bytes: In the folder.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_bytes: int,
        folder: Path,
        seconds: float = UPLOAD_SECONDS,
        max_uploads: int = MAX_UPLOADS,
        max_kept_bytes: int = MAX_KEPT_BYTES,
    ) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.folder = folder
        self.seconds = seconds
        self.max_uploads = max_uploads
        self.max_kept_bytes = max_kept_bytes
        self._coming: set[_Body] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in place of the app, or let the app answer."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
            return
        body = _Body(self, receive, send)
        refusal = self._refusal_at_once(scope)
        if refusal is None:
            self._coming.add(body)
            try:
                await self._pass_on(scope, body)
            finally:
                self._coming.discard(body)
            refusal = body.refusal
        if refusal is not None and not body.is_answered:
            await refusal(scope, receive, send)

    async def _pass_on(self, scope: Scope, body: "_Body") -> None:
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal():
            body.refusal = _refuse(400, "Content-Length: expected a number")
        elif int(length) > self.max_bytes + _FORM_BYTES:
            if int(length) < _MOST_SWALLOWED:
                # Most clients read no answer before they have sent everything.
                await body.swallow()
            body.refusal = body.refusal or self._too_large(int(length))
        else:
            try:
                await self.app(scope, body.receive, body.send)
            except Exception:
                if body.refusal is None:
                    raise

    def _refusal_at_once(self, scope: Scope) -> Response | None:
        if len(self._coming) >= self.max_uploads:
            text = (
                f"{counted(self.max_uploads, 'upload comes', 'uploads come')} already; try again "
                "in a moment."
            )
            return _refuse(503, text, {"Retry-After": "5"})
        if scope["path"].endswith("/upload"):
            kept = _num_bytes(self.folder)
            if kept > self.max_kept_bytes:
                text = (
                    f"uploads of the last hour fill the {self.max_kept_bytes / MEGABYTE:g} MB that "
                    "are kept; try again later."
                )
                return _refuse(503, text, {"Retry-After": "600"})
        return None

    def _too_large(self, num_bytes: int) -> Response:
        found, limit = num_bytes / MEGABYTE, self.max_bytes / MEGABYTE
        return _refuse(413, f"The upload has {found:.1f} MB; at most {limit:g} MB are taken.")

    def has_come(self, body: "_Body") -> None:
        """Make room for the next."""
        self._coming.discard(body)


class _Body:
    """A body that is counted while it comes; the app's answer to one that is refused is dropped."""

    def __init__(self, limits: LimitIntake, receive: Receive, send: Send) -> None:
        self.refusal: Response | None = None
        self.is_answered = False
        self._limits = limits
        self._receive = receive
        self._send = send
        self._deadline = time.monotonic() + limits.seconds
        self._num_bytes = 0
        self._is_complete = False

    async def receive(self) -> Message:
        if self._is_complete:
            return await self._receive()
        message = await self._next_part()
        self._num_bytes += len(message.get("body", b""))
        if self._num_bytes > self._limits.max_bytes + _FORM_BYTES:
            self.refusal = self._limits._too_large(self._num_bytes)
            raise ValueError("the body is too large")
        return message

    async def _next_part(self) -> Message:
        try:
            with anyio.fail_after(max(0.0, self._deadline - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            text = f"the upload took more than {self._limits.seconds:g} s"
            self.refusal = _refuse(408, text)
            raise
        if not message.get("more_body", False):
            self._is_complete = True
            self._limits.has_come(self)
        return message

    async def swallow(self) -> None:
        """Read to the end, and keep nothing."""
        try:
            while not self._is_complete:
                await self._next_part()
        except TimeoutError:
            return

    async def send(self, message: Message) -> None:
        if self.refusal is None:
            self.is_answered = True
            await self._send(message)


def _num_bytes(folder: Path) -> int:
    """Of the files below a folder, from which others may be deleted meanwhile."""
    num_bytes = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                num_bytes += os.lstat(os.path.join(parent, name)).st_size
    return num_bytes


def _refuse(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": text}, status, headers)
