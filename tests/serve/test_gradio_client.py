import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.serve.fake_model import FakeModel
from tests.serve.forms import encode_form, post


def test_client__answers_as_rest(url: str, photo: Path) -> None:
    from gradio_client import Client, handle_file

    client = Client(url, verbose=False, analytics_enabled=False)
    answer = client.predict(handle_file(photo), ["depth"], api_name="/predict")
    _, body = post(f"{url}/api/predict", photo.read_bytes(), photo.name, tasks="depth")
    assert answer["results"] == json.loads(body)["results"]
    with pytest.raises(Exception, match="unknown task 'dept'"):
        client.predict(handle_file(photo), ["dept"], api_name="/predict")


def ask(url: str, file: dict[str, Any]) -> str:
    """What the server says to a picture that was not uploaded."""
    data = {"data": [file, ["depth"], 0.3, "common", ""]}
    request = urllib.request.Request(f"{url}/gradio_api/call/predict", json.dumps(data).encode())
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as reply:
        event = json.load(reply)["event_id"]
    with urllib.request.urlopen(f"{url}/gradio_api/call/predict/{event}", timeout=20) as reply:
        return str(reply.read().decode())


META = {"meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize("meta", [{}, META])
def test_client__files_of_the_server_are_not_read(
    url: str, photo: Path, meta: dict[str, Any]
) -> None:
    text = ask(url, {"path": str(photo), **meta})
    assert "error" in text and "metres" not in text


def test_client__addresses_are_not_read(url: str) -> None:
    # RFC 2606: this name leads nowhere, and nothing looks it up.
    text = ask(url, {"path": "http://photo.invalid/a.png", **META})
    assert "addresses are not read" in text


def test_page__closed(url: str, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tab holds a stream open; when it ends, the model is left in its midst."""
    monkeypatch.setattr(FakeModel, "seconds", 30.0)
    with urllib.request.urlopen(f"{url}/config") as reply:
        (number,) = [
            event["id"]
            for event in json.load(reply)["dependencies"]
            if event["api_name"] == "predict"
        ]
    body, kind = encode_form(photo.read_bytes(), field="files")
    request = urllib.request.Request(f"{url}/gradio_api/upload", body, {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=20) as reply:
        (path,) = json.load(reply)
    data = [{"path": path, **META}, ["depth"], 0.3, "common", ""]
    join = dict(data=data, fn_index=number, session_hash="tab")
    request = urllib.request.Request(f"{url}/gradio_api/queue/join", json.dumps(join).encode())
    request.add_header("Content-Type", "application/json")
    began = FakeModel.num_begun
    with urllib.request.urlopen(f"{url}/gradio_api/heartbeat/tab", timeout=20):
        urllib.request.urlopen(request, timeout=20).close()
        limit = time.monotonic() + 20
        while FakeModel.num_begun == began and time.monotonic() < limit:
            time.sleep(0.01)
    monkeypatch.setattr(FakeModel, "seconds", 0.0)
    begin = time.monotonic()
    assert post(f"{url}/api/predict", photo.read_bytes())[0] == 200
    assert FakeModel.num_begun == began + 2 and time.monotonic() - begin < 10
