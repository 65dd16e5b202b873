"""Which names and pages may talk to the server: its own.

A page of another site can point its own name at this machine (DNS rebinding) and then read what
the server answers; but the browser still sends that name as ``Host``. A name is needed for it: an
address in digits is always the one that was really connected to.
"""

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class CheckOrigin:
    """Refuse requests to another name, or from a page of another site.

    Args:
        app: What answers the others.
        names: Host names that the server is reached by, beside this machine's; ``*.NAME`` stands
            for every name below.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self.app = app
        self.names = {"localhost", socket.gethostname().lower(), *(n.lower() for n in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 421 or 403 in place of the app, or let the app answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self.is_known(_name(f"//{host}")):
            text = f"this server is not {host[:100]!r}; start it with --allow-host to serve a name"
            await JSONResponse({"error": text}, 421)(scope, receive, send)
        elif origin is not None and not self.is_own(origin, host):
            text = f"pages of {origin[:100]!r} may not use this server"
            await JSONResponse({"error": text}, 403)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def is_known(self, name: str) -> bool:
        """Whether a host is an address in digits or one of the names."""
        parent = name.partition(".")[2]
        return name in self.names or f"*.{parent}" in self.names or _is_address(name)

    def is_own(self, origin: str, host: str) -> bool:
        """Whether a page that sends a request came from this server, perhaps through a proxy."""
        if origin.partition("://")[2].lower() == host.lower():
            return True
        name = _name(origin)
        return not _is_address(name) and name != "localhost" and self.is_known(name)


def _name(address: str) -> str:
    """The host of an address, in lower case; empty if there is none."""
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:  # brackets that do not match
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
