import http.client
import io
import json
import logging
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from argus.errors import ConfigError
from argus.serve.service import SlowError
from argus.serve.turns import BusyError, GoneError
from tests.serve.conftest import TASKS
from tests.serve.fake_model import FakeModel
from tests.serve.forms import encode_form, post


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


def test_predict__upload_in_chunks(url: str, photo: Path) -> None:
    """Without a Content-Length the bytes are counted as they come."""
    host, port = url.removeprefix("http://").split(":")
    body, kind = encode_form(photo.read_bytes(), tasks="depth")
    for padding, status in ((0, 200), (700_000, 413)):
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        parts = [body[:100], body[100:], bytes(padding)]
        connection.request(
            "POST", "/api/predict", iter(filter(None, parts)), {"Content-Type": kind}
        )
        assert connection.getresponse().status == status
        connection.close()


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


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (BusyError("16 wait"), 503, "5"),
        (SlowError("300 s"), 504, None),
        (GoneError("left"), 499, None),
    ],
)
def test_refuse__statuses(error: Exception, status: int, retry: str | None) -> None:
    pytest.importorskip("starlette", reason="the extra 'serve' is not installed")
    from argus.serve.rest import _refuse

    reply = _refuse(error)
    assert (reply.status_code, reply.headers.get("Retry-After")) == (status, retry)


@pytest.mark.parametrize("whole", [True, False], ids=["waits_for_the_answer", "still_sends"])
def test_predict__client_leaves(
    url: str,
    photo: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    whole: bool,
) -> None:
    """The model is left in its midst, and the next is served at once; that is no failure."""
    monkeypatch.setattr(FakeModel, "seconds", 30.0)
    host, port = url.removeprefix("http://").split(":")
    body, kind = encode_form(photo.read_bytes())
    head = f"POST /api/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    began = FakeModel.num_begun
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + (body if whole else body[:-20]))
        limit = time.monotonic() + 10
        while whole and FakeModel.num_begun == began and time.monotonic() < limit:
            time.sleep(0.01)
    assert FakeModel.num_begun == began + whole
    monkeypatch.setattr(FakeModel, "seconds", 0.0)
    begin = time.monotonic()
    assert post(f"{url}/api/predict", photo.read_bytes())[0] == 200
    assert time.monotonic() - begin < 10
    assert caplog.text == ""


def test_page__leaves_the_logs_of_its_process_alone(
    url: str, log_file: logging.FileHandler
) -> None:
    """Uvicorn's set-up of logging would have closed the file of the training before."""
    assert log_file.stream is not None and not log_file.stream.closed
    logging.getLogger("training").warning("step 7")
    assert Path(log_file.baseFilename).read_text() == "step 7\n"
