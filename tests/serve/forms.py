"""What a client sends."""

import urllib.error
import urllib.request
import uuid
from typing import Any


def encode_form(
    data: bytes | None, name: str = "a.png", *, field: str = "file", **fields: Any
) -> tuple[bytes, str]:
    """Body and ``Content-Type`` of a multipart form with a file and text fields."""
    boundary = uuid.uuid4().hex
    body = b""
    for key, values in fields.items():
        for value in [values] if isinstance(values, str) else values:
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n'
            body += head.encode() + value.encode() + b"\r\n"
    if data is not None:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"'
        body += head.encode() + b"\r\n\r\n" + data + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def post(url: str, data: bytes | None, name: str = "a.png", **fields: Any) -> tuple[int, bytes]:
    """Status and body of the answer."""
    body, kind = encode_form(data, name, **fields)
    request = urllib.request.Request(url, body, {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
