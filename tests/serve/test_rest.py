import io
import json
import socket
import threading
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from argus.errors import ConfigError
from argus.serve.service import MAX_WAITING, BusyError, Options, Service
from argus.serve.uploads import Limits
from tests.serve.conftest import TASKS
from tests.serve.fake_model import FakeModel


def post(url: str, data: bytes | None, name: str = "a.png", **fields: Any) -> tuple[int, bytes]:
    """Status and body of a multipart request."""
    boundary = uuid.uuid4().hex
    body = b""
    for key, values in fields.items():
        for value in [values] if isinstance(values, str) else values:
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n'
            body += head.encode() + value.encode() + b"\r\n"
    if data is not None:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"'
        body += head.encode() + b"\r\n\r\n" + data + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    request = urllib.request.Request(url, body)
    request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_info__tasks_and_limits(url: str) -> None:
    with urllib.request.urlopen(f"{url}/api/info") as reply:
        info = json.load(reply)
    assert list(info["tasks"]) == list(TASKS)
    assert info["limits"]["max_upload_mb"] == 0.5


def test_predict__answers_what_the_model_says(url: str, photo: Path) -> None:
    status, body = post(f"{url}/api/predict", photo.read_bytes(), photo.name)
    image = np.array(Image.open(photo))
    expected = FakeModel(*TASKS).predict(image).to_dict() | {"source": photo.name}
    assert status == 200 and json.loads(body) == expected


@pytest.mark.parametrize("tasks", ["depth,normals", ["depth", "normals"], " normals , depth,depth"])
def test_predict__some_tasks(url: str, photo: Path, tasks: Any) -> None:
    status, body = post(f"{url}/api/predict", photo.read_bytes(), tasks=tasks, arrays="none")
    assert status == 200 and set(json.loads(body)["results"]) == {"depth", "normals"}


def test_picture__of_one_task_and_of_several(url: str, photo: Path) -> None:
    sizes = []
    for tasks in ("depth", "depth,normals"):
        status, body = post(f"{url}/api/picture", photo.read_bytes(), tasks=tasks)
        picture = np.array(Image.open(io.BytesIO(body)))
        assert status == 200 and picture.std() > 20
        sizes.append(picture.shape)
    assert sizes[0] != sizes[1]


@pytest.mark.parametrize(
    ("data", "fields", "status", "message"),
    [
        (b"no picture", {}, 415, "not a picture"),
        (None, dict(tasks="depth"), 400, "file field 'file'"),
        (bytes(600_000), {}, 413, "at most 0.5 MB"),
        (bytes(700_000), {}, 413, "at most 0.5 MB"),
        ("photo", dict(tasks="dept"), 400, "unknown task 'dept'"),
        ("photo", dict(colour="1"), 400, "unknown field 'colour'"),
        ("photo", dict(score_threshold="x"), 400, "expected a number, found 'x'"),
        ("photo", dict(score_threshold="nan"), 400, r"expected a number in \[0, 1\]"),
        ("photo", dict(arrays="all"), 400, "arrays"),
        ("photo", dict(size="large"), 400, "size"),
    ],
)
def test_predict__mistakes_are_json(
    url: str, photo: Path, data: Any, fields: dict[str, str], status: int, message: str
) -> None:
    data = photo.read_bytes() if data == "photo" else data
    found, body = post(f"{url}/api/predict", data, **fields)
    error = json.loads(body)["error"]
    assert found == status
    with pytest.raises(AssertionError, match=message):  # for the readable difference
        raise AssertionError(error)
    assert "Traceback" not in error


def test_predict__length_is_not_known(url: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(
            b"POST /api/predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        )
        assert b" 411 " in connection.recv(1000)


def test_predict__other_forms_and_methods(url: str) -> None:
    request = urllib.request.Request(f"{url}/api/predict", b'{"file": "/etc/passwd"}')
    for kind, status in (("application/json", 400), ("multipart/form-data", 400)):
        request.add_header("Content-Type", kind)
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(request)
        assert error.value.code == status and "error" in json.load(error.value)
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(f"{url}/api/predict")


def test_predict__an_error_of_the_model_stays_on_the_server(
    url: str, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret of the server")

    monkeypatch.setattr(FakeModel, "predict", fail)
    status, body = post(f"{url}/api/predict", photo.read_bytes())
    assert status == 500 and "secret" not in body.decode() and "log" in json.loads(body)["error"]


def test_service__one_at_a_time_and_not_too_many() -> None:
    image = np.zeros((32, 32, 3), np.uint8)
    enter, leave, running = threading.Event(), threading.Event(), []

    class Slow(FakeModel):
        def predict(self, *args: Any, **options: Any) -> Any:
            running.append(1)
            assert len(running) == 1
            enter.set()
            leave.wait(10)
            running.pop()
            return super().predict(*args, **options)

    service = Service(Slow("depth"), Limits())  # type: ignore[arg-type]

    def ask() -> None:
        service.predict(image, Options(), source="x")

    threads = [threading.Thread(target=ask) for _ in range(MAX_WAITING)]
    for thread in threads:
        thread.start()
    assert enter.wait(10)
    while service._waiting._value:  # type: ignore[attr-defined]
        pass
    with pytest.raises(BusyError, match="try again"):
        ask()
    leave.set()
    for thread in threads:
        thread.join(10)
    ask()


def test_start__port_in_use(url: str) -> None:
    from argus.serve import start

    with pytest.raises(ConfigError, match="--port"):
        start(FakeModel("depth"), port=int(url.rsplit(":", 1)[1]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shape", "fields", "status"), [((16, 4000), {}, 413), ((40, 60), {"size": "20000"}, 400)]
)
def test_predict__too_large_for_the_network(
    url: str, shape: tuple[int, int], fields: dict[str, str], status: int
) -> None:
    file = io.BytesIO()
    Image.new("L", shape[::-1]).save(file, "PNG")
    found, body = post(f"{url}/api/predict", file.getvalue(), **fields)
    assert found == status
    assert "at most" in json.loads(body)["error"]


@pytest.mark.parametrize(
    ("header", "status"),
    [({"Host": "evil.example"}, 421), ({"Origin": "http://evil.example"}, 403)],
)
@pytest.mark.parametrize("path", ["/", "/config", "/api/info", "/gradio_api/info"])
def test_page__other_sites_are_refused(
    url: str, path: str, header: dict[str, str], status: int
) -> None:
    request = urllib.request.Request(url + path, headers=header)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=60)
    assert caught.value.code == status
    assert "error" in json.load(caught.value)


def test_refuse__busy_says_when_to_ask_again() -> None:
    pytest.importorskip("starlette", reason="the extra 'serve' is not installed")
    from argus.serve.rest import _refuse

    reply = _refuse(BusyError("16 requests wait already"))
    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "5")


def test_refuse__slow_upload() -> None:
    pytest.importorskip("starlette", reason="the extra 'serve' is not installed")
    from argus.serve.rest import _refuse

    assert _refuse(TimeoutError()).status_code == 408
