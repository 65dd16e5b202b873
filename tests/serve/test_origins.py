"""Names and pages that may talk to the server, and those that may not."""

import pytest

pytest.importorskip("starlette", reason="the extra 'serve' is not installed")

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from argus.serve.origins import CheckOrigin


@pytest.fixture(scope="module")
def client() -> TestClient:
    middleware = [Middleware(CheckOrigin, names=["vision.example.org", "*.gradio.live"])]
    route = Route("/", lambda request: PlainTextResponse("served"))
    return TestClient(Starlette(routes=[route], middleware=middleware))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:7860",
        "localhost:7860",
        "[::1]:7860",
        "192.168.1.5",
        "Vision.Example.org",
        "a.gradio.live",
    ],
)
def test_host__own(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:7860", "gradio.live.evil.org", "[::1", ""]
)
def test_host__rebound(client: TestClient, host: str) -> None:
    reply = client.get("/", headers={"Host": host})
    assert reply.status_code == 421
    assert "--allow-host" in reply.json()["error"]


@pytest.mark.parametrize("origin", ["http://127.0.0.1:7860", "https://vision.example.org"])
def test_origin__own(client: TestClient, origin: str) -> None:
    headers = {"Host": "127.0.0.1:7860", "Origin": origin}
    assert client.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1:8000",
        "http://10.0.0.9",
        "http://localhost:1",
    ],
)
def test_origin__other_site(client: TestClient, origin: str) -> None:
    reply = client.get("/", headers={"Host": "127.0.0.1:7860", "Origin": origin})
    assert reply.status_code == 403
    assert "may not use this server" in reply.json()["error"]
