import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.serve.test_rest import post


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
