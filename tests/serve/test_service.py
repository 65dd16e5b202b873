"""Waiting for a turn: how long, and for whom."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from argus.errors import ConfigError
from argus.serve.service import MAX_SIDE_PX, BusyError, GoneError, Options, Service
from argus.serve.uploads import Limits
from tests.serve.fake_model import FakeModel

IMAGE = np.zeros((20, 30, 3), np.uint8)


@pytest.fixture
def service() -> Service:
    return Service(FakeModel("depth"), Limits())  # type: ignore[arg-type]


@pytest.fixture
def busy(service: Service) -> Iterator[None]:
    """Somebody else's request runs for the whole test."""
    with service._turn(lambda: False):
        yield


@pytest.mark.usefixtures("busy")
def test_predict__turn_does_not_come(service: Service) -> None:
    service.max_wait_seconds = 0.05
    with pytest.raises(BusyError, match=r"did not come within 0\.05 s"):
        service.predict(IMAGE, Options(), source="a")


@pytest.mark.usefixtures("busy")
def test_predict__client_leaves_the_queue(service: Service) -> None:
    gone = threading.Event()
    gone.set()
    with pytest.raises(GoneError, match="left while it waited"):
        service.predict(IMAGE, Options(), source="a", is_gone=gone.is_set)


def test_predict__client_left_before_its_turn(service: Service) -> None:
    with pytest.raises(GoneError, match="left before its turn"):
        service.predict(IMAGE, Options(), source="a", is_gone=lambda: True)
    assert service.predict(IMAGE, Options(), source="b").source == "b"  # the turn was given back


@pytest.mark.parametrize("size", ["20000", "0", "-5", str(MAX_SIDE_PX + 1), "inf", "9" * 5000])
def test_parse__size(size: str) -> None:
    with pytest.raises(ConfigError, match=f"at most {MAX_SIDE_PX}, found"):
        Options.parse({"size": size})
