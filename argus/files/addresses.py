"""Ask for what is at an address of ``http`` or ``https``, and follow it to nowhere else.

Python's own opener follows a server to ``ftp`` as well, and opens files by ``file:``. How much is
read of an answer, and whether it is what was wanted, is the caller's to see to.
"""

import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from argus.errors import DataError

SECONDS_OF_SILENCE = 60
"""After which a connection is given up."""

_SCHEMES = ("http", "https")


def is_address(text: str) -> bool:
    """Whether a text is an address, of whatever scheme, and no path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", text) is not None


def check_address(url: str) -> None:
    """Refuse all but addresses of ``http`` and ``https``.

    Raises:
        DataError: It is another.
    """
    try:
        parts = urlsplit(url)
        is_right = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port or an IPv6 address that is none
        is_right = False
    if not is_right or not re.fullmatch(r"[!-~]+", url):
        raise DataError(f"Expected an address of http or https, found {url}.")


def open_address(url: str, headers: Mapping[str, str]) -> Any:
    """The answer of the server, whose bytes are read by the caller; a context manager.

    Args:
        url: As :func:`check_address` lets through.
        headers: Of the request.

    Raises:
        urllib.error.HTTPError: An answer of another status; one that sends on to another scheme
            among them, or from https to http. :func:`explain_status` has words for it.
        OSError: There is no connection.
    """
    opener = urllib.request.build_opener(_Redirects)
    request = urllib.request.Request(url, headers=dict(headers))
    return opener.open(request, timeout=SECONDS_OF_SILENCE)


def explain_status(url: str, error: urllib.error.HTTPError) -> str:
    """What an answer that is not the file means, in a sentence."""
    if 300 <= error.code < 400:
        target = error.headers.get("Location", "nowhere")
        return (
            f"{url} sends on to {target}, which is not followed: only http and https are, never "
            "from https to http, and not in circles."
        )
    if error.code in (404, 410):
        return f"{url} is not there (HTTP {error.code}): the file has moved, or the name is wrong."
    if error.code in (401, 403, 407):
        return f"{url} is refused (HTTP {error.code}): it wants a login, or a proxy bars it."
    return f"{url} is answered with HTTP {error.code} {error.reason}. Try again later."


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow to http and https alone, and never from https back to http."""

    def redirect_request(  # noqa: D102 - of the base class
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        scheme = urlsplit(newurl).scheme
        if scheme not in _SCHEMES or (req.type == "https" and scheme == "http"):
            raise urllib.error.HTTPError(req.full_url, code, msg, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
