"""Bodies that are too large, too slow or too many, whoever reads them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import anyio
import pytest

pytest.importorskip("starlette", reason="the extra 'serve' is not installed")

from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from argus.serve.intake import LimitIntake


async def read_all(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that keeps what comes, and takes any trouble for its own."""
    size, more = 0, True
    try:
        while more:
            message = await receive()
            size, more = size + len(message["body"]), message.get("more_body", False)
    except Exception:
        await PlainTextResponse("trouble", 500)(scope, receive, send)
        return
    await PlainTextResponse(str(size))(scope, receive, send)


def ask(
    limits: LimitIntake,
    parts: list[bytes],
    *,
    declared: int | str | None = None,
    pause: float = 0.0,
    path: str = "/gradio_api/upload",
) -> tuple[int, str]:
    """Status and body of the answer to a POST that comes in parts."""
    headers = [] if declared is None else [(b"content-length", str(declared).encode())]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    sent: list[Message] = []
    waiting = list(parts)

    async def receive() -> Message:
        await anyio.sleep(pause)
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(limits(scope, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return sent[0]["status"], sent[1]["body"].decode()


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    return dict(max_bytes=2**19, folder=tmp_path)


def test_call__small_body_goes_through(options: dict[str, Any]) -> None:
    assert ask(LimitIntake(read_all, **options), [b"abc", b"de"]) == (200, "5")


@pytest.mark.parametrize("declared", [None, 900_000])
def test_call__too_large(options: dict[str, Any], declared: int | None) -> None:
    parts = [bytes(300_000)] * 3
    status, text = ask(LimitIntake(read_all, **options), parts, declared=declared)
    assert status == 413
    assert "at most 0.5 MB are taken" in json.loads(text)["error"]


def test_call__length_is_no_number(options: dict[str, Any]) -> None:
    assert ask(LimitIntake(read_all, **options), [b""], declared="-5")[0] == 400


@pytest.mark.parametrize("declared", [None, 900_000], ids=["small", "large"])
def test_call__too_slow(options: dict[str, Any], declared: int | None) -> None:
    limits = LimitIntake(read_all, seconds=0.05, **options)
    status, text = ask(limits, [bytes(20)] * 10, pause=0.02, declared=declared)
    assert status == 408
    assert "more than 0.05 s" in json.loads(text)["error"]


def test_call__too_many_at_once(options: dict[str, Any]) -> None:
    """Those that have come count no more, however long their answer takes."""
    statuses: list[int] = []

    async def answer_late(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body", False):
            pass
        await finish.wait()
        await PlainTextResponse("done")(scope, receive, send)

    limits = LimitIntake(answer_late, max_uploads=2, **options)

    async def post(rest: asyncio.Event) -> None:
        parts = iter([(b"a", True), (b"b", False)])

        async def receive() -> Message:
            body, more = next(parts)
            if not more:
                await rest.wait()
            return {"type": "http.request", "body": body, "more_body": more}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await limits({"type": "http", "method": "POST", "path": "/", "headers": []}, receive, send)

    async def scenario() -> None:
        nonlocal finish
        finish = asyncio.Event()
        rest, now = asyncio.Event(), asyncio.Event()
        now.set()
        first = [asyncio.create_task(post(rest)) for _ in range(2)]
        await asyncio.sleep(0.01)
        await post(now)
        assert statuses == [503]
        rest.set()
        await asyncio.sleep(0.01)
        third = asyncio.create_task(post(now))
        await asyncio.sleep(0.01)
        finish.set()
        await asyncio.gather(*first, third)

    finish = asyncio.Event()
    asyncio.run(scenario())
    assert statuses == [503, 200, 200, 200]


def test_call__folder_is_full(options: dict[str, Any]) -> None:
    limits = LimitIntake(read_all, max_kept_bytes=100, **options)
    (options["folder"] / "session").mkdir()
    (options["folder"] / "session" / "photo.jpg").write_bytes(bytes(101))
    status, text = ask(limits, [b"abc"])
    assert status == 503 and "fill the" in json.loads(text)["error"]
    assert ask(limits, [b"abc"], path="/api/predict") == (200, "3")  # which keeps nothing


def test_call__error_of_the_app_is_the_apps(options: dict[str, Any]) -> None:
    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("its own")

    with pytest.raises(RuntimeError, match="its own"):
        ask(LimitIntake(fail, **options), [b""])
