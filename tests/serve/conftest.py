"""A page with a model without a network, once for all tests; and every address it talks to."""

import logging
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.serve.browser import CHROMIUM, DRIVER, Browser, free_port
from tests.serve.fake_model import FakeModel

TASKS = ("depth", "saliency", "normals", "anomaly")
_LOCAL = ("127.0.0.1", "localhost", "::1", "0.0.0.0", None)


@pytest.fixture(scope="session")
def contacted() -> list[Any]:
    """Computers other than this one that this process looks up or connects to, and where."""
    found: list[Any] = []

    def listen(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.getaddrinfo":
            host = arguments[0]
        elif event == "socket.connect" and isinstance(arguments[1], tuple):
            host = arguments[1][0]
        else:
            return
        if host not in _LOCAL:
            found.append((host, "".join(traceback.format_stack(limit=25))))

    sys.addaudithook(listen)  # it cannot be taken away, and costs nothing
    return found


@pytest.fixture(scope="session")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[logging.FileHandler]:
    """The log file of a training that was before the page, as mmengine opens it."""
    handler = logging.FileHandler(tmp_path_factory.mktemp("training") / "run.log", "w")
    logging.getLogger("training").addHandler(handler)
    yield handler
    handler.close()


@pytest.fixture(scope="session")
def url(contacted: list[Any], log_file: logging.FileHandler) -> Iterator[str]:
    """Address of the running page, without a slash at the end."""
    pytest.importorskip("gradio", reason="the extra 'serve' is not installed")
    from argus.serve import start

    port = free_port()
    page = start(FakeModel(*TASKS), port=port, max_upload_mb=0.5)  # type: ignore[arg-type]
    assert contacted == []
    yield f"http://127.0.0.1:{port}"
    page.close()


@pytest.fixture(scope="session")
def window() -> Iterator[Browser]:
    if not (CHROMIUM and DRIVER):
        pytest.skip("chromium and chromedriver (Debian: chromium-driver) are not installed")
    with Browser() as opened:
        yield opened


@pytest.fixture
def browser(window: Browser) -> Browser:
    """A window in which nothing has been."""
    window.start_anew()
    return window


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of 200 x 100 pixels, dark on the left and bright on the right."""
    path = tmp_path_factory.mktemp("photos") / "my photo {1}.png"
    row = np.linspace(0, 255, 200).astype(np.uint8)
    Image.fromarray(np.broadcast_to(row[None, :, None], (100, 200, 3)).copy()).save(path)
    return path
