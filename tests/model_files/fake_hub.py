"""A Hugging Face Hub on localhost with the few routes that a model needs, as JSON over HTTP.

Repositories are dicts of files in memory. ``gated`` ones answer 403, unknown ones 401 as the Hub
does to strangers, who are not to learn which private ones there are.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.local_server import serving

TOKEN = "hf_test"


@dataclass
class FakeHub:
    """Its repositories, and what it was asked."""

    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    private: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    url: str = ""

    def commit(self, repository: str) -> str:
        """Hash of the repository's only commit."""
        content = sorted(self.files[repository].items())
        return hashlib.sha1(repr(content).encode()).hexdigest()


@contextmanager
def serve(hub: FakeHub) -> Iterator[FakeHub]:
    """Serve a hub on a free port."""
    with serving(type("Handler", (_Handler,), {"hub": hub})) as hub.url:
        yield hub


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._note()
        for pattern, answer in (
            (r"/api/models/([^/]+/[^/]+)(?:/revision/([^/?]+))?(?:\?.*)?", self._info),
            (r"/api/models/([^/]+/[^/]+)/tree/([^/?]+)(?:\?.*)?", self._tree),
            (r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self._file),
        ):
            if found := re.fullmatch(pattern, self.path):
                return answer(*found.groups())
        self._json(404, {"error": f"no route {self.path}"})

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self._note()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._json(401, {"error": "Invalid username or password."})
        if self.path == "/api/repos/create":
            asked = json.loads(body)
            repository = f"{asked['organization']}/{asked['name']}"
            if asked.get("private") or asked.get("visibility") == "private":
                self.hub.private.add(repository)
            self.hub.files.setdefault(repository, {})
            return self._json(200, {"url": f"{self.hub.url}/{repository}"})
        if self.path == "/api/validate-yaml":
            return self._json(200, {"errors": [], "warnings": []})
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/preupload/main.*", self.path):
            modes = [
                dict(path=file["path"], uploadMode="regular", shouldIgnore=False)
                for file in json.loads(body)["files"]
            ]
            return self._json(200, {"files": modes})
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/commit/main.*", self.path):
            return self._take(found[1], body)
        self._json(404, {"error": f"no route {self.path}"})

    def _take(self, repository: str, body: bytes) -> None:
        for line in body.decode().splitlines():
            entry = json.loads(line)
            if entry["key"] == "file":
                content = base64.b64decode(entry["value"]["content"])
                self.hub.files[repository][entry["value"]["path"]] = content
        commit = self.hub.commit(repository)
        url = f"{self.hub.url}/{repository}/commit/{commit}"
        self._json(200, {"success": True, "commitOid": commit, "commitUrl": url})

    def _refused(self, repository: str, revision: str | None) -> bool:
        """Whether the answer is an error, which is then sent."""
        if repository in self.hub.gated:
            self._json(403, {"error": "Access is restricted."}, code="GatedRepo")
        elif repository not in self.hub.files:
            self._json(401, {"error": "Invalid username or password."}, code="RepoNotFound")
        elif revision not in (None, "main", self.hub.commit(repository)):
            self._json(404, {"error": "Invalid rev id"}, code="RevisionNotFound")
        else:
            return False
        return True

    def _info(self, repository: str, revision: str | None) -> None:
        if not self._refused(repository, revision):
            siblings = [{"rfilename": name} for name in self.hub.files[repository]]
            sha = self.hub.commit(repository)
            content = {"id": repository, "modelId": repository, "sha": sha, "siblings": siblings}
            self._json(200, {**content, "private": False, "tags": [], "downloads": 0, "likes": 0})

    def _tree(self, repository: str, revision: str) -> None:
        if not self._refused(repository, revision):
            self._json(
                200,
                [
                    dict(type="file", path=name, size=len(content), oid=_oid(content))
                    for name, content in self.hub.files[repository].items()
                ],
            )

    def _file(self, repository: str, revision: str, name: str) -> None:
        if self._refused(repository, revision):
            return
        content = self.hub.files[repository].get(name.split("?")[0])
        if content is None:
            return self._json(404, {"error": "Entry not found"}, code="EntryNotFound")
        headers = {"ETag": f'"{_oid(content)}"', "X-Repo-Commit": self.hub.commit(repository)}
        self._send(200, content, headers)

    def _json(self, status: int, content: Any, *, code: str = "") -> None:
        headers = {"Content-Type": "application/json"}
        if code:
            headers |= {"X-Error-Code": code, "X-Error-Message": str(content["error"])}
        self._send(status, json.dumps(content).encode(), headers)

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _note(self) -> None:
        self.hub.requests.append(f"{self.command} {self.path}")

    def log_message(self, *arguments: object) -> None:
        """Keep the tests' output clean."""


def _oid(content: bytes) -> str:
    """Git's hash of a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
