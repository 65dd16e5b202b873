"""What a request may ask for, and how long it may run."""

import threading
import time

import numpy as np
import pytest

from argus.errors import ConfigError, DataError
from argus.results import Prediction
from argus.serve.service import MAX_SIDE_PX, Options, Service, SlowError
from argus.serve.turns import GoneError
from argus.serve.uploads import Limits
from tests.serve.fake_model import FakeModel


def read() -> tuple[np.ndarray, str]:
    return np.zeros((20, 30, 3), np.uint8), "a"


def source(prediction: Prediction) -> str:
    return prediction.source


@pytest.fixture
def service() -> Service:
    return Service(FakeModel("depth"), Limits())  # type: ignore[arg-type]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeModel, "seconds", 30.0)


@pytest.mark.usefixtures("slow")
def test_answer__model_takes_too_long(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.max_run_seconds = 0.05
    begin = time.monotonic()
    with pytest.raises(SlowError, match=r"longer than 0\.05 s; ask for fewer tasks"):
        service.answer(read, Options(), source)
    assert time.monotonic() - begin < 5
    monkeypatch.setattr(FakeModel, "seconds", 0.0)
    assert service.answer(read, Options(), source) == "a"  # the turn was given back


@pytest.mark.usefixtures("slow")
def test_answer__client_leaves_the_running_model(service: Service) -> None:
    gone = threading.Event()
    threading.Timer(0.2, gone.set).start()
    begin = time.monotonic()
    with pytest.raises(GoneError, match="left while the model ran"):
        service.answer(read, Options(), source, is_gone=gone.is_set)
    assert time.monotonic() - begin < 5 and len(service.turns) == 0


@pytest.mark.parametrize("at", ["read", "render"])
def test_answer__failure_gives_the_turn_back(service: Service, at: str) -> None:
    def fail(*_: object) -> None:
        raise DataError("damaged")

    with pytest.raises(DataError, match="damaged"):
        service.answer(
            fail if at == "read" else read,  # type: ignore[arg-type]
            Options(),
            fail if at == "render" else source,
        )
    assert len(service.turns) == 0


@pytest.mark.parametrize("size", ["20000", "0", "-5", str(MAX_SIDE_PX + 1), "inf", "9" * 5000])
def test_parse__size(size: str) -> None:
    with pytest.raises(ConfigError, match=f"at most {MAX_SIDE_PX}, found"):
        Options.parse({"size": size})
